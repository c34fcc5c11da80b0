"""Training: determinism, interruption, several processes, divergence, and what is saved."""

import hashlib
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

import longthink as lt
from longthink.base.errors import UserError
from longthink.base.seeds import generator
from longthink.measuring.sweep import accuracy
from longthink.models.convolutional.dt_net import DTNet
from longthink.testing.elsewhere import ELSEWHERE, Elsewhere
from longthink.thinking.loop import last_state
from longthink.training import loop
from longthink.training.loop import Learner, train
from longthink.training.recipe import Recipe
from longthink.training.runs import Run
from longthink.training.supervised import PuzzleLessons

SETTINGS = {"accelerator": "cpu", "progress": False}


def weights_digest(folder: Path) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "longthink.cli", "train", *arguments, "--accelerator", "cpu", "--threads", "1"]


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """None yet; the run that `finished` copies, once it was asked for."""
    return []


@pytest.fixture
def finished(trained: list[Run], tiny_recipe: Recipe, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run, to damage."""
    if not trained:
        trained.append(train(tiny_recipe, tmp_path_factory.mktemp("finished") / "run", **SETTINGS))
    shutil.copytree(trained[0].folder, tmp_path / "run")
    return Run(tmp_path / "run")


def test_the_same_recipe_gives_the_same_weights(tiny_recipe: Recipe, tmp_path: Path) -> None:
    torch.manual_seed(123)
    train(tiny_recipe, tmp_path / "a", **SETTINGS)
    torch.manual_seed(456)  # the global state must not matter
    train(tiny_recipe, tmp_path / "b", **SETTINGS)
    train(tiny_recipe.revised({"seed": 1}), tmp_path / "c", **SETTINGS)
    assert weights_digest(tmp_path / "a") == weights_digest(tmp_path / "b")
    assert weights_digest(tmp_path / "a") != weights_digest(tmp_path / "c")


@pytest.mark.parametrize(
    "by_srun",
    [
        {},
        {"SLURM_PROCID": "0", "SLURM_LOCALID": "0", "SLURM_NODEID": "0", "SLURM_NTASKS_PER_NODE": "4"},
        {"SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "2", "SLURM_LOCALID": "2", "SLURM_NODEID": "0"},
    ],
)
def test_one_process_trains_alone_in_an_allocation_of_several_tasks(
    by_srun: dict[str, str], tiny_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = tiny_recipe.revised({"steps": 2})
    train(recipe, tmp_path / "outside", **SETTINGS)
    for name, value in ({"SLURM_NTASKS": "4", "SLURM_JOB_NAME": "train", "SLURM_JOB_ID": "12"} | by_srun).items():
        monkeypatch.setenv(name, value)
    train(recipe, tmp_path / "inside", **SETTINGS)
    assert weights_digest(tmp_path / "inside") == weights_digest(tmp_path / "outside")


@pytest.mark.parametrize(
    ("devices", "nodes", "others", "left"),
    [(2, 1, {}, False), (2, 1, {"SLURM_STEP_NUM_TASKS": "2"}, True), (1, 2, {"SLURM_STEP_NUM_TASKS": "2"}, True)],
)
def test_what_srun_has_started_is_left_to_fabric(
    devices: int, nodes: int, others: dict[str, str], left: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ({"SLURM_NTASKS": "2"} | others).items():
        monkeypatch.setenv(name, value)
    assert (loop._plugins(devices, nodes) is None) == left
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert loop._plugins(devices, nodes) is None


def test_training_learns(tiny_recipe: Recipe, tmp_path: Path) -> None:
    recipe = tiny_recipe.revised({"steps": 400, "curriculum.iterations_per_level": 1, "optimiser.lr": 5e-3})
    run = train(recipe, tmp_path / "run", **SETTINGS)
    losses = [row["loss"] for row in run.history() if "loss" in row]
    assert losses[-1] < 0.5 * losses[0]
    puzzles = recipe.problem.sample(6, 100, split="train", repeats=True)
    assert accuracy(run.model(), puzzles, recipe.curriculum.iterations_at(6)) > 0.8  # by chance: 1 in 64


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("moment", [0.0, 0.7])
def test_a_killed_run_resumed_ends_with_the_very_same_weights(
    tiny_recipe: Recipe, tmp_path: Path, moment: float
) -> None:
    recipe = tiny_recipe.revised({"steps": 400})
    (tmp_path / "recipe.json").write_text(recipe.to_json())
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    train(recipe, straight, **SETTINGS)
    arguments = command(str(tmp_path / "recipe.json"), "--out", str(killed), "--checkpoint-seconds", "0")
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (killed / "checkpoint.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (killed / "model.safetensors").exists(), "it was over before it was killed"
    reached = Run(killed).load_checkpoint()["step"]
    assert 0 < reached < 400
    run = train(recipe, killed, resume=True, **SETTINGS)
    assert weights_digest(killed) == weights_digest(straight)
    timeless = [[{**row, "seconds": 0} for row in one.history()] for one in (run, Run(straight))]
    assert timeless[0] == timeless[1]


@pytest.mark.usefixtures("one_thread")
def test_a_training_stopped_by_time_again_and_again_ends_with_the_very_same_weights(
    tiny_recipe: Recipe, tmp_path: Path
) -> None:
    recipe = tiny_recipe.revised({"steps": 24, "validation.every": 12})
    straight, run = train(recipe, tmp_path / "straight", **SETTINGS), Run(tmp_path / "stopped")
    for step in range(1, 25):
        assert not run.finished
        train(recipe, run.folder, resume=step > 1, seconds=1e-9, **SETTINGS)
        assert run.load_checkpoint()["step"] == step, "no time at all is one step"
    assert run.finished
    assert weights_digest(run.folder) == weights_digest(straight.folder)
    timeless = [[{**row, "seconds": 0} for row in one.history()] for one in (run, straight)]
    assert timeless[0] == timeless[1]


def test_time_enough_is_no_limit(tiny_recipe: Recipe, tmp_path: Path) -> None:
    assert train(tiny_recipe.revised({"steps": 2}), tmp_path / "run", seconds=1000, **SETTINGS).finished


@pytest.mark.parametrize("seconds", [0, -1, math.nan])
def test_no_time_at_all_is_refused(seconds: float, tiny_recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="more than"):
        train(tiny_recipe, tmp_path / "run", seconds=seconds, **SETTINGS)
    assert not (tmp_path / "run").exists()


def test_batches_drawn_ahead_are_the_same(tiny_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(tiny_recipe, tmp_path / "plain", **SETTINGS)
    monkeypatch.setattr(loop, "_draws_ahead", lambda device, lessons: True)
    train(tiny_recipe, tmp_path / "ahead", **SETTINGS)
    assert weights_digest(tmp_path / "ahead") == weights_digest(tmp_path / "plain")


def test_the_next_batch_is_drawn_while_one_is_in_use() -> None:
    drawn = [threading.Event() for _ in range(4)]

    def draw(step: int) -> int:
        drawn[step].set()
        return step

    batches = loop._batches(draw, range(1, 4), ahead=True)
    for step in (1, 2, 3):
        assert next(batches) == step
        assert step == 3 or drawn[step + 1].wait(60)
    assert list(batches) == []
    assert not drawn[0].is_set()
    assert list(loop._batches(draw, range(4, 4), ahead=True)) == []


def test_what_fails_in_the_thread_fails_in_the_training() -> None:
    def draw(step: int) -> int:
        if step == 1:
            raise UserError("There is no more.")
        return step

    batches = loop._batches(draw, range(3), ahead=True)
    assert next(batches) == 0
    with pytest.raises(UserError, match="no more"):
        next(batches)


def test_batches_are_drawn_ahead_of_a_gpu_alone_and_where_they_do_not_follow_from_what_is_learned(
    tiny_recipe: Recipe,
) -> None:
    class Following(PuzzleLessons):
        def state(self) -> dict[str, Any]:
            return {"seen": 1}

    gpu, plain = torch.device("cuda", 0), tiny_recipe.task.begin(tiny_recipe)
    assert loop._draws_ahead(gpu, plain)
    assert not loop._draws_ahead(torch.device("cpu"), plain)
    assert not loop._draws_ahead(gpu, Following(tiny_recipe.supervised, tiny_recipe))


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_a_step_on_a_device_is_that_on_the_cpu_and_never_waits_for_it(optimiser: str, tiny_recipe: Recipe) -> None:
    quiet = {f"regularisation.{name}": 0 for name in ("state_noise", "start_noise", "label_smoothing")}
    recipe = tiny_recipe.revised(
        {**quiet, "regularisation.spectral_norm": 0.5, "regularisation.ema": 0.9, "optimiser": optimiser}
    )
    fabric, lessons, found = Fabric(accelerator="cpu", devices=1), recipe.task.begin(recipe), []
    with Elsewhere() as device:
        for where in (torch.device("cpu"), ELSEWHERE):
            model = recipe.build().to(where)
            learner, built = fabric.setup(Learner(recipe, model), recipe.optimiser.build(model), move_to_device=False)
            now = loop.TrainingState(model, built, loop._averaged(recipe, model), lessons)
            for step in range(2):
                losses = lessons.losses(
                    learner.around(step, 0, torch.device("cpu")), lessons.batch(step).to(where), generator("a", step)
                )
                loop._learn(fabric, recipe, learner, now, losses)
            assert device.waited == []
            found.append([weight.detach().cpu() for weight in (*model.parameters(), *now.averaged.module.parameters())])
            device.waited.clear()
    assert all(map(torch.equal, *found))


def test_two_processes_give_the_losses_and_weights_of_one(tiny_recipe: Recipe, tmp_path: Path) -> None:
    quiet = {"regularisation.state_noise": 0, "regularisation.start_noise": 0, "objective": "progressive"}
    (tmp_path / "recipe.json").write_text(tiny_recipe.revised(quiet).to_json())
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    launches = {
        "one": command(str(tmp_path / "recipe.json"), "--out", str(tmp_path / "one")),
        "two": command(str(tmp_path / "recipe.json"), "--out", str(tmp_path / "two"), "--devices", "2"),
        "run": torchrun + command(str(tmp_path / "recipe.json"), "--out", str(tmp_path / "run"))[1:],
    }
    losses, weights = {}, {}
    for name, arguments in launches.items():
        subprocess.run(arguments, check=True, capture_output=True, env=environment, timeout=120)
        losses[name] = [row["loss"] for row in Run(tmp_path / name).history() if "loss" in row]
        weights[name] = torch.cat([value.flatten() for value in Run(tmp_path / name).model().state_dict().values()])
    assert len(losses["one"]) == 3
    assert losses["two"] == pytest.approx(losses["one"], rel=1e-4)
    assert losses["run"] == losses["two"]
    assert (weights["two"] - weights["one"]).norm() < 1e-3 * weights["one"].norm(), "they differ by rounding alone"
    assert torch.equal(weights["run"], weights["two"])


def test_a_batch_that_does_not_divide_is_refused(tiny_recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text(tiny_recipe.revised({"batch": 15}).to_json())
    arguments = command(str(tmp_path / "recipe.json"), "--out", str(tmp_path / "run"), "--devices", "2")
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert "does not divide among 2 processes" in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_checkpoint(
    tiny_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = type(tiny_recipe.problem)
    calls = 0

    def loss(self: lt.Problem, output: torch.Tensor, puzzles: lt.Puzzles) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return output.flatten(1).sum(1) * (float("nan") if calls > 30 else 0.0)

    monkeypatch.setattr(problem, "loss", loss)
    with pytest.raises(lt.UserError, match="no longer finite at step 40; the checkpoint of step 20 is kept"):
        train(tiny_recipe, tmp_path / "run", checkpoint_seconds=0, **SETTINGS)
    checkpoint = Run(tmp_path / "run").load_checkpoint()
    assert checkpoint["step"] == 20
    assert all(torch.isfinite(value).all() for value in checkpoint["model"].values())


def test_the_averaged_weights_are_the_ones_saved(tiny_recipe: Recipe, tmp_path: Path) -> None:
    run = train(tiny_recipe, tmp_path / "run", **SETTINGS)
    checkpoint = run.load_checkpoint()
    saved = run.model().state_dict()
    for name, value in saved.items():
        assert torch.equal(value, checkpoint["averaged"][f"module.{name}"])
        assert not torch.equal(value, checkpoint["model"][name])


def test_the_best_validation_accuracy_is_kept(tiny_recipe: Recipe, tmp_path: Path) -> None:
    recipe = tiny_recipe.revised({"validation.select": "best", "steps": 120, "optimiser.lr": 0.02})
    run = train(recipe, tmp_path / "run", **SETTINGS)
    accuracies = [row["validation_accuracy"] for row in run.history() if "validation_accuracy" in row]
    assert len(accuracies) == 6
    validation = recipe.problem.sample(6, 4, recipe.seed, "validation", repeats=True)
    found = accuracy(run.model(), validation, recipe.curriculum.iterations_at(6))
    assert found == max(accuracies) == run.load_checkpoint()["best_accuracy"]


def test_a_net_too_short_for_its_recipe_is_refused(tiny_recipe: Recipe, tmp_path: Path) -> None:
    recipe = tiny_recipe.revised({"model": "feedforward", "model.limit": 3, "model.width": 4})
    with pytest.raises(lt.UserError, match=r"has 3 steps, and the recipe takes up to 4; raise model.limit"):
        train(recipe, tmp_path / "run", **SETTINGS)
    assert not (tmp_path / "run").exists()


def test_a_folder_in_use_and_another_recipe_are_refused(tiny_recipe: Recipe, tmp_path: Path) -> None:
    run = train(tiny_recipe, tmp_path / "run", **SETTINGS)
    before = weights_digest(run.folder)
    with pytest.raises(lt.UserError, match="exists already"):
        train(tiny_recipe, run.folder, **SETTINGS)
    changed = tiny_recipe.revised({"seed": 1, "objective": "final"})
    with pytest.raises(
        lt.UserError, match=r"another recipe \(objective.name head_start and not final, .*seed 0 and not 1\)"
    ):
        train(changed, run.folder, resume=True, **SETTINGS)
    assert weights_digest(run.folder) == before


def test_resuming_a_finished_run_changes_nothing(tiny_recipe: Recipe, tmp_path: Path) -> None:
    run = train(tiny_recipe, tmp_path / "run", **SETTINGS)
    before = weights_digest(run.folder), run.history()
    train(tiny_recipe, run.folder, resume=True, **SETTINGS)
    assert (weights_digest(run.folder), run.history()) == before


def other_step(checkpoint: dict) -> None:
    checkpoint["step"] = 10**6


def other_shape(checkpoint: dict) -> None:
    checkpoint["model"]["head.0.weight"] = torch.zeros(3)


def best_of_another(checkpoint: dict) -> None:
    del checkpoint["best_weights"]["head.0.weight"]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda checkpoint: checkpoint.clear(), "'best_weights'"),
        (lambda checkpoint: checkpoint.pop("optimiser"), "'optimiser'"),
        (lambda checkpoint: checkpoint["optimiser"].pop("param_groups"), "'param_groups'"),
        (lambda checkpoint: checkpoint.update(model=3), "dict-like"),
        (lambda checkpoint: checkpoint.update(step="x"), "step x"),
        (lambda checkpoint: checkpoint.update(seconds=float("nan")), "step 60"),
        (lambda checkpoint: checkpoint.update(best_accuracy=None), "unsupported operand"),
        (other_step, "step 1000000"),
        (other_shape, "Error.s. in loading state_dict for DTNet"),
        (best_of_another, "Error.s. in loading state_dict for DTNet"),
    ],
)
def test_a_damaged_checkpoint_is_refused(
    finished: Run, tiny_recipe: Recipe, damage: Callable[[dict], object], told: str
) -> None:
    path = finished.folder / "checkpoint.pt"
    checkpoint = finished.load_checkpoint()
    damage(checkpoint)
    torch.save(checkpoint, path)
    with pytest.raises(lt.UserError, match=rf"damaged or of another training \(.*{told}.*\); without checkpoint.pt"):
        train(tiny_recipe, finished.folder, resume=True, **SETTINGS)


@pytest.mark.parametrize("content", [[1], torch.zeros(3), "x"])
def test_a_checkpoint_that_is_something_else_is_refused(finished: Run, content: object) -> None:
    torch.save(content, finished.folder / "checkpoint.pt")
    with pytest.raises(lt.UserError, match="checkpoint.pt is no checkpoint"):
        finished.load_checkpoint()


def test_tensorboard_gets_the_history(tiny_recipe: Recipe, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    run = train(tiny_recipe, tmp_path / "run", tensorboard=True, **SETTINGS)
    events = next(run.folder.glob("events.*")).read_bytes()
    assert b"validation_accuracy" in events


def test_low_precision_trains(tiny_recipe: Recipe, tmp_path: Path) -> None:
    run = train(tiny_recipe.revised({"precision": "bf16-mixed", "steps": 20}), tmp_path / "run", **SETTINGS)
    assert json.loads((run.folder / "recipe.json").read_text())["precision"] == "bf16-mixed"
    assert all(value.dtype == torch.float32 for value in run.model().state_dict().values())


def test_weights_in_bfloat16_are_refused_since_no_net_was_ever_trained_in_them(tiny_recipe: Recipe) -> None:
    with pytest.raises(lt.UserError, match="should be '32-true' or 'bf16-mixed' \\(got 'bf16-true'\\)"):
        tiny_recipe.revised({"precision": "bf16-true"})


def test_a_run_knows_with_how_many_threads_it_was_trained(
    tiny_recipe: Recipe, tmp_path: Path, one_thread: None
) -> None:
    assert train(tiny_recipe.revised({"steps": 20}), tmp_path / "run", **SETTINGS).threads() == [1]
    assert Run(Path(__file__).parent / "run_of_version_0.1.0").threads() == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"resume": True}, "There is no run in .* to go on with"),
        ({"checkpoint_seconds": -1}, "0 seconds or more, not -1"),
        ({"accelerator": "abacus"}, "try --accelerator cpu"),
    ],
)
def test_what_cannot_be_done_is_refused_and_leaves_nothing(
    tiny_recipe: Recipe, tmp_path: Path, options: dict[str, object], sentence: str
) -> None:
    with pytest.raises(lt.UserError, match=sentence):
        train(tiny_recipe, str(tmp_path / "run"), **{**SETTINGS, **options})
    assert not (tmp_path / "run").exists()


def test_a_run_that_diverges_at_once_leaves_no_folder(tiny_recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(lt.UserError, match="no longer finite at step 20; nothing is kept"):
        train(tiny_recipe.revised({"optimiser.lr": 1e30, "optimiser.clip": None}), tmp_path / "run", **SETTINGS)
    assert not (tmp_path / "run").exists()


class Several(lt.Objective):
    """Three losses for each batch, one after the other along one thought, as deep supervision has them."""

    def loss(self, net: lt.Thinker, puzzles: lt.Puzzles, iterations: int, rng: np.random.Generator) -> lt.Loss:
        raise NotImplementedError

    def losses(
        self, net: lt.Thinker, puzzles: lt.Puzzles, iterations: int, rng: np.random.Generator
    ) -> Iterator[lt.Loss]:
        state = None
        for _ in range(3):
            state = last_state(net, puzzles.x, iterations, state)
            output = net.read(state)
            yield lt.Loss(puzzles.problem.loss(output, puzzles).sum(), output, {"segment": 1.0})
            state = state.detach()


def test_the_optimiser_steps_after_each_of_several_losses(
    tiny_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lt.register(Several)
    steps, step = 0, torch.optim.Adam.step

    def counted(self: torch.optim.Adam, *arguments: object) -> object:
        nonlocal steps
        steps += 1
        return step(self, *arguments)

    monkeypatch.setattr(torch.optim.Adam, "step", counted)
    recipe = tiny_recipe.revised({"objective": Several, "steps": 20})
    run = train(recipe, tmp_path / "run", **SETTINGS)
    assert steps == 60
    assert run.history()[0]["segment"] == 1.0
    assert run.recipe() == recipe


def test_what_could_not_be_loaded_again_is_refused_before_training(tiny_recipe: Recipe, tmp_path: Path) -> None:
    class Nameless(DTNet):
        """Not registered."""

    with pytest.raises(lt.UserError, match="Nameless is not registered, .*: put @lt.register above it"):
        train(tiny_recipe.revised({"model": Nameless}), tmp_path / "run", **SETTINGS)
    assert not (tmp_path / "run").exists()
    with pytest.raises(lt.UserError, match="give the class, DTNet"):
        tiny_recipe.revised({"model": tiny_recipe.build()})


def test_a_compiled_step_is_not_handed_on_to_copies(tiny_recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", lambda step, dynamic: step)  # which takes a compiler, and seconds
    net = tiny_recipe.build()
    learner = Learner(tiny_recipe.revised({"compile": True}), net)
    assert learner.stepped[0] is not net
    assert "step" not in vars(net)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_laptop_recipe_solves_512_bits(tmp_path: Path, seed: int) -> None:
    recipe = lt.recipe("prefix_sums_laptop", seed=seed)
    run = train(recipe, tmp_path / "run", **SETTINGS)
    rows = lt.sweep(run.model(), recipe.problem.sample(512, 200), [400, 1000])
    assert rows["accuracy"].tolist() == [1, 1]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of torch's own compiler
@pytest.mark.parametrize(
    "objective", [{"objective": "head_start"}, {"objective": "progressive", "objective.alpha": 0.5}]
)
def test_a_compiled_step_learns_the_same(objective: dict[str, Any], tiny_recipe: Recipe, tmp_path: Path) -> None:
    """Needs a C++ compiler on a CPU."""
    losses = {}
    for compiled in (False, True):
        run = train(tiny_recipe.revised({"compile": compiled, **objective}), tmp_path / str(compiled), **SETTINGS)
        losses[compiled] = [row["loss"] for row in run.history() if "loss" in row]
    assert losses[True] == pytest.approx(losses[False], rel=1e-3)
