"""In which order a two-layer net learns the irreps of a group, and where its loss rests between: theory and runs.

From vanishing weights, all neurons are dormant at first. Each turns to where its utility is greatest, the correlation
of what it says with what is still to be learned; those that get there first grow, and learn one irrep; then the others
go on (alternating gradient flows; Marchetti et al. 2026, arXiv 2602.03655, sections 4 and 5).
"""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from longthink.problems.groups.group import Group

LEARNED = 0.5
"""An irrep is learned from when the output has this share of its power on."""

NO_POWER = 1e-9
"""A share of the template's power that is none."""


def predicted(group: Group, template: NDArray[np.float64], k: int) -> pd.DataFrame:
    """The steps of the staircase, in order: columns `component`, `power`, `utility`, `before`, `after` (the loss).

    The greatest utility of a neuron of norm 1 in a component of dimension d, with s the largest singular value of the
    template's coefficient, is k! (C d)^((1 - k) / 2) (s / sqrt(n (k + 1)))^(k + 1); C is 1 for real irreps, else 2. The
    loss, half a squared distance, falls by half the power of what is learned. What has no power is never learned.

    >>> steps = predicted(Group.named("C5"), Group.named("C5").template([1.0, 3.0]), k=2)
    >>> steps["component"].tolist(), steps["after"].round(3).tolist()
    (["1'''", "1'"], [0.5, 0.0])
    """
    coefficients, power = group.fourier(template), group.power(template)
    rows = []
    for some in group.components[1:]:
        if power[list(some)].sum() < NO_POWER * power.sum():
            continue
        irrep = group.irreps[some[0]]
        largest = np.linalg.norm(coefficients[some[0]], 2)
        shared = (1 if irrep.kind == "real" else 2) * irrep.dimension
        utility = math.factorial(k) * shared ** ((1 - k) / 2) * (largest / math.sqrt(group.order * (k + 1))) ** (k + 1)
        rows.append({"component": irrep.name, "power": power[list(some)].sum(), "utility": utility})
    steps = pd.DataFrame(rows).sort_values("utility", ascending=False, kind="stable", ignore_index=True)
    learned = steps["power"].cumsum()
    whole = learned.iloc[-1]
    return steps.assign(before=(whole - learned + steps["power"]) / 2, after=((whole - learned) / 2).clip(lower=0))


def observed(history: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """What a run did: columns `component`, `at`, `loss` (where it rested then), in order.

    `history` has the columns `step`, `loss` and `power NAME` of a training. `at` is the step at which the power was
    half reached, between two rows by a straight line; components that were not learned are left out. The loss rests
    where it changes the least from there to the next, or to the end.
    """
    found = []
    for component, power in zip(steps["component"], steps["power"], strict=True):
        share = history[f"power {component}"].to_numpy() / power
        if share.max() >= LEARNED:
            row = int((share >= LEARNED).argmax())
            some = slice(max(0, row - 1), row + 1)
            found.append((float(np.interp(LEARNED, share[some], history["step"][some])), component))
    found.sort()
    ends = [at for at, _ in found[1:]] + [float(history["step"].iloc[-1])]
    return pd.DataFrame(
        [
            {"component": component, "at": at, "loss": _resting(history, at, end)}
            for (at, component), end in zip(found, ends, strict=False)  # without any, there is no end
        ],
        columns=["component", "at", "loss"],
    )


def in_order(found: Sequence[str], steps: pd.DataFrame) -> float:
    """The share of the predicted steps that a run took in their place."""
    places = zip(found, steps["component"], strict=False)
    return sum(bool(one == other) for one, other in places) / len(steps)


def off_by(found: pd.DataFrame, steps: pd.DataFrame) -> float:
    """How far the plateaus are from where they should be, on the average, as a share of the loss at the start.

    For each predicted step, after as many were taken; a step that was not taken counts with all that it leaves.
    """
    rested = [*found["loss"], *[found["loss"].iloc[-1] if len(found) else steps["before"].iloc[0]] * len(steps)]
    differences = np.abs(np.array(rested[: len(steps)]) - steps["after"].to_numpy())
    return float(differences.mean() / steps["before"].iloc[0])


def _resting(history: pd.DataFrame, begin: float, end: float) -> float:
    """The loss where it changes the least between two steps of training; halfway between them if no two rows are."""
    losses = history["loss"][history["step"].between(begin, end)].to_numpy()
    if len(losses) < 2:
        return float(np.interp((begin + end) / 2, history["step"], history["loss"]))
    return float(losses[np.abs(np.diff(losses)).argmin() + 1])
