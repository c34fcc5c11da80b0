"""Products in groups: how two-layer nets learn them, and nets that solve far longer ones than in training."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longthink import figures
from longthink.base.seeds import generator
from longthink.problems.groups.group import Group
from longthink.problems.groups.staircase import predicted
from longthink.recipes.laptop import group_products_laptop, staircase
from longthink.registry import register
from longthink.study.claims import at_least, at_most, own
from longthink.study.evaluators import Learned, Stepped, Sweep
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.training.recipe import Recipe

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
    "A5": (2, 600, 0.01, 9000),
}
"""k, the width of the net, the length of Euler's steps, and their number."""
LONGER = (3, 4, 6, 8, 12, 16)
TOO_FEW = (8, 16)
"""Lengths that are tried with fewer steps, too."""
LEAST_UTILITY = 0.2
"""Of the irrep that is learned last, where that of the first is 1."""
LONG = (Sweep(level=512, iterations=12, fixed=9, count=500), Sweep(level=4096, iterations=16, fixed=12, count=100))
"""Measured after as many iterations as they are doublings long."""


@register
def group_products(scale: Scale) -> Experiment:  # noqa: ARG001
    """Products of at most 32 elements in training, of 512 and 4,096 in the test, in five groups (our own question).

    Command: longthink reproduce group-products --seeds 5
    Expected: ours alone, that all are solved; nothing is published, and the nets are small at every scale.
    """
    base = group_products_laptop()
    nets = {group: base.revised({"problem.group": group, **changes}) for group, changes in GROUPS.items()}
    variants = tuple(Variant(group, net) for group, net in nets.items())
    return Experiment(
        title="Products in groups, from 32 elements to 4,096",
        variants=variants,
        evaluators=LONG,
        claims=tuple(at_least(1.0, variant.name, evaluator) for evaluator in LONG for variant in variants),
    )


@register
def staircases(scale: Scale) -> Experiment:  # noqa: ARG001
    """Two-layer nets that learn a group by gradient flow, irrep by irrep, against theory's order and heights.

    Command: longthink reproduce staircases --seeds 3
    Expected, after the article (arXiv 2602.03655): the order of the irreps' utilities; plateaus at half the power that
    is not learned yet.
    """
    evaluator = Stepped()
    variants = [
        Variant(f"{name}, k = {setting[0]}", _staircase(name, _even_steps(name)))
        for name, setting in STAIRCASES.items()
    ]
    return Experiment(
        title="Staircases: a group is learned one representation after the other",
        source="article",
        variants=tuple(variants),
        evaluators=(evaluator,),
        claims=tuple(at_least(1.0, variant.name, evaluator) for variant in variants),
        figure=figures.staircases,
    )


@register
def staircase_encodings(scale: Scale) -> Experiment:  # noqa: ARG001
    """Nets and groups of staircases under other encodings: theory says that these set the order of learning.

    Command: longthink reproduce staircase-encodings --seeds 3
    Expected, after the article (arXiv 2602.03655): the order of the irreps' utilities, whichever the encoding favours.
    """
    evaluator, variants = Stepped(), []
    for name in ("C11", "O"):
        ranks = np.arange(len(Group.named(name).components) - 1)
        for called, order in (("first to last", ranks), ("last to first", ranks[::-1]), ("rotated", np.roll(ranks, 2))):
            variants.append(Variant(f"{name}, {called}", _staircase(name, _even_steps(name, order))))
    return Experiment(
        title="Staircases: the encoding sets the order",
        source="article",
        variants=tuple(variants),
        evaluators=(evaluator,),
        claims=tuple(at_least(1.0, variant.name, evaluator) for variant in variants),
        figure=figures.staircases,
    )


def _staircase(name: str, power: list[float]) -> Recipe:
    k, width, lr, steps = STAIRCASES[name]
    return every_product(staircase(), name, k).revised(
        {
            "problem.power": power,
            "model.width": width,
            "validation.every": steps,
            "optimiser.lr": lr,
            "steps": steps,
        }
    )


def every_product(base: Recipe, name: str, k: int) -> Recipe:
    """Trained on all products of k elements at once."""
    number = Group.named(name).order ** k
    return base.revised(
        {
            "problem.group": name,
            "model.length": k,
            "curriculum.lowest": k,
            "curriculum.highest": k,
            "batch": number,
            "validation.count": number,
        }
    )


def _even_steps(name: str, places: NDArray[np.int64] | None = None) -> list[float]:
    """Powers for which the utilities of the components go from 1 down to a fifth by even factors.

    `places` says which place in that order each component has; without, they are drawn.
    """
    group, k = Group.named(name), STAIRCASES[name][0]
    number = len(group.components) - 1
    if places is None:
        places = generator("staircases", group.order, k).permutation(number)
    wanted = LEAST_UTILITY ** (places / max(1, number - 1))
    of_power_one = predicted(group, group.template([1.0] * number), k).set_index("component")["utility"]
    unit = np.array([of_power_one[group.irreps[some[0]].name] for some in group.components[1:]])
    powers: list[float] = ((wanted / unit) ** (2 / (k + 1))).round(6).tolist()  # utilities go with power^((k + 1) / 2)
    return powers


@register
def group_steps(scale: Scale) -> Experiment:  # noqa: ARG001
    """Whether recurrent and layered nets of one width learn products of k elements of C10 in k - 1 and in log2 k steps.

    There is a net for each k, and the loss is of the whole product alone. The number of steps is the architecture's:
    with fewer the answer's position has not seen all elements, whatever the weights are.

    Command: longthink reproduce group-steps --seeds 3
    Expected, after the article (arXiv 2602.03655): k - 1 steps in sequence do, and log2 k in layers. Ours: half of the
    steps in sequence, or one less in layers, leave all to learn.
    """
    base = group_products_laptop().revised(
        {
            "problem": "group_composition",
            "problem.group": "C10",
            "model.width": 20,
            "model.products": 40,
            "model.cleanup": 0,
            "batch": 256,
            "regularisation": {},
            "steps": 2000,
            "validation.every": 2000,
        }
    )
    in_sequence = {
        "model.order": "sequential",
        "curriculum.iterations_per_doubling": 0.0,
        "curriculum.iterations_per_level": 1.0,
    }
    half = {**in_sequence, "curriculum.iterations_per_level": 0.5}
    one_less = {"curriculum.iterations_per_doubling": 0.66}  # 2 for 8 elements, 3 for 16
    variants, too_few = [], []
    for k in LONGER:
        net = base.revised({"curriculum.highest": k})
        variants += [Variant(f"recurrent, k = {k}", net.revised(in_sequence)), Variant(f"layered, k = {k}", net)]
        if k in TOO_FEW:
            too_few.append(Variant(f"recurrent with half the steps, k = {k}", net.revised(half)))
            too_few.append(Variant(f"layered with a step less, k = {k}", net.revised(one_less)))
    evaluator = Learned()
    learn = [at_least(0.99, variant.name, evaluator) for variant in variants]
    fail = [at_most(0.01, variant.name, evaluator) for variant in too_few]
    return Experiment(
        title="Recurrent and layered nets: steps against length",
        source="article",
        variants=(*variants, *too_few),
        evaluators=(evaluator,),
        claims=(*learn, *own(*fail)),
        figure=figures.iterations_by_form,
    )


@register
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
        "regularisation.start_noise": 0.0,
        "regularisation.state_noise": 0.1,
    }
    no_noise = {"regularisation.start_noise": 0.0, "regularisation.state_noise": 0.0}
    variants = (
        Variant("the recipe", base),
        Variant("without noise", base.revised(no_noise)),
        Variant("without the clean-up", base.revised({"model.cleanup": 0})),
        Variant("without the moving average", base.revised({"regularisation.ema": None})),
        Variant("without the curriculum", base.revised({"curriculum.start": 32})),
        Variant("generators alone", base.revised({"problem.feed": "generators"})),
        Variant("convolutions instead of products", base.revised(without_product)),
    )
    at_32 = Sweep(level=32, iterations=8, fixed=5, count=500)
    return Experiment(
        title="Products in A5: what the net needs",
        variants=variants,
        evaluators=(at_32, LONG[0]),
    )
