"""Section 4.4, whether the nets of chapter 4 are as deep, and trained as well, as they could be."""

from longthink import figures
from longthink.recipes.laptop import prefix_sums_doubling, prefix_sums_laptop
from longthink.registry import register
from longthink.study.claims import at_least, more
from longthink.study.evaluators import Sweep
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.study.experiments import _nets, chapter_4
from longthink.training.recipe import Recipe


@register
def section_4_4_1(scale: Scale) -> Experiment:  # noqa: ARG001
    """Iterations needed against the length of a string, for blocks that reach further (the question of section 4.4.1).

    Command: longthink reproduce section-4.4.1
    Expected: linear in the length for a block of any reach; log2 n where the reach doubles. Small nets at both scales.
    """
    base = prefix_sums_laptop()
    levels = (32, 64, 128, 256, 512, 1024, 2048, 4096)
    return Experiment(
        title="Section 4.4.1: iterations against length, for blocks that reach further",
        variants=(
            Variant("DT-Recall", base),
            Variant("DT-Recall, dilations 1 to 8", base.revised({"model.dilation": [1, 2, 4, 8]})),
            Variant("DT-Recall, dilations 1 to 64", base.revised({"model.dilation": [1, 4, 16, 64]})),
            Variant("doubling", prefix_sums_doubling()),
        ),
        evaluators=tuple(Sweep(level=level, iterations=250, fixed=100, count=50) for level in levels),
        figure=figures.iterations_by_level,
    )


@register
def section_4_4_2(scale: Scale) -> Experiment:
    """Much deeper feed-forward nets on 40 and 44 bits, beside a recurrent net that thinks for longer (section 4.4.2).

    Command: longthink reproduce section-4.4.2
    Expected: all fit 32 bits; 53 % of 40 bits and 27 % of 44 at best, and not by the deepest. Laptop: up to 264 layers.
    """
    base = chapter_4.prefix_sums(scale)
    recurrent, *_ = _nets.twins(base, (48,))
    depths = (68, 132, 264) if scale == "laptop" else (132, 264, 528)
    deeper = _nets.twins(base, depths)[len(depths) :]
    fits = Sweep(level=32, iterations=11, split="validation")
    harder = tuple(Sweep(level=level, iterations=30, fixed=20, exit_rule="max_confidence") for level in (40, 44))
    return Experiment(
        title="Section 4.4.2: deeper feed-forward nets",
        source="dissertation",
        variants=(recurrent, *deeper),
        evaluators=(fits, *harder),
        claims=(
            *(at_least(0.99, variant.name, fits) for variant in (recurrent, *deeper)),
            *(more(recurrent.name, variant.name, evaluator) for evaluator in harder for variant in deeper),
        ),
    )


def _longer(scale: Scale, base: Recipe) -> Recipe:
    """Small nets fit what they are trained on only after three times as many steps as the comparisons take."""
    return base.revised({"steps": 3 * base.steps}) if scale == "laptop" else base


def _trained_on(base: Recipe, level: int, iterations: int, what: str) -> tuple[Variant, Variant]:
    """A recurrent and a feed-forward net whose hardest puzzles in training are of one level."""
    levels = {"curriculum.highest": level}
    if base.curriculum.lowest == base.curriculum.highest:
        levels["curriculum.lowest"] = level
    net = _nets.iterating(base.revised(levels), iterations)
    return Variant(f"recurrent, {what}", net), Variant(f"feed-forward, {what}", _nets.feedforward(net))


@register
def section_4_4_3_prefix_sums(scale: Scale) -> Experiment:
    """Nets trained on 32 and on 44 bits, tested on what they were trained on, and on easier 16 bits (section 4.4.3).

    Command: longthink reproduce section-4.4.3-prefix-sums
    Expected: all above 99 % in distribution; a recurrent net trained on 44 bits solves all of 16 bits in 4 iterations.
    """
    base = _longer(scale, chapter_4.prefix_sums(scale))
    easy, hard = _trained_on(base, 32, 10, "32 bits"), _trained_on(base, 44, 10, "44 bits")
    on_easy, on_hard = (Sweep(level=level, iterations=10, split="validation") for level in (32, 44))
    easier = Sweep(level=16, iterations=20, fixed=4, published={hard[0].name: "100 at 4"})
    return Experiment(
        title="Section 4.4.3: in distribution, and from hard to easy, prefix sums",
        source="dissertation",
        variants=(*easy, *hard),
        evaluators=(on_easy, on_hard, easier),
        claims=(
            *(at_least(0.99, variant.name, on_easy) for variant in easy),
            *(at_least(0.99, variant.name, on_hard) for variant in hard),
            at_least(0.99, hard[0].name, easier),
        ),
    )


@register
def section_4_4_3_mazes(scale: Scale) -> Experiment:
    """Nets trained on 9x9 and on 13x13 mazes, tested on what they were trained on (section 4.4.3).

    Command: longthink reproduce section-4.4.3-mazes
    Expected: all above 97 %.
    """
    base = _longer(scale, chapter_4.mazes(scale))
    easy, hard = _trained_on(base, 9, 10, "9x9"), _trained_on(base, 13, 15, "13x13")
    on_easy, on_hard = (
        Sweep(level=level, iterations=iterations, count=500, split="validation")
        for level, iterations in ((9, 10), (13, 15))
    )
    return Experiment(
        title="Section 4.4.3: in distribution, mazes",
        source="dissertation",
        variants=(*easy, *hard),
        evaluators=(on_easy, on_hard),
        claims=(
            *(at_least(0.97, variant.name, on_easy) for variant in easy),
            *(at_least(0.97, variant.name, on_hard) for variant in hard),
        ),
    )
