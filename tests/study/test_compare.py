"""Runs compared: which are seeds of one, what is refused, what an interruption leaves."""

from pathlib import Path

import pandas as pd
import pytest

from longthink.base.errors import UserError
from longthink.study import compare as module
from longthink.study.compare import compare, series_of, summary
from longthink.training.loop import train
from longthink.training.recipe import Recipe
from longthink.training.runs import Run


@pytest.fixture
def runs(tiny_recipe: Recipe, tmp_path: Path) -> list[Run]:
    """Two seeds, and one of another width by the same name."""
    changes = ({}, {"seed": 1}, {"model.width": 6, "model.head": [6, 4]})
    return [
        train(tiny_recipe.revised({"steps": 2, **some}), tmp_path / str(index), accelerator="cpu", progress=False)
        for index, some in enumerate(changes)
    ]


def test_seeds_of_one_recipe_share_a_series_and_other_recipes_do_not(runs: list[Run]) -> None:
    rows = compare(runs[:2], [6, 9], iterations=10, count=5, progress=False)
    assert rows["series"].unique().tolist() == ["tiny"]
    assert rows["seed"].unique().tolist() == [0, 1]
    assert summary(rows).shape[0] == 4
    told = compare(runs, [6], iterations=10, count=5, progress=False).groupby("series")["seed"].unique().map(list)
    assert told.to_dict() == {
        "tiny, model.width 8, model.head [8, 4]": [0, 1],
        "tiny, model.width 6, model.head [6, 4]": [0],
    }


def test_series_are_told_apart_by_what_differs(tiny_recipe: Recipe) -> None:
    renamed = tiny_recipe.revised({"name": "other", "model.width": 4})
    assert series_of([tiny_recipe, renamed]) == ["tiny", "other"]
    twin = tiny_recipe.revised({"model": "feedforward", "model.limit": 3})
    one, other = series_of([tiny_recipe, twin])
    assert one.startswith("tiny, model.name dt_net, ")
    assert other.startswith("tiny, model.name feedforward, ")
    assert "model.recall True" in one
    assert "model.limit 3" in other


def test_every_so_many_iterations(runs: list[Run]) -> None:
    def iterations(**options: int) -> list[int]:
        return compare(runs[:1], [6], count=5, progress=False, **options)["iteration"].tolist()

    assert iterations(iterations=10, every=4) == [4, 8, 10]
    assert len(iterations(iterations=100)) == module.MEASUREMENTS
    assert iterations(iterations=3) == [1, 2, 3]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"every": 0}, "every 1 or more"),
        ({"iterations": 0}, "at least 1 iteration"),
        ({"exit_rule": "first"}, "The exit rule is one of default, max_confidence"),
        ({"levels": [6, 0]}, "level 0"),
        ({"levels": [6], "count": 0}, "at least 1 puzzle"),
        ({"changes": {"model.width": 3}}, "not 'model.width'"),
        ({"changes": {"problem.widht": 3}}, "no option 'problem.widht'"),
        ({"tolerance": -1.0}, "0 or more"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_first_sweep(
    runs: list[Run], options: dict[str, object], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "sweep", lambda *_, **__: pytest.fail("it began"))
    with pytest.raises(UserError, match=sentence):
        compare(runs, progress=False, **options)


def test_a_run_that_is_not_finished_is_refused_before_the_first_sweep(
    runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    (runs[1].folder / "model.safetensors").unlink()
    monkeypatch.setattr(module, "sweep", lambda *_, **__: pytest.fail("it began"))
    with pytest.raises(UserError, match="its training has not ended"):
        compare(runs, progress=False)


def test_what_is_finished_can_be_kept(runs: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[pd.DataFrame] = []
    rows = compare(runs[:2], [6, 9], iterations=4, count=5, progress=False, keep=kept.append)
    assert [len(table) for table in kept] == [4, 8, 12, 16]
    pd.testing.assert_frame_equal(kept[-1], rows)
    pd.testing.assert_frame_equal(kept[1], rows[:8])
    kept.clear()
    sweep = module.sweep

    def interrupted(*rest: object, **options: object) -> pd.DataFrame:
        if len(kept) == 2:
            raise KeyboardInterrupt
        return sweep(*rest, **options)

    monkeypatch.setattr(module, "sweep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compare(runs[:2], [6, 9], iterations=4, count=5, progress=False, keep=kept.append)
    pd.testing.assert_frame_equal(kept[-1], rows[:8])


def test_progress_moves_within_a_run(runs: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(module.tqdm, "update", lambda bar, puzzles: told.append(puzzles))
    monkeypatch.setattr("longthink.measuring.sweep.default_batch", lambda *_: 3)
    compare(runs[:1], [6, 9], iterations=4, count=7)
    assert told == [3, 3, 1] * 2


def test_the_summary_names_peak_and_end_of_every_seed() -> None:
    rows = pd.DataFrame(
        {
            "series": "a",
            "level": 8,
            "seed": [0, 0, 0, 1, 1, 1],
            "puzzles": 10,
            "iteration": [1, 2, 3] * 2,
            "accuracy": [0.1, 0.9, 0.5, 0.2, 0.3, 1.0],
        }
    )
    found = summary(rows)
    assert found[["seed", "peak", "at", "final", "iterations"]].values.tolist() == [
        [0, 0.9, 2, 0.5, 3],
        [1, 1, 3, 1, 3],
    ]
