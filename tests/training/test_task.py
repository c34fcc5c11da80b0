"""A task of one's own, which is about no puzzles, goes through the same loop as the library's."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import longthink as lt
from longthink.base.seeds import digest
from longthink.cli import main
from longthink.thinking.loop import last_state
from longthink.training.loop import train
from longthink.training.recipe import Recipe, Validation, net, parse_recipe
from longthink.training.runs import Run
from longthink.training.task import Lessons, Task

SETTINGS = {"accelerator": "cpu", "progress": False, "checkpoint_seconds": 0.0}


class ConstantTask(Task):
    """Say `wanted` everywhere, whatever there is to see."""

    wanted: float = 0.7
    iterations: int = 3

    @property
    def spec(self) -> lt.Spec:
        return lt.Spec(inputs=1, outputs=1, positions="line")

    @property
    def regime(self) -> int:
        return self.iterations

    @property
    def longest(self) -> int:
        return self.iterations

    def begin(self, recipe: Recipe) -> "ConstantLessons":
        return ConstantLessons(self, recipe)


@dataclass(frozen=True)
class Noise:
    """Something to see."""

    x: Tensor

    def part(self, rank: int, of: int) -> "Noise":
        return replace(self, x=self.x[rank::of])

    def to(self, device: torch.device | str) -> "Noise":
        return replace(self, x=self.x.to(device))


class ConstantLessons(Lessons):
    """What there is to see is noise around what the net said last: a state of the training that is not of the net."""

    def __init__(self, task: ConstantTask, recipe: Recipe):
        self.task, self.recipe = task, recipe
        self.said = torch.zeros(())

    def batch(self, step: int) -> Noise:
        rng = torch.Generator().manual_seed(digest("noise", self.recipe.seed, step))
        return Noise(self.said + torch.randn(self.recipe.batch, 1, 6, generator=rng))

    def losses(self, net: lt.Thinker, batch: Noise, rng: np.random.Generator) -> Iterator[lt.Loss]:
        output = net.read(last_state(net, batch.x, self.task.iterations))
        self.said = output.mean().detach()
        yield lt.Loss((output - self.task.wanted).square().mean(), output, {"said": float(self.said)})

    def measures(self, batch: Noise, loss: lt.Loss) -> dict[str, float | int]:
        near = (loss.output - self.task.wanted).abs() < 0.1
        return {"accuracy": float(near.double().mean()), "level": 1, **loss.metrics}

    def evaluate(self, net: lt.Thinker) -> dict[str, float]:
        x = torch.randn(4, 1, 6, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            said = net.read(last_state(net, x, self.task.iterations))
        return {"closeness": -float((said - self.task.wanted).abs().mean())}

    def state(self) -> dict[str, Any]:
        return {"said": self.said}

    def restore(self, state: dict[str, Any]) -> None:
        self.said = state["said"]


@pytest.fixture(autouse=True)
def registered() -> None:
    lt.register(ConstantTask)


@pytest.fixture
def recipe() -> Recipe:
    made = Recipe(
        name="constant",
        task=ConstantTask(),
        model=net("dt_net", width=4, head=(4, 4), activation="silu"),
        batch=8,
        steps=60,
        validation=Validation(every=20),
    )
    return made.revised({"optimiser.lr": 0.03})


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def broken_off(recipe: Recipe, folder: Path, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trains up to a step, as if the user had had enough."""
    batch = ConstantLessons.batch

    def until(self: ConstantLessons, now: int) -> Noise:
        if now == step:
            raise KeyboardInterrupt
        return batch(self, now)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(ConstantLessons, "batch", until)
        train(recipe, folder, **SETTINGS)


def test_it_is_learned_through_the_loop_and_written_into_the_history(recipe: Recipe, tmp_path: Path) -> None:
    run = train(recipe, tmp_path / "run", **SETTINGS)
    rows = run.history()
    losses = [row["loss"] for row in rows if "loss" in row]
    assert losses[-1] < 0.1 * losses[0]
    assert [row["step"] for row in rows if "closeness" in row] == [20, 40, 60]
    assert rows[0]["said"] != 0
    assert {"closeness": rows[-1]["closeness"]} == ConstantLessons(ConstantTask(), recipe).evaluate(run.model())
    assert run.recipe() == recipe


def test_the_best_weights_are_chosen_by_its_own_measure(recipe: Recipe, tmp_path: Path) -> None:
    best = recipe.revised({"validation.select": "best", "optimiser.lr": 0.3})
    run = train(best, tmp_path / "run", **SETTINGS)
    found = [row["closeness"] for row in run.history() if "closeness" in row]
    assert run.load_checkpoint()["best_accuracy"] == max(found)


def test_it_is_resumed_bit_by_bit_with_what_its_lessons_remember(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(recipe, tmp_path / "straight", **SETTINGS)
    for name in ("resumed", "forgetful"):
        broken_off(recipe, tmp_path / name, 25, monkeypatch)
        checkpoint = Run(tmp_path / name).load_checkpoint()
        assert checkpoint["step"] == 20
        assert checkpoint["lessons"]["said"] != 0
    train(recipe, tmp_path / "resumed", resume=True, **SETTINGS)
    assert weights(tmp_path / "resumed") == weights(tmp_path / "straight")
    monkeypatch.setattr(ConstantLessons, "restore", Lessons.restore)
    train(recipe, tmp_path / "forgetful", resume=True, **SETTINGS)
    assert weights(tmp_path / "forgetful") != weights(tmp_path / "straight")


def test_its_options_are_those_of_a_recipe(recipe: Recipe) -> None:
    changed = recipe.revised({"wanted": 0.2, "task.iterations": "5"})
    assert (changed.task, changed.regime) == (ConstantTask(wanted=0.2, iterations=5), 5)
    assert changed.options()["wanted"] == 0.2
    assert parse_recipe(changed.to_json()) == changed
    with pytest.raises(lt.UserError, match=r"no option 'wantde' \(did you mean 'wanted'\?\)"):
        recipe.revised({"wantde": 1})


@pytest.mark.parametrize("what", ["problem", "objective", "curriculum", "supervised"])
def test_what_only_puzzles_have_is_refused_in_a_sentence(recipe: Recipe, what: str) -> None:
    with pytest.raises(lt.UserError, match="The recipe constant is not about puzzles, but constant_task"):
        getattr(recipe, what)


@pytest.mark.parametrize("chosen", ["constant_task", "constant-task", ConstantTask, ConstantTask(wanted=0.9)])
@pytest.mark.parametrize("name", ["task", "task.name"])
def test_another_task_is_chosen_and_its_options_are_set_in_any_order(name: str, chosen: Any) -> None:
    supervised = lt.recipe("prefix_sums_laptop")
    for changes in ({name: chosen, "wanted": 0.1}, {"wanted": 0.1, name: chosen}, {name: chosen, "task.wanted": 0.1}):
        assert supervised.revised(changes).task == ConstantTask(wanted=0.1)
    with pytest.raises(lt.UserError, match="no option 'wanted'"):
        supervised.revised({"wanted": 0.1})


def test_back_to_puzzles(recipe: Recipe) -> None:
    with pytest.raises(lt.UserError, match="The recipe lacks the option 'problem'"):
        recipe.revised({"task": "supervised"})
    levels = {"lowest": 2, "highest": 8, "iterations": 3}
    back = recipe.revised(
        {"problem": "prefix_sums", "objective": "final", "curriculum": levels, "task": "supervised", "batch": 4}
    )
    assert (back.problem, back.regime, back.curriculum.highest) == (lt.problem("prefix_sums"), 3, 8)


def test_a_net_that_is_not_for_it_is_refused_before_there_is_a_folder(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(lt.UserError, match="A mlp is for positions 'grid', and this problem has 'line'"):
        train(recipe.revised({"model": "mlp"}), tmp_path / "run", **SETTINGS)
    short = recipe.revised({"model": "feedforward", "model.limit": 2, "model.width": 4})
    with pytest.raises(lt.UserError, match="has 2 steps, and the recipe takes up to 3"):
        train(short, tmp_path / "run", **SETTINGS)
    assert not (tmp_path / "run").exists()


def test_the_command_line_trains_it_and_tells_its_own_measure(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("recipe.json").write_text(recipe.to_json())
    assert main(["train", "recipe.json", "--wanted", "0.5", "--accelerator", "cpu"]) == 0
    assert capsys.readouterr().out.startswith("runs/constant-0: closeness -0.")
    assert main(["test", "constant-0"]) == 2
    assert "The recipe constant is not about puzzles, but constant_task" in capsys.readouterr().err
