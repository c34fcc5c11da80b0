"""What says when to stop, in each net that may have it."""

from typing import Any

import pytest
import torch

import longthink as lt
from longthink import registry, testing
from longthink.contracts import Spec
from longthink.thinking.halt_head import HaltHead
from longthink.thinking.loop import last_state
from longthink.training.recipe import net

SMALL: dict[str, dict[str, Any]] = {
    "composer": {"width": 8},
    "doubling": {"width": 8, "head": (4, 4)},
    "dt_net": {"width": 8, "head": (4, 4)},
    "row_column_box": {"width": 8},
}


def test_it_is_a_line_through_means_and_maxima() -> None:
    head, features = HaltHead(3), torch.randn(5, 3, 4, 6)
    torch.nn.init.normal_(head.weight)
    for puzzle, sure in zip(features, head(features), strict=True):
        pooled = [*(channel.mean() for channel in puzzle), *(channel.max() for channel in puzzle)]
        logit = sum(weight * value for weight, value in zip(head.weight[0], pooled, strict=True)) + head.bias[0]
        assert sure.item() == pytest.approx(1 / (1 + torch.exp(-logit).item()), rel=1e-5)
    shuffled = features.flatten(2)[:, :, torch.randperm(24)].reshape(5, 3, 4, 6)
    assert torch.allclose(head(features), head(shuffled), atol=1e-6), "where something stands makes no difference"


@pytest.mark.parametrize("name", SMALL)
def test_a_net_that_halts_is_the_same_but_for_it(name: str) -> None:
    (spec, *_) = registry.find("models", name).specs()
    plain, halting = (net(name, **SMALL[name], halts=halts).build(spec, 3) for halts in (False, True))
    added = set(halting.state_dict()) - set(plain.state_dict())
    assert added == {"halting.weight", "halting.bias"}
    for key, value in plain.state_dict().items():
        assert torch.equal(value, halting.state_dict()[key])
    x = spec.example(4)
    with torch.no_grad():
        state = last_state(halting, x, 2)
        assert halting.halt(state).tolist() == pytest.approx([1 / (1 + torch.e**3)] * 4)
        with pytest.raises(lt.UserError, match=f"This {name} has not learned when to stop"):
            plain.halt(state)


@pytest.mark.parametrize("name", SMALL)
def test_a_net_that_halts_promises_what_nets_do(name: str) -> None:
    cls = registry.find("models", name)
    spec: Spec = cls.specs()[0]
    for check in testing.MODEL:
        testing.run(check, testing.Net(cls, spec, {**SMALL[name], "halts": True}))
