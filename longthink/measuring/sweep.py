"""Measuring: accuracy, confidence and change at every asked iteration, in one pass over the thoughts.

Nothing of an iteration is kept but its sums, so memory does not depend on how many iterations there are.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray

from longthink.base.errors import UserError
from longthink.contracts import Problem, Puzzles, Stop, Thinker
from longthink.registry import name_of
from longthink.thinking.loop import leaving, think
from longthink.thinking.precision import Precision, check_precision, choose
from longthink.thinking.stops import AtRest, Settled

if TYPE_CHECKING:
    import pandas as pd

Exit = Literal["default", "max_confidence"]
MEASURES = ("accuracy", "position_accuracy", "confidence", "change")
STATE_BYTES = {"cpu": 2**21, "cuda": 2**28}
"""Size of the state that a batch is cut to: what stays in a core's cache, or what fills a GPU."""


def sweep(
    model: Thinker,
    puzzles: Puzzles,
    iterations: Iterable[int],
    exit_rule: Exit = "default",
    batch: int | None = None,
    labels: Mapping[str, Any] | None = None,
    tolerance: float | None = None,
    progress: Callable[[int], None] | None = None,
    precision: Precision = "fp32",
    retire: bool = True,
) -> "pd.DataFrame":
    """How well a net does after each of some iterations, in one pass and in constant memory.

    What has come to rest is not computed any more (`stops.AtRest`): its answer stays.

    Args:
        model: the net.
        puzzles: what it is measured on.
        iterations: after which to measure.
        exit_rule: "default" reads the output of the iteration itself; "max_confidence", for each puzzle, that of the
            most confident iteration so far (section 4.3; every iteration counts, the later one among equals).
        batch: puzzles at a time, by default as many as fit a cache; a batch that does not fit the memory is halved
            until it does.
        labels: further columns.
        tolerance: compute only what still moves (see `thinking.local`), which large grids want.
        progress: is told after each batch how many puzzles it had.
        precision: "fp32"; "bf16", which is faster on CPUs that are made for it; or "auto", the fastest way to the same
            answers on some of the puzzles, be it in bf16 or, of large grids, locally (`precision.choose`).
        retire: False computes everything to the end.

    Returns:
        A row for each iteration: the shares of puzzles (`accuracy`) and of positions right, `confidence`, and `change`
        of the state (`Thought.change`), means over the puzzles. `precision` and `tolerance` (NaN: not locally) are
        those that were taken.

    Raises:
        UserError: iterations below 1 or beyond the net's own, a batch below 1, a precision that there is not, a
            tolerance with a net that is not local, or with bf16.

    >>> import longthink as lt
    >>> rows = lt.sweep(lt.load("prefix_sums"), lt.problem("prefix_sums").sample(64, 10), iterations=[5, 100])
    >>> rows[["level", "iteration", "accuracy"]].values.tolist()
    [[64.0, 5.0, 0.0], [64.0, 100.0, 1.0]]
    """
    asked = sorted(set(iterations))
    if not asked or asked[0] < 1:
        raise UserError("Ask for the accuracy at iterations of 1 or more.")
    if batch is not None and batch < 1:
        raise UserError(f"Puzzles are worked on 1 or more at a time, not {batch}.")
    check_precision(precision, tolerance)
    model.check_limit(asked[-1])
    sums = np.zeros((len(asked), len(MEASURES)))
    with torch.inference_mode():
        named = name_of(type(model))
        model, precision, tolerance = choose(model, precision, tolerance, puzzles, asked[-1])
        batch = batch or (default_batch(model, puzzles) if tolerance is None else 1)  # each locally until it rests
        for first in range(0, len(puzzles), batch):
            some = puzzles[first : first + batch]
            sums += _sums(model, some, asked, exit_rule, tolerance, retire)
            if progress is not None:
                progress(len(some))
    import pandas as pd  # here, since all that trains or solves imports this file

    rows = pd.DataFrame(
        {
            "problem": name_of(type(puzzles.problem)),
            "level": puzzles.level,
            "model": named,
            **(labels or {}),
            "puzzles": len(puzzles),
            "exit": exit_rule,
            "precision": precision,
            "tolerance": np.nan if tolerance is None else tolerance,
            "iteration": asked,
        }
    )
    rows[list(MEASURES)] = sums / len(puzzles)
    return rows


def accuracy(model: Thinker, puzzles: Puzzles, iterations: int) -> float:
    """The share of puzzles solved after so many iterations."""
    return float(sweep(model, puzzles, [iterations])["accuracy"].iloc[0])


def _sums(
    model: Thinker, puzzles: Puzzles, asked: list[int], exit_rule: Exit, tolerance: float | None, retire: bool
) -> NDArray[np.float64]:
    """The measures at each asked iteration, summed over puzzles: (iterations, measures). Halves what does not fit."""
    try:
        return _sums_at_once(model, puzzles.to(device_of(model)), asked, exit_rule, tolerance, retire)
    except (torch.OutOfMemoryError, RuntimeError) as error:
        if not isinstance(error, torch.OutOfMemoryError) and "not enough memory" not in str(error):
            raise
    # Outside the except, so that the failed attempt's tensors are free again.
    if len(puzzles) == 1:
        raise UserError(f"One puzzle of level {puzzles.level} does not fit the memory; take a lower level.")
    half = len(puzzles) // 2
    halves = puzzles[:half], puzzles[half:]
    return sum((_sums(model, part, asked, exit_rule, tolerance, retire) for part in halves), np.zeros(()))


def _sums_at_once(
    model: Thinker, puzzles: Puzzles, asked: list[int], exit_rule: Exit, tolerance: float | None, retire: bool
) -> NDArray[np.float64]:
    rows = {iteration: row for row, iteration in enumerate(asked)}
    sums = torch.zeros(len(asked), len(MEASURES), dtype=torch.float64, device=puzzles.y.device)
    latest = torch.zeros(len(MEASURES), len(puzzles), dtype=torch.float64, device=puzzles.y.device)
    """The measures of each puzzle, which stay as they are when it has come to rest."""
    stop: Stop | None = None
    if retire and (tolerance is None or len(puzzles) == 1):  # local thoughts are at rest when nothing moves at all
        stop = AtRest() if tolerance is None else Settled(tolerance=0)
    filled = 0
    for thought in think(model, puzzles, asked[-1], stop, tolerance=tolerance, retire=True):
        row = rows.get(thought.iteration)
        about = thought if row is not None or exit_rule == "max_confidence" else leaving(thought)
        if about is not None:
            which = slice(None) if about.which is None else about.which
            measures = _measures(puzzles.problem, about.read(), cast(Puzzles, about.puzzles))
            if exit_rule == "max_confidence" and thought.iteration > 1:
                best = latest[:3, which]
                measures = torch.where(measures[2] >= best[2], measures, best)
            latest[:3, which] = measures
            latest[3, which] = about.change.double()
        if row is not None:
            sums[row] = latest.sum(1)
            filled = row + 1
    sums[filled:] = latest.sum(1)
    return sums.cpu().numpy()


def _measures(problem: Problem, logits: torch.Tensor, puzzles: Puzzles) -> torch.Tensor:
    """Solved, share of positions right, and confidence of each puzzle: (3, B)."""
    answers = problem.answer(logits, puzzles)
    return torch.stack(
        [
            problem.correct(answers, puzzles).double(),
            problem.position_accuracy(answers, puzzles).double(),
            problem.confidence(logits, puzzles).double(),
        ]
    )


def default_batch(model: Thinker, puzzles: Puzzles) -> int:
    """As many puzzles as fit a cache, or fill a GPU; batches of one size."""
    device = device_of(model)
    with torch.inference_mode():
        features = model.features(model.start(model.see(puzzles[:1].to(device).x)))
    budget = STATE_BYTES["cuda" if device.type == "cuda" else "cpu"]
    most = max(1, budget // (features.numel() * features.element_size()))
    return math.ceil(len(puzzles) / math.ceil(len(puzzles) / most))  # batches of one size: none has few puzzles


def device_of(model: Thinker) -> torch.device:
    """Where a net is; the CPU for one without parameters."""
    first = next(model.parameters(), None)
    return torch.device("cpu") if first is None else first.device
