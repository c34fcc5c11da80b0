"""Mazes as text: # for walls, spaces for ways, S and G for the ends; an empty line between two."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from longthink.base.files import atomic
from longthink.base.published import files_in
from longthink.base.tables import read_lines
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.problems.mazes._cells import cells_of
from longthink.problems.mazes._store import MazeSource, build
from longthink.problems.mazes._text import as_rows, mazes_in, read_maze
from longthink.problems.mazes.problem import as_mazes
from longthink.registry import register

HOLDERS = "mazes as text"
"""What a message calls such files."""
SUFFIXES = (".txt", ".text", ".maze", ".txt.gz", ".txt.bz2", ".txt.xz", ".txt.zst")


@register
class MazeText(Format):
    """{split}_{level}.txt with an empty line between mazes; their solutions are ours.

    What is read may be drawn in any of the usual ways: with # or blocks, with + - |, as 0 and 1, or each maze a line.
    """

    def write(self, batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:  # noqa: ARG002
        rest = iter(batches)
        first = next(rest)
        as_mazes(first.problem, HOLDERS)
        target = folder / f"{first.split}_{first.level}.txt"
        with atomic(target) as part, part.open("w") as out:
            for puzzles in chain([first], rest):
                out.writelines("\n".join([*as_rows(cells), "", ""]) for cells in cells_of(puzzles))
        return [target]

    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        path = folder / f"{split}_{level}.txt"
        return as_mazes(problem, HOLDERS).from_mazes((maze.read() for maze in _mazes(path, split)), level, split, path)

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:
        """Pack files, or all in a folder, into a store for `Mazes(source=folder)`; as `_store.build` says."""
        mazes = chain.from_iterable(_mazes(path, split) for path, split in files_in(files, SUFFIXES))
        return build(mazes, folder, [path.name for path in files], skip)


def _mazes(path: Path, split: Split | None) -> Iterator[MazeSource]:
    for number, text in mazes_in(line.rstrip("\n") for line in read_lines(path)):
        yield MazeSource(f"{path}, line {number}", split, partial(read_maze, text))
