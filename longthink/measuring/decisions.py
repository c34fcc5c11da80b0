"""When a net decides, and which known algorithm it agrees with; what it says on the way -> rows."""

from math import nan
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Puzzles, Thinker
from longthink.measuring.sweep import device_of
from longthink.registry import name_of
from longthink.thinking.loop import think
from longthink.thinking.stops import Settled

NOTHING = 1e-9
"""Of the squares of ranks, as a share: rounding."""


def decisions(
    model: Thinker, puzzles: Puzzles, limit: int, tolerance: float | None = None, beyond: str | None = None
) -> pd.DataFrame:
    """When a net decided, and what known algorithms need for the same puzzles.

    Args:
        model: the net.
        puzzles: of a problem that has `algorithms`; of others, rows tell of the net alone.
        limit: the most iterations; a puzzle is thought about until the state has settled.
        tolerance: compute only what still moves (see `thinking.local`), which large grids want.
        beyond: one of the algorithms. All have much in common, so agreements with others are then partial ones: what is
            left of them between positions that this one decides in the same round (partial rank correlation).

    Returns:
        A row for each puzzle: its `level`, whether it is `solved` in the end, and `decided`, the last iteration that
        changed the answer at a position that counts. For each of the problem's algorithms, NAME is its number of
        rounds, and NAME_agreement the rank correlation (Spearman), over the positions that the algorithm decides, of
        its rounds with the iterations at which the net last changed its answer there. It is 0 for a net that decides
        all at once, and not a number where the algorithm has no order of its own.

    Raises:
        UserError: a limit below 0 or beyond the net's own, a tolerance with a net that is not local, a name that is
            none of the algorithms.

    >>> import longthink as lt
    >>> rows = decisions(lt.load("prefix_sums"), lt.problem("prefix_sums").sample(level=64, count=3), limit=200)
    >>> rows["solved"].tolist(), rows["scan"].tolist(), bool(rows["scan_agreement"].min() > 0.8)
    ([True, True, True], [64, 64, 64], True)
    """
    device, puzzles, found = device_of(model), puzzles.to("cpu"), []
    if beyond is not None:
        known_algorithm(puzzles, beyond)
    for index in range(len(puzzles)):
        one = puzzles[index : index + 1]
        decided, answers = _decided_at(model, one.to(device), limit, tolerance)
        counted = torch.ones_like(one.y, dtype=torch.bool) if one.mask is None else one.mask
        row: dict[str, Any] = {
            "level": one.level,
            "solved": bool(one.problem.correct(answers, one)),
            "decided": int(decided[counted].max()),
        }
        algorithms = one.problem.algorithms(one)
        for name, rounds in algorithms.items():
            row[name] = rounds.max().item()
            row[f"{name}_agreement"] = (
                agreement(decided, rounds, None if beyond is None else algorithms[beyond]) if name != beyond else nan
            )
        found.append(row)
    return pd.DataFrame(found)


def known_algorithm(puzzles: Puzzles, name: str) -> None:
    """Raises UserError for a name that is none of the algorithms of a problem."""
    known = puzzles.problem.algorithms(puzzles[:1])
    if name not in known:
        has = f"it has {', '.join(known)}" if known else "it has none"
        raise UserError(f"{name_of(type(puzzles.problem))} has no algorithm {name}; {has}.")


def agreement(iterations: Tensor, rounds: Tensor, held: Tensor | None = None) -> float:
    """The rank correlation of iterations with an algorithm's rounds, over positions that it decides, all of one shape.

    `held`: rounds of another algorithm; then the partial one, given those, over positions that both decide. 0 where
    all iterations are the same, NaN where nothing is left of the order of the rounds.

    >>> agreement(torch.tensor([1, 2, 5, 9]), torch.tensor([1, 2, 3, 0]))
    1.0
    >>> agreement(torch.tensor([1, 2, 3, 4]), torch.tensor([1, 2, 1, 2]), held=torch.tensor([1, 1, 2, 2]))
    1.0
    """
    counted = rounds > 0 if held is None else (rounds > 0) & (held > 0)
    net, own = (_ranks(some[counted]) for some in (iterations, rounds))
    if held is not None:
        other = _ranks(held[counted])
        net, own = _without(net, other), _without(own, other)
    if own.square().sum() <= NOTHING * len(own) ** 2:
        return nan
    if net.square().sum() <= NOTHING * len(net) ** 2:
        return 0.0
    return round(float(net @ own / (net.norm() * own.norm())), 12)


def _ranks(values: Tensor) -> Tensor:
    """The ranks of values (n,), ties at their mean, less the mean rank."""
    ranks = torch.from_numpy(pd.Series(values.numpy()).rank().to_numpy(copy=True))
    return ranks - ranks.mean() if len(ranks) else ranks


def _without(ranks: Tensor, others: Tensor) -> Tensor:
    """What is left of ranks once what other ranks tell of them is taken away."""
    return ranks - others * (ranks @ others) / (others @ others).clip(1e-12)


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
