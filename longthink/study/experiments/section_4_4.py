"""Section 4.4, whether the nets of chapter 4 are as deep, and trained as well, as they could be."""

import pandas as pd

from longthink import figures
from longthink.recipes.laptop import prefix_sums_doubling, prefix_sums_laptop
from longthink.registry import register
from longthink.study.claims import Claim, at_least, at_most, more
from longthink.study.evaluators import Sweep
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.study.experiments import _nets, chapter_4
from longthink.training.recipe import Recipe

DILATIONS = [1, 2, 4, 8]
"""Of the four convolutions of a block, which then reaches 15 bits; the others have 1."""
GUESSED = 0.55
"""More than half of a thousand strings, by three standard deviations."""
SLIGHT = 0.01
"""Tenths of a percent, and no more."""
NOTHING = 0.001
"""A thousandth of the puzzles counts as no improvement."""
FURTHER = 3
"""Times the iterations of training."""


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
def section_4_4_1_layers(scale: Scale) -> Experiment:
    """Nets of fewer layers than the strings that they are trained on have bits, dilated or not (section 4.4.1).

    Command: longthink reproduce section-4.4.1-layers
    Expected: dilated nets fit strings of N bits with fewer than N layers, which others cannot: each layer reaches one
    bit further, so that d layers do not see all that the last of N > d + 1 bits is about. What they say of it is a
    guess, and they solve half of the strings at best.
    """
    base, bits, depths = _longer(scale, chapter_4.prefix_sums(scale)), 32, (20, 28)
    levels = {"curriculum.highest": bits, "curriculum.iterations_per_level": 0.0}
    dilated: dict[tuple[str, int], Variant] = {}
    plain: dict[tuple[str, int], Variant] = {}
    for depth in depths:
        iterations = (depth - _nets.DEPTH_BESIDE_BLOCKS) // _nets.DEPTH_OF_BLOCK
        net = base.revised({**levels, "curriculum.iterations": iterations})
        for nets, dilation, how in ((dilated, DILATIONS, "dilated"), (plain, 1, "not dilated")):
            one = net.revised({"model.dilation": dilation})
            nets["recurrent", depth] = Variant(f"recurrent, {depth} layers, {how}", one)
            nets["feed-forward", depth] = Variant(f"feed-forward, {depth} layers, {how}", _nets.feedforward(one))
    variants = (*dilated.values(), *plain.values())
    most = max(variant.recipe.regime for variant in variants)
    fits = Sweep(level=bits, iterations=most, split="train", positions=True)
    return Experiment(
        title=f"Section 4.4.1: {bits} bits with fewer layers, with and without dilated filters",
        source="dissertation",
        variants=variants,
        evaluators=(fits,),
        claims=(
            *(at_least(0.99, net.name, fits) for (_, depth), net in dilated.items() if depth == max(depths)),
            *(at_most(GUESSED, net.name, fits) for net in plain.values()),
            *(more(net.name, plain[which].name, fits) for which, net in dilated.items()),
        ),
    )


@register
def section_4_4_2(scale: Scale) -> Experiment:
    """Much deeper feed-forward nets on 40 and 44 bits, beside a recurrent net that thinks for longer (section 4.4.2).

    Command: longthink reproduce section-4.4.2
    Expected: all fit 32 bits; 53 % of 40 bits and 27 % of 44 at best, and not by the deepest. Laptop: up to 264 layers.
    """
    base = chapter_4.prefix_sums(scale)
    recurrent, *_ = _nets.twins(base, (48,))
    depths = (132, 264, 528) if scale == "thesis" else (68, 132, 264)
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
    milestones = [3 * milestone for milestone in base.schedule.milestones]
    longer = {"steps": 3 * base.steps, "schedule.milestones": milestones}
    return base if scale == "thesis" else base.revised(longer)


def _trained_on(base: Recipe, level: int, iterations: int, what: str) -> tuple[Variant, Variant]:
    """A recurrent and a feed-forward net whose hardest puzzles in training are of one level."""
    levels = {"curriculum.highest": level}
    if base.curriculum.lowest == base.curriculum.highest:
        levels["curriculum.lowest"] = level
    net = _nets.iterating(base.revised(levels), iterations)
    return Variant(f"recurrent, {what}", net), Variant(f"feed-forward, {what}", _nets.feedforward(net))


def _further(measured: Sweep, regime: int) -> Sweep:
    """The same for more iterations than in training, by the exit rule of chapter 4 (section 4.3)."""
    return measured.revised({"iterations": FURTHER * regime, "exit_rule": "max_confidence"})


def _no_use_in_more(name: str, further: Sweep) -> tuple[Claim, Claim]:
    """What more iterations than in training bring: slight drops, and no improvement."""

    def gain(table: pd.DataFrame) -> float:
        found = table[table["evaluator"] == further.title].set_index("series")
        return float(found["final"][name] - found["fixed"][name])

    beyond = f"At {further.title}, {FURTHER} times the iterations of training"
    return (
        Claim(f"{beyond} cost {name} less than {SLIGHT:.0%}.", lambda table: gain(table) > -SLIGHT),
        Claim(f"{beyond} bring {name} no improvement.", lambda table: gain(table) <= NOTHING),
    )


@register
def section_4_4_3_prefix_sums(scale: Scale) -> Experiment:
    """Nets trained on 32 and on 44 bits, tested on what they were trained on, and on easier 16 bits (section 4.4.3).

    Command: longthink reproduce section-4.4.3-prefix-sums
    Expected: all above 99 % in distribution; more iterations than in training cost the recurrent nets tenths of a
    percent and bring no improvement; a recurrent net trained on 44 bits solves all of 16 bits in 4 iterations.
    """
    base = _longer(scale, chapter_4.prefix_sums(scale))
    easy, hard = _trained_on(base, 32, 10, "32 bits"), _trained_on(base, 44, 10, "44 bits")
    on_easy, on_hard = (Sweep(level=level, iterations=10, split="validation") for level in (32, 44))
    further_easy, further_hard = (_further(one, 10) for one in (on_easy, on_hard))
    easier = Sweep(level=16, iterations=20, fixed=4, published={hard[0].name: "100 at 4"})
    return Experiment(
        title="Section 4.4.3: in distribution, and from hard to easy, prefix sums",
        source="dissertation",
        variants=(*easy, *hard),
        evaluators=(on_easy, on_hard, further_easy, further_hard, easier),
        claims=(
            *(at_least(0.99, variant.name, on_easy) for variant in easy),
            *(at_least(0.99, variant.name, on_hard) for variant in hard),
            *_no_use_in_more(easy[0].name, further_easy),
            *_no_use_in_more(hard[0].name, further_hard),
            at_least(0.99, hard[0].name, easier),
        ),
    )


@register
def section_4_4_3_mazes(scale: Scale) -> Experiment:
    """Nets trained on 9x9 and on 13x13 mazes, tested on what they were trained on (section 4.4.3).

    Command: longthink reproduce section-4.4.3-mazes
    Expected: all above 97 %; more iterations than in training cost the recurrent nets tenths of a percent and bring no
    improvement.
    """
    base = _longer(scale, chapter_4.mazes(scale))
    easy, hard = _trained_on(base, 9, 10, "9x9"), _trained_on(base, 13, 15, "13x13")
    on_easy, on_hard = (
        Sweep(level=level, iterations=iterations, count=500, split="validation")
        for level, iterations in ((9, 10), (13, 15))
    )
    further_easy, further_hard = _further(on_easy, 10), _further(on_hard, 15)
    return Experiment(
        title="Section 4.4.3: in distribution, mazes",
        source="dissertation",
        variants=(*easy, *hard),
        evaluators=(on_easy, on_hard, further_easy, further_hard),
        claims=(
            *(at_least(0.97, variant.name, on_easy) for variant in easy),
            *(at_least(0.97, variant.name, on_hard) for variant in hard),
            *_no_use_in_more(easy[0].name, further_easy),
            *_no_use_in_more(hard[0].name, further_hard),
        ),
    )
