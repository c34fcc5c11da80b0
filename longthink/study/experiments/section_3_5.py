"""Section 3.5, what the features of recurrent and feed-forward nets are like. Images are those of chapter 3."""

from collections.abc import Sequence

from longthink import figures
from longthink.registry import register
from longthink.study.claims import alike, more, rises
from longthink.study.evaluators import Compared, Pictured, Probed, Reused
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.study.experiments import _images


def _separable(family: str, scale: Scale, values: Sequence[tuple[str, ...]], title: str) -> Experiment:
    """Probes of a recurrent and a feed-forward net after each step; of each, `values` has what is published."""
    variants = _images.pair(family, scale, len(values))
    whole = tuple(
        Probed(
            level=1,
            at=at,
            count=_images.either(scale, 1000, 10_000),
            train_size=_images.either(scale, 2000, 50_000),
            options={"mirror": False, "shift": 0},
            published={variant.name: value for variant, value in zip(variants, both, strict=False)},
        )
        for at, both in enumerate(values, 1)
    )
    # The mean of each filter, which is all that the last layer of a residual net sees; perceptrons have no positions.
    means = () if family == "mlp" else tuple(evaluator.revised({"pool": 1, "published": {}}) for evaluator in whole)
    kinds = [some for some in (whole, means) if some]
    return Experiment(
        title=f"{title}: how separable features are",
        source="dissertation",
        variants=variants,
        evaluators=(*whole, *means),
        claims=(
            *(rises(variant.name, some) for some in kinds for variant in variants),
            *(
                alike(variants[0].name, variants[1].name, evaluator, _images.ALIKE)
                for some in kinds
                for evaluator in some
            ),
        ),
        figure=figures.probes_over_iterations,
    )


@register
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


@register
def table_3_6_mlp(scale: Scale) -> Experiment:
    """Linear probes of the features after every iteration of a recurrent multi-layer perceptron (table 3.6).

    Command: longthink reproduce table-3.6-mlp
    Expected: from 44 to 55 % of the test images, rising. Laptop: Fashion-MNIST.
    """
    values = ("46.52 / 44.28", "50.67 / 47.22", "57.54 / 52.07", "59.43 / 54.08", "61.43 / 55.19", "61.54 / 55.39")
    return _separable("mlp", scale, [(value,) for value in values], "Table 3.6, multi-layer perceptrons")


@register
def table_3_6_conv_net(scale: Scale) -> Experiment:
    """Linear probes of the features after every iteration of a recurrent ConvNet (table 3.6).

    Command: longthink reproduce table-3.6-conv-net
    Expected: from 69 to 74 % of the test images, rising but for the second. Laptop: Fashion-MNIST.
    """
    values = ("58.74 / 68.67", "59.68 / 66.99", "65.39 / 70.74", "67.73 / 73.84")
    return _separable("conv_net", scale, [(value,) for value in values], "Table 3.6, ConvNets")


@register
def section_3_5_similarity(scale: Scale) -> Experiment:
    """Linear CKA between the features of ConvNets of the same depth and of others (section 3.5.1).

    Command: longthink reproduce section-3.5-similarity
    Expected: feed-forward of depth 8 with recurrent of depth 8 0.843, which is more than with feed-forward of other
    depths, like 0.819 with depth 4. Laptop: Fashion-MNIST.
    """
    variants = tuple(
        variant for steps in _images.STEPS["conv_net"] for variant in _images.pair("conv_net", scale, steps)
    )
    published = {"recurrent, depth 8": "0.843", "feed-forward, depth 4": "0.819"}
    evaluators = tuple(
        Compared(
            level=1,
            count=_images.either(scale, 512, 10_000),
            other=variant.name,
            published=published if variant is variants[-1] else {},
        )
        for variant in variants
    )
    same_depth, to_deepest = variants[-2], evaluators[-1]
    return Experiment(
        title="Section 3.5.1: how alike features are, ConvNets",
        source="dissertation",
        variants=variants,
        evaluators=evaluators,
        claims=tuple(more(same_depth.name, variant.name, to_deepest) for variant in variants[1:-2:2]),
        figure=figures.similarity_of_nets,
    )


def _reuse(trained: Variant, title: str, layers: Sequence[str] = ("",)) -> Experiment:
    """A recurrent net, and an untrained one, with which the dissertation compares its plots (figure 3.4)."""
    untrained = Variant("untrained", trained.recipe.revised({"steps": 1, "optimiser.lr": 1e-12}))
    evaluators = tuple(Reused(level=1, count=1000, layer=layer) for layer in layers)
    return Experiment(
        title=title,
        source="dissertation",
        variants=(trained, untrained),
        evaluators=evaluators,
        claims=tuple(more(trained.name, untrained.name, evaluator) for evaluator in evaluators),
        figure=figures.activity_of_filters,
    )


@register
def figure_3_5(scale: Scale) -> Experiment:
    """How active the filters of a recurrent ConvNet are in each of 5 iterations, for digits of SVHN (figure 3.5).

    Command: longthink reproduce figure-3.5 --change problem.source=DIR
    Expected: every filter is used on more than one iteration, and for many there is significant activity in most; not
    as untrained (figure 3.4). Laptop: Fashion-MNIST, where no source is given.
    """
    trained, _ = _images.pair("conv_net", scale, 5)
    no_mirror = Variant(trained.name, trained.recipe.revised({"problem.mirror": False}))  # digits
    return _reuse(no_mirror, "Figure 3.5: filters are used again, ConvNets on SVHN")


@register
def figure_3_6(scale: Scale) -> Experiment:
    """How active the filters of each of the four layers of a recurrent residual block are (figure 3.6).

    Command: longthink reproduce figure-3.6
    Expected: as figure 3.5. Laptop: Fashion-MNIST, width 32.
    """
    layers = [f"inner.0.activations.{number}" for number in range(4)]
    trained, _ = _images.pair("residual_net", scale, 4)
    return _reuse(trained, "Figure 3.6: filters are used again, residual nets", layers)


@register
def figure_3_7(scale: Scale) -> Experiment:
    """How active the filters of a recurrent ConvNet are in each of 5 iterations, and untrained (figures 3.4 and 3.7).

    Command: longthink reproduce figure-3.7
    Expected: a large portion of the filters has on its least active iteration at least 20 % of the activity of its most
    active one; not as untrained. Laptop: Fashion-MNIST.
    """
    trained, _ = _images.pair("conv_net", scale, 5)
    return _reuse(trained, "Figures 3.4 and 3.7: filters are used again, ConvNets")


def _pictured(title: str, variants: tuple[Variant, ...], scale: Scale, pictures: int) -> Experiment:
    """Jitter is by the whole numbers in (-32, +32), at small scales by 4 pixels."""
    options = {"pictures": pictures, "steps": 1000, "jitter": 31} if scale == "thesis" else {}
    return Experiment(
        title=title,
        source="dissertation",
        variants=variants,
        evaluators=(Pictured(level=1, count=200, **options),),
        figure=figures.pictures_of_features,
    )


@register
def figure_3_8(scale: Scale) -> Experiment:
    """What filters of residual nets for ImageNet are looking for after each iteration, or block (figures 3.8 and 3.10).

    Command: longthink reproduce figure-3.8 --change problem.source=DIR
    Expected: the same filter detects simple patterns in early iterations and complex ones in deep ones, as the filters
    of early and deep layers do. Laptop: Tiny ImageNet, width 32, 64x64 pixels, 6 pictures at a time, 300 steps.
    """
    one, other = (
        Variant(variant.name, _images.on_imagenet(variant.recipe, scale))
        for variant in _images.pair("residual_net", scale, 4)
    )
    return _pictured("Figures 3.8 and 3.10: what filters are looking for, ImageNet", (one, other), scale, 32)


@register
def figure_3_9(scale: Scale) -> Experiment:
    """What filters of residual nets for CIFAR-10 are looking for after each iteration, or block (figures 3.9 and 3.11).

    Command: longthink reproduce figure-3.9
    Expected: as figure 3.8. Laptop: Fashion-MNIST, width 32, 6 pictures at a time, 300 steps.
    """
    variants = _images.pair("residual_net", scale, 4)
    return _pictured("Figures 3.9 and 3.11: what filters are looking for", variants, scale, 64)
