"""What is expected of an experiment, as sentences that its results bear out or not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from longthink.study.evaluators import Evaluator


@dataclass(frozen=True)
class Claim:
    """A sentence that the results bear out or not; `holds` gets the table of `reproduce.summarised`."""

    sentence: str
    holds: Callable[[pd.DataFrame], bool]


def more(better: str, worse: str, evaluator: Evaluator, value: str = "fixed", or_equal: bool = False) -> Claim:
    """`better` solves more than `worse` (or as much), in the mean over seeds."""

    def holds(table: pd.DataFrame) -> bool:
        means = _of(evaluator, table)[value]
        return bool(means[better] > means[worse] or (or_equal and means[better] == means[worse]))

    amount = "at least as much as" if or_equal else "more than"
    when = {"fixed": "", "peak": " at best", "final": " in the end"}[value]
    return Claim(f"At {evaluator.title}, {better} {evaluator.verb} {amount} {worse}{when}.", holds)


def no_overthinking(name: str, evaluator: Evaluator, tolerated: float = 0.01) -> Claim:
    """What `name` solves at best, in any seed, it still solves in the end."""
    return Claim(
        f"At {evaluator.title}, {name} does not overthink: no seed loses more than {tolerated:.0%}.",
        lambda table: bool(_of(evaluator, table)["overthinking"][name] <= tolerated),
    )


def at_least(share: float, name: str, evaluator: Evaluator) -> Claim:
    """`name` solves this share or more, in the mean over seeds."""
    return Claim(
        f"At {evaluator.title}, {name} {evaluator.verb} at least {share:.0%}.",
        lambda table: bool(_of(evaluator, table)["fixed"][name] >= share),
    )


def at_most(share: float, name: str, evaluator: Evaluator) -> Claim:
    """`name` solves this share or less, in the mean over seeds."""
    return Claim(
        f"At {evaluator.title}, {name} {evaluator.verb} at most {share:.0%}.",
        lambda table: bool(_of(evaluator, table)["fixed"][name] <= share),
    )


def alike(name: str, other: str, evaluator: Evaluator, within: float) -> Claim:
    """Two nets differ by no more than this, in the mean over seeds."""

    def holds(table: pd.DataFrame) -> bool:
        means = _of(evaluator, table)["fixed"]
        return bool(abs(means[name] - means[other]) <= within)

    return Claim(f"At {evaluator.title}, {name} and {other} differ by at most {within * 100:g} points.", holds)


def rises(name: str, evaluators: Sequence[Evaluator]) -> Claim:
    """From each evaluator to the next, `name` gains, in the mean over seeds."""

    def holds(table: pd.DataFrame) -> bool:
        values = [_of(evaluator, table)["fixed"][name] for evaluator in evaluators]
        return all(before < after for before, after in pairwise(values))

    return Claim(f"From {evaluators[0].title} to {evaluators[-1].title}, {name} gains with each.", holds)


def _of(evaluator: Evaluator, table: pd.DataFrame) -> pd.DataFrame:
    return table[table["evaluator"] == evaluator.title].set_index("series")
