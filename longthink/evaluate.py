"""Measuring: accuracy, confidence and change at every asked iteration, in one pass over the thoughts.

Nothing of an iteration is kept but its sums, so memory does not depend on how many iterations there are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from longthink.contracts import Problem, Puzzles, Split, Thinker, plugin_name
from longthink.errors import UserError
from longthink.files import atomic
from longthink.frontier import thoughts
from longthink.memory import keep_freed_memory
from longthink.runs import Run
from longthink.thinking import think

Exit = Literal["default", "max_confidence"]
READINGS = 50
"""Measurements along a test, unless it is said otherwise."""
BATCH_BYTES = 2**28
"""Of puzzles that are held in memory at once when any number of them is wanted."""
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
) -> pd.DataFrame:
    """One row for each asked iteration: shares of puzzles and positions right, confidence, and change of the state.

    `exit_rule` "default" reads the output of the iteration itself; "max_confidence" reads, for each puzzle, that of
    the most confident iteration so far (section 4.3; every iteration counts, the later one among equals).
    Puzzles are worked on `batch` at a time, by default as many as fit a cache; a batch that does not fit the memory is
    halved until it does. `labels` become further columns. `change` is that of `Thought.change`.
    With a `tolerance`, only what still moves is computed (see `frontier.think_locally`), which large grids want.
    Raises UserError for iterations below 1 or beyond the net's own, and for a tolerance with a net that is not local.

    >>> import longthink as lt
    >>> rows = lt.sweep(lt.load("prefix_sums"), lt.problem("prefix_sums").sample(64, 10), iterations=[5, 100])
    >>> rows[["level", "iteration", "accuracy"]].values.tolist()
    [[64.0, 5.0, 0.0], [64.0, 100.0, 1.0]]
    """
    asked = sorted(set(iterations))
    if not asked or asked[0] < 1:
        raise UserError("Ask for the accuracy at iterations of 1 or more.")
    batch = batch or _default_batch(model, puzzles)
    keep_freed_memory()
    sums = np.zeros((len(asked), len(MEASURES)))
    with torch.inference_mode():
        for first in range(0, len(puzzles), batch):
            sums += _sums(model, puzzles[first : first + batch], asked, exit_rule, tolerance)
    rows = pd.DataFrame(
        {
            "problem": plugin_name(type(puzzles.problem)),
            "level": puzzles.level,
            "model": plugin_name(type(model)),
            **(labels or {}),
            "puzzles": len(puzzles),
            "exit": exit_rule,
            "iteration": asked,
        }
    )
    rows[list(MEASURES)] = sums / len(puzzles)
    return rows


def compare(
    runs: Sequence[Run],
    levels: Sequence[int] | None = None,
    iterations: int = 400,
    every: int | None = None,
    count: int = 1000,
    seed: int = 0,
    exit_rule: str = "default",
    progress: bool = True,
    tolerance: float | None = None,
    changes: Mapping[str, Any] | None = None,
    split: Split = "test",
) -> pd.DataFrame:
    """Sweeps of runs at several levels (by default the problem's hard ones), on the same puzzles of a split.

    `changes`: options of the problem that are other than in training, like problem.source.
    Columns beside those of `sweep`: `series`, the recipe's name; `seed`, the recipe's; `regime`, the most iterations in
    training. A net that cannot take so many iterations takes all it can.
    """
    if exit_rule not in get_args(Exit):
        raise UserError(f"The exit rule is one of {', '.join(get_args(Exit))}, not '{exit_rule}'.")
    if iterations < 1 or (every or 1) < 1:
        raise UserError("Think for at least 1 iteration, and measure every 1 or more.")
    wrong = next((option for option in changes or () if not option.startswith("problem.")), None)
    if wrong is not None:
        raise UserError(f"A test can change options of the problem, like problem.source, and not '{wrong}'.")
    step = every or max(1, iterations // READINGS)
    asked = {*range(step, iterations, step), iterations}
    tables = []
    for run in tqdm(runs, unit="run", disable=None if progress else True):
        recipe, model = run.recipe(), run.model()
        labels = {"series": recipe.name, "seed": recipe.seed, "regime": recipe.regime}
        possible = {min(iteration, model.limit or iteration) for iteration in asked}
        problem = recipe.revised(changes or {}).problem
        for level in levels or problem.hard:
            puzzles = problem.sample(level, count, seed, split)
            tables.append(sweep(model, puzzles, possible, cast(Exit, exit_rule), labels=labels, tolerance=tolerance))
    return pd.concat(tables, ignore_index=True)


def batches(problem: Problem, level: int, count: int, seed: int = 0, split: Split = "test") -> Iterator[Puzzles]:
    """`count` puzzles in batches that fit the memory; one batch is what `sample` gives without an index.

    Puzzles of one batch differ from each other; those of different batches are independent.
    """
    one = problem.sample(level, 1, seed, split)
    size = sum(tensor.numel() * tensor.element_size() for tensor in (one.x, one.y))
    at_once = max(1, BATCH_BYTES // size)
    for index, first in enumerate(range(0, count, at_once)):
        yield problem.sample(level, min(at_once, count - first), seed, split, index)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Peak and final accuracy of every series, level and seed, from the rows of `sweep`."""
    found = []
    for key, group in rows.groupby(["series", "level", "seed"], sort=True):
        best, last = group.iloc[group["accuracy"].argmax()], group.iloc[group["iteration"].argmax()]
        found.append(
            {
                **dict(zip(("series", "level", "seed"), key, strict=True)),
                "puzzles": last["puzzles"],
                "peak": best["accuracy"],
                "at": best["iteration"],
                "final": last["accuracy"],
                "iterations": last["iteration"],
            }
        )
    return pd.DataFrame(found)


def trace(model: Thinker, puzzles: Puzzles, iterations: int) -> pd.DataFrame:
    """One row for each iteration and position of the first puzzle of a string problem: the probability of class 1.

    With more `classes` than two it is that of the target. The columns `input`, a value or the number of a symbol, and
    `target` repeat the puzzle (figure 4.2).
    """
    one = puzzles[:1].to(_device(model))
    classes = one.problem.classes
    asked = one.y if classes > 2 else torch.ones_like(one.y)
    symbols = one.x[0, 0] if one.x.shape[1] == 1 else one.x[0].argmax(0)
    tables = []
    with torch.inference_mode():
        for thought in think(model, one.x, iterations):
            probability = thought.read().softmax(1).gather(1, asked[:, None]).flatten().tolist()
            tables.append(
                pd.DataFrame(
                    {
                        "iteration": thought.iteration,
                        "position": range(len(probability)),
                        "classes": classes,
                        "input": symbols.flatten().tolist(),
                        "target": one.y[0].flatten().tolist(),
                        "probability": probability,
                    }
                )
            )
    return pd.concat(tables, ignore_index=True)


def decisions(model: Thinker, puzzles: Puzzles, iterations: int, tolerance: float | None = None) -> pd.DataFrame:
    """One row for each puzzle: whether it is solved in the end, when the net decided, and what known algorithms need.

    `decided` is the last iteration that changed the answer at a position that counts. For each of the problem's
    algorithms, NAME is its number of rounds, and NAME_agreement the rank correlation (Spearman), over the positions
    that the algorithm decides, of its rounds with the iterations at which the net last changed its answer there.
    """
    device, found = _device(model), []
    keep_freed_memory()
    for index in range(len(puzzles)):
        one = puzzles[index : index + 1]
        decided, answers = _decided_at(model, one.to(device), iterations, tolerance)
        counted = torch.ones_like(one.y, dtype=torch.bool) if one.mask is None else one.mask
        row: dict[str, Any] = {
            "level": one.level,
            "solved": bool(one.problem.correct(answers, one)),
            "decided": int(decided[counted].max()),
        }
        for name, rounds in one.problem.algorithms(one).items():
            both = pd.DataFrame({"rounds": rounds[rounds > 0].numpy(), "iterations": decided[rounds > 0].numpy()})
            row[name] = both["rounds"].max()
            row[f"{name}_agreement"] = both.corr(method="spearman").iloc[0, 1]
        found.append(row)
    return pd.DataFrame(found)


def _decided_at(
    model: Thinker, puzzles: Puzzles, iterations: int, tolerance: float | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """The last iteration that changed the answer (B, *P), and the last answer, both on the CPU."""
    answers = decided = torch.zeros(())
    with torch.inference_mode():
        for thought in thoughts(model, puzzles.x, iterations, tolerance):
            now = puzzles.problem.answer(thought.read(), puzzles)
            if thought.iteration == 1:
                answers, decided = now, torch.ones_like(now)
            decided = torch.where(now != answers, thought.iteration, decided)
            answers = now
            if thought.settled:
                break
    return decided.cpu(), answers.cpu()


def save_rows(rows: pd.DataFrame, path: Path) -> Path:
    """Write rows as .csv or, with pyarrow installed, .parquet. Raises UserError for another ending, or without it."""
    if path.suffix not in (".csv", ".parquet"):
        raise UserError(f"Rows are written as .csv or .parquet, not as '{path.suffix}'.")
    with atomic(path) as partial:
        if path.suffix == ".csv":
            rows.to_csv(partial, index=False)
        else:
            try:
                rows.to_parquet(partial, index=False)
            except ImportError as error:
                raise UserError("Parquet needs pyarrow: pip install 'longthink[parquet]'.") from error
    return path


def accuracy(model: Thinker, puzzles: Puzzles, iterations: int) -> float:
    """The share of puzzles solved after so many iterations."""
    return float(sweep(model, puzzles, [iterations])["accuracy"].iloc[0])


def _sums(
    model: Thinker, puzzles: Puzzles, asked: list[int], exit_rule: Exit, tolerance: float | None
) -> NDArray[np.float64]:
    """The measures at each asked iteration, summed over puzzles: (iterations, measures). Halves what does not fit."""
    try:
        return _sums_at_once(model, puzzles.to(_device(model)), asked, exit_rule, tolerance)
    except (torch.OutOfMemoryError, RuntimeError) as error:
        if not isinstance(error, torch.OutOfMemoryError) and "not enough memory" not in str(error):
            raise
    # Outside the except, so that the failed attempt's tensors are free again.
    if len(puzzles) == 1:
        raise UserError(f"One puzzle of level {puzzles.level} does not fit the memory; take a lower level.")
    half = len(puzzles) // 2
    halves = puzzles[:half], puzzles[half:]
    return sum((_sums(model, part, asked, exit_rule, tolerance) for part in halves), np.zeros(()))


def _sums_at_once(
    model: Thinker, puzzles: Puzzles, asked: list[int], exit_rule: Exit, tolerance: float | None
) -> NDArray[np.float64]:
    rows = {iteration: row for row, iteration in enumerate(asked)}
    sums = torch.zeros(len(asked), len(MEASURES), dtype=torch.float64, device=puzzles.x.device)
    best: torch.Tensor | None = None
    for thought in thoughts(model, puzzles.x, asked[-1], tolerance):
        row = rows.get(thought.iteration)
        if row is None and exit_rule == "default":
            continue
        measures = _measures(puzzles.problem, thought.read(), puzzles)
        if exit_rule == "max_confidence":
            if best is not None:
                measures = torch.where(measures[2] >= best[2], measures, best)
            best = measures
        if row is not None:
            sums[row, :3] = measures.sum(1)
            sums[row, 3] = thought.change.double().sum()
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


def _default_batch(model: Thinker, puzzles: Puzzles) -> int:
    device = _device(model)
    with torch.inference_mode():
        features = model.features(model.start(model.see(puzzles.x[:1].to(device))))
    budget = STATE_BYTES["cuda" if device.type == "cuda" else "cpu"]
    return max(1, budget // (features.numel() * features.element_size()))


def _device(model: Thinker) -> torch.device:
    return next(model.parameters()).device
