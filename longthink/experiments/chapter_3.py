"""Chapter 3, the uncanny similarity of recurrence and depth: one block repeated against as many distinct ones.

At laptop scale with Fashion-MNIST: bring it in, and say --change problem.source=DIR. Without that, the 1,000 images of
it that come with the package are all there is to train on. At thesis scale the images are CIFAR-10's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from longthink import figures
from longthink.experiment import Experiment, Row, Scale, alike, at_least, more, rises
from longthink.experiments import _nets
from longthink.readings import Compared, Pictured, Probed, Reading, Reused
from longthink.recipe import Recipe
from longthink.recipes.laptop import images_laptop
from longthink.recipes.thesis import images_thesis

ALIKE = 0.01
"""Accuracy by which nets of the same effective depth may differ."""
FAMILIES: Mapping[tuple[str, Scale], Mapping[str, Any]] = {
    ("mlp", "laptop"): {"model": "mlp", "model.width": 200, "batch": 128, "steps": 2000},
    ("conv_net", "laptop"): {"model": "conv_net", "batch": 32, "steps": 600},
    ("residual_net", "laptop"): {"model": "residual_net", "model.width": 32, "batch": 64, "steps": 1600},
    ("mlp", "thesis"): {"model": "mlp"},
    ("conv_net", "thesis"): {"model": "conv_net"},
    ("residual_net", "thesis"): {"model": "residual_net"},
}
"""Each in its full size but for the width of the residual net."""
STEPS = {"mlp": range(1, 9), "conv_net": range(1, 5), "residual_net": range(1, 5)}
"""Steps for every effective depth: 3 to 10, 5 to 8, and 7, 11, 15 and 19."""
DEPTHS = {"mlp": (2, 1), "conv_net": (4, 1), "residual_net": (3, 4)}
"""Layers beside the steps, and of each."""


def _net(family: str, scale: Scale, steps: int) -> Recipe:
    """The recurrent net."""
    base = images_laptop() if scale == "laptop" else images_thesis()
    return base.revised({**FAMILIES[family, scale], "curriculum.iterations": steps})


def _apart(recurrent: Recipe) -> Recipe:
    """The feed-forward net: every step has weights of its own."""
    return recurrent.revised({"model.limit": recurrent.regime, "model.shared": False})


def _pair(family: str, scale: Scale, steps: int) -> tuple[Row, Row]:
    beside, each = DEPTHS[family]
    net, what = _net(family, scale, steps), f"depth {beside + each * steps}"
    return Row(f"recurrent, {what}", net), Row(f"feed-forward, {what}", _apart(net))


def _classified(count: int, **options: Any) -> Reading:
    """Images of the test split, after the training regime."""
    return Reading(level=1, iterations=1, count=count, **options)


def _either(scale: Scale, few: int, many: int) -> int:
    return few if scale == "laptop" else many


def _over_depth(family: str, title: str, scale: Scale) -> Experiment:
    pairs = [_pair(family, scale, steps) for steps in STEPS[family]]
    reading = _classified(2000 if (family, scale) == ("conv_net", "laptop") else 10_000)
    return Experiment(
        title=title,
        rows=tuple(row for pair in pairs for row in pair),
        readings=(reading,),
        claims=tuple(alike(one.name, other.name, reading, ALIKE) for one, other in pairs[1:]),  # one step is one net
        figure=figures.accuracy_over_depth,
    )


def figure_3_2_mlp(scale: Scale) -> Experiment:
    """Multi-layer perceptrons of effective depth 3 to 10, recurrent and feed-forward (figure 3.2).

    Command: longthink reproduce figure-3.2-mlp
    Expected: curves that follow each other; no numbers are printed. Laptop: Fashion-MNIST, full size.
    """
    return _over_depth("mlp", "Figure 3.2: depth and recurrence, multi-layer perceptrons", scale)


def figure_3_2_conv_net(scale: Scale) -> Experiment:
    """ConvNets of effective depth 5 to 8, recurrent and feed-forward; with depth 4 both are the same net (figure 3.2).

    Command: longthink reproduce figure-3.2-conv-net
    Expected: curves that follow each other; no numbers are printed. Laptop: Fashion-MNIST, full size.
    """
    return _over_depth("conv_net", "Figure 3.2: depth and recurrence, ConvNets", scale)


def figure_3_2_residual_net(scale: Scale) -> Experiment:
    """Residual nets of effective depth 7 to 19, recurrent and feed-forward (figure 3.2).

    Command: longthink reproduce figure-3.2-residual-net
    Expected: curves that follow each other; no numbers are printed. Laptop: Fashion-MNIST, width 32.
    """
    return _over_depth("residual_net", "Figure 3.2: depth and recurrence, residual nets", scale)


def table_3_3(scale: Scale) -> Experiment:
    """A recurrent residual net with batch norm for each iteration, against ResNet-18 (table 3.3).

    Command: longthink reproduce table-3.3
    Expected: 93.99 against 94.69 % of CIFAR-10, with a third of the parameters. Laptop: an eighth of both widths, 32
    and 8.
    """
    base = _net("residual_net", scale, 4)
    width = _either(scale, 32, 256)
    net = base.revised(
        {"model.width": width, "model.after": 2 * width, "model.batch_norm": True, "model.limit": base.regime}
    )
    resnet = base.revised({"model": "resnet", "model.width": _either(scale, 8, 64), "curriculum.iterations": 1})
    published = {"recurrent, batch norm": "93.99 ± 0.10", "ResNet-18": "94.69 ± 0.03"}
    reading = _classified(10_000, published=published)
    return Experiment(
        title="Table 3.3: batch norm for each iteration",
        rows=(Row("recurrent, batch norm", net), Row("ResNet-18", resnet)),
        readings=(reading,),
        claims=(alike("recurrent, batch norm", "ResNet-18", reading, ALIKE),),
        figure=figures.accuracy_over_depth,
    )


def _mazes(scale: Scale, level: int, dilation: int, depths: Sequence[int]) -> tuple[Row, ...]:
    levels = {"curriculum.lowest": min(5, level) if scale == "laptop" else level, "curriculum.highest": level}
    base = _nets.mazes(scale).revised({**_nets.NO_RECALL, **levels, "model.dilation": dilation})
    if dilation > 1:  # with one position a cell, dilated convolutions would look past the walls
        base = base.revised({"model.pooling": 1})
    return _nets.twins(base, tuple(depths))


def figure_3_3(scale: Scale) -> Experiment:
    """Residual nets of effective depth 8 to 44 on mazes of the size that they were trained on (figure 3.3).

    Command: longthink reproduce figure-3.3
    Expected: deeper is better, recurrent as good as feed-forward; no numbers are printed. Laptop: 9x9, depth 8 to 28.
    Thesis: 9x9; for 11x11 and 13x13 --change curriculum.lowest=13 --change curriculum.highest=13.
    """
    depths = (8, 12, 20, 28) if scale == "laptop" else (8, 12, 16, 20, 28, 36, 44)
    rows = _mazes(scale, 9, 1, depths)
    reading = Reading(level=9, iterations=1, count=_either(scale, 500, 10_000))
    forms = rows[: len(depths)], rows[len(depths) :]
    return Experiment(
        title="Figure 3.3: mazes want depth, or recurrence",
        rows=rows,
        readings=(reading,),
        claims=(
            *(more(form[-1].name, form[0].name, reading) for form in forms),
            *(alike(one.name, other.name, reading, ALIKE) for one, other in zip(*forms, strict=True)),
        ),
        figure=figures.accuracy_over_depth,
    )


def table_3_4(scale: Scale) -> Experiment:
    """The same with dilated filters, on small mazes (table 3.4).

    Command: longthink reproduce table-3.4
    Expected: 75 % with 8 layers to 95 % with 20, recurrent or not. Laptop: smaller nets, two positions a cell.
    """
    depths = (8, 12, 16, 20)
    values = (("75.07", "75.59"), ("90.41", "90.58"), ("94.70", "93.84"), ("95.19", "95.00"))
    published = {
        f"{form}, {depth} layers": value
        for depth, both in zip(depths, values, strict=True)
        for form, value in zip(("recurrent", "feed-forward"), both, strict=True)
    }
    rows = _mazes(scale, 9, 2, depths)
    reading = Reading(level=9, iterations=1, count=_either(scale, 500, 10_000), published=published)
    pairs = zip(rows[: len(depths)], rows[len(depths) :], strict=True)
    return Experiment(
        title="Table 3.4: small mazes with dilated filters",
        rows=rows,
        readings=(reading,),
        claims=tuple(alike(one.name, other.name, reading, ALIKE) for one, other in pairs),
        figure=figures.accuracy_over_depth,
    )


def _separable(family: str, scale: Scale, values: Sequence[tuple[str, ...]], title: str) -> Experiment:
    """Probes of a recurrent and a feed-forward net after each step; of each, `values` has what is published."""
    rows = _pair(family, scale, len(values))
    whole = tuple(
        Probed(
            level=1,
            iterations=at,
            fixed=at,
            at=at,
            count=_either(scale, 1000, 10_000),
            examples=_either(scale, 2000, 50_000),
            options={"mirror": False, "shift": 0},
            published={row.name: value for row, value in zip(rows, both, strict=False)},
        )
        for at, both in enumerate(values, 1)
    )
    # The mean of each filter, which is all that the last layer of a residual net sees; perceptrons have no positions.
    means = () if family == "mlp" else tuple(replace(reading, pool=1, published={}) for reading in whole)
    kinds = [some for some in (whole, means) if some]
    return Experiment(
        title=f"{title}: how separable features are",
        rows=rows,
        readings=(*whole, *means),
        claims=(
            *(rises(row.name, some) for some in kinds for row in rows),
            *(alike(rows[0].name, rows[1].name, reading, ALIKE) for some in kinds for reading in some),
        ),
        figure=figures.probes_over_iterations,
    )


def table_3_5(scale: Scale) -> Experiment:
    """Linear probes of the features after every block of residual nets of effective depth 19 (table 3.5).

    Command: longthink reproduce table-3.5
    Expected: from 82 to 90 % of the test images, recurrent and feed-forward alike. Laptop: Fashion-MNIST, width 32.
    """
    values = (
        ("86.3 / 82.3", "84.7 / 81.6"),
        ("95.9 / 87.5", "94.1 / 86.9"),
        ("99.5 / 89.4", "99.3 / 89.8"),
        ("99.9 / 90.3", "100.0 / 90.6"),
    )
    return _separable("residual_net", scale, values, "Table 3.5, residual nets")


def table_3_6_mlp(scale: Scale) -> Experiment:
    """Linear probes of the features after every iteration of a recurrent multi-layer perceptron (table 3.6).

    Command: longthink reproduce table-3.6-mlp
    Expected: from 44 to 55 % of the test images, rising. Laptop: Fashion-MNIST.
    """
    values = ("46.52 / 44.28", "50.67 / 47.22", "57.54 / 52.07", "59.43 / 54.08", "61.43 / 55.19", "61.54 / 55.39")
    return _separable("mlp", scale, [(value,) for value in values], "Table 3.6, multi-layer perceptrons")


def table_3_6_conv_net(scale: Scale) -> Experiment:
    """Linear probes of the features after every iteration of a recurrent ConvNet (table 3.6).

    Command: longthink reproduce table-3.6-conv-net
    Expected: from 69 to 74 % of the test images, rising but for the second. Laptop: Fashion-MNIST.
    """
    values = ("58.74 / 68.67", "59.68 / 66.99", "65.39 / 70.74", "67.73 / 73.84")
    return _separable("conv_net", scale, [(value,) for value in values], "Table 3.6, ConvNets")


def section_3_5_similarity(scale: Scale) -> Experiment:
    """Linear CKA between the features of ConvNets of the same depth and of others (section 3.5.1).

    Command: longthink reproduce section-3.5-similarity
    Expected: feed-forward of depth 8 with recurrent of depth 8 0.843, with feed-forward of depth 4 0.819.
    """
    rows = tuple(row for steps in STEPS["conv_net"] for row in _pair("conv_net", scale, steps))
    readings = tuple(Compared(level=1, iterations=1, count=_either(scale, 512, 10_000), other=row.name) for row in rows)
    same_depth, to_deepest = rows[-2], readings[-1]
    return Experiment(
        title="Section 3.5.1: how alike features are, ConvNets",
        rows=rows,
        readings=readings,
        claims=tuple(more(same_depth.name, row.name, to_deepest) for row in rows[1:-2:2]),
        figure=figures.similarity_of_nets,
    )


def _reuse(family: str, scale: Scale, steps: int, title: str) -> Experiment:
    one, _ = _pair(family, scale, steps)
    untrained = Row("untrained", one.recipe.revised({"steps": 1, "optimiser.lr": 1e-12}))
    reading = Reused(level=1, iterations=steps, count=1000 if scale == "thesis" else 200)
    return Experiment(
        title=title,
        rows=(one, untrained),
        readings=(reading,),
        claims=(at_least(0.5, one.name, reading),),
        figure=figures.activity_of_filters,
    )


def figure_3_7(scale: Scale) -> Experiment:
    """How active the filters of a recurrent ConvNet are in each iteration, and untrained (figures 3.4, 3.5 and 3.7).

    Command: longthink reproduce figure-3.7
    Expected: a large part of the filters has at least 20 % of its greatest activity in every iteration. Laptop: 4
    iterations; thesis: 5.
    """
    return _reuse("conv_net", scale, _either(scale, 4, 5), "Figures 3.4 and 3.7: filters are used again, ConvNets")


def figure_3_6(scale: Scale) -> Experiment:
    """How active the filters of a recurrent residual net are in each iteration, and untrained (figure 3.6).

    Command: longthink reproduce figure-3.6
    Expected: as figure 3.7.
    """
    return _reuse("residual_net", scale, 4, "Figure 3.6: filters are used again, residual nets")


def figure_3_9(scale: Scale) -> Experiment:
    """What filters of residual nets are looking for after each iteration, or block (figures 3.8 to 3.11).

    Command: longthink reproduce figure-3.9
    Expected: edges and textures at first, more complex patterns later, recurrent or not.
    """
    one, other = _pair("residual_net", scale, 4)
    return Experiment(
        title="Figures 3.9 and 3.11: what filters are looking for",
        rows=(one, other),
        readings=(Pictured(level=1, iterations=4, count=200),),
        figure=figures.pictures_of_features,
    )
