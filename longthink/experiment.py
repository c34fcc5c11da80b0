"""What an experiment is: rows of recipes, readings of them, what is expected of both. `experiments/` has them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from longthink import figures
from longthink.readings import Reading
from longthink.recipe import Recipe

Scale = Literal["laptop", "thesis"]
"""Small settings that keep the comparison, or the dissertation's own, which want a GPU."""


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    name: str
    recipe: Recipe


@dataclass(frozen=True)
class Claim:
    """A sentence that the results bear out or not; `holds` gets the table of `reproduce.summarised`."""

    sentence: str
    holds: Callable[[pd.DataFrame], bool]


@dataclass(frozen=True)
class Experiment:
    """A table or figure: every row is trained with every seed, and every reading taken of it.

    `claims`: what the dissertation found, or what we expect where it prints no numbers. `figure` draws the rows of all
    readings. `beyond`: a question of our own, which the dissertation leaves open.
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
    return Claim(f"At {reading.title}, {better} {reading.verb} {amount} {worse}{when}.", holds)


def no_overthinking(name: str, reading: Reading, tolerated: float = 0.01) -> Claim:
    """What `name` solves at best, in any seed, it still solves in the end."""
    return Claim(
        f"At {reading.title}, {name} does not overthink: no seed loses more than {tolerated:.0%}.",
        lambda table: bool(_of(reading, table)["overthinking"][name] <= tolerated),
    )


def at_least(share: float, name: str, reading: Reading) -> Claim:
    """`name` solves this share or more, in the mean over seeds."""
    return Claim(
        f"At {reading.title}, {name} {reading.verb} at least {share:.0%}.",
        lambda table: bool(_of(reading, table)["fixed"][name] >= share),
    )


def at_most(share: float, name: str, reading: Reading) -> Claim:
    """`name` solves this share or less, in the mean over seeds."""
    return Claim(
        f"At {reading.title}, {name} {reading.verb} at most {share:.0%}.",
        lambda table: bool(_of(reading, table)["fixed"][name] <= share),
    )


def alike(name: str, other: str, reading: Reading, within: float) -> Claim:
    """Two nets differ by no more than this, in the mean over seeds."""
    return Claim(
        f"At {reading.title}, {name} and {other} differ by at most {within * 100:g} points.",
        lambda table: bool(abs(_of(reading, table)["fixed"][name] - _of(reading, table)["fixed"][other]) <= within),
    )


def rises(name: str, readings: Sequence[Reading]) -> Claim:
    """From each reading to the next, `name` gains, in the mean over seeds."""

    def holds(table: pd.DataFrame) -> bool:
        values = [_of(reading, table)["fixed"][name] for reading in readings]
        return all(before < after for before, after in pairwise(values))

    return Claim(f"From {readings[0].title} to {readings[-1].title}, {name} gains with each.", holds)


def _of(reading: Reading, table: pd.DataFrame) -> pd.DataFrame:
    return table[table["reading"] == reading.title].set_index("series")
