"""Sudoku boards read, written and drawn."""

from dataclasses import replace
from math import isqrt
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from longthink.contracts import Puzzles, View
from longthink.figures.scene import Cells, Line, Scene, Text
from longthink.problems.sudoku._houses import houses, most_square
from longthink.problems.sudoku._reading import read_puzzle
from longthink.problems.sudoku._text import Board, check_answer, solved, write_board

if TYPE_CHECKING:
    from longthink.problems.sudoku.problem import Sudoku

SURE = 0.99
"""The probability from which on an answer is certain."""
NONE = -1
"""The value of a cell without an answer."""
CELL = 36
SHADE = 228
"""Of grey, 0 to 255, behind givens."""
INK, RIGHT, WRONG, FAINT = (20, 20, 20), (20, 130, 60), (200, 30, 30), (170, 170, 170)


class SudokuView(View):
    """Boards row by row; values of -1 are left blank."""

    problem: "Sudoku"

    def parse(self, text: str) -> Puzzles:
        """A board, row by row: a digit for each cell, 0 or . for blank; with frames, spaces and remarks or without.

        A board of another size is taken to have the most nearly square boxes. Where its solution is behind it, it is
        compared with the one that is found. Raises UserError for what is no puzzle, and for a wrong solution.
        """
        board, expected = read_puzzle(text)
        symbols = isqrt(len(board))
        here = self.problem if symbols == self.problem.symbols else self.problem.sized(most_square(symbols))
        solution, known = solved(board, here.box)
        if known:
            check_answer(expected, solution)
        return replace(here.from_boards(board[None], solution[None]), known=known)

    def write(self, answers: Tensor, puzzles: Puzzles) -> str:  # noqa: ARG002
        return write_board(answers[0].cpu().numpy().ravel() + 1)

    def describe(self, output: Tensor, puzzles: Puzzles) -> str:
        """The full board; or what is certain and breaks no rule, and that it is not solved.

        Givens that are answered otherwise are counted.
        """
        answers = self.problem.answer(output, puzzles)
        if self.problem.correct(answers, puzzles)[0]:
            return self.write(answers, puzzles)
        given, answered = ~_to_fill(puzzles).ravel(), answers[0].cpu().numpy().ravel() + 1
        true = _given(puzzles).ravel() + 1
        lost = int((answered != true)[given].sum())
        certain = (output[0].softmax(0).amax(0) >= SURE).cpu().numpy().ravel()
        board = np.where(given, true, np.where(certain, answered, 0))
        for others in (np.where(given, board, 0), board):  # what clashes with a given is wrong, so others may be right
            board[_clashing(board, others, _box_of(puzzles)) & ~given] = 0
        wrong = f"givens answered otherwise: {lost}; " if lost else ""
        return f"not solved; {wrong}certain so far: {write_board(board)}"

    def shown(self, output: Tensor, puzzles: Puzzles) -> Tensor:
        return self.problem.answer(output, puzzles)[0]

    def blank(self, puzzles: Puzzles) -> Tensor:
        return torch.full_like(puzzles.y[0], NONE)

    def scene(self, puzzles: Puzzles, values: Tensor | None = None) -> Scene:
        """Givens in black, answers in green where they are right and else in red, givens answered otherwise too.

        Where the solution is not known, answers are right that break no rule. Where all cells count, cells that are
        given are grey, since what is answered there stands in the place of the given.
        """
        target, to_fill, given = puzzles.y[0].cpu().numpy(), _to_fill(puzzles), _given(puzzles)
        box = _box_of(puzzles)
        values = self.blank(puzzles) if values is None else values
        answered, all_count = values.long().cpu().numpy(), cast("Sudoku", puzzles.problem).scoring == "all_cells"
        shown = np.where(to_fill | (all_count & (answered >= 0)), answered, given)
        right = shown == target
        if not puzzles.known:
            board = shown.ravel() + 1
            right = ~_clashing(board, board, box).reshape(shown.shape) & (to_fill | right)
        texts = []
        for row, column in np.argwhere(shown >= 0).tolist():
            as_given = not to_fill[row, column] and shown[row, column] == given[row, column]
            colour = INK if as_given else RIGHT if right[row, column] else WRONG
            x, y = (column + 0.5) * CELL, (row + 0.5) * CELL
            texts.append(Text(x, y, str(shown[row, column] + 1), CELL * 0.6, colour))
        size = len(target) * CELL + 1
        cells = (_shaded(~to_fill),) if all_count else ()
        return Scene(size, size, cells=cells, lines=tuple(_lines(len(target), box)), texts=tuple(texts))


def _lines(symbols: int, box: tuple[int, int]) -> list[Line]:
    """Down and across, those around boxes in black."""
    lines, size = [], symbols * CELL + 1
    for number in range(symbols + 1):
        at, (rows, columns) = number * CELL + 0.5, box
        lines.append(Line(at, 0, at, size, INK if number % columns == 0 else FAINT))
        lines.append(Line(0, at, size, at, INK if number % rows == 0 else FAINT))
    return lines


def _shaded(cells: NDArray[np.bool_]) -> Cells:
    """Some cells (n, n) in grey, the others in white."""
    return Cells.squares(np.where(cells[..., None], SHADE, 255).astype(np.uint8).repeat(3, -1), CELL)


def _clashing(board: Board, others: Board, box: tuple[int, int]) -> NDArray[np.bool_]:
    """Which cells of a board hold a symbol that another cell of one of their houses holds in `others`; (cells,) each.

    0 is no symbol.
    """
    inside = houses(box)
    alike = (board[inside][:, :, None] == others[inside][:, None, :]) & ~np.eye(inside.shape[1], dtype=bool)
    found = np.zeros(len(board), bool)
    found[inside[alike.any(2)]] = True
    return found & (board > 0)


def _to_fill(puzzles: Puzzles) -> NDArray[np.bool_]:
    """Which cells of the first puzzle are no givens, (n, n)."""
    return (puzzles.x[0, 0] > 0 if puzzles.mask is None else puzzles.mask[0]).cpu().numpy()


def _given(puzzles: Puzzles) -> NDArray[np.int64]:
    """The symbols of the first puzzle that are given, less 1, (n, n)."""
    symbols: NDArray[np.int64] = puzzles.x[0].argmax(0).cpu().numpy() - 1
    return symbols


def _box_of(puzzles: Puzzles) -> tuple[int, int]:
    return cast("Sudoku", puzzles.problem).box
