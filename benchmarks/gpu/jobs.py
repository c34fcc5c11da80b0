"""What is to be trained and tested on a GPU, in order of worth: the nets of the dissertation, at its own scale.

Operations of a training step are 2 * 9 * (5 W^2 + C W) for each position of a grid and iteration, three times as many
with gradient. With progressive loss and m = 30 that is 5.5e12 for mazes in batches of 50, and 2.2e17 for all 50 epochs:
at a third of what an H100 does in bf16 at best, 11 minutes. So the mazes are trained in bf16, compiled, and in batches
of 100, for as many epochs as the dissertation's, which are half as many steps. Whether that learns as well, nobody saw.
Strings are so little work that a GPU waits for Python; their recipe stays as it is, with which one seed took 261 s.

Chess is last: 1.1e19 operations a net.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from longthink.recipes.thesis import MAZES_EPOCH
from longthink.study.experiment import Experiment
from longthink.study.experiments.chapter_5 import ablation_n_0, table_5_2, table_5_3
from longthink.study.experiments.chess import table_5_4
from longthink.study.experiments.section_6_1 import section_6_1
from longthink.training.optimisers import SGD
from longthink.training.recipe import Recipe

TABLES = {
    "prefix_sums": table_5_2,
    "mazes": table_5_3,
    "chess": table_5_4,
    "n_is_0": ablation_n_0,
    "sudoku": section_6_1,
}
BEST = "DT-Recall, progressive"
FAST: Mapping[str, Any] = {"precision": "bf16-mixed", "compile": True}
LARGER: Mapping[str, Any] = {
    "batch": 100,
    "steps": 50 * MAZES_EPOCH // 2,
    "schedule.warmup": 10 * MAZES_EPOCH // 2,
    "validation.every": MAZES_EPOCH // 2,
}
"""As many epochs, of half as many steps."""
TINY: Mapping[str, Any] = {
    "model.width": 4,
    "model.head": [4, 4],
    "curriculum.iterations": 2,
    "steps": 12,
    "batch": 4,
    "validation.every": 4,
    "validation.count": 4,
    "precision": "32-true",
    "compile": False,
}
"""What makes any of them a matter of a second, to try the queue."""
SMALLEST = {"prefix_sums": 8, "mazes": 5, "sudoku": 20}
IDENTITY = ("name", "seed")
BYTES = 4


@dataclass(frozen=True)
class Test:
    """Puzzles of one level that nets never saw, read after every iteration, some at a time."""

    level: int
    iterations: int
    count: int = 1000
    at_a_time: int = 100
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of the problem, other than in training."""


BAND = {"width": 100_000, "whole": True}
TESTS = {
    "prefix_sums": (Test(48, 200), Test(512, 500)),
    "mazes": (Test(13, 200), Test(59, 1000, at_a_time=20)),
    "sudoku": (Test(41, 100), Test(49, 100)),
    "chess": (Test(700_000, 100, options=BAND), Test(1_100_000, 100, options=BAND)),
}


@dataclass(frozen=True)
class Job:
    """A net of one of the tables, and how it is tested."""

    table: str
    variant: str
    seed: int
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Of the dissertation's recipe."""
    tiny: bool = False

    @property
    def name(self) -> str:
        """Its folder's."""
        words = re.findall("[a-z0-9]+", f"{self.problem} {self.variant}".lower())
        return "-".join([*words, str(self.seed), *(["tiny"] if self.tiny else [])])

    @property
    def problem(self) -> str:
        return "prefix_sums" if self.table == "n_is_0" else self.table

    @property
    def tests(self) -> tuple[Test, ...]:
        if not self.tiny:
            return TESTS[self.problem]
        level = SMALLEST[self.problem] + 2
        return Test(level, 6, count=8, at_a_time=3), Test(level + 2, 6, count=4, at_a_time=3)

    def missing(self, folder: Path) -> str | None:
        """What it lacks in the folder of the queue, if anything."""
        store = self._store(folder)
        if store is None or store.is_dir():
            return None
        return f"there are no puzzles in {store}; bring the Lichess database in with `longthink import`"

    def recipe(self, folder: Path) -> Recipe:
        recipe = _variants(self.table)[self.variant].revised({"seed": self.seed, **self.changes})
        store = self._store(folder)
        if store is not None:
            recipe = recipe.revised({"problem.source": str(store)})
        if self.tiny:
            level = SMALLEST[self.problem]
            levels = {"curriculum.lowest": level, "curriculum.highest": level, "train_size": 20}
            limit = {"model.limit": 2} if recipe.model.name == "feedforward" else {}
            recipe = recipe.revised({**TINY, **levels, **limit})
        return recipe.revised({"name": self.name})

    def changed(self, folder: Path) -> dict[str, Any]:
        """The options that are not as in the dissertation's recipe: rows name them."""
        own, theirs = self.recipe(folder).options(), _variants(self.table)[self.variant].options()
        return {option: own[option] for option in own if own[option] != theirs[option] and option not in IDENTITY}

    def _store(self, folder: Path) -> Path | None:
        return folder / "lichess" if self.table == "chess" else None


@cache
def _variants(table: str) -> dict[str, Recipe]:
    experiment: Experiment = TABLES[table]("thesis")
    return {variant.name: variant.recipe for variant in experiment.variants}


def state_bytes(recipe: Recipe) -> int:
    """Of a checkpoint: the weights, what the optimiser keeps of each, their average, and the best so far."""
    weights = sum(weight.numel() for weight in recipe.build().parameters())
    kept = 1 if isinstance(recipe.optimiser, SGD) else 2
    return BYTES * weights * (2 + kept + (recipe.regularisation.ema is not None))


def jobs(tiny: bool = False) -> tuple[Job, ...]:
    """All of them, those of most worth first."""
    mazes = {**FAST, **LARGER}
    found = (
        Job("mazes", BEST, 100, mazes),
        *(Job("prefix_sums", BEST, seed) for seed in range(100, 105)),
        Job("mazes", "DT-Recall", 100, mazes),
        *(Job("mazes", variant, seed, mazes) for seed in (101, 102) for variant in (BEST, "DT-Recall")),
        *(Job("prefix_sums", variant, 100) for variant in ("DT-Recall", "DT, progressive", "DT")),
        Job("n_is_0", "n = 0", 100),
        *(Job("mazes", variant, 100, mazes) for variant in ("DT, progressive", "DT")),
        Job("prefix_sums", "feed-forward", 100),
        Job("mazes", "feed-forward", 100, {"precision": "bf16-mixed"}),  # each of its 30 blocks would be compiled
        Job("sudoku", "DT-Recall", 100, FAST),
        *(Job("chess", variant, 100, FAST) for variant in (BEST, "DT-Recall", "DT, progressive", "DT")),
        Job("chess", "feed-forward", 100, {"precision": "bf16-mixed"}),
    )
    if not tiny:
        return found
    return tuple(Job(job.table, job.variant, job.seed, job.changes, tiny=True) for job in found if job.table != "chess")
