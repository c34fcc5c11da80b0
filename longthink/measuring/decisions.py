"""When a net decides, and which known algorithm it agrees with; what it says on the way -> rows."""

from typing import Any

import pandas as pd
import torch

from longthink.contracts import Puzzles, Thinker
from longthink.measuring.sweep import device_of
from longthink.thinking.loop import think
from longthink.thinking.stops import Settled


def decisions(model: Thinker, puzzles: Puzzles, iterations: int, tolerance: float | None = None) -> pd.DataFrame:
    """One row for each puzzle: whether it is solved in the end, when the net decided, and what known algorithms need.

    `decided` is the last iteration that changed the answer at a position that counts. For each of the problem's
    algorithms, NAME is its number of rounds, and NAME_agreement the rank correlation (Spearman), over the positions
    that the algorithm decides, of its rounds with the iterations at which the net last changed its answer there.
    """
    device, found = device_of(model), []
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
        stop = Settled() if tolerance is None else Settled(tolerance=0)
        for thought in think(model, puzzles, iterations, stop, tolerance=tolerance):
            now = puzzles.problem.answer(thought.read(), puzzles)
            if thought.iteration == 1:
                answers, decided = now, torch.ones_like(now)
            decided = torch.where(now != answers, thought.iteration, decided)
            answers = now
    return decided.cpu(), answers.cpu()


def trace(model: Thinker, puzzles: Puzzles, iterations: int) -> pd.DataFrame:
    """One row for each iteration and position of the first puzzle of a string problem: the probability of class 1.

    With more `classes` than two it is that of the target. The columns `input`, a value or the number of a symbol, and
    `target` repeat the puzzle (figure 4.2).
    """
    one = puzzles[:1].to(device_of(model))
    classes = one.problem.spec.outputs
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
