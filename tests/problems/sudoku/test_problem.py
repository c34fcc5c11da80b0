"""Sudoku: every puzzle has one solution by a solver of another kind; splits do not meet under symmetry."""

import hashlib
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import longthink as lt
from longthink.base.errors import UserError
from longthink.contracts import Loss, Split
from longthink.problems.sudoku import _boards as _sudoku_boards
from longthink.problems.sudoku import _solver as _sudoku_solver
from longthink.problems.sudoku._houses import houses
from longthink.problems.sudoku.problem import Sudoku, boards_of
from longthink.recipes.laptop import sudoku_laptop

BOXES = [(2, 2), (2, 3), (3, 2), (3, 3), (4, 4)]
Board = NDArray[np.int64]


def exact_covers(board: Board, box: tuple[int, int]) -> Iterator[list[int]]:
    """All solutions by Knuth's Algorithm X on sets: candidates (cell, symbol) that cover each constraint once."""
    symbols, inside = box[0] * box[1], houses(box)
    rows: dict[tuple[int, int], list[tuple[str, int, int]]] = {}
    for cell in range(len(board)):
        in_houses = [number for number, house in enumerate(inside) if cell in house]
        for symbol in range(1, symbols + 1):
            if board[cell] in (0, symbol):
                rows[cell, symbol] = [("cell", cell, 0), *(("house", number, symbol) for number in in_houses)]
    columns: dict[tuple[str, int, int], set[tuple[int, int]]] = {}
    for row, covered in rows.items():
        for column in covered:
            columns.setdefault(column, set()).add(row)

    def search(chosen: list[tuple[int, int]]) -> Iterator[list[int]]:
        if not columns:
            yield [symbol for _, symbol in sorted(chosen)]
            return
        column = min(columns, key=lambda one: len(columns[one]))
        for row in list(columns[column]):
            removed = []
            for covered in rows[row]:
                for other in columns[covered]:
                    for also in rows[other]:
                        if also != covered:
                            columns[also].discard(other)
                removed.append(columns.pop(covered))
            yield from search([*chosen, row])
            for covered in reversed(rows[row]):
                columns[covered] = removed.pop()
                for other in columns[covered]:
                    for also in rows[other]:
                        if also != covered:
                            columns[also].add(other)

    yield from search([])


def moved(board: Board, box: tuple[int, int], seed: int) -> Board:
    """The board under a random symmetry; the same seed moves every board alike."""
    rng, (rows, columns) = np.random.default_rng(seed), box
    symbols = rows * columns
    down = np.concatenate([band * rows + rng.permutation(rows) for band in rng.permutation(columns)])
    across = np.concatenate([stack * columns + rng.permutation(columns) for stack in rng.permutation(rows)])
    square = board.reshape(symbols, symbols)[down][:, across]
    if rows == columns and rng.random() < 0.5:
        square = square.T
    renamed: Board = np.concatenate([[0], 1 + rng.permutation(symbols)])[square].ravel()
    return renamed


def drawn(problem: Sudoku, level: int, count: int, seed: int = 0) -> tuple[Board, Board]:
    """Boards and solutions."""
    puzzles = problem.sample(level, count, seed, repeats=True)
    return boards_of(puzzles), puzzles.y.flatten(1).numpy() + 1


@pytest.mark.parametrize("box", BOXES)
def test_each_puzzle_has_one_solution_and_so_many_blanks(box: tuple[int, int]) -> None:
    problem = Sudoku(box=box)
    for level in (problem.easy // 2, problem.easy) if box == (4, 4) else (problem.easy, problem.hard[1]):
        for board, solution in zip(*drawn(problem, level, 3), strict=True):
            assert (board == 0).sum() == level
            assert [*exact_covers(board, box)] == [solution.tolist()]


@pytest.mark.parametrize(("givens", "count"), [(23, 5), (20, 2)])
@pytest.mark.parametrize("split", ["train", "test"])
def test_hard_puzzles_have_one_solution_too(givens: int, count: int, split: Split) -> None:
    puzzles = Sudoku().sample(81 - givens, count, split=split)
    boards, solutions = boards_of(puzzles), puzzles.y.flatten(1).numpy() + 1
    everywhere, inside = np.ones_like(boards[0]), houses((3, 3))
    for board, solution in zip(boards, solutions, strict=True):
        assert (board > 0).sum() == givens
        assert [*exact_covers(board, (3, 3))] == [solution.tolist()]
        share = _sudoku_boards.kind_of(solution, everywhere, inside) % _sudoku_boards.SHARES
        assert (share == 1) == (split == "test")


@settings(deadline=None)  # kernels are compiled by the first
@given(seed=st.integers(0, 2**32), cleared=st.integers(1, 6))
def test_the_solver_counts_as_an_exact_cover_does(seed: int, cleared: int) -> None:
    """Boards that may have any number of solutions: some givens more are taken away, and one may be made wrong."""
    rng, (boards, _) = np.random.default_rng(seed), drawn(Sudoku(box=(2, 2)), 8, 1, seed % 50)
    board = boards[0]
    board[rng.choice(np.flatnonzero(board), cleared, replace=False)] = 0
    if rng.random() < 0.3:
        board[rng.integers(16)] = rng.integers(1, 5)
    solution = np.empty(16, np.int64)
    found, _ = _sudoku_solver.solve(board, houses((2, 2)), 10_000, 10**6, solution)
    covers = [*exact_covers(board, (2, 2))]
    assert found == len(covers)
    assert not covers or solution.tolist() in covers


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), which=st.integers(0, 3))
def test_symmetries_stay_in_a_split(seed: int, which: int) -> None:
    box = BOXES[which]
    boards, solutions = drawn(Sudoku(box=box), 8, 1, seed % 20)
    counted = boards[0] if which < 3 else np.ones(81, np.int64)
    inside = houses(box)
    kind = _sudoku_boards.kind_of(solutions[0], counted, inside)
    assert _sudoku_boards.kind_of(moved(solutions[0], box, seed), moved(counted, box, seed), inside) == kind


def test_kinds_tell_boards_apart() -> None:
    _, solutions = drawn(Sudoku(), 1, 500)
    given_everywhere = np.ones(81, np.int64)
    kinds = {int(_sudoku_boards.kind_of(solution, given_everywhere, houses((3, 3)))) for solution in solutions}
    assert len(kinds) == 500


def test_guesses_and_singles() -> None:
    puzzles = Sudoku().sample(55, 100)
    guesses = Sudoku().guesses(puzzles)
    singles = Sudoku().baselines(puzzles)["singles"].numpy()
    assert ((guesses == 0) == (singles == 1)).all()
    assert 0.2 < singles.mean() < 0.9


@pytest.mark.parametrize(("box", "level"), [((3, 3), 65), ((2, 2), 13), ((4, 4), 256)])
def test_too_few_givens_are_refused(box: tuple[int, int], level: int) -> None:
    with pytest.raises(UserError, match="number of blank cells"):
        Sudoku(box=box).sample(level, 1)


def test_givens_that_no_search_finds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longthink.problems.sudoku.problem.TRIES", 2)
    monkeypatch.setattr("longthink.problems.sudoku.problem.PATIENCE", 0)
    with pytest.raises(UserError, match="18 givens was found in 2 tries"):
        Sudoku().sample(63, 1)


def test_more_puzzles_than_there_are_are_refused() -> None:
    with pytest.raises(UserError, match="different train boards of 4 x 4 with 15 givens were found, and 5000"):
        Sudoku(box=(2, 2)).sample(1, 5000, split="train")  # 288 boards of 16 cells
    with pytest.raises(UserError, match="No test sudoku of 4 x 4 with 15 givens was found"):
        Sudoku(box=(2, 2)).sample(1, 1)  # all of them are the same by symmetry, and of another split


@pytest.mark.parametrize("box", [(1, 4), (3, 9), (2, 1)])
def test_boxes_that_are_none_are_refused(box: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="rows and 2 columns"):
        Sudoku(box=box)


def test_any_completion_counts_that_keeps_the_givens() -> None:
    """A rectangle of two symbols in two boxes can be exchanged, so the board has two solutions."""
    first = np.array([1, 2, 3, 4, 3, 4, 1, 2, 2, 1, 4, 3, 4, 3, 2, 1])
    board = first.copy()
    board[[0, 1, 8, 9]] = 0
    puzzles = Sudoku(box=(2, 2)).from_boards(board[None], first[None])
    other = puzzles.y.clone()
    other[0, 0, :2], other[0, 2, :2] = puzzles.y[0, 0, :2].flip(0), puzzles.y[0, 2, :2].flip(0)
    assert puzzles.problem.correct(other, puzzles).all()
    renamed = (puzzles.y + 1) % 4  # a full board too, but the givens are others
    assert not puzzles.problem.correct(renamed, puzzles).any()


def test_training_batches_are_of_several_sizes_and_others_are_not() -> None:
    problem = Sudoku(also=((2, 2),))
    shapes = {problem.sample(41, 2, split="train", index=index).x.shape[1:] for index in range(20)}
    assert shapes == {(10, 9, 9), (5, 4, 4)}
    small = next(
        one for one in (problem.sample(41, 2, split="train", index=i) for i in range(20)) if one.x.shape[1] == 5
    )
    assert small.level == 8
    assert {problem.sample(41, 2, index=index).x.shape[1:] for index in range(20)} == {(10, 9, 9)}


def test_a_batch_of_another_size_is_scored_as_boards_of_that_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sudoku, "measures", lambda problem, output, puzzles: {"symbols": float(problem.symbols)})
    changes = {"problem.also": [[2, 2]], "problem.stalled": 0.0, "batch": 4, "validation.count": 2}
    recipe = sudoku_laptop().revised(changes)
    lessons, net, seen = recipe.task.begin(recipe), recipe.build(), {}
    for step in range(12):
        batch = lessons.batch(step)
        symbols = batch.puzzles.x.shape[1] - 1
        assert batch.puzzles.problem.box == ((2, 2) if symbols == 4 else (3, 3))
        perfect = Loss(torch.zeros(()), batch.puzzles.problem.perfect(batch.puzzles))
        found = lessons.measures(batch, perfect)
        assert (found["accuracy"], found["symbols"]) == (1, symbols)
        assert lessons.measures(batch, perfect._replace(output=-perfect.output))["accuracy"] == 0
        seen[symbols] = (batch, found["level"])
    assert seen.keys() == {4, 9}
    assert seen[4][1] < 16 < seen[9][1]
    (loss,) = lessons.losses(net, seen[4][0], np.random.default_rng(0))
    assert loss.value.isfinite()
    assert loss.output.shape == (4, 4, 4, 4)


def test_stalled_boards_ask_for_more_than_singles() -> None:
    problem = Sudoku(stalled=1.0)
    puzzles = problem.sample(41, 30, split="train")
    blank = puzzles.mask.flatten(1).sum(1) if puzzles.mask is not None else torch.zeros(0)
    assert blank.max() <= 41
    assert (problem.guesses(puzzles) > 0).all()
    assert problem.baselines(puzzles)["singles"].sum() == 0
    easy = problem.sample(41, 30)
    assert problem.baselines(easy)["singles"].mean() > 0.8  # only training is of such boards
    half = Sudoku(stalled=0.5)
    shares = [half.baselines(half.sample(41, 4, split="train", index=index))["singles"].mean() for index in range(12)]
    assert {0.0, 1.0} <= {float(share.round()) for share in shares}


def test_what_was_drawn_before_is_drawn_still() -> None:
    """Digests of when boards could not yet be stalled by anything but singles."""
    known = {"8fc30d4a323157b6": (Sudoku(stalled=1.0), 41), "cfcf58fa69b1a644": (Sudoku(), 57)}
    for expected, (problem, level) in known.items():
        found = hashlib.sha256()
        for index in range(3):
            puzzles = problem.sample(level, 4, seed=5, split="train", index=index, repeats=True)
            found.update(boards_of(puzzles).tobytes())
        assert found.hexdigest()[:16] == expected


def test_givens_count_where_all_cells_do() -> None:
    usual, whole = (Sudoku(scoring=scoring).sample(41, 3) for scoring in ("blanks", "all_cells"))
    assert torch.equal(usual.x, whole.x)
    assert whole.mask is None
    logits = usual.problem.perfect(usual)
    for puzzles in (usual, whole):
        assert puzzles.problem.correct(puzzles.problem.answer(logits, puzzles), puzzles).all()
    row, column = np.argwhere(whole.x[0, 0].numpy() == 0)[0]
    right = int(whole.y[0, row, column])
    logits[0, :, row, column] = logits[0, :, row, column].roll(1)  # a given is answered otherwise
    assert usual.problem.correct(usual.problem.answer(logits, usual), usual).all()
    answers = whole.problem.answer(logits, whole)
    assert answers[0, row, column] == (right + 1) % 9
    assert whole.problem.correct(answers, whole).tolist() == [False, True, True]
    assert whole.problem.position_accuracy(answers, whole).tolist() == [80 / 81, 1, 1]
    assert usual.problem.loss(logits, usual).sum() < 1e-6
    assert float(whole.problem.loss(logits, whole).sum()) == pytest.approx(30 / 243)


@pytest.mark.parametrize("check", lt.testing.PROBLEM, ids=lt.testing.name_of_check)
def test_with_givens_that_count_it_keeps_what_problems_promise(check: lt.testing.Check) -> None:
    assert lt.testing.run(check, Sudoku(scoring="all_cells")) is None
