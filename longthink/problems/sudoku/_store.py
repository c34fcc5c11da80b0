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

from longthink.base.arrays import save_npy
from longthink.base.errors import UserError
from longthink.base.files import atomic_folder
from longthink.base.npy import load_npy
from longthink.problems.sudoku import _boards as _sudoku_boards
from longthink.problems.sudoku._houses import houses, most_square
from longthink.problems.sudoku._text import GUESSES, Board, read_board, solved

CHUNK = 2**14
"""Lines that are solved at once."""
NAMES = ("boards", "solutions", "ratings", "shares")


class PuzzleLine(NamedTuple):
    """A puzzle as it is written in a file; without an answer, what our solver finds is taken."""

    where: str
    question: str
    answer: str = ""
    rating: float = nan


class BoardBlock(NamedTuple):
    """Boards and solutions (N, cells), and ratings (N,)."""

    boards: Board
    solutions: Board
    ratings: NDArray[np.float64]


def read_lines(
    lines: Iterable[PuzzleLine], box: tuple[int, int] | None, skip: bool = False
) -> Iterator[BoardBlock | int]:
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
                if line.answer and not np.array_equal(read_board(line.answer), solution):
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
            yield BoardBlock(np.stack(boards), np.stack(solutions), np.array(ratings))


def build(
    lines: Iterable[PuzzleLine], folder: Path, sources: Sequence[str], skip: bool, count: int | None = None
) -> tuple[int, int]:
    """Write a store, of the first `count` puzzles if it is given; how many there are, and how many lines were left out.

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
            if count is not None and sum(len(some) for some, _, _ in blocks) >= count:
                break
    if not blocks:
        raise UserError(f"There are no puzzles in {', '.join(sources)}.")
    boards, solutions, ratings = (np.concatenate(parts)[:count] for parts in zip(*blocks, strict=True))
    box = most_square(isqrt(boards.shape[1]))
    order = np.argsort((boards == 0).sum(1), kind="stable")
    boards, solutions, ratings = boards[order], solutions[order], ratings[order]
    counted = boards if box[0] * box[1] < _sudoku_boards.FEW_KINDS else np.ones_like(boards)
    shares = _sudoku_boards.shares(solutions.astype(np.int64), counted.astype(np.int64), houses(box))
    with atomic_folder(folder) as partial:
        for name, values in zip(NAMES, (boards, solutions, ratings, shares), strict=True):
            save_npy(partial / f"{name}.npy", values)
        (partial / "store.json").write_text(json.dumps({"box": box, "sources": [*sources]}, indent=2) + "\n")
    return len(boards), left_out


class SudokuStore:
    """What `build` has written, memory-mapped. Raises UserError if it is missing or damaged."""

    def __init__(self, folder: Path):
        try:
            self.box: tuple[int, int] = tuple(json.loads((folder / "store.json").read_text())["box"])
            self.boards, self.solutions, self.ratings, self.shares = (
                load_npy(folder / f"{name}.npy", "r") for name in NAMES
            )
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise UserError(
                f"{folder} holds no sudoku puzzles, or damaged ones ({error}); bring them in with"
                " `longthink import FILE --format sudoku-csv --out FOLDER`."
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
