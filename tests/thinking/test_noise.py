"""Noise that belongs to each puzzle: how much it is, and that nothing else decides it."""

from typing import Any

import pytest
import torch

from longthink.base.errors import UserError
from longthink.base.seeds import digest
from longthink.contracts import Graph, Puzzles, Spec, State, Stop, Thinker, Thought
from longthink.models.composer import Composer
from longthink.models.convolutional.doubling import Doubling
from longthink.models.convolutional.dt_net import DTNet
from longthink.problems.prefix_sums.problem import PrefixSums
from longthink.problems.sudoku.problem import Sudoku
from longthink.problems.sudoku.row_column_box import RowColumnBox
from longthink.thinking.loop import last_state, think
from longthink.thinking.noise import Noise, Noisy, numbers_of
from longthink.thinking.stops import Settled
from longthink.thinking.updates import rounded
from longthink.thinking.wrapped import Wrapped


def small_net() -> DTNet:
    torch.manual_seed(0)
    return DTNet(Spec(1, 2), width=8, head=(4, 4)).eval()


def strings(count: int = 6) -> Puzzles:
    return PrefixSums().sample(16, count)


class Bits(Wrapped):
    """A net whose states are rounded to two values."""

    def __init__(self, inner: Thinker):
        super().__init__(inner)
        self.rounding = 2

    def step(self, state: State, seen: Any) -> State:
        after = self.inner.step(state, seen)
        return self.with_features(after, rounded(self.features(after) - 0.1, 2))


class OddLeaveAfter(Stop):
    """Puzzles whose first bit is set leave after so many iterations."""

    iterations: int

    def reached(self, thought: Thought) -> torch.Tensor:
        assert thought.puzzles is not None
        return (thought.puzzles.x[:, 0, 0] > 0) & (thought.iteration >= self.iterations)


def test_what_is_added_follows_from_seed_number_and_step() -> None:
    """Two steps written out, with a generator of each puzzle's own."""
    net, x = small_net(), strings(2).x
    noisy = Noisy(net, Noise(start=0.5, step=0.25, seed=3))
    numbers = numbers_of(x)

    def gaussian(step: int) -> torch.Tensor:
        rows = []
        for number in numbers.tolist():
            rng = torch.Generator().manual_seed(digest("noise", 3, number, step))
            rows.append(torch.empty(16 * 8).normal_(generator=rng).view(1, 16, 8).permute(2, 0, 1))
        return torch.stack(rows)

    def size(features: torch.Tensor) -> torch.Tensor:
        return features.square().mean((1, 2, 3), keepdim=True).sqrt()

    with torch.no_grad():
        seen = net.see(x)
        expected = net.start(seen)
        expected = expected + 0.5 * size(net.step(expected, seen)) * gaussian(0)
        for step in (1, 2):
            expected = net.step(expected, seen)
            expected = expected + 0.25 * size(expected) * gaussian(step)
        assert torch.allclose(noisy.features(last_state(noisy, x, 2)), expected, atol=1e-6)
        assert torch.equal(noisy.read(last_state(noisy, x, 2)), net.read(noisy.features(last_state(noisy, x, 2))))


NETS = {
    "a tensor": lambda: (small_net(), strings().x),
    "a tuple that counts": lambda: (Doubling(Spec(1, 2), width=8, head=(4, 4)), strings().x),
    "another layout than its features": lambda: (RowColumnBox(Sudoku().spec, 8, 4, 8), Sudoku().sample(41, 6).x),
    "states of sequences": lambda: (Composer(Spec(3, 3, "line")), Spec(3, 3, "line").example(6)),
    "states of bits": lambda: (Bits(small_net()), strings().x),
}


@pytest.mark.parametrize("name", NETS)
def test_the_size_of_noise_is_relative(name: str) -> None:
    net, x = NETS[name]()
    noisy = Noisy(net, Noise(step=0.3))
    with torch.no_grad():
        before = net.features(net.step(net.start(net.see(x)), net.see(x)))
        after = noisy.features(last_state(noisy, x, 1))
        share = (after - before).square().mean().sqrt() / before.square().mean().sqrt()
    assert share.item() == pytest.approx(0.3, rel=0.15)


@pytest.mark.parametrize("name", NETS)
def test_a_puzzle_has_its_noise_alone_and_among_others(name: str) -> None:
    net, x = NETS[name]()
    noise = Noise(start=0.5, step=0.3, flips=0.1 if net.rounding else 0.0)
    noisy = Noisy(net, noise)
    with torch.no_grad():
        together = noisy.features(last_state(noisy, x, 3))
        for puzzle in (5, 2):
            alone = noisy.features(last_state(noisy, x[puzzle : puzzle + 1], 3))
            assert torch.allclose(alone[0], together[puzzle], atol=1e-5)
        other = noisy.features(last_state(Noisy(net, noise.revised({"seed": 1})), x, 3))
        assert not torch.allclose(other, together, atol=1e-2)


def test_who_stays_thinks_on_as_if_nobody_had_left() -> None:
    noisy, puzzles = Noisy(small_net(), Noise(start=0.5, step=0.3)), strings(20)
    stays = puzzles.x[:, 0, 0] < 0
    assert 0 < int(stays.sum()) < 20
    with torch.no_grad():
        *_, through = think(noisy, puzzles, 6)
        *_, last = think(noisy, puzzles, 6, OddLeaveAfter(iterations=2), retire=True)
        *_, whole = think(noisy, puzzles, 6, OddLeaveAfter(iterations=2))
    assert last.which.tolist() == stays.nonzero().flatten().tolist()
    assert torch.equal(last.state.numbers, numbers_of(puzzles.x)[stays])
    for found in (noisy.features(last.state), noisy.features(whole.state)[stays]):
        assert torch.allclose(found, noisy.features(through.state)[stays], atol=1e-5)


def test_attempts_at_a_puzzle_are_the_same_at_once_and_one_after_another() -> None:
    noisy, x = Noisy(small_net(), Noise(start=0.5, step=0.3)), strings(2).x
    attempts = [numbers_of(x, attempt) for attempt in range(3)]
    with torch.no_grad():
        thrice = x.repeat(3, 1, 1)
        state = noisy.start(noisy.see(thrice), torch.cat(attempts))
        at_once = noisy.features(last_state(noisy, thrice, 4, state))
        for attempt, numbers in enumerate(attempts):
            one = noisy.features(last_state(noisy, x, 4, noisy.start(noisy.see(x), numbers)))
            assert torch.allclose(one, at_once[2 * attempt : 2 * attempt + 2], atol=1e-5)
        assert not torch.allclose(at_once[:2], at_once[2:4], atol=1e-2)
        assert torch.allclose(noisy.features(last_state(noisy, x, 4)), at_once[:2], atol=1e-5)


def test_puzzles_are_numbered_by_what_they_look_like() -> None:
    x = strings(5).x
    numbers = numbers_of(x)
    assert len(set(numbers.tolist()) | set(numbers_of(x, 1).tolist())) == 10
    assert torch.equal(numbers_of(x.flip(0)), numbers.flip(0))
    assert torch.equal(numbers_of(x.to(torch.bfloat16)), numbers)  # halves are the same in 16 bits
    graphs = Graph(torch.zeros(2, 3, 1), torch.tensor([[[0.0, 1.0]], [[1.0, 0.0]]]))
    assert len(set(numbers_of(graphs).tolist())) == 2


def test_with_noise_at_the_start_alone_states_are_the_nets_own_and_settle() -> None:
    import longthink as lt

    net = lt.load("prefix_sums")
    puzzles = lt.problem("prefix_sums").sample(24, 10)
    noisy = Noisy(net, Noise(start=1.0))
    with torch.no_grad():
        seen = noisy.see(puzzles.x)
        assert isinstance(noisy.start(seen), torch.Tensor)
        moved = (noisy.start(seen) - net.start(seen.seen)).square().mean((1, 2, 3)).sqrt()
        assert torch.allclose(
            moved, net.step(net.start(seen.seen), seen.seen).square().mean((1, 2, 3)).sqrt(), rtol=0.1
        )
        *_, last = think(noisy, puzzles, 300, Settled())
    assert set(last.stops.why) == {"settled"}
    assert bool(puzzles.problem.correct(last.read().argmax(1), puzzles).all())


def test_nothing_is_the_net_itself() -> None:
    net, x = small_net(), strings().x
    with torch.no_grad():
        assert torch.equal(last_state(Noisy(net, Noise()), x, 4), last_state(net, x, 4))


def test_flips_replace_as_many_values_as_asked_by_others() -> None:
    net, x = Bits(small_net()), strings(50).x
    with torch.no_grad():
        seen = net.see(x)
        before = net.step(net.start(seen), seen)
        after = Noisy(net, Noise(flips=0.2)).features(last_state(Noisy(net, Noise(flips=0.2)), x, 1))
    assert set(after.unique().tolist()) == {-1.0, 1.0}
    assert (before != after).float().mean().item() == pytest.approx(0.2, abs=0.02)


def test_flips_need_rounded_states() -> None:
    with pytest.raises(UserError, match=r"The states of this dt_net are not rounded"):
        Noisy(small_net(), Noise(flips=0.1))
