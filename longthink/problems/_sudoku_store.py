"""Sudoku puzzles of others packed into files, sorted by how many cells are blank.

boards.npy      symbols (N, cells), 0 for blank
solutions.npy   the same with all cells filled, as our own solver does
ratings.npy     what the source says of the difficulty (N,), NaN where it says nothing
shares.npy      which of the equal shares of all boards each is in (N,)
store.json      rows and columns of a box, and what it was made from
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from math import isqrt, nan
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from longthink.errors import UserError
from longthink.files import atomic_folder
from longthink.houses import houses, most_square
from longthink.problems import _sudoku_kernels as kernels

MOST_SYMBOLS = 25
FEWEST_CELLS = 16
"""So many words, or more, are a cell each; fewer are rows of digits."""
FEW_KINDS = 9
"""Boards of fewer symbols are of so few kinds that their puzzles are split, and not the boards themselves."""
GUESSES = 1_000_000
"""Of the solver, on a board that a user brings."""
CHUNK = 2**14
"""Lines that are solved at once."""
NAMES = ("boards", "solutions", "ratings", "shares")
Board = NDArray[np.int64]


class Line(NamedTuple):
    """A puzzle as it is written in a file; without an answer, what our solver finds is taken."""

    where: str
    question: str
    answer: str = ""
    rating: float = nan


class Block(NamedTuple):
    """Boards and solutions (N, cells), and ratings (N,)."""

    boards: Board
    solutions: Board
    ratings: NDArray[np.float64]


def read_board(text: str) -> Board:
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
    for number, house in enumerate(houses(box)):
        given, times = np.unique(board[house][board[house] > 0], return_counts=True)
        if (times > 1).any():
            kind, place = divmod(number, symbols)
            raise UserError(
                f"{given[times > 1][0]} is given twice in {('row', 'column', 'box')[kind]} {place + 1}, so this"
                " sudoku has no solution; check what you typed."
            )
    solution = np.maximum(board, 1)
    found, _ = kernels.solve(board, houses(box), 2, GUESSES, solution)
    if found == 0:
        raise UserError("This sudoku has no solution, though no symbol is given twice; check what you typed.")
    if found > 1:
        raise UserError("This sudoku has several solutions; a puzzle needs more givens, until there is one.")
    if (board > 0).all():
        raise UserError("There is nothing to solve in this sudoku; leave some cells blank, as 0 or a dot.")
    return solution, found == 1


def read_lines(lines: Iterable[Line], box: tuple[int, int] | None, skip: bool = False) -> Iterator[Block | int]:
    """Blocks of puzzles, all with boxes of one size, and how many lines were left out since the last.

    Raises UserError for a line that is no puzzle, unless `skip` leaves it out.
    """
    rest = iter(lines)
    while chunk := list(islice(rest, CHUNK)):
        boards, solutions, ratings, left_out = [], [], [], 0
        for line in chunk:
            try:
                board = read_board(line.question)
                box = box or most_square(isqrt(len(board)))
                if len(board) != (box[0] * box[1]) ** 2:
                    raise UserError(f"This board has {len(board)} cells, and others have {(box[0] * box[1]) ** 2}.")
                solution, known = solved(board, box)
                if not known:
                    raise UserError(f"This sudoku takes more than {GUESSES} guesses to solve.")
                if line.answer and (read_board(line.answer) != solution).any():
                    raise UserError("The answer is not the solution.")
            except UserError as error:
                if not skip:
                    raise UserError(f"{line.where}: {error} Leave such lines out with --skip.") from error
                left_out += 1
                continue
            boards.append(board)
            solutions.append(solution)
            ratings.append(line.rating)
        if left_out:
            yield left_out
        if boards:
            yield Block(np.stack(boards), np.stack(solutions), np.array(ratings))


def build(lines: Iterable[Line], folder: Path, sources: Sequence[str], skip: bool) -> tuple[int, int]:
    """Write a store; how many puzzles there are, and how many lines were left out.

    Raises UserError as `read_lines` does, if there are none, or if the folder exists.
    """
    if folder.exists():
        raise UserError(f"{folder} exists already; choose another folder.")
    blocks, left_out = list[tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float64]]](), 0
    for found in read_lines(lines, None, skip):
        if isinstance(found, int):
            left_out += found
        else:
            blocks.append((found.boards.astype(np.uint8), found.solutions.astype(np.uint8), found.ratings))
    if not blocks:
        raise UserError(f"There are no puzzles in {', '.join(sources)}.")
    boards, solutions, ratings = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    box = most_square(isqrt(boards.shape[1]))
    order = np.argsort((boards == 0).sum(1), kind="stable")
    boards, solutions, ratings = boards[order], solutions[order], ratings[order]
    counted = boards if box[0] * box[1] < FEW_KINDS else np.ones_like(boards)
    shares = kernels.shares(solutions.astype(np.int64), counted.astype(np.int64), houses(box))
    with atomic_folder(folder) as partial:
        for name, values in zip(NAMES, (boards, solutions, ratings, shares), strict=True):
            np.save(partial / f"{name}.npy", values)
        (partial / "store.json").write_text(json.dumps({"box": box, "sources": [*sources]}, indent=2) + "\n")
    return len(boards), left_out


class SudokuStore:
    """What `build` has written, memory-mapped. Raises UserError if it is missing or damaged."""

    def __init__(self, folder: Path):
        try:
            self.box: tuple[int, int] = tuple(json.loads((folder / "store.json").read_text())["box"])
            self.boards, self.solutions, self.ratings, self.shares = (
                np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in NAMES
            )
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise UserError(
                f"{folder} holds no sudoku puzzles, or damaged ones ({error}); bring them in with"
                " `longthink data sudoku --from FILE --format sudoku-csv --out FOLDER`."
            ) from error
        if not len(self.boards) == len(self.solutions) == len(self.ratings) == len(self.shares):
            raise UserError(f"The files in {folder} are not of one store; bring the puzzles in again.")
        self.blanks = (self.boards == 0).sum(1)

    def rows(self, level: int, low: int, high: int) -> NDArray[np.int64]:
        """The rows with so many blank cells, of the shares from `low` to `high`."""
        first, last = np.searchsorted(self.blanks, [level, level + 1])
        shares = self.shares[first:last]
        rows: NDArray[np.int64] = first + np.flatnonzero((shares >= low) & (shares <= high))
        return rows


@lru_cache(maxsize=4)
def open_store(folder: str) -> SudokuStore:
    return SudokuStore(Path(folder))
