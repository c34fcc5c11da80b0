"""Lichess's puzzle database: its CSV as it is published, plain or .zst, or the copy on the Hugging Face hub.

The first move of a line is the opponent's, played on the FEN; the second is the answer (dissertation, section 2.2.3).
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field

from longthink.base.errors import UserError
from longthink.base.files import atomic
from longthink.base.hub import hub
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.problems.chess import _rules as rules
from longthink.problems.chess._store import THEMES, Rows, Skipped, build, read_csv, rows_of, unpack
from longthink.problems.chess.problem import ChessPuzzles
from longthink.registry import name_of, register

HEADER = "PuzzleId,FEN,Moves,Rating,RatingDeviation,Popularity,NbPlays,Themes,GameUrl,OpeningTags"
COLUMNS = ("PuzzleId", "FEN", "Moves", "Rating")


def _several(value: Any) -> Any:
    """`fork,pin` as two."""
    return value.split(",") if isinstance(value, str) else value


CHUNK = 2**22
"""Bytes that are read at a time."""


@register
class Lichess(Format):
    """{split}_{level}.csv in the columns of the database; or all of it as a store, sorted by rating.

    What is brought in may be selected: puzzles with one of the `themes` (mateIn1, or several: mateIn1,fork), rated from
    `lowest_rating` to `highest_rating`, and of those the first `count`.
    """

    themes: Annotated[tuple[str, ...], BeforeValidator(_several)] = ()
    lowest_rating: Annotated[int, Field(ge=0)] = 0
    highest_rating: Annotated[int, Field(ge=0)] = 2**16 - 1
    count: Annotated[int, Field(ge=1)] | None = None

    def write(self, batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:  # noqa: ARG002
        rest = iter(batches)
        first = next(rest)
        _check_supported(first.problem)
        target = _file(folder, first.level, first.split)
        with atomic(target) as partial, partial.open("w") as out:
            out.write(HEADER + "\n")
            for puzzles in chain([first], rest):
                out.writelines(_lines(puzzles))
        return [target]

    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        path = _file(folder, level, split)
        rows = np.concatenate([*read_csv(_bytes(path), str(path))])
        return _check_supported(problem).from_rows(rows, level, split)

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:
        """Pack a whole database into a store for `ChessPuzzles(source=folder)`.

        Returns how many puzzles there are, and how many lines were none and were left out.

        Each of `files` is a .csv, a .csv.zst, or else a data set of the hub (Lichess/chess-puzzles) or a folder with a
        copy of one. Memory does not grow with the rows. With `skip`, lines that are no puzzles are left out.
        Raises UserError for such lines otherwise, for files that are missing or cut short, and if the folder exists.
        """
        skipped = Skipped()
        blocks = chain.from_iterable(self._blocks(path, skipped if skip else None) for path in files)
        return build(self._selected(blocks), folder, [path.name for path in files]), skipped.count

    def _blocks(self, path: Path, skipped: Skipped | None) -> Iterator[Rows]:
        is_file = path.suffix in (".csv", ".zst")
        themes = frozenset(theme.encode() for theme in self.themes)
        return read_csv(_bytes(path) if is_file else _data_set(path, bool(themes)), str(path), skipped, themes)

    def _selected(self, blocks: Iterable[Rows]) -> Iterator[Rows]:
        """Of those rated so, the first."""
        missing = self.count
        for rows in blocks:
            rated = (rows["rating"] >= self.lowest_rating) & (rows["rating"] <= self.highest_rating)
            some = rows[rated][:missing]
            yield some
            if missing is not None:
                missing -= len(some)
                if missing == 0:
                    return


def _bytes(path: Path) -> Iterator[bytes]:
    """The bytes of a file, unpacked if it is a .zst, a part at a time."""
    try:
        with path.open("rb") as file:
            chunks = iter(lambda: file.read(CHUNK), b"")
            yield from _unpacked(chunks, path) if path.suffix == ".zst" else chunks
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error


def _unpacked(chunks: Iterable[bytes], path: Path) -> Iterator[bytes]:
    try:
        import zstandard
    except ImportError as error:
        raise UserError("Files in .zst need zstandard: pip install 'longthink[chess]'.") from error
    frame = None
    try:
        for chunk in chunks:
            while chunk:
                frame = frame or zstandard.ZstdDecompressor().decompressobj()
                yield frame.decompress(chunk)
                chunk = frame.unused_data if frame.eof else b""
                frame = None if frame.eof else frame
    except zstandard.ZstdError as error:
        raise UserError(f"{path} is no .zst file, or damaged ({error}); get it again.") from error
    if frame is not None:
        raise UserError(f"{path} is cut short; get it again.")


def _data_set(path: Path, with_themes: bool) -> Iterator[bytes]:
    """The columns that count of a data set, as lines of a CSV."""
    names = [*COLUMNS, *(["Themes"] if with_themes else [])]
    with hub(path, "chess puzzles") as datasets:
        rows = datasets.load_dataset(str(path), split="train", streaming=True).select_columns(names)
        for batch in rows.iter(batch_size=2**14):
            columns = [batch[name] for name in COLUMNS]
            if with_themes:  # in their place among the columns of the database
                themes = (" ".join(some) if isinstance(some, list) else some for some in batch["Themes"])
                columns += [[""] * len(columns[0])] * (THEMES - len(COLUMNS)) + [list(themes)]
            yield "".join(f"{','.join(map(str, row))}\n" for row in zip(*columns, strict=True)).encode()


def _lines(puzzles: Puzzles) -> Iterator[str]:
    if "row" not in puzzles.extras:
        raise UserError("These puzzles do not know the move before, which a line of Lichess's CSV begins with.")
    rows = rows_of(puzzles.extras["row"].numpy())
    for row, position in zip(rows, unpack(rows), strict=True):
        moves = f"{rules.to_uci(row['first'])} {rules.to_uci(row['answer'])}"
        yield f"{row['name'].decode()},{rules.to_fen(position)} 0 1,{moves},{row['rating']},,,,,,\n"


def _file(folder: Path, level: int, split: Split) -> Path:
    return folder / f"{split}_{level}.csv"


def _check_supported(problem: Any) -> ChessPuzzles:
    if not isinstance(problem, ChessPuzzles):
        raise UserError(f"Lichess has no puzzles of {name_of(type(problem))}; use the format arrays.")
    return problem
