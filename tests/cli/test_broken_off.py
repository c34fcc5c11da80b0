"""Commands that are interrupted, that the disk refuses, or that another process is in the way of: one sentence each."""

import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from longthink import registry
from longthink.cli import main
from longthink.training.recipe import Recipe
from longthink.training.runs import Run

Patch = pytest.MonkeyPatch
Train = Callable[..., int]
"""Trains a recipe, with options: the exit code."""
TRAIN = ["train", "recipe.json", "--accelerator", "cpu", "--checkpoint-seconds", "0"]
QUICKSTART = ["quickstart", "--level", "24", "--count", "4"]
MAKE = ["make", "prefix_sums", "--level", "40", "--count", "50", "--out", "data"]
IMPORT = ["import", "pictures", "--format", "image-folder", "--out", "data"]
TEST = ["test", "prefix_sums", "--level", "8", "--count", "4", "--iterations", "5", "--out", "data"]
SOLVE = ["solve", "prefix_sums", "101", "-o", "data.png"]
MINE = ["mine", "chess_puzzles", "--engine", "none", "--workers", "1", "--count", "1", "--out", "data"]
GOES_ON = "go on with `longthink train runs/tiny-0 --resume`."
APPEND = "longthink.base.arrays.GrowingArray.append"
NOTHING = "nothing of it is kept but what it has named."


@pytest.fixture(autouse=True)
def inputs(tiny_recipe: Recipe, monkeypatch: Patch) -> set[Path]:
    """What the commands work on; these are the names."""
    for constant in ("FILES_AT_ONCE", "GAMES_AT_ONCE"):
        monkeypatch.setattr(f"longthink.problems.chess.mining.{constant}", 1)
    Path("recipe.json").write_text(tiny_recipe.to_json())
    for name, colours in (("black", 0), ("white", 255)):
        (Path("pictures") / name).mkdir(parents=True)
        for number in range(8):
            picture = np.full((8, 8), colours, np.uint8)
            picture[number] = 100
            Image.fromarray(picture).save(Path("pictures") / name / f"{number}.png")
    return {Path("recipe.json"), Path("pictures")}


@pytest.fixture
def quick(monkeypatch: Patch, tiny_recipe: Recipe) -> None:
    registry.find("recipes", "prefix_sums_laptop")
    monkeypatch.setitem(registry._registered["recipes"], "prefix_sums_laptop", lambda: tiny_recipe)


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence of a command that came to nothing."""
    captured = capsys.readouterr()
    assert captured.err.startswith("longthink: ")
    assert captured.err.count("\n") == 1
    return captured.err.removeprefix("longthink: ").rstrip("\n")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("command", "at", "kept"),
    [
        (TRAIN, "longthink.training.runs.Run.save_checkpoint", GOES_ON),
        (TRAIN, "longthink.training.loop._model", "nothing was begun."),
        (
            ["quickstart", "--level", "24", "--count", "4"],
            "longthink.training.runs.Run.save_model",
            "the same command goes on.",
        ),
        (MAKE, APPEND, NOTHING),
        (IMPORT, APPEND, NOTHING),
        (TEST, "longthink.study.compare.sweep", "nothing was finished."),
        (SOLVE, "longthink.measuring.solve.solve", NOTHING),
        (MINE, "longthink.problems.chess.mining._mates", "the same command goes on where this one was."),
        (["list", "nets"], "longthink.cli._listing.facts_of_nets", NOTHING),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_an_interrupted_command_says_what_is_kept(
    command: list[str], at: str, kept: str, monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(at, lambda *_, **__: signal.raise_signal(signal.SIGINT))
        assert main(command) == 130
    assert told(capsys) == f"interrupted; {kept}"
    assert not list(Path().rglob(".*"))
    assert not list(Path().rglob("*.npy"))
    again = ["train", "runs/tiny-0", "--resume"] if kept == GOES_ON else command
    assert main(again) == 0


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    ("command", "size", "refused"),
    [
        (TRAIN, 100, "runs/tiny-0"),
        (TRAIN, 2500, "runs/tiny-0/checkpoint.pt"),
        (MAKE, 200, "data/train_40"),
        ([*MAKE, "--format", "easy-to-hard"], 200, "data/prefix_sums_data/40_data.pth"),
        (IMPORT, 100, "data"),
        (TEST, 50, "data/test-8.csv"),
        (TEST, 3000, "data/test-8.png"),
        (SOLVE, 100, "data.png"),
        (MINE, 10, "data/games/none-0-00000.csv"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else str(value),
)
def test_a_full_disk_is_told_and_afterwards_all_goes_on(
    command: list[str], size: int, refused: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with files_of_at_most(size):
        assert main(command) == 2
    sentence = f"{refused} cannot be written (File too large); put that right, or choose another place."
    assert told(capsys).endswith(sentence)
    assert not list(Path().rglob(".*"))
    assert main([*command, "--resume"] if Path("runs").exists() and size > 100 else command) == 0


@pytest.mark.parametrize("command", [TRAIN, MAKE, IMPORT, TEST, SOLVE, MINE], ids=lambda command: command[0])
@pytest.mark.parametrize("place", ["/sys/longthink", "recipe.json/below", "name" * 80])
def test_where_nothing_can_be_written_is_told_before_the_work(
    command: list[str], place: str, inputs: set[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even root may make files in /sys."""
    out = f"{place}/a.png" if command is SOLVE else place
    before = Path("recipe.json").read_text()
    rest = command[: next((index for index, word in enumerate(command) if word in ("--out", "-o")), None)]
    assert main([*rest, "--out", out]) == 2
    assert place.partition("/below")[0] in told(capsys)
    assert set(Path().iterdir()) == inputs
    assert Path("recipe.json").read_text() == before


def test_a_folder_in_the_place_of_a_picture_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("data.png").mkdir()
    assert main(SOLVE) == 2
    assert told(capsys).startswith("data.png cannot be written (Is a directory)")
    assert not list(Path().rglob(".*"))


def test_a_full_disk_behind_what_is_printed_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "longthink.cli", "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert (
        done.stderr == "longthink: A file, or what is printed, cannot be read or written (No space left on device).\n"
    )


def test_a_run_that_is_being_trained_is_refused_to_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(TRAIN) == 0
    capsys.readouterr()
    with Run(Path("runs/tiny-0")).held():
        assert main([*TRAIN, "--resume"]) == 2
    assert told(capsys) == "runs/tiny-0 is being trained by another process; let that one end."
    assert main([*TRAIN, "--resume"]) == 0
    shutil.rmtree("runs")
    assert main(TRAIN) == 0
