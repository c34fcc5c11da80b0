"""What recipes say of themselves is so; `test_contracts.py` has what every recipe promises."""

import re

import pytest

from longthink import registry
from longthink.cli._app import changes_from
from longthink.recipes import thesis
from longthink.training import runs
from longthink.training.recipe import Recipe

NAMES = registry.names("recipes")
EPOCHS = {
    "prefix_sums_thesis": thesis.PREFIX_SUMS_EPOCH,
    "mazes_thesis": thesis.MAZES_EPOCH,
    "chess_thesis": thesis.CHESS_EPOCH,
    "sudoku_thesis": thesis.SUDOKU_EPOCH,
    "images_thesis": thesis.IMAGES_EPOCH,
}
EXAMPLES_OF_SOURCES = {"chess_thesis": 480_000, "images_thesis": 50_000}
"""Of those that are not drawn but brought in: what is for training of 600,000 puzzles, and of CIFAR-10."""


def recipe_called(name: str) -> Recipe:
    made: Recipe = registry.find("recipes", name)()
    return made


@pytest.mark.parametrize("name", NAMES)
def test_the_command_that_it_names_trains_it(name: str) -> None:
    commands = re.findall(r"Command: longthink train (\w+)", registry.documentation("recipes", name))
    assert commands == [name]


@pytest.mark.parametrize("name", NAMES)
def test_the_options_that_it_names_are_its_own_and_change_something(name: str) -> None:
    recipe, doc = recipe_called(name), registry.documentation("recipes", name)
    tokens = re.findall(r"(--(?:[a-z_]+\.[a-z_]+|batch|steps)) (\w+)", doc)
    for option, value in tokens:
        changed = recipe.revised(changes_from([option, value]))
        assert changed.options()[option.removeprefix("--")] != recipe.options()[option.removeprefix("--")]
    assert (len(tokens) > 0) == ("Other " in doc or "--problem.source" in doc.partition("Command")[2])


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("_thesis")])
def test_the_dissertations_recipes_count_in_whole_epochs(name: str) -> None:
    recipe, epoch = recipe_called(name), EPOCHS[name]
    size = recipe.supervised.train_size
    examples = EXAMPLES_OF_SOURCES[name] if size is None else size * 4 // 5
    assert epoch == examples // recipe.batch
    counted = (recipe.steps, recipe.validation.every, recipe.schedule.warmup, *recipe.schedule.milestones)
    assert all(steps % epoch == 0 for steps in counted)
    assert recipe.schedule.warmup < recipe.steps
    assert all(milestone < recipe.steps for milestone in recipe.schedule.milestones)


@pytest.mark.parametrize("name", runs.shipped())
def test_a_shipped_net_is_one_that_its_recipe_trains(name: str) -> None:
    run = runs.open_run(name)
    recipe = run.recipe()
    anew = recipe_called(recipe.name).revised({"seed": recipe.seed, "precision": recipe.precision})
    assert recipe == anew
    anew.build().load_state_dict(run.model().state_dict())


def test_the_same_recipe_is_made_anew_each_time() -> None:
    first, again = recipe_called("mazes_laptop"), recipe_called("mazes_laptop")
    assert first == again
    assert first is not again
