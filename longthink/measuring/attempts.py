"""How much a net solves where a stop rule ends each thought, and where there are several attempts at each puzzle."""

import time
from collections.abc import Callable

import pandas as pd
import torch

from longthink.base.errors import UserError
from longthink.contracts import Attempts, Choice, Either, Puzzles, Stop, Thinker
from longthink.measuring.sweep import default_batch, device_of
from longthink.registry import name_of
from longthink.thinking.breadth import PLAIN, Breadth, Read, attempt
from longthink.thinking.choices import best_for


def attempted(
    model: Thinker,
    puzzles: Puzzles,
    limit: int,
    stop: Stop | None = None,
    breadth: Breadth = PLAIN,
    choice: Choice | None = None,
    read: Read = "last",
    batch: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """What a net solves with one attempt at each puzzle, and with more.

    Args:
        model: the net.
        puzzles: what it thinks about.
        limit: the most iterations of an attempt.
        stop: the rule that ends each, by default that the state has settled.
        breadth: how many attempts, and how they differ.
        choice: which of them counts, by default `choices.best_for` the problem.
        read: which answer of an attempt counts, see `attempt`.
        batch: puzzles at a time, by default as many as fit a cache.
        progress: is told after each batch how many puzzles it had.

    Returns:
        A row for 1, 2, 4, ... `attempts`, up to all: `accuracy` of the attempts that count; `any`, the share of puzzles
        that one of the attempts solves, which no choice can exceed; `stopped`, the share for which the rule ended the
        one that counts; `iterations` and `seconds`, the means over puzzles of what all attempts took together. Seconds
        are those of the whole measurement, in proportion to the iterations.

    Raises:
        UserError: a batch below 1; as `attempt` does.

    >>> import longthink as lt
    >>> net, puzzles = lt.load("prefix_sums"), lt.problem("prefix_sums").sample(level=48, count=20)
    >>> attempted(net, puzzles, limit=500)[["attempts", "accuracy", "any", "stopped"]].values.tolist()
    [[1.0, 1.0, 1.0, 1.0]]
    """
    if batch is not None and batch < 1:
        raise UserError(f"Puzzles are worked on 1 or more at a time, not {batch}.")
    choice = best_for(puzzles.problem) if choice is None else choice
    counts = sorted({breadth.attempts, *(2**power for power in range(breadth.attempts.bit_length()))})
    batch = batch or default_batch(model, puzzles)
    begun, parts = time.perf_counter(), []
    for first in range(0, len(puzzles), batch):
        some = puzzles[first : first + batch].to(device_of(model))
        attempts = attempt(model, some, limit, stop, breadth, choice, read)
        parts.append(pd.concat([_of(attempts, count, choice, some) for count in counts]))
        if progress is not None:
            progress(len(some))
    seconds = time.perf_counter() - begun
    rows = pd.concat(parts).groupby("attempts", as_index=False).mean()
    rows["seconds"] = seconds / len(puzzles) * rows["iterations"] / rows["iterations"].iloc[-1]
    return rows


def _of(attempts: Attempts, count: int, choice: Choice, puzzles: Puzzles) -> pd.DataFrame:
    """A row for each puzzle, with no more than so many attempts."""
    some = attempts.first(count)
    right = torch.stack([puzzles.problem.correct(answers, puzzles) for answers in some.answers]) & (some.steps > 0)
    chosen = some.chosen(choice)[None]
    return pd.DataFrame(
        {
            "attempts": count,
            "accuracy": right.gather(0, chosen)[0].double().cpu().numpy(),
            "any": right.any(0).double().cpu().numpy(),
            "stopped": some.stopped.gather(0, chosen)[0].double().cpu().numpy(),
            "iterations": some.steps.sum(0).double().cpu().numpy(),
        }
    )


def says(rule: Stop | Choice) -> str:
    """The name of a stop rule or a choice, with those of its options that are not as usual.

    >>> import longthink as lt
    >>> says(lt.stop("settled", tolerance=0.001)), says(lt.stop("residual", last=5)), says(lt.stop("at_rest"))
    ('settled 0.001', 'residual last 5', 'at rest')
    >>> says(lt.stop("settled") | lt.stop("budget", iterations=100))
    'settled or budget 100'
    """
    if isinstance(rule, Either):
        return " or ".join(map(says, rule.rules))
    first = next(iter(type(rule).model_fields), None)
    options = rule.model_dump(exclude_defaults=True).items()
    told = (f" {value}" if name == first else f" {name} {value}" for name, value in options)
    return f"{name_of(type(rule))}{''.join(told)}".replace("_", " ")
