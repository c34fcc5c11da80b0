"""Claims, on tables known on paper."""

import pandas as pd
import pytest

from longthink.study.claims import (
    Claim,
    alike,
    at_least,
    at_most,
    more,
    no_overthinking,
    overthinks,
    own,
    rises,
    sooner,
)
from longthink.study.evaluators import Sweep

EVALUATORS = [Sweep(level=level, iterations=30, fixed=25) for level in (1, 2, 3)]
TABLE = pd.DataFrame(
    [
        {
            "evaluator": evaluator.title,
            "series": series,
            "fixed": value,
            "peak": value + 0.1,
            "overthinking": lost,
            "peak_at": at,
        }
        for series, lost, at, values in (("a", 0.6, 7, (0.1, 0.2, 0.3)), ("b", 0.0, 8, (0.1, 0.25, 0.2)))
        for evaluator, value in zip(EVALUATORS, values, strict=True)
    ]
)
FIRST, SECOND, THIRD = EVALUATORS


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        (more("a", "b", THIRD), True),
        (more("a", "b", SECOND), False),
        (more("a", "b", FIRST), False),
        (more("a", "b", FIRST, or_equal=True), True),
        (more("b", "a", SECOND, value="peak"), True),
        (no_overthinking("b", FIRST), True),
        (no_overthinking("a", FIRST), False),
        (overthinks("a", FIRST), True),
        (overthinks("a", FIRST, 0.6), False),
        (overthinks("b", FIRST), False),
        (sooner("a", "b", FIRST), True),
        (sooner("b", "a", FIRST), False),
        (sooner("a", "a", FIRST), False),
        (at_least(0.3, "a", THIRD), True),
        (at_least(0.31, "a", THIRD), False),
        (at_most(0.3, "a", THIRD), True),
        (at_most(0.29, "a", THIRD), False),
        (rises("a", EVALUATORS), True),
        (rises("b", EVALUATORS), False),
        (alike("a", "b", SECOND, 0.051), True),
        (alike("a", "b", SECOND, 0.04), False),
    ],
)
def test_a_claim_holds_or_does_not(claim: Claim, holds: bool) -> None:
    assert claim.holds(TABLE) is holds


NOTHING = TABLE.assign(fixed=0.0, peak=0.004, overthinking=0.004)


@pytest.mark.parametrize(
    "claim",
    [
        more("a", "b", FIRST, or_equal=True),
        no_overthinking("a", FIRST),
        at_most(0.01, "a", SECOND, unlike=FIRST),
        alike("a", "b", FIRST, 0.01),
    ],
)
def test_nets_that_solve_nothing_bear_out_nothing(claim: Claim) -> None:
    assert claim.holds(NOTHING) is None


def test_nets_that_solve_nothing_may_be_expected_to() -> None:
    assert at_most(0.01, "a", SECOND).holds(NOTHING) is True
    assert at_most(0.3, "a", THIRD, unlike=FIRST).holds(TABLE.assign(peak=0.9)) is True


def test_a_claim_may_be_of_another_than_the_experiment() -> None:
    claim = at_most(0.05, "a", FIRST)
    (ours,) = own(claim)
    assert (claim.source, ours.source) == (None, "own")
    assert (ours.sentence, ours.holds) == (claim.sentence, claim.holds)


def test_a_claim_is_a_sentence() -> None:
    assert more("a", "b", FIRST, value="peak").sentence == "At level 1, a solves more than b at best."
    assert at_most(0.05, "a", FIRST).sentence == "At level 1, a solves at most 5%."
    assert rises("a", EVALUATORS).sentence == "From level 1 to level 3, a gains with each."
    assert alike("a", "b", FIRST, 0.015).sentence == "At level 1, a and b differ by at most 1.5 points."
