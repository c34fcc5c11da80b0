"""What an experiment is: rows of recipes, readings, and what the dissertation found. `experiments/` has them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from longthink.recipe import Recipe

Scale = Literal["laptop", "thesis"]
"""Small settings that keep the comparison, or the dissertation's own, which want a GPU."""


@dataclass(frozen=True)
class Row:
    """One line of a table. `published`: what the dissertation has at each level, as it is printed there."""

    name: str
    recipe: Recipe
    published: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """Puzzles of one level, thought about for `iterations` and read at every so many; `fixed` was chosen beforehand."""

    level: int
    iterations: int
    fixed: int
    count: int = 1000
    every: int = 1


@dataclass(frozen=True)
class Claim:
    """A sentence that the results bear out or not; `holds` gets the table of `reproduce.summarised`."""

    sentence: str
    holds: Callable[[pd.DataFrame], bool]


@dataclass(frozen=True)
class Experiment:
    """A table or figure: every row is trained with every seed and read at every level."""

    title: str
    rows: tuple[Row, ...]
    readings: tuple[Reading, ...]
    claims: tuple[Claim, ...] = ()


def more(better: str, worse: str, level: int, reading: str = "fixed", or_equal: bool = False) -> Claim:
    """`better` solves more than `worse` (or as much), in the mean over seeds."""

    def holds(table: pd.DataFrame) -> bool:
        means = table[table["level"] == level].set_index("series")[reading]
        return bool(means[better] > means[worse] or (or_equal and means[better] == means[worse]))

    amount = "at least as much as" if or_equal else "more than"
    return Claim(f"At level {level}, {better} solves {amount} {worse}.", holds)


def no_overthinking(name: str, level: int, tolerated: float = 0.01) -> Claim:
    """What `name` solves at best, in any seed, it still solves in the end."""

    def holds(table: pd.DataFrame) -> bool:
        lost = table[table["level"] == level].set_index("series")["overthinking"]
        return bool(lost[name] <= tolerated)

    return Claim(f"At level {level}, {name} does not overthink: no seed loses more than {tolerated:.0%}.", holds)
