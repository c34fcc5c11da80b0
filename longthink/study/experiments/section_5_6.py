"""Section 5.6, more about the nets of chapter 5: in distribution, from hard to easy, and how they were chosen."""

from itertools import pairwise

from longthink.registry import register
from longthink.study.claims import Claim, at_least, more, no_overthinking, overthinks
from longthink.study.evaluators import Sweep
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.study.experiments import _nets
from longthink.training.recipe import Recipe


@register
def table_5_6_prefix_sums(scale: Scale) -> Experiment:
    """How the nets of table 5.2 do on what they were trained on (table 5.6, figure 5.3's nets).

    Command: longthink reproduce table-5.6-prefix-sums
    Expected: 97.73 to 100 % of the validation set, all nets. Laptop: training strings are fresh ones of that split.
    """
    validation = {
        "DT": "100.00 ± 0.00",
        "DT, progressive": "97.73 ± 1.80",
        "DT-Recall": "100.00 ± 0.00",
        "DT-Recall, progressive": "100.00 ± 0.00",
        "feed-forward": "99.76 ± 0.14",
    }
    train = {
        "DT": "99.98 ± 0.01",
        "DT, progressive": "99.57 ± 0.38",
        "DT-Recall": "99.95 ± 0.02",
        "DT-Recall, progressive": "99.98 ± 0.01",
        "feed-forward": "99.76 ± 0.14",
    }
    return _in_distribution("prefix sums", _nets.five("prefix_sums", scale), 32, 1000, train, validation)


@register
def table_5_6_mazes(scale: Scale) -> Experiment:
    """How the nets of table 5.3 do on what they were trained on (table 5.6).

    Command: longthink reproduce table-5.6-mazes
    Expected: 99.74 to 100 % of the validation set, all nets. Laptop: training mazes are fresh ones of that split.
    """
    validation = {
        "DT": "100.00 ± 0.00",
        "DT, progressive": "99.98 ± 0.01",
        "DT-Recall": "99.92 ± 0.06",
        "DT-Recall, progressive": "99.74 ± 0.17",
        "feed-forward": "99.93 ± 0.05",
    }
    train = {
        "DT": "100.00 ± 0.00",
        "DT, progressive": "99.98 ± 0.01",
        "DT-Recall": "99.91 ± 0.07",
        "DT-Recall, progressive": "99.77 ± 0.15",
        "feed-forward": "99.94 ± 0.01",
    }
    return _in_distribution("mazes", _nets.five("mazes", scale), 9, 500, train, validation)


def _in_distribution(
    what: str, variants: tuple[Variant, ...], level: int, count: int, train: dict[str, str], validation: dict[str, str]
) -> Experiment:
    longest = max(variant.recipe.regime for variant in variants)
    on_train = Sweep(level=level, iterations=longest, count=count, split="train", published=train)
    held_out = Sweep(level=level, iterations=longest, count=count, split="validation", published=validation)
    return Experiment(
        title=f"Table 5.6: in distribution, {what}",
        source="dissertation",
        variants=variants,
        evaluators=(on_train, held_out),
        claims=tuple(at_least(0.97, variant.name, held_out) for variant in variants),
    )


@register
def alpha_grid_prefix_sums(scale: Scale) -> Experiment:
    """The weight of the progressive loss on prefix sums (section 5.6.3).

    Command: longthink reproduce alpha-grid-prefix-sums
    Expected: alpha 1 was chosen; no numbers are published.
    """
    far = Sweep(level=512, iterations=600, fixed=400, count=100, every=10)
    return alpha_grid("prefix sums", _nets.prefix_sums(scale), (0, 0.25, 0.5, 0.75, 1), 1, far)


@register
def alpha_grid_mazes(scale: Scale) -> Experiment:
    """The weight of the progressive loss on mazes (section 5.6.3).

    Command: longthink reproduce alpha-grid-mazes
    Expected: alpha 0.01 was chosen; no numbers are published.
    """
    if scale == "thesis":
        far = Sweep(level=59, iterations=1000, fixed=1000, every=20)
    else:
        far = Sweep(level=33, iterations=300, fixed=250, every=10, count=50)
    return alpha_grid("mazes", _nets.mazes(scale), (0, 0.01, 0.1, 0.5, 1), 0.01, far)


def alpha_grid(what: str, base: Recipe, alphas: tuple[float, ...], chosen: float, evaluator: Sweep) -> Experiment:
    """`chosen` is the one that the dissertation found best."""
    nets = {alpha: base if alpha == 0 else _nets.progressive(base, alpha) for alpha in alphas}
    others = [alpha for alpha in alphas if alpha != chosen]
    return Experiment(
        title=f"Section 5.6.3: the weight of the progressive loss, {what}",
        source="dissertation",
        variants=tuple(Variant(f"alpha {alpha:g}", net) for alpha, net in nets.items()),
        evaluators=(evaluator,),
        claims=tuple(more(f"alpha {chosen:g}", f"alpha {alpha:g}", evaluator, or_equal=True) for alpha in others),
    )


@register
def figure_5_16(scale: Scale) -> Experiment:
    """From harder strings of up to 32 bits to easier ones of 24 (section 5.6.2, figure 5.16).

    Command: longthink reproduce figure-5.16
    Expected: all recurrent nets reach about 100 % in fewer iterations than in training; those without recall lose it.
    """
    easier = Sweep(level=24, iterations=200, fixed=100, every=2)
    return Experiment(
        title="Figure 5.16: from hard to easy",
        source="dissertation",
        variants=_nets.recurrent(_nets.five("prefix_sums", scale)),
        evaluators=(easier,),
        claims=(
            no_overthinking("DT-Recall", easier),
            no_overthinking("DT-Recall, progressive", easier),
            more("DT-Recall", "DT", easier),
            overthinks("DT", easier),
            overthinks("DT, progressive", easier),
        ),
    )


@register
def figure_5_17_depth(scale: Scale) -> Experiment:
    """The training regime m against accuracy on 512 bits (figure 5.17, left).

    Command: longthink reproduce figure-5.17-depth
    Expected: better with more iterations, and no better beyond m = 30. Laptop: m = 10, 20 and 30.
    """
    base = _nets.progressive(_nets.prefix_sums(scale), _nets.alpha("prefix_sums", scale))
    regimes = (10, 20, 30, 40, 50) if scale == "thesis" else (10, 20, 30)
    far = Sweep(level=512, iterations=600, fixed=400, count=100, every=10)
    return Experiment(
        title="Figure 5.17 (left): iterations in training",
        source="dissertation",
        variants=tuple(Variant(f"m {iterations}", _nets.iterating(base, iterations)) for iterations in regimes),
        evaluators=(far,),
        claims=_grows_up_to("m", 30, regimes, far),
    )


@register
def figure_5_17_width(scale: Scale) -> Experiment:
    """The width against accuracy on 512 bits (figure 5.17, right).

    Command: longthink reproduce figure-5.17-width
    Expected: better with more filters, and little better beyond 400. Laptop: 12, 24 and 48.
    """
    base = _nets.progressive(_nets.prefix_sums(scale), _nets.alpha("prefix_sums", scale))
    widths = (100, 200, 300, 400, 500) if scale == "thesis" else (12, 24, 48)
    far = Sweep(level=512, iterations=600, fixed=400, count=100, every=10)
    return Experiment(
        title="Figure 5.17 (right): width",
        source="dissertation",
        variants=tuple(
            Variant(f"width {width}", base.revised({"model.width": width, "model.head": [width, width // 2]}))
            for width in widths
        ),
        evaluators=(far,),
        claims=_grows_up_to("width", 400, widths, far),
    )


def _grows_up_to(what: str, enough: int, values: tuple[int, ...], evaluator: Sweep) -> tuple[Claim, ...]:
    """More of it is better, up to `enough`, and no better beyond."""
    return tuple(
        more(f"{what} {value}", f"{what} {before}", evaluator)
        if value <= enough
        else more(f"{what} {before}", f"{what} {value}", evaluator, or_equal=True)
        for before, value in pairwise(values)
    )
