"""The field's files: those of the package easy-to-hard-data 1.0.0, read and written (dissertation, chapter 2).

`PrefixSumDataset`, `MazeDataset` and `ChessPuzzleDataset` stand in for the package's classes of the same names. Their
download tells nobody, verifies what it got, and writes nothing outside `root`.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from types import ModuleType

from longthink.base.errors import UserError
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.problems.chess import official as _official_chess_puzzles
from longthink.problems.chess.official import ChessPuzzleDataset
from longthink.problems.mazes import official as _official_mazes
from longthink.problems.mazes.official import MazeDataset
from longthink.problems.prefix_sums import official as _official_prefix_sums
from longthink.problems.prefix_sums.official import PrefixSumDataset
from longthink.registry import name_of, register

__all__ = ["ChessPuzzleDataset", "EasyToHard", "MazeDataset", "PrefixSumDataset"]

FILES = {
    "prefix_sums": _official_prefix_sums,
    "mazes": _official_mazes,
    "chess_puzzles": _official_chess_puzzles,
}
"""What reads and writes the files of each problem that the package has."""


@register
class EasyToHard(Format):
    """prefix_sums_data, maze_data_{split}_{n} or chess_data, as the module of each problem says."""

    def write(self, batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:
        rest = iter(batches)
        first = next(rest)
        written: list[Path] = _files(first.problem).write(chain([first], rest), count, folder)
        return written

    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        puzzles: Puzzles = _files(problem).read(problem, level, folder, split)
        return puzzles

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:
        """Pack folders maze_data_{split}_{n}, or one that has them, into a store for `Mazes(source=folder)`.

        Returns and raises as `Format.import_files` says.
        """
        return _official_mazes.import_files(files, folder, skip)


def _files(problem: Problem) -> ModuleType:
    name = name_of(type(problem))
    if name not in FILES:
        raise UserError(f"easy-to-hard-data has no files for {name}; use the format arrays.")
    return FILES[name]
