"""Mazes of others packed into files, to draw from by size.

cells.bin    bytes of each maze as `_kernels` has cells, one maze after the other, filled up with walls to squares
levels.npy   cells along the side of each (N,)
splits.npy   the split of each (N,), by its place in SPLITS
store.json   how many there are of each level, what was left out, and what it was made from
"""

import hashlib
import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from longthink.base.arrays import save_npy
from longthink.base.errors import UserError
from longthink.base.files import atomic_folder
from longthink.base.npy import load_npy
from longthink.base.splits import Split
from longthink.problems._drawing import OF_FOUR
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._kernels import Cells
from longthink.problems.mazes._text import LONGEST

SPLITS: tuple[Split, ...] = get_args(Split)
TENTH = 10


class MazeSource(NamedTuple):
    """A maze that is to be read: where it is, what split its publisher has it in, and how it is read."""

    where: str
    split: Split | None
    read: Callable[[], Cells]


def build(mazes: Iterable[MazeSource], folder: Path, sources: Sequence[str], skip: bool) -> tuple[int, int]:
    """Write a store; how many mazes there are, and how many were left out: no mazes, or there already.

    Where some come from a test split, the others are for training, but those whose walls it has too; a tenth of them,
    by a hash of the walls, is for validation. Else the walls alone decide, as for mazes that are drawn.
    Memory grows by some 100 bytes a maze.

    Raises UserError for what is no maze, unless `skip` leaves it out, if there are none, or if the folder exists.
    """
    if folder.exists():
        raise UserError(f"{folder} exists already; choose another folder.")
    levels, splits, walls = array("q"), array("b"), array("Q")
    shares, seen, left_out = array("b"), set[int](), Counter[str]()
    with atomic_folder(folder) as partial:
        with (partial / "cells.bin").open("wb") as file:
            for maze in tqdm(mazes, unit="maze", disable=None):
                try:
                    cells = _square(maze.read())
                except UserError as error:
                    if not skip:
                        raise UserError(f"{maze.where}: {error} Leave such mazes out with --skip.") from error
                    left_out["no mazes"] += 1
                    continue
                key = _hash(cells)
                if key in seen:
                    left_out["there already"] += 1
                    continue
                seen.add(key)
                file.write(cells.tobytes())
                levels.append(len(cells))
                splits.append(-1 if maze.split is None else SPLITS.index(maze.split))
                walls.append(_hash(cells != kernels.WALL))
                shares.append(int(kernels.share(cells)))
        if not levels:
            raise UserError(f"There are no mazes in {', '.join(sources)}.")
        assigned = _assigned(*map(np.array, (splits, shares, walls)))
        left_out["walls of a test maze"] = int((assigned < 0).sum())
        for name, values in (("levels", np.array(levels)), ("splits", assigned)):
            save_npy(partial / f"{name}.npy", values)
        counts = Counter(np.array(levels)[assigned >= 0].tolist())
        header = {"mazes": dict(sorted(counts.items())), "left out": left_out, "sources": [*sources]}
        (partial / "store.json").write_text(json.dumps(header, indent=2) + "\n")
    return counts.total(), left_out.total()


def _square(cells: Cells) -> Cells:
    """Filled up with walls on the right and below."""
    side = max(cells.shape)
    if side > LONGEST:
        raise UserError(f"This maze has {side} cells along a side, and {LONGEST} are the most.")
    return np.pad(cells, [(0, side - size) for size in cells.shape])


def _hash(values: NDArray[np.generic]) -> int:
    """64 bits that equal mazes have in common."""
    return int.from_bytes(hashlib.blake2b(values.tobytes(), digest_size=8).digest(), "big")


def _assigned(splits: NDArray[np.int8], shares: NDArray[np.int8], walls: NDArray[np.uint64]) -> NDArray[np.int8]:
    """The split of each maze, -1 for those that are left out."""
    train, validation, test = (SPLITS.index(split) for split in ("train", "validation", "test"))
    by_share = np.zeros(max(high for _, high in OF_FOUR.values()) + 1, np.int8)
    for split, (low, high) in OF_FOUR.items():
        by_share[low : high + 1] = SPLITS.index(split)
    if not (splits == test).any():
        return by_share[shares]
    assigned = np.where(splits >= 0, splits, train)
    if not (splits == validation).any():
        assigned[(assigned == train) & (walls % np.uint64(TENTH) == 0)] = validation
    assigned[(assigned != test) & np.isin(walls, walls[splits == test])] = -1
    return assigned.astype(np.int8)


class MazeStore:
    """What `build` has written, memory-mapped. Raises UserError if it is missing or damaged."""

    def __init__(self, folder: Path):
        try:
            self.levels, self.splits = (
                load_npy(folder / f"{name}.npy").astype(np.int64) for name in ("levels", "splits")
            )
            self.cells = np.memmap(folder / "cells.bin", np.uint8, "r")
        except (OSError, ValueError, TypeError) as error:
            raise UserError(
                f"{folder} holds no mazes, or damaged ones ({error}); bring them in with"
                " `longthink import FILE --format maze-csv --out FOLDER`, or another format of mazes."
            ) from error
        sizes = self.levels**2
        if not (self.levels.shape == self.splits.shape == (len(sizes),) and sizes.sum() == len(self.cells)):
            raise UserError(f"The files in {folder} are not of one store; bring the mazes in again.")
        self.folder, self.starts = folder, np.cumsum(sizes) - sizes

    def rows(self, level: int, split: Split) -> NDArray[np.int64]:
        """Which mazes are of a level and a split."""
        return np.flatnonzero((self.levels == level) & (self.splits == SPLITS.index(split)))

    def levels_of(self, split: Split) -> list[int]:
        """The levels that there are mazes of in a split, lowest first."""
        found: list[int] = np.unique(self.levels[self.splits == SPLITS.index(split)]).tolist()
        return found

    def says(self) -> str:
        """What there is, for messages."""
        levels = ((split, ", ".join(map(str, self.levels_of(split))) or "none") for split in SPLITS)
        return "its levels are " + ", ".join(f"{some} ({split})" for split, some in levels)

    def mazes(self, rows: NDArray[np.int64], level: int) -> Cells:
        """The cells (N, level, level) of mazes of one level. Raises UserError for damaged ones."""
        cells: Cells = self.cells[self.starts[rows][:, None] + np.arange(level**2)].reshape(-1, level, level)
        if cells.max(initial=0) > kernels.RED:
            raise UserError(f"{self.folder} is damaged: it holds cells of no kind; bring the mazes in again.")
        return cells


@lru_cache(maxsize=4)
def open_store(folder: str) -> MazeStore:
    """The store in a folder, opened once."""
    return MazeStore(Path(folder))
