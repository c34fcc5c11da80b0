"""What sections 4.3, 4.4, 4.6 and 5.5 claim, on tables known on paper, and the reach of their nets."""

from typing import Any, get_args

import pandas as pd
import pytest
import torch

from longthink import registry
from longthink.study.experiment import Experiment, Scale
from longthink.study.experiments.section_4_4 import section_4_4_1_layers, section_4_4_3_prefix_sums
from longthink.study.experiments.section_4_6 import section_4_6_prefix_sums
from longthink.study.experiments.section_5_5 import figure_5_8_bits, figure_5_8_change, figure_5_12
from longthink.thinking.loop import last_state


def verdicts(experiment: Experiment, **columns: Any) -> list[bool]:
    """Of all claims, where every series has the same numbers at every evaluator."""
    table = pd.DataFrame(
        [
            {"evaluator": evaluator.title, "series": variant.name, **columns}
            for evaluator in experiment.evaluators
            for variant in experiment.variants
        ]
    )
    return [claim.holds(table) for claim in experiment.claims]


@pytest.mark.parametrize("scale", get_args(Scale))
def test_the_feedforward_net_of_figure_4_1_reaches_as_far_as_recurrent_ones_in_16_iterations(scale: Scale) -> None:
    """Positive weights let every path through, so that the gradient shows exactly which bits an answer depends on."""
    *recurrent, forward = registry.find("experiments", "figure_4_1")(scale).variants
    reaches = set()
    for variant in (*recurrent, forward):
        net = variant.recipe.revised({"model.width": 2, "model.head": [2, 2]}).build().double()
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.fill_(0.5)
        x = torch.full((1, 1, 151), 0.5, dtype=torch.double, requires_grad=True)
        net.read(last_state(net, x, 16))[0, 0, 75].backward()
        reaches.add((int((x.grad > 0).sum()), net.receptive_field(16), net.effective_depth(16)))
    assert reaches == {(137, 137, 68)}


def test_only_dilated_nets_of_fewer_layers_than_bits_see_all_of_them() -> None:
    for variant in section_4_4_1_layers("laptop").variants:
        recipe = variant.recipe
        net = recipe.build()
        depth = net.effective_depth(recipe.regime)
        reach = (net.receptive_field(recipe.regime) - 1) // 2
        assert depth < recipe.curriculum.highest == 32
        assert f"{depth} layers" in variant.name
        if "not dilated" in variant.name:
            assert reach == depth < 31
        else:
            assert reach >= 31


def test_more_iterations_than_in_training_may_cost_tenths_of_a_percent_and_bring_nothing() -> None:
    experiment = section_4_4_3_prefix_sums("laptop")
    about = ["3 times" in claim.sentence for claim in experiment.claims]
    assert sum(about) == 4
    for fixed, final, expected in ((1.0, 0.995, [True, True]), (1.0, 0.98, [False, True]), (0.9, 0.95, [True, False])):
        found = verdicts(experiment, fixed=fixed, final=final)
        assert [verdict for verdict, one in zip(found, about, strict=True) if one] == expected * 2


@pytest.mark.parametrize(
    ("named", "left", "grown", "expected"),
    [
        (figure_5_8_change, [0.001, 0.01], [0.1, 0.1], [True, True, False, False]),
        (figure_5_8_change, [0.001, 1.0], [20.0, 30.0], [False, False, True, True]),
        (figure_5_8_change, [1.0, 1.0], [20.0, 3.0], [False, False, False, False]),
        (figure_5_12, [0.001, 0.01], [0.1, 0.1], [True, True, False, False]),
        (figure_5_12, [0.5, 1.0], [0.1, 20.0], [False, False, True, True]),
    ],
)
def test_a_change_dies_away_explodes_or_does_neither(
    named: Any, left: list[float], grown: list[float], expected: list[bool]
) -> None:
    assert verdicts(named("laptop"), left=left, grown=grown) == expected


@pytest.mark.parametrize(
    ("fixed", "slopes", "fits", "expected"),
    [
        (1.0, [-0.3, -0.2], [0.99, 0.96], [True, True, True, True, False, False]),
        (0.0, [-0.3, 0.2], [0.99, 0.96], [False, False, False, False, True, True]),
        (1.0, [-0.3, -0.2], [0.99, 0.9], [True, True, False, False, False, False]),
        (0.5, [-0.3, float("nan")], [0.99, float("nan")], [False] * 6),
    ],
)
def test_recovery_is_linear_in_every_seed_or_not(
    fixed: float, slopes: list[float], fits: list[float], expected: list[bool]
) -> None:
    assert verdicts(figure_5_8_bits("laptop"), fixed=fixed, slopes=slopes, fits=fits) == expected


@pytest.mark.parametrize(("saved", "expected"), [(0.6, [True, True] * 4), (0.4, [True, False] * 4)])
def test_a_stop_rule_saves_half_or_not(saved: float, expected: list[bool]) -> None:
    assert verdicts(section_4_6_prefix_sums("laptop"), fixed=0.9, saved=saved) == expected


def test_a_stop_rule_may_cost_one_point() -> None:
    experiment = section_4_6_prefix_sums("laptop")
    for at_the_stop, expected in ((0.895, True), (0.88, False)):
        table = pd.DataFrame(
            [
                {"evaluator": evaluator.title, "series": "DT-Recall, progressive", "saved": 1.0, "fixed": solved}
                for evaluator in experiment.evaluators
                for solved in [at_the_stop if "settled" in evaluator.title else 0.9]
            ]
        )
        assert [claim.holds(table) for claim in experiment.claims] == [expected, True] * 4
