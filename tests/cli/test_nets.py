"""Nets trained, tested and put to work as a user types it."""

import json
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import longthink as lt
from longthink import registry
from longthink.cli import main
from longthink.figures.scene import pixels
from longthink.problems.mazes.problem import Mazes
from longthink.recipes.laptop import chess_laptop, mazes_laptop
from longthink.training.recipe import Recipe
from longthink.training.runs import Run

LICHESS = Path(__file__).parent.parent / "problems" / "chess" / "lichess_500.csv"
Train = Callable[..., int]
"""Trains a recipe, with options: the exit code."""


def test_train_test_and_solve(trained: Train, tiny_recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> None:
    assert trained(tiny_recipe, "--seed", "3", "--name", "other", "--objective", "final") == 0
    run = Run(Path("runs/other-3"))
    assert (run.recipe().seed, run.recipe().name) == (3, "other")
    assert "runs/other-3: validation accuracy" in capsys.readouterr().out
    assert main(["test", "other-3", "--level", "8", "--level", "12", "--iterations", "20", "--count", "5"]) == 0
    rows = pd.read_csv("runs/other-3/test-8-12.csv")
    assert rows["level"].unique().tolist() == [8, 12]
    assert rows["iteration"].max() == 20
    assert Path("runs/other-3/test-8-12.png").stat().st_size > 1000
    assert main(["solve", "other-3", "1011", "-o", "out.png"]) == 0
    assert Path("out.png").exists()


def test_a_training_ends_with_its_time_and_goes_on_with_more(
    trained: Train, tiny_recipe: Recipe, capsys: pytest.CaptureFixture[str]
) -> None:
    assert trained(tiny_recipe, "--seconds", "0.001") == 0
    assert "runs/tiny-0: the time is over; go on with `longthink train runs/tiny-0 --resume`" in capsys.readouterr().out
    assert not Run(Path("runs/tiny-0")).finished
    assert main(["train", "runs/tiny-0", "--resume", "--accelerator", "cpu", "--seconds", "600"]) == 0
    assert "validation accuracy" in capsys.readouterr().out
    assert trained(tiny_recipe, "--name", "other", "--seconds", "0") == 2


def test_several_runs_in_one_table(trained: Train, tiny_recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> None:
    small = tiny_recipe.revised({"steps": 20})
    trained(small)
    trained(small, "--name", "twin", "--model", "feedforward", "--model.limit", "4", "--model.width", "8")
    capsys.readouterr()
    arguments = ["--level", "8", "--iterations", "9", "--count", "5", "--out", "both", "--rows", "parquet"]
    assert main(["test", "tiny-0", "twin-0", *arguments]) == 0
    rows = pd.read_parquet("both/test-8.parquet")
    assert rows.groupby("series")["iteration"].max().to_dict() == {"tiny": 9, "twin": 4}


def test_solve_with_the_shipped_net(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "prefix_sums", "1101" * 20]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "".join(str(("1101" * 20)[: i + 1].count("1") % 2) for i in range(80))
    assert out[1].startswith("right, confidence 9")
    assert "settled after" in out[1]
    assert main(["solve", "prefix_sums", "1101" * 20, "--iterations", "2"]) == 0
    assert "wrong" in (out := capsys.readouterr().out)
    assert "not settled in 2 iterations" in out


def test_the_shipped_sudoku_net_solves_boards_of_any_size(capsys: pytest.CaptureFixture[str]) -> None:
    easy = "530070000600195000098000060800060003400803001700020006060000280000419005000080079"
    assert main(["solve", "sudoku", easy]) == 0
    assert capsys.readouterr().out.startswith(
        "534678912672195348198342567859761423426853791713924856961537284287419635345286179\nright"
    )
    assert main(["solve", "sudoku", ".....23..4..1.24"]) == 0
    assert capsys.readouterr().out.startswith("3142423124131324\nright")
    assert main(["solve", "sudoku", easy, "--iterations", "1"]) == 0
    assert capsys.readouterr().out.startswith("not solved; certain so far: 53..7....")


def test_the_shipped_chess_net_finds_a_mate(capsys: pytest.CaptureFixture[str]) -> None:
    position = "6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1 a1a8"
    assert main(["solve", "chess", position, "--iterations", "40", "--every", "20", "-o", "board.png"]) == 0
    said = capsys.readouterr().out
    assert "iteration 20: a1a8 (Ra8#)" in said
    assert "right, confidence" in said
    assert Path("board.png").stat().st_size > 1000


@pytest.fixture
def picture() -> str:
    """A maze of 13 x 13 as its exact picture."""
    x = Mazes().sample(13, 1, seed=2).x[0]
    Image.fromarray((x * 255).byte().permute(1, 2, 0).numpy()).save("maze.png")
    return "maze.png"


def test_a_maze_is_solved_on_its_picture(picture: str, capsys: pytest.CaptureFixture[str]) -> None:
    puzzles = Mazes().view.parse(picture)
    assert main(["solve", "mazes", picture, "-o", "solved.png"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(Mazes().view.write(puzzles.y, puzzles))
    assert "right, confidence" in out
    assert "settled after" in out
    with Image.open("solved.png") as solved:
        drawn = np.asarray(solved)
    assert np.array_equal(drawn, pixels(Mazes().view.scene(puzzles, puzzles.y[0])))


@pytest.mark.parametrize("kind", ["webp", "gif", "mp4"])
def test_the_thinking_is_shown_as_a_film(picture: str, kind: str) -> None:
    assert main(["solve", "mazes", picture, "--iterations", "12", "-o", f"film.{kind}"]) == 0
    if kind == "mp4":
        with av.open("film.mp4") as film:
            assert film.streams.video[0].frames >= 12
    else:
        with Image.open(f"film.{kind}") as film:
            assert film.n_frames == 12
    assert sorted(path.name for path in Path().iterdir()) == sorted([f"film.{kind}", "maze.png"])


def test_chosen_iterations_side_by_side(picture: str) -> None:
    assert main(["solve", "mazes", picture, "--at", "1", "--at", "5", "-o", "strip.png"]) == 0
    with Image.open("strip.png") as strip:
        assert strip.width > 3 * strip.height


def test_a_position_is_solved_whose_solution_may_not_be_known(
    trained: Train, capsys: pytest.CaptureFixture[str]
) -> None:
    small = {"steps": 2, "batch": 4, "model.width": 4, "model.head": [4, 4], "validation.count": 2}
    assert trained(chess_laptop().revised(small)) == 0
    capsys.readouterr()
    fen = "6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1"
    assert main(["solve", "chess_laptop-0", fen, "--iterations", "6", "--every", "3", "-o", "board.png"]) == 0
    out = capsys.readouterr().out
    assert "the solution is not known, confidence " in out
    assert out.count("iteration 3: ") == out.count("iteration 6: ") == 1
    with Image.open("board.png") as board:
        assert board.size == (524, 524)
    assert main(["solve", "chess_laptop-0", f"{fen} a1a8", "--iterations", "6", "-o", "film.webp"]) == 0
    assert {"right,", "wrong,"} & set(capsys.readouterr().out.split())
    assert main(["solve", "chess_laptop-0", fen, "--every", "0"]) == 2
    assert "every 1 or more" in capsys.readouterr().err
    assert main(["solve", "chess_laptop-0", "rook to a8"]) == 2
    assert "no position in FEN" in capsys.readouterr().err


def test_an_image_of_ones_own_is_classified(image_run: str, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(np.full((28, 28), 90, np.uint8)).save("shoe.png")
    assert main(["solve", image_run, "shoe.png Sneaker", "-o", "answer.png"]) == 0
    assert Path("answer.png").exists()
    assert main(["solve", image_run, "no.png"]) == 2
    assert "There is no picture no.png" in capsys.readouterr().err


def test_a_net_is_tested_on_other_puzzles_than_its_own(trained: Train, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(LICHESS), "--format", "lichess", "--out", "real"]) == 0
    small = {"steps": 2, "batch": 4, "model.width": 8, "model.head": [8, 4], "validation.count": 4}
    assert trained(chess_laptop().revised(small), "--name", "small") == 0
    changes = ["--change", "problem.source=real", "--change", "problem.unit=rating", "--change", "problem.width=600"]
    assert main(["test", "small-0", *changes, "--level", "1200", "--iterations", "4", "--count", "8"]) == 0
    assert pd.read_csv("runs/small-0/test-1200.csv")["puzzles"].unique().tolist() == [8]
    capsys.readouterr()
    assert main(["test", "small-0", "--change", "steps=3"]) == 2
    assert "options of the problem, like problem.source, and not 'steps'" in capsys.readouterr().err


def test_a_twin_asked_for_too_many_iterations(
    trained: Train, tiny_recipe: Recipe, capsys: pytest.CaptureFixture[str]
) -> None:
    trained(tiny_recipe.revised({"steps": 20, "model": "feedforward", "model.limit": 4, "model.width": 4}))
    assert main(["solve", "tiny-0", "1011", "--iterations", "5"]) == 2
    assert "has 4 steps and cannot take 5" in capsys.readouterr().err


def test_a_run_in_use(trained: Train, tiny_recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> None:
    small = tiny_recipe.revised({"steps": 20})
    assert trained(small) == 0
    assert trained(small) == 2
    assert "exists already; go on with --resume" in capsys.readouterr().err
    assert trained(small, "--resume") == 0
    assert main(["train", "runs/tiny-0", "--resume", "--accelerator", "cpu"]) == 0
    assert trained(small, "--resume", "--optimiser.lr", "1") == 2
    assert "another recipe" in capsys.readouterr().err


def test_quickstart_trains_tests_and_leaves_a_figure(
    tiny_recipe: Recipe, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    registry.find("recipes", "prefix_sums_laptop")
    monkeypatch.setitem(registry._registered["recipes"], "prefix_sums_laptop", lambda: tiny_recipe)
    assert main(["quickstart", "--level", "24", "--count", "4"]) == 0
    assert Path("runs/quickstart/test-6-24.png").exists()
    assert "trained on at most 6 bits in" in capsys.readouterr().out
    assert main(["quickstart", "--level", "24", "--count", "4"]) == 0  # a second time tests only


def test_what_is_finished_is_kept_when_a_test_is_broken_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done, sweep = 0, lt.sweep

    def broken_off(*arguments: object, **options: object) -> pd.DataFrame:
        nonlocal done
        done += 1
        if done == 2:
            raise KeyboardInterrupt
        return sweep(*arguments, **options)

    monkeypatch.setattr("longthink.study.compare.sweep", broken_off)
    command = [
        "test",
        "prefix_sums",
        "--level",
        "8",
        "--level",
        "12",
        "--count",
        "4",
        "--iterations",
        "5",
        "--out",
        "out",
    ]
    assert main(command) == 130
    assert "interrupted; what is finished is in out/test-8-12.csv" in capsys.readouterr().err
    rows = pd.read_csv("out/test-8-12.csv")
    assert set(rows["level"]) == {8}
    assert len(rows) == 5


def test_a_puzzle_is_solved_until_another_rule_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    board = "530070000600195000098000060800060003400803001700020006060000280000419005000080079"
    assert main(["solve", "sudoku", board, "--stop", "verified"]) == 0
    assert "right" in capsys.readouterr().out
    assert main(["solve", "prefix_sums", "1011", "--stop", "budget", "--iterations", "7"]) == 2  # twice the same word
    capsys.readouterr()
    assert main(["solve", "prefix_sums", "1011", "--stop", "confident", "--stop.probability", "0.6"]) == 0
    assert "confident after" in capsys.readouterr().out


def test_a_puzzle_is_attempted_several_times(capsys: pytest.CaptureFixture[str]) -> None:
    board = "530070000600195000098000060800060003400803001700020006060000280000419005000080079"
    wide = ["--stop", "verified", "--breadth", "3", "--breadth.noise.start", "0.3"]
    assert main(["solve", "sudoku", board, *wide]) == 0
    assert "verified after" in (said := capsys.readouterr().out)
    assert "of 1 attempt," in said, "the first is right, and no more are made"
    assert main(["solve", "sudoku", board, *wide, "--choose", "majority", "--iterations", "30"]) == 0
    assert "of 3 attempts" in capsys.readouterr().out


def test_nets_are_tested_where_a_rule_ends_each_thought(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["test", "sudoku", "--level", "46", "--count", "6", "--iterations", "14", "--out", "out"]
    assert main([*command, "--stop", "verified", "--breadth", "3", "--breadth.noise.start", "0.3"]) == 0
    rows = pd.read_csv("out/stop-46.csv")
    assert rows["attempts"].tolist() == [1, 2, 3]
    assert set(rows["choice"]) == set(rows["stop"]) == {"verified"}
    assert rows["accuracy"].min() > 0
    assert rows["accuracy"].is_monotonic_increasing
    assert (rows["accuracy"] == rows["any"]).all(), "who verifies takes what is right"
    assert rows["iterations"].iloc[0] < 14
    assert Path("out/stop-46.png").stat().st_size > 0
    assert "out/stop-46.png" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["svg", "json", "jpg"])
def test_an_answer_is_drawn_as_other_kinds_too(picture: str, kind: str) -> None:
    assert main(["solve", "mazes", picture, "-o", f"solved.{kind}"]) == 0
    assert Path(f"solved.{kind}").stat().st_size > 1000


MAZE = "+--+--+--+\n|S    |  |\n+--+  +  +\n|     |  |\n+  +--+  +\n|       E|\n+--+--+--+"
ANSWER = "#######\n#R..# #\n###.# #\n#...# #\n#.### #\n#....G#\n#######"


def test_a_maze_that_is_typed_is_solved(capsys: pytest.CaptureFixture[str]) -> None:
    Path("maze.txt").write_text(MAZE)
    for text in (MAZE, "maze.txt", ANSWER.replace(".", " ").replace("\n", "")):
        assert main(["solve", "mazes", text]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert "\n".join(lines[:7]) == ANSWER
        assert lines[7].startswith("right, confidence")
        assert len(lines) == 8


def test_ends_are_pointed_out(capsys: pytest.CaptureFixture[str]) -> None:
    bare = MAZE.replace("S", " ").replace("E", " ")
    assert main(["solve", "mazes", bare, "--start", "1,1", "--end", "8,5"]) == 0
    assert capsys.readouterr().out.startswith(ANSWER)
    for options, message in (
        (["--start", "1,1"], "give both --start and --end"),
        (["--start", "1", "--end", "2,2"], "Ends are two numbers each, like --start 12,30"),
        (["--start", "1,1", "--end", "2,two"], "Ends are two numbers each"),
        (["--start", "0,1", "--end", "8,5"], "The start 0,1 is on a wall"),
    ):
        assert main(["solve", "mazes", bare, *options]) == 2
        assert message in capsys.readouterr().err
    assert main(["solve", "prefix_sums", "1011", "--start", "1,1", "--end", "8,5"]) == 2
    assert "Puzzles of prefix_sums have no start and no end to point out" in capsys.readouterr().err


def test_loops_are_told_beside_the_answer_of_a_net_that_knows_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "mazes", "#####\n#S  #\n# # #\n#  E#\n#####"]) == 0
    assert capsys.readouterr().out.endswith("\nThis maze has 1 loop; this net was trained on mazes without.\n")


def test_thinking_ends_after_some_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "mazes", MAZE, "--seconds", "1e-9"]) == 0
    assert "not settled in 1 iterations" in capsys.readouterr().out
    assert main(["solve", "mazes", MAZE, "--seconds", "0"]) == 2
    assert "more than 0 seconds" in capsys.readouterr().err


def test_mazes_of_ones_own_are_trained_and_tested_on(trained: Train, capsys: pytest.CaptureFixture[str]) -> None:
    for split in ("train", "test"):
        make = ["make", "mazes", "--level", "9", "--count", "40", "--format", "maze-csv"]
        assert main([*make, "--split", split, "--out", "files"]) == 0
    assert main(["import", "files", "--format", "maze-csv", "--out", "own"]) == 0
    assert capsys.readouterr().out.endswith("own: 80 puzzles\n")
    small = {"steps": 2, "batch": 4, "model.width": 8, "model.head": [8, 4], "validation.count": 4}
    assert trained(mazes_laptop().revised(small), "--problem.source", "own", "--name", "small") == 0
    assert json.loads(Path("runs/small-0/recipe.json").read_text())["task"]["problem"]["source"] == "own"
    change = ["--change", "problem.source=own", "--iterations", "30", "--count", "40", "--out", "results"]
    assert main(["test", "mazes", *change]) == 0
    rows = pd.read_csv("results/test-9.csv")
    assert rows[rows["iteration"] == 30]["accuracy"].tolist() == [1.0]
    assert main(["test", "mazes", *change, "--level", "13"]) == 2
    assert "has 0 test mazes of level 13, and 1 are asked for; its levels are 9 (train)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("net", "text", "answer"),
    [
        ("mazes", "-------\n|S   E|\n-------", "#R...G#"),
        ("sudoku", "---------\n|1.|34|\n|34|.2|\n---------\n|21|4.|\n|.3|21|\n---------", "1234341221434321"),
    ],
)
def test_what_is_pasted_may_begin_with_the_line_above_it(
    net: str, text: str, answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solve", net, text]) == 0
    printed = capsys.readouterr().out
    assert answer in printed
    assert "right" in printed


def test_a_test_in_sixteen_bits_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["test", "prefix_sums", "--level", "16", "--iterations", "40", "--count", "6", "--out", "out"]
    assert main([*asked, "--precision", "bf16"]) == 0
    rows = pd.read_csv("out/test-16.csv")
    assert rows["precision"].unique().tolist() == ["bf16"]
    assert rows["accuracy"].iloc[-1] == 1
    assert main([*asked, "--precision", "fp16"]) == 2
    assert main(["solve", "prefix_sums", "1101", "--precision", "bf16"]) == 0
    assert "right" in capsys.readouterr().out


def test_info_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    printed = capsys.readouterr().out
    assert f"torch {torch.__version__}" in printed
    assert f"threads of a process: {torch.get_num_threads()}" in printed
    assert "convolutions: DEFAULT at most (ONEDNN_MAX_CPU_ISA)" in printed  # which the tests have set
    assert "test --precision auto:" in printed
