"""The nets that the dissertation compares, made from one recipe so that nothing else differs."""

from collections.abc import Mapping
from typing import Any

from longthink.recipes.laptop import chess_laptop, mazes_laptop, prefix_sums_laptop
from longthink.recipes.thesis import MAZES_EPOCH, chess_thesis, mazes_thesis, prefix_sums_thesis
from longthink.study.experiment import Scale, Variant
from longthink.training.recipe import Recipe

PLAIN = {"objective": "final"}
DEPTH_BESIDE_BLOCKS, DEPTH_OF_BLOCK = 4, 4
"""Layers of a net without recall (section 4.2)."""
NO_RECALL = {"model.recall": False}
TWINS: Mapping[tuple[str, Scale], Mapping[str, Any]] = {
    ("mazes", "thesis"): {
        "steps": 200 * MAZES_EPOCH,
        "optimiser.lr": 1e-4,
        "schedule.decay": "step",
        "schedule.milestones": [175 * MAZES_EPOCH],
        "schedule.factor": 0.1,
    }
}
"""What feed-forward nets are trained with where it is not what the others are (table 5.7)."""


def prefix_sums(scale: Scale) -> Recipe:
    """DT-Recall with the plain loss."""
    base = prefix_sums_laptop() if scale == "laptop" else prefix_sums_thesis()
    return base.revised(PLAIN)


def mazes(scale: Scale) -> Recipe:
    """DT-Recall with the plain loss; at laptop scale with fewer steps and less noise than `mazes_laptop`."""
    base = mazes_laptop() if scale == "laptop" else mazes_thesis()
    return base.revised(PLAIN | ({"steps": 800, "regularisation.state_noise": 0.02} if scale == "laptop" else {}))


def chess(scale: Scale) -> Recipe:
    """DT-Recall with the plain loss; at laptop scale with half of the steps of `chess_laptop`."""
    return (chess_laptop().revised({"steps": 1500}) if scale == "laptop" else chess_thesis()).revised(PLAIN)


def progressive(base: Recipe, alpha: float) -> Recipe:
    return base.revised({"objective": "progressive", "objective.alpha": alpha})


def iterating(base: Recipe, iterations: int) -> Recipe:
    """The same with m iterations for the highest level in training, and as much fewer for lower ones as before."""
    if base.curriculum.iterations_per_level == 0:
        return base.revised({"curriculum.iterations": iterations})
    per_level = (iterations - base.curriculum.iterations) / base.curriculum.highest
    return base.revised({"curriculum.iterations_per_level": per_level})


def feedforward(base: Recipe) -> Recipe:
    """The twin: as many blocks as the net repeats its own for in training, nothing else changed (section 5.3)."""
    same = {f"model.{name}": value for name, value in base.model.options.items() if name != "recall"}
    return base.revised({"model": "feedforward", "model.limit": base.regime, **same, **PLAIN})


def twins(base: Recipe, depths: tuple[int, ...]) -> tuple[Variant, ...]:
    """A recurrent and a feed-forward net of each effective depth: first all of the one form, then of the other."""
    nets = {depth: iterating(base, (depth - DEPTH_BESIDE_BLOCKS) // DEPTH_OF_BLOCK) for depth in depths}
    recurrent = tuple(Variant(f"recurrent, {depth} layers", net) for depth, net in nets.items())
    return recurrent + tuple(Variant(f"feed-forward, {depth} layers", feedforward(net)) for depth, net in nets.items())


def alpha(problem: str, scale: Scale) -> float:
    """The weight of the progressive loss: the dissertation's (section 5.6.3), at laptop scale one that trains surely.

    Small nets on strings with alpha 1 learn in one seed of three (`alpha_grid_prefix_sums`).
    """
    return {"prefix_sums": 0.5 if scale == "laptop" else 1.0, "mazes": 0.01, "chess": 0.5}[problem]


def five(problem: str, scale: Scale) -> tuple[Variant, ...]:
    """The nets of every table of chapter 5: with and without recall and progressive loss, and the feed-forward twin."""
    base = {"prefix_sums": prefix_sums, "mazes": mazes, "chess": chess}[problem](scale)
    without, weight = base.revised(NO_RECALL), alpha(problem, scale)
    twin = feedforward(base).revised(TWINS.get((problem, scale), {}))
    return (
        Variant("DT", without),
        Variant("DT, progressive", progressive(without, weight)),
        Variant("DT-Recall", base),
        Variant("DT-Recall, progressive", progressive(base, weight)),
        Variant("feed-forward", twin),
    )


def recurrent(variants: tuple[Variant, ...]) -> tuple[Variant, ...]:
    """Those that can think for longer."""
    return tuple(variant for variant in variants if variant.recipe.model.name != "feedforward")
