"""Puzzles with their solutions, of levels that a curriculum chooses."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from pydantic import model_validator

from longthink.base.errors import UserError
from longthink.base.frozen import Frozen
from longthink.base.seeds import generator
from longthink.contracts import Loss, Objective, Problem, Puzzles, Spec, Thinker
from longthink.measuring.sweep import accuracy
from longthink.plugin_options import chosen
from longthink.registry import register
from longthink.training.optimisers import NotNegative, Positive, Share
from longthink.training.task import Lessons, Task

if TYPE_CHECKING:
    from longthink.training.recipe import Recipe


class Curriculum(Frozen):
    """Which level a batch is of, and for how many iterations it is unrolled (the training regime m).

    Levels are drawn evenly from `lowest` up to a limit that grows from `start` to `highest` over the share `grow` of
    the steps. Iterations are `iterations + iterations_per_level * level + iterations_per_doubling * log2(level)`,
    rounded up.
    """

    lowest: Positive
    highest: Positive
    start: Positive | None = None
    grow: Share = 0.0
    iterations: NotNegative = 0.0
    iterations_per_level: NotNegative = 0.0
    iterations_per_doubling: NotNegative = 0.0

    @model_validator(mode="after")
    def _check(self) -> "Curriculum":
        if not self.lowest <= (self.start or self.highest) <= self.highest:
            raise ValueError("lowest, start and highest must be in this order")
        if self.iterations_at(self.lowest) < 1:
            raise ValueError("iterations, iterations_per_level and iterations_per_doubling leave no iteration at first")
        return self

    def highest_at(self, progress: float) -> int:
        """The highest level drawn when a share `progress` of the steps is done.

        >>> Curriculum(lowest=2, start=4, highest=32, grow=0.5, iterations=1).highest_at(0.25)
        18
        """
        if self.start is None or progress >= self.grow:
            return self.highest
        return self.start + int((self.highest - self.start) * progress / self.grow)

    def iterations_at(self, level: int) -> int:
        """The training regime m at a level.

        >>> Curriculum(lowest=2, highest=32, iterations_per_level=0.3).iterations_at(32)
        10
        >>> Curriculum(lowest=2, highest=32, iterations_per_doubling=1).iterations_at(17)
        5
        """
        longer = self.iterations_per_level * level + self.iterations_per_doubling * math.log2(level)
        return math.ceil(round(self.iterations + longer, 6))


@register
class Supervised(Task):
    """Puzzles and their solutions. `train_size`: size of a fixed set for each level; None: fresh ones for ever."""

    problem: Annotated[Problem, *chosen("problems")]
    objective: Annotated[Objective, *chosen("objectives")]
    curriculum: Curriculum
    train_size: Positive | None = None

    @property
    def spec(self) -> Spec:
        return self.problem.spec

    @property
    def regime(self) -> int:
        return self.curriculum.iterations_at(self.curriculum.highest)

    @property
    def longest(self) -> int:
        return self.objective.longest(self.regime)

    def check(self, net: Thinker) -> None:
        self.objective.check(net)

    def begin(self, recipe: "Recipe") -> "PuzzleLessons":
        return PuzzleLessons(self, recipe)


@dataclass(frozen=True)
class PuzzleBatch:
    """Puzzles, and the number of iterations to unroll."""

    puzzles: Puzzles
    iterations: int

    def part(self, rank: int, of: int) -> "PuzzleBatch":
        return replace(self, puzzles=self.puzzles[rank::of])

    def to(self, device: torch.device | str) -> "PuzzleBatch":
        return replace(self, puzzles=self.puzzles.to(device))


class PuzzleLessons(Lessons):
    """Batches that are fresh for ever, or passes over a fixed set, each in a new order.

    Raises UserError where there is no level to train on, or the easiest or the hardest has no batch that fits the
    memory, or a level has fewer puzzles than its fixed set.
    """

    def __init__(self, task: Supervised, recipe: "Recipe"):
        self.task, self.recipe = task, recipe
        self._fixed = cache(partial(training_set, recipe))
        curriculum, count = task.curriculum, recipe.validation.count
        for highest in (curriculum.start or curriculum.highest, curriculum.highest):
            if not len(levels := task.problem.levels(curriculum.lowest, highest)):
                raise UserError(f"There is no level from {curriculum.lowest} to {highest} to train on; take others.")
        for level in {levels[0], levels[-1]} if task.train_size is None else levels:
            self._of_level(level, 0)
        self.held_out = task.problem.sample(curriculum.highest, count, recipe.seed, "validation", repeats=True)

    def batch(self, step: int) -> PuzzleBatch:
        curriculum, recipe = self.task.curriculum, self.recipe
        levels = self.task.problem.levels(curriculum.lowest, curriculum.highest_at(step / recipe.steps))
        level = levels[int(generator("level", recipe.seed, step).integers(len(levels)))]
        puzzles = replace(self._of_level(level, step), label_smoothing=recipe.regularisation.label_smoothing)
        return PuzzleBatch(puzzles, curriculum.iterations_at(level))

    def _of_level(self, level: int, step: int) -> Puzzles:
        """The puzzles of a step, if it is of this level."""
        task, recipe = self.task, self.recipe
        if task.train_size is None:
            return task.problem.sample(level, recipe.batch, recipe.seed, "train", index=step + 1, repeats=True)
        fixed = self._fixed(level)
        batches = len(fixed) // recipe.batch
        epoch, which = divmod(step, batches)
        order = generator("order", recipe.seed, level, epoch).permutation(len(fixed))
        some = order[which * recipe.batch : (which + 1) * recipe.batch]
        return fixed[torch.from_numpy(some)]

    def losses(self, net: Thinker, batch: PuzzleBatch, rng: np.random.Generator) -> Iterator[Loss]:
        return self.task.objective.losses(net, batch.puzzles, batch.iterations, rng)

    def measures(self, batch: PuzzleBatch, loss: Loss) -> dict[str, float | int]:
        puzzles, problem = batch.puzzles, batch.puzzles.problem
        solved = problem.correct(problem.answer(loss.output, puzzles), puzzles).double().mean()
        return {
            "accuracy": float(solved),
            "level": puzzles.level,
            "iterations": batch.iterations,
            **{name: float(value) for name, value in loss.metrics.items()},
            **problem.measures(loss.output, puzzles),
        }

    def evaluate(self, net: Thinker) -> dict[str, float]:
        iterations = self.task.curriculum.iterations_at(self.held_out.level)
        return {"validation_accuracy": accuracy(net, self.held_out, iterations)}


def training_set(recipe: "Recipe", level: int) -> Puzzles:
    """The fixed set of a level: 80 % of `train_size`, since the other 20 % are for validation (section 5.6.3)."""
    task = recipe.supervised
    assert task.train_size is not None
    return task.problem.sample(level, max(recipe.batch, task.train_size * 4 // 5), recipe.seed, "train")
