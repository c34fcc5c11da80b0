"""Folders of runs: opening, loading, and everything that can be wrong with one."""

import json
import os
import resource
import shutil
from pathlib import Path

import pytest
import torch

import longthink as lt
from longthink.base import tensors
from longthink.contracts import Spec
from longthink.measuring.sweep import accuracy
from longthink.models.images.mlp import MLP
from longthink.training import runs
from longthink.training.loop import train
from longthink.training.recipe import Recipe


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


@pytest.mark.parametrize("change", [{"width": 32}, {"recall": False}, {"head": [24, 13]}])
def test_weights_of_another_architecture_are_refused(run: runs.Run, change: dict) -> None:
    config = json.loads((run.folder / "config.json").read_text())
    (run.folder / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(lt.UserError, match="damaged or of another net") as error:
        run.model()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"width": 3}', "[" * 100_000, '{"width": ' + "9" * 5000 + "}", '"\0"', '{"model": 7}']
)
def test_a_damaged_config_is_refused(run: runs.Run, text: str) -> None:
    (run.folder / "config.json").write_text(text)
    with pytest.raises(lt.UserError):
        run.model()


SPEC = {"inputs": 1, "outputs": 2, "positions": "line", "answers": "each", "vocabulary": None, "size": None}


@pytest.mark.parametrize(
    "change",
    [
        {"width": 10**6},
        {"width": 10**15},
        {"width": -4},
        {"width": 0},
        {"width": "wide"},
        {"width": None},
        {"width": True},
        {"width": 1e400},
        {"head": [24]},
        {"head": "ab"},
        {"head": [10**9, 10**9]},
        {"dilation": [1]},
        {"dilation": -1},
        {"pooling": 3},
        {"activation": "no"},
        {"colour": "red"},
        {"spec": 3},
        {"spec": {}},
        {"spec": {**SPEC, "colour": 3}},
        {"spec": {**SPEC, "inputs": "x"}},
        {"spec": {**SPEC, "inputs": 10**12}},
        {"spec": {**SPEC, "outputs": -1}},
        {"spec": {**SPEC, "positions": "sphere"}},
        {"model": "mlp", "width": 10**6, "head": None},
        {"model": ["dt_net"]},
        {"model": "a" * 5000},
    ],
)
def test_what_a_config_says_is_compared_with_the_weights_before_memory_is_taken(run: runs.Run, change: dict) -> None:
    config = json.loads((run.folder / "config.json").read_text())
    (run.folder / "config.json").write_text(json.dumps({**config, **change}))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(lt.UserError) as error:
        run.model()
    assert "\n" not in str(error.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**17  # kilobytes


def test_a_net_with_more_layers_than_there_are_weights_is_not_made(run: runs.Run) -> None:
    spec = {"inputs": 3, "outputs": 4, "positions": "grid", "answers": "one", "vocabulary": None, "size": None}
    net = MLP(Spec(**spec), width=4, size=4)
    net.save_pretrained(run.folder)
    assert torch.equal(run.model().last.weight, net.last.weight)
    config = json.loads((run.folder / "config.json").read_text()) | {"limit": 10**9, "shared": False}
    (run.folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(lt.UserError, match="it would have more weights than there are"):
        run.model()
    with pytest.raises(lt.UserError, match="it would have more weights than there are"):
        MLP.from_pretrained(run.folder)


@pytest.mark.parametrize("damage", ["header", "length", "nan"])
def test_damaged_weights_are_refused(run: runs.Run, damage: str) -> None:
    path = run.folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    if damage == "header":
        content[12] ^= 255
    elif damage == "length":
        content[:8] = (2**40).to_bytes(8, "little")
    else:
        content[-4:] = b"\xff" * 4
    path.write_bytes(content)
    with pytest.raises(lt.UserError, match="damaged or of another net") as error:
        run.model()
    assert "\n" not in str(error.value)


def test_a_net_without_room_for_it_is_not_made(tiny_recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensors, "free_memory", lambda: 2 * 10**9)
    with pytest.raises(lt.UserError, match="need more than the 2.0 GB of memory that are free; make it smaller"):
        tiny_recipe.revised({"model.width": 10**5}).build()
    assert tiny_recipe.build().head[-1].out_channels == 2


def test_where_the_hub_keeps_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_a_home(*_: object, **__: object) -> None:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("huggingface_hub.snapshot_download", without_a_home)
    with pytest.raises(lt.UserError, match="nothing of the hub can be kept .Could not .* set HF_HOME to a folder"):
        runs.open_run("someone/something")


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


def test_weights_have_the_rights_that_any_new_file_has(run: runs.Run) -> None:
    before = os.umask(0o027)
    try:
        run.save_model(run.model())
    finally:
        os.umask(before)
    assert {name: (run.folder / name).stat().st_mode & 0o777 for name in ("config.json", "model.safetensors")} == {
        "config.json": 0o640,
        "model.safetensors": 0o640,
    }
    assert not (run.folder / "README.md").exists()


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
