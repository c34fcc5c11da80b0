"""Chapter 4, generalising from easy to hard by thinking for longer: recurrent nets without recall, and their twins.

Effective depth is 4 layers for each iteration and 4 more (section 4.2).
"""

from collections.abc import Sequence

from longthink.recipes.thesis import MAZES_EPOCH
from longthink.registry import register
from longthink.study.claims import Claim, more
from longthink.study.evaluators import Sweep
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.study.experiments import _nets
from longthink.training.optimisers import SGD
from longthink.training.recipe import Recipe

PREFIX_SUMS_EPOCH = 53
"""Steps of an epoch in chapter 4: 8,000 examples in batches of 150."""


def prefix_sums(scale: Scale) -> Recipe:
    """The nets of this chapter are narrower and train for longer than those of chapter 5 (section 4.2)."""
    small, published = (_nets.prefix_sums(some).revised(_nets.NO_RECALL) for some in ("laptop", "thesis"))
    published = published.revised(
        {
            "model.width": 120,
            "model.head": [60, 30],
            "batch": 150,
            "steps": 500 * PREFIX_SUMS_EPOCH,
            "schedule.warmup": 10 * PREFIX_SUMS_EPOCH,
            "schedule.milestones": [epoch * PREFIX_SUMS_EPOCH for epoch in (100, 200, 300)],
            "schedule.factor": 0.5,
        }
    )
    return _nets.at(scale, small, published)


def mazes(scale: Scale) -> Recipe:
    """With stochastic gradient descent, recurrent or not; wide nets, and mazes padded (sections 4.2 and 4.3.2)."""
    small, published = (_nets.mazes(some).revised(_nets.NO_RECALL) for some in ("laptop", "thesis"))
    published = published.revised(
        {
            "problem.pad_to": 32,
            "model.width": 512,
            "steps": 200 * MAZES_EPOCH,
            "optimiser": SGD(lr=1e-3, momentum=0.9, weight_decay=2e-4),
            "schedule.decay": "step",
            "schedule.warmup": 5 * MAZES_EPOCH,
            "schedule.milestones": [175 * MAZES_EPOCH],
        }
    )
    return _nets.at(scale, small, published)


@register
def table_4_1(scale: Scale) -> Experiment:
    """Recurrent and feed-forward nets of the same effective depth, from 32 to 40 bits (table 4.1).

    Command: longthink reproduce table-4.1
    Expected: recurrent 24.96 to 35.22 %, feed-forward 22.17 to 24.78 % with 40, 44 and 48 layers.
    """
    depths = (40, 44, 48)
    published = {
        "recurrent, 40 layers": "24.96 ± 2.96",
        "recurrent, 44 layers": "31.02 ± 2.56",
        "recurrent, 48 layers": "35.22 ± 3.34",
        "feed-forward, 40 layers": "22.17 ± 0.85",
        "feed-forward, 44 layers": "24.78 ± 1.65",
        "feed-forward, 48 layers": "22.79 ± 1.32",
    }
    evaluator = Sweep(level=40, iterations=11, published=published)
    return Experiment(
        title="Table 4.1: from 32 to 40 bits, as deep as in training",
        source="dissertation",
        variants=_nets.twins(prefix_sums(scale), depths),
        evaluators=(evaluator,),
        claims=_recurrence_helps(depths, evaluator),
    )


def _recurrence_helps(depths: Sequence[int], evaluator: Sweep) -> tuple[Claim, ...]:
    return tuple(more(f"recurrent, {depth} layers", f"feed-forward, {depth} layers", evaluator) for depth in depths)


def _thinking_longer(scale: Scale, levels: tuple[int, int], title: str) -> Experiment:
    recurrent = [variant for variant in table_4_1(scale).variants if variant.name.startswith("recurrent")]
    deepest = Variant("feed-forward, 68 layers", _nets.feedforward(_nets.iterating(prefix_sums(scale), 16)))
    evaluators = tuple(Sweep(level=level, iterations=30, fixed=20, exit_rule="max_confidence") for level in levels)
    return Experiment(
        title=title,
        source="dissertation",
        variants=(*recurrent, deepest),
        evaluators=evaluators,
        claims=tuple(more(variant.name, deepest.name, evaluator) for evaluator in evaluators for variant in recurrent),
    )


@register
def figure_4_1(scale: Scale) -> Experiment:
    """The nets of table 4.1 think for longer about 40 and 44 bits; the deepest feed-forward net beside (figure 4.1).

    Command: longthink reproduce figure-4.1
    Expected: recurrent nets solve upwards of 90 % of 40 bits with more iterations, the feed-forward net far less.
    """
    return _thinking_longer(scale, (40, 44), "Figure 4.1: thinking for longer about 40 and 44 bits")


@register
def figure_4_7(scale: Scale) -> Experiment:
    """The same as figure 4.1 on 36 and 48 bits (figure 4.7).

    Command: longthink reproduce figure-4.7
    Expected: as figure 4.1; no numbers are published.
    """
    return _thinking_longer(scale, (36, 48), "Figure 4.7: thinking for longer about 36 and 48 bits")


@register
def table_4_2(scale: Scale) -> Experiment:
    """Recurrent and feed-forward nets of the same effective depth, from 9x9 to 13x13 mazes (table 4.2).

    Command: longthink reproduce table-4.2
    Expected: recurrent 12.66 to 29.72 %, feed-forward 7.94 to 22.53 %. Laptop: 20, 28 and 36 layers, and one position
    a cell, so that they reach as far as the dilated ones of table 4.3.
    """
    published = {
        "recurrent, 20 layers": "12.66 ± 0.44",
        "recurrent, 24 layers": "14.02 ± 0.39",
        "recurrent, 28 layers": "19.95 ± 0.31",
        "recurrent, 36 layers": "22.96 ± 1.03",
        "recurrent, 44 layers": "29.72 ± 1.22",
        "feed-forward, 20 layers": "7.94 ± 0.36",
        "feed-forward, 24 layers": "12.43 ± 0.50",
        "feed-forward, 28 layers": "14.67 ± 0.54",
        "feed-forward, 36 layers": "17.71 ± 0.36",
        "feed-forward, 44 layers": "22.53 ± 1.14",
    }
    depths = (20, 24, 28, 36, 44) if scale == "thesis" else (20, 28, 36)
    evaluator = Sweep(level=13, iterations=10, count=500, published=published)
    return Experiment(
        title="Table 4.2: from 9x9 to 13x13 mazes, as deep as in training",
        source="dissertation",
        variants=_nets.twins(mazes(scale), depths),
        evaluators=(evaluator,),
        claims=_recurrence_helps(depths, evaluator),
    )


@register
def table_4_3(scale: Scale) -> Experiment:
    """As table 4.2, from 9x9 to 13x13 mazes, with dilated convolutions; the same nets without beside (table 4.3).

    Command: longthink reproduce table-4.3
    Expected: recurrent 33.60 to 50.50 %, feed-forward 19.73 to 26.54 %, slightly more than without dilation; the
    difference between the two even larger. Laptop: 20 and 28 layers, two positions a cell, with or without dilation.
    """
    published = {
        "recurrent, 20 layers": "33.60 ± 1.06",
        "recurrent, 24 layers": "40.49 ± 1.63",
        "recurrent, 28 layers": "33.91 ± 1.99",
        "recurrent, 32 layers": "40.56 ± 4.34",
        "recurrent, 36 layers": "50.50 ± 7.97",
        "feed-forward, 20 layers": "19.73 ± 0.72",
        "feed-forward, 24 layers": "21.59 ± 0.22",
        "feed-forward, 28 layers": "24.18 ± 1.33",
        "feed-forward, 32 layers": "25.82 ± 0.10",
        "feed-forward, 36 layers": "26.54 ± 2.13",
    }
    depths = (20, 24, 28, 32, 36) if scale == "thesis" else (20, 28)
    # Of two pixels a cell, every second one; with one position a cell, dilated convolutions would look past the walls.
    base = mazes(scale).revised({"model.pooling": 1})
    dilated = _nets.twins(base.revised({"model.dilation": 2}), depths)
    plain = tuple(Variant(f"{one.name}, not dilated", one.recipe) for one in _nets.twins(base, depths))
    evaluator = Sweep(level=13, iterations=10, count=500, published=published, spread="standard deviation")
    return Experiment(
        title="Table 4.3: from 9x9 to 13x13 mazes with dilated convolutions",
        source="dissertation",
        variants=(*dilated, *plain),
        evaluators=(evaluator,),
        claims=(
            *_recurrence_helps(depths, evaluator),
            *(more(one.name, other.name, evaluator) for one, other in zip(dilated, plain, strict=True)),
        ),
    )


@register
def figure_4_3(scale: Scale) -> Experiment:
    """Recurrent nets think for longer about 13x13 mazes; the deepest feed-forward net beside (figure 4.3).

    Command: longthink reproduce figure-4.3
    Expected: trained with 20 iterations, about half of 13x13, and upwards of 70 % with 5 more. Laptop: trained with 4
    to 8 iterations, and 2 more, which is as much in proportion.
    """
    table = table_4_2(scale)
    recurrent = [variant for variant in table.variants if variant.name.startswith("recurrent")]
    fixed = 10
    if scale == "thesis":
        recurrent.append(Variant("recurrent, 84 layers", _nets.iterating(mazes(scale), 20)))
        fixed = 25
    evaluator = Sweep(level=13, iterations=40, fixed=fixed, count=500, exit_rule="max_confidence")
    deepest = table.variants[-1]
    return Experiment(
        title="Figure 4.3: thinking for longer about 13x13 mazes",
        source="dissertation",
        variants=(*recurrent, deepest),
        evaluators=(evaluator,),
        claims=tuple(more(variant.name, deepest.name, evaluator) for variant in recurrent),
    )
