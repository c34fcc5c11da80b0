"""The nets that the dissertation compares, made from one recipe so that nothing else differs."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from longthink import registry
from longthink.recipes.laptop import chess_laptop, mazes_laptop, prefix_sums_laptop
from longthink.recipes.thesis import chess_thesis, mazes_thesis, prefix_sums_thesis
from longthink.study.experiment import Scale, Variant
from longthink.training.recipe import Recipe

PLAIN = {"objective": "final"}
DEPTH_BESIDE_BLOCKS, DEPTH_OF_BLOCK = 4, 4
"""Layers of a net without recall (section 4.2)."""
NO_RECALL = {"model.recall": False}
EASIEST_CHESS = {"problem.unit": "up_to_tenth", "curriculum.lowest": 6, "curriculum.highest": 6}
"""Batches, and validation, of all of the easiest six tenths together, as of the 600,000 at thesis scale."""


def prefix_sums(scale: Scale) -> Recipe:
    """DT-Recall with the plain loss."""
    return at(scale, prefix_sums_laptop().revised(PLAIN), prefix_sums_thesis().revised(PLAIN))


def mazes(scale: Scale) -> Recipe:
    """DT-Recall with the plain loss; at laptop scale with fewer steps and less noise than `mazes_laptop`."""
    small = mazes_laptop().revised({**PLAIN, "steps": 800, "regularisation.state_noise": 0.02})
    return at(scale, small, mazes_thesis().revised(PLAIN))


def chess(scale: Scale, published: Mapping[str, Any] = MappingProxyType({})) -> Recipe:
    """DT-Recall with the plain loss; at laptop scale with half of the steps of `chess_laptop`.

    `published`: what is other than in `chess_thesis`, where that is how nets are trained.
    """
    small = chess_laptop().revised({**PLAIN, **EASIEST_CHESS, "steps": 1500})
    theirs = chess_thesis().revised({**PLAIN, **published})
    return at(scale, small, theirs if scale == "thesis" else theirs.revised(EASIEST_CHESS))


def at(scale: Scale, small: Recipe, published: Recipe) -> Recipe:
    """Which of the two, or what is between them: the published training, on the net and for the steps of the small one.

    That is the dissertation's data, objective, optimiser and schedule, whose epochs are shorter by as much as there are
    fewer steps, and the hardest level alone; and no label smoothing, noise, moving average or curriculum.
    """
    if scale != "bare":
        return small if scale == "laptop" else published
    share = small.steps / published.steps
    return published.revised(
        {
            "model": small.model.name,
            **{f"model.{name}": value for name, value in small.model.options.items()},
            "batch": small.batch,
            "steps": small.steps,
            "optimiser.recurrent_lr_factor": 1.0,
            "schedule.warmup": round(share * published.schedule.warmup),
            "schedule.milestones": [round(share * milestone) for milestone in published.schedule.milestones],
            "validation.every": small.validation.every,
            "validation.count": small.validation.count,
        }
    )


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
    known = registry.options(registry.find("models", "feedforward")).model_fields.keys() - {"recall"}
    same = {f"model.{name}": value for name, value in base.model.options.items() if name in known}
    return base.revised({"model": "feedforward", "model.limit": base.regime, **same, **PLAIN})


def twins(base: Recipe, depths: tuple[int, ...]) -> tuple[Variant, ...]:
    """A recurrent and a feed-forward net of each effective depth: first all of the one form, then of the other."""
    nets = {depth: iterating(base, (depth - DEPTH_BESIDE_BLOCKS) // DEPTH_OF_BLOCK) for depth in depths}
    recurrent = tuple(Variant(f"recurrent, {depth} layers", net) for depth, net in nets.items())
    return recurrent + tuple(Variant(f"feed-forward, {depth} layers", feedforward(net)) for depth, net in nets.items())


def alpha(problem: str, scale: Scale) -> float:
    """The weight of the progressive loss: the dissertation's (section 5.6.3), at laptop scale one that trains surely.

    Small nets on strings with alpha 1 learned with one of the seeds 0 to 2 (`alpha_grid_prefix_sums`), which is why;
    and with each of the seeds 100 to 104 (`table_5_2`).
    """
    return {"prefix_sums": 0.5 if scale == "laptop" else 1.0, "mazes": 0.01, "chess": 0.5}[problem]


def _of_feedforward_mazes(steps: int) -> Mapping[str, Any]:
    """What they are trained with, 200 epochs long, where the recurrent ones have so many steps in 50 (table 5.7)."""
    return {
        "steps": 200 * steps // 50,
        "optimiser.lr": 1e-4,
        "optimiser.recurrent_lr_factor": 1.0,
        "schedule.decay": "step",
        "schedule.milestones": [175 * steps // 50],
        "schedule.factor": 0.1,
    }


TWINS: Mapping[str, Callable[[int], Mapping[str, Any]]] = {"mazes": _of_feedforward_mazes}
"""Of problems whose feed-forward nets the dissertation trains otherwise."""


def five(problem: str, scale: Scale) -> tuple[Variant, ...]:
    """The nets of every table of chapter 5: with and without recall and progressive loss, and the feed-forward twin."""
    base = {"prefix_sums": prefix_sums, "mazes": mazes, "chess": chess}[problem](scale)
    without, weight = base.revised(NO_RECALL), alpha(problem, scale)
    changes = TWINS.get(problem) if scale != "laptop" else None
    twin = feedforward(base).revised(changes(base.steps) if changes else {})
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
