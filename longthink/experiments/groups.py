"""Products in groups, trained on at most 32 elements and tested on far more: a question that nobody has numbers for."""

from collections.abc import Mapping
from typing import Any

from longthink.experiment import Experiment, Row, Scale, at_least
from longthink.readings import Reading
from longthink.recipes.laptop import group_products_laptop

GROUPS: Mapping[str, Mapping[str, Any]] = {
    "C3": {},
    "S3": {},
    "Q8": {},
    "A5": {},
    "S5": {"batch": 128, "steps": 2000},
}
"""And what a group needs that others do not."""
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
