"""The 8 symmetries of mazes, against numpy's own turns."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from longthink.base.errors import UserError
from longthink.problems.mazes._cells import to_cells
from longthink.problems.mazes._symmetry import SYMMETRIES, moved, moved_back
from longthink.problems.mazes.problem import Mazes

NUMBERS = st.integers(0, SYMMETRIES - 1)
SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 6))


@given(shape=SHAPES, symmetry=NUMBERS, seed=st.integers(0, 100))
def test_moving_back_is_the_reverse(shape: tuple[int, int, int], symmetry: int, seed: int) -> None:
    puzzles = Mazes().sample(3, shape[0], split="train", repeats=True)
    answers = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    there = moved(replace(puzzles, y=answers), symmetry).y
    assert there.is_contiguous()
    assert torch.equal(moved_back(there, symmetry), answers)


def test_they_are_the_turned_and_mirrored_forms_each_once() -> None:
    puzzles = Mazes(aspect=0.5).sample(9, 1, 0, "train", 4, True)
    found = [to_cells(moved(puzzles, symmetry).x[0]) for symmetry in range(SYMMETRIES)]
    cells = to_cells(puzzles.x[0])
    forms = [np.rot90(one, turns) for one in (cells, cells.T) for turns in range(4)]
    assert {(one.shape, one.tobytes()) for one in found} == {(one.shape, one.tobytes()) for one in forms}
    assert len({(one.shape, one.tobytes()) for one in found}) == 8
    assert np.array_equal(found[0], cells)
    assert np.array_equal(found[1], cells[::-1])
    assert np.array_equal(found[2], cells[:, ::-1])
    assert np.array_equal(found[4], cells.T)


@given(symmetry=NUMBERS, index=st.integers(0, 20))
def test_what_is_solved_stays_solved_and_what_is_not_does_not(symmetry: int, index: int) -> None:
    problem = Mazes(aspect=0.5, openings=0.3, ends="cells")
    puzzles = problem.sample(9, 3, 0, "train", index, True)
    there = moved(puzzles, symmetry)
    assert problem.correct(there.y, there).all()
    assert problem.correct(moved_back(there.y, symmetry), puzzles).all()
    assert not problem.correct(1 - there.y, there).any()
    assert torch.equal(problem.from_maze(to_cells(there.x[0])).x, there.x[:1])
    assert (there.level, there.split) == (puzzles.level, puzzles.split)
    assert there.mask is not None
    assert torch.equal(there.mask, there.x.amax(1) > 0)


def test_extras_of_positions_go_along_and_others_stay() -> None:
    puzzles = Mazes().sample(5, 2)
    extras = {"rating": torch.arange(2), "seen": puzzles.y.clone(), "walls": puzzles.x[:, :1].clone()}
    there = moved(replace(puzzles, extras=extras, source="a picture"), 6)
    assert torch.equal(there.extras["rating"], extras["rating"])
    assert torch.equal(there.extras["seen"], there.y)
    assert torch.equal(there.extras["walls"], there.x[:, :1])
    assert there.source is None
    assert moved(replace(puzzles, mask=None), 3).mask is None


@pytest.mark.parametrize("symmetry", [-1, 8])
def test_other_numbers_are_refused(symmetry: int) -> None:
    puzzles = Mazes().sample(5, 1)
    with pytest.raises(UserError, match="numbers from 0 to 7"):
        moved(puzzles, symmetry)
    with pytest.raises(UserError, match="numbers from 0 to 7"):
        moved_back(puzzles.y, symmetry)


@given(number=st.integers(1, 30), index=st.integers(0, 20))
def test_attempts_see_forms_of_the_same_shape(number: int, index: int) -> None:
    problem = Mazes(aspect=0.5)
    puzzles = problem.sample(9, 2, 0, "train", index, True)
    there, back = problem.moved(puzzles, number)
    assert there.x.shape == puzzles.x.shape
    assert not torch.equal(there.x, puzzles.x)
    assert torch.equal(back(there.y), puzzles.y)
