"""Trials: each once, resumed after a kill, its failure reported and no one else's."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from longthink.base.errors import UserError
from longthink.training.loop import train
from longthink.training.recipe import Recipe
from longthink.training.trials import folder_of, run_trials


@pytest.fixture(autouse=True)
def threads_as_before():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def one_cpu():
    """So that a worker, which takes all there are, has one thread, however many tests run beside."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def small(recipe: Recipe, seed: int = 0, **changes: object) -> Recipe:
    return recipe.revised({"steps": 30, "seed": seed, **changes})


def test_trials_are_the_trainings_one_would_have_run_alone_and_are_run_once(
    tiny_recipe: Recipe, tmp_path: Path
) -> None:
    recipes = [small(tiny_recipe, seed) for seed in (0, 1, 2)]
    trials = run_trials(recipes, tmp_path / "trials", workers=2, accelerator="cpu", progress=False)
    assert [trial.recipe for trial in trials] == recipes
    assert [trial.error for trial in trials] == [None] * 3
    torch.set_num_threads(1)
    alone = train(recipes[1], tmp_path / "alone", accelerator="cpu", progress=False)
    assert weights(alone.folder) == weights(trials[1].folder)
    made = [(trial.folder / "model.safetensors").stat().st_mtime_ns for trial in trials]
    again = run_trials(recipes, tmp_path / "trials", workers=2, accelerator="cpu", progress=False)
    assert [(trial.folder / "model.safetensors").stat().st_mtime_ns for trial in again] == made


@pytest.mark.usefixtures("one_cpu")
def test_a_trial_is_known_by_its_recipe_whatever_its_name(tiny_recipe: Recipe, tmp_path: Path) -> None:
    assert folder_of(tiny_recipe, tmp_path) == folder_of(tiny_recipe.revised({"name": "other"}), tmp_path)
    assert folder_of(tiny_recipe, tmp_path) != folder_of(tiny_recipe.revised({"seed": 9}), tmp_path)
    trials = run_trials(
        [small(tiny_recipe), small(tiny_recipe, name="twin")], tmp_path, workers=1, accelerator="cpu", progress=False
    )
    assert trials[0].folder == trials[1].folder
    assert [trial.recipe.name for trial in trials] == [tiny_recipe.name, "twin"]


@pytest.mark.usefixtures("one_cpu")
def test_a_trial_of_before_an_option_was_there_is_found_again(tiny_recipe: Recipe, tmp_path: Path) -> None:
    recipes = [small(tiny_recipe), small(tiny_recipe, 1)]
    made = run_trials(recipes[:1], tmp_path, workers=1, accelerator="cpu", progress=False)[0].folder
    tree = json.loads((made / "recipe.json").read_text())
    del tree["regularisation"]["spectral_norm"]
    (made / "recipe.json").write_text(json.dumps(tree))
    before = made.rename(tmp_path / "0123456789abcdef")
    found, other = run_trials(recipes, tmp_path, workers=1, accelerator="cpu", progress=False)
    assert found.folder == before
    assert other.folder == folder_of(recipes[1], tmp_path)


@pytest.mark.usefixtures("one_cpu")
def test_a_failing_trial_is_reported_and_does_not_stop_the_others(tiny_recipe: Recipe, tmp_path: Path) -> None:
    damaged = small(tiny_recipe, 5)
    folder_of(damaged, tmp_path).mkdir(parents=True)
    (folder_of(damaged, tmp_path) / "recipe.json").write_text("{")
    bad, good = run_trials([damaged, small(tiny_recipe)], tmp_path, workers=1, accelerator="cpu", progress=False)
    assert good.error is None
    assert bad.error is not None
    assert "not valid JSON" in bad.error


@pytest.mark.usefixtures("one_cpu")
def test_an_empty_folder_is_a_trial_that_was_not_begun(tiny_recipe: Recipe, tmp_path: Path) -> None:
    folder_of(small(tiny_recipe), tmp_path).mkdir(parents=True)
    (trial,) = run_trials([small(tiny_recipe)], tmp_path, workers=1, accelerator="cpu", progress=False)
    assert trial.error is None
    assert trial.run.recipe() == small(tiny_recipe)


@pytest.mark.usefixtures("one_cpu")
def test_killed_trials_go_on_and_end_with_the_same_weights(tiny_recipe: Recipe, tmp_path: Path) -> None:
    recipe = tiny_recipe.revised({"steps": 400})
    (tmp_path / "recipe.json").write_text(recipe.to_json())
    program = (
        "import pathlib\n"
        "from longthink.training import trials\n"
        "from longthink.training.recipe import parse_recipe\n"
        "from longthink.training.loop import train\n"
        "trials.train = lambda *a, **o: train(*a, **{**o, 'checkpoint_seconds': 0.0})\n"
        "recipe = parse_recipe(pathlib.Path('recipe.json').read_text())\n"
        "trials.run_trials([recipe], pathlib.Path('trials'), workers=1, accelerator='cpu', progress=False)\n"
    )
    checkpoint = folder_of(recipe, tmp_path / "trials") / "checkpoint.pt"
    process = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, start_new_session=True)
    while not checkpoint.exists() and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (checkpoint.parent / "model.safetensors").exists()
    (resumed,) = run_trials([recipe], tmp_path / "trials", workers=1, accelerator="cpu", progress=False)
    assert resumed.error is None
    torch.set_num_threads(1)
    alone = train(recipe, tmp_path / "alone", accelerator="cpu", progress=False)
    assert weights(alone.folder) == weights(resumed.folder)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"workers": 0}, "at least 1 worker"), ({"on": "moon"}, "one of local, ray, not on 'moon'")],
)
def test_bad_choices(tiny_recipe: Recipe, tmp_path: Path, options: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        run_trials([tiny_recipe], tmp_path, **options)
    assert not any(tmp_path.iterdir())


@pytest.mark.usefixtures("one_cpu")
def test_work_in_this_process_leaves_its_threads_alone(tiny_recipe: Recipe, tmp_path: Path) -> None:
    torch.set_num_threads(3)
    run_trials([small(tiny_recipe, steps=2)], tmp_path, workers=1, accelerator="cpu", progress=False)
    assert torch.get_num_threads() == 3


OWN = """
import sys
import torch
import longthink as lt
from pathlib import Path
from longthink.training.trials import run_trials

@lt.register
class Own(lt.Thinker):
    \"\"\"Says the input again.\"\"\"

    def __init__(self, spec, width=3):
        super().__init__()
        self.inner = torch.nn.Conv1d(spec.inputs + width, width, 3, padding=1)
        self.last = torch.nn.Conv1d(width, spec.outputs, 1)
        self.width = width

    def start(self, seen):
        return seen.new_zeros(len(seen), self.width, seen.shape[2])

    def step(self, state, seen):
        return torch.tanh(self.inner(torch.cat([state, seen], 1)))

    def read(self, state):
        return self.last(state)

recipes = [lt.recipe("prefix_sums_laptop", model=Own, steps=2, seed=seed, **{"validation.count": 5}) for seed in (0, 1)]
trials = run_trials(recipes, Path("trials"), workers=2, accelerator="cpu", progress=False)
print([trial.error for trial in trials], type(trials[1].run.model()).__name__)
"""


def test_a_net_of_a_script_is_trained_in_other_processes(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(OWN)
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "[None, None] Own\n", done.stderr
