"""Chess puzzles packed into files: Lichess's CSV, sorted by rating, 52 bytes a puzzle, memory-mapped.

rows.npy       one ROW for each puzzle, sorted by rating, in the order of the CSV among equals
shares.npy     their column `share` alone, for splits
starts.npy     where each rating begins: puzzles of rating r are rows starts[r] to starts[r + 1] - 1
store.json     what it was made from
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longthink.base.arrays import save_npy
from longthink.base.compiled import compiled
from longthink.base.draws import OF_TEN
from longthink.base.errors import UserError
from longthink.base.files import atomic_folder
from longthink.base.npy import load_npy
from longthink.contracts import Split
from longthink.problems.chess import _rules as rules

ROW = np.dtype(
    [
        ("board", "<u8", (4,)),
        ("turn", "i1"),
        ("castling", "i1"),
        ("en_passant", "i1"),
        ("first", "u1", (3,)),
        ("answer", "u1", (3,)),
        ("rating", "<u2"),
        ("share", "u1"),
        ("name", "S8"),
    ]
)
"""A puzzle: the position before the opponent's move, that move, the answer, the rating, the share of all positions that
it belongs to, the puzzle's name.

The board is four bitboards, a bit of each square's piece apiece: 1 to 6 for K Q B N R P, 8 more if black.
"""
Rows = NDArray[Any]
STATE = (("turn", rules.TURN), ("castling", rules.CASTLING), ("en_passant", rules.EN_PASSANT))
RATINGS = 2**16
NAME_LENGTH = 8
ROWS_AT_ONCE = 2**16
THEMES = 7
"""The column of a line, from 0, that names what the puzzle is about."""

IN_QUOTES = re.compile(rb'"((?:[^"\n]|"")*)"')

BAD_ROW = {
    11: "it has fewer than the four columns PuzzleId, FEN, Moves, Rating",
    12: "its Moves are not the opponent's move and the answer, at least",
    13: "the opponent's move is not legal there",
    14: "the answer is no legal move",
    15: "its rating is no whole number from 0 to 65535",
}
"""What is wrong with a line, by the code that `_read_rows` gives it; below 11 the codes are those of a FEN."""


@compiled
def _field(text, begin, end, separator):  # type: ignore[no-untyped-def]
    """Where the field that begins at `begin` ends."""
    while begin < end and text[begin] != separator:
        begin += 1
    return begin


@compiled
def _read_row(text, begin, end, position, moves, scratch):  # type: ignore[no-untyped-def]
    """Fill the position (67,) and the two moves (2, 3) of a line; its code, its rating."""
    first = _field(text, begin, end, 44)
    second = _field(text, first + 1, end, 44)
    third = _field(text, second + 1, end, 44)
    fourth = _field(text, third + 1, end, 44)
    if third >= end:
        return 11, 0
    code = rules.read_fen(text, first + 1, second, position)
    if code:
        return code, 0
    middle = _field(text, second + 1, third, 32)
    last = _field(text, middle + 1, third, 32)
    if not rules.read_move(text, second + 1, middle, moves[0]) or not rules.read_move(text, middle + 1, last, moves[1]):
        return 12, 0
    if not rules.is_legal(position, moves[0]):
        return 13, 0
    rules.make(position, moves[0], scratch)
    if not rules.is_legal(scratch, moves[1]):
        return 14, 0
    rating = 0
    point = _field(text, third + 1, fourth, 46)
    for at in range(third + 1, point):
        if not 48 <= text[at] <= 57:
            return 15, 0
        rating = 10 * rating + text[at] - 48
        if rating >= RATINGS:
            return 15, 0
    for at in range(point + 1, fourth):
        if text[at] != 48:  # 1760.0 is whole, as pandas writes it
            return 15, 0
    return (0, rating) if point > third + 1 else (15, 0)


@compiled
def _read_rows(text, end, positions, moves, ratings, names, shares, codes):  # type: ignore[no-untyped-def]
    """Read the lines of text[:end], which ends with one, into arrays of a row each; how many lines there were."""
    scratch = np.empty(rules.SIZE, np.int8)
    begin, line = 0, 0
    while begin < end:
        after = _field(text, begin, end, 10)
        stop = after - 1 if after > begin and text[after - 1] == 13 else after
        if stop == begin:
            codes[line] = -1
        else:
            codes[line], ratings[line] = _read_row(text, begin, stop, positions[line], moves[line], scratch)
            names[line] = 0
            for at in range(min(NAME_LENGTH, _field(text, begin, stop, 44) - begin)):
                names[line, at] = text[begin + at]
            if codes[line] == 0:
                rules.make(positions[line], moves[line, 0], scratch)
                shares[line] = share_of(scratch)
        begin = after + 1
        line += 1
    return line


@compiled
def share_of(position):  # type: ignore[no-untyped-def]
    """Which of ten shares a position (67,) belongs to: the same mirrored, and with colours exchanged."""
    total = np.uint64(0)
    for flip in range(4):
        across, down = (7 if flip & 1 else 0), (56 if flip & 2 else 0)
        hashed = np.uint64(position[rules.TURN] * (-1 if down else 1) + 2)
        for square in range(64):
            piece = position[square ^ across ^ down] * (-1 if down else 1)
            hashed = (hashed ^ np.uint64(piece + 7)) * np.uint64(0x9E3779B97F4A7C15)
            hashed ^= hashed >> np.uint64(29)
        total += hashed
    total = (total ^ (total >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    total = (total ^ (total >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.uint8((total >> np.uint64(33)) % np.uint64(10))


def pack(positions: rules.Position, **columns: NDArray[Any]) -> Rows:
    """Rows from positions (N, 67) and the other columns of a ROW."""
    rows = np.zeros(len(positions), ROW)
    board = positions[:, : rules.SQUARES]
    pieces = np.abs(board) + 8 * (board < 0)
    bits = (pieces[:, None] >> np.arange(4)[:, None] & 1).astype(np.uint8)
    rows["board"] = np.packbits(bits, axis=2, bitorder="little").view("<u8")[..., 0]
    for name, place in STATE:
        rows[name] = positions[:, place]
    for name, values in columns.items():
        rows[name] = values
    return rows


def unpack(rows: Rows) -> rules.Position:
    """The positions (N, 67) before the opponent's move."""
    positions = np.empty((len(rows), rules.SIZE), np.int8)
    planes = np.ascontiguousarray(rows["board"]).view(np.uint8).reshape(len(rows), 4, 8)
    bits = np.unpackbits(planes, axis=2, bitorder="little").astype(np.int8)
    kinds = bits[:, 0] + 2 * bits[:, 1] + 4 * bits[:, 2]
    positions[:, : rules.SQUARES] = kinds * (1 - 2 * bits[:, 3])
    for name, place in STATE:
        positions[:, place] = rows[name]
    return positions


@dataclass
class Skipped:
    """How many lines were left out."""

    count: int = 0


def read_csv(
    chunks: Iterable[bytes], source: str, skipped: Skipped | None = None, themes: frozenset[bytes] = frozenset()
) -> Iterator[Rows]:
    """The puzzles of a CSV in Lichess's columns, with or without a line of names, from its bytes as they come.

    With `themes`, only lines that have one of them. Raises UserError for the first line that is no puzzle; with
    `skipped` such lines are left out, and counted there.
    """
    rest, line = b"", 1
    for chunk in _ended(chunks):
        rest += chunk
        if line == 1 and rest.startswith(b"PuzzleId,") and b"\n" in rest:
            rest, line = rest[rest.find(b"\n") + 1 :], 2
        end = rest.rfind(b"\n") + 1
        if end > 0:
            yield _parsed(rest, end, source, line, skipped, themes)
            line += rest.count(b"\n", 0, end)
            rest = rest[end:]


def _ended(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same, and in the end a newline if there was none."""
    last = b"\n"
    for chunk in filter(None, chunks):
        yield chunk
        last = chunk
    if not last.endswith(b"\n"):
        yield b"\n"


def _parsed(text: bytes, end: int, source: str, line: int, skipped: Skipped | None, themes: frozenset[bytes]) -> Rows:
    if b'"' in text:
        text = IN_QUOTES.sub(lambda found: found[1].replace(b",", b";"), text[:end])
        end = len(text)
    count = text.count(b"\n", 0, end)
    positions, moves = np.empty((count, rules.SIZE), np.int8), np.empty((count, 2, 3), np.uint8)
    ratings, names = np.zeros(count, np.uint16), np.zeros((count, NAME_LENGTH), np.uint8)
    shares, codes = np.zeros(count, np.uint8), np.zeros(count, np.int64)
    _read_rows(np.frombuffer(text, np.uint8), end, positions, moves, ratings, names, shares, codes)
    if themes:
        codes[[not themes & _themes_of(one) for one in text[:end].split(b"\n")[:-1]]] = -1
    wrong = np.flatnonzero(codes > 0)
    if skipped is not None:
        skipped.count += len(wrong)
    elif len(wrong):
        code = int(codes[wrong[0]])
        reason = BAD_ROW[code] if code in BAD_ROW else f"in its FEN, {rules.BAD_FEN[code]}"
        raise UserError(
            f"Line {line + int(wrong[0])} of {source} is no puzzle: {reason}. Leave such lines out with --skip."
        )
    rows = pack(
        positions,
        first=moves[:, 0],
        answer=moves[:, 1],
        rating=ratings,
        share=shares,
        name=names.view(f"S{NAME_LENGTH}")[:, 0],
    )
    good: Rows = rows[codes == 0]
    return good


def _themes_of(line: bytes) -> set[bytes]:
    fields = line.split(b",", THEMES + 1)
    return set(fields[THEMES].split()) if len(fields) > THEMES else set()


def build(blocks: Iterable[Rows], folder: Path, sources: Sequence[str]) -> int:
    """Write a store of all rows, sorted stably by rating; how many there are. Memory does not grow with them.

    Rows go to a file as they come, while ratings are counted; then each goes from there to its place.
    Raises UserError if there are none, or if the folder exists.
    """
    if folder.exists():
        raise UserError(f"{folder} exists already; choose another folder.")
    with atomic_folder(folder) as partial:
        counts, unsorted = np.zeros(RATINGS, np.int64), partial / "unsorted"
        with unsorted.open("wb") as out:
            for rows in blocks:
                counts += np.bincount(rows["rating"], minlength=RATINGS)
                out.write(rows.tobytes())
        starts = np.concatenate([[0], counts.cumsum()])
        total = int(starts[-1])
        if total == 0:
            raise UserError(f"There is not one puzzle in {', '.join(sources)}.")
        _sort(unsorted, starts, partial)
        unsorted.unlink()
        save_npy(partial / "starts.npy", starts[: np.flatnonzero(counts)[-1] + 2])
        (partial / "store.json").write_text(json.dumps({"count": total, "sources": list(sources)}, indent=2) + "\n")
    return total


def _sort(unsorted: Path, starts: NDArray[np.int64], folder: Path) -> None:
    """Counting sort from file to file: rows of one rating are together, and in the order they came in."""
    places = starts[:-1].copy()
    with (
        unsorted.open("rb") as source,
        (folder / "rows.npy").open("wb") as rows_file,
        (folder / "shares.npy").open("wb") as shares_file,
    ):
        files = {rows_file: ROW, shares_file: np.dtype("u1")}
        for file, dtype in files.items():
            header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (int(starts[-1]),)}
            np.lib.format.write_array_header_2_0(file, header)
        origins = {file: file.tell() for file in files}
        while block := source.read(ROWS_AT_ONCE * ROW.itemsize):
            rows = np.frombuffer(block, ROW)
            rows = rows[np.argsort(rows["rating"], kind="stable")]
            ratings, begins = np.unique(rows["rating"], return_index=True)
            for rating, begin, end in zip(ratings, begins, [*begins[1:], len(rows)], strict=True):
                for file, some in ((rows_file, rows[begin:end]), (shares_file, rows["share"][begin:end])):
                    file.seek(origins[file] + int(places[rating]) * some.itemsize)
                    file.write(some.tobytes())  # which fails where the disk is full: os.pwrite may leave the rest out
                places[rating] += end - begin


def rows_of(packed: NDArray[np.uint8]) -> Rows:
    """Rows from their bytes (N, 52)."""
    return np.ascontiguousarray(packed).view(ROW)[:, 0]


class Store:
    """A folder that `build` has written. Raises UserError if it is none, or damaged."""

    def __init__(self, folder: Path):
        try:
            self.rows = load_npy(folder / "rows.npy", "r")
            self.shares = load_npy(folder / "shares.npy", "r")
            self.starts = load_npy(folder / "starts.npy")
        except (OSError, ValueError) as error:
            raise UserError(
                f"{folder} holds no chess puzzles, or damaged ones ({error}); bring some in with"
                " `longthink import FILE --format lichess --out FOLDER`."
            ) from error
        arrays = ((self.rows, ROW), (self.shares, np.dtype("u1")), (self.starts, np.dtype("i8")))
        fit = all(array.ndim == 1 and array.dtype == dtype for array, dtype in arrays) and len(self.starts) > 1
        count = len(self.rows)
        if not (fit and count == len(self.shares) == self.starts[-1] and (np.diff(self.starts, prepend=0) >= 0).all()):
            raise UserError(f"{folder} is damaged: its files do not fit together; make it again.")
        self.folder = folder

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def ratings(self) -> tuple[int, int]:
        """The lowest and the highest."""
        return int(self.rows["rating"][0]), int(self.rows["rating"][-1])

    def of_rating(self, low: int, high: int) -> range:
        """The rows with a rating from `low` up to, but not, `high`."""
        low, high = (min(max(rating, 0), len(self.starts) - 1) for rating in (low, high))
        return range(int(self.starts[low]), int(self.starts[high]))

    @lru_cache(maxsize=64)  # noqa: B019  (a store lives as long as the process)
    def of_split(self, among: range, split: Split) -> NDArray[np.int64]:
        """Which of some rows belong to a split."""
        owned, shares = OF_TEN[split], self.shares[among.start : among.stop]
        return np.flatnonzero((shares >= owned.start) & (shares < owned.stop)) + among.start


@lru_cache(maxsize=16)
def open_store(folder: Path) -> Store:
    """The store in a folder, opened once."""
    return Store(folder)
