"""What is expected of an experiment, as sentences that its results bear out or not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import pandas as pd

from longthink.study.evaluators import Evaluator

Source = Literal["dissertation", "article", "own"]
"""Who says so: Schwarzschild's *Deep Thinking Systems*, arXiv 2602.03655 on groups, or who wrote the experiment."""


@dataclass(frozen=True)
class Claim:
    """A sentence that the results bear out or not; `holds` gets the table of `reproduce.summarised`.

    `holds` is None where the table cannot tell, since the nets solve too little of anything: two that solve nothing
    are not alike, and one that has solved nothing does not keep it.
    `source`: who makes it; None: that of the experiment.
    """

    sentence: str
    holds: Callable[[pd.DataFrame], bool | None]
    source: Source | None = None


def own(*claims: Claim) -> tuple[Claim, ...]:
    """The same as claims of ours, in an experiment that is another's."""
    return tuple(replace(claim, source="own") for claim in claims)


def more(better: str, worse: str, evaluator: Evaluator, value: str = "fixed", or_equal: bool = False) -> Claim:
    """`better` solves more than `worse` (or as much), in the mean over seeds."""

    def holds(table: pd.DataFrame) -> bool | None:
        means = _of(evaluator, table)[value]
        if or_equal and means[better] == means[worse]:
            return True if means[better] else None
        return bool(means[better] > means[worse])

    amount = "at least as much as" if or_equal else "more than"
    when = {"fixed": "", "peak": " at best", "final": " in the end"}[value]
    return Claim(f"At {evaluator.title}, {better} {evaluator.verb} {amount} {worse}{when}.", holds)


def no_overthinking(name: str, evaluator: Evaluator, tolerated: float = 0.01) -> Claim:
    """What `name` solves at best, in any seed, it still solves in the end."""

    def holds(table: pd.DataFrame) -> bool | None:
        measured = _of(evaluator, table).loc[name]
        if measured["overthinking"] > tolerated:
            return False
        return True if measured["peak"] > tolerated else None

    return Claim(f"At {evaluator.title}, {name} does not overthink: no seed loses more than {tolerated:.0%}.", holds)


def overthinks(name: str, evaluator: Evaluator, more_than: float = 0.01) -> Claim:
    """Some seed of `name` loses more than this share from its best to its last iteration."""
    return Claim(
        f"At {evaluator.title}, {name} overthinks: some seed loses more than {more_than:.0%}.",
        lambda table: bool(_of(evaluator, table)["overthinking"][name] > more_than),
    )


def sooner(name: str, other: str, evaluator: Evaluator) -> Claim:
    """`name` is at its best, in the mean over seeds, after fewer iterations than `other`."""

    def holds(table: pd.DataFrame) -> bool:
        at = _of(evaluator, table)["peak_at"]
        return bool(at[name] < at[other])

    return Claim(f"At {evaluator.title}, {name} is at its best in fewer iterations than {other}.", holds)


def at_least(share: float, name: str, evaluator: Evaluator) -> Claim:
    """`name` solves this share or more, in the mean over seeds."""
    return Claim(
        f"At {evaluator.title}, {name} {evaluator.verb} at least {share:.0%}.",
        lambda table: bool(_of(evaluator, table)["fixed"][name] >= share),
    )


def at_most(share: float, name: str, evaluator: Evaluator, unlike: Evaluator | None = None) -> Claim:
    """`name` solves this share or less, in the mean over seeds; `unlike` another evaluator, where it solves more."""

    def holds(table: pd.DataFrame) -> bool | None:
        if _of(evaluator, table)["fixed"][name] > share:
            return False
        return True if unlike is None or _of(unlike, table)["peak"][name] > share else None

    return Claim(f"At {evaluator.title}, {name} {evaluator.verb} at most {share:.0%}.", holds)


def alike(name: str, other: str, evaluator: Evaluator, within: float) -> Claim:
    """Two nets differ by no more than this, in the mean over seeds."""

    def holds(table: pd.DataFrame) -> bool | None:
        means = _of(evaluator, table)["fixed"]
        return bool(abs(means[name] - means[other]) <= within) if means[name] or means[other] else None

    return Claim(f"At {evaluator.title}, {name} and {other} differ by at most {within * 100:g} points.", holds)


def rises(name: str, evaluators: Sequence[Evaluator]) -> Claim:
    """From each evaluator to the next, `name` gains, in the mean over seeds."""

    def holds(table: pd.DataFrame) -> bool:
        values = [_of(evaluator, table)["fixed"][name] for evaluator in evaluators]
        return all(before < after for before, after in pairwise(values))

    return Claim(f"From {evaluators[0].title} to {evaluators[-1].title}, {name} gains with each.", holds)


def _of(evaluator: Evaluator, table: pd.DataFrame) -> pd.DataFrame:
    return table[table["evaluator"] == evaluator.title].set_index("series")
