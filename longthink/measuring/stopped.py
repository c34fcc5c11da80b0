"""What comes of puzzles that are thought about until a stop rule says that it is enough."""

import time
from typing import Literal, cast

import pandas as pd
import torch

from longthink.base.errors import UserError
from longthink.contracts import Puzzles, Stop, Thinker
from longthink.measuring.sweep import device_of
from longthink.thinking.best_so_far import best_so_far
from longthink.thinking.loop import think

Read = Literal["last", "most_confident"]
BATCH = 100
"""Puzzles at a time."""


def outcome(
    model: Thinker, puzzles: Puzzles, stop: Stop, budget: int, read: Read = "last", batch: int = BATCH
) -> pd.DataFrame:
    """What comes of each puzzle, if a stop rule ends the thought about it, or else the budget.

    Args:
        model: a recurrent net.
        puzzles: what it thinks about.
        stop: when it is enough.
        budget: the most iterations.
        read: which answer counts: that of the thought at the stop, or of the most confident one until then, where the
            later of two equals counts (section 4.3).
        batch: puzzles at a time.

    Returns:
        A row for each puzzle: `accuracy`, 1 if it is solved by the answer that counts, else 0; `stopped`, whether the
        rule stopped it; `used`, its iterations; `seconds`, its share of the time that its batch took.

    Raises:
        UserError: a batch below 1; as the rule does.

    >>> import longthink as lt
    >>> net, puzzles = lt.load("prefix_sums"), lt.problem("prefix_sums").sample(level=48, count=20)
    >>> found = outcome(net, puzzles, lt.stop("settled"), budget=500)
    >>> bool(found["accuracy"].all()), bool(found["stopped"].all()), bool(found["used"].max() < 100)
    (True, True, True)
    """
    if batch < 1:
        raise UserError(f"Puzzles are worked on 1 or more at a time, not {batch}.")
    puzzles = puzzles.to(device_of(model))
    parts = [puzzles[first : first + batch] for first in range(0, len(puzzles), batch)]
    with torch.inference_mode():
        return pd.concat([_of_batch(model, part, stop, budget, read) for part in parts], ignore_index=True)


def _of_batch(model: Thinker, puzzles: Puzzles, stop: Stop, budget: int, read: Read) -> pd.DataFrame:
    begun, solved = time.perf_counter(), torch.zeros(len(puzzles), dtype=torch.float64, device=puzzles.y.device)
    thoughts = think(model, puzzles, budget, stop, retire=True)
    for thought in best_so_far(thoughts) if read == "most_confident" else thoughts:
        assert thought.stops is not None
        leaves = thought.stops.stopped[thought.which]
        if leaves.any():
            about, which = cast(Puzzles, thought.puzzles), cast(torch.Tensor, thought.which)
            right = about.problem.correct(about.problem.answer(thought.read(), about), about)
            solved[which[leaves]] = right[leaves].double()
    assert thought.stops is not None
    rows = {
        "accuracy": solved.cpu().numpy(),
        "stopped": [why != "limit" for why in thought.stops.why],
        "used": thought.stops.steps.cpu().numpy(),
    }
    return pd.DataFrame(rows).assign(seconds=(time.perf_counter() - begun) / len(puzzles))
