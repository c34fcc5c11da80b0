"""Boards with 17 givens, the fewest that a sudoku can have: those of a list, seventeen.txt."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from longthink.base.splitmix import SHARES
from longthink.problems.sudoku import _boards as _sudoku_boards
from longthink.problems.sudoku import _rating
from longthink.problems.sudoku import _solver as _sudoku_solver
from longthink.problems.sudoku._houses import houses
from longthink.problems.sudoku._text import GUESSES, Board

SEVENTEEN = 64
"""Blank cells of a board with 17 givens."""
FILE = Path(__file__).with_name("seventeen.txt")


@lru_cache(maxsize=16)
def seventeen(low: int, high: int, lowest_rating: int) -> tuple[Board, Board]:
    """Boards and solutions (N, cells) whose kind is in the shares from `low` to `high`, and that rate so or more."""
    boards, solutions, ratings = _listed()
    kinds = _sudoku_boards.kinds(solutions, np.ones_like(solutions), houses((3, 3)))
    shares = kinds % np.uint64(SHARES)
    among = (shares >= low) & (shares <= high) & (ratings >= lowest_rating)
    return boards[among], solutions[among]


@lru_cache(maxsize=1)
def _listed() -> tuple[Board, Board, NDArray[np.int64]]:
    """All boards of the list, their solutions and their ratings."""
    lines = [line for line in FILE.read_text().splitlines() if not line.startswith("#")]
    boards = np.array([[int(symbol) for symbol in line.replace(".", "0")] for line in lines])
    solutions, ratings = np.empty_like(boards), np.empty(len(boards), np.int64)
    for board, solution in zip(boards, solutions, strict=True):
        found, _ = _sudoku_solver.solve(board, houses((3, 3)), 1, GUESSES, solution)
        assert found == 1
    _rating.rate(boards, houses((3, 3)), GUESSES, ratings)
    return boards, solutions, ratings
