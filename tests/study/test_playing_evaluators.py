"""Strength and best moves of nets that have learned a game, on nets and tables that are small enough for paper."""

from typing import Any

import pandas as pd
import pytest

import longthink as lt
from longthink.games.match import match
from longthink.games.players import NetPlayer, Rule
from longthink.recipes.games import hex_laptop
from longthink.study.evaluators import BestMoves, Strength
from longthink.study.experiments import section_6_2
from longthink.training.loop import train
from longthink.training.runs import Run

SMALL: dict[str, Any] = {
    "steps": 1,
    "batch": 4,
    "model.width": 4,
    "model.head": [4, 4],
    "task.games": 4,
    "task.updates": 1,
    "task.playouts": 2,
    "curriculum.highest": 3,
    "validation.count": 2,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("playing") / "run"
    return train(hex_laptop().revised(SMALL), folder, accelerator="cpu", progress=False)


def test_strength_is_that_of_matches(run: Run) -> None:
    recipe, net, game = run.recipe(), run.model(), lt.game("hex")
    evaluator = Strength(level=3, games=20, times=(0.25, 1.0, 2.0))
    rows = evaluator.run(run)
    assert rows["iteration"].tolist() == [round(recipe.regime / 4), recipe.regime, 2 * recipe.regime]
    assert rows["accuracy"].iloc[1] == 0.5, "against itself with as many iterations"
    played = match(NetPlayer(net, 2 * recipe.regime), NetPlayer(net, recipe.regime), game, 3, 20)
    assert rows["accuracy"].iloc[2] == played.score
    against = Strength(level=3, games=8, times=(1.0,), opponent="rule").run(run)
    assert against["accuracy"].tolist() == [match(NetPlayer(net, recipe.regime), Rule(), game, 3, 8).score]


def test_best_moves_are_those_of_exact_play(run: Run) -> None:
    evaluator = BestMoves(level=3, count=30, times=(1.0, 2.0))
    rows = evaluator.run(run)
    puzzles = lt.problem("best_move", game="hex").sample(3, 30)
    expected = lt.sweep(run.model(), puzzles, evaluator.budgets(run.recipe()))
    assert rows["accuracy"].tolist() == expected["accuracy"].tolist()
    assert set(evaluator.baselines(run.recipe())) == {"any move", "the game's rule"}


@pytest.mark.parametrize("evaluator", [Strength(level=3, games=4, times=(1.0, 2.0)), BestMoves(level=3, count=5)])
def test_an_evaluator_of_play_keeps_its_promises(evaluator: Strength | BestMoves, run: Run) -> None:
    assert lt.testing.check_evaluator(evaluator, run) == {}


def test_a_summary_tells_each_number_of_iterations() -> None:
    evaluator = Strength(level=3, games=20)
    rows = pd.DataFrame(
        {"seed": [0, 0, 1, 1], "regime": 8, "iteration": [8, 16, 8, 16], "accuracy": [0.5, 0.7, 0.5, 0.9]}
    )
    summary = evaluator.summary(rows)
    assert summary["by_budget"] == {8: 0.5, 16: pytest.approx(0.8)}
    assert summary["elo"][8] == 0
    assert summary["elo"][16] == pytest.approx(240.82, abs=0.01)
    assert evaluator.columns(summary, "")["16 iterations"] == "80"


def test_a_net_that_gains_100_elo_is_said_to() -> None:
    evaluator = Strength(level=9)
    claim = section_6_2._gains("net", evaluator)
    for share, holds in ((0.65, True), (0.63, False)):
        row = {"evaluator": evaluator.title, "series": "net", "fixed_at": 8, "by_budget": {4: 0.9, 8: 0.5, 16: share}}
        assert claim.holds(pd.DataFrame([row])) is holds


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(lt.UserError, match="learns no game"):
        Strength(level=9).check(lt.recipe("prefix_sums_laptop"))
    with pytest.raises(lt.UserError, match="Boards of level 9 are not solved; take one of 3, 4, 5"):
        BestMoves(level=9).check(hex_laptop())
    with pytest.raises(lt.UserError, match="The smallest level of hex is 2"):
        Strength(level=1).check(hex_laptop())
