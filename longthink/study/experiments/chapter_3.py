"""Chapter 3, the uncanny similarity of recurrence and depth: one block repeated against as many distinct ones.

Images are those of --change problem.source=DIR: CIFAR-10, SVHN, EMNIST or ImageNet, brought in, or any others. Without
it, the 1,000 images of Fashion-MNIST that come with the package are all there is to train on. docs/recurrence.md has
the options that go with each data set. The chapter does not print how its nets were trained.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise, product
from typing import Any

from longthink import figures
from longthink.registry import register
from longthink.study.claims import alike, at_least, more
from longthink.study.evaluators import InDistribution, ReceptiveField, Sweep
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.study.experiments import _images, _nets, chapter_4

SIZES = (9, 11, 13)
"""Small, medium and large mazes (section 3.4)."""
FORMS = ("recurrent", "feed-forward")
TIED = "ResNet-50, shared weights"


def _classified(count: int, **options: Any) -> Sweep:
    """Images of the test split, after the training regime."""
    return Sweep(level=1, iterations=1, count=count, **options)


def _over_depth(family: str, title: str, scale: Scale) -> Experiment:
    pairs = [_images.pair(family, scale, steps) for steps in _images.STEPS[family]]
    evaluator = _classified(10_000 if family != "conv_net" else _images.either(scale, 2000, 10_000))
    return Experiment(
        title=title,
        source="dissertation",
        variants=tuple(variant for pair in pairs for variant in pair),
        evaluators=(evaluator,),
        claims=tuple(
            alike(one.name, other.name, evaluator, _images.ALIKE)
            for steps, (one, other) in zip(_images.STEPS[family], pairs, strict=True)
            if steps > 1  # up to one step, both are the same net
        ),
        figure=figures.accuracy_over_depth,
    )


@register
def figure_3_2_mlp(scale: Scale) -> Experiment:
    """Multi-layer perceptrons of effective depth 3 to 10, recurrent and feed-forward (figure 3.2).

    Command: longthink reproduce figure-3.2-mlp
    Expected: the accuracy changes with depth in the same way for both; no numbers are printed. Laptop: Fashion-MNIST,
    full size.
    """
    return _over_depth("mlp", "Figure 3.2: depth and recurrence, multi-layer perceptrons", scale)


@register
def figure_3_2_conv_net(scale: Scale) -> Experiment:
    """ConvNets of effective depth 4 to 8, recurrent and feed-forward (figure 3.2).

    Command: longthink reproduce figure-3.2-conv-net
    Expected: the accuracy changes with depth in the same way for both; no numbers are printed. Laptop: Fashion-MNIST,
    full size.
    """
    return _over_depth("conv_net", "Figure 3.2: depth and recurrence, ConvNets", scale)


@register
def figure_3_2_residual_net(scale: Scale) -> Experiment:
    """Residual nets of effective depth 7 to 19, recurrent and feed-forward (figure 3.2).

    Command: longthink reproduce figure-3.2-residual-net
    Expected: the accuracy changes with depth in the same way for both; of CIFAR-10, recurrent nets of depth 15 do
    almost exactly as well as feed-forward ones. No numbers are printed. Laptop: Fashion-MNIST, width 32.
    """
    return _over_depth("residual_net", "Figure 3.2: depth and recurrence, residual nets", scale)


@register
def section_3_3(scale: Scale) -> Experiment:
    """ResNet-50, and the same with its weights shared by layers of the same shape (section 3.3).

    Command: longthink reproduce section-3.3
    Expected: 76.48 and 75.13 % of ImageNet. Laptop: Fashion-MNIST, an eighth of the width. Training is the usual one,
    but that images are cut once, and not anew each time.
    """
    base = _images.net("residual_net", scale, 1)
    if scale == "thesis":
        usual = {"optimiser": "sgd", "optimiser.lr": 0.1, "optimiser.weight_decay": 1e-4, "optimiser.clip": None}
        base = _images.on_imagenet(base, scale).revised(usual)
    options = {"model.layers": 50, "model.width": _images.either(scale, 8, 64)}
    resnet = base.revised({"model": "resnet", **options, "model.stem": "large" if scale == "thesis" else "small"})
    evaluator = _classified(_images.either(scale, 10_000, 50_000), published={"ResNet-50": "76.48", TIED: "75.13"})
    return Experiment(
        title="Section 3.3: ResNet-50, and with shared weights",
        source="dissertation",
        variants=(Variant("ResNet-50", resnet), Variant(TIED, resnet.revised({"model.tied": True}))),
        evaluators=(evaluator,),
        claims=(alike("ResNet-50", TIED, evaluator, 0.0135),),  # as far apart as in the dissertation
        figure=figures.accuracy_over_depth,
    )


@register
def table_3_3(scale: Scale) -> Experiment:
    """A recurrent residual net with batch norm for each iteration, against ResNet-18 (table 3.3).

    Command: longthink reproduce table-3.3
    Expected: 93.99 against 94.69 % of CIFAR-10, 96.04 against 95.48 % of SVHN, 87.42 against 87.71 % of EMNIST, with a
    third of the parameters. Laptop: Fashion-MNIST, an eighth of both widths, 32 and 8.
    """
    base = _images.net("residual_net", scale, 4)
    width = _images.either(scale, 32, 256)
    net = base.revised(
        {"model.width": width, "model.after": 2 * width, "model.batch_norm": True, "model.limit": base.regime}
    )
    resnet = base.revised({"model": "resnet", "model.width": _images.either(scale, 8, 64), "curriculum.iterations": 1})
    published = {
        "recurrent, batch norm": "CIFAR-10 93.99 ± 0.10, SVHN 96.04 ± 0.08, EMNIST 87.42 ± 0.19",
        "ResNet-18": "CIFAR-10 94.69 ± 0.03, SVHN 95.48 ± 0.11, EMNIST 87.71 ± 0.09",
    }
    evaluator = _classified(10_000, published=published)
    return Experiment(
        title="Table 3.3: batch norm for each iteration",
        source="dissertation",
        variants=(Variant("recurrent, batch norm", net), Variant("ResNet-18", resnet)),
        evaluators=(evaluator,),
        claims=(alike("recurrent, batch norm", "ResNet-18", evaluator, _images.ALIKE),),
        figure=figures.accuracy_over_depth,
    )


def _mazes(scale: Scale, size: int, depths: Sequence[int], options: Mapping[str, Any] = {}) -> tuple[Variant, ...]:
    """Nets that are trained on mazes of one size: first all that are recurrent, then all feed-forward ones.

    The chapter does not print how; this is how chapter 4 trains the same nets, which are as wide as chapter 5's here.
    """
    width = _nets.mazes(scale).model.options["width"]
    base = chapter_4.mazes(scale).revised({"problem.pad_to": 0, "model.width": width, **options})
    lowest = size if base.curriculum.lowest == base.curriculum.highest else base.curriculum.lowest
    base = base.revised({"curriculum.lowest": lowest, "curriculum.highest": size})
    return _nets.twins(base, tuple(depths))


@register
def figure_3_3(scale: Scale) -> Experiment:
    """Residual nets of effective depth 8 to 44 on mazes of 9x9, 11x11 and 13x13, trained on each (figure 3.3).

    Command: longthink reproduce figure-3.3
    Expected: deeper is better, also beyond 20 layers, though the receptive field covers all of the maze after 8
    convolutions at 9x9, and 12 at 13x13; recurrent is almost exactly as good as feed-forward; larger mazes are harder
    at every depth. No numbers are printed. Laptop: depth 8 to 28.
    """
    depths = (8, 12, 16, 20, 28, 36, 44) if scale == "thesis" else (8, 12, 20, 28)
    nets = {
        (size, form, depth): Variant(f"{variant.name}, {size}x{size}", variant.recipe)
        for size in SIZES
        for variant, (form, depth) in zip(_mazes(scale, size, depths), product(FORMS, depths), strict=True)
    }
    names = {which: variant.name for which, variant in nets.items()}
    solved, field = InDistribution(count=_images.either(scale, 500, 10_000)), ReceptiveField()
    return Experiment(
        title="Figure 3.3: mazes want depth, or recurrence",
        source="dissertation",
        variants=tuple(nets.values()),
        evaluators=(solved, field),
        claims=(
            *(
                more(names[size, form, depths[-1]], names[size, form, fewer], solved)
                for size in SIZES
                for form in FORMS
                for fewer in (8, 20)
            ),
            *(
                alike(names[size, "recurrent", depth], names[size, "feed-forward", depth], solved, _images.ALIKE)
                for size in SIZES
                for depth in depths
            ),
            *(
                more(names[smaller, form, depth], names[larger, form, depth], solved)
                for form in FORMS
                for depth in depths
                for smaller, larger in pairwise(SIZES)
            ),
            *(at_least(1, names[size, form, depth], field) for size, depth in ((9, 8), (13, 12)) for form in FORMS),
        ),
        figure=figures.accuracy_over_depth,
    )


@register
def table_3_4(scale: Scale) -> Experiment:
    """Residual nets with dilated filters on small mazes, effective depth 8 to 20 (table 3.4).

    Command: longthink reproduce table-3.4
    Expected: 75.07, 90.41, 94.70 and 95.19 % recurrent, 75.59, 90.58, 93.84 and 95.00 % feed-forward; better than
    without dilation. Laptop: smaller nets, two positions a cell.
    """
    depths = (8, 12, 16, 20)
    values = (("75.07", "75.59"), ("90.41", "90.58"), ("94.70", "93.84"), ("95.19", "95.00"))
    published = {
        f"{form}, {depth} layers": value
        for depth, both in zip(depths, values, strict=True)
        for form, value in zip(FORMS, both, strict=True)
    }
    # With one position a cell, dilated convolutions would look past the walls.
    dilated, plain = (_mazes(scale, 9, depths, {"model.dilation": times, "model.pooling": 1}) for times in (2, 1))
    plain = tuple(Variant(f"undilated {variant.name}", variant.recipe) for variant in plain)
    evaluator = InDistribution(count=_images.either(scale, 500, 10_000), published=published)
    pairs = zip(dilated[: len(depths)], dilated[len(depths) :], strict=True)
    return Experiment(
        title="Table 3.4: small mazes with dilated filters",
        source="dissertation",
        variants=(*dilated, *plain),
        evaluators=(evaluator, ReceptiveField()),
        claims=(
            *(alike(one.name, other.name, evaluator, _images.ALIKE) for one, other in pairs),
            *(more(one.name, other.name, evaluator) for one, other in zip(dilated, plain, strict=True)),
        ),
        figure=figures.accuracy_over_depth,
    )
