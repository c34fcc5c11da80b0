"""How cost grows with size: seconds and iterations until a puzzle is at rest, with exponents. Parts of field.py.

Of each size, some puzzles are thought about locally until nothing moves; then by whole steps, for as many iterations;
then, with a net of the field's architecture and no more than FIELD_MOST positions, by the field's `test_default`, for
as many, since it has to be told. Each is timed once.
"""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from field_code import Field, check_same, run_of
from torch import nn

import longthink as lt
from longthink.base.fits import power_law
from longthink.contracts import Puzzles, Stop, Thinker
from longthink.measuring.solve import TOLERANCE
from longthink.thinking.stops import Settled
from longthink.training.runs import open_run

LIMIT = 30_000
FIELD_MOST = 20_000
PIXELS_OF_CELL = 4


@dataclass(frozen=True)
class Scaling:
    """Puzzles of several levels; `pooled`: with the net that ships, which the field's code has none like."""

    problem: str
    levels: dict[int, int]
    """How many puzzles there are of each."""
    pooled: bool = False


SCALINGS = {
    "scaling_prefix_sums": Scaling("prefix_sums", {64: 3, 128: 3, 256: 3, 512: 3, 1024: 2, 2048: 1, 4096: 1}),
    "scaling_mazes": Scaling("mazes", {13: 3, 21: 3, 33: 3, 59: 1}),
    "scaling_mazes_pooled": Scaling("mazes", {13: 3, 25: 3, 51: 3, 101: 2, 201: 1}, pooled=True),
}


def scaling(field: Field, case: Scaling, runs: Path) -> Iterator[dict[str, Any]]:
    """Rows of `figures.cost_against_size`."""
    ours = (open_run(case.problem) if case.pooled else run_of(case.problem, runs)).model()
    theirs = None if case.pooled else field.net(ours)
    problem = lt.problem(case.problem)
    warm = problem.sample(min(case.levels), 1, split="validation")
    if theirs is not None:
        check_same(theirs, ours, warm)
    _think(ours, warm, 3, tolerance=TOLERANCE)  # imports torch's tracer
    for level, count in case.levels.items():
        puzzles = problem.sample(level, count)
        for number in range(count):
            yield from _costs(field, theirs, ours, puzzles[number : number + 1], number, case)


def _costs(
    field: Field, theirs: nn.Module | None, ours: Thinker, puzzle: Puzzles, number: int, case: Scaling
) -> Iterator[dict[str, Any]]:
    positions = puzzle.y.numel()
    told: dict[str, Any] = {
        "problem": f"{case.problem}, pooled" if case.pooled else case.problem,
        "level": puzzle.level,
        "puzzle": number,
        "positions": positions,
        "path_length": int(puzzle.y.sum()) // PIXELS_OF_CELL if case.problem == "mazes" else positions,
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
    if theirs is not None and positions <= FIELD_MOST:
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


def exponents(rows: pd.DataFrame) -> str:
    """Of each series, in Markdown."""
    lines = [
        "| problem | series | seconds against positions | at the largest level | iterations against path | solved |",
        "| --- " * 6 + "|",
    ]
    for (problem, series), group in rows.groupby(["problem", "series"], sort=False):
        largest = group[group["level"] == group["level"].max()]
        settled = group.dropna(subset=["iterations"])
        thought = _told(settled["path_length"], settled["iterations"]) if len(settled) else ""
        lines.append(
            f"| {problem} | {series} | {_told(group['positions'], group['seconds'])}"
            f" | {largest['seconds'].median():.3g} s at {largest['level'].iloc[0]} | {thought}"
            f" | {group['solved'].sum()} of {len(group)} |"
        )
    return "\n".join(lines)


def _told(sizes: "pd.Series[float]", costs: "pd.Series[float]") -> str:
    law = power_law(sizes, costs)
    return f"{law.exponent:.2f} ± {law.error:.2f}"
