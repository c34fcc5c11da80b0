"""When it is enough, for nets whose every iteration is known."""

import math
from collections.abc import Sequence
from itertools import pairwise, zip_longest
from typing import Literal, NamedTuple

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import longthink as lt
from longthink.contracts import Either, Spec, Stop, Thinker
from longthink.models.convolutional.dt_net import DTNet
from longthink.thinking.best_so_far import best_so_far
from longthink.thinking.loop import think
from longthink.thinking.stops import AtRest, Best, Budget, Confident, Lyapunov, Residual, Settled, Verified
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


class Told(NamedTuple):
    """A number of each puzzle (B, 1), which puzzle it is, and how many steps were taken."""

    number: torch.Tensor
    puzzle: torch.Tensor
    steps: torch.Tensor


class Scripted(Thinker):
    """A net whose state is what a table says: (puzzles, iterations from 0 on). A puzzle's input is its number.

    It is as sure of class 1 as another table of the same shape says.
    """

    def __init__(self, numbers: list[list[float]], sure: list[list[float]] | None = None):
        super().__init__()
        self.numbers = torch.tensor(numbers, dtype=torch.float64)
        self.sure = torch.full_like(self.numbers, 0.5) if sure is None else torch.tensor(sure, dtype=torch.float64)

    def start(self, seen: torch.Tensor) -> Told:
        puzzle = seen[:, 0, 0].long()
        return Told(self.numbers[puzzle, :1], puzzle, torch.zeros_like(puzzle))

    def step(self, state: Told, seen: torch.Tensor) -> Told:
        steps = state.steps + 1
        return Told(self.numbers[state.puzzle, steps][:, None], state.puzzle, steps)

    def read(self, state: Told) -> torch.Tensor:
        """Logits (B, 2, 1)."""
        logits = self.sure[state.puzzle, state.steps].logit()
        return torch.stack([torch.zeros_like(logits), logits], 1)[..., None]

    def features(self, state: Told) -> torch.Tensor:
        return state.number

    @property
    def iterations(self) -> int:
        return self.numbers.shape[1] - 1

    def puzzles(self) -> lt.Puzzles:
        numbers = torch.arange(len(self.numbers))
        return lt.Puzzles(
            lt.problem("prefix_sums"), 1, numbers[:, None, None].double(), torch.ones_like(numbers[:, None])
        )

    def stops(self, stop: Stop, retire: bool = True) -> list[tuple[int, str]]:
        """When each puzzle stops, and why."""
        *_, last = think(self, self.puzzles(), self.iterations, stop, retire=retire)
        return list(zip(last.stops.steps.tolist(), last.stops.why, strict=True))


def first(enough: Sequence[bool], name: str) -> tuple[int, str]:
    """What is to be said of a puzzle, for which it is enough or not after each iteration from 1 on."""
    return (list(enough).index(True) + 1, name) if True in enough else (len(enough), "limit")


TABLES = st.integers(1, 12).flatmap(
    lambda iterations: st.lists(
        st.lists(st.integers(1, 6).map(lambda tenths: tenths / 8), min_size=iterations + 1, max_size=iterations + 1),
        min_size=1,
        max_size=5,
    )
)
"""Tables of few numbers, so that the same one often comes twice; eighths, which are added and divided exactly."""


@settings(max_examples=40)
@given(TABLES, st.integers(1, 4), st.sampled_from(["mean", "maximum"]), st.booleans())
def test_the_residual_is_of_the_last_changes(
    table: list[list[float]], last: int, of: Literal["mean", "maximum"], retire: bool
) -> None:
    net, rule = Scripted(table), Residual(tolerance=0.3, last=last, of=of)
    expected = []
    for numbers in table:
        changes = [abs(after - before) / before for before, after in pairwise(numbers)]
        several = [changes[max(0, at - last) : at] for at in range(1, len(changes) + 1)]
        residuals = [max(some) if of == "maximum" else sum(some) / last for some in several]
        pairs = zip(several, residuals, strict=True)
        expected.append(first([len(some) == last and residual <= 0.3 for some, residual in pairs], "residual"))
    assert net.stops(rule, retire) == expected


@settings(max_examples=40)
@given(TABLES, st.integers(1, 4), st.booleans())
def test_the_lyapunov_exponent_is_the_mean_growth_of_the_movements(
    table: list[list[float]], last: int, retire: bool
) -> None:
    """Written out as a mean of logarithms, where the state has moved in all of these iterations."""
    net, rule = Scripted(table), Lyapunov(exponent=-0.2, last=last)
    expected = []
    for numbers in table:
        moved = [abs(after - before) for before, after in pairwise(numbers)]
        enough = []
        for at in range(len(moved)):
            some = moved[max(0, at - last) : at + 1]
            if len(some) <= last or moved[at] == 0:
                enough.append(len(some) > last)
            else:
                enough.append(some[0] > 0 and math.log(some[-1] / some[0]) / last <= -0.2)
                if min(some) > 0:
                    growth = sum(math.log(after / before) for before, after in pairwise(some)) / last
                    assert growth == pytest.approx(math.log(some[-1] / some[0]) / last)
        expected.append(first(enough, "lyapunov"))
    assert net.stops(rule, retire) == expected


def test_the_lyapunov_exponent_of_a_linear_step_is_the_logarithm_of_its_largest_eigenvalue() -> None:
    """Of a rotation by an angle and a shrinking; of a step that shrinks one way and stretches the other."""

    class LinearStep(Wrapped):
        def step(self, state: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
            return state @ self.matrix.T

        def features(self, state: torch.Tensor) -> torch.Tensor:
            return state

    net = LinearStep(Scripted([[0.0]]))
    for net.matrix, exponent in (
        (torch.tensor([[0.6, -0.6], [0.6, 0.6]], dtype=torch.float64), math.log(0.6 * 2**0.5)),
        (torch.tensor([[0.5, 0.0], [0.0, 1.1]], dtype=torch.float64), math.log(1.1)),
        (torch.tensor([[0.5, 0.3], [0.0, 0.9]], dtype=torch.float64), math.log(0.9)),
    ):
        rule = Lyapunov(last=5).begin()
        assert isinstance(rule, Lyapunov)
        state = torch.tensor([[1.0, 0.1], [-0.3, 2.0]], dtype=torch.float64)
        exponents = [rule.exponents(thought) for thought in think(net, torch.zeros(2, 1, 1), 60, state=state)]
        assert torch.stack(exponents[:5]).isnan().all(), "there are 5 movements, and so 4 of their ratios"
        assert exponents[-1].tolist() == pytest.approx([exponent] * 2, abs=1e-6)


def test_what_does_not_move_has_no_disturbance_and_what_is_not_finite_no_exponent() -> None:
    rest, beyond = [1.0] * 9, [2.0**number for number in range(1016, 1024)] + [math.inf]
    parts = [[1.0 + 0.5**number for number in range(9)], rest, beyond]
    assert Scripted(parts).stops(Lyapunov(last=3)) == [(4, "lyapunov"), (4, "lyapunov"), (8, "limit")]


@settings(max_examples=40)
@given(TABLES, st.integers(1, 4), st.booleans())
def test_best_so_far_stops_when_the_confidence_no_longer_rises(
    table: list[list[float]], patience: int, retire: bool
) -> None:
    """Keeps the answers of the most confident thoughts, the later one among equals."""
    sure = [[0.5 + number / 2 for number in row] for row in table]
    net, rule, expected, counts = Scripted(table, sure), Best(patience=patience), [], []
    for row in sure:
        since = [max(range(1, at + 1), key=lambda one: (row[one], -one)) for at in range(1, len(row))]
        stops_at, why = first([at - best >= patience for at, best in enumerate(since, 1)], "best")
        expected.append((stops_at, why))
        counts.append(max(range(1, stops_at + 1), key=lambda one: (row[one], one)))
    assert net.stops(rule, retire) == expected
    found = {}
    for thought in best_so_far(think(net, net.puzzles(), net.iterations, rule, retire=retire)):
        numbers = range(len(table)) if thought.which is None else thought.which.tolist()
        found |= dict(zip(numbers, thought.state.steps.tolist(), strict=True))
    assert [found[number] for number in range(len(table))] == counts


def test_a_rise_that_is_too_small_is_none() -> None:
    """Confidence that creeps up by 1e-3 rises by more than 5e-3 every sixth iteration, and by 7e-3 never in five."""
    creeping = [0.6 + 1e-3 * iteration for iteration in range(31)]
    net = Scripted([[1.0] * 31], [creeping])
    assert net.stops(Best(patience=7, rise=5.5e-3)) == [(30, "limit")]
    assert net.stops(Best(patience=5, rise=5.5e-3)) == [(6, "best")]


def test_the_most_confident_thought_needs_puzzles_and_keeps_its_changes(parity_net: DTNet) -> None:
    puzzles = lt.problem("prefix_sums").view.parse(ALL_ONES)
    with pytest.raises(lt.UserError, match="think about puzzles"):
        next(best_so_far(think(parity_net, puzzles.x, 3)))
    with torch.inference_mode():
        plain, best = think(parity_net, puzzles, 9), best_so_far(think(parity_net, puzzles, 9))
        for one, other in zip(plain, best, strict=True):
            assert torch.equal(one.change, other.change)
            assert torch.equal(one.distance, other.distance)
            assert torch.equal(one.read(), other.read()), "it is always as sure, and the later one counts"


def test_settled_may_be_absolute() -> None:
    """A movement of 1/8 of a state of 8 numbers, one of them: its root mean square is 1/8 / sqrt(8)."""

    class OneMoves(Wrapped):
        def step(self, state: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
            moved = state.clone()
            moved[:, 0] += 0.125
            return moved

        def features(self, state: torch.Tensor) -> torch.Tensor:
            return state

    net, x, state = OneMoves(Scripted([[0.0]])), torch.zeros(3, 1, 1), torch.full((3, 2, 4), 1e-3)
    state[:, 0] = 0
    moved = 0.125 * 2 / math.sqrt(8)  # four of the eight, each by an eighth
    for absolute, iterations in ((moved * 1.001, 1), (moved * 0.999, 20)):
        *_, last = think(net, x, 20, Settled(tolerance=0, absolute=absolute), state=state)
        assert last.iteration == iterations
    assert Settled().reached(last).tolist() == Settled(absolute=0).reached(last).tolist() == [False] * 3


def test_one_rule_serves_several_streams_at_once(parity_net: DTNet) -> None:
    """Two streams taken in turns, of puzzles that rest at other iterations, and one after them."""
    some, others = (lt.problem("prefix_sums").sample(level, 6) for level in (10, 30))
    for rule in (
        AtRest(),
        Residual(last=5),
        Lyapunov(),
        Best() | AtRest(),
        AtRest() | (Residual() | Budget(iterations=9)),
    ):

        def steps(puzzles: lt.Puzzles, rule: Stop = rule) -> list[int]:
            *_, last = think(parity_net, puzzles, 60, rule)
            return last.stops.steps.tolist()

        with torch.inference_mode():
            alone = [steps(some), steps(others)]
            last = [*zip_longest(*(think(parity_net, puzzles, 60, rule) for puzzles in (some, others)))]
            together = [next(pair[which] for pair in reversed(last) if pair[which] is not None) for which in (0, 1)]
            assert [thought.stops.steps.tolist() for thought in together] == alone
            assert steps(some) == alone[0]


def test_a_rule_without_a_memory_is_its_own_and_one_with_memory_is_made_anew() -> None:
    assert Settled(tolerance=0.5).begin() == Settled(tolerance=0.5)
    plain, remembering = Settled(), AtRest()
    assert plain.begin() is plain
    assert remembering.begin() is not remembering
    assert AtRest() == AtRest()
    assert hash(Residual(last=2)) == hash(Residual(last=2))
    assert len({Residual(last=2), Residual(last=2), Residual(), Lyapunov(), Lyapunov().begin()}) == 3
    both = (plain | remembering).begin()
    assert isinstance(both, Either)
    assert both.rules[0] is plain
    assert both.rules[1] is not remembering


def test_each_rule_of_two_is_asked_once_about_a_thought(parity_net: DTNet) -> None:
    """To ask it again for the reason would tell one that remembers of the same thought twice."""

    class Asked(Stop):
        def reached(self, thought: lt.Thought) -> torch.Tensor:
            told.append(thought.iteration)
            return torch.full((len(thought.state),), thought.iteration == 3)

    told: list[int] = []
    with torch.inference_mode():
        *_, last = think(parity_net, torch.zeros(2, 1, 4), 9, Budget(iterations=5) | Asked())
    assert told == [1, 2, 3]
    assert last.stops.why == ("asked", "asked")


def test_what_thinks_locally_is_at_rest_when_it_is_and_not_before(dead_end_net: DTNet) -> None:
    """Local thinking writes the next state over the last: what is remembered must be a copy."""
    puzzles = lt.problem("mazes").sample(25, 1)
    rules = AtRest(), Residual(tolerance=0.0), Lyapunov(exponent=-1e9), Settled(tolerance=0, absolute=1e-9)
    for rule in rules:
        with torch.inference_mode():
            *_, whole = think(dead_end_net, puzzles, 500, rule)
            *_, local = think(dead_end_net, puzzles, 500, rule, tolerance=0.0)
        assert (local.iteration, local.stops.why) == (whole.iteration, whole.stops.why)
        assert whole.stops.why != ("limit",)
        assert whole.iteration > 20
    with torch.inference_mode():
        pairs = zip(think(dead_end_net, puzzles, 30), think(dead_end_net, puzzles, 30, tolerance=0.0), strict=True)
        for one, other in pairs:
            assert other.distance.tolist() == pytest.approx(one.distance.tolist(), rel=1e-5)
        *_, best = best_so_far(think(dead_end_net, puzzles, 500, Best(patience=3), tolerance=0.0))
        *_, expected = best_so_far(think(dead_end_net, puzzles, 500, Best(patience=3)))
    assert best.iteration == expected.iteration
    assert torch.allclose(best.state, expected.state)
