"""Chapter 5, logical extrapolation without overthinking: recall and progressive loss."""

from longthink.registry import register
from longthink.study.claims import Claim, at_most, more, no_overthinking, overthinks, sooner
from longthink.study.evaluators import Sweep
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.study.experiments import _nets


@register
def table_5_2(scale: Scale) -> Experiment:
    """DT, DT-Recall and feed-forward, plain and progressive, on 48 and 512 bits (table 5.2, figures 5.3, 5.7 left).

    Command: longthink reproduce table-5.2
    Expected: 97.12 +- 1.88 % of 512-bit strings for DT-Recall with progressive loss, 0 to 11 % without recall. Laptop:
    progressive with alpha 0.5, and with the dissertation's 1 beside.
    """
    by_alpha = ", alpha 1" if scale == "laptop" else ""
    near = Sweep(
        level=48,
        iterations=200,
        fixed=100,
        every=2,
        exit_rule="dt_max_confidence",
        published={
            "DT": "94.61 ± 1.19 at 42",
            f"DT, progressive{by_alpha}": "97.73 ± 1.80 at 27",
            "DT-Recall": "99.97 ± 0.01 at 46",
            f"DT-Recall, progressive{by_alpha}": "99.96 ± 0.02 at 26",
            "feed-forward": "27.15 ± 2.56 at 30",
        },
    )
    far = Sweep(
        level=512,
        iterations=600,
        fixed=400,
        count=100,
        every=10,
        exit_rule="dt_max_confidence",
        published={
            "DT": "0.00 ± 0.00",
            f"DT, progressive{by_alpha}": "11.26 ± 6.90 at 171",
            "DT-Recall": "96.19 ± 3.73 at 466",
            f"DT-Recall, progressive{by_alpha}": "97.12 ± 1.88 at 237",
            "feed-forward": "0.00 ± 0.00",
        },
    )
    base = _nets.prefix_sums(scale)
    nets = {"DT": base.revised(_nets.NO_RECALL), "DT-Recall": base}
    with_alpha_1 = tuple(
        Variant(f"{name}, progressive, alpha 1", _nets.progressive(net, 1.0)) for name, net in nets.items()
    )
    return Experiment(
        title="Table 5.2, figures 5.3 and 5.7 (left): prefix sums",
        source="dissertation",
        variants=(*_nets.five("prefix_sums", scale), *(with_alpha_1 if scale == "laptop" else ())),
        evaluators=(near, far),
        claims=(
            *_ordering(near, far),
            more("DT, progressive", "DT", far),
            sooner("DT-Recall, progressive", "DT-Recall", far),
        ),
    )


@register
def table_5_3(scale: Scale) -> Experiment:
    """DT, DT-Recall and feed-forward, plain and progressive, on 13x13 and 59x59 (table 5.3, figures 5.4, 5.7 right).

    Command: longthink reproduce table-5.3
    Expected: 97.30 +- 0.68 % of 59x59 mazes for DT-Recall with progressive loss, none without recall.
    """
    near = Sweep(
        level=13,
        iterations=200,
        fixed=100,
        every=4,
        count=300,
        exit_rule="dt_max_confidence",
        published={
            "DT": "85.59 ± 2.81 at 40",
            "DT, progressive": "86.08 ± 3.96 at 38",
            "DT-Recall": "99.94 ± 0.03 at 94",
            "DT-Recall, progressive": "99.88 ± 0.05 at 70",
            "feed-forward": "38.22 ± 5.28",
        },
    )
    far = Sweep(
        level=59,
        iterations=1500 if scale == "thesis" else 600,
        fixed=1000 if scale == "thesis" else 500,
        every=20,
        count=1000 if scale == "thesis" else 20,
        exit_rule="dt_max_confidence",
        published={
            "DT": "0.00 ± 0.00",
            "DT, progressive": "0.00 ± 0.00",
            "DT-Recall": "82.72 ± 15.14 at 999",
            "DT-Recall, progressive": "97.30 ± 0.68 at 984",
            "feed-forward": "0.00 ± 0.00",
        },
    )
    return Experiment(
        title="Table 5.3, figures 5.4 and 5.7 (right): mazes",
        source="dissertation",
        variants=_nets.five("mazes", scale),
        evaluators=(near, far),
        claims=(*_ordering(near, far), *(at_most(0.01, name, far, unlike=near) for name in ("DT", "DT, progressive"))),
    )


def _ordering(near: Sweep, far: Sweep) -> tuple[Claim, ...]:
    return (
        more("DT-Recall", "DT", far),
        more("DT-Recall, progressive", "DT, progressive", far),
        more("DT-Recall, progressive", "DT-Recall", far, or_equal=True),
        more("DT", "feed-forward", near, value="peak"),
        more("DT-Recall", "feed-forward", near),
        no_overthinking("DT-Recall", near),
        no_overthinking("DT-Recall, progressive", near),
        overthinks("DT", near),
        overthinks("DT, progressive", near),
    )


@register
def ablation_n_0(scale: Scale) -> Experiment:
    """Progressive loss whose partial solutions always begin at iteration 0 (section 5.4).

    Command: longthink reproduce ablation-n-0
    Expected: 90.27 % of 512-bit strings with n = 0, 97.12 % with n at random.
    """
    at_random = _nets.progressive(_nets.prefix_sums(scale), _nets.alpha("prefix_sums", scale))
    published = {"n at random": "97.12", "n = 0": "90.27"}
    far = Sweep(level=512, iterations=600, fixed=400, count=100, every=10, published=published)
    return Experiment(
        title="Section 5.4: the ablation n = 0 of progressive loss",
        source="dissertation",
        variants=(Variant("n at random", at_random), Variant("n = 0", at_random.revised({"objective.start": "zero"}))),
        evaluators=(far,),
        claims=(more("n at random", "n = 0", far),),
    )
