"""Sudoku of any size (dissertation, section 6.1). The level is the number of blank cells: 41 of 81 leave 40 givens.

x is (B, 1 + n, n, n) for n symbols: channel 0 is 1 where a cell is blank, channel s where symbol s is given. y is
(B, n, n), the symbols less 1. The mask is what is blank.
"""

from dataclasses import replace
from math import isqrt
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from pydantic import AfterValidator
from torch import Tensor

from longthink.contracts import Problem, Puzzles, Split
from longthink.errors import UserError
from longthink.houses import houses, most_square
from longthink.problems import _sudoku_kernels as kernels

SHARES: dict[Split, tuple[int, int]] = {"train": (2, 3), "validation": (0, 0), "test": (1, 1)}
"""Which of the equal shares of all boards a split owns, from and to."""
FEW_KINDS = 9
"""Boards of fewer symbols are of so few kinds that their puzzles are split, and not the boards themselves."""
FEWEST_GIVENS = {4: 4, 6: 8, 8: 14, 9: 17}
"""That any board with one solution has, by the number of symbols, where that is known."""
MOST_SYMBOLS = 25
FEWEST_CELLS = 16
"""So many words, or more, are a cell each; fewer are rows of digits."""
TRIES = 400
"""Boards that a puzzle is looked for on."""
GUESSES = 1_000_000
"""Of the solver, on a board that a user brings."""
CERTAIN = 0.99
"""The probability from which on an answer is certain."""
HARD_SHARES = (45 / 81, 49 / 81, 53 / 81, 57 / 81)
"""Of blank cells: 36, 32, 28 and 24 givens of 81."""
CELL = 36
INK, RIGHT, WRONG, PAPER, LINE = (20, 20, 20), (20, 130, 60), (200, 30, 30), (255, 255, 255), (170, 170, 170)


def _box(box: tuple[int, int]) -> tuple[int, int]:
    if not 4 <= box[0] * box[1] <= MOST_SYMBOLS or min(box) < 2:
        raise ValueError(f"a box has 2 rows and 2 columns or more, and {MOST_SYMBOLS} cells at the most")
    return box


Box = Annotated[tuple[int, int], AfterValidator(_box)]
"""Rows and columns of a box."""


class Sudoku(Problem):
    """Fill the blank cells so that each row, column and box has every symbol once; there is one way to do it.

    `box` is the size of a box, (3, 3) for boards of 9 x 9. A split is a function of the full board, the same for all
    boards that the symmetries make of it; of boards smaller than 9 x 9, which are of a few kinds only, a function of
    the puzzle. `also`: boxes of further boards, which the batches of training are of in turn, with as large a
    share of their cells blank.

    >>> puzzles = Sudoku().sample(level=41, count=2)
    >>> puzzles.x.shape, puzzles.y.shape, int(puzzles.mask[0].sum())
    (torch.Size([2, 10, 9, 9]), torch.Size([2, 9, 9]), 41)
    """

    ndim: ClassVar[int] = 2
    unanswered: ClassVar[float] = -1

    box: Box = (3, 3)
    also: tuple[Box, ...] = ()

    @property
    def classes(self) -> int:  # type: ignore[override]  # here they depend on the box
        return self.box[0] * self.box[1]

    @property
    def channels(self) -> int:  # type: ignore[override]
        return 1 + self.classes

    @property
    def cells(self) -> int:
        return self.classes**2

    @property
    def easy(self) -> int:  # type: ignore[override]
        """With 40 givens of 81."""
        return self.cells // 2 + 1

    @property
    def hard(self) -> tuple[int, ...]:  # type: ignore[override]
        return tuple(round(share * self.cells) for share in HARD_SHARES)

    def draw(self, level: int, count: int, split: Split, key: int, repeats: bool) -> Puzzles:
        boards = (self.box, *self.also) if split == "train" else (self.box,)
        box = boards[key % len(boards)]
        if box != self.box:
            other = self.model_copy(update={"box": box, "also": ()})
            return other.draw(max(1, round(level / self.cells * other.cells)), count, split, key, repeats)
        givens, fewest = self.cells - level, FEWEST_GIVENS.get(self.classes, 1)
        if level < 1 or givens < fewest:
            raise UserError(
                f"The level of a sudoku is its number of blank cells, from 1 to {self.cells - fewest} on a board of"
                f" {self._size}; level {level} does not exist."
            )
        found, solutions = self._draw(key, 0, level, count, split)
        drawn = count
        while not repeats:
            _, first = np.unique(found, axis=0, return_index=True)
            kept = np.sort(first)[:count]
            found, solutions = found[kept], solutions[kept]
            if len(found) == count:
                break
            if drawn > 50 * count + 2000:
                raise UserError(
                    f"Only {len(found)} different {split} boards of {self._size} with {givens} givens were found, and"
                    f" {count} are asked for; ask for fewer."
                )
            extra = max(count - len(found), 200)
            more, their_solutions = self._draw(key, drawn, level, extra, split)
            found, solutions = np.concatenate([found, more]), np.concatenate([solutions, their_solutions])
            drawn += extra
        return replace(self.from_boards(found, solutions), split=split)

    def parse(self, text: str) -> Puzzles:
        """A board, row by row: a digit for each cell, 0 or . for blank; or numbers with spaces between.

        A board of another size is taken to have the most nearly square boxes.
        """
        board = read_board(text)
        symbols = isqrt(len(board))
        here = self if symbols == self.classes else Sudoku(box=most_square(symbols))
        here._check_rules(board)
        solution = np.zeros(len(board), np.int64)
        found, _ = kernels.solve(board, houses(here.box), 2, GUESSES, solution)
        if found == 0:
            raise UserError("This sudoku has no solution, though no symbol is given twice; check what you typed.")
        if found > 1:
            raise UserError("This sudoku has several solutions; a puzzle needs more givens, until there is one.")
        if (board == 0).sum() == 0:
            raise UserError("There is nothing to solve in this sudoku; leave some cells blank, as 0 or a dot.")
        known = found != kernels.OUT_OF_BUDGET
        return replace(here.from_boards(board[None], np.maximum(solution, 1)[None]), known=known)

    def write(self, answers: Tensor, puzzles: Puzzles) -> str:  # noqa: ARG002
        return write_board(answers[0].cpu().numpy().ravel() + 1)

    def say(self, logits: Tensor, puzzles: Puzzles) -> str:
        """The full board; or what is certain and breaks no rule, and that it is not solved."""
        answers = self.answer(logits, puzzles)
        if self.correct(answers, puzzles)[0]:
            return self.write(answers, puzzles)
        given = (puzzles.x[0, 0] < 0.5).cpu().numpy().ravel()
        certain = (logits[0].softmax(0).amax(0) >= CERTAIN).cpu().numpy().ravel() | given
        board = np.where(certain, answers[0].cpu().numpy().ravel() + 1, 0)
        for house in houses(_box_of(puzzles)):
            repeated = [cell for cell in house if board[cell] and (board[house] == board[cell]).sum() > 1]
            board[[cell for cell in repeated if not given[cell]]] = 0
        return f"not solved; certain so far: {write_board(board)}"

    def render(self, puzzles: Puzzles, values: Tensor | None = None) -> NDArray[np.uint8]:
        """Givens in black, answers in green where they are right and else in red; `values` of -1 are left blank."""
        target, rows, columns = puzzles.y[0].cpu().numpy(), *_box_of(puzzles)
        shown = target if values is None else values.long().cpu().numpy()
        blank = puzzles.x[0, 0].cpu().numpy() > 0.5
        size = len(target)
        picture = Image.new("RGB", (size * CELL + 1, size * CELL + 1), PAPER)
        pen, font = ImageDraw.Draw(picture), ImageFont.load_default(CELL * 0.6)
        for line in range(size + 1):
            at = line * CELL
            for ends, whole in (((at, 0, at, size * CELL), columns), ((0, at, size * CELL, at), rows)):
                pen.line(ends, INK if line % whole == 0 else LINE)
        for row, column in np.ndindex(target.shape):
            symbol = shown[row, column] if blank[row, column] else target[row, column]
            if symbol >= 0:
                answered = RIGHT if symbol == target[row, column] else WRONG
                middle = ((column + 0.5) * CELL, (row + 0.5) * CELL)
                pen.text(middle, str(symbol + 1), answered if blank[row, column] else INK, font, anchor="mm")
        return np.asarray(picture)

    def shown(self, logits: Tensor, puzzles: Puzzles) -> Tensor:
        return self.answer(logits, puzzles)[0]

    def answer(self, logits: Tensor, puzzles: Puzzles) -> Tensor:
        """Givens stay as they are."""
        return torch.where(puzzles.x[:, 0] > 0.5, logits.argmax(1), puzzles.y)

    def correct(self, answers: Tensor, puzzles: Puzzles) -> Tensor:
        """bool (B,): the answers keep the givens, and every house has every symbol once."""
        kept = ((answers == puzzles.y) | (puzzles.x[:, 0] > 0.5)).flatten(1).all(1)
        inside = torch.from_numpy(houses(_box_of(puzzles))).to(answers.device)
        each = answers.flatten(1)[:, inside].sort(-1).values
        whole = (each == torch.arange(inside.shape[1], device=answers.device)).flatten(1).all(1)
        return kept & whole

    def baselines(self, puzzles: Puzzles) -> dict[str, Tensor]:
        """What naked and hidden singles, filled in one after the other, solve."""
        boards = _boards(puzzles)
        kernels.fill_singles(boards, houses(_box_of(puzzles)))
        return {"singles": torch.from_numpy((boards > 0).all(1)).double()}

    def guesses(self, puzzles: Puzzles) -> NDArray[np.int64]:
        """How many guesses each puzzle takes, where singles are filled in before each: a second measure of difficulty.

        -1 where it takes more than a million.
        """
        rated: NDArray[np.int64] = kernels.rate(_boards(puzzles), houses(_box_of(puzzles)), GUESSES)
        return rated

    def from_boards(self, boards: NDArray[np.int64], solutions: NDArray[np.int64]) -> Puzzles:
        """Puzzles from boards (N, cells), 0 for blank, and their solutions."""
        shape = (len(boards), self.classes, self.classes)
        given = torch.from_numpy(boards).view(shape)
        x = torch.nn.functional.one_hot(given, self.channels).movedim(-1, 1).float().contiguous()
        level = int((boards[0] == 0).sum())
        return Puzzles(self, level, x, torch.from_numpy(solutions - 1).view(shape), given == 0)

    def _draw(
        self, key: int, first: int, level: int, count: int, split: Split
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        boards, solutions = np.empty((2, count, self.cells), np.int64)
        few = self.classes < FEW_KINDS
        found = kernels.draw(key, first, level, houses(self.box), *SHARES[split], few, TRIES, boards, solutions)
        if not found:
            raise UserError(
                f"No {split} sudoku of {self._size} with {self.cells - level} givens was found in {TRIES} tries;"
                " take another level."
            )
        return boards, solutions

    @property
    def _size(self) -> str:
        return f"{self.classes} x {self.classes}"

    def _check_rules(self, board: NDArray[np.int64]) -> None:
        if board.max() > self.classes:
            raise UserError(f"A sudoku of {self._size} has the symbols 1 to {self.classes}, and no {board.max()}.")
        for number, house in enumerate(houses(self.box)):
            symbols, times = np.unique(board[house][board[house] > 0], return_counts=True)
            if (times > 1).any():
                kind, place = divmod(number, self.classes)
                raise UserError(
                    f"{symbols[times > 1][0]} is given twice in {('row', 'column', 'box')[kind]} {place + 1}, so this"
                    " sudoku has no solution; check what you typed."
                )


def read_board(text: str) -> NDArray[np.int64]:
    """A board (cells,) from text. Raises UserError for bad characters, and for a number of cells that no board has."""
    words = text.replace(",", " ").split()
    cells = words if len(words) >= FEWEST_CELLS else list("".join(words))
    wrong = next((cell for cell in cells if not (cell.isdecimal() or cell == ".")), None)
    if wrong is not None:
        raise UserError(f"'{wrong}' is no cell of a sudoku; use digits, and 0 or a dot for blank cells.")
    symbols = isqrt(len(cells))
    if symbols**2 != len(cells) or not 4 <= symbols <= MOST_SYMBOLS or min(most_square(symbols)) < 2:
        raise UserError(
            f"A sudoku has 16, 36, 81, 256 or 625 cells, row by row, and this has {len(cells)};"
            " boards of more than 9 symbols are numbers with spaces between."
        )
    return np.array([0 if cell == "." else int(cell) for cell in cells])


def write_board(board: NDArray[np.int64]) -> str:
    """Digits and dots without spaces; numbers with spaces, and 0 for blank, where there are more than 9 symbols."""
    if len(board) > 81:
        return " ".join(map(str, board.tolist()))
    return "".join(str(symbol) if symbol else "." for symbol in board.tolist())


def _boards(puzzles: Puzzles) -> NDArray[np.int64]:
    boards: NDArray[np.int64] = puzzles.x.argmax(1).flatten(1).cpu().numpy()
    return boards


def _box_of(puzzles: Puzzles) -> tuple[int, int]:
    assert isinstance(puzzles.problem, Sudoku)
    return puzzles.problem.box
