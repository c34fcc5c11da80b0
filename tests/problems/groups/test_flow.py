"""Gradient flow of two-layer nets: each neuron at a rate of its own."""

import torch

from longthink.contracts import Spec
from longthink.problems.groups.flow import Flow
from longthink.problems.groups.two_layer import TwoLayer


def test_a_neuron_moves_by_its_norm_to_the_power_one_less_its_degree() -> None:
    torch.manual_seed(0)
    net = TwoLayer(Spec(5, 4, answers="one"), length=3, width=6, scale=0.3)
    optimiser = Flow(lr=0.2).build(net)
    before = [parameter.detach().clone() for parameter in net.parameters()]
    for parameter in net.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimiser.step()
    for neuron in range(6):
        norm = torch.cat([parameter[neuron].flatten() for parameter in before]).norm()
        for parameter, old in zip(net.parameters(), before, strict=True):
            assert parameter.grad is not None
            expected = old[neuron] - 0.2 * norm**-2 * parameter.grad[neuron]
            torch.testing.assert_close(parameter[neuron].detach(), expected)


def test_the_schedule_has_a_rate_to_act_on() -> None:
    net = TwoLayer(Spec(5, 4, answers="one"), length=2, width=6)
    (group,) = Flow(lr=0.2).build(net).param_groups
    assert group["base_lr"] == 0.2
    assert len(group["params"]) == 2
