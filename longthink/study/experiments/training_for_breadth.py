"""Training for nets that settle surely, from wherever they start: one option at a time, and nothing but that."""

from collections.abc import Mapping
from typing import Any

from longthink.recipes.laptop import mazes_laptop, prefix_sums_laptop, sudoku_laptop
from longthink.registry import register
from longthink.study.evaluators import Stopped, Sweep
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.thinking.stops import Settled
from longthink.training.recipe import Recipe

Changes = Mapping[str, Any]
NOTHING: Changes = {"regularisation.state_noise": 0.0, "objective.settling": 0.0}
START = 0.5
"""Standard deviation of what is added to the initial state."""
DAMPING = 0.05
"""As in equilibrium reasoning models."""
HOLDING = 0.3
"""The damping with which bits that nobody reads come to rest, too."""
FLIPS = 0.02
SETTLING = 0.3
SEGMENTS = 2


def _variants(recipe: Recipe, settles: Changes) -> tuple[Variant, ...]:
    """A recipe without noise and fixed-point loss, and the same with one option each. `settles`: that loss."""
    nothing = recipe.revised(NOTHING)
    noise = recipe.regularisation.state_noise
    options: dict[str, Changes] = {
        "nothing": {},
        "random starts": {"regularisation.start_noise": START},
        "noise": {"regularisation.state_noise": noise},
        "damped steps": {"model.damping": DAMPING},
        "deep supervision": {
            "objective": "deep_supervision",
            "objective.segments": SEGMENTS,
            **_times_the_iterations(recipe, SEGMENTS),
        },
        "fixed-point loss": settles,
        "rounded states": {"model.rounding": 2},
        "rounded states, flips": {"model.rounding": 2, "regularisation.flips": FLIPS},
        "rounded and damped, flips, half the rate": {
            "model.rounding": 2,
            "model.damping": HOLDING,
            "regularisation.flips": FLIPS,
            "optimiser.lr": recipe.optimiser.lr / 2,
        },
    }
    alone = (Variant(name, nothing.revised(changes)) for name, changes in options.items())
    both = {**settles, "regularisation.state_noise": noise}
    return *alone, Variant("noise, fixed-point loss", nothing.revised(both))


def _times_the_iterations(recipe: Recipe, times: int) -> Changes:
    """So that each segment has as many iterations as the recipe has in all."""
    curriculum = recipe.curriculum
    return {
        "curriculum.iterations": times * curriculum.iterations,
        "curriculum.iterations_per_level": times * curriculum.iterations_per_level,
    }


def _measured(level: int, iterations: int, fixed: int, count: int) -> tuple[Sweep, Stopped]:
    """How much is solved after a fixed number of iterations, and by nets that stop where they have settled."""
    sweep = Sweep(level=level, iterations=iterations, fixed=fixed, count=count, every=fixed // 10)
    return sweep, Stopped(level=level, iterations=iterations, fixed=fixed, count=count, stop=Settled())


@register
def training_for_breadth_prefix_sums(scale: Scale) -> Experiment:  # noqa: ARG001
    """What of training makes nets for strings settle, right and surely: one option at a time (our own question).

    Command: longthink reproduce training-for-breadth-prefix-sums --seeds 3
    Expected: nothing is published; the nets are small at all scales.
    """
    return Experiment(
        title="Training for breadth, prefix sums",
        variants=_variants(prefix_sums_laptop(), {"objective.settling": SETTLING, "objective.reach": 2.0}),
        evaluators=_measured(512, iterations=800, fixed=400, count=100),
    )


@register
def training_for_breadth_mazes(scale: Scale) -> Experiment:  # noqa: ARG001
    """The same for mazes, with the recipe cut to 1,200 steps (our own question).

    Command: longthink reproduce training-for-breadth-mazes --seeds 3
    Expected: nothing is published; the nets are small at all scales.
    """
    return Experiment(
        title="Training for breadth, mazes",
        variants=_variants(mazes_laptop().revised({"steps": 1200}), {"objective.settling": SETTLING}),
        evaluators=_measured(33, iterations=400, fixed=250, count=20),
    )


@register
def training_for_breadth_sudoku(scale: Scale) -> Experiment:  # noqa: ARG001
    """The same for sudoku, on boards with 26 givens, with the recipe cut to 500 steps (our own question).

    Command: longthink reproduce training-for-breadth-sudoku --seeds 2
    Expected: nothing is published; the nets are small at all scales.
    """
    return Experiment(
        title="Training for breadth, sudoku",
        variants=_variants(sudoku_laptop().revised({"steps": 500}), {"objective.settling": SETTLING}),
        evaluators=_measured(81 - 26, iterations=200, fixed=100, count=100),
    )
