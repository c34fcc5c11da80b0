"""Puzzles made, brought in and listed as a user types it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import longthink as lt
from longthink import registry
from longthink.cli import main
from longthink.recipes.laptop import images_laptop

LICHESS = Path(__file__).parent.parent / "problems" / "chess" / "lichess_500.csv"
Train = Callable[..., int]
"""Trains a recipe, with options: the exit code."""


def test_data_in_both_formats(capsys: pytest.CaptureFixture[str]) -> None:
    common = ["make", "prefix_sums", "--level", "16", "--level", "20", "--count", "50", "--out", "data"]
    assert main([*common, "--format", "easy-to-hard"]) == 0
    assert torch.load("data/prefix_sums_data/20_data.pth", weights_only=True).shape == (50, 20)
    assert main(common) == 0
    assert json.loads(Path("data/train_16/puzzles.json").read_text())["count"] == 50
    assert "data/train_16: 50 puzzles of level 16 in 3 files" in capsys.readouterr().out


def test_data_with_options_of_the_problem_and_more_than_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longthink.problems.batches.BATCH_BYTES", 10 * 24 * 24 * 20)
    arguments = ["--level", "9", "--count", "25", "--openings", "0.5", "--algorithm", "wilson", "--out", "data"]
    assert main(["make", "mazes", *arguments, "--split", "test", "--format", "easy-to-hard"]) == 0
    inputs = np.load("data/maze_data_test_9/inputs.npy")
    assert inputs.shape == (25, 3, 24, 24)
    assert len({one.tobytes() for one in inputs}) == 25
    assert (inputs.max(1).sum((1, 2)) / 4 > 49).all()  # more open cells than a tree has
    assert main(["make", "mazes", "--level", "9", "--count", "3", "--out", "data", "--format", "maze-image"]) == 0
    assert len(list(Path("data/train_9").glob("*.png"))) == 6


def test_chess_puzzles_are_brought_in_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(LICHESS), "--format", "lichess", "--out", "store"]) == 0
    assert "store: 500 puzzles" in capsys.readouterr().out
    options = ["--source", "store", "--unit", "rating", "--width", "400", "--count", "5", "--format", "easy-to-hard"]
    assert main(["make", "chess_puzzles", "--level", "1200", "--out", "official", *options]) == 0
    assert torch.load("official/chess_data/data.pth").shape == (5, 12, 8, 8)
    Path("bad.csv").write_text(LICHESS.read_text() + "and no more\n")
    command = ["import", "bad.csv", "--format", "lichess", "--out", "other"]
    assert main(command) == 2
    assert "Line 502 of bad.csv is no puzzle" in capsys.readouterr().err
    assert not Path("other").exists()
    assert main([*command, "--skip"]) == 0
    assert "other: 500 puzzles, 1 left out" in capsys.readouterr().out


def test_images_are_brought_in(trained: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(60):
        path = tmp_path / "pets" / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(number).integers(0, 256, (9, 9, 3), np.uint8)).save(path)
    assert main(["import", "pets", "--format", "image-folder", "--out", "store"]) == 0
    assert "store: 60 puzzles" in capsys.readouterr().out
    recipe = images_laptop().revised({"steps": 2, "batch": 4, "model.width": 4, "validation.count": 2})
    assert trained(recipe, "--problem.source", "store", "--name", "pets") == 0
    assert main(["import", "nowhere", "--format", "idx", "--out", "other"]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_what_is_brought_in_can_be_selected(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["import", str(LICHESS), "--format", "lichess", "--out"]
    assert main([*command, "some", "--themes", "mateIn1", "--count", "10"]) == 0
    assert "some: 10 puzzles" in capsys.readouterr().out
    rows = np.load("some/rows.npy")
    lines = {line.split(",")[0]: line.split(",") for line in LICHESS.read_text().splitlines()}
    assert all("mateIn1" in lines[name.decode()][7].split() for name in rows["name"])
    assert main([*command, "rated", "--lowest-rating", "1000", "--highest-rating", "1200"]) == 0
    ratings = np.load("rated/rows.npy")["rating"]
    wanted = [int(fields[3]) for fields in lines.values() if fields[3].isdecimal()]
    assert len(ratings) == sum(1000 <= rating <= 1200 for rating in wanted) > 0
    assert main([*command, "none", "--themes", "noSuchTheme"]) == 2
    assert "There is not one puzzle" in capsys.readouterr().err
    assert not Path("none").exists()


def test_sudoku_that_is_brought_in_can_be_selected(capsys: pytest.CaptureFixture[str]) -> None:
    puzzles = lt.problem("sudoku").sample(level=40, count=6)
    boards = ["".join(map(str, one)) for one in puzzles.x.argmax(1).flatten(1).tolist()]
    lines = [f"{board},{rating}" for board, rating in zip(boards, (0, 5, 9, 2, 7, 1), strict=True)]
    Path("boards.csv").write_text("question,rating\n" + "\n".join(lines) + "\n")
    command = ["import", "boards.csv", "--format", "sudoku-csv", "--out"]
    assert main([*command, "hard", "--lowest-rating", "5", "--highest-rating", "8"]) == 0
    assert main([*command, "few", "--count", "4"]) == 0
    assert np.load("hard/ratings.npy").tolist() == [5, 7]
    assert np.load("few/ratings.npy").tolist() == [0, 5, 9, 2]


def test_a_list_says_what_is_to_be_known_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "problems"]) == 0
    listed, mazes = capsys.readouterr().out, lt.problem("mazes")
    assert "easy level 6, hard levels 7 and 10" in listed
    assert f"easy level {mazes.easy}, hard levels {mazes.hard[0]} and {mazes.hard[1]}; with a source" in listed
    assert main(["list", "recipes"]) == 0
    assert "Expected: 97.12 +- 1.88 % of 512-bit strings at iteration 237 (table 5.2)." in capsys.readouterr().out
    assert main(["list", "nets"]) == 0
    told = capsys.readouterr().out
    assert "mazes: dt_net of 31,968 parameters" in told
    assert "solves 100.0% at level 48, 100.0% at level 512, of 1000 each, at iteration 400" in told
    assert main(["list"]) == 0
    assert "stops " in capsys.readouterr().out


def test_the_options_of_a_recipe_a_run_and_a_plugin_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for what in ("mazes_laptop", "mazes"):  # a recipe, and the net that it made
        assert main(["show", what]) == 0
        shown = capsys.readouterr().out.splitlines()
        assert {"--model.width 24", "--objective.transplant 0.8", "--problem.algorithm depth_first"} <= set(shown)
    assert main(["show", "dt_net"]) == 0
    assert "--head [32,8]" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["list", "problems"], ["make", "--help"]], ids=" ".join)
def test_what_is_asked_about_needs_no_torch(arguments: list[str]) -> None:
    program = (
        f"import sys\nfrom longthink.cli import main\nassert main({arguments}) == 0\n"
        "assert not {'torch', 'numba', 'pandas', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


@pytest.mark.parametrize("kind", [*registry.KINDS, "nets"])
def test_lists(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", kind]) == 0
    assert capsys.readouterr().out.strip()


def test_a_reader_that_has_read_enough_is_no_error() -> None:
    command = [sys.executable, "-m", "longthink.cli", "list", "recipes"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 1
