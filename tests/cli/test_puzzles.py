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

from longthink import evaluate
from longthink.cli import main
from longthink.recipes.laptop import images_laptop

LICHESS = Path(__file__).parent.parent / "data" / "lichess_500.csv"
Train = Callable[..., int]
"""Trains a recipe, with options: the exit code."""


def test_data_in_both_formats(capsys: pytest.CaptureFixture[str]) -> None:
    common = ["data", "prefix_sums", "--level", "16", "--level", "20", "--count", "50", "--out", "data"]
    assert main([*common, "--format", "easy-to-hard"]) == 0
    assert torch.load("data/prefix_sums_data/20_data.pth", weights_only=True).shape == (50, 20)
    assert main(common) == 0
    assert json.loads(Path("data/train_16/puzzles.json").read_text())["count"] == 50
    assert "data/train_16: 50 puzzles of level 16 in 3 files" in capsys.readouterr().out


def test_data_with_options_of_the_problem_and_more_than_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "BATCH_BYTES", 10 * 24 * 24 * 20)
    arguments = ["--level", "9", "--count", "25", "--openings", "0.5", "--algorithm", "wilson", "--out", "data"]
    assert main(["data", "mazes", *arguments, "--split", "test", "--format", "easy-to-hard"]) == 0
    inputs = np.load("data/maze_data_test_9/inputs.npy")
    assert inputs.shape == (25, 3, 24, 24)
    assert len({one.tobytes() for one in inputs}) == 25
    assert (inputs.max(1).sum((1, 2)) / 4 > 49).all()  # more open cells than a tree has
    assert main(["data", "mazes", "--level", "9", "--count", "3", "--out", "data", "--format", "maze-image"]) == 0
    assert len(list(Path("data/train_9").glob("*.png"))) == 6


def test_chess_puzzles_are_brought_in_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "chess_puzzles", "--from", str(LICHESS), "--format", "lichess", "--out", "store"]) == 0
    assert "store: 500 puzzles" in capsys.readouterr().out
    options = ["--source", "store", "--unit", "rating", "--width", "400", "--count", "5", "--format", "easy-to-hard"]
    assert main(["data", "chess_puzzles", "--level", "1200", "--out", "official", *options]) == 0
    assert torch.load("official/chess_data/data.pth").shape == (5, 12, 8, 8)
    Path("bad.csv").write_text(LICHESS.read_text() + "and no more\n")
    command = ["data", "chess_puzzles", "--from", "bad.csv", "--format", "lichess", "--out", "other"]
    assert main(command) == 2
    assert "Line 502 of bad.csv is no puzzle" in capsys.readouterr().err
    assert not Path("other").exists()
    assert main([*command, "--skip"]) == 0
    assert "other: 500 puzzles, 1 lines left out" in capsys.readouterr().out


def test_images_are_brought_in(trained: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(60):
        path = tmp_path / "pets" / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(number).integers(0, 256, (9, 9, 3), np.uint8)).save(path)
    assert main(["data", "images", "--from", "pets", "--format", "image-folder", "--out", "store"]) == 0
    assert "store: 60 puzzles" in capsys.readouterr().out
    recipe = images_laptop().revised({"steps": 2, "batch": 4, "model.width": 4, "validation.count": 2})
    assert trained(recipe, "--problem.source", "store", "--name", "pets") == 0
    assert main(["data", "images", "--from", "nowhere", "--format", "idx", "--out", "other"]) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["chess_puzzles"], "--level 9"),
        (["mazes", "--mine"], "no miner 'mazes'"),
        (["chess_puzzles", "--mine", "--engine", "fish"], "engine"),
        (["mazes", "--from", "a.csv"], "not brought in"),
        (["chess_puzzles", "--level", "9", "--width", "0"], "width"),
    ],
)
def test_data_that_cannot_be_made_is_refused(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", *arguments, "--out", "out"]) == 2
    assert sentence in capsys.readouterr().err
    assert not Path("out").exists()


@pytest.mark.parametrize(
    "kind", ["problems", "models", "objectives", "perturbations", "formats", "recipes", "experiments", "nets"]
)
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
