"""Evaluators that measure nets on puzzles of one level."""

from abc import ABC
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from longthink.contracts import Puzzles, Split
from longthink.study.evaluators._evaluator import SOLVED, Evaluator, percent
from longthink.training.optimisers import Positive
from longthink.training.recipe import Recipe
from longthink.training.supervised import training_set

SEEN = "Puzzles are those that a net was trained on, where that was a fixed set, and else fresh ones of the same split."


class LevelEvaluator(Evaluator, ABC):
    """One that takes `count` puzzles of one level and split.

    Of the training split, those that the net was trained on, if it was on a fixed set; else fresh ones.
    `options`: those of the problem that are other than in training. `called`: what the puzzles are called on the page,
    where level and options do not say it.
    """

    level: int
    count: Positive = 1000
    split: Split = "test"
    options: Mapping[str, Any] = Field(default_factory=dict)
    called: str = ""

    @property
    def title(self) -> str:
        split = "" if self.split == "test" else f", {self.split} split"
        if self.called:
            return f"{self.called}{split}"
        options = "".join(f", {value}".replace("_", " ") for value in self.options.values() if value)
        return f"level {self.level}{split}{options}"

    @property
    def heading(self) -> str:
        return f"{super().heading}: {self.count} puzzles"

    def check(self, recipe: Recipe) -> None:
        self.puzzles(recipe)

    def puzzles(self, recipe: Recipe, count: int | None = None) -> Puzzles:
        """All of them, or `count`. Raises UserError for options that the problem has not, and as `sample` does."""
        levels, is_fixed = recipe.curriculum, recipe.supervised.train_size is not None
        trained_on = levels.lowest <= self.level <= levels.highest and not self.options
        if self.split == "train" and is_fixed and trained_on:
            return training_set(recipe, self.level)[: count or self.count]
        return recipe.problem.revised(self.options).sample(self.level, count or self.count, split=self.split)


class CurveEvaluator(LevelEvaluator, ABC):
    """One that says how many puzzles are solved, up to iteration `iterations`.

    `fixed`: the iteration that counts, chosen beforehand; None: each net's own training regime.
    """

    iterations: Positive
    fixed: Positive | None = None

    @property
    def heading(self) -> str:
        return f"{super().heading}, {self.iterations} iterations"

    @property
    def note(self) -> str:
        fixed = "that of each net's training regime" if self.fixed is None else self.fixed
        sure = f"Sure: seeds that solve at least {SOLVED:.0%} there."
        seen = "" if self.split != "train" else f" {SEEN}"
        return f"Per cent of {self.measured}. The fixed iteration is {fixed}. {sure}{seen}"

    def check(self, recipe: Recipe) -> None:
        self.puzzles(recipe, count=1)  # large ones take long; whether there are enough, `baselines` finds out

    def fixed_at(self, regime: int) -> int:
        return self.fixed or regime

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        cells = super().columns(summary, published)
        return {
            "dissertation": cells["dissertation"],
            "peak of the mean": f"{percent(summary['peak'])} at {summary['peak_at']}",
            self.column: cells[self.column],
            "median": percent(summary["median"]),
            "every seed": cells["every seed"],
            "sure": f"{summary['successes']} of {summary['seeds']}",
            "at the end": percent(summary["final"]),
        }

    def baselines(self, recipe: Recipe) -> dict[str, float]:
        puzzles = self.puzzles(recipe)
        return {name: float(solved.mean()) for name, solved in puzzles.problem.baselines(puzzles).items()}
