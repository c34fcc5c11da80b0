"""The commands as a user types them, with ordinary and with bad input."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from longthink import evaluate, readings
from longthink.analysis import feature_pictures
from longthink.cli import main
from longthink.experiment import Experiment
from longthink.problems.mazes import Mazes
from longthink.recipe import Recipe
from longthink.recipes.laptop import chess_laptop, images_laptop
from longthink.reproduce import NothingCameThrough, Outcome
from longthink.runs import Run

CHESS = Path(__file__).parent / "data" / "lichess_500.csv"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def trained(recipe: Recipe, *options: str) -> int:
    Path("recipe.json").write_text(recipe.to_json())
    return main(["train", "recipe.json", "--accelerator", "cpu", *options])


def test_train_test_and_solve(tiny_recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> None:
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


def test_several_runs_in_one_table(tiny_recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> None:
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


@pytest.fixture
def picture() -> str:
    """A maze of 13 x 13 as its exact picture."""
    x = Mazes().sample(13, 1, seed=2).x[0]
    Image.fromarray((x * 255).byte().permute(1, 2, 0).numpy()).save("maze.png")
    return "maze.png"


def test_a_maze_is_solved_on_its_picture(picture: str, capsys: pytest.CaptureFixture[str]) -> None:
    puzzles = Mazes().parse(picture)
    assert main(["solve", "mazes", picture, "-o", "solved.png"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(Mazes().write(puzzles.y, puzzles))
    assert "right, confidence" in out
    assert "settled after" in out
    with Image.open("solved.png") as solved:
        drawn = np.asarray(solved)
    assert np.array_equal(drawn, Mazes().render(puzzles))


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


def test_decisions_of_a_net_beside_known_algorithms() -> None:
    assert main(["decisions", "mazes", "--level", "9", "--count", "10", "--iterations", "100", "--out", "found"]) == 0
    rows = pd.read_csv("found/decisions.csv")
    assert rows["solved"].all()
    assert (rows["dead_end_filling_agreement"] > rows["breadth_first_agreement"].fillna(-1)).mean() >= 0.8
    assert Path("found/decisions.png").stat().st_size > 1000


def test_perturb_and_dynamics(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--index", "3", "--level", "20", "--count", "5", "--at", "30", "--iterations", "80", "--out", "found"]
    assert main(["perturb", "prefix_sums", "--with", "bit-flip", *arguments]) == 0
    rows = pd.read_csv("found/perturb-bit_flip.csv")
    assert rows["perturbation"].unique().tolist() == ["none", "bit_flip"]
    assert (rows["iteration"].max(), rows["at"].max(), rows["puzzle"].nunique()) == (80, 30, 5)
    assert Path("found/perturb-bit_flip.png").stat().st_size > 1000
    assert (
        main(["dynamics", "prefix_sums", "--level", "20", "--count", "5", "--iterations", "90", "--out", "found"]) == 0
    )
    assert "fixed point" in capsys.readouterr().out
    assert len(pd.read_csv("found/dynamics.csv")) == 5


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


def test_all_experiments_are_those_of_the_dissertation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    carried_out: list[str] = []

    def stop(experiment: Experiment, *_: object) -> Outcome:
        carried_out.append(experiment.title)
        return Outcome(pd.DataFrame(), [], [])

    monkeypatch.setattr("longthink.reproduce.carry_out", stop)
    monkeypatch.setattr("longthink.report.report", lambda *_: tmp_path)
    monkeypatch.setattr("longthink.report.contents", lambda *_: tmp_path)
    assert main(["reproduce", "all"]) == 0
    assert any(title.startswith("Table 5.2") for title in carried_out)
    assert not any(title.startswith("Stabilisers") for title in carried_out)


def test_an_experiment_that_comes_to_nothing_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def first_fails(experiment: Experiment, *_: object) -> Outcome:
        if experiment.title.startswith("Table 4.1"):
            raise NothingCameThrough("Nothing came through; the first failure: no memory")
        return Outcome(pd.DataFrame(), [], [])

    monkeypatch.setattr("longthink.reproduce.carry_out", first_fails)
    monkeypatch.setattr("longthink.report.report", lambda *rest: tmp_path / rest[2])
    assert main(["reproduce", "table-4.1", "table-5.2"]) == 2
    told = capsys.readouterr()
    assert "table_5_2" in told.out
    assert told.err == "longthink: table-4.1: Nothing came through; the first failure: no memory\n"


BAD = [
    (["solve", "mazes", "none.png"], "There is no picture none.png"),
    (["solve", "mazes", "maze.png", "-o", "solved.txt"], "drawn as one of"),
    (["solve", "mazes", "maze.png", "--at", "3", "-o", "solved.webp"], "drawn as one of .png, .jpg"),
    (["data", "mazes", "--level", "10", "--out", "data"], "odd number of cells"),
    (["data", "mazes", "--level", "9", "--count", "0", "--out", "data"], "at least 1 puzzle"),
    (["data", "mazes", "--level", "9", "--out", "data", "--opening", "1"], "did you mean 'openings'"),
    (["data", "mazes", "--level", "9", "--out", "data", "--openings", "2"], "'openings' of mazes does not fit"),
    (["data", "mazes", "--level", "200001", "--out", "data"], "GB of memory"),
    (["data", "prefix_sums", "--level", "20", "--out", "data", "--format", "maze-image"], "has no maze pictures"),
    (["reproduce"], "Say what to reproduce"),
    (["reproduce", "table-5.9"], "There is no experiment 'table_5_9' (did you mean 'table_5_5'?)"),
    (["reproduce", "table-5.2", "--scale", "thesis", "--accelerator", "auto"], "take --scale laptop"),
    (["reproduce", "table-5.2", "--on", "moon"], "one of local, ray"),
    (["reproduce", "table-5.2", "--workers", "0"], "at least 1 worker"),
    (["perturb", "prefix_sums", "--with", "move_end"], "prefix_sums has no ends to move"),
    (["perturb", "prefix_sums", "--with", "nosie"], "did you mean 'noise'"),
    (["perturb", "prefix_sums", "--with", "noise", "--strength", "-1"], "'strength' of noise does not fit"),
    (["perturb", "prefix_sums", "--with", "noise", "--at", "9", "--iterations", "9"], "longer than that"),
    (["dynamics", "prefix_sums", "--iterations", "9"], "more than 40 iterations"),
    (["test", "prefix_sums", "--tolerance", "-1"], "tolerance must be 0 or more"),
    (["train", "prefix_sums_laptop", "--model.widht", "3"], "did you mean 'model.width'"),
    (["train", "prefix_sums_laptop", "--steps", "none"], "'steps' does not fit"),
    (["train", "prefix_sums_laptop", "seed", "3"], "'seed' is no option of a recipe"),
    (["train", "prefix_sums_laptop", "--curriculum.lowest", "0"], "'curriculum.lowest' does not fit"),
    (["train", "prefix_sum_laptop"], "did you mean 'prefix_sums_laptop'"),
    (["train"], "RECIPE"),
    (["tarin", "prefix_sums_laptop"], "train"),
    (["train", "prefix_sums_laptop", "--accelerator", "abacus"], "abacus"),
    (["train", "prefix_sums_laptop", "--devices", "0"], "devices"),
    (["test"], "Say which run"),
    (["test", "nothing"], "There is no run 'nothing'"),
    (["test", "prefix_sums", "--level", "0"], "at least 1 bit"),
    (["test", "prefix_sums", "--level", "many"], "many"),
    (["test", "prefix_sums", "--iterations", "0"], "at least 1 iteration"),
    (["test", "prefix_sums", "--level", "8", "--exit-rule", "never"], "exit rule is one of"),
    (["test", "prefix_sums", "--level", "32", "--count", "2", "--iterations", "2", "--rows", "xls"], "not as '.xls'"),
    (["test", "prefix_sums", "--levle", "8"], "levle"),
    (["solve", "prefix_sums", "10a1"], "made of 0 and 1 only"),
    (["solve", "prefix_sums", ""], "made of 0 and 1 only"),
    (["solve", "prefix_sums", "101", "--iterations", "0"], "at least 1 iteration"),
    (["solve", "prefix_sums", "101", "-o", "picture.xyz"], "drawn as one of"),
    (["data", "prefix_sums", "--level", "8", "--count", "500", "--out", "data"], "ask for fewer"),
    (["data", "prefix_sums", "--level", "16", "--out", "data", "--format", "zip"], "no format 'zip'"),
    (["data", "knots", "--level", "16", "--out", "data"], "no problem 'knots'"),
    (["data", "prefix_sums", "--level", "16", "--out", "data", "--split", "half"], "half"),
    (["list", "everything"], "no list of 'everything'"),
    (["quickstart", "--levels", "3"], "levels"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_bad_input_is_one_sentence_exit_code_2_and_leaves_nothing(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.startswith("longthink: ")
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_twin_asked_for_too_many_iterations(tiny_recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> None:
    trained(tiny_recipe.revised({"steps": 20, "model": "feedforward", "model.limit": 4, "model.width": 4}))
    assert main(["solve", "tiny-0", "1011", "--iterations", "5"]) == 2
    assert "has 4 steps and cannot take 5" in capsys.readouterr().err


def test_a_run_in_use(tiny_recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> None:
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
    monkeypatch.setattr("longthink.recipes.laptop.prefix_sums_laptop", lambda: tiny_recipe)
    monkeypatch.setattr("longthink.registry._functions", lambda kind: {"prefix_sums_laptop": lambda: tiny_recipe})
    assert main(["quickstart", "--level", "24", "--count", "4"]) == 0
    assert Path("runs/quickstart/test-6-24.png").exists()
    assert "trained on at most 6 bits in" in capsys.readouterr().out
    assert main(["quickstart", "--level", "24", "--count", "4"]) == 0  # a second time tests only


def test_a_net_is_tested_on_other_puzzles_than_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "chess_puzzles", "--from", str(CHESS), "--format", "lichess", "--out", "real"]) == 0
    small = {"steps": 2, "batch": 4, "model.width": 8, "model.head": [8, 4], "validation.count": 4}
    assert trained(chess_laptop().revised(small), "--name", "small") == 0
    changes = ["--change", "problem.source=real", "--change", "problem.unit=rating", "--change", "problem.width=600"]
    assert main(["test", "small-0", *changes, "--level", "1200", "--iterations", "4", "--count", "8"]) == 0
    assert pd.read_csv("runs/small-0/test-1200.csv")["puzzles"].unique().tolist() == [8]
    capsys.readouterr()
    assert main(["test", "small-0", "--change", "steps=3"]) == 2
    assert "options of the problem, like problem.source, and not 'steps'" in capsys.readouterr().err


def test_chess_puzzles_are_brought_in_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "chess_puzzles", "--from", str(CHESS), "--format", "lichess", "--out", "store"]) == 0
    assert "store: 500 puzzles" in capsys.readouterr().out
    options = ["--source", "store", "--unit", "rating", "--width", "400", "--count", "5", "--format", "easy-to-hard"]
    assert main(["data", "chess_puzzles", "--level", "1200", "--out", "official", *options]) == 0
    assert torch.load("official/chess_data/data.pth").shape == (5, 12, 8, 8)
    Path("bad.csv").write_text(CHESS.read_text() + "and no more\n")
    command = ["data", "chess_puzzles", "--from", "bad.csv", "--format", "lichess", "--out", "other"]
    assert main(command) == 2
    assert "Line 502 of bad.csv is no puzzle" in capsys.readouterr().err
    assert not Path("other").exists()
    assert main([*command, "--skip"]) == 0
    assert "other: 500 puzzles, 1 lines left out" in capsys.readouterr().out


def test_a_position_is_solved_whose_solution_may_not_be_known(capsys: pytest.CaptureFixture[str]) -> None:
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


@pytest.fixture
def image_run(capsys: pytest.CaptureFixture[str]) -> str:
    recipe = images_laptop().revised(
        {"steps": 4, "batch": 8, "model.width": 8, "model.first": 4, "model.after": 8, "validation.count": 10}
    )
    assert trained(recipe, "--name", "small") == 0
    capsys.readouterr()
    return "small-0"


def test_a_net_is_looked_into(image_run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", image_run, "--train", "60", "--count", "30", "--iterations", "2"]) == 0
    assert list(pd.read_csv("runs/small-0/probe.csv")["place"]) == [1, 2]
    assert main(["probe", image_run, "--train", "60", "--count", "30", "--layer", "last.1"]) == 0
    assert "last.1" in capsys.readouterr().out
    assert main(["similarity", image_run, image_run, "--count", "64", "--iterations", "2"]) == 0
    rows = pd.read_csv("runs/small-0/similarity.csv")
    assert rows[rows["place"] == rows["other_place"]]["cka"].tolist() == pytest.approx([1, 1])
    assert main(["reuse", image_run, "--count", "20"]) == 0
    assert pd.read_csv("runs/small-0/reuse.csv")["iteration"].tolist() == [1, 2, 3, 4]
    for name in ("probe", "similarity", "reuse"):
        assert Path(f"runs/small-0/{name}.png").stat().st_size > 1000
    assert main(["probe", image_run, "--layer", "inner.7"]) == 2
    assert "There is no layer 'inner.7' (did you mean 'inner.0'?)" in capsys.readouterr().err


def test_strings_are_probed_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "prefix_sums", "--level", "8", "--train", "20", "--count", "20", "--iterations", "2"]) == 0
    assert Path("runs/prefix_sums/probe.png").exists()
    assert main(["features", "prefix_sums"]) == 2
    assert "pictures" in capsys.readouterr().err


def test_what_filters_look_for(image_run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    few = partial(feature_pictures.feature_pictures, steps=2)
    monkeypatch.setattr(readings.features, "feature_pictures", few)
    assert main(["features", image_run, "--filters", "2", "--count", "10"]) == 0
    assert Path("runs/small-0/features.png").stat().st_size > 1000


def test_an_image_of_ones_own_is_classified(image_run: str, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(np.full((28, 28), 90, np.uint8)).save("shoe.png")
    assert main(["solve", image_run, "shoe.png Sneaker", "-o", "answer.png"]) == 0
    assert Path("answer.png").exists()
    assert main(["solve", image_run, "no.png"]) == 2
    assert "cannot be read as a picture" in capsys.readouterr().err


def test_images_are_brought_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
