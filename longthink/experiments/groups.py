"""Products in groups: how two-layer nets learn them, and nets that solve far longer ones than in training."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from longthink import figures
from longthink.experiment import Experiment, Row, Scale, at_least
from longthink.groups import Group
from longthink.readings import Reading, Stepped
from longthink.recipes.laptop import group_products_laptop, staircase
from longthink.seeds import generator
from longthink.staircase import predicted

GROUPS: Mapping[str, Mapping[str, Any]] = {
    "C3": {},
    "S3": {},
    "Q8": {},
    "A5": {},
    "S5": {"batch": 128, "steps": 2000},
}
"""And what a group needs that others do not."""
STAIRCASES: Mapping[str, tuple[int, int, float, int]] = {
    "C11": (2, 150, 0.02, 1500),
    "C5xC5": (2, 500, 0.02, 2500),
    "D5": (2, 200, 0.05, 1000),
    "O": (2, 500, 0.025, 2500),
    "C10": (3, 500, 0.01, 1500),
    "C4xC4": (3, 600, 0.01, 3500),
}
"""k, the width of the net, the length of Euler's steps, and their number."""
LEAST_UTILITY = 0.2
"""Of the irrep that is learned last, where that of the first is 1."""
LONG = (Reading(level=512, iterations=12, fixed=9, count=500), Reading(level=4096, iterations=16, fixed=12, count=100))
"""Read after as many iterations as they are doublings long."""


def group_products(scale: Scale) -> Experiment:  # noqa: ARG001
    """Products of at most 32 elements in training, of 512 and 4,096 in the test, in five groups (our own question).

    Command: longthink reproduce group-products --seeds 5
    Expected: nothing is published; the nets are small at both scales.
    """
    base = group_products_laptop()
    rows = tuple(Row(group, base.revised({"problem.group": group, **changes})) for group, changes in GROUPS.items())
    return Experiment(
        title="Products in groups, from 32 elements to 4,096",
        beyond=True,
        rows=rows,
        readings=LONG,
        claims=tuple(at_least(1.0, row.name, reading) for reading in LONG for row in rows),
    )


def staircases(scale: Scale) -> Experiment:  # noqa: ARG001
    """Two-layer nets that learn a group by gradient flow, irrep by irrep, against theory's order and heights.

    Command: longthink reproduce staircases --seeds 3
    Expected: the order of the irreps' utilities; plateaus at half the power that is not learned yet (arXiv 2602.03655).
    """
    rows, reading = [], Stepped(level=2, iterations=1)
    for name, (k, width, lr, steps) in STAIRCASES.items():
        group = Group.named(name)
        options = {
            "problem.group": name,
            "problem.power": _even_steps(group, k),
            "model.width": width,
            "model.length": k,
            "curriculum.lowest": k,
            "curriculum.highest": k,
            "batch": group.order**k,
            "validation.count": group.order**k,
            "validation.every": steps,
            "optimiser.lr": lr,
            "steps": steps,
        }
        rows.append(Row(f"{name}, k = {k}", staircase().revised(options)))
    return Experiment(
        title="Staircases: a group is learned one representation after the other",
        beyond=True,
        rows=tuple(rows),
        readings=(reading,),
        claims=tuple(at_least(1.0, row.name, reading) for row in rows),
        figure=figures.staircases,
    )


def _even_steps(group: Group, k: int) -> list[float]:
    """Powers for which the utilities of the components go from 1 down to a fifth by even factors, in a drawn order."""
    number = len(group.components) - 1
    places = generator("staircases", group.order, k).permutation(number)
    wanted = LEAST_UTILITY ** (places / max(1, number - 1))
    of_power_one = predicted(group, group.template([1.0] * number), k).set_index("component")["utility"]
    unit = np.array([of_power_one[group.irreps[some[0]].name] for some in group.components[1:]])
    powers: list[float] = ((wanted / unit) ** (2 / (k + 1))).round(6).tolist()  # utilities go with power^((k + 1) / 2)
    return powers


def group_products_parts(scale: Scale) -> Experiment:  # noqa: ARG001
    """What the net for products in A5 needs: one part less at a time, all else the same (our own question).

    Command: longthink reproduce group-products-parts --seeds 3
    Expected: nothing is published.
    """
    base = group_products_laptop()
    without_product = {
        "model": "doubling",
        "model.width": 64,
        "model.head": [64, 64],
        "stabilisers.start_noise": 0.0,
        "stabilisers.state_noise": 0.1,
    }
    no_noise = {"stabilisers.start_noise": 0.0, "stabilisers.state_noise": 0.0}
    rows = (
        Row("the recipe", base),
        Row("without noise", base.revised(no_noise)),
        Row("without the clean-up", base.revised({"model.cleanup": 0})),
        Row("without the moving average", base.revised({"stabilisers.ema": None})),
        Row("without the curriculum", base.revised({"curriculum.start": 32})),
        Row("generators alone", base.revised({"problem.feed": "generators"})),
        Row("convolutions instead of products", base.revised(without_product)),
    )
    at_32 = Reading(level=32, iterations=8, fixed=5, count=500)
    return Experiment(
        title="Products in A5: what the net needs",
        beyond=True,
        rows=rows,
        readings=(at_32, LONG[0]),
    )
