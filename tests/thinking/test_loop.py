"""The loop, on a net whose every iteration is known."""

from dataclasses import replace

import pytest
import torch

import longthink as lt
from longthink.models.convolutional.dt_net import DTNet
from longthink.thinking.loop import last_state, think

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


@pytest.mark.parametrize("grad", [False, True])
def test_what_has_stopped_leaves_the_batch(parity_net: DTNet, grad: bool) -> None:
    """The hand-made net moves until it has seen as many bits as there are from the first one on."""
    bits = ["0" * (12 - length) + "1" * length for length in (12, 1, 5)]
    puzzles = lt.problem("prefix_sums").view.parse(bits[0])
    x = torch.cat([lt.problem("prefix_sums").view.parse(one).x for one in bits])
    puzzles = replace(puzzles, x=x, y=puzzles.y.expand(3, -1).clone())
    with torch.set_grad_enabled(grad):
        retiring = list(think(parity_net, puzzles, 100, lt.stop("settled"), retire=True))
        whole = list(think(parity_net, puzzles, 100, lt.stop("settled")))
    assert len(retiring) == len(whole) == max(whole[-1].stops.steps.tolist())
    last = {}
    for part, all_of_them in zip(retiring, whole, strict=True):
        assert part.stops.why == all_of_them.stops.why
        assert len(part.puzzles) == len(part.which) == len(part.state)
        assert torch.equal(part.puzzles.x, x[part.which])
        last |= dict(zip(part.which.tolist(), part.state, strict=True))
        for number, state in last.items():
            assert torch.equal(all_of_them.state[number], state)
    assert [len(part.which) for part in retiring] == sorted((len(part.which) for part in retiring), reverse=True)
    assert len(retiring[0].which) == 3
    assert len(retiring[-1].which) == 1
