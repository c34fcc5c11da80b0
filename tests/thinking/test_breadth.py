"""Attempts: the first is the plain thought, none depends on the others or the batch, symmetries are undone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import longthink as lt
from longthink.base.errors import UserError
from longthink.contracts import Problem, Puzzles, Stop, Thinker, Thought
from longthink.measuring.sweep import Exit
from longthink.problems.prefix_sums.problem import PrefixSums
from longthink.testing.others import Copying
from longthink.thinking.breadth import Breadth, Read, attempt
from longthink.thinking.choices import First, Majority, Verified
from longthink.thinking.noise import Noise
from longthink.thinking.stops import AtRest, Best, Budget, Lyapunov, Residual, Settled
from longthink.thinking.stops import Verified as IsRight

WIDE = Breadth(attempts=4)


@pytest.fixture(scope="module")
def sudoku() -> tuple[Thinker, Puzzles]:
    return lt.load("sudoku"), lt.problem("sudoku").sample(level=54, count=5, seed=3)


def test_the_first_attempt_is_the_plain_thought(sudoku: tuple[Thinker, Puzzles]) -> None:
    net, puzzles = sudoku
    found = attempt(net, puzzles, 25, Settled(tolerance=1e-2), WIDE)
    *_, last = lt.think(net, puzzles, 25, Settled(tolerance=1e-2))
    assert last.stops is not None
    assert torch.equal(found.answers[0], puzzles.problem.answer(last.read(), puzzles))
    assert torch.equal(found.steps[0], last.stops.steps)
    assert found.stopped[0].tolist() == [why == "settled" for why in last.stops.why]
    assert torch.equal(found.steps[:1], attempt(net, puzzles, 25, Settled(tolerance=1e-2)).steps)
    assert (found.residual[0] != found.residual[1]).all(), "the second differs"


def test_the_residual_is_the_mean_of_the_last_three_changes(sudoku: tuple[Thinker, Puzzles]) -> None:
    net, puzzles = sudoku
    with torch.inference_mode():
        changes = torch.stack([thought.change for thought in lt.think(net, puzzles, 7)]).double()
    assert torch.allclose(attempt(net, puzzles, 7, Budget(iterations=7)).residual[0], changes[-3:].mean(0), rtol=1e-4)
    assert torch.allclose(attempt(net, puzzles, 2, Budget(iterations=2)).residual[0], changes[:2].mean(0), rtol=1e-4)


@pytest.mark.parametrize("at_once", [1, 3])
def test_an_attempt_does_not_depend_on_who_else_is_in_the_batch(sudoku: tuple[Thinker, Puzzles], at_once: int) -> None:
    net, puzzles = sudoku
    breadth = Breadth(attempts=4, noise=Noise(start=1.0, step=0.1), at_once=at_once)
    together = attempt(net, puzzles, 12, IsRight(), breadth)
    alone = attempt(net, puzzles[3:4], 12, IsRight(), WIDE.revised({"noise": breadth.noise}))
    assert torch.equal(together.steps[:, 3:4], alone.steps)
    assert torch.equal(together.answers[:, 3:4], alone.answers)
    assert torch.allclose(together.confidence[:, 3:4], alone.confidence, atol=1e-4)


def test_what_is_right_is_not_attempted_again(sudoku: tuple[Thinker, Puzzles]) -> None:
    net, puzzles = sudoku
    puzzles = puzzles.problem.sample(level=46, count=6)
    breadth = Breadth(attempts=4, noise=Noise(start=0.3))
    all_of_them = attempt(net, puzzles, 14, IsRight(), breadth)
    found = attempt(net, puzzles, 14, IsRight(), breadth, Verified())
    assert all_of_them.verified is not None
    right_before = all_of_them.verified.cumsum(0) - all_of_them.verified.long() > 0
    expected = all_of_them.steps.masked_fill(right_before, 0)
    assert found.steps.tolist() == expected[: len(found.steps)].tolist()
    assert not expected[len(found.steps) :].any()
    assert 0 < int((found.steps[1] == 0).sum()) < 6, "so that this has shown something"


class ByRow(Stop):
    """Says enough of a row of the batch after an iteration of its own."""

    after: tuple[int, ...]

    def reached(self, thought: Thought) -> Tensor:
        which = range(len(self.after)) if thought.which is None else thought.which.tolist()
        return torch.tensor([thought.iteration >= self.after[row] for row in which])


def test_the_first_to_stop_ends_the_others_that_are_made_with_it(sudoku: tuple[Thinker, Puzzles]) -> None:
    net, puzzles = sudoku
    rule = ByRow(after=(9, 9, 4, 6, 5, 3))
    found = attempt(net, puzzles[:2], 8, rule, Breadth(attempts=4, at_once=3), First())
    assert found.steps.tolist() == [[8, 8], [4, 3], [4, 3], [4, 3]]
    assert found.stopped.tolist() == [[False, False], [False, False], [True, False], [False, True]]
    assert found.chosen(First()).tolist() == [2, 3]
    each = attempt(net, puzzles[:2], 8, rule, Breadth(attempts=4, at_once=3), Majority())
    assert each.steps.tolist() == [[8, 8], [8, 8], [4, 6], [5, 3]]


class Left(Thinker):
    """Says each bit of the left half as it is, and zeros."""

    takes = ("line",)

    def start(self, seen: Tensor) -> Tensor:
        kept = seen.clone()
        kept[..., seen.shape[-1] // 2 :] = -1
        return kept

    def step(self, state: Tensor, seen: Tensor) -> Tensor:
        return state

    def read(self, state: Tensor) -> Tensor:
        return torch.cat([-state, state], 1)


@pytest.mark.parametrize("at_once", [1, 2])
def test_symmetries_show_other_sides_of_a_puzzle_and_are_undone(at_once: int) -> None:
    puzzles = Copying().sample(8, 5)
    breadth = Breadth(attempts=3, noise=Noise(), at_once=at_once)
    found = attempt(Left(), puzzles, 3, None, breadth)
    left, right = puzzles.y.clone(), puzzles.y.clone()
    left[:, 4:], right[:, :4] = 0, 0
    assert torch.equal(found.answers, torch.stack([left, right, left]))


@pytest.mark.parametrize(
    ("problem", "limit", "breadth", "message"),
    [
        (Copying(), 5, Breadth(attempts=2, noise=Noise(), symmetries=False), "are the same"),
        (PrefixSums(), 5, Breadth(attempts=2, noise=Noise(step=0)), "are the same"),
        (PrefixSums(), 5, Breadth(attempts=2, symmetries=True), "names no symmetries"),
        (Copying(), 0, Breadth(attempts=2), "at least 1 iteration"),
    ],
)
def test_what_cannot_be_attempted_is_refused(problem: Problem, limit: int, breadth: Breadth, message: str) -> None:
    with pytest.raises(UserError, match=message):
        attempt(Left(), problem.sample(8, 2, repeats=True), limit, None, breadth)


BUDGET = 70
READINGS: dict[Read, Exit] = {"last": "default", "most_confident": "max_confidence"}
RULES: list[Stop] = [
    Settled(tolerance=1e-3),
    AtRest(),
    Residual(last=4, of="maximum"),
    Lyapunov(last=12),
    Best(patience=6, rise=1e-3) | Settled(tolerance=1e-2),
    Budget(iterations=9),
]


def mixed() -> list[lt.Puzzles]:
    """Strings of 40 bits of which all from some bit on are 0, so that some are solved soon; and of any bits."""
    some = lt.problem("prefix_sums").sample(40, 6, seed=1)
    bits = (some.x[:, 0] + 0.5).long()
    bits = bits * (torch.arange(40) >= torch.tensor([0, 5, 12, 20, 33, 38])[:, None])
    return [lt.problem("prefix_sums").view.parse("".join(map(str, row))) for row in bits.tolist()]


def joined(several: list[lt.Puzzles]) -> lt.Puzzles:
    x, y = (torch.cat([getattr(one, name) for one in several]) for name in ("x", "y"))
    return lt.Puzzles(several[0].problem, several[0].level, x, y)


@pytest.mark.parametrize("read", READINGS)
@pytest.mark.parametrize("rule", RULES, ids=repr)
@settings(max_examples=4, deadline=None)
@given(order=st.permutations(range(6)))
def test_results_are_those_of_one_puzzle_after_the_other(rule: Stop, read: Read, order: list[int]) -> None:
    net, puzzles = lt.load("prefix_sums"), mixed()
    together = attempt(net, joined([puzzles[which] for which in order]), BUDGET, rule, read=read)
    for place, which in enumerate(order):
        alone = attempt(net, puzzles[which], BUDGET, rule, read=read)
        for name in ("answers", "steps", "stopped"):
            assert torch.equal(getattr(together, name)[:, place], getattr(alone, name)[:, 0]), name


@pytest.mark.parametrize("iterations", [3, 9, 16])
def test_without_a_rule_the_surest_answers_are_those_that_a_sweep_finds(iterations: int) -> None:
    net, puzzles = lt.load("prefix_sums"), lt.problem("prefix_sums").sample(24, 60)
    for read, exit_rule in READINGS.items():
        found = attempt(net, puzzles, 50, Budget(iterations=iterations), read=read)
        swept = lt.sweep(net, puzzles, [iterations], exit_rule=exit_rule)
        right = puzzles.problem.correct(found.answers[0], puzzles)
        assert float(right.double().mean()) == pytest.approx(swept["accuracy"].item())
        assert (found.steps == iterations).all()
