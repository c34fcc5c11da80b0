"""Attempts on a page, by hand; and what is claimed of rules and attempts, of tables that are written down."""

import pandas as pd
import pytest

import longthink as lt
from longthink.study.evaluators import Attempted, Stopped, Sweep
from longthink.study.experiments import sure_answers
from longthink.thinking.breadth import Breadth
from longthink.thinking.choices import Settled, Verified
from longthink.thinking.noise import Noise
from longthink.training.runs import open_run

EVALUATOR = Attempted(
    level=46, count=6, iterations=14, stop="verified", choice="verified", breadth=Breadth(attempts=3, symmetries=True)
)


def test_a_page_tells_what_each_number_of_attempts_solves() -> None:
    run = open_run("sudoku")
    rows = EVALUATOR.run(run)
    found = lt.attempted(
        run.model(), EVALUATOR.puzzles(run.recipe()), 14, EVALUATOR.stop, EVALUATOR.breadth, Verified()
    )
    assert rows["iteration"].tolist() == rows["attempts"].tolist() == [1, 2, 3]
    assert rows["accuracy"].tolist() == found["accuracy"].tolist()
    both = pd.concat([rows.assign(seed=0), rows.assign(seed=1, accuracy=1.0)]).assign(regime=5)
    summary = EVALUATOR.summary(both)
    means = [(one + 1) / 2 for one in rows["accuracy"]]
    assert list(summary["by_attempts"]) == [1, 2, 3]
    assert list(summary["by_attempts"].values()) == pytest.approx(means)
    assert summary["fixed"] == pytest.approx(means[-1])
    assert summary["iterations"] == pytest.approx(rows["iterations"].iloc[-1])
    columns = EVALUATOR.columns(summary, "")
    assert list(columns)[:4] == ["1 attempt", "2 attempts", "3 attempts ± standard error", "every seed"]
    assert columns["every seed"].endswith(", 100")


@pytest.mark.parametrize(
    ("breadth", "said"),
    [
        (Breadth(attempts=4), "by symmetry if any and by noise, start 0.3"),
        (Breadth(attempts=4, symmetries=True, noise=Noise()), "by symmetry"),
        (Breadth(attempts=4, symmetries=False, noise=Noise(step=0.1)), "by noise, step 0.1"),
    ],
)
def test_attempts_are_told_apart_by_how_they_differ(breadth: Breadth, said: str) -> None:
    evaluator = EVALUATOR.revised({"breadth": breadth, "choice": Settled()})
    assert evaluator.title == f"level 46, up to 4 attempts {said}, settled"


def table(rule: str, accuracy: float, used: tuple[float, float]) -> pd.DataFrame:
    experiment = sure_answers._when_to_stop("", lt.recipe("prefix_sums_laptop"), {32: 10, 64: 10}, fixed=90)
    sweeps = [one for one in experiment.evaluators if isinstance(one, Sweep)]
    stopped = [one for one in experiment.evaluators if isinstance(one, Stopped) and one.rule == rule]
    assert len(stopped) == len(sweeps) == 2
    rows = [{"evaluator": one.title, "fixed": 0.9, "used": 90.0} for one in sweeps]
    rows += [{"evaluator": one.title, "fixed": accuracy, "used": each} for one, each in zip(stopped, used, strict=True)]
    return pd.DataFrame(rows).assign(series=sure_answers.NET)


@pytest.mark.parametrize(
    ("accuracy", "used", "holds"),
    [(0.9, (20.0, 40.0), [True, True]), (0.89, (20.0, 41.0), [False, False]), (0.896, (10.0, 49.0), [True, True])],
)
def test_claims_about_a_rule(accuracy: float, used: tuple[float, float], holds: list[bool]) -> None:
    experiment = sure_answers._when_to_stop("", lt.recipe("prefix_sums_laptop"), {32: 10, 64: 10}, fixed=90)
    assert [claim.holds(table("settled 0.01", accuracy, used)) for claim in experiment.claims] == holds


@pytest.mark.parametrize(
    ("solved", "holds"), [({1: 0.5, 8: 0.6}, True), ({1: 0.5, 8: 0.5}, False), ({1: 1.0, 8: 1.0}, True)]
)
def test_claims_about_attempts(solved: dict[int, float], holds: bool) -> None:
    evaluator = EVALUATOR.revised({"breadth": Breadth(attempts=8)})
    (claim,) = sure_answers._attempts("", lt.recipe("sudoku_laptop"), [evaluator]).claims
    assert claim.holds(pd.DataFrame([{"evaluator": evaluator.title, "by_attempts": solved}])) == holds
