"""The queue of trainings for a GPU, with tiny nets on the CPU: stopped anywhere, it ends with the same rows."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import torch

from longthink.base.errors import UserError
from longthink.training.loop import Diverged
from longthink.training.runs import Run

FOLDER = Path(__file__).parent.parent.parent / "benchmarks" / "gpu"
NAMES = ("parts", "jobs", "work", "run")
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def own_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The scripts' modules can be imported, and are forgotten afterwards."""
    monkeypatch.syspath_prepend(FOLDER)
    yield
    for name in NAMES:
        sys.modules.pop(name, None)


@pytest.fixture
def parts() -> ModuleType:
    return importlib.import_module("parts")


@pytest.fixture
def jobs() -> ModuleType:
    return importlib.import_module("jobs")


@pytest.fixture
def work() -> ModuleType:
    return importlib.import_module("work")


# ------------------------------------------------------------------------------------------------ parts


@pytest.mark.parametrize("size", [10, 11, 20, 95])
def test_files_come_back_from_their_parts(size: int, parts: ModuleType, tmp_path: Path) -> None:
    content = bytes(np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8))
    path = tmp_path / "run" / "checkpoint.pt"
    path.parent.mkdir()
    path.write_bytes(content)
    parts.split(tmp_path, largest=10)
    assert path.exists() == (size == 10)
    assert all(one.stat().st_size <= 10 for one in tmp_path.rglob("*") if one.is_file())
    parts.join(tmp_path)
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_was_written_again_is_newer_than_its_parts(parts: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    for content in (b"0" * 25, b"1" * 15):  # the second time, three parts are there already
        path.write_bytes(content)
        parts.split(tmp_path, largest=10)
    path.write_bytes(b"2")
    parts.join(tmp_path)
    assert path.read_bytes() == b"2"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("lost", ["001-of-003", "002-of-003", "003-of-003"])
def test_a_missing_part_is_told(lost: str, parts: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"0" * 25)
    parts.split(tmp_path, largest=10)
    (tmp_path / "checkpoint.pt.parts" / lost).unlink()
    with pytest.raises(UserError, match="Parts are missing"):
        parts.join(tmp_path)
    assert not (tmp_path / "checkpoint.pt").exists()
    assert len(list((tmp_path / "checkpoint.pt.parts").iterdir())) == 2


# ------------------------------------------------------------------------------------------------ jobs


def test_every_job_has_a_name_of_its_own_and_a_recipe_that_says_what_was_changed(
    jobs: ModuleType, tmp_path: Path
) -> None:
    known = jobs.jobs()
    assert len({job.name for job in known}) == len(known)
    for job in known:
        options = job.recipe(tmp_path).options()
        assert options["seed"] == job.seed
        source = {"problem.source"} if job.table == "chess" else set()
        assert job.changed(tmp_path).keys() == {*job.changes, *source}
        assert {name: options[name] for name in job.changes} == job.changes


def test_the_first_job_is_the_dissertations_maze_net_but_for_what_it_changes(jobs: ModuleType, tmp_path: Path) -> None:
    import longthink as lt

    first = jobs.jobs()[0]
    asked, own = first.recipe(tmp_path).options(), lt.recipe("mazes_thesis").options()
    assert {name for name in own if own[name] != asked[name]} == {*first.changes, "name", "seed"}
    assert asked["batch"] * asked["steps"] == own["batch"] * own["steps"]
    assert jobs.state_bytes(first.recipe(tmp_path)) < 16e6


@pytest.mark.parametrize(("optimiser", "times"), [("adam", 4), ("sgd", 3)])
def test_the_size_of_a_state_is_that_of_its_checkpoint(
    optimiser: str, times: int, jobs: ModuleType, work: ModuleType, tmp_path: Path
) -> None:
    recipe = jobs.jobs(tiny=True)[1].recipe(tmp_path).revised({"optimiser": optimiser, "model.width": 64})
    weights = sum(weight.numel() for weight in recipe.build().parameters())
    assert jobs.state_bytes(recipe) == 4 * times * weights
    run = work.train(recipe, tmp_path / "run", accelerator="cpu", progress=False)
    assert (run.folder / "checkpoint.pt").stat().st_size == pytest.approx(jobs.state_bytes(recipe), rel=0.1)


# ------------------------------------------------------------------------------------------------ work


def rows_of(folder: Path) -> dict[str, pd.DataFrame]:
    """Of all tests, without how long the training took."""
    return {path.name: pd.read_csv(path).drop(columns="training_seconds") for path in folder.glob("rows-*.csv")}


@pytest.mark.parametrize("which", [0, 1])
def test_a_job_stopped_after_every_step_and_every_part_of_a_test_ends_with_the_same_rows(
    which: int, jobs: ModuleType, work: ModuleType, parts: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.jobs(tiny=True)[which]
    straight = work.Work(tmp_path / "straight", CPU, left=lambda: 1e6)
    straight.advance(job)
    assert not straight.is_open(job)

    monkeypatch.setattr(work, "split", lambda folder: parts.split(folder, largest=20_000))
    monkeypatch.setattr(work, "RESERVE", 100 - 1e-9)  # of 100 seconds that are left nothing is for training: one step
    left: list[float] = []
    stopped = work.Work(tmp_path / "stopped", CPU, left=lambda: left.pop(0) if left else 0)
    times = 0
    while stopped.is_open(job):
        left[:] = [100.0, 100.0]  # for something to begin, and for one step of it, or one part
        stopped.advance(job)
        times += 1
        files = [path for path in (tmp_path / "stopped").rglob("*") if path.is_file()]
        assert all(path.stat().st_size <= 20_000 for path in files)
    assert times == 12 + 3 + 2, "steps, and parts of the two tests"
    found = [rows_of(tmp_path / name / job.name) for name in ("straight", "stopped")]
    assert len(found[0]) == 2
    for name, rows in found[0].items():
        pd.testing.assert_frame_equal(found[1][name], rows, rtol=1e-12)
        assert rows["iteration"].tolist() == [1, 2, 3, 4, 5, 6]
    times = pd.read_csv(tmp_path / "stopped" / job.name / "times.csv")
    level = job.tests[0].level
    assert times["what"].tolist()[:13] == [*["training"] * 12, f"level {level}, 3 puzzles"]
    assert len(times) == 12 + 3 + 2
    assert set(times["device"]) == {"cpu"}


def test_rows_of_parts_are_those_of_all_puzzles(jobs: ModuleType, work: ModuleType, tmp_path: Path) -> None:
    job = jobs.jobs(tiny=True)[1]
    done = work.Work(tmp_path, CPU, left=lambda: 1e6)
    done.advance(job)
    net, test = Run(tmp_path / job.name / "run").model(), job.tests[0]
    puzzles = job.recipe(tmp_path).problem.sample(test.level, test.count)
    rows = pd.read_csv(tmp_path / job.name / f"rows-{test.level}.csv")
    expected = work.lt.sweep(net, puzzles, range(1, 7))
    for name in (*work.AVERAGED, "puzzles", "iteration", "level"):
        np.testing.assert_allclose(rows[name], expected[name], rtol=1e-6)
    (changes,) = rows["changes"].unique()
    assert "curriculum.highest 8" in changes.split(", ")
    assert "steps 12" in changes.split(", ")
    assert rows["series"].unique().tolist() == ["DT-Recall, progressive"]


def test_a_training_that_diverges_does_not_block_the_queue(
    jobs: ModuleType, work: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverges(*_: object, **__: object) -> None:
        raise Diverged("The loss is no longer finite at step 7.")

    monkeypatch.setattr(work, "train", diverges)
    job, queue = jobs.jobs(tiny=True)[1], work.Work(tmp_path, CPU, left=lambda: 1e6)
    queue.advance(job)
    assert not queue.is_open(job)
    assert "no longer finite at step 7" in queue.state(job)


def test_jobs_whose_puzzles_are_not_here_are_passed_over(jobs: ModuleType, work: ModuleType, tmp_path: Path) -> None:
    chess = next(job for job in jobs.jobs() if job.table == "chess")
    queue = work.Work(tmp_path, CPU, left=lambda: 1e6)
    assert not queue.is_open(chess)
    assert "bring the Lichess database in" in queue.state(chess)
    (tmp_path / "lichess").mkdir()
    assert queue.is_open(chess)


def test_the_command_works_through_the_jobs(
    jobs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    two = jobs.jobs(tiny=True)[:2]
    monkeypatch.setattr(jobs, "jobs", lambda tiny: two if tiny else ())
    run, options = importlib.import_module("run"), ["--folder", str(tmp_path / "queue"), "--tiny"]
    monkeypatch.setattr(sys, "argv", ["run.py", *options, "--accelerator", "cpu"])
    assert run.main() == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in told[:2]] == [job.name for job in two]
    assert "tested: 8 of 8 at level 7, 4 of 4 at level 9" in told[0]
    assert told[2].endswith("of 600 s")
    monkeypatch.setattr(sys, "argv", ["run.py", *options, "--list"])
    assert run.main() == 0
    assert "tested: 8 of 8 at level 10, 4 of 4 at level 12" in capsys.readouterr().out.splitlines()[1]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_nothing_is_begun(tmp_path: Path) -> None:
    arguments = [sys.executable, str(FOLDER / "run.py"), "--folder", str(tmp_path / "queue")]
    refused = subprocess.run(arguments, capture_output=True, text=True, timeout=300)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "There is no GPU here" in refused.stderr
    assert not (tmp_path / "queue").exists()
