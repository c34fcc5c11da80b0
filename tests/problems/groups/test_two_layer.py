"""A net of one hidden layer, against its formula."""

import pytest
import torch

from longthink.base.errors import UserError
from longthink.contracts import Spec
from longthink.problems.groups.two_layer import TwoLayer
from longthink.thinking.loop import last_state


@pytest.mark.parametrize("length", [1, 2, 3])
def test_it_says_the_powers_of_sums_over_the_elements(length: int) -> None:
    torch.manual_seed(0)
    net, x = TwoLayer(Spec(5, 4, answers="one"), length=length, width=7, scale=0.5), torch.randn(3, 5, length)
    expected = torch.zeros(3, 4)
    for inside, outside in zip(net.inside, net.outside, strict=True):
        sums = sum(x[:, :, place] @ inside[:, place] for place in range(length))
        expected += (sums**length)[:, None] * outside
    with torch.no_grad():
        torch.testing.assert_close(net.read(last_state(net, x, 1)), expected.detach())


def test_what_it_is_not_for_is_refused() -> None:
    net = TwoLayer(Spec(5, 4, answers="one"), length=3, width=7)
    with pytest.raises(UserError, match="sequences of 3 elements, .* set model.length to the level"):
        last_state(net, torch.zeros(1, 5, 2), 1)
    with pytest.raises(UserError, match="1 or more"):
        TwoLayer(Spec(5, 4, answers="one"), length=0)
