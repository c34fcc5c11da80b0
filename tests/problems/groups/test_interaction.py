"""The two parts of what neurons compute: against the formula, and what each can learn."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from longthink.problems.groups.composition import GroupComposition
from longthink.problems.groups.interaction import interaction
from longthink.problems.groups.two_layer import TwoLayer
from longthink.thinking.loop import last_state

PAIRS = [("D5", 2), ("S3", 3), ("C3", 4)]


def products(name: str, k: int) -> tuple[GroupComposition, Tensor, Tensor]:
    """The problem, the encodings of all sequences, and those of their products."""
    problem = GroupComposition(group=name, exhaustive=True)
    puzzles = problem.sample(k, 1)
    return problem, puzzles.x.double(), puzzles.extras["target"].double()


@pytest.mark.parametrize(("name", "k"), PAIRS)
def test_it_is_the_product_of_what_a_neuron_sees_of_each_element(name: str, k: int) -> None:
    """f(x) = k! w z_1 ... z_k for every neuron, and with f(+) it is all that the net says."""
    problem, x, target = products(name, k)
    torch.manual_seed(0)
    net = TwoLayer(problem.spec, length=k, width=9, scale=0.5).double()
    with torch.no_grad():
        whole = net.read(last_state(net, x, 1))
        seen = torch.einsum("bnk,hnk->bhk", x, net.inside)
        multiplied = math.factorial(k) * seen.prod(2) @ net.outside
    together = interaction(whole, problem.order)
    torch.testing.assert_close(together, multiplied, atol=1e-6, rtol=0)
    rest = whole - together
    if k == 2:  # (a + b)^2 = 2ab + (a^2 + b^2)
        torch.testing.assert_close(rest, seen.square().sum(2).detach() @ net.outside.detach(), atol=1e-6, rtol=0)
    assert rest.square().mean() > 0.01
    assert (rest * together).sum().item() == pytest.approx(0, abs=1e-5)
    assert (rest * target).sum().item() == pytest.approx(0, abs=1e-5)
    losses = [float((part - target).square().sum()) for part in (whole, together)]
    assert losses[0] == pytest.approx(losses[1] + float(rest.square().sum()))


@pytest.mark.parametrize(("name", "k"), PAIRS)
def test_the_best_sum_of_functions_of_single_elements_learns_nothing(name: str, k: int) -> None:
    """By least squares on indicators of every element at every place."""
    problem, x, target = products(name, k)
    elements = torch.einsum("bnk,gn->bkg", x, problem.encoding.double()).argmax(2)
    single = torch.nn.functional.one_hot(elements, problem.order).double().flatten(1)
    best, *_ = np.linalg.lstsq(single.numpy(), target.numpy(), rcond=None)
    left = float(np.square(single.numpy() @ best - target.numpy()).sum())
    assert left == pytest.approx(float(target.square().sum()))
    torch.testing.assert_close(interaction(target, problem.order), target, atol=1e-6, rtol=0)
