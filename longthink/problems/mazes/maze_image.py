"""Folders of maze pictures: one image a maze, of any kind that Pillow reads, drawn in any of the usual ways."""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import torch
from PIL import Image

from longthink.base.errors import UserError
from longthink.base.files import atomic_folder
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.figures.scene import pixels
from longthink.problems.mazes.problem import Mazes
from longthink.registry import name_of, register

SOLUTION = ".solution"
KINDS = (".png", ".gif", ".bmp", ".webp", ".jpg", ".jpeg", ".tif", ".tiff", ".ppm")


@register
class MazeImage(Format):
    """{split}_{level}/00000.png, one pixel for each of the puzzle's, and 00000.solution.png with the path drawn.

    What is read may be any pictures of mazes of one size, whatever their style.
    """

    def write(self, batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:
        rest = iter(batches)
        first = next(rest)
        _check_supported(first.problem)
        target = folder / f"{first.split}_{first.level}"
        digits, number = max(5, len(str(count - 1))), 0
        with atomic_folder(target) as partial:
            for batch in chain([first], rest):
                for index in range(len(batch)):
                    one = batch[index : index + 1]
                    plain = (one.x[0] * 255).to(torch.uint8).permute(1, 2, 0).numpy()
                    Image.fromarray(plain).save(partial / f"{number:0{digits}}.png")
                    solved = pixels(one.problem.view.scene(one))
                    Image.fromarray(solved).save(partial / f"{number:0{digits}}{SOLUTION}.png")
                    number += 1
        return sorted(target.iterdir())

    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        _check_supported(problem)
        source = folder / f"{split}_{level}"
        paths = sorted(path for path in source.glob("*") if path.suffix.lower() in KINDS and SOLUTION not in path.name)
        if not paths:
            raise UserError(f"{source} holds no pictures.")
        found = [problem.view.parse(str(path)) for path in paths]
        sizes = {one.x.shape[2:] for one in found}
        if len(sizes) > 1 or found[0].level != level:
            raise UserError(f"{source} should hold mazes of size {level} only; sort its pictures by size.")
        x, y = (torch.cat([getattr(one, name) for one in found]) for name in ("x", "y"))
        return Puzzles(problem, level, x, y, x.amax(1) > 0, split)


def _check_supported(problem: Problem) -> None:
    if not isinstance(problem, Mazes):
        raise UserError(f"{name_of(type(problem))} has no maze pictures; use the format arrays.")
