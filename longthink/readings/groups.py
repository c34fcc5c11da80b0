"""What nets have learned of a group, and in which order."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
import torch

from longthink.contracts import Puzzles
from longthink.errors import UserError
from longthink.problems.group_composition import GroupComposition
from longthink.readings._reading import OF_FEATURES, Peers, Reading, alone
from longthink.recipe import Recipe
from longthink.runs import Run
from longthink.staircase import in_order, observed, off_by, predicted
from longthink.thinking import think

FURTHER = 2
"""Iterations beyond those of training."""


@dataclass(frozen=True, kw_only=True)
class Stepped(Reading):
    """In which order a two-layer net has learned the irreps of a group, from the history of its training.

    Columns, one row for each row of the history: `iteration`, the step; `order`, the share of predicted steps that were
    taken in their place, and `heights`, how far plateaus are off, as a share of the loss at the start (the same in all
    rows); `loss`; `plateaus`, those predicted, with spaces between; and `learned NAME`, the share of an irrep's power
    that the output has.
    """

    measure: ClassVar[str] = "order"
    measured: ClassVar[str] = "the predicted steps, taken in their place"
    verb: ClassVar[str] = "follows the prediction in"
    columns: ClassVar[tuple[str, ...]] = (*OF_FEATURES, "plateaus off by")

    @property
    def title(self) -> str:
        """Each net has the length that it was trained on."""
        return "training, step by step"

    @property
    def heading(self) -> str:
        return self.title.capitalize()

    def take(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        problem, level = run.recipe().problem, run.recipe().curriculum.highest
        if not isinstance(problem, GroupComposition):
            raise UserError("Only nets that compose elements of a group learn its irreps.")
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


@dataclass(frozen=True, kw_only=True)
class Learned(Reading):
    """How much a net has learned of the products of a group, of the length that it was trained on.

    `learned` is the share of the loss of an output of zeros that the net does not have. Further columns: `accuracy`,
    `group`, its `order`, and `width`; the `level` is the length. Iterations go a little beyond those of training.
    """

    measure: ClassVar[str] = "learned"
    measured: ClassVar[str] = "the target's power"
    verb: ClassVar[str] = "learns"
    columns: ClassVar[tuple[str, ...]] = OF_FEATURES

    @property
    def title(self) -> str:
        """Each net has the length that it was trained on."""
        return "the length of training"

    @property
    def heading(self) -> str:
        return f"{self.title.capitalize()}: {self.count} sequences, up to {FURTHER} iterations more than in training"

    def take(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, recipe = run.model(), run.recipe()
        if not isinstance(recipe.problem, GroupComposition):
            raise UserError("Only nets that compose elements of a group learn its products.")
        puzzles = self.puzzles(recipe)
        nothing = recipe.problem.loss(torch.zeros(len(puzzles), recipe.problem.classes), puzzles)
        rows = []
        with torch.inference_mode():
            for thought in think(model, puzzles.x, model.limit or recipe.regime + FURTHER):
                logits = thought.read()
                solved = recipe.problem.correct(recipe.problem.answer(logits, puzzles), puzzles)
                rows.append(
                    {
                        "level": puzzles.level,
                        "iteration": thought.iteration,
                        "learned": float(1 - recipe.problem.loss(logits, puzzles) / nothing),
                        "accuracy": float(solved.double().mean()),
                        "group": recipe.problem.group,
                        "order": recipe.problem.classes,
                        "width": recipe.model.options["width"],
                    }
                )
        return pd.DataFrame(rows)

    def puzzles(self, recipe: Recipe) -> Puzzles:
        return recipe.problem.sample(recipe.curriculum.highest, self.count, split=self.split, repeats=True)
