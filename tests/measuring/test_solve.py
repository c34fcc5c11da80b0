"""One puzzle of a user's, solved by nets whose every iteration is known, and filmed meanwhile."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import pytest
import torch

import longthink as lt
from longthink.contracts import Spec
from longthink.figures.scene import pixels
from longthink.measuring import solve as module
from longthink.measuring.solve import Film
from longthink.models.convolutional.dt_net import DTNet
from longthink.models.convolutional.feedforward import FeedForward
from longthink.thinking.local import LocalThought
from longthink.thinking.loop import think
from longthink.thinking.stops import SETTLED

BITS = "110100111011"
PARITIES = "100111010010"


def bits() -> lt.Puzzles:
    return lt.problem("prefix_sums").view.parse(BITS)


@pytest.mark.parametrize(
    ("stop", "limit", "iterations", "why", "solved"),
    [
        (None, None, 13, "settled", True),
        (None, 12, 12, "limit", True),
        (None, 5, 5, "limit", False),
        (lt.stop("budget", iterations=9), None, 9, "budget", False),
        (lt.stop("budget", iterations=90) | lt.stop("settled"), None, 13, "settled", True),
        (lt.stop("confident", probability=0.6), None, 1, "confident", False),
    ],
)
def test_a_puzzle_is_thought_about_until_a_rule_says_that_it_is_enough(
    stop: lt.Stop | None, limit: int | None, iterations: int, why: str, solved: bool, parity_net: DTNet
) -> None:
    solution = lt.solve(parity_net, bits(), limit, stop)
    assert (solution.iterations, solution.why, solution.solved) == (iterations, why, solved)
    assert (solution.text == PARITIES) == solved
    assert solution.text == "".join(map(str, solution.answers[0].tolist()))
    assert solution.confidence == pytest.approx(1 / (1 + torch.e**-0.5))


def test_whoever_watches_sees_every_thought_up_to_the_one_that_answers(parity_net: DTNet) -> None:
    seen: list[lt.Thought] = []
    solution = lt.solve(parity_net, bits(), watch=seen.append)
    assert [thought.iteration for thought in seen] == list(range(1, solution.iterations + 1))
    with torch.inference_mode():
        assert torch.equal(seen[-1].read().argmax(1), solution.answers)


def test_where_the_solution_is_not_known_only_rules_tell() -> None:
    net, sudoku = lt.load("sudoku"), lt.problem("sudoku").sample(30, 1)
    chess = lt.problem("chess_puzzles", perspective="mover").view.parse("6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1")
    assert lt.solve(net, replace(sudoku, known=False)).solved is True
    assert lt.solve(lt.load("chess"), chess, 5).solved is None


def test_a_net_with_a_limit_takes_all_its_steps() -> None:
    net = FeedForward(Spec(1, 2), limit=3, width=4, head=(4, 4))
    assert lt.solve(net, bits()).iterations == 3
    with pytest.raises(lt.UserError, match="has 3 steps and cannot take 4"):
        lt.solve(net, bits(), 4)


def test_thinking_ends_when_its_time_is_up(parity_net: DTNet, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    solution = lt.solve(parity_net, bits(), seconds=3)
    assert (solution.iterations, solution.why, solution.solved) == (3, "time", False)
    clock = count()
    solution = lt.solve(parity_net, bits(), seconds=13)
    assert (solution.iterations, solution.why, solution.solved) == (13, "settled", True)
    with pytest.raises(lt.UserError, match="some time to answer, more than 0 seconds"):
        lt.solve(parity_net, bits(), seconds=0)


def test_what_cannot_be_solved_is_refused(parity_net: DTNet) -> None:
    with pytest.raises(lt.UserError, match=r"One puzzle is solved at a time, and these are 2; take puzzles\[:1\]"):
        lt.solve(parity_net, lt.problem("prefix_sums").sample(8, 2))
    with pytest.raises(lt.UserError, match="at least 1 iteration to answer, not 0"):
        lt.solve(parity_net, bits(), 0)


# ------------------------------------------------------------------------------------------------ large grids


def test_large_grids_are_thought_about_locally_and_small_ones_are_not(dead_end_net: DTNet) -> None:
    large, small = (lt.problem("mazes").sample(level, 1) for level in (21, 9))
    seen: list[lt.Thought] = []
    assert lt.solve(dead_end_net, small, watch=seen.append).solved
    assert not any(isinstance(thought, LocalThought) for thought in seen)
    seen.clear()
    solution = lt.solve(dead_end_net, large, watch=seen.append)
    assert all(isinstance(thought, LocalThought) for thought in seen)
    assert (solution.solved, solution.why) == (True, "settled")
    *_, last = think(dead_end_net, large, module.LIMIT, lt.stop("settled"))
    assert solution.iterations == last.iteration


class Halving(lt.Thinker):
    """Goes half the way to the input, a hundred thousand times as large, in every iteration."""

    takes = ("grid",)

    def start(self, seen: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(seen[:, :1])

    def step(self, state: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        return (state + 1e5 * seen[:, :1]) / 2

    def read(self, state: torch.Tensor) -> torch.Tensor:
        return torch.cat([state, -state], 1)


def test_large_grids_have_settled_when_nothing_moves_at_all() -> None:
    """Relative to the state, which is large, the last steps are smaller than what counts as none elsewhere."""
    seen: list[lt.Thought] = []
    solution = lt.solve(Halving(), lt.problem("mazes").sample(13, 1), watch=seen.append)
    assert solution.why == "settled"
    assert [bool(thought.change > 0) for thought in seen[-2:]] == [True, False]
    assert float(seen[-2].change) < SETTLED


def test_a_net_that_cannot_think_locally_solves_large_grids_all_the_same() -> None:
    net = FeedForward(Spec(3, 2, "grid"), limit=3, width=4, head=(4, 4))
    seen: list[lt.Thought] = []
    solution = lt.solve(net, lt.problem("mazes").sample(21, 1), watch=seen.append)
    assert (solution.iterations, solution.why) == (3, "limit")
    assert not any(isinstance(thought, LocalThought) for thought in seen)


# ------------------------------------------------------------------------------------------------ films


def filmed(net: lt.Thinker, limit: int, at: Sequence[int] = ()) -> Film:
    film = Film(bits(), at)
    lt.solve(net, bits(), limit, lt.stop("budget", iterations=limit), watch=film)
    return film


@pytest.mark.parametrize(
    ("limit", "kept"), [(3, [1, 2, 3]), (4, [1, 2, 3, 4]), (5, [1, 3, 5]), (9, [1, 5, 9]), (40, [1, 17, 33])]
)
def test_a_film_keeps_evenly_spaced_thoughts_and_no_more_than_it_may(
    limit: int, kept: list[int], parity_net: DTNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRAMES", 4)
    assert list(filmed(parity_net, limit).frames) == kept


def test_a_film_of_chosen_iterations_has_those_that_there_were(parity_net: DTNet) -> None:
    assert list(filmed(parity_net, 9, at=[2, 7, 30]).scenes()) == [2, 7]


def test_scenes_show_what_was_thought_then_and_are_small_to_keep(parity_net: DTNet) -> None:
    film, puzzles = filmed(parity_net, 6), bits()
    view, scenes = puzzles.problem.view, film.scenes()
    assert all(frame.dtype == torch.uint8 for frame in film.frames.values())
    with torch.no_grad():
        for thought in think(parity_net, puzzles, 6):
            shown = view.scene(puzzles, view.shown(thought.read(), puzzles))
            apart = pixels(scenes[thought.iteration]).astype(int) - pixels(shown)
            assert abs(apart).max() <= 1, "a 255th may be lost"
    assert (pixels(scenes[1]) != pixels(scenes[6])).any()


def test_answers_that_are_no_probabilities_are_filmed_as_they_are() -> None:
    """What a board of sudoku shows are symbols, and -1 where the net is not sure."""
    puzzles = lt.problem("sudoku").sample(40, 1)
    film = Film(puzzles)
    lt.solve(lt.load("sudoku"), puzzles, 3, lt.stop("budget", iterations=3), watch=film)
    assert {frame.dtype for frame in film.frames.values()} == {torch.int8}
    assert (pixels(film.scenes()[1]) != pixels(film.scenes()[3])).any()


def test_a_strip_is_framed_by_the_puzzle_and_its_target(parity_net: DTNet) -> None:
    film, puzzles = filmed(parity_net, 12, at=[3, 12]), bits()
    strip = film.strip()
    assert list(strip) == ["puzzle", "iteration 3", "iteration 12", "target"]
    view = puzzles.problem.view
    assert (pixels(strip["target"]) == pixels(view.scene(puzzles, puzzles.y[0]))).all()
    assert (pixels(strip["puzzle"]) == pixels(view.scene(puzzles))).all()


def test_a_strip_of_ones_own_puzzle_ends_with_the_answer(parity_net: DTNet) -> None:
    film, puzzles = filmed(parity_net, 5, at=[3]), bits()
    answer = torch.arange(12) % 2
    strip = film.strip(answer)
    assert list(strip) == ["puzzle", "iteration 3", "answer"]
    assert (pixels(strip["answer"]) == pixels(puzzles.problem.view.scene(puzzles, answer))).all()


@pytest.mark.parametrize(("net", "typed"), [("prefix_sums", "1101" * 20), ("mazes", 33)])
def test_in_sixteen_bits_the_answer_is_the_same(net: str, typed: str | int) -> None:
    problem = lt.problem(net)
    puzzles = problem.view.parse(typed) if isinstance(typed, str) else problem.sample(typed, 1)
    in_32, in_16 = (lt.solve(lt.load(net), puzzles, precision=precision) for precision in ("fp32", "bf16"))
    assert in_16.solved
    assert in_16.why == "at_rest"
    counts = torch.ones_like(puzzles.y, dtype=torch.bool) if puzzles.mask is None else puzzles.mask
    assert torch.equal(in_32.answers[counts], in_16.answers[counts])
    with pytest.raises(lt.UserError, match="fp32 or bf16, not 'auto'"):
        lt.solve(lt.load(net), puzzles, precision="auto")


def test_several_attempts_say_all_rules_that_could_have_ended_them() -> None:
    puzzles = lt.problem("prefix_sums").view.parse("1101")
    net, breadth = lt.load("prefix_sums"), lt.Breadth(attempts=2)
    either = lt.stop("settled") | lt.stop("budget", iterations=300)
    assert lt.solve(net, puzzles, stop=either, breadth=breadth).why == "settled or budget"
    assert lt.solve(net, puzzles, breadth=breadth).why == "settled"
    assert lt.solve(net, puzzles, limit=2, stop=either, breadth=breadth).why == "limit"
