"""How cost grows with size: seconds and iterations until a puzzle is at rest, with exponents. Parts of field.py.

Of each size, some puzzles are thought about locally until nothing moves; then by whole steps, for as many iterations;
then by the field's `test_default`, for as many, since it has to be told. Each is timed once.
"""

import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from field_code import Field, check_same, net_of, puzzles_of
from torch import nn

import longthink as lt
from longthink.base.fits import power_law
from longthink.contracts import Puzzles, Stop, Thinker
from longthink.thinking.loop import TOLERANCE
from longthink.thinking.stops import Settled

LIMIT = 30_000


@dataclass(frozen=True)
class Scaling:
    """Puzzles of several levels, and how many of each; the field's code takes part up to `field_most`."""

    problem: str
    levels: Mapping[int, int]
    field_most: int


SCALINGS = {
    "scaling_prefix_sums": Scaling("prefix_sums", {64: 3, 128: 3, 256: 3, 512: 3, 1024: 3, 2048: 2, 4096: 1}, 4096),
    "scaling_mazes": Scaling("mazes", {13: 3, 25: 3, 41: 3, 59: 3, 101: 2, 201: 1}, 101),
}


def scaling(field: Field, case: Scaling) -> Iterator[dict[str, Any]]:
    """Rows of `figures.cost_against_size`."""
    ours = net_of(case.problem)
    theirs, first = field.net(ours), puzzles_of(case.problem, min(case.levels), 1)
    check_same(theirs, ours, first)
    deque(_costs(field, theirs, ours, first, 0, case))  # imports torch's tracer, and loads compiled kernels
    for level, count in case.levels.items():
        puzzles = puzzles_of(case.problem, level, count)
        for number in range(count):
            yield from _costs(field, theirs, ours, puzzles[number : number + 1], number, case)


def _costs(
    field: Field, theirs: nn.Module, ours: Thinker, puzzle: Puzzles, number: int, case: Scaling
) -> Iterator[dict[str, Any]]:
    positions = puzzle.y.numel()
    told: dict[str, Any] = {
        "problem": case.problem,
        "level": puzzle.level,
        "puzzle": number,
        "puzzles": case.levels[puzzle.level],
        "seed": 0,
        "positions": positions,
        "path_length": int(puzzle.y.sum()) if case.problem == "mazes" else positions,
    }
    begun = time.perf_counter()
    iterations, solved = _think(ours, puzzle, LIMIT, Settled(tolerance=0), tolerance=TOLERANCE)
    yield told | {
        "series": "longthink, locally",
        "seconds": time.perf_counter() - begun,
        "iterations": iterations,
        "solved": solved,
    }
    begun = time.perf_counter()
    _, solved = _think(ours, puzzle, iterations)
    yield told | {"series": "longthink, whole steps", "seconds": time.perf_counter() - begun, "solved": solved}
    if puzzle.level <= case.field_most:
        begun = time.perf_counter()
        shares = field.test(theirs, field.loader(puzzle), [iterations], case.problem)
        yield told | {"series": "field", "seconds": time.perf_counter() - begun, "solved": shares[iterations] == 1}


@torch.inference_mode()
def _think(
    net: Thinker, puzzle: Puzzles, limit: int, stop: Stop | None = None, tolerance: float | None = None
) -> tuple[int, bool]:
    """How many iterations were taken, and whether the answer is right."""
    last = deque(lt.think(net, puzzle, limit, stop, tolerance=tolerance), maxlen=1).pop()
    return last.iteration, bool(puzzle.problem.correct(puzzle.problem.answer(last.read(), puzzle), puzzle))


def exponents(rows: pd.DataFrame) -> pd.DataFrame:
    """Of each series of a problem."""
    found = []
    for (problem, series), group in rows.groupby(["problem", "series"], sort=False):
        largest = group[group["level"] == group["level"].max()]
        settled = group.dropna(subset=["iterations"])
        found.append(
            {
                "problem": problem,
                "series": series,
                "seconds against positions": _law(group, "positions", "seconds"),
                "at the largest": f"{largest['seconds'].median():.3g} s at {largest['level'].iloc[0]}",
                "iterations against positions": _law(settled, "positions", "iterations"),
                "iterations against path": _law(settled, "path_length", "iterations"),
                "solved": f"{group['solved'].sum()} of {len(group)}",
            }
        )
    return pd.DataFrame(found)


def _law(rows: pd.DataFrame, size: str, cost: str) -> str:
    """An exponent with its standard error."""
    if not len(rows):
        return ""
    law = power_law(rows[size], rows[cost])
    return f"{law.exponent:.2f} ± {law.error:.2f}"
