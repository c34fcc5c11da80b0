"""The order in which irreps are learned: utilities against a search for the best neuron, and against training."""

import numpy as np
import pandas as pd
import pytest
import torch

from longthink.base.errors import UserError
from longthink.problems.groups.group import Group
from longthink.problems.groups.staircase import in_order, observed, off_by, predicted
from longthink.recipes.laptop import prefix_sums_laptop, staircase
from longthink.study.evaluators.groups import Stepped
from longthink.training.loop import train


def best_utility(group: Group, template: np.ndarray, k: int) -> float:
    """The greatest utility that gradient ascent finds: the mean of <output, product's encoding> over all sequences."""
    encoding = torch.from_numpy(template[group.table[group.inverses]])
    elements = np.stack(np.meshgrid(*[np.arange(group.order)] * k, indexing="ij"), -1).reshape(-1, k)
    targets = encoding[torch.from_numpy(group.product(elements))]
    inputs = [encoding[torch.from_numpy(elements[:, place])] for place in range(k)]
    best = 0.0
    for seed in range(3):
        rng = torch.Generator().manual_seed(seed)
        theta = torch.randn(k + 1, group.order, dtype=torch.double, generator=rng, requires_grad=True)
        optimiser = torch.optim.Adam([theta], lr=0.05)
        for _ in range(300):
            neuron = theta / theta.norm()
            sums = torch.stack([x @ vector for x, vector in zip(inputs, neuron, strict=False)]).sum(0)
            utility = (sums**k * (targets @ neuron[-1])).mean()
            optimiser.zero_grad()
            (-utility).backward()
            optimiser.step()
        best = max(best, utility.item())
    return best


@pytest.mark.parametrize(
    ("name", "k", "component"),
    [("C5", 2, 0), ("C3", 3, 0), ("D5", 2, 0), ("D5", 2, 2), ("Q8", 2, 3), ("S3", 3, 1)],  # Q8's last is quaternionic
)
def test_no_neuron_is_more_useful_than_predicted_and_the_best_is_as_useful(name: str, k: int, component: int) -> None:
    group = Group.named(name)
    power = [0.0] * (len(group.components) - 1)
    power[component] = 1.7
    template = group.template(power)
    assert best_utility(group, template, k) == pytest.approx(predicted(group, template, k)["utility"].max(), rel=1e-4)


def test_a_template_has_the_power_that_was_asked_for() -> None:
    for name in ("C6", "Q8", "A4", "O"):
        group = Group.named(name)
        power = [1.0 + place for place in range(len(group.components) - 1)]
        template = group.template(power)
        found = [group.power(template)[list(some)].sum() for some in group.components]
        assert found == pytest.approx([0, *power])
        parts = [matrix @ template for matrix in group.projections()]
        assert [float((part**2).sum()) for part in parts] == pytest.approx([0, *power])
        assert np.sum(parts, 0) == pytest.approx(template)


@pytest.mark.parametrize("power", [[1.0], [1.0, -1.0, 1.0], [1.0, float("nan"), 1.0], [0.0, 0.0, 0.0]])
def test_a_spectrum_that_a_group_cannot_have_is_refused(power: list[float]) -> None:
    with pytest.raises(UserError, match="A spectrum of D5 is 3 numbers"):
        Group.named("D5").template(power)


def test_what_has_no_power_is_no_step() -> None:
    steps = predicted(Group.named("D5"), Group.named("D5").template([0.0, 2.0, 1.0]), 2)
    assert steps["component"].tolist() == ["2", "2'"]
    assert steps["before"].tolist() == pytest.approx([1.5, 0.5])


def test_a_small_net_takes_the_predicted_steps(tmp_path) -> None:
    run = train(staircase(), tmp_path / "run", accelerator="cpu", progress=False)
    rows = Stepped().run(run)
    assert rows["order"].iloc[0] == 1
    assert rows["heights"].iloc[0] < 0.02
    assert rows["loss"].iloc[-1] < 0.01 * rows["loss"].iloc[0]


def test_order_and_plateaus_are_read_off_a_history() -> None:
    steps = predicted(Group.named("C5"), Group.named("C5").template([3.0, 1.0]), 2)
    first, second = steps["component"]
    loss = [2.0, 2.0, 1.2, 0.51, 0.5, 0.5, 0.2, 0.1, 0.1]
    powers = {
        f"power {first}": [0, 0, 1, 2.9, 3, 3, 3, 3, 3],
        f"power {second}": [0, 0, 0, 0, 0, 0, 0.6, 1, 1],
    }
    history = pd.DataFrame({"step": np.arange(9) * 20, "loss": loss, **powers})
    found = observed(history, steps)
    assert found["component"].tolist() == [first, second]
    assert found["at"].tolist() == pytest.approx([40 + 20 * 0.5 / 1.9, 100 + 20 * 0.5 / 0.6])
    assert found["loss"].tolist() == [0.5, 0.1]
    assert in_order(found["component"].tolist(), steps) == 1
    assert off_by(found, steps) == pytest.approx(0.05 / 2)
    half = observed(history[:5], steps)
    assert in_order(half["component"].tolist(), steps) == 0.5
    assert in_order([second, first], steps) == 0


def test_flow_is_for_two_layer_nets(tmp_path) -> None:
    with pytest.raises(UserError, match="two-layer nets"):
        train(prefix_sums_laptop().revised({"optimiser.name": "flow"}), tmp_path / "run", progress=False)
