"""Chapter 3, the uncanny similarity of recurrence and depth: one block repeated against as many distinct ones.

At laptop scale with Fashion-MNIST: bring it in, and say --change problem.source=DIR. Without that, the 1,000 images of
it that come with the package are all there is to train on. At thesis scale the images are CIFAR-10's.
"""

from collections.abc import Sequence
from typing import Any

from longthink import figures
from longthink.registry import register
from longthink.study.claims import alike, more
from longthink.study.evaluators import Sweep
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.study.experiments import _images, _nets


def _classified(count: int, **options: Any) -> Sweep:
    """Images of the test split, after the training regime."""
    return Sweep(level=1, iterations=1, count=count, **options)


def _over_depth(family: str, title: str, scale: Scale) -> Experiment:
    pairs = [_images.pair(family, scale, steps) for steps in _images.STEPS[family]]
    evaluator = _classified(2000 if (family, scale) == ("conv_net", "laptop") else 10_000)
    return Experiment(
        title=title,
        source="dissertation",
        variants=tuple(variant for pair in pairs for variant in pair),
        evaluators=(evaluator,),
        # With one step, both are the same net.
        claims=tuple(alike(one.name, other.name, evaluator, _images.ALIKE) for one, other in pairs[1:]),
        figure=figures.accuracy_over_depth,
    )


@register
def figure_3_2_mlp(scale: Scale) -> Experiment:
    """Multi-layer perceptrons of effective depth 3 to 10, recurrent and feed-forward (figure 3.2).

    Command: longthink reproduce figure-3.2-mlp
    Expected: curves that follow each other; no numbers are printed. Laptop: Fashion-MNIST, full size.
    """
    return _over_depth("mlp", "Figure 3.2: depth and recurrence, multi-layer perceptrons", scale)


@register
def figure_3_2_conv_net(scale: Scale) -> Experiment:
    """ConvNets of effective depth 5 to 8, recurrent and feed-forward; with depth 4 both are the same net (figure 3.2).

    Command: longthink reproduce figure-3.2-conv-net
    Expected: curves that follow each other; no numbers are printed. Laptop: Fashion-MNIST, full size.
    """
    return _over_depth("conv_net", "Figure 3.2: depth and recurrence, ConvNets", scale)


@register
def figure_3_2_residual_net(scale: Scale) -> Experiment:
    """Residual nets of effective depth 7 to 19, recurrent and feed-forward (figure 3.2).

    Command: longthink reproduce figure-3.2-residual-net
    Expected: curves that follow each other; no numbers are printed. Laptop: Fashion-MNIST, width 32.
    """
    return _over_depth("residual_net", "Figure 3.2: depth and recurrence, residual nets", scale)


@register
def table_3_3(scale: Scale) -> Experiment:
    """A recurrent residual net with batch norm for each iteration, against ResNet-18 (table 3.3).

    Command: longthink reproduce table-3.3
    Expected: 93.99 against 94.69 % of CIFAR-10, with a third of the parameters. Laptop: an eighth of both widths, 32
    and 8.
    """
    base = _images.net("residual_net", scale, 4)
    width = _images.either(scale, 32, 256)
    net = base.revised(
        {"model.width": width, "model.after": 2 * width, "model.batch_norm": True, "model.limit": base.regime}
    )
    resnet = base.revised({"model": "resnet", "model.width": _images.either(scale, 8, 64), "curriculum.iterations": 1})
    published = {"recurrent, batch norm": "93.99 ± 0.10", "ResNet-18": "94.69 ± 0.03"}
    evaluator = _classified(10_000, published=published)
    return Experiment(
        title="Table 3.3: batch norm for each iteration",
        source="dissertation",
        variants=(Variant("recurrent, batch norm", net), Variant("ResNet-18", resnet)),
        evaluators=(evaluator,),
        claims=(alike("recurrent, batch norm", "ResNet-18", evaluator, _images.ALIKE),),
        figure=figures.accuracy_over_depth,
    )


def _mazes(scale: Scale, level: int, dilation: int, depths: Sequence[int]) -> tuple[Variant, ...]:
    levels = {"curriculum.lowest": min(5, level) if scale == "laptop" else level, "curriculum.highest": level}
    base = _nets.mazes(scale).revised({**_nets.NO_RECALL, **levels, "model.dilation": dilation})
    if dilation > 1:  # with one position a cell, dilated convolutions would look past the walls
        base = base.revised({"model.pooling": 1})
    return _nets.twins(base, tuple(depths))


@register
def figure_3_3(scale: Scale) -> Experiment:
    """Residual nets of effective depth 8 to 44 on mazes of the size that they were trained on (figure 3.3).

    Command: longthink reproduce figure-3.3
    Expected: deeper is better, recurrent as good as feed-forward; no numbers are printed. Laptop: 9x9, depth 8 to 28.
    Thesis: 9x9; for 11x11 and 13x13 --change curriculum.lowest=13 --change curriculum.highest=13.
    """
    depths = (8, 12, 20, 28) if scale == "laptop" else (8, 12, 16, 20, 28, 36, 44)
    variants = _mazes(scale, 9, 1, depths)
    evaluator = Sweep(level=9, iterations=1, count=_images.either(scale, 500, 10_000))
    forms = variants[: len(depths)], variants[len(depths) :]
    return Experiment(
        title="Figure 3.3: mazes want depth, or recurrence",
        source="dissertation",
        variants=variants,
        evaluators=(evaluator,),
        claims=(
            *(more(form[-1].name, form[0].name, evaluator) for form in forms),
            *(alike(one.name, other.name, evaluator, _images.ALIKE) for one, other in zip(*forms, strict=True)),
        ),
        figure=figures.accuracy_over_depth,
    )


@register
def table_3_4(scale: Scale) -> Experiment:
    """Residual nets with dilated filters on small mazes, effective depth 8 to 20 (table 3.4).

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
    variants = _mazes(scale, 9, 2, depths)
    evaluator = Sweep(level=9, iterations=1, count=_images.either(scale, 500, 10_000), published=published)
    pairs = zip(variants[: len(depths)], variants[len(depths) :], strict=True)
    return Experiment(
        title="Table 3.4: small mazes with dilated filters",
        source="dissertation",
        variants=variants,
        evaluators=(evaluator,),
        claims=tuple(alike(one.name, other.name, evaluator, _images.ALIKE) for one, other in pairs),
        figure=figures.accuracy_over_depth,
    )
