"""Mazes as a CSV with the columns question and answer, as the field's 30x30 benchmark has them: rows joined."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from longthink.base.files import atomic
from longthink.base.published import TABLES, files_in, local
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.problems.mazes._cells import cells_of, cut, means_of_cells
from longthink.problems.mazes._store import MazeSource, build
from longthink.problems.mazes._text import as_rows, read_csv, read_solved
from longthink.problems.mazes.problem import as_mazes
from longthink.registry import register

COLUMNS = ("source", "question", "answer", "rating")
HOLDERS = "tables of mazes"
"""What a message calls such files."""


@register
class MazeCsv(Format):
    """{split}_{level}.csv; # are walls, S and G the ends, o the path, and the rating is the number of steps on it.

    What is read may have its columns in any order, and others; without an answer, ours is taken. Any shortest path is
    right.
    """

    def write(self, batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:  # noqa: ARG002
        rest = iter(batches)
        first = next(rest)
        as_mazes(first.problem, HOLDERS)
        target = folder / f"{first.split}_{first.level}.csv"
        with atomic(target) as part, part.open("w", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(COLUMNS)
            for puzzles in chain([first], rest):
                for cells, y in zip(cells_of(puzzles), puzzles.y, strict=True):
                    path = cut((means_of_cells(y) > 0).astype("uint8"), *cells.shape)
                    question, answer = ("".join(as_rows(cells, one)) for one in (None, path))
                    rows.writerow(("longthink", question, answer, int(path.sum()) - 1))
        return [target]

    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        path = folder / f"{split}_{level}.csv"
        return as_mazes(problem, HOLDERS).from_mazes((maze.read() for maze in _mazes(path, split)), level, split, path)

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:
        """Pack tables, folders with train.csv and test.csv, or a data set of the hub, as `Mazes(source=folder)` takes.

        Returns and raises as `_store.build` says. An answer must be a shortest path.
        """
        tables = files_in(local(files, TABLES), TABLES)
        mazes = chain.from_iterable(_mazes(path, split) for path, split in tables)
        return build(mazes, folder, [path.name for path in files], skip)


def _mazes(path: Path, split: Split | None) -> Iterator[MazeSource]:
    for where, question, answer in read_csv(path):
        yield MazeSource(where, split, partial(read_solved, question, answer))
