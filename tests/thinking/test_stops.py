"""When it is enough, for nets whose every iteration is known."""

import pytest
import torch

import longthink as lt
from longthink.contracts import Spec, Stop
from longthink.models.convolutional.dt_net import DTNet
from longthink.thinking.loop import think
from longthink.thinking.stops import AtRest, Budget, Confident, Settled, Verified
from longthink.thinking.wrapped import Wrapped

ALL_ONES = "1" * 12


class Growing(Wrapped):
    """A net whose state only grows."""

    def step(self, state: torch.Tensor, seen: object) -> torch.Tensor:
        return state * 1.1


def test_settling_ends_the_stream_with_the_first_thought_that_moves_nothing(parity_net: DTNet) -> None:
    x = lt.problem("prefix_sums").view.parse(ALL_ONES).x
    with torch.inference_mode():
        thoughts = list(think(parity_net, x, 100, Settled()))
    assert [bool((thought.change > 0).all()) for thought in thoughts] == [True] * 12 + [False]
    assert [thought.stops.why[0] for thought in thoughts] == [None] * 12 + ["settled"]


def test_each_puzzle_stops_by_itself_and_stays_as_it_is(parity_net: DTNet) -> None:
    """The hand-made net moves until it has seen as many bits as there are from the first one on."""
    bits = ["1" * length + "0" * (12 - length) for length in (12, 1, 5)]
    x = torch.cat([lt.problem("prefix_sums").view.parse(one).x for one in bits])
    with torch.inference_mode():
        alone = [list(think(parity_net, x[which : which + 1], 100, Settled()))[-1] for which in range(3)]
        *_, together = think(parity_net, x, 100, Settled())
    assert together.stops.steps.tolist() == [thought.iteration for thought in alone]
    assert together.iteration == max(thought.iteration for thought in alone)
    for which, thought in enumerate(alone):
        assert torch.equal(together.state[which : which + 1], thought.state)


def test_rules_join_and_the_first_that_holds_is_the_reason(parity_net: DTNet) -> None:
    puzzles = lt.problem("prefix_sums").view.parse(ALL_ONES)
    with torch.inference_mode():
        *_, early = think(parity_net, puzzles, 100, Budget(iterations=5) | Settled())
        *_, late = think(parity_net, puzzles, 100, Budget(iterations=50) | Settled())
        *_, cut = think(parity_net, puzzles, 7, Settled())
    assert (early.iteration, early.stops.why) == (5, ("budget",))
    assert (late.iteration, late.stops.why) == (13, ("settled",))
    assert (cut.iteration, cut.stops.why) == (7, ("limit",))


def test_a_rule_that_cannot_tell_says_so(parity_net: DTNet) -> None:
    puzzles = lt.problem("prefix_sums").view.parse(ALL_ONES)
    with pytest.raises(lt.UserError, match="confident must know the puzzles"):
        list(think(parity_net, puzzles.x, 5, Confident()))
    with pytest.raises(lt.UserError, match="prefix_sums cannot be verified"):
        list(think(parity_net, puzzles, 5, Verified()))
    with pytest.raises(lt.UserError, match="has not learned when to stop"):
        list(think(parity_net, puzzles, 5, lt.stop("halting")))
    with pytest.raises(ValueError, match="tolerance"):
        lt.stop("settled", tolerance=-1)


def test_a_verified_sudoku_needs_no_more_thought() -> None:
    net, puzzles = lt.load("sudoku"), lt.problem("sudoku").sample(level=35, count=3)
    with torch.inference_mode():
        *_, last = think(net, puzzles, 60, Verified())
        answers = puzzles.problem.answer(last.read(), puzzles)
    assert set(last.stops.why) == {"verified"}
    assert puzzles.problem.correct(answers, puzzles).all()
    assert last.stops.steps.max() < 60


def test_confident_is_as_sure_as_that_or_more(parity_net: DTNet) -> None:
    """The hand-made net is always as sure as a softmax of 1/2 makes it."""
    puzzles, sure = lt.problem("prefix_sums").view.parse(ALL_ONES), 1 / (1 + torch.e**-0.5)
    with torch.inference_mode():
        *_, early = think(parity_net, puzzles, 20, Confident(probability=sure - 1e-3))
        *_, never = think(parity_net, puzzles, 20, Confident(probability=sure + 1e-3))
    assert (early.iteration, early.stops.why) == (1, ("confident",))
    assert (never.iteration, never.stops.why) == (20, ("limit",))


def test_a_net_that_learned_when_to_stop_is_asked(parity_net: DTNet) -> None:
    """Sure of one puzzle more at every iteration."""
    x = lt.problem("prefix_sums").sample(12, 3).x
    asked = 0

    def halt(state: torch.Tensor) -> torch.Tensor:
        nonlocal asked
        asked += 1
        return (torch.arange(3)[-len(state) :] < asked).float() * 0.6  # those that it was sure of have left

    parity_net.halt = halt
    with torch.inference_mode():
        *_, last = think(parity_net, x, 20, lt.stop("halting"))
        asked = 0
        *_, never = think(parity_net, x, 5, lt.stop("halting", probability=0.7))
    assert (last.stops.steps.tolist(), last.stops.why) == ([1, 2, 3], ("halting",) * 3)
    assert never.stops.why == ("limit",) * 3


@pytest.mark.parametrize("stop", [Settled(tolerance=0.05), AtRest()], ids=["settled", "at rest"])
def test_what_grows_beyond_the_squares_of_32_bits_has_not_settled(stop: Stop) -> None:
    """A state that grows by a tenth in each iteration, from 1e19 to 1e22, whose squares are no numbers of 32 bits."""
    net = DTNet(Spec(1, 2, "line"), width=4, head=(4, 4), recall=False).eval()
    x = torch.ones(2, 1, 9)
    growing = Growing(net)
    with torch.inference_mode():
        *_, last = think(growing, x, 80, stop, state=torch.full_like(net.start(net.see(x)), 1e19))
    assert last.iteration == 80
    assert last.stops.why == ("limit", "limit")
    assert last.change.tolist() == pytest.approx([0.1, 0.1], rel=1e-3)
