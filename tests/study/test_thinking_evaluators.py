"""What evaluators find of nets that are watched, disturbed or stopped, where every iteration is known."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Spec, Stop, Thinker
from longthink.measuring.dynamics import perturb
from longthink.measuring.sweep import sweep
from longthink.models.convolutional.dt_net import DTNet
from longthink.models.convolutional.feedforward import FeedForward
from longthink.perturbations.random_input import RandomInput
from longthink.study.evaluators import Changed, Disturbed, Flipped, Stopped
from longthink.thinking.stops import Best, Budget, Lyapunov, Residual, Settled
from longthink.training.recipe import Recipe


class Made:
    """A run whose net was not trained."""

    def __init__(self, net: Thinker, recipe: Recipe):
        self.model, self.recipe = (lambda: net), (lambda: recipe)


def test_noise_is_not_said_to_be_solved(parity_net: DTNet, tiny_recipe: Recipe) -> None:
    noise = RandomInput()
    with pytest.raises(UserError, match="take the evaluator 'changed'"):
        Disturbed(level=9, iterations=3, perturbation=noise).check(tiny_recipe)
    changed = Changed(level=9, iterations=12, count=5, perturbation=noise)
    changed.check(tiny_recipe)
    assert changed.title == "level 9, random input before the first iteration"
    rows = changed.run(Made(parity_net, tiny_recipe))
    assert rows["accuracy"].isna().all()
    watched = perturb(parity_net, changed.puzzles(tiny_recipe), noise, 0, 12)
    assert rows["change"].tolist() == watched.groupby("iteration")["change"].mean().tolist()
    assert changed.baselines(tiny_recipe) == {}


def test_the_change_of_the_state_dies_away_or_explodes() -> None:
    changed = Changed(level=9, iterations=3, perturbation=None)
    rows = pd.concat(
        pd.DataFrame({"seed": seed, "regime": 2, "iteration": [1, 2, 3], "change": curve})
        for seed, curve in enumerate(([10.0, 20.0, 0.1], [1.0, 2.0, 80.0]))
    )
    summary = changed.summary(rows)
    assert summary["ends"] == [0.1, 80.0]
    assert summary["left"] == pytest.approx([0.005, 1.0])
    assert summary["grown"] == pytest.approx([0.005, 40.0])
    assert changed.columns(summary, "") == {
        "at the first iteration": "5.5",
        "at the fixed iteration": "11",
        "at the end": "40",
        "every seed at the end": "0.1, 80",
        "dies away": "1 of 2",
    }


def test_a_change_beyond_all_numbers_is_a_large_one(tiny_recipe: Recipe) -> None:
    class Growing(Thinker):
        def start(self, seen: Tensor) -> Tensor:
            return torch.cat([seen, -seen], 1)

        def step(self, state: Tensor, seen: Tensor) -> Tensor:
            return 1e3 * state

        def read(self, state: Tensor) -> Tensor:
            return state

    rows = Changed(level=9, iterations=30, count=2, perturbation=None).run(Made(Growing(), tiny_recipe))
    largest = float(np.finfo(np.float32).max)
    assert rows["change"].iloc[0] < rows["change"].iloc[5] < largest
    assert rows["change"].iloc[-1] == largest


def test_a_net_recovers_from_each_flipped_bit_in_as_many_iterations_as_bits_follow(
    parity_net: DTNet, tiny_recipe: Recipe
) -> None:
    flipped = Flipped(level=9, count=5, at=12, iterations=24)
    rows = flipped.run(Made(parity_net, tiny_recipe)).assign(seed=0, regime=2)
    assert rows["recovered"].tolist() == [9 - index for index in range(9)]
    summary = flipped.summary(rows)
    assert (summary["fixed"], summary["slopes"], summary["fits"]) == (1, [pytest.approx(-1)], [pytest.approx(1)])
    assert flipped.columns(summary, "") == {
        "solved again": "100",
        "every seed": "100",
        "from the first bit": "9 iterations",
        "from the last": "1 iterations",
        "slope": "-1",
        "R^2": "1",
    }
    lost = flipped.summary(rows.assign(accuracy=0.0, recovered=float("nan")))
    assert flipped.columns(lost, "")["slope"] == "-"
    assert flipped.revised({"step": 4}).run(Made(parity_net, tiny_recipe))["index"].tolist() == [0, 4, 8]
    with pytest.raises(UserError, match="has no bits to flip"):
        flipped.check(tiny_recipe.revised({"problem": "mazes"}))


def test_a_net_that_stops_when_it_has_settled(parity_net: DTNet, tiny_recipe: Recipe) -> None:
    """The hand-made net moves as long as there are bits from the first one on, and once more to see that it rests."""
    stopped = Stopped(level=12, count=120, iterations=40, fixed=26, stop=Settled())
    puzzles = stopped.puzzles(tiny_recipe)
    first_one = torch.where(puzzles.y.any(1), puzzles.y.argmax(1), 12)
    rows = stopped.run(Made(parity_net, tiny_recipe)).assign(seed=0, regime=2)
    used = float((13 - first_one).double().mean())
    assert rows[["accuracy", "stopped", "used"]].to_numpy().tolist() == [[1.0, 1.0, pytest.approx(used)]]
    summary = stopped.summary(rows)
    assert summary["saved"] == pytest.approx(1 - used / 40)
    assert summary["saved_of_fixed"] == pytest.approx(1 - used / 26)
    assert stopped.columns(summary, "")["stopped by the rule"] == "100"
    assert stopped.columns({**summary, "seconds": 0.01234}, "")["seconds a puzzle"] == "0.012"
    assert stopped.title == "level 12, until settled"
    assert stopped.revised({"read": "most_confident"}).title == "level 12, until settled, the most confident answer"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Settled(tolerance=1e-3), "settled 0.001"),
        (Settled(absolute=1e-3), "settled absolute 0.001"),
        (Residual(of="maximum", last=5), "residual last 5 of maximum"),
        (Lyapunov(exponent=-0.5), "lyapunov -0.5"),
        (Best(), "best"),
    ],
    ids=repr,
)
def test_a_rule_is_called_by_its_name_and_by_what_is_other_than_usual(rule: Stop, said: str) -> None:
    assert Stopped(level=12, iterations=40, fixed=26, stop=rule).rule == said


def test_a_net_that_is_stopped_early_has_solved_less(parity_net: DTNet, tiny_recipe: Recipe) -> None:
    early = Stopped(level=12, count=150, iterations=9, fixed=9, stop=Budget(iterations=4))
    cut = early.revised({"stop": Settled(), "iterations": 4})
    assert early.title == "level 12, until budget 4"
    rows = [one.run(Made(parity_net, tiny_recipe)).iloc[0] for one in (early, cut)]
    solved = sweep(parity_net, early.puzzles(tiny_recipe), [4])["accuracy"].item()
    assert 0 < solved < 1
    assert [row["accuracy"] for row in rows] == [solved, solved]
    assert (rows[0]["stopped"], rows[0]["used"]) == (1, 4)
    assert rows[1]["stopped"] < 1
    assert rows[1]["used"] <= 4
    with pytest.raises(UserError, match="it cannot stop"):
        early.run(Made(FeedForward(Spec(1, 2), limit=9, width=4, head=(4, 4)), tiny_recipe))
