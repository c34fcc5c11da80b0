"""What makes small nets succeed on every seed, and what does not matter: one option at a time, all else the same."""

from collections.abc import Mapping
from typing import Any

from longthink.recipes.laptop import mazes_laptop, prefix_sums_laptop
from longthink.registry import register
from longthink.study.evaluators import Sweep
from longthink.study.experiment import Experiment, Scale, Variant
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
