"""Training on puzzles: which levels, for how many iterations, fresh ones or a fixed set, and how they are scored."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import longthink as lt
from longthink.measuring.sweep import accuracy
from longthink.training.loop import train
from longthink.training.recipe import Recipe
from longthink.training.supervised import Curriculum


@given(progress=st.floats(0, 1), start=st.integers(2, 30), grow=st.floats(0.01, 1))
def test_a_curriculum_grows_from_start_to_highest(progress: float, start: int, grow: float) -> None:
    curriculum = Curriculum(lowest=2, start=start, highest=32, grow=grow, iterations=5)
    assert start <= curriculum.highest_at(progress) <= 32
    assert curriculum.highest_at(0) == start
    assert curriculum.highest_at(1) == 32


def test_iterations_follow_the_level() -> None:
    curriculum = Curriculum(lowest=2, highest=32, iterations_per_level=0.625)
    assert [curriculum.iterations_at(level) for level in (2, 8, 32)] == [2, 5, 20]
    mazes = Curriculum(lowest=3, highest=9, iterations=1.6, iterations_per_level=1.6)
    assert mazes.iterations_at(9) == 16


def test_fixed_examples_are_passed_over_in_epochs(tiny_recipe: Recipe) -> None:
    changes = {"curriculum.lowest": 20, "curriculum.highest": 20, "curriculum.start": 20, "train_size": 100}
    recipe = tiny_recipe.revised(changes)
    lessons = recipe.task.begin(recipe)
    epoch = 80 // 16  # 80 of 100 are for training
    first = torch.cat([lessons.batch(step).puzzles.x for step in range(epoch)])
    second = torch.cat([lessons.batch(step).puzzles.x for step in range(epoch, 2 * epoch)])
    strings = [{row.numpy().tobytes() for row in part} for part in (first, second)]
    assert len(strings[0]) == 80
    assert strings[0] == strings[1]
    assert not torch.equal(first, second)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"train_size": 5000}, "only 3 different train strings of 2 bits, and 4000 are asked for"),
        ({"batch": 10**12}, "1000000000000 puzzles of prefix_sums need 8000.0 GB"),
        ({"validation.count": 10**12}, "1000000000000 puzzles of prefix_sums need 8000.0 GB"),
        ({"curriculum.highest": 10**12}, "16 strings of 1000000000000 bits need 320000.0 GB"),
        ({"curriculum.highest": 10**30}, "less than 1000000000000000000"),
        ({"problem": "mazes", "curriculum.lowest": 4, "curriculum.start": 4}, "There is no level from 4 to 4"),
    ],
)
def test_what_there_is_not_is_refused_before_a_folder_is_made(
    changes: dict[str, object], sentence: str, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    with pytest.raises(lt.UserError, match=sentence):
        train(tiny_recipe.revised(changes), tmp_path / "run", accelerator="cpu", progress=False)
    assert not (tmp_path / "run").exists()


def test_fresh_examples_never_come_from_the_other_splits(tiny_recipe: Recipe) -> None:
    problem = tiny_recipe.problem
    lessons = tiny_recipe.task.begin(tiny_recipe)
    trained = {row.numpy().tobytes() for step in range(60) for row in lessons.batch(step).puzzles.x}
    for level in range(4, 7):
        for split in ("validation", "test"):
            for row in problem.sample(level, 4, split=split, repeats=True).x:
                assert row.numpy().tobytes() not in trained


def test_levels_and_iterations_follow_the_curriculum(tiny_recipe: Recipe) -> None:
    lessons = tiny_recipe.task.begin(tiny_recipe)
    for step in range(tiny_recipe.steps):
        batch = lessons.batch(step)
        puzzles, iterations = batch.puzzles, batch.iterations
        assert 2 <= puzzles.level <= tiny_recipe.curriculum.highest_at(step / tiny_recipe.steps)
        assert iterations == tiny_recipe.curriculum.iterations_at(puzzles.level)


def test_several_processes_share_out_a_batch(tiny_recipe: Recipe) -> None:
    batch = tiny_recipe.task.begin(tiny_recipe).batch(3)
    parts = [batch.part(rank, 4) for rank in range(4)]
    assert {part.iterations for part in parts} == {batch.iterations}
    assert torch.equal(torch.stack([part.puzzles.x for part in parts], 1).flatten(0, 1), batch.puzzles.x)


def test_targets_are_smoothed_in_training_and_not_in_validation(tiny_recipe: Recipe) -> None:
    lessons = tiny_recipe.task.begin(tiny_recipe)
    assert lessons.batch(0).puzzles.label_smoothing == 0.1
    assert lessons.held_out.label_smoothing == 0


def test_it_is_evaluated_on_held_out_puzzles_at_the_training_regime(tiny_recipe: Recipe) -> None:
    lessons, net = tiny_recipe.task.begin(tiny_recipe), tiny_recipe.build()
    held_out = tiny_recipe.problem.sample(6, 4, split="validation", repeats=True)
    assert torch.equal(lessons.held_out.x, held_out.x)
    assert lessons.evaluate(net) == {"validation_accuracy": accuracy(net, held_out, tiny_recipe.regime)}


def test_a_history_has_what_the_loss_and_the_problem_have_to_tell(
    tiny_recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(tiny_recipe.problem), "measures", lambda *_: {"ones": 0.5})
    lessons = tiny_recipe.task.begin(tiny_recipe)
    batch = lessons.batch(0)
    loss = lt.Loss(torch.zeros(()), batch.puzzles.problem.perfect(batch.puzzles), {"kept": 2.0})
    assert lessons.measures(batch, loss) == {
        "accuracy": 1.0,
        "level": batch.puzzles.level,
        "iterations": batch.iterations,
        "kept": 2.0,
        "ones": 0.5,
    }
