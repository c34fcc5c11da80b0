"""What nets have learned of a group, and in which order."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pandas as pd
import torch

from longthink.base.errors import UserError
from longthink.contracts import Puzzles
from longthink.problems.groups.composition import GroupComposition
from longthink.problems.groups.staircase import in_order, observed, off_by, predicted
from longthink.registry import register
from longthink.study.evaluators._evaluator import Evaluator, Peers, alone, percent
from longthink.thinking.loop import think
from longthink.training.optimisers import Positive
from longthink.training.recipe import Recipe
from longthink.training.runs import Run

FURTHER = 2
"""Iterations beyond those of training."""


@register
class Stepped(Evaluator):
    """In which order a two-layer net has learned the irreps of a group, from the history of its training.

    Columns, one row for each row of the history: `iteration`, the step; `order`, the share of predicted steps that were
    taken in their place, and `heights`, how far plateaus are off, as a share of the loss at the start (the same in all
    rows); `loss`; `plateaus`, those predicted, with spaces between; and `learned NAME`, the share of an irrep's power
    that the output has.
    """

    measure: ClassVar[str] = "order"
    measured: ClassVar[str] = "the predicted steps, taken in their place"
    verb: ClassVar[str] = "follows the prediction in"

    @property
    def title(self) -> str:
        """Each net has the length that it was trained on."""
        return "training, step by step"

    def check(self, recipe: Recipe) -> None:
        _composition(recipe)

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        problem, level = _composition(run.recipe()), run.recipe().curriculum.highest
        steps = predicted(problem.known_group, problem.encoding[problem.known_group.identity].numpy(), level)
        history = pd.DataFrame(run.history()).dropna(subset=["loss"]).reset_index(drop=True)
        found = observed(history, steps)
        shares = {
            f"learned {name}": history[f"power {name}"] / power
            for name, power in zip(steps["component"], steps["power"], strict=True)
        }
        return pd.DataFrame(
            {
                "level": level,
                "iteration": history["step"],
                "order": in_order(found["component"].tolist(), steps),
                "heights": off_by(found, steps),
                "loss": history["loss"],
                "plateaus": " ".join(f"{height:.5g}" for height in (steps["before"].iloc[0], *steps["after"])),
                **shares,
            }
        )

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Also `heights`, how far plateaus are off, in the mean."""
        return super().summary(rows) | {"heights": rows["heights"].mean()}

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        return super().columns(summary, published) | {"plateaus off by": percent(summary["heights"])}


@register
class Learned(Evaluator):
    """How much a net has learned of the products of a group, of the length that it was trained on.

    `learned` is the share of the loss of an output of zeros that the net does not have. Further columns: `accuracy`,
    `group`, its `order`, and `width`; the `level` is the length. Iterations go a little beyond those of training.
    """

    measure: ClassVar[str] = "learned"
    measured: ClassVar[str] = "the target's power"
    verb: ClassVar[str] = "learns"

    count: Positive = 1000

    @property
    def title(self) -> str:
        """Each net has the length that it was trained on."""
        return "the length of training"

    @property
    def heading(self) -> str:
        return f"{super().heading}: {self.count} sequences, up to {FURTHER} iterations more than in training"

    def check(self, recipe: Recipe) -> None:
        _composition(recipe)

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, recipe = run.model(), run.recipe()
        problem, puzzles = _composition(recipe), self.puzzles(recipe)
        nothing = problem.loss(torch.zeros(len(puzzles), problem.order), puzzles).sum()
        rows = []
        with torch.inference_mode():
            for thought in think(model, puzzles.x, model.limit or recipe.regime + FURTHER):
                logits = thought.read()
                solved = problem.correct(problem.answer(logits, puzzles), puzzles)
                rows.append(
                    {
                        "level": puzzles.level,
                        "iteration": thought.iteration,
                        "learned": float(1 - problem.loss(logits, puzzles).sum() / nothing),
                        "accuracy": float(solved.double().mean()),
                        "group": problem.group,
                        "order": problem.order,
                        "width": recipe.model.options["width"],
                    }
                )
        return pd.DataFrame(rows)

    def puzzles(self, recipe: Recipe) -> Puzzles:
        return recipe.problem.sample(recipe.curriculum.highest, self.count, repeats=True)


def _composition(recipe: Recipe) -> GroupComposition:
    """The problem of a recipe. Raises UserError for another one."""
    if not isinstance(recipe.problem, GroupComposition):
        raise UserError(f"Only nets that compose elements of a group learn its irreps, not those of {recipe.name}.")
    return recipe.problem
