"""What an experiment is: rows of recipes, readings, and what the dissertation found. `experiments/` has them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from longthink import figures
from longthink.contracts import Perturbation, Puzzles, Split, Thinker, plugin_name
from longthink.dynamics import fared, perturb
from longthink.evaluate import Exit, sweep
from longthink.recipe import Recipe

Scale = Literal["laptop", "thesis"]
"""Small settings that keep the comparison, or the dissertation's own, which want a GPU."""


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    name: str
    recipe: Recipe


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Puzzles of one level, thought about for `iterations` and read at every so many.

    `fixed`: the iteration that counts, chosen beforehand; None: each net's own training regime. A feed-forward net is
    read once, after its last step. `exit_rule`: that of `evaluate.sweep`, for recurrent nets. `options`: those of the
    problem that are other than in training. `published`: what the dissertation has for each row, as it is printed.
    """

    level: int
    iterations: int
    fixed: int | None = None
    count: int = 1000
    every: int = 1
    split: Split = "test"
    exit_rule: Exit = "default"
    options: Mapping[str, Any] = field(default_factory=dict)
    published: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Tells the readings of an experiment apart."""
        split = "" if self.split == "test" else f", {self.split} split"
        options = "".join(f", {value}".replace("_", " ") for value in self.options.values())
        exit_rule = ", most confident so far" if self.exit_rule != "default" else ""
        return f"level {self.level}{split}{options}{exit_rule}"

    def take(self, model: Thinker, recipe: Recipe) -> pd.DataFrame:
        """One row for each iteration: at least its `accuracy` and `change`."""
        if model.limit is not None:
            return sweep(model, self.puzzles(recipe), [model.limit])
        asked = {self.fixed or regime(recipe), *range(self.every, self.iterations + 1, self.every)}
        return sweep(model, self.puzzles(recipe), asked, self.exit_rule)

    def puzzles(self, recipe: Recipe) -> Puzzles:
        problem = recipe.problem.model_copy(update=dict(self.options))
        return problem.sample(self.level, self.count, split=self.split)


@dataclass(frozen=True, kw_only=True)
class Disturbed(Reading):
    """A recurrent net that is disturbed once, after iteration `at`, and then left to recover (section 5.5).

    Further columns: `reached` and `recovered`, the mean iterations of `dynamics.recovery`; the perturbation's options.
    """

    perturbation: Perturbation | None
    at: int = 0

    @property
    def title(self) -> str:
        if self.perturbation is None:
            return f"{super().title}, undisturbed"
        options = self.perturbation.model_dump(exclude_defaults=True)
        chosen = "".join(f" {name} {value}" for name, value in options.items())
        name = plugin_name(type(self.perturbation)).replace("_", " ")
        return f"{super().title}, {name}{chosen} after iteration {self.at}"

    def take(self, model: Thinker, recipe: Recipe) -> pd.DataFrame:
        rows = perturb(model, self.puzzles(recipe), self.perturbation, self.at, self.iterations)
        means = rows.groupby("iteration")[["solved", "change"]].mean().reset_index()
        options = {} if self.perturbation is None else self.perturbation.model_dump()
        how = fared(rows).iloc[0]
        kept = {name: how[name] for name in ("level", "at", "reached", "recovered")}
        return means.rename(columns={"solved": "accuracy"}).assign(**kept, **options)


def regime(recipe: Recipe) -> int:
    """The training regime m: the iterations of the highest level in training."""
    return recipe.curriculum.iterations_at(recipe.curriculum.highest)


@dataclass(frozen=True)
class Claim:
    """A sentence that the results bear out or not; `holds` gets the table of `reproduce.summarised`."""

    sentence: str
    holds: Callable[[pd.DataFrame], bool]


@dataclass(frozen=True)
class Experiment:
    """A table or figure: every row is trained with every seed, and every reading taken of it.

    `figure` draws the rows of all readings. `beyond`: a question of our own, which the dissertation leaves open.
    `changes`: options of every recipe that a user has changed.
    """

    title: str
    rows: tuple[Row, ...]
    readings: tuple[Reading, ...]
    claims: tuple[Claim, ...] = ()
    figure: Callable[[pd.DataFrame, Path], Path] = figures.accuracy_over_iterations
    beyond: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)

    def revised(self, changes: Mapping[str, Any]) -> "Experiment":
        """The same with some options of every recipe changed. Raises UserError for what does not fit."""
        rows = tuple(Row(row.name, row.recipe.revised(changes)) for row in self.rows)
        return replace(self, rows=rows, changes={**self.changes, **changes})


def more(better: str, worse: str, reading: Reading, value: str = "fixed", or_equal: bool = False) -> Claim:
    """`better` solves more than `worse` (or as much), in the mean over seeds."""

    def holds(table: pd.DataFrame) -> bool:
        means = _of(reading, table)[value]
        return bool(means[better] > means[worse] or (or_equal and means[better] == means[worse]))

    amount = "at least as much as" if or_equal else "more than"
    when = {"fixed": "", "peak": " at best", "final": " in the end"}[value]
    return Claim(f"At {reading.title}, {better} solves {amount} {worse}{when}.", holds)


def no_overthinking(name: str, reading: Reading, tolerated: float = 0.01) -> Claim:
    """What `name` solves at best, in any seed, it still solves in the end."""
    return Claim(
        f"At {reading.title}, {name} does not overthink: no seed loses more than {tolerated:.0%}.",
        lambda table: bool(_of(reading, table)["overthinking"][name] <= tolerated),
    )


def at_least(share: float, name: str, reading: Reading) -> Claim:
    """`name` solves this share or more, in the mean over seeds."""
    return Claim(
        f"At {reading.title}, {name} solves at least {share:.0%}.",
        lambda table: bool(_of(reading, table)["fixed"][name] >= share),
    )


def at_most(share: float, name: str, reading: Reading) -> Claim:
    """`name` solves this share or less, in the mean over seeds."""
    return Claim(
        f"At {reading.title}, {name} solves at most {share:.0%}.",
        lambda table: bool(_of(reading, table)["fixed"][name] <= share),
    )


def _of(reading: Reading, table: pd.DataFrame) -> pd.DataFrame:
    return table[table["reading"] == reading.title].set_index("series")
