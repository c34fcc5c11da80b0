"""Linear nets: what they compute, and that they learn nothing of a group."""

import pytest
import torch

from longthink.base.errors import UserError
from longthink.contracts import Spec
from longthink.problems.groups.composition import GroupComposition
from longthink.problems.groups.deep_linear import DeepLinear
from longthink.problems.groups.interaction import interaction
from longthink.thinking.loop import last_state


@pytest.mark.parametrize("depth", [2, 4])
def test_it_is_a_sum_of_linear_functions_of_one_element_each(depth: int) -> None:
    torch.manual_seed(0)
    net, x = DeepLinear(Spec(5, 4, answers="one"), length=3, depth=depth, width=7), torch.randn(6, 5, 3)
    matrix = net.layers[0]
    for layer in net.layers[1:]:
        matrix = layer @ matrix
    by_element = torch.einsum("bnk,onk->bo", x, matrix.view(4, 5, 3))
    with torch.no_grad():
        torch.testing.assert_close(net.read(last_state(net, x, depth - 1)), by_element)


def test_it_never_multiplies_elements() -> None:
    problem = GroupComposition(group="S3", exhaustive=True)
    puzzles = problem.sample(2, 1)
    torch.manual_seed(0)
    net = DeepLinear(problem.spec, length=2, depth=3, width=50)
    with torch.no_grad():
        output = net.read(last_state(net, puzzles.x, 2))
    assert output.square().mean() > 0.1
    torch.testing.assert_close(interaction(output, 6), torch.zeros(36, 6), atol=1e-5, rtol=0)


def test_what_it_is_not_for_is_refused() -> None:
    net = DeepLinear(Spec(5, 4, answers="one"), length=3, width=7)
    with pytest.raises(UserError, match="sequences of 3 elements, .* set model.length to the level"):
        last_state(net, torch.zeros(1, 5, 2), 1)
    with pytest.raises(UserError, match="the depth 2 or more"):
        DeepLinear(Spec(5, 4, answers="one"), depth=1)
