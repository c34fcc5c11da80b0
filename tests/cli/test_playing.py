"""Games as a user types them: matches, a game against a person, and what is refused."""

import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from longthink.cli import main
from longthink.recipes.games import hex_laptop


@pytest.fixture
def hex_run(trained: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> str:
    small = {"name": "small", "steps": 1, "batch": 4, "model.width": 4, "model.head": [4, 4], "validation.count": 2}
    of_games = {"task.games": 4, "task.updates": 1, "task.playouts": 2}
    levels = {"curriculum.highest": 3, "curriculum.iterations": 2, "curriculum.iterations_per_level": 0}
    recipe = hex_laptop().revised({**small, **of_games, **levels})
    assert trained(recipe) == 0
    assert "runs/small-0" in capsys.readouterr().out
    return "small-0"


def test_a_match_tells_who_won_how_surely_and_leaves_rows(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--net", "rule", "--against", "random", "--games", "20", "--level", "4", "--out", "match"]
    assert main(["play", "hex", *arguments]) == 0
    first, second, third = capsys.readouterr().out.splitlines()
    row = pd.read_csv("match/games.csv").iloc[0]
    assert first == f"rule against random, hex, level 4: 20 games, {row.wins} won, 0 drawn, {row.losses} lost"
    assert second.startswith(
        f"{row.score:.1%} of the points ({row.low:.1%} to {row.high:.1%} with 95 % confidence), Elo"
    )
    assert third == "match/games.csv"
    assert row.wins + row.losses == 20


def test_a_net_meets_itself_with_other_numbers_of_iterations(hex_run: str, capsys: pytest.CaptureFixture[str]) -> None:
    budgets = ["--iterations", "1", "--iterations", "2", "--iterations", "5"]
    assert main(["play", "hex", "--net", hex_run, *budgets, "--games", "4", "--level", "3", "--out", "."]) == 0
    rows = pd.read_csv("games.csv")
    assert list(zip(rows.one, rows.other, strict=True)) == [
        ("small-0 1", "small-0 2"),
        ("small-0 1", "small-0 5"),
        ("small-0 2", "small-0 5"),
    ]
    assert capsys.readouterr().out.count("small-0 5") == 3
    other = ["--against", hex_run, "--iterations", "4", "--iterations", "1", "--games", "2"]
    assert main(["play", "hex", "--net", hex_run, *other]) == 0
    assert capsys.readouterr().out.startswith("small-0 4 against small-0 1, hex, level 5: 2 games")
    assert main(["play", "hex", "--net", hex_run, "--against", "random", "--games", "2"]) == 0
    assert capsys.readouterr().out.startswith("small-0 2 against random")


def test_a_person_plays_in_the_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a board of 2 x 2, x that has a1 and is asked again and again wins by any two cells above each other."""
    monkeypatch.setattr("sys.stdin", io.StringIO("a1\nnothing\na2\nb1\nb2\na1\n"))
    assert main(["play", "hex", "--net", "random", "--level", "2"]) == 0
    told = capsys.readouterr().out
    assert "x moves" in told
    assert "random: " in told
    assert told.rstrip().endswith(("x has won", "o has won"))
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["play", "hex", "--net", "random", "--level", "2", "--side", "x"]) == 2
    assert "there is nobody to ask for a move" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["hex"], "Say who plays"),
        (["hax", "--net", "random"], "There is no game 'hax' (did you mean 'hex'?)"),
        (["hex", "--net", "mazes", "--against", "random", "--games", "2"], "mazes has learned no game"),
        (["hex", "--net", "nobody", "--against", "random", "--games", "2"], "There is no run 'nobody'"),
        (["hex", "--net", "random", "--against", "random", "--games", "3"], "2, 4, ... games, not 3"),
        (["hex", "--net", "random", "--games", "2"], "say --against whom"),
        (["hex", "--net", "random", "--against", "random"], "say how many games with --games 100"),
        (["hex", "--net", "random", "--level", "1"], "The smallest level of hex is 2, not 1"),
        (["hex", "--net", "random", "--game.swop", "true"], "did you mean 'swap'?"),
        (["hex", "--net", "random", "--swap", "true"], "There is no option --swap"),
        (["hex", "--net", "monte_carlo", "--against", "random", "--games", "2"], "monte_carlo:1000"),
        (["nim", "--net", "exact", "--against", "rule", "--games", "2", "--level", "900"], "too large"),
        (["openspiel:poker", "--net", "random"], "poker"),
        (["hex", "--net", "random", "--iterations", "3"], "Only nets think"),
        (["hex", "--net", "rule", "--against", "random", "--games", "2", "--iterations", "3"], "Only nets think"),
        (["hex", "--net", "random", "--out", "rows"], "those of a match"),
        (["hex", "--net", "random", "--openings", "start"], "those of a match"),
        (["hex", "--net", "rule", "--against", "random", "--games", "2", "--side", "x"], "plays both sides"),
    ],
)
def test_what_cannot_be_played_is_refused(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", *arguments]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_one_net_has_one_number_of_iterations(hex_run: str, capsys: pytest.CaptureFixture[str]) -> None:
    budgets = ["--iterations", "1", "--iterations", "2"]
    assert main(["play", "hex", "--net", hex_run, "--against", "random", "--games", "2", *budgets]) == 2
    assert "Only one of the two is a net" in capsys.readouterr().err


def test_a_net_of_another_game_is_refused(hex_run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "othello", "--net", hex_run, "--against", "random", "--games", "2"]) == 2
    assert f"{hex_run} has learned hex, and not othello" in capsys.readouterr().err
    assert not Path("games.csv").exists()


def test_the_net_that_ships_is_tested_on_best_moves_and_solves_positions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "hex", "--level", "3", "--count", "20", "--iterations", "8", "--out", "rows"]) == 0
    assert pd.read_csv("rows/test-3.csv")["problem"].unique().tolist() == ["best_move"]
    capsys.readouterr()
    assert main(["solve", "hex", "3: b1 a1", "-o", "board.png"]) == 0
    move, told, *_ = capsys.readouterr().out.splitlines()
    assert move in {"b2", "c2", "a2", "b3", "c3", "a3"}
    assert told.startswith(("right, confidence", "wrong, confidence"))
    assert Path("board.png").stat().st_size > 500
    assert main(["solve", "hex", "3: b1 b1"]) == 2
    assert "Move 2, b1, cannot be played" in capsys.readouterr().err
