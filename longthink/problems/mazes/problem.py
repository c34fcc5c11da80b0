"""Mazes as pictures (dissertation, section 2.2.2). The level is the maze's size, odd: 9 is a grid graph of 5 x 5 nodes.

x is (B, 3, H, W) with H = W = 2 * level + 6: two pixels a cell, three black ones on each side; open cells are white,
one end is green, the other red. y is (B, H, W): 1 on the shortest path, both ends included. The mask is what is open,
unless every pixel counts.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from torch import Tensor

from longthink.base.errors import UserError
from longthink.base.memory import require
from longthink.base.seeds import generator_of
from longthink.contracts import Problem, Puzzles, Spec, Split
from longthink.problems._drawing import OF_FOUR
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes import _symmetry
from longthink.problems.mazes._cells import BORDER, PIXELS, side_of, to_cells, to_pixels, walls_around
from longthink.problems.mazes._store import open_store
from longthink.problems.mazes.view import MazeView
from longthink.registry import name_of, register

EASY, HARD = 9, (13, 59)
BYTES_PER_PIXEL = 3 * 4 + 8 + 1
"""Of x, y and mask."""
ALGORITHMS = {
    "depth_first": kernels.DEPTH_FIRST,
    "wilson": kernels.WILSON,
    "kruskal": kernels.KRUSKAL,
    "prim": kernels.PRIM,
    "scattered": kernels.SCATTERED,
}
ENDS = {"nodes": kernels.NODES, "dead_ends": kernels.DEAD_ENDS, "cells": kernels.CELLS}
SMALLEST = 3
"""Cells along a side."""
ATTEMPTS, WORK = 1000, 10**8
"""Mazes, at most, that are drawn for one of a split; where paths have a length, cells of mazes, if these are more."""


def _ends(value: Any) -> Any:
    """What earlier files call "anywhere" is any node."""
    return "nodes" if value == "anywhere" else value


def _path(steps: tuple[int, int]) -> tuple[int, int]:
    if not 1 <= steps[0] <= steps[1]:
        raise ValueError("a path has 1 step or more, and the fewest come first")
    return steps


Ends = Annotated[Literal["nodes", "dead_ends", "cells"], BeforeValidator(_ends)]
Steps = Annotated[tuple[int, int], AfterValidator(_path)]
"""The fewest and the most."""


@register
class Mazes(Problem):
    """Find the shortest path from red to green.

    `algorithm` makes the spanning tree, `openings` is the share of the remaining walls between nodes that are opened
    too (0: exactly one path). "scattered" makes none: walls stand on 30 to 50 % of the cells, any share as likely, as
    in the tasks of Lehnert et al. 2024 ("Beyond A*"), so that every cell is a node, and levels may be even.
    `ends` says which cells may be red and green: "nodes", "dead_ends" among them, or "cells", any open cell, also
    between two nodes, as in mazes that people draw. "anywhere", as it was called, is read as "nodes".
    `path`: the fewest and the most steps from red to green. Each number in between that there is between such ends is
    as likely as another, as in the data set Maze-Unique; where walls are scattered, numbers are as they come.
    `aspect`: the least share that the shorter side has of the longer one in fresh training batches, each of which has
    sides of its own, in both orientations; the level is the longer one. All others, also fixed sets, are squares.
    The split of a maze is a function of its walls, the same for the 8 mirrored and turned forms, so splits are disjoint
    by construction.
    With `source`, a folder that `longthink import` has written from files of mazes, mazes are those of others, and the
    level is the number of cells along the longer side, odd or even. Their splits are those that they were published
    in, or else the same function of their walls. What is said above is for mazes that are drawn.
    `scoring`: with "every_pixel", walls count in losses and scores too, as the dissertation has it (sections 3.4, 4.2
    and 5.3.2); with "open", as in its published code, what is said of walls is ignored. `pad_to` puts walls around
    mazes whose pictures have fewer pixels a side: 32 in the dissertation's chapter 4 (section 4.2).

    Levels: easy level 9, hard levels 13 and 59; with a source, those that it has.

    >>> puzzles = Mazes().sample(level=9, count=2, seed=0)
    >>> puzzles.x.shape, puzzles.y.shape
    (torch.Size([2, 3, 24, 24]), torch.Size([2, 24, 24]))
    """

    spec: ClassVar[Spec] = Spec(inputs=3, outputs=2, positions="grid")
    symmetric: ClassVar[bool] = True
    algorithm: Literal["depth_first", "wilson", "kruskal", "prim", "scattered"] = "depth_first"
    openings: Annotated[float, Field(ge=0, le=1)] = 0.0
    ends: Ends = "nodes"
    path: Steps | None = None
    aspect: Annotated[float, Field(gt=0, le=1)] = 1.0
    source: str = ""
    scoring: Literal["open", "every_pixel"] = "open"
    pad_to: Annotated[int, Field(ge=0, le=4096)] = 0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.algorithm == "scattered" and self.openings > 0:
            raise ValueError("openings are for mazes of nodes, and scattered walls have ways enough")
        if self.path is not None and self._step == 2 and self.path[0] == self.path[1] and self.path[0] % 2 == 1:
            raise ValueError("between two nodes a path has an even number of steps; take another, or ends in any cells")
        return self

    @property
    def easy(self) -> int:  # type: ignore[override]
        """With a source, the lowest level that it has training mazes of."""
        return (open_store(self.source).levels_of("train") or [EASY])[0] if self.source else EASY

    @property
    def hard(self) -> tuple[int, ...]:  # type: ignore[override]
        """With a source, all levels that it has test mazes of."""
        return (*open_store(self.source).levels_of("test"),) if self.source else HARD

    @property
    def verifiable(self) -> bool:  # type: ignore[override]
        """In a tree, whatever joins red and green without a detour is the path."""
        return not self.openings and self.algorithm != "scattered" and not self.source

    @property
    def view(self) -> MazeView:
        return MazeView(self)

    def draw(self, level: int, count: int, split: Split, key: int, repeats: bool) -> Puzzles:
        side = max(self.pad_to, self._side_of(level))
        require(count * side * side * BYTES_PER_PIXEL, f"{count} mazes of level {level}")
        if self.source:
            return replace(self.from_cells(*self._choose(level, count, split, key, repeats)), split=split)
        shape = self._shape(level, key) if split == "train" and repeats else (level, level)
        cells, paths = self._draw(key, 0, shape, count, split)
        if not repeats:
            cells, paths = self._without_repeats(key, cells, paths, split)
        return replace(self.from_cells(cells, paths), split=split)

    def algorithms(self, puzzles: Puzzles) -> dict[str, Tensor]:
        """Breadth-first search: when it reaches a cell. Dead-end filling: when it fills one."""
        rounds = np.zeros((2, len(puzzles), *puzzles.y.shape[1:]), np.int64)
        for index in range(len(puzzles)):
            cells = to_cells(puzzles.x[index])
            both = np.stack([kernels.breadth_first_rounds(cells), kernels.dead_end_rounds(cells)])
            rounds[:, index] = to_pixels(both)
        return dict(zip(("breadth_first", "dead_end_filling"), map(torch.from_numpy, rounds), strict=True))

    def from_maze(self, cells: NDArray[np.uint8]) -> Puzzles:
        """One puzzle from cells (rows, columns), solved by breadth-first search."""
        path = np.empty_like(cells)
        kernels.shortest_path(cells, path)
        return self.from_cells(cells[None], path[None])

    def from_mazes(self, mazes: Iterable[NDArray[np.uint8]], level: int, split: Split, path: Path) -> Puzzles:
        """Puzzles from the cells of mazes that a file holds. Raises UserError if there are none, or of other sizes."""
        cells = list(mazes)
        if not cells:
            raise UserError(f"{path} holds no mazes.")
        if any(one.shape != cells[0].shape or max(one.shape) != level for one in cells):
            raise UserError(f"{path} should hold mazes of level {level} only; sort them by size.")
        paths = [np.empty_like(one) for one in cells]
        for maze, found in zip(cells, paths, strict=True):
            kernels.shortest_path(maze, found)
        return replace(self.from_cells(np.stack(cells), np.stack(paths)), split=split)

    def levels(self, lowest: int, highest: int) -> Sequence[int]:
        """With a source, those that it has training mazes of; where it has none so small, the next larger one."""
        if not self.source:
            return range(lowest + (lowest + 1) % self._apart, highest + 1, self._apart)
        store = open_store(self.source)
        larger = [level for level in store.levels_of("train") if level >= lowest]
        if not larger:
            raise UserError(f"{self.source} has no training mazes of level {lowest} or more; {store.says()}.")
        return [level for level in larger if level <= max(highest, larger[0])]

    def correct(self, answers: Tensor, puzzles: Puzzles) -> Tensor:
        """bool (B,): the answer is a shortest path, whichever, on all pixels that count."""
        solved = super().correct(answers, puzzles)
        marked = answers == 1 if puzzles.mask is None else (answers == 1) & puzzles.mask
        as_long = marked.flatten(1).sum(1) == puzzles.y.flatten(1).sum(1)
        for other in (as_long & ~solved).nonzero().flatten().tolist():
            path = marked[other].cpu().numpy()
            solved[other] = _is_path(path, to_cells(puzzles.x[other]))
        return solved

    def verify(self, answers: Tensor, puzzles: Puzzles) -> Tensor:
        """bool (B,): what is marked of the pixels that count is a path from red to green, and nothing else.

        A maze with loops, as a user may bring one, is never verified: the path may not be the shortest.
        """
        marked = answers == 1 if puzzles.mask is None else (answers == 1) & puzzles.mask
        right = torch.zeros(len(puzzles), dtype=torch.bool, device=answers.device)
        for which, (path, x) in enumerate(zip(marked, puzzles.x, strict=True)):
            cells = to_cells(x)
            right[which] = _is_path(path.cpu().numpy(), cells) and kernels.count_loops(cells) == 0
        return right

    def moved(self, puzzles: Puzzles, number: int) -> tuple[Puzzles, Callable[[Tensor], Tensor]]:
        """Mirrored and turned; of rectangles, only such as keep their shape."""
        rows, columns = puzzles.y.shape[1:]
        kept = _symmetry.SYMMETRIES if rows == columns else _symmetry.EXCHANGED
        symmetry = 1 + (number - 1) % (kept - 1)
        return _symmetry.moved(puzzles, symmetry), partial(_symmetry.moved_back, symmetry=symmetry)

    def from_cells(self, cells: NDArray[np.uint8], paths: NDArray[np.uint8]) -> Puzzles:
        """Puzzles from cells (N, rows, columns) and paths of the same shape, as `_kernels` has them."""
        if paths.shape != cells.shape:
            raise UserError(f"Cells {cells.shape} and paths {paths.shape} of mazes are not of one shape.")
        level = max(cells.shape[1:])
        around = [(0, 0), *walls_around(cells.shape[1], cells.shape[2], self.pad_to)]
        cells, paths = np.pad(cells, around, constant_values=kernels.WALL), np.pad(paths, around)
        count, rows, columns = cells.shape
        shape = (PIXELS * rows + 2 * BORDER, PIXELS * columns + 2 * BORDER)
        x, y = np.zeros((count, 3, *shape), np.float32), np.zeros((count, *shape), np.int64)
        mask = np.zeros((count, *shape), np.bool_)
        kernels.paint(cells, paths, PIXELS, BORDER, x, y, mask)
        return self.from_pictures(torch.from_numpy(x), torch.from_numpy(y), torch.from_numpy(mask), level)

    def from_pictures(self, x: Tensor, y: Tensor, is_open: Tensor, level: int) -> Puzzles:
        """Puzzles from pictures of the right size, with what counts of them."""
        return Puzzles(self, level, x, y, is_open if self.scoring == "open" else None)

    def _choose(
        self, level: int, count: int, split: Split, key: int, repeats: bool
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """From the source."""
        store = open_store(self.source)
        rows = store.rows(level, split)
        if len(rows) == 0 or (count > len(rows) and not repeats):
            raise UserError(
                f"{self.source} has {len(rows)} {split} mazes of level {level}, and {count} are asked for;"
                f" {store.says()}."
            )
        cells = store.mazes(generator_of(key).choice(rows, count, replace=repeats), level)
        paths = np.empty_like(cells)
        for maze, path in zip(cells, paths, strict=True):
            if kernels.shortest_path(maze, path) == 0:
                raise UserError(f"{self.source} is damaged: it holds a maze without a path; bring the mazes in again.")
        return cells, paths

    @property
    def _apart(self) -> int:
        """From one size that there is to the next, in cells."""
        return 1 if self.algorithm == "scattered" else 2

    @property
    def _step(self) -> int:
        """From one place of an end to the next, in cells."""
        return 1 if self.ends == "cells" else self._apart

    def _side_of(self, level: int) -> int:
        """Pixels along the longer side. Raises UserError for a level that does not exist."""
        if not self.source and self._apart == 2:
            return side_of(level)
        if not self.source and level < SMALLEST:
            raise UserError(f"A maze has {SMALLEST} cells along a side or more; level {level} does not exist.")
        return PIXELS * level + 2 * BORDER

    def _shape(self, level: int, key: int) -> tuple[int, int]:
        """Rows and columns of the mazes of a training batch."""
        shorter = range(level, max(SMALLEST, math.ceil(self.aspect * level)) - 1, -self._apart)
        if len(shorter) == 1:
            return level, level
        rng = generator_of(key)
        side = int(rng.choice(shorter))
        return (level, side) if rng.integers(2) == 0 else (side, level)

    def _draw(
        self, key: int, first: int, shape: tuple[int, int], count: int, split: Split
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        rows, columns = shape
        cells, paths = np.empty((2, count, rows, columns), np.uint8)
        fewest, most = self.path or (0, 0)
        attempts = ATTEMPTS if self.path is None else max(ATTEMPTS, WORK // (rows * columns))
        ways = ALGORITHMS[self.algorithm], self.openings, ENDS[self.ends]
        if not kernels.draw(key, first, *ways, *OF_FOUR[split], fewest, most, attempts, cells, paths):
            size = f"of level {rows}" if rows == columns else f"of {rows} x {columns}"
            if self.path is None:
                raise UserError(f"There are no {split} mazes {size} like these; take a higher level.")
            raise UserError(
                f"No {split} maze {size} with a path of {fewest} to {most} steps was found in {attempts:,}; take other"
                " numbers of steps, or another level."
            )
        return cells, paths

    def _without_repeats(
        self, key: int, cells: NDArray[np.uint8], paths: NDArray[np.uint8], split: Split
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The same number of mazes, all different: repeated ones are replaced by later ones of the stream."""
        count, *shape = cells.shape
        drawn = count
        while True:
            first = {maze.tobytes(): index for index, maze in reversed(list(enumerate(cells)))}
            kept = sorted(first.values())[:count]
            cells, paths = cells[kept], paths[kept]
            missing = count - len(kept)
            if missing == 0:
                return cells, paths
            if drawn > 50 * count + 10_000:
                raise UserError(
                    f"Only {len(kept)} different {split} mazes of level {max(shape)} were found, and {count} are asked"
                    " for; ask for fewer or for larger ones."
                )
            extra = max(missing, 1000)  # repeats only ever occur at small levels
            more, more_paths = self._draw(key, drawn, (shape[0], shape[1]), extra, split)
            drawn += extra
            cells, paths = np.concatenate([cells, more]), np.concatenate([paths, more_paths])


def as_mazes(problem: Problem, holders: str) -> Mazes:
    """Raises UserError for another problem; `holders` is what its files are called."""
    if not isinstance(problem, Mazes):
        raise UserError(f"{name_of(type(problem))} has no {holders}; use the format arrays.")
    return problem


def _is_path(path: NDArray[np.bool_], cells: NDArray[np.uint8]) -> bool:
    """Whether pixels (H, W) are whole cells that join red and green without a detour: a path, and nothing else."""
    inside = path[BORDER:-BORDER, BORDER:-BORDER]
    marked = inside[::PIXELS, ::PIXELS]
    if (inside != marked.repeat(PIXELS, 0).repeat(PIXELS, 1)).any():
        return False
    maze = np.where(marked, cells, kernels.WALL)
    length = kernels.shortest_path(maze, np.empty_like(maze))
    return bool(0 < length == marked.sum())
