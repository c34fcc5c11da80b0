"""Folders of runs: opening, loading, and everything that can be wrong with one."""

import json
import shutil
from pathlib import Path

import pytest
import torch

import longthink as lt
from longthink.measuring.sweep import accuracy
from longthink.training import runs
from longthink.training.loop import train


@pytest.fixture
def run(tmp_path: Path) -> runs.Run:
    """A copy of a shipped run, to damage."""
    shutil.copytree(runs.SHIPPED / "prefix_sums", tmp_path / "run")
    return runs.Run(tmp_path / "run")


def test_the_shipped_nets_solve_their_problem() -> None:
    assert "prefix_sums" in runs.shipped()
    rows = lt.sweep(lt.load("prefix_sums"), lt.problem("prefix_sums").sample(512, 20), [400])
    assert rows["accuracy"].tolist() == [1]


def test_a_run_opens_by_folder_and_by_name(run: runs.Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    shutil.copytree(run.folder, tmp_path / "runs" / "mine")
    assert runs.open_run(str(run.folder)).model() is not None
    assert runs.open_run("mine").folder == Path("runs/mine")
    assert runs.open_run("prefix-sums").shipped


@pytest.mark.parametrize("name", ["nothing", "../nothing", "someone/nothing"])
def test_a_missing_run_is_refused(name: str) -> None:
    with pytest.raises(lt.UserError, match=r"There is no (run|folder) '"):
        runs.open_run(name)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(lt.UserError, match="is not a run: it has no readable recipe.json"):
        runs.open_run(tmp_path).recipe()
    with pytest.raises(lt.UserError, match="is not a run: it has no readable config.json"):
        lt.load(tmp_path)


def test_a_run_that_has_not_ended_says_so(run: runs.Run) -> None:
    (run.folder / "model.safetensors").unlink()
    with pytest.raises(lt.UserError, match="training has not ended; go on with `longthink train"):
        run.model()


@pytest.mark.parametrize("keep", [0, 100, 4000])
def test_truncated_weights_are_refused(run: runs.Run, keep: int) -> None:
    weights = run.folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:keep])
    with pytest.raises(lt.UserError, match="damaged or of another net"):
        run.model()


@pytest.mark.parametrize("change", [{"width": 32}, {"recall": False}, {"head": [24, 13]}, {"colour": "red"}])
def test_weights_of_another_architecture_are_refused(run: runs.Run, change: dict) -> None:
    config = json.loads((run.folder / "config.json").read_text())
    (run.folder / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(lt.UserError, match="damaged or of another net") as error:
        run.model()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"width": 3}'])
def test_a_damaged_config_is_refused(run: runs.Run, text: str) -> None:
    (run.folder / "config.json").write_text(text)
    with pytest.raises(lt.UserError):
        run.model()


@pytest.mark.parametrize(
    "text",
    [
        '{"step": 1, "loss": 0.5}\n{"step": 2, "lo',
        "[1]\n",
        '{"loss": 1}\n',
        '{"step": "x"}\n',
        '{"step": 1, "seconds": {}}\n',
        "\0",
        "[" * 100_000,
        '{"step": ' + "9" * 5000 + "}\n",
    ],
)
def test_a_damaged_history_is_refused(run: runs.Run, text: str) -> None:
    (run.folder / "history.jsonl").write_text(text)
    for read in (run.history, run.seconds, run.threads):
        with pytest.raises(lt.UserError, match=r"history.jsonl is damaged .*can be removed"):
            read()


def test_pickled_code_is_never_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self):
            return (Path(tmp_path / "owned").touch, ())

    torch.save({"step": Evil()}, tmp_path / "checkpoint.pt")
    with pytest.raises(lt.UserError, match="holds more than tensors"):
        runs.Run(tmp_path).load_checkpoint()
    assert not (tmp_path / "owned").exists()


def test_a_run_of_version_0_1_0_is_read_and_goes_on(tmp_path: Path) -> None:
    """Its recipe.json had the options of the task beside the others, its config.json channels, classes and ndim."""
    shutil.copytree(Path(__file__).parent / "run_of_version_0.1.0", tmp_path / "run")
    run = runs.Run(tmp_path / "run")
    recipe, net = run.recipe(), run.model()
    assert (recipe.name, recipe.steps, recipe.regime) == ("prefix_sums_laptop", 40, 10)
    assert sum(parameter.numel() for parameter in net.parameters()) == 384
    validation = recipe.problem.sample(32, 20, recipe.seed, "validation", repeats=True)
    assert accuracy(net, validation, recipe.regime) == run.history()[-1]["validation_accuracy"]
    before = (run.folder / "model.safetensors").read_bytes()
    again = train(recipe, run.folder, resume=True, accelerator="cpu", progress=False)
    assert (again.folder / "model.safetensors").read_bytes() == before
    assert len(again.history()) == len(run.history())
