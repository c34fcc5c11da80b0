"""Folders of maze pictures: one image a maze, of any kind that Pillow reads, drawn in any of the usual ways."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

import torch
from PIL import Image

from longthink.base.files import atomic_folder
from longthink.base.pictures import SUFFIXES
from longthink.base.published import files_in
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.figures.scene import pixels
from longthink.problems.mazes._kernels import Cells
from longthink.problems.mazes._pictures import find_maze, open_picture
from longthink.problems.mazes._store import MazeSource, build
from longthink.problems.mazes.problem import as_mazes
from longthink.registry import register

SOLUTION = ".solution"
HOLDERS = "maze pictures"
"""What a message calls such files."""


@register
class MazeImage(Format):
    """{split}_{level}/00000.png, one pixel for each of the puzzle's, and 00000.solution.png with the path drawn.

    What is read may be any pictures of mazes of one size, whatever their style.
    """

    def write(self, batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:
        rest = iter(batches)
        first = next(rest)
        as_mazes(first.problem, HOLDERS)
        target = folder / f"{first.split}_{first.level}"
        digits, number = max(5, len(str(count - 1))), 0
        with atomic_folder(target) as partial:
            for batch in chain([first], rest):
                for index in range(len(batch)):
                    one = batch[index : index + 1]
                    plain = (one.x[0] * 255).to(torch.uint8).permute(1, 2, 0).numpy()
                    Image.fromarray(plain).save(partial / f"{number:0{digits}}.png")
                    solved = pixels(one.problem.view.scene(one, one.y[0]))
                    Image.fromarray(solved).save(partial / f"{number:0{digits}}{SOLUTION}.png")
                    number += 1
        return sorted(target.iterdir())

    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        source = folder / f"{split}_{level}"
        found = (maze.read() for maze in _mazes([source]))
        return as_mazes(problem, HOLDERS).from_mazes(found, level, split, source)

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:
        """Pack pictures, or all in a folder but solutions, into a store for `Mazes(source=folder)`.

        Returns and raises as `_store.build` says.
        """
        return build(_mazes(files), folder, [path.name for path in files], skip)


def _mazes(paths: Sequence[Path]) -> Iterator[MazeSource]:
    for path, split in files_in(paths, SUFFIXES):
        if SOLUTION not in path.name:
            yield MazeSource(str(path), split, partial(_cells, path))


def _cells(path: Path) -> Cells:
    return find_maze(open_picture(path)).cells
