"""Learning by self-play, in the loop that trains everything: the same weights again, killed or not."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import longthink as lt
from longthink.base.errors import UserError
from longthink.training.loop import train
from longthink.training.recipe import Recipe
from longthink.training.selfplay import GameBatch, GameLessons, SelfPlay

SETTINGS: dict[str, Any] = {"accelerator": "cpu", "progress": False}


def recipe(**changes: Any) -> Recipe:
    tree = {
        "name": "tiny",
        "task": {
            "name": "self_play",
            "game": {"name": "hex"},
            "objective": {"name": "head_start"},
            "curriculum": {"lowest": 2, "highest": 3, "iterations": 2},
            "games": 6,
            "updates": 2,
            "playouts": 3,
        },
        "model": {"name": "dt_net", "width": 4, "head": [4, 4], "norm": "outside"},
        "batch": 8,
        "steps": 4,
        "validation": {"every": 4, "count": 2},
    }
    return Recipe.model_validate(tree).revised(changes)


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


@pytest.mark.parametrize("changes", [{}, {"task.replay": 3, "task.simulations": 2}], ids=["actor-critic", "improved"])
def test_the_same_seed_gives_the_same_weights_also_after_a_break(changes: dict[str, Any], tmp_path: Path) -> None:
    wanted = recipe(**changes)
    whole = train(wanted, tmp_path / "whole", **SETTINGS)
    train(wanted, tmp_path / "again", **SETTINGS)
    assert digest(tmp_path / "again") == digest(tmp_path / "whole")
    broken = train(wanted, tmp_path / "broken", checkpoint_seconds=0, seconds=1e-6, **SETTINGS)
    assert not broken.finished
    train(wanted, tmp_path / "broken", resume=True, **SETTINGS)
    assert digest(tmp_path / "broken") == digest(tmp_path / "whole")
    assert digest(train(wanted.revised({"seed": 1}), tmp_path / "other", **SETTINGS).folder) != digest(whole.folder)


def test_a_run_is_loaded_again(tmp_path: Path) -> None:
    run = train(recipe(), tmp_path / "run", **SETTINGS)
    task = run.recipe().task
    assert isinstance(task, SelfPlay)
    assert task.game == lt.game("hex")
    assert run.recipe() == recipe()
    (row,) = [row for row in run.history() if "loss" in row]
    assert row["level"] in (2, 3)
    assert 0 <= row["accuracy"] <= 1


def test_games_begin_after_some_moves_at_random_and_processes_play_their_own() -> None:
    lessons = GameLessons(recipe(**{"task.random_moves": 3, "task.games": 60}).task, recipe())  # type: ignore[arg-type]
    started = [lessons._started(GameBatch(0, 5, 2, rank, 2), np.random.default_rng(rank)) for rank in (0, 1)]
    assert [len(positions) for positions in started] == [30, 30]
    for positions in started:
        assert set(positions.ply.tolist()) == {0, 1, 2, 3}
        assert np.array_equal((positions.board != 0).sum((1, 2)), positions.ply)
    assert not np.array_equal(started[0].board, started[1].board)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"task.simulations": 1}, "simulations are 0, or 2 and more"),
        ({"curriculum.lowest": 1}, "the smallest level of hex is 2"),
        ({"task.game.name": "hax"}, "hex"),
        ({"task.game.swapped": True}, "swap"),
        ({"task.game.name": "openspiel", "task.game.called": "clobber"}, "is played by OpenSpiel"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        recipe(**changes)


def test_advantages_are_not_smoothed(tmp_path: Path) -> None:
    smoothed = {"regularisation.label_smoothing": 0.1}
    with pytest.raises(UserError, match="Advantages are no labels"):
        train(recipe(**smoothed), tmp_path / "run", **SETTINGS)
    assert not list(tmp_path.iterdir())
    assert train(recipe(**smoothed, **{"task.simulations": 2}), tmp_path / "run", **SETTINGS).finished


def test_games_that_all_end_at_random_begin_anew() -> None:
    short = recipe(**{"task.random_moves": 4, "task.games": 1, "curriculum.highest": 2})
    lessons = short.task.begin(short)
    assert isinstance(lessons, GameLessons)
    started = [lessons._started(GameBatch(0, 2, 2), np.random.default_rng(seed)) for seed in range(30)]
    assert {len(positions) for positions in started} == {1}
    assert {int(positions.ply[0]) for positions in started} >= {0, 1}


def test_another_game_comes_with_its_own_options() -> None:
    nim = recipe(**{"task.game": "nim", "task.game.most": 5})
    assert nim.task.spec == lt.game("nim", most=5).spec
    assert recipe(**{"task.game.swap": True}).task.game == lt.game("hex", swap=True)  # type: ignore[attr-defined]
    supervised = lt.recipe("mazes_laptop", **{"problem": "best_move", "problem.game": "othello"})
    assert supervised.problem == lt.problem("best_move", game="othello")
