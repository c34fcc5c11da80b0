"""Sudoku puzzles of others packed into files.

boards.npy      symbols (N, cells), 0 for blank
solutions.npy   the same with all cells filled, as our own solver does
ratings.npy     what the source says of the difficulty (N,), NaN where it says nothing
shares.npy      which of the equal shares of all boards each is in (N,), or LEFT_OUT
store.json      rows and columns of a box, and what it was made from
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import lru_cache
from itertools import islice
from math import isqrt, nan
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from longthink.base.arrays import GrowingArray, save_npy
from longthink.base.errors import UserError
from longthink.base.files import atomic_folder
from longthink.base.npy import load_npy
from longthink.base.seeds import generator
from longthink.base.splitmix import SHARES
from longthink.base.splits import Split
from longthink.problems._drawing import OF_FOUR
from longthink.problems.sudoku import _boards as _sudoku_boards
from longthink.problems.sudoku import _solver as _sudoku_solver
from longthink.problems.sudoku._houses import houses, most_square
from longthink.problems.sudoku._reading import PLAIN, read_answer, read_puzzle
from longthink.problems.sudoku._text import GUESSES, MOST_SYMBOLS, Board, check_answer, solved

CHUNK = 2**14
"""Puzzles that are solved at once."""
COLUMNS = ("boards", "solutions", "ratings")
NAMES = (*COLUMNS, "shares")
PARTS: tuple[Split, ...] = ("test", "validation", "train")
"""No puzzle of one is in those behind it."""
LEFT_OUT = 255
"""The share of those that are in no split."""
_ANSWER = re.compile(r"(?:[1-9]{81})?")
_UNKNOWN = "0" * 81
_DIGITS = np.zeros(256, np.uint8)
_DIGITS[ord("0") : ord("9") + 1] = np.arange(10)
"""Symbols by sign."""


class PuzzleLine(NamedTuple):
    """The text of a puzzle, and where it is; its answer, if that is apart from it, is compared with our solver's."""

    where: str
    number: int
    text: str
    answer: str = ""
    rating: float = nan


class PuzzleSource(NamedTuple):
    """Puzzles of one file; `part` is the split that its publisher has set it apart for, or else train."""

    name: str
    part: Split
    lines: Iterator[PuzzleLine]


class BoardBlock(NamedTuple):
    """Boards and solutions, bytes (N, cells), ratings (N,), and how many lines among them were no puzzles."""

    boards: NDArray[np.uint8]
    solutions: NDArray[np.uint8]
    ratings: NDArray[np.float64]
    left_out: int


def read_lines(lines: Iterable[PuzzleLine], box: tuple[int, int] | None, skip: bool = False) -> Iterator[BoardBlock]:
    """Blocks of puzzles, all with boxes of one size: that of the first, if it is not given.

    Each is solved, has one solution, and its answer is that. Raises UserError for a line that is no puzzle, unless
    `skip` leaves it out.
    """
    rest = iter(lines)
    while chunk := list(islice(rest, CHUNK)):
        boards, answers, wrong = _read(chunk, box)
        solutions, good = np.zeros_like(boards), np.ones(len(boards), np.bool_)
        good[list(wrong)] = False
        if good.any():
            box = box or most_square(isqrt(boards.shape[1]))
            _sudoku_solver.check(boards, answers, houses(box), GUESSES, solutions, good)
        if not (skip or good.all()):
            index = int(good.argmin())
            error = wrong.get(index) or _why_no_puzzle(boards[index], answers[index])
            told = f"{chunk[index].where} {chunk[index].number}: {error} Leave such lines out with --skip."
            raise UserError(told) from error
        ratings = np.array([line.rating for line in chunk])
        yield BoardBlock(boards[good], solutions[good], ratings[good], int((~good).sum()))


def _read(
    chunk: Sequence[PuzzleLine], box: tuple[int, int] | None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], dict[int, UserError]]:
    """Boards (N, cells), what is said of their solutions (N, cells), and by number what is wrong with lines."""
    plain, questions, answers = list[int](), list[str](), list[str]()
    others, wrong = dict[int, tuple[Board, Board]](), dict[int, UserError]()
    for index, line in enumerate(chunk):
        match = PLAIN.fullmatch(line.text)
        if match and _ANSWER.fullmatch(line.answer):
            plain.append(index)
            questions.append(match[1])
            answers.append(line.answer or match[2] or _UNKNOWN)
            continue
        try:
            board, expected = read_puzzle(line.text)
            others[index] = board, read_answer(line.answer) if line.answer else expected
        except UserError as error:
            wrong[index] = error
    sizes = dict.fromkeys(plain, len(_UNKNOWN)) | {index: len(board) for index, (board, _) in others.items()}
    cells = (box[0] * box[1]) ** 2 if box else sizes[min(sizes)] if sizes else 0
    both = np.zeros((2, len(chunk), cells), np.uint8)
    if plain and cells == len(_UNKNOWN):
        for place, texts in enumerate((questions, answers)):
            both[place, plain] = _DIGITS[np.frombuffer("".join(texts).encode(), np.uint8)].reshape(-1, cells)
    for index, (board, expected) in others.items():
        if len(board) == cells and len(expected) == cells:
            both[:, index] = board, expected
        elif len(board) == cells:
            wrong[index] = UserError("The answer is not the solution.")
    for index, size in sizes.items():
        if size != cells:
            wrong[index] = UserError(f"This board has {size} cells, and others have {cells}.")
    return both[0], both[1], wrong


def _why_no_puzzle(board: NDArray[np.uint8], answer: NDArray[np.uint8]) -> UserError:
    try:
        solution, known = solved(board.astype(np.int64), most_square(isqrt(len(board))))
        if known:
            check_answer(answer.astype(np.int64), solution)
    except UserError as error:
        return error
    return UserError(f"This sudoku takes more than {GUESSES} guesses to solve.")


def build(sources: Iterable[PuzzleSource], folder: Path, skip: bool, count: int | None = None) -> tuple[int, int]:
    """Write a store; how many puzzles there are to draw, and how many lines were left out.

    Of each part the first `count` puzzles are taken, if it is given. What is the same, by symmetry, as a puzzle of a
    part before it in PARTS is left out, too. Memory grows by 10 bytes a puzzle.
    Raises UserError as `read_lines` does, if there are none, or if the folder exists.
    """
    if folder.exists():
        raise UserError(f"{folder} exists already; choose another folder.")
    box: tuple[int, int] | None = None
    kinds, parts, names, left_out = list[NDArray[np.uint64]](), list[NDArray[np.uint8]](), list[str](), 0
    taken = dict.fromkeys(PARTS, 0)
    with atomic_folder(folder) as partial:
        with ExitStack() as opened:
            bar = opened.enter_context(tqdm(unit=" puzzles", disable=None))
            files = dict[str, GrowingArray]()
            for source in sources:
                names.append(source.name)
                blocks = read_lines(source.lines, box, skip) if taken[source.part] != count else ()
                for block in blocks:
                    room = None if count is None else count - taken[source.part]
                    columns = {name: getattr(block, name)[:room] for name in COLUMNS}
                    boards, solutions = columns["boards"], columns["solutions"]
                    left_out += block.left_out
                    bar.update(len(boards) + block.left_out)
                    if len(boards) == 0:
                        continue
                    for name, values in columns.items():
                        if name not in files:
                            growing = GrowingArray(partial / f"{name}.npy", values.dtype, values.shape[1:])
                            files[name] = opened.enter_context(growing)
                        files[name].append(values)
                    box = most_square(isqrt(boards.shape[1]))
                    kinds.append(_kinds(boards, solutions, box))
                    parts.append(np.full(len(boards), PARTS.index(source.part), np.uint8))
                    taken[source.part] += len(boards)
                    if taken[source.part] == count:
                        break
        if not kinds:
            raise UserError(f"There are no puzzles in {', '.join(names)}.")
        shares = _shares(np.concatenate(kinds), np.concatenate(parts))
        repeated = int((shares == LEFT_OUT).sum())
        save_npy(partial / "shares.npy", shares)
        header = {"box": box, "sources": names, "left out, since a part held out has the same": repeated}
        (partial / "store.json").write_text(json.dumps(header, indent=2) + "\n")
    return len(shares) - repeated, left_out + repeated


def _kinds(boards: NDArray[np.uint8], solutions: NDArray[np.uint8], box: tuple[int, int]) -> NDArray[np.uint64]:
    counted = boards if box[0] * box[1] < _sudoku_boards.FEW_KINDS else np.ones_like(boards)
    found: NDArray[np.uint64] = _sudoku_boards.kinds(solutions.astype(np.int64), counted.astype(np.int64), houses(box))
    return found


def _shares(kinds: NDArray[np.uint64], parts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The share of each puzzle (N,), so that a split that is a part is that part, and shares no kind with others."""
    shares = (kinds % np.uint64(SHARES)).astype(np.uint8)
    for number, part in enumerate(PARTS[:-1]):
        of_part, after = parts == number, parts > number
        if of_part.any():
            own = OF_FOUR[part][0]
            shares[after & (shares == own)] = OF_FOUR["train"][0]
            shares[of_part] = own
            held_out = np.unique(kinds[of_part])
            places = np.searchsorted(held_out, kinds).clip(max=len(held_out) - 1)
            shares[after & (held_out[places] == kinds)] = LEFT_OUT
    return shares


class SudokuStore:
    """What `build` has written, memory-mapped. Raises UserError if it is missing or damaged.

    `blanks` is how many cells each puzzle leaves blank (N,).
    """

    def __init__(self, folder: Path):
        try:
            box = json.loads((folder / "store.json").read_text())["box"]
            files = [load_npy(folder / f"{name}.npy", "r") for name in NAMES]
        except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
            raise UserError(
                f"{folder} holds no sudoku puzzles, or damaged ones ({error}); bring them in with"
                " `longthink import FILE --format sudoku-csv --out FOLDER`."
            ) from error
        if not _is_box(box) or [(file.dtype, file.shape) for file in files] != _expected(len(files[0]), box):
            raise UserError(f"The files in {folder} are not of one store; bring the puzzles in again.")
        self.box: tuple[int, int] = (box[0], box[1])
        self.boards, self.solutions, self.ratings, self.shares = map(np.asarray, files)
        self.blanks = np.zeros(len(self.boards), np.uint16)
        if not _sudoku_solver.count_blanks(self.boards, self.solutions, box[0] * box[1], self.blanks):
            raise UserError(f"{folder} is damaged: it has boards that are none; bring the puzzles in again.")

    @lru_cache(maxsize=64)  # noqa: B019  (a store lives as long as the process)
    def rows(
        self, level: int, low: int, high: int, up_to: bool = False, lowest_rating: float = 0, size: int | None = None
    ) -> NDArray[np.int64]:
        """The rows with so many blank cells, of the shares from `low` to `high`.

        With `up_to`, also those with fewer; with a rating, those rated so or more; with a size, of so many, chosen at
        random among all that are of these shares, and rated so.
        """
        among = (self.shares >= low) & (self.shares <= high)
        if lowest_rating:
            among &= self.ratings >= lowest_rating
        if size is not None:
            all_of_them = np.flatnonzero(among)
            chosen = generator("source", len(all_of_them), size).permutation(all_of_them)[:size]
            among = np.zeros_like(among)
            among[chosen] = True
        return np.flatnonzero(among & (self.blanks <= level if up_to else self.blanks == level))


def _is_box(box: Any) -> bool:
    whole = isinstance(box, list) and len(box) == 2 and all(type(side) is int and side > 1 for side in box)
    return whole and box[0] * box[1] <= MOST_SYMBOLS


def _expected(count: int, box: Sequence[int]) -> list[tuple[np.dtype[Any], tuple[int, ...]]]:
    """Types and shapes of the files of NAMES."""
    cells, byte = (box[0] * box[1]) ** 2, np.dtype(np.uint8)
    return [(byte, (count, cells)), (byte, (count, cells)), (np.dtype(np.float64), (count,)), (byte, (count,))]


@lru_cache(maxsize=4)
def open_store(folder: str) -> SudokuStore:
    return SudokuStore(Path(folder))
