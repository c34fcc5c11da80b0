"""The composer: written by hand for the group of two elements, it is right at any length; and what it refuses."""

import pytest
import torch

from longthink.base import linear
from longthink.base.errors import UserError
from longthink.contracts import Spec
from longthink.models.composer import Composer
from longthink.problems.groups.products import GroupProducts
from longthink.thinking.loop import last_state, think


def signs(order: str) -> Composer:
    """Elements are 1 and -1, and are multiplied as they are."""
    net = Composer(Spec(2, 2, "line"), width=1, products=1, cleanup=0, order=order)
    apart = torch.tensor([[1.0, -1.0]])
    with torch.no_grad():
        net.first.weight.copy_(apart)
        net.left.weight.fill_(1)
        net.right.weight.copy_(apart if order == "sequential" else torch.ones(1, 1))
        net.together.weight.fill_(1)
        net.last.weight.copy_(apart.T)
        net.last.bias.zero_()
    return net.eval()


@pytest.mark.parametrize(("order", "iterations"), [("doubling", 9), ("sequential", 299)])
def test_signs_are_multiplied_in_as_many_steps_as_the_order_takes(order: str, iterations: int) -> None:
    net, puzzles = signs(order), GroupProducts(group="C2").sample(300, 20)
    solved = [
        bool(puzzles.problem.correct(thought.read().argmax(1), puzzles).all())
        for thought in think(net, puzzles.x, iterations + 5)
    ]
    assert solved == [False] * (iterations - 1) + [True] * 6


@pytest.mark.parametrize("order", ["doubling", "sequential"])
def test_a_finished_answer_does_not_change(order: str) -> None:
    net = Composer(Spec(3, 3, "line"), width=8, products=16, cleanup=8, order=order).eval()
    x = torch.randn(2, 3, 6)
    with torch.no_grad():
        finished, later = (net.features(last_state(net, x, iterations)) for iterations in (5, 50))
    assert torch.equal(finished, later)


def test_after_t_steps_of_doubling_a_position_knows_two_to_the_t_elements() -> None:
    net = Composer(Spec(3, 3, "line"), width=8, products=16, cleanup=8)
    x = torch.randn(1, 3, 20, requires_grad=True)
    net.read(last_state(net, x, 3))[..., 15].sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum((0, 1)).nonzero().flatten().tolist() == list(range(8, 16))


def test_one_answer_for_a_sequence_is_what_stands_at_its_last_position() -> None:
    net = Composer(Spec(3, 3, "line"), width=8, products=16, cleanup=8)
    once, x = Composer(Spec(3, 3, "line", "one"), width=8, products=16, cleanup=8), torch.randn(2, 3, 6)
    once.load_state_dict(net.state_dict())
    with torch.no_grad():
        everywhere, last = (one.read(last_state(one, x, 3)) for one in (net, once))
    torch.testing.assert_close(last, everywhere[..., -1])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UserError, match="is for positions 'line'"):
        Composer(Spec(3, 2, "grid"))
    with pytest.raises(UserError, match="not for inputs of shape"):
        Composer(Spec(3, 2, "line", "one")).see(torch.zeros(1, 3, 8, 8))
    with pytest.raises(UserError, match="1 or more"):
        Composer(Spec(3, 2, "line"), products=0)


@pytest.mark.parametrize("order", ["doubling", "sequential"])
def test_the_answer_is_the_same_with_gradient_and_convolved(order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    net = Composer(Spec(3, 3, "line"), width=8, products=16, cleanup=8, order=order).eval()
    x = torch.randn(16, 3, 6)

    def answers() -> list[torch.Tensor]:
        with torch.no_grad():
            without = net.read(last_state(net, x, 4))
        return [without, net.read(last_state(net, x, 4))]

    plain = answers()
    torch.testing.assert_close(plain[0], plain[1])
    monkeypatch.setattr(linear, "QUICKER", True)
    monkeypatch.setattr(linear, "LEAST", 1)
    for convolved in answers():
        torch.testing.assert_close(convolved, plain[0])
