"""A sudoku board written as text, and solved or else refused, in a sentence that says why. See `_reading`."""

import numpy as np
from numpy.typing import NDArray

from longthink.base.errors import UserError
from longthink.problems.sudoku import _solver as _sudoku_solver
from longthink.problems.sudoku._houses import houses

MOST_SYMBOLS = 25
GUESSES = 1_000_000
"""Of the solver, on a board that a user brings."""
Board = NDArray[np.int64]
"""Symbols row by row (cells,) or of several boards (N, cells), 0 for blank."""


def write_board(board: Board) -> str:
    """Digits and dots without spaces; numbers with spaces, and 0 for blank, where there are more than 9 symbols."""
    if len(board) > 81:
        return " ".join(map(str, board.tolist()))
    return "".join(str(symbol) if symbol else "." for symbol in board.tolist())


def solved(board: Board, box: tuple[int, int]) -> tuple[Board, bool]:
    """The solution of a puzzle, and whether it is known: after GUESSES guesses, only its givens are right.

    Raises UserError, in one sentence, for a board that breaks the rules, has no solution or several, or is full.
    """
    symbols = box[0] * box[1]
    if board.max() > symbols:
        raise UserError(f"A sudoku of {symbols} x {symbols} has the symbols 1 to {symbols}, and no {board.max()}.")
    solution = np.maximum(board, 1)
    found, _ = _sudoku_solver.solve(board, houses(box), 2, GUESSES, solution)
    if found == 0:
        raise UserError(f"{_why_unsolvable(board, box)}; check what you typed.")
    if found > 1:
        raise UserError("This sudoku has several solutions; a puzzle needs more givens, until there is one.")
    if (board > 0).all():
        raise UserError("There is nothing to solve in this sudoku; leave some cells blank, as 0 or a dot.")
    return solution, found == 1


def check_answer(answer: Board, solution: Board) -> None:
    """Raises UserError for an answer (cells,), 0 where it says nothing, that is not the solution."""
    if len(answer) != len(solution) or ((answer > 0) & (answer != solution)).any():
        raise UserError("The answer is not the solution.")


def _why_unsolvable(board: Board, box: tuple[int, int]) -> str:
    for number, house in enumerate(houses(box)):
        given, times = np.unique(board[house][board[house] > 0], return_counts=True)
        if (times > 1).any():
            kind, place = divmod(number, len(house))
            where = f"{('row', 'column', 'box')[kind]} {place + 1}"
            return f"{given[times > 1][0]} is given twice in {where}, so this sudoku has no solution"
    return "This sudoku has no solution, though no symbol is given twice"
