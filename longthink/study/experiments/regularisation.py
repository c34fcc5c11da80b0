"""What makes small nets succeed on every seed, and what does not matter: one option at a time, all else the same."""

from collections.abc import Mapping
from typing import Any

from longthink.recipes.laptop import mazes_laptop, prefix_sums_laptop
from longthink.registry import register
from longthink.study.evaluators import Sweep
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.study.experiments import _nets
from longthink.training.recipe import Recipe

Changes = Mapping[str, Any]
NO_HEAD_START: Changes = {"objective": "final"}
NO_NOISE: Changes = {"regularisation.state_noise": 0.0}
NO_SMOOTHING: Changes = {"regularisation.label_smoothing": 0.0}
NO_AVERAGE: Changes = {"regularisation.ema": None}
BARE: Changes = {**NO_HEAD_START, **NO_NOISE, **NO_SMOOTHING, **NO_AVERAGE}
ADDED: dict[str, Changes] = {
    "with a random initial state": {"regularisation.start_noise": 1.0},
    "with spectral norms of at most 0.98": {"regularisation.spectral_norm": 0.98},
    "with norm inside the block": {"model.norm": "inside"},
    "with norm after the block": {"model.norm": "outside"},
    "with recall inside the block": {"model.recall": "inside"},
}


def _variants(base: Recipe, options: Mapping[str, Changes]) -> tuple[Variant, ...]:
    return Variant("the recipe", base), *(Variant(name, base.revised(changes)) for name, changes in options.items())


@register
def stabilisers_prefix_sums(scale: Scale) -> Experiment:  # noqa: ARG001
    """The recipe for prefix sums with one option less or more, and with none of them but one (our own question).

    Command: longthink reproduce stabilisers-prefix-sums --seeds 5
    Expected: nothing is published; the nets are small at both scales.
    """
    base = prefix_sums_laptop()
    only: dict[str, Changes] = {
        "nothing but the head start": {key: value for key, value in BARE.items() if key not in NO_HEAD_START},
        "nothing but noise": {key: value for key, value in BARE.items() if key not in NO_NOISE},
        "nothing but smoothing": {key: value for key, value in BARE.items() if key not in NO_SMOOTHING},
        "nothing but the moving average": {key: value for key, value in BARE.items() if key not in NO_AVERAGE},
    }
    return Experiment(
        title="Stabilisers, prefix sums",
        variants=_variants(
            base,
            {
                "without the head start": NO_HEAD_START,
                "without noise": NO_NOISE,
                "without smoothing": NO_SMOOTHING,
                "without the moving average": NO_AVERAGE,
                "without the curriculum": {"curriculum.start": 32, "curriculum.lowest": 32},
                **ADDED,
                "with the fixed-point loss": {"objective.settling": 0.3, "objective.reach": 2.0},
                "with noise of 0.1": {"regularisation.state_noise": 0.1},
                "nothing": BARE,
                **only,
            },
        ),
        evaluators=(Sweep(level=512, iterations=1000, fixed=400, count=100, every=20),),
    )


@register
def stabilisers_mazes(scale: Scale) -> Experiment:  # noqa: ARG001
    """The recipe for mazes, cut to 800 steps, with one option less or more (our own question).

    Command: longthink reproduce stabilisers-mazes --seeds 5
    Expected: nothing is published; the nets are small at both scales.
    """
    base = mazes_laptop().revised({"steps": 800})
    return Experiment(
        title="Stabilisers, mazes",
        variants=_variants(
            base,
            {
                "without the head start": NO_HEAD_START,
                "without transplants": {"objective.transplant": 0.0},
                "without the fixed-point loss": {"objective.settling": 0.0},
                "without noise": NO_NOISE,
                "without smoothing": NO_SMOOTHING,
                "without the moving average": NO_AVERAGE,
                **ADDED,
            },
        ),
        evaluators=(
            Sweep(level=13, iterations=120, fixed=100, every=20, count=200),
            Sweep(level=33, iterations=300, fixed=250, every=50, count=20),
        ),
    )


@register
def published_method(scale: Scale) -> Experiment:  # noqa: ARG001
    """Where the published method alone begins to work on small nets: more of one thing, or one of our options.

    DT-Recall of width 24 with progressive loss, alpha 1, as at scale bare: m 30, 10,000 strings of 32 bits, 1,600
    steps of 64, Adam with weight decay, rates that fall by steps.

    Command: longthink reproduce published-method --seeds 5
    Expected: nothing is published; at the dissertation's scale the same solves 97.12 % of 512 bits (table 5.2).
    """
    base = _nets.progressive(_nets.prefix_sums("bare"), 1.0)
    wide: Changes = {"model.width": 48, "model.head": [48, 24]}
    return Experiment(
        title="Where the published method begins to work, prefix sums",
        variants=_variants(
            base,
            {
                "m 10": {"curriculum.iterations": 10},
                "width 48": wide,
                "three times the steps": _longer(base, 3),
                "width 48, three times the steps": {**wide, **_longer(base, 3)},
                "fresh strings": {"train_size": None},
                "alpha 0.5": {"objective.alpha": 0.5},
                "with a moving average": {"regularisation.ema": 0.99},
                "with smoothing": {"regularisation.label_smoothing": 0.1},
                "with noise": {"regularisation.state_noise": 0.02},
                **_schedule_and_curriculum(prefix_sums_laptop()),
            },
        ),
        evaluators=(
            Sweep(level=32, iterations=30, split="validation"),
            Sweep(level=512, iterations=600, fixed=400, count=100, every=10),
        ),
    )


@register
def published_method_mazes(scale: Scale) -> Experiment:  # noqa: ARG001
    """Where the published method alone begins to work on small nets for mazes: more of one thing, or an option of ours.

    DT-Recall of width 24 with progressive loss, alpha 0.01, as at scale bare: m 30, 50,000 mazes of 9x9, 800 steps of
    32, Adam with weight decay. That is an eightieth of the dissertation's mazes.

    Command: longthink reproduce published-method-mazes --seeds 3
    Expected: nothing is published; at the dissertation's scale the same solves 97.30 % of 59x59 (table 5.3).
    """
    base = _nets.progressive(_nets.mazes("bare"), 0.01)
    return Experiment(
        title="Where the published method begins to work, mazes",
        variants=_variants(
            base,
            {
                "m 15": {"curriculum.iterations": 15},
                "three times the steps": _longer(base, 3),
                "m 15, three times the steps": {"curriculum.iterations": 15, **_longer(base, 3)},
                "width 48": {"model.width": 48, "model.head": [32, 16]},
                "the block at a thirtieth of the rate": {"optimiser.recurrent_lr_factor": 1 / 30},
                "with clipped gradients": {"optimiser.clip": 1.0},
                "with smoothing": {"regularisation.label_smoothing": 0.1},
                "with noise": {"regularisation.state_noise": 0.02},
                **_schedule_and_curriculum(mazes_laptop()),
            },
        ),
        evaluators=(
            Sweep(level=9, iterations=30, split="validation"),
            Sweep(level=33, iterations=300, fixed=250, every=10, count=50),
        ),
    )


def _longer(base: Recipe, times: int) -> Changes:
    """As many times the steps, and the schedule with them."""
    return {
        "steps": times * base.steps,
        "schedule.warmup": times * base.schedule.warmup,
        "schedule.milestones": [times * milestone for milestone in base.schedule.milestones],
    }


def _schedule_and_curriculum(ours: Recipe) -> dict[str, Changes]:
    cosine = {f"schedule.{name}": value for name, value in ours.schedule}
    curriculum = {f"curriculum.{name}": value for name, value in ours.curriculum}
    return {
        "with a cosine to the end, twice the rate": {**cosine, "optimiser.lr": ours.optimiser.lr},
        "with a curriculum": {**curriculum, "train_size": None},
    }
