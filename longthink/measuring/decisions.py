"""When a net decides, and which known algorithm it agrees with; what it says on the way -> rows."""

from typing import Any

import pandas as pd
import torch

from longthink.base.errors import UserError
from longthink.contracts import Puzzles, Thinker
from longthink.measuring.sweep import device_of
from longthink.thinking.loop import think
from longthink.thinking.stops import Settled


def decisions(model: Thinker, puzzles: Puzzles, limit: int, tolerance: float | None = None) -> pd.DataFrame:
    """When a net decided, and what known algorithms need for the same puzzles.

    Args:
        model: the net.
        puzzles: of a problem that has `algorithms`; of others, rows tell of the net alone.
        limit: the most iterations; a puzzle is thought about until the state has settled.
        tolerance: compute only what still moves (see `thinking.local`), which large grids want.

    Returns:
        A row for each puzzle: its `level`, whether it is `solved` in the end, and `decided`, the last iteration that
        changed the answer at a position that counts. For each of the problem's algorithms, NAME is its number of
        rounds, and NAME_agreement the rank correlation (Spearman), over the positions that the algorithm decides, of
        its rounds with the iterations at which the net last changed its answer there.

    Raises:
        UserError: a limit below 0 or beyond the net's own, a tolerance with a net that is not local.

    >>> import longthink as lt
    >>> rows = decisions(lt.load("prefix_sums"), lt.problem("prefix_sums").sample(level=64, count=3), limit=200)
    >>> rows["solved"].tolist(), rows["scan"].tolist(), bool(rows["scan_agreement"].min() > 0.8)
    ([True, True, True], [64, 64, 64], True)
    """
    device, puzzles, found = device_of(model), puzzles.to("cpu"), []
    for index in range(len(puzzles)):
        one = puzzles[index : index + 1]
        decided, answers = _decided_at(model, one.to(device), limit, tolerance)
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
    model: Thinker, puzzles: Puzzles, limit: int, tolerance: float | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """The last iteration that changed the answer (B, *P), and the last answer, both on the CPU."""
    answers = decided = torch.zeros(())
    with torch.inference_mode():
        stop = Settled() if tolerance is None else Settled(tolerance=0)
        for thought in think(model, puzzles, limit, stop, tolerance=tolerance):
            now = puzzles.problem.answer(thought.read(), puzzles)
            if thought.iteration == 1:
                answers, decided = now, torch.ones_like(now)
            decided = torch.where(now != answers, thought.iteration, decided)
            answers = now
    return decided.cpu(), answers.cpu()


def trace(model: Thinker, puzzles: Puzzles, iterations: int) -> pd.DataFrame:
    """What a net says at each position of a string, iteration by iteration (figure 4.2).

    Args:
        model: the net.
        puzzles: of which the first is thought about; each position of a line has an answer.
        iterations: how long to think.

    Returns:
        A row for each iteration and position: the `probability` of class 1, or with more `classes` than two that of the
        target. The columns `input`, a value or the number of a symbol, and `target` repeat the puzzle.

    Raises:
        UserError: puzzles that are no strings, iterations beyond the net's own.

    >>> import longthink as lt
    >>> rows = trace(lt.load("prefix_sums"), lt.problem("prefix_sums").view.parse("1101"), iterations=30)
    >>> rows[rows["iteration"] == 30]["probability"].round().tolist()
    [1.0, 0.0, 0.0, 1.0]
    """
    one = puzzles[:1].to(device_of(model))
    if one.y.ndim != 2 or not isinstance(one.x, torch.Tensor):
        raise UserError("A trace is of a string: of a problem with an answer for each position of a line.")
    classes = one.problem.spec.outputs
    asked = one.y if classes > 2 else torch.ones_like(one.y)
    tokens = one.problem.spec.vocabulary is not None
    symbols = one.x[0] if tokens else one.x[0, 0] if one.x.shape[1] == 1 else one.x[0].argmax(0)
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
