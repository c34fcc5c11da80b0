"""Symmetries of boards: what is moved is a puzzle still, and can be taken back."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from longthink.problems.sudoku import _symmetry
from longthink.problems.sudoku._boards import kind_of
from longthink.problems.sudoku._houses import houses
from longthink.problems.sudoku.problem import Sudoku, boards_of

BOXES = [(2, 2), (2, 3), (3, 2), (3, 3), (4, 4)]


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), box=st.sampled_from(BOXES), scoring=st.sampled_from(["blanks", "all_cells"]))
def test_back_undoes_it_and_validity_is_kept(seed: int, box: tuple[int, int], scoring: str) -> None:
    problem = Sudoku(box=box, scoring=scoring)
    puzzles = problem.sample(problem.easy // 2, 3, seed % 7, repeats=True)
    symmetry = _symmetry.draw(box, 3, np.random.default_rng(seed))
    moved = _symmetry.apply(symmetry, puzzles)
    assert torch.equal(_symmetry.back(symmetry, moved.y), puzzles.y)
    assert problem.correct(moved.y, moved).all()
    assert (moved.mask is None) == (puzzles.mask is None)
    assert moved.mask is None or torch.equal(moved.mask, moved.x[:, 0] > 0)
    assert torch.equal(moved.x.sum(1), torch.ones_like(moved.x[:, 0]))
    given_now = moved.x.argmax(1)
    assert torch.equal(given_now[given_now > 0] - 1, moved.y[given_now > 0])
    answers = torch.from_numpy(np.random.default_rng(seed).integers(0, problem.symbols, moved.y.shape))
    before = _symmetry.back(symmetry, answers)
    assert torch.equal(problem.position_accuracy(before, puzzles), problem.position_accuracy(answers, moved))


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), box=st.sampled_from(BOXES[:4]))
def test_it_is_a_symmetry_as_kinds_see_it(seed: int, box: tuple[int, int]) -> None:
    problem = Sudoku(box=box)
    puzzles = problem.sample(problem.easy // 2, 2, seed % 7, repeats=True)
    moved = _symmetry.apply(_symmetry.draw(box, 2, np.random.default_rng(seed)), puzzles)
    kinds = [
        [
            int(kind_of(solution, board, houses(box)))
            for board, solution in zip(boards_of(some), some.y.flatten(1).numpy() + 1, strict=True)
        ]
        for some in (puzzles, moved)
    ]
    assert kinds[0] == kinds[1]


def test_all_symmetries_are_drawn() -> None:
    """Those of 4 x 4 that rename nothing are 128; half of them transpose."""
    sources, names = _symmetry.draw((2, 2), 4000, np.random.default_rng(0))
    assert len(sources.unique(dim=0)) == 128
    assert len(names.unique(dim=0)) == 24
    rows = sources.view(-1, 4, 4) // 4
    kept = (rows == rows[..., :1]).all(-1).all(-1)
    assert 0.45 < kept.double().mean() < 0.55
    upright = _symmetry.draw((2, 3), 500, np.random.default_rng(0)).sources.view(-1, 6, 6) // 6
    assert (upright == upright[..., :1]).all()


def test_one_that_is_known() -> None:
    """Rows 1 and 2 exchanged, and symbols 1 and 2."""
    board = np.array([1, 2, 3, 4, 3, 4, 1, 2, 2, 1, 4, 3, 4, 3, 2, 1])
    given_cells = np.where(np.arange(16) < 6, board, 0)
    puzzles = Sudoku(box=(2, 2)).from_boards(given_cells[None], board[None])
    sources = torch.tensor([[4, 5, 6, 7, 0, 1, 2, 3, *range(8, 16)]])
    moved = _symmetry.apply(_symmetry.Symmetry(sources, torch.tensor([[1, 0, 2, 3]])), puzzles)
    assert (1 + moved.y).flatten().tolist() == [3, 4, 2, 1, 2, 1, 3, 4, 1, 2, 4, 3, 4, 3, 1, 2]
    assert boards_of(moved)[0].tolist() == [3, 4, 0, 0, 2, 1, 3, 4, *[0] * 8]


@pytest.mark.parametrize("count", [1, 5])
def test_moves_come_from_the_key_alone(count: int) -> None:
    puzzles = Sudoku().sample(41, count)
    boards, solutions = boards_of(puzzles), puzzles.y.flatten(1).numpy() + 1
    first, again, other = (_symmetry.move(key, (3, 3), boards, solutions) for key in (7, 7, 8))
    assert (first[0] == again[0]).all()
    assert (first[1] == again[1]).all()
    assert (first[1] != other[1]).any()
    assert ((first[0] == 0) | (first[0] == first[1])).all()
