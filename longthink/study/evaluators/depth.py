"""What depth brings on mazes, of the size that each net was trained on (section 3.4)."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pandas as pd

from longthink.base.errors import UserError
from longthink.contracts import Puzzles
from longthink.measuring.inside.receptive_field import seen
from longthink.measuring.sweep import sweep
from longthink.problems.mazes.problem import Mazes
from longthink.registry import register
from longthink.study.evaluators._evaluator import Evaluator, Peers, alone
from longthink.training.optimisers import Positive
from longthink.training.recipe import Recipe
from longthink.training.runs import Run


@register
class InDistribution(Evaluator):
    """How many test puzzles of the highest level that a net was trained on it solves, after its training regime.

    So nets that were trained on different levels are measured on different puzzles (figure 3.3).
    Columns: those of `sweep`; `depth`, the layers of the net, if it says.
    """

    count: Positive = 1000

    @property
    def title(self) -> str:
        return "the level of training"

    @property
    def heading(self) -> str:
        return f"{super().heading}: {self.count} puzzles"

    def check(self, recipe: Recipe) -> None:
        self.puzzles(recipe, count=1)

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, recipe = run.model(), run.recipe()
        rows = sweep(model, self.puzzles(recipe), [recipe.regime])
        return rows.assign(depth=model.effective_depth(recipe.regime))

    def puzzles(self, recipe: Recipe, count: int | None = None) -> Puzzles:
        return recipe.problem.sample(recipe.curriculum.highest, count or self.count)


@register
class ReceptiveField(Evaluator):
    """Of how many cells along an axis the middle position of a maze's answer can depend on (section 3.4.2).

    That is measured on the net as it is after its training regime, for mazes of the highest level that it was trained
    on. Columns: `cells`, their share; `pixels`, how many.
    """

    measure: ClassVar[str] = "cells"
    measured: ClassVar[str] = "cells along an axis, of which the middle of the answer can depend on a pixel"
    verb: ClassVar[str] = "covers"

    @property
    def title(self) -> str:
        return "the receptive field"

    def check(self, recipe: Recipe) -> None:
        if not isinstance(recipe.problem, Mazes):
            raise UserError("Receptive fields are measured in cells of mazes, and this problem has none.")

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        self.check(run.recipe())
        model, recipe = run.model(), run.recipe()
        level = recipe.curriculum.highest
        size = recipe.problem.sample(level, 1).x.shape[-1]
        pixels = seen(model, size, recipe.regime, output=True)
        border = (size - 2 * level) // 2
        cells = pixels[border:-border].reshape(level, 2).any(1)
        row = {"level": level, "iteration": recipe.regime, "cells": cells.mean(), "pixels": int(pixels.sum())}
        return pd.DataFrame([row])

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Also `pixels`, which does not depend on the seed."""
        return super().summary(rows) | {"pixels": int(rows["pixels"].max())}

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        return super().columns(summary, published) | {"pixels along an axis": str(summary["pixels"])}
