"""The loop, on a net whose every iteration is known."""

import pytest
import torch

import longthink as lt
from longthink.models.convolutional.dt_net import DTNet
from longthink.thinking.loop import last_state, think
from longthink.thinking.stops import Budget, Confident, Settled, Verified

ALL_ONES = "1" * 12


def parities_of_last_bits(bits: torch.Tensor, t: int) -> torch.Tensor:
    """What the hand-made net says after t iterations: at each position, the parity of the last t bits."""
    sums = torch.nn.functional.pad(bits.cumsum(1), (t, 0))
    return (sums[:, t:] - sums[:, :-t]) % 2


def test_the_hand_made_net_computes_prefix_sums_exactly(parity_net: DTNet) -> None:
    puzzles = lt.problem("prefix_sums").sample(level=32, count=50)
    bits = (puzzles.x[:, 0] + 0.5).long()
    with torch.inference_mode():
        for thought in think(parity_net, puzzles.x, 40):
            answers = thought.read().argmax(1)
            assert torch.equal(answers, parities_of_last_bits(bits, min(thought.iteration, 32)))
    assert puzzles.problem.correct(answers, puzzles).all()


def test_an_intervention_changes_the_state_and_the_net_recovers(parity_net: DTNet) -> None:
    puzzles = lt.problem("prefix_sums").view.parse(ALL_ONES)

    def wipe(iteration: int, state: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(state) if iteration == 20 else state

    with torch.inference_mode():
        right = [
            bool(puzzles.problem.correct(thought.read().argmax(1), puzzles)[0])
            for thought in think(parity_net, puzzles.x, 40, intervene=wipe)
        ]
    assert right[18]
    assert not right[19]
    # Wiped at 20, one bit is right again at 21, and all twelve at 32.
    assert right.index(True, 19) + 1 == 32


def test_the_stream_can_start_from_a_state(parity_net: DTNet) -> None:
    puzzles = lt.problem("prefix_sums").view.parse(ALL_ONES)
    with torch.inference_mode():
        half = last_state(parity_net, puzzles.x, 6)
        whole = last_state(parity_net, puzzles.x, 6, half)
        assert torch.equal(whole, last_state(parity_net, puzzles.x, 12))
        assert torch.equal(last_state(parity_net, puzzles.x, 0, half), half)
        assert torch.equal(last_state(parity_net, puzzles.x, 0), parity_net.start(parity_net.see(puzzles.x)))


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


def test_change_is_relative_to_the_size_of_the_state(parity_net: DTNet) -> None:
    x = lt.problem("prefix_sums").view.parse(ALL_ONES).x
    first, second = list(think(parity_net, x, 2))
    expected = (second.state - first.state).norm() / first.state.norm()
    assert torch.allclose(second.change, expected)


@pytest.mark.parametrize("limit", [-1, -20])
def test_a_negative_limit_is_refused_at_once(parity_net: DTNet, limit: int) -> None:
    with pytest.raises(lt.UserError, match="0 or more"):
        think(parity_net, torch.zeros(1, 1, 4), limit)


def test_thinking_keeps_nothing(parity_net: DTNet) -> None:
    """Of a long thought, only the state and the one before are alive."""
    import weakref

    x = torch.zeros(1, 1, 8)
    with torch.inference_mode():
        states = []
        for thought in think(parity_net, x, 20):
            states.append(weakref.ref(thought.state))
            assert sum(state() is not None for state in states) <= 2
