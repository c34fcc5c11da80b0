"""The library's own files: memory-mapped arrays and a JSON beside them, in SPLIT_LEVEL/.

x.npy (N, C, *P)   y.npy (N, *P)   mask.npy (N, *P), where the problem has one   puzzles.json
Inputs of several tensors are x.NAME.npy each, further tensors of the puzzles extras.NAME.npy.
"""

import json
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from longthink.base.arrays import write_npy
from longthink.base.errors import UserError
from longthink.base.files import atomic_folder
from longthink.base.npy import load_npy
from longthink.contracts import Format, Inputs, Problem, Puzzles, Split
from longthink.registry import name_of, register


@register
class Arrays(Format):
    """x.npy, y.npy, mask.npy and puzzles.json, one folder for each split and level."""

    def write(self, batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:
        rest = iter(batches)
        first = next(rest)
        header = {
            "problem": {"name": name_of(type(first.problem)), **first.problem.model_dump(mode="json")},
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
            arrays = {path.stem: _load(path) for path in sorted(source.glob("*.npy"))}
            kind, its_level, count = header["problem"]["name"], header["level"], header["count"]
            y, mask = arrays["y"], arrays.get("mask")
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise UserError(f"{source} holds no puzzles, or damaged ones: {error}.") from error
        if kind != name_of(type(problem)) or its_level != level:
            raise UserError(f"{source} holds puzzles of {kind}, level {its_level}.")
        parts = {name.removeprefix("x."): array for name, array in arrays.items() if name.startswith("x.")}
        x = _like(problem, level, parts) if parts else arrays.get("x")
        if x is None or y.numel() == 0 or any(array.shape[:1] != (count,) for array in arrays.values()):
            raise UserError(f"{source} should hold {count} puzzles, but its arrays do not; write it again.")
        if mask is not None and (mask.dtype != torch.bool or mask.shape != y.shape):
            raise UserError(f"The mask in {source} is not one of its answers; write it again.")
        if type(problem).loss is Problem.loss and not (
            y.dtype == torch.long and y.min() >= 0 and y.max() < problem.spec.outputs
        ):
            raise UserError(f"The answers in {source} are not below {problem.spec.outputs}; write it again.")
        extras = {name.removeprefix("extras."): array for name, array in arrays.items() if name.startswith("extras.")}
        return Puzzles(problem, level, x, y, mask, split, extras=extras)


def _like(problem: Problem, level: int, parts: Mapping[str, Tensor]) -> Inputs:
    """Parts of inputs put together as the problem has them."""
    kind = type(problem.sample(level, 1, repeats=True).x)
    if set(parts) != set(getattr(kind, "_fields", ())):
        raise UserError(
            f"These puzzles have inputs of other parts than {name_of(type(problem))} has; write them again."
        )
    return kind(**parts)


def _tensors(puzzles: Puzzles) -> dict[str, NDArray[Any]]:
    if isinstance(puzzles.x, Tensor):
        tensors = {"x": puzzles.x}
    else:
        tensors = {f"x.{name}": part for name, part in zip(puzzles.x._fields, puzzles.x, strict=True)}
    tensors |= {"y": puzzles.y} | ({} if puzzles.mask is None else {"mask": puzzles.mask})
    tensors |= {f"extras.{name}": tensor for name, tensor in puzzles.extras.items()}
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def _load(path: Path) -> Tensor:
    return torch.from_numpy(load_npy(path, "c"))
