"""Rates: how they go over the steps, and one of its own for the repeated block."""

import math

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

import longthink as lt
from longthink.contracts import Spec, Thinker
from longthink.models.convolutional.dt_net import DTNet
from longthink.training.optimisers import SGD, Adam, AdamW, BlockOptimiser, Schedule


def test_warm_up_is_exponential_and_the_tail_a_cosine() -> None:
    schedule = Schedule(decay="cosine", warmup=100, tail=0.3)
    assert schedule.factor_at(0, 1000) == pytest.approx(1 - math.exp(-1 / 100))
    assert schedule.factor_at(98, 1000) == pytest.approx(1 - math.exp(-99 / 100))
    assert schedule.factor_at(99, 1000) == schedule.factor_at(700, 1000) == 1
    assert schedule.factor_at(850, 1000) == pytest.approx(0.5)
    assert schedule.factor_at(1000, 1000) == pytest.approx(0)


def test_the_recurrent_block_can_learn_at_its_own_rate() -> None:
    recipe = lt.recipe("prefix_sums_laptop", **{"optimiser.recurrent_lr_factor": 0.1})
    net = recipe.build()
    groups = recipe.optimiser.build(net).param_groups
    assert [group["base_lr"] for group in groups] == pytest.approx([2e-3, 2e-4])
    assert sum(len(group["params"]) for group in groups) == len(list(net.parameters()))
    assert len(groups[1]["params"]) == len(net.recurrent_parameters())


def test_without_a_tail_or_a_decay_the_rate_is_constant() -> None:
    for schedule in (Schedule(), Schedule(decay="cosine", tail=0)):
        assert {schedule.factor_at(step, 10) for step in range(11)} == {1}


def test_options_are_those_of_torch() -> None:
    net = DTNet(Spec(1, 2), width=4, head=(4, 4))
    for optimiser, made in (
        (Adam(weight_decay=0.1), torch.optim.Adam),
        (AdamW(weight_decay=0.2), torch.optim.AdamW),
        (SGD(momentum=0.7, weight_decay=0.3), torch.optim.SGD),
    ):
        built = optimiser.build(net)
        assert type(built) is made
        for group in built.param_groups:
            assert group["weight_decay"] == optimiser.weight_decay
            assert group.get("momentum") == getattr(optimiser, "momentum", None)


class Placed(DTNet):
    """With a weight inside its step and one outside, that are on a device and have no numbers."""

    def __init__(self, device: str):
        Thinker.__init__(self)
        self.inside, self.outside = (nn.Parameter(torch.empty(3, device=device)) for _ in range(2))

    def recurrent_parameters(self) -> list[nn.Parameter]:
        return [self.inside]


@pytest.mark.parametrize("optimiser", [Adam(), AdamW(), SGD()], ids=lambda one: type(one).__name__)
@pytest.mark.parametrize(("device", "fused"), [("cpu", None), ("cuda", True)])
def test_one_kernel_updates_all_weights_on_a_gpu(optimiser: BlockOptimiser, device: str, fused: bool | None) -> None:
    with FakeTensorMode():
        built = optimiser.build(Placed(device))
    assert [group["fused"] for group in built.param_groups] == [fused] * 2
