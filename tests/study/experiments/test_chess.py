"""Chess in chapters 4 and 5: on which puzzles nets are trained, chosen and tested, and how those of chapter 4 train."""

import numpy as np
import pytest

from longthink.problems.chess.problem import ChessPuzzles
from longthink.registry import find
from longthink.study.evaluators import Sweep
from longthink.study.experiment import Experiment
from longthink.study.experiments import _nets
from longthink.study.experiments.chess import alpha_grid_chess, figure_4_5, table_5_4, table_5_6_chess

STORE_SIZE = 22_662


def rows_of(experiment: Experiment) -> dict[str, range]:
    """Which rows of the store each evaluator is about, by its title."""
    problem = experiment.variants[0].recipe.problem
    found = {}
    for evaluator in experiment.evaluators:
        assert isinstance(evaluator, Sweep)
        one = problem.revised(evaluator.options)
        assert isinstance(one, ChessPuzzles)
        found[evaluator.title] = one.range_of(evaluator.level)
        if one.whole:
            assert evaluator.count <= len(found[evaluator.title])
    return found


def test_the_dissertations_indices_are_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChessPuzzles, "store", lambda _: range(1_200_000))
    assert rows_of(figure_4_5("thesis")) == {
        "puzzles 600K to 700K, most confident so far": range(600_000, 700_000),
        "puzzles 800K to 850K, most confident so far": range(800_000, 850_000),
        "puzzles 850K to 900K, most confident so far": range(850_000, 900_000),
        "puzzles 900K to 950K, most confident so far": range(900_000, 950_000),
        "puzzles 100K to 150K, most confident so far": range(100_000, 150_000),
        "puzzles 0K to 600K, most confident so far": range(600_000),
    }
    assert rows_of(table_5_4("thesis")) == {
        "puzzles 600K to 700K": range(600_000, 700_000),
        "puzzles 700K to 800K": range(700_000, 800_000),
        "puzzles 1000K to 1100K": range(1_000_000, 1_100_000),
        "puzzles 600K to 700K, the most probable legal move": range(600_000, 700_000),
    }
    assert rows_of(table_5_6_chess("thesis")) == {
        "puzzles 0K to 600K, train split": range(600_000),
        "puzzles 0K to 600K, validation split": range(600_000),
    }
    assert rows_of(alpha_grid_chess("thesis")) == {"puzzles 600K to 700K": range(600_000, 700_000)}


def test_small_nets_are_tested_on_tenths() -> None:
    ends = [STORE_SIZE * tenth // 10 for tenth in range(11)]
    assert list(rows_of(table_5_4("laptop")).values()) == [
        range(ends[tenth - 1], ends[tenth]) for tenth in (7, 8, 10, 7)
    ]
    assert rows_of(table_5_6_chess("laptop"))["tenths 1 to 6, train split"] == range(ends[6])


def test_batches_and_validation_are_of_all_that_is_trained_on_puzzle_by_puzzle() -> None:
    recipe = _nets.chess("laptop")
    lessons = recipe.supervised.begin(recipe)
    rows = ChessPuzzles().store().rows[: STORE_SIZE * 6 // 10]
    cuts = rows["rating"][[len(rows) * part // 3 for part in (1, 2)]]
    for puzzles in (lessons.batch(0).puzzles, lessons.batch(1).puzzles, lessons.held_out):
        assert puzzles.extras["rating"].max() <= rows["rating"].max()
        shares = np.bincount(np.searchsorted(cuts, puzzles.extras["rating"].numpy()), minlength=3) / len(puzzles)
        assert (np.abs(shares - 1 / 3) < 0.15).all()


def test_nets_of_chapter_4_train_as_section_4_2_says() -> None:
    epoch = 480_000 // 300
    for variant in figure_4_5("thesis").variants:
        options = variant.recipe.options()
        assert options["optimiser.name"] == "sgd"
        assert (options["optimiser.lr"], options["optimiser.momentum"]) == (0.1, 0.9)
        assert options["optimiser.weight_decay"] == 2e-4
        assert options["steps"] == 140 * epoch
        assert list(options["schedule.milestones"]) == [100 * epoch, 110 * epoch]
        assert (options["schedule.factor"], options["schedule.warmup"]) == (0.1, 3 * epoch)
        assert (options["batch"], options["model.width"]) == (300, 512)
        assert not options.get("model.recall", False)
    depths = [(variant.recipe.regime, variant.name) for variant in figure_4_5("thesis").variants[:3]]
    assert depths == [(20, "recurrent, 84 layers"), (22, "recurrent, 92 layers"), (24, "recurrent, 100 layers")]


def test_nets_of_chapter_5_train_as_table_5_7_says() -> None:
    epoch = 480_000 // 300
    options = table_5_4("thesis").variants[3].recipe.options()
    assert (options["optimiser.lr"], options["steps"], options["schedule.factor"]) == (0.01, 120 * epoch, 0.01)
    assert (options["problem.unit"], options["problem.width"]) == ("index", 600_000)
    assert options["curriculum.lowest"] == options["curriculum.highest"] == 600_000


@pytest.mark.parametrize("scale", ["laptop", "thesis"])
def test_in_distribution_it_is_92_and_84(scale: str) -> None:
    experiment = find("experiments", "figure_4_5")(scale)
    known = experiment.evaluators[-1]
    assert known.split == "test"
    for variant in experiment.variants:
        assert known.published[variant.name] == ("84" if variant.name.startswith("feed-forward") else "92")


@pytest.mark.parametrize("scale", ["laptop", "thesis"])
def test_the_grid_has_the_dissertations_weights(scale: str) -> None:
    experiment = find("experiments", "alpha_grid_chess")(scale)
    weights = {one.name: one.recipe.options().get("objective.alpha", 0) for one in experiment.variants}
    assert weights == {"alpha 0": 0, "alpha 0.5": 0.5, "alpha 1": 1}
