"""The library's own files: memory-mapped arrays and a JSON beside them.

x.npy (N, C, *P)   y.npy (N, *P)   mask.npy (N, *P), where the problem has one   puzzles.json
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from longthink.contracts import Format, Problem, Puzzles, plugin_name
from longthink.errors import UserError
from longthink.files import atomic_folder


class Arrays(Format):
    """x.npy, y.npy, mask.npy and puzzles.json, one folder a level."""

    def write(self, puzzles: Puzzles, folder: Path) -> list[Path]:
        tensors = {"x": puzzles.x, "y": puzzles.y, "mask": puzzles.mask}
        header = {
            "problem": {"name": plugin_name(type(puzzles.problem)), **puzzles.problem.model_dump()},
            "level": puzzles.level,
            "count": len(puzzles),
        }
        target = folder / str(puzzles.level)
        with atomic_folder(target) as partial:
            for name, tensor in tensors.items():
                if tensor is not None:
                    np.save(partial / f"{name}.npy", tensor.numpy())
            (partial / "puzzles.json").write_text(json.dumps(header, indent=2) + "\n")
        return sorted(target.iterdir())

    def read(self, problem: Problem, level: int, folder: Path) -> Puzzles:
        source = folder / str(level)
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
        return Puzzles(problem, level, x, y, mask)


def _load(path: Path) -> Tensor:
    return torch.from_numpy(np.load(path, mmap_mode="c", allow_pickle=False))
