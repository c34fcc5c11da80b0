"""What both formats of sudoku puzzles share."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from longthink.base.errors import UserError
from longthink.contracts import Problem, Puzzles, Split
from longthink.problems.sudoku._store import BoardBlock, PuzzleLine, read_lines
from longthink.problems.sudoku.problem import Sudoku
from longthink.registry import name_of


def as_sudoku(problem: Problem) -> Sudoku:
    if not isinstance(problem, Sudoku):
        raise UserError(f"{name_of(type(problem))} has no sudoku files; use the format arrays.")
    return problem


def text_lines(path: Path) -> Iterator[str]:
    """Raises UserError for a file that cannot be read."""
    try:
        with path.open() as lines:
            yield from lines
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}.") from error


def read_puzzles(lines: Iterable[PuzzleLine], problem: Sudoku, level: int, split: Split) -> Puzzles:
    """Raises UserError for lines that are no puzzles of this size and level, or if there are none."""
    blocks = [block for block in read_lines(lines, problem.box) if isinstance(block, BoardBlock)]
    if not blocks:
        raise UserError("There are no puzzles in this file.")
    boards, solutions, ratings = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    if ((boards == 0).sum(1) != level).any():
        raise UserError(f"These puzzles should have {level} blank cells each; sort them by that.")
    extras = {"rating": torch.from_numpy(ratings)}
    return replace(problem.from_boards(boards, solutions), split=split, extras=extras)
