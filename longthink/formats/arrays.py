"""The library's own files: memory-mapped arrays and a JSON beside them, in SPLIT_LEVEL/.

x.npy (N, C, *P)   y.npy (N, *P)   mask.npy (N, *P), where the problem has one   puzzles.json
"""

import json
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from longthink.contracts import Format, Problem, Puzzles, Split, plugin_name
from longthink.errors import UserError
from longthink.files import atomic_folder
from longthink.formats._stream import write_npy


class Arrays(Format):
    """x.npy, y.npy, mask.npy and puzzles.json, one folder for each split and level."""

    def write(self, batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:
        rest = iter(batches)
        first = next(rest)
        header = {
            "problem": {"name": plugin_name(type(first.problem)), **first.problem.model_dump()},
            "level": first.level,
            "split": first.split,
            "count": count,
        }
        target = folder / f"{first.split}_{first.level}"
        with atomic_folder(target) as partial:
            write_npy(chain([first], rest), count, partial, _tensors)
            (partial / "puzzles.json").write_text(json.dumps(header, indent=2) + "\n")
        return sorted(target.iterdir())

    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        source = folder / f"{split}_{level}"
        try:
            header = json.loads((source / "puzzles.json").read_text())
            x, y = _load(source / "x.npy"), _load(source / "y.npy")
            mask = _load(source / "mask.npy") if (source / "mask.npy").exists() else None
        except (OSError, ValueError, EOFError) as error:
            raise UserError(f"{source} holds no puzzles, or damaged ones: {error}.") from error
        if header["problem"]["name"] != plugin_name(type(problem)) or header["level"] != level:
            raise UserError(f"{source} holds puzzles of {header['problem']['name']}, level {header['level']}.")
        if not len(x) == len(y) == header["count"]:
            raise UserError(f"{source} should hold {header['count']} puzzles, but its arrays do not; write it again.")
        return Puzzles(problem, level, x, y, mask, split)


def _tensors(puzzles: Puzzles) -> dict[str, NDArray[Any]]:
    tensors = {"x": puzzles.x, "y": puzzles.y, "mask": puzzles.mask}
    return {name: tensor.numpy() for name, tensor in tensors.items() if tensor is not None}


def _load(path: Path) -> Tensor:
    return torch.from_numpy(np.load(path, mmap_mode="c", allow_pickle=False))
