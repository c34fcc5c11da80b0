"""maze_data_{split}_{n}/inputs.npy (N, 3, H, W) and solutions.npy (N, H, W) of easy-to-hard-data, 0 and 1.

This library writes them as bytes. Their splits are called train and test, and validation is a folder more.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from longthink.base.arrays import write_npy
from longthink.base.download import SITE, download_archive
from longthink.base.errors import UserError
from longthink.base.files import atomic_folder
from longthink.base.npy import load_npy
from longthink.base.published import files_in
from longthink.contracts import Puzzles, Split
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._cells import PIXELS, side_of, to_cells, walls_around
from longthink.problems.mazes._kernels import Cells
from longthink.problems.mazes._store import MazeSource, build
from longthink.problems.mazes.problem import Mazes


class MazeDataset(torch.utils.data.Dataset[tuple[Tensor, Tensor]]):
    """Mazes of one size, as easy-to-hard-data serves them: picture (3, H, W) float and solution (H, W) long.

    `transform`, if given, is applied to both stacked, (4, H, W). With `download`, the files are fetched from `url`
    unless they are below `root` already. Raises UserError for an even size, and for files that are missing, damaged
    or no mazes.
    """

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        size: int = 9,
        transform: Callable[[Tensor], Tensor] | None = None,
        download: bool = True,
        url: str | None = None,
    ):
        side_of(size)
        root, name = Path(root), _folder_of("train" if train else "test", size)
        if download and not (root / name).exists():
            download_archive(url or f"{SITE}{name}.tar.gz", root, name, lambda at: _verify(at / name, size))
        self.transform = transform
        self.inputs, self.targets = _load(root / name, size)

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        x, y = self.inputs[index], self.targets[index]
        if self.transform is not None:
            stacked = self.transform(torch.cat([x, y.unsqueeze(0)]))
            x, y = stacked[:3].float(), stacked[3].long()
        return x, y


def write(batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:
    rest = iter(batches)
    first = next(rest)
    target = folder / _folder_of(first.split, first.level)
    with atomic_folder(target) as partial:
        write_npy(chain([first], rest), count, partial, _arrays)
    return sorted(target.iterdir())


def read(problem: Mazes, level: int, folder: Path, split: Split) -> Puzzles:
    inputs, solutions = _load(folder / _folder_of(split, level), level)
    rows, columns = ([PIXELS * some for some in sides] for sides in walls_around(level, level, problem.pad_to))
    x, y = (functional.pad(some, (*columns, *rows)) for some in (inputs, solutions))
    return replace(problem.from_pictures(x, y, x.amax(1) > 0, level), split=split)


def import_files(files: Sequence[Path], folder: Path, skip: bool) -> tuple[int, int]:
    """Pack folders of this kind, or a folder that has them, into a store for `Mazes(source=folder)`.

    Returns and raises as `_store.build` says.
    """
    mazes = (maze for path, split in files_in(files, ("inputs.npy",)) for maze in _mazes(path.parent, split))
    return build(mazes, folder, [path.name for path in files], skip)


def _mazes(folder: Path, split: Split | None) -> Iterator[MazeSource]:
    inputs, solutions = _arrays_in(folder)
    if inputs.ndim != 4 or inputs.shape[1] != 3 or solutions.shape != (len(inputs), *inputs.shape[2:]):
        raise UserError(f"{folder} does not hold pictures (N, 3, H, W) of mazes and solutions (N, H, W).")
    for number, both in enumerate(zip(inputs, solutions, strict=True)):
        yield MazeSource(f"{folder}, maze {number}", split, partial(_cells, *both))


def _cells(picture: NDArray[Any], solution: NDArray[Any]) -> Cells:
    """Raises UserError for what is no maze, or not solved."""
    x = torch.from_numpy(picture.astype(np.float32))
    cells = to_cells(x)
    if cells.size == 0 or ((cells == kernels.RED).sum(), (cells == kernels.GREEN).sum()) != (1, 1):
        raise UserError("The picture is no maze with a red and a green end.")
    puzzles = Mazes().from_maze(cells)
    if puzzles.x.shape[1:] != x.shape or not torch.equal(puzzles.x[0], x):
        raise UserError("The picture is no maze of two pixels a cell and three black ones around.")
    if not puzzles.problem.correct(torch.from_numpy(solution.astype(np.int64))[None], puzzles)[0]:
        raise UserError("The solution is no shortest path.")
    return cells


def _arrays_in(folder: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """The inputs and the solutions, memory-mapped."""
    try:
        inputs, solutions = (load_npy(folder / f"{name}.npy", "r") for name in ("inputs", "solutions"))
    except (OSError, ValueError) as error:
        raise UserError(f"{folder} holds no mazes, or damaged ones: {error}.") from error
    if {inputs.dtype.kind, solutions.dtype.kind} - {*"biuf"}:
        raise UserError(f"{folder} does not hold numbers.")
    return inputs, solutions


def _folder_of(split: Split, level: int) -> str:
    return f"maze_data_{split}_{level}"


def _arrays(puzzles: Puzzles) -> dict[str, NDArray[np.uint8]]:
    """Without the walls that the problem puts around mazes."""
    side = side_of(puzzles.level)
    inside = slice((puzzles.y.shape[-1] - side) // 2 // PIXELS * PIXELS, None)
    x, y = (some[..., inside, inside][..., :side, :side] for some in (puzzles.x, puzzles.y))
    return {"inputs": x.to(torch.uint8).numpy(), "solutions": y.to(torch.uint8).numpy()}


def _load(folder: Path, level: int) -> tuple[Tensor, Tensor]:
    """Pictures (N, 3, H, W) float and solutions (N, H, W) long."""
    inputs, solutions = _arrays_in(folder)
    side = side_of(level)
    if inputs.shape[1:] != (3, side, side) or solutions.shape != (len(inputs), side, side):
        raise UserError(f"{folder} does not hold mazes of size {level}, which are pictures of {side} x {side} pixels.")
    x, y = torch.from_numpy(inputs.astype(np.float32)), torch.from_numpy(solutions.astype(np.int64))
    if not (((x == 0) | (x == 1)).all() and (y <= x.amax(1)).all() and (y >= 0).all()):
        raise UserError(f"{folder} does not hold mazes and paths in them.")
    return x, y


def _verify(folder: Path, level: int) -> None:
    _load(folder, level)
