"""The symmetries of sudoku: rows moved within a band, whole bands, columns and stacks likewise, symbols renamed.

Boards whose boxes are square are also transposed. Shapes: B boards, n symbols, n x n cells.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from longthink.contracts import Puzzles
from longthink.problems.sudoku import _boards as _sudoku_boards
from longthink.problems.sudoku._text import Board


class Symmetry(NamedTuple):
    """A symmetry for each of B boards."""

    sources: Tensor
    """The cell that each cell takes its symbol from, (B, cells)."""
    names: Tensor
    """What each symbol is called then, (B, n), counted from 0."""


def draw(box: tuple[int, int], count: int, rng: np.random.Generator) -> Symmetry:
    """Random ones, for boards with boxes of so many rows and columns."""
    sources, names = _drawn(box, count, int(rng.integers(2**63)))
    return Symmetry(torch.from_numpy(sources), torch.from_numpy(names[:, 1:] - 1))


def apply(symmetry: Symmetry, puzzles: Puzzles) -> Puzzles:
    """Each puzzle moved by the symmetry of its own; its answers go with it.

    >>> from longthink.problems.sudoku.problem import Sudoku
    >>> puzzles = Sudoku().sample(level=41, count=3)
    >>> symmetry = draw((3, 3), 3, np.random.default_rng(0))
    >>> moved = apply(symmetry, puzzles)
    >>> bool(puzzles.problem.correct(moved.y, moved).all()), torch.equal(back(symmetry, moved.y), puzzles.y)
    (True, True)
    """
    sources, names = symmetry
    called = torch.cat([torch.zeros_like(names[:, :1]), 1 + names.argsort(1)], 1)  # the channel each one comes from
    x = puzzles.x.gather(1, called[..., None, None].expand_as(puzzles.x))
    x = x.flatten(2).gather(2, sources[:, None].expand(*x.shape[:2], -1)).view_as(x)
    y = names.gather(1, puzzles.y.flatten(1).gather(1, sources)).view_as(puzzles.y)
    mask = puzzles.mask
    if mask is not None:
        mask = mask.flatten(1).gather(1, sources).view_as(mask)
    return replace(puzzles, x=x, y=y, mask=mask)


def back(symmetry: Symmetry, answers: Tensor) -> Tensor:
    """Answers (B, n, n) to puzzles that were moved, as answers to the puzzles before that."""
    sources, names = symmetry
    renamed = names.argsort(1).gather(1, answers.flatten(1))
    return torch.empty_like(renamed).scatter(1, sources, renamed).view_as(answers)


def move(key: int, box: tuple[int, int], boards: Board, solutions: Board) -> tuple[Board, Board]:
    """Boards and solutions (B, cells), each moved by a symmetry of its own, which come from the key."""
    sources, names = _drawn(box, len(boards), key)
    moved = (np.take_along_axis(names, np.take_along_axis(some, sources, 1), 1) for some in (boards, solutions))
    return next(moved), next(moved)


def _drawn(box: tuple[int, int], count: int, key: int) -> tuple[Board, Board]:
    symbols = box[0] * box[1]
    sources, names = np.empty((count, symbols**2), np.int64), np.empty((count, symbols + 1), np.int64)
    _sudoku_boards.draw_symmetries(key, box, sources, names)
    return sources, names
