"""Claims that fit curves over nets, on tables that are known to bear them out or not."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from longthink.study.claims import Claim
from longthink.study.experiment import Experiment
from longthink.study.experiments.two_layer import WIDTHS_OF, group_width, staircase_scales


def claims_on(experiment: Experiment, saying: str) -> list[Claim]:
    found = [claim for claim in experiment.claims if saying in claim.sentence]
    assert found
    return found


def widths(least: Callable[[int], float]) -> pd.DataFrame:
    """What is found where every net from a width on learns everything, in all seeds, and no other in more than two."""
    experiment = group_width("laptop")
    rows = []
    for variant in experiment.variants:
        wide = variant.recipe.model.options["width"] >= least(variant.recipe.curriculum.highest)
        rows.append({"series": variant.name, "every_seed": [1.0, 1.0, 1.0 if wide else 0.5]})
    return pd.DataFrame(rows).assign(evaluator=experiment.evaluators[0].title)


def test_a_width_that_doubles_is_exponential_and_one_that_is_a_multiple_of_the_length_is_not() -> None:
    experiment = group_width("laptop")
    grows, exponential = (
        claims_on(experiment, saying) for saying in ("with each further element", "better than a power")
    )
    assert len(grows) == len(exponential) == len(WIDTHS_OF)
    doubled, multiple = widths(lambda k: 2**k), widths(lambda k: 4 * k)
    assert all(claim.holds(doubled) for claim in (*grows, *exponential))
    assert not any(claim.holds(multiple) for claim in grows)


def test_where_nothing_is_learned_no_width_is_claimed() -> None:
    never = widths(lambda _: np.inf)
    assert not any(claim.holds(never) for claim in group_width("laptop").claims)


@pytest.mark.parametrize(("bent", "holds"), [(1.0, True), (1.3, False)])
def test_times_that_go_with_the_logarithm_of_the_scale_have_theorys_slope(bent: float, holds: bool) -> None:
    """D5: the irreps of power 0.8 and 2 have utilities 0.275 and 0.0962, so that slopes are 1.21 and 3.46."""
    experiment = staircase_scales("laptop")
    rows = []
    for nth, slope in ((1, 1.2103), (2, 3.4641)):
        for variant in experiment.variants:
            scale = variant.recipe.model.options["scale"]
            time = 3 + bent * slope * -np.log(scale)
            rows.append({"series": variant.name, "evaluator": f"the time of step {nth}", "fixed": time})
    for claim in claims_on(experiment, "For D5, k = 2, the time of step"):
        assert claim.holds(pd.DataFrame(rows)) == holds


@pytest.mark.parametrize(("exponent", "holds"), [(-1.0, True), (-0.5, False)])
def test_times_at_one_rate_go_with_a_power_of_the_scale(exponent: float, holds: bool) -> None:
    experiment = staircase_scales("laptop")
    rows = [
        {
            "series": variant.name,
            "evaluator": "the time of step 1",
            "fixed": 5 * variant.recipe.model.options["scale"] ** exponent,
        }
        for variant in experiment.variants
    ]
    (claim,) = claims_on(experiment, "to the power -1")
    assert claim.holds(pd.DataFrame(rows)) == holds
