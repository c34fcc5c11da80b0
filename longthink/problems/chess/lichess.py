"""Lichess's puzzle database: its CSV, as it is published or as others have saved it, or the copy on the hub.

The first move of a line is the opponent's, played on the FEN; the second is the answer (dissertation, section 2.2.3).
"""

import os
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field

from longthink.base.errors import UserError
from longthink.base.files import atomic
from longthink.base.hub import each_row, hub
from longthink.base.tables import CHUNK, READ, is_parquet, read_bytes, read_table
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.problems.chess import _rules as rules
from longthink.problems.chess._store import Rows, Skipped, build, read_csv, rows_of, unpack
from longthink.problems.chess.problem import ChessPuzzles
from longthink.registry import name_of, register

HEADER = "PuzzleId,FEN,Moves,Rating,RatingDeviation,Popularity,NbPlays,Themes,GameUrl,OpeningTags"
COLUMNS = ("FEN", "Moves", "Rating")
"""Those that must be there; Themes are wanted where some are selected, PuzzleId may be missing."""
AS_PUBLISHED = re.compile(rb"PuzzleId,FEN,Moves,Rating(,RatingDeviation,Popularity,NbPlays,Themes.*)?", re.DOTALL)
A_LINE = re.compile(rb"[^,]*,([1-8a-zA-Z]+/){7}[1-8a-zA-Z]+ [^,]*,[^,]*,")
"""How a file without a line of names begins."""
NOT_READ = {".pgn": "games", ".epd": "positions without the move before, of which `solve` takes one"}
"""Files that have no puzzles as Lichess has them."""
NOT_READ_ENDING = re.compile(rf"({'|'.join(map(re.escape, NOT_READ))})(\.(gz|bz2|xz|zst|zip))?$", re.IGNORECASE)
UNFIT = str.maketrans(",\n\r", "; \t")
"""What would end a value, and what is put there; none of this is in one that is good."""
LINES = 2**13
"""That are written at a time."""


def _several(value: Any) -> Any:
    """`fork,pin` as two."""
    return value.split(",") if isinstance(value, str) else value


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
        blocks = [rows for rows in read_csv(_lines_of_file(path, with_themes=False), str(path)) if len(rows)]
        if not blocks:
            raise UserError(f"There is not one puzzle in {path}.")
        return _check_supported(problem).from_rows(np.concatenate(blocks), level, split)

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:
        """Pack a whole database into a store for `ChessPuzzles(source=folder)`.

        Returns how many puzzles there are, and how many lines were none and were left out.

        Each of `files` is a table with the columns FEN, Moves and Rating, and Themes if some are selected, in any order
        and among others: text, packed or not, or .parquet. Or else it is a data set of the hub (Lichess/chess-puzzles)
        or a folder with a copy of one. Memory does not grow with the rows. With `skip`, lines that are no puzzles are
        left out.
        Raises UserError for such lines otherwise, for files that are missing or cut short, and if the folder exists.
        """
        skipped = Skipped()
        blocks = chain.from_iterable(self._blocks(path, skipped if skip else None) for path in files)
        return build(self._selected(blocks), folder, [path.name for path in files]), skipped.count

    def _blocks(self, path: Path, skipped: Skipped | None) -> Iterator[Rows]:
        themes = frozenset(theme.encode() for theme in self.themes)
        lines = _lines_of_file if os.path.exists(path) and not os.path.isdir(path) else _lines_of_data_set
        return read_csv(lines(path, bool(themes)), str(path), skipped, themes)

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


def _lines_of_file(path: Path, with_themes: bool) -> Iterator[bytes]:
    """The lines of a table in Lichess's columns: the bytes of the file, if these are its columns."""
    if ending := NOT_READ_ENDING.search(path.name):
        what = f"{NOT_READ[ending[1].lower()]} ({ending[1]})"
        raise UserError(
            f"{path} holds {what}; chess puzzles are brought in from tables with the columns FEN, Moves and Rating, as"
            f" {READ}, or as .parquet."
        )
    chunks = read_bytes(path) if not is_parquet(path) else iter(())
    begin = b""
    while b"\n" not in begin and len(begin) < CHUNK and (chunk := next(chunks, b"")):
        begin += chunk
    begin = begin.removeprefix(BOM_UTF8)
    first = begin.partition(b"\n")[0].rstrip()
    published = AS_PUBLISHED.fullmatch(first)
    if A_LINE.match(first) or (published and (published[1] or not with_themes)):
        return chain([begin], chunks)
    names = {name: (name.lower(),) for name in (*_names(with_themes), "PuzzleId")}
    return _as_published(read_table(path, names, needed=len(names) - 1))


def _names(with_themes: bool) -> tuple[str, ...]:
    return (*COLUMNS, "Themes") if with_themes else COLUMNS


def _lines_of_data_set(path: Path, with_themes: bool) -> Iterator[bytes]:
    names = [*_names(with_themes), "PuzzleId"]
    with hub(path, "chess puzzles") as datasets:
        rows = datasets.load_dataset(str(path), split="train", streaming=True).select_columns(names)
        blocks = (zip(*(some[name] for name in names), strict=True) for some in each_row(rows.iter(batch_size=LINES)))
        found = chain.from_iterable(blocks)
        texts = ([" ".join(one) if isinstance(one, list) else str(one) for one in row] for row in found)
        yield from _as_published(enumerate(texts, 1))


def _as_published(rows: Iterable[tuple[int, Sequence[str]]]) -> Iterator[bytes]:
    """Rows of FEN, Moves, Rating, perhaps Themes, PuzzleId, as lines in Lichess's columns, each at its number."""
    lines, number = list[str](), 1
    for place, row in rows:
        fen, moves, rating, *themes, name = (value.translate(UNFIT) for value in row)
        lines += ["\n" * (place - number), ",".join([name, fen, moves, rating, "", "", "", *themes]), "\n"]
        number = place + 1
        if len(lines) >= 3 * LINES:
            yield "".join(lines).encode()
            lines.clear()
    yield "".join(lines).encode()


def _lines(puzzles: Puzzles) -> Iterator[str]:
    if "row" not in puzzles.extras:
        raise UserError("These puzzles do not know the move before, which a line of Lichess's CSV begins with.")
    rows = rows_of(puzzles.extras["row"].numpy())
    for row, position in zip(rows, unpack(rows), strict=True):
        moves = f"{rules.to_uci(row['first'])} {rules.to_uci(row['answer'])}"
        yield f"{row['name'].decode(errors='replace')},{rules.to_fen(position)} 0 1,{moves},{row['rating']},,,,,,\n"


def _file(folder: Path, level: int, split: Split) -> Path:
    return folder / f"{split}_{level}.csv"


def _check_supported(problem: Any) -> ChessPuzzles:
    if not isinstance(problem, ChessPuzzles):
        raise UserError(f"Lichess has no puzzles of {name_of(type(problem))}; use the format arrays.")
    return problem
