"""The same test over every experiment in the registry: a new one is tested by being there."""

import re
from typing import get_args

import pandas as pd
import pytest
import torch

from longthink import registry
from longthink.study.evaluators import CurveEvaluator, Sweep
from longthink.study.experiment import Scale
from longthink.training.trials import folder_of

MEASURED = ("fixed", "peak", "final", "overthinking", "heights", "power_rest")
LISTED = ("left", "grown", "slopes", "fits")
"""What some evaluators have for each seed."""


@pytest.mark.parametrize("scale", get_args(Scale))
@pytest.mark.parametrize("name", registry.names("experiments"))
def test_an_experiment_is_whole_at_both_scales(name: str, scale: Scale) -> None:
    function = registry.find("experiments", name)
    experiment = function(scale)
    variants = [variant.name for variant in experiment.variants]
    evaluators = [evaluator.title for evaluator in experiment.evaluators]
    assert len(set(variants)) == len(variants)
    assert len(set(evaluators)) == len(evaluators)
    assert len({folder_of(variant.recipe) for variant in experiment.variants}) == len(variants)
    published = {variant for evaluator in experiment.evaluators for variant in evaluator.published}
    assert published <= {variant.name for variant in (*experiment.variants, *function("thesis").variants)}
    command = re.search("Command: longthink reproduce ([a-z0-9.-]+)", function.__doc__)
    assert command is not None
    assert registry.find("experiments", command[1]) is function
    with torch.device("meta"):
        nets = [variant.recipe.build() for variant in experiment.variants]
    for variant, net in zip(experiment.variants, nets, strict=True):
        assert net.limit is None or net.limit >= variant.recipe.regime
    for evaluator in experiment.evaluators:
        if isinstance(evaluator, CurveEvaluator):
            assert (evaluator.fixed or 1) <= evaluator.iterations
        if isinstance(evaluator, Sweep):
            assert evaluator.every <= evaluator.iterations
    # Curves that are all the same: every claim can be told from the names that it gives.
    same = {"peak_at": 1, **dict.fromkeys(MEASURED, 1.0)}
    table = pd.DataFrame(
        [
            {"series": variant, "evaluator": evaluator, "every_seed": [1.0], **same}
            for variant in variants
            for evaluator in evaluators
        ]
    )
    table = table.assign(saved=1.0, used=1.0, **{name: [[1.0]] * len(table) for name in LISTED})
    table["by_attempts"] = [dict.fromkeys(range(1, 9), 1.0)] * len(table)
    table["by_budget"], table["fixed_at"] = [{1: 1.0, 2: 1.0}] * len(table), 1
    for claim in experiment.claims:
        assert claim.holds(table) in (True, False)


@pytest.mark.parametrize("name", registry.names("experiments"))
def test_every_evaluator_is_for_every_variant(name: str) -> None:
    experiment = registry.find("experiments", name)("laptop")
    for recipe in {repr(getattr(one.recipe.task, "problem", "")): one.recipe for one in experiment.variants}.values():
        for evaluator in experiment.evaluators:
            few = {name: 2 for name in ("count", "train_size") if name in type(evaluator).model_fields}
            evaluator.revised(few).check(recipe)
