"""Recipes: what may be said, what is refused and in which words."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import longthink as lt
from longthink.models.convolutional.doubling import Doubling
from longthink.problems.prefix_sums.problem import PrefixSums
from longthink.training.optimisers import Adam
from longthink.training.recipe import Recipe, parse_recipe


class Specless(lt.Thinker):
    """Takes a width, and no spec."""

    def __init__(self, width: int = 3):
        super().__init__()

    def start(self, seen: torch.Tensor) -> torch.Tensor:
        return seen

    def step(self, state: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        return state

    def read(self, state: torch.Tensor) -> torch.Tensor:
        return state


OLD = Path(__file__).parent / "run_of_version_0.1.0"


@pytest.mark.parametrize("recipe", ["prefix_sums_laptop", "images_laptop", "sudoku_laptop", "staircase"])
@pytest.mark.parametrize("width", [-1, 0, 10**30])
def test_sizes_that_no_net_has_are_refused(recipe: str, width: int) -> None:
    with pytest.raises(lt.UserError, match=r"The option 'model.width' of the recipe does not fit|option 'width'"):
        lt.recipe(recipe, **{"model.width": width})


@pytest.mark.parametrize("name", [None, True, 3, 1.5, [], {"name": 3}, ""])
@pytest.mark.parametrize("plugin", ["model", "task", "task.problem", "task.objective", "optimiser"])
def test_a_plugin_whose_name_is_none_is_one_sentence(plugin: str, name: object) -> None:
    tree = json.loads(lt.recipe("prefix_sums_laptop").to_json())
    branch = tree
    for part in plugin.split("."):
        branch = branch[part]
    branch["name"] = name
    with pytest.raises(lt.UserError, match="chosen by its name|here is no"):
        parse_recipe(tree)
    del branch["name"]
    with pytest.raises(lt.UserError, match="lacks|no name|valid"):
        parse_recipe(tree)


@pytest.mark.parametrize("text", ["", "{", "[1", "[" * 100_000, '{"steps": ' + "9" * 5000 + "}", "\0"])
def test_a_text_that_is_no_recipe_is_one_sentence(text: str) -> None:
    with pytest.raises(lt.UserError, match="The recipe is not valid JSON"):
        parse_recipe(text)


def test_the_thesis_recipe_is_table_5_7() -> None:
    recipe = lt.recipe("prefix_sums_thesis")
    epoch = recipe.task.train_size * 4 // 5 // recipe.batch
    assert epoch == 80
    assert recipe.steps == 150 * epoch
    assert [recipe.schedule.factor_at(e * epoch, recipe.steps) for e in (59, 60, 100)] == pytest.approx([1, 1e-2, 1e-4])
    assert recipe.schedule.warmup == 10 * epoch
    assert (recipe.optimiser.lr, recipe.optimiser.clip, recipe.optimiser.weight_decay) == (1e-3, 1.0, 2e-4)
    assert recipe.curriculum.iterations_at(32) == 30
    assert recipe.objective.alpha == 1
    assert recipe.validation.select == "best"


def test_the_laptop_recipe_stays_within_its_promises() -> None:
    recipe = lt.recipe("prefix_sums_laptop")
    assert recipe.curriculum.highest == 32
    assert sum(p.numel() for p in recipe.build().parameters()) <= 25_000


def test_options_change_by_dotted_name() -> None:
    recipe = lt.recipe("prefix_sums_laptop", **{"model.width": 16, "objective.share": "0.25", "seed": 5})
    assert (recipe.model.options["width"], recipe.objective.share, recipe.seed) == (16, 0.25, 5)


def test_another_plugin_comes_with_its_own_defaults() -> None:
    by_name = lt.recipe("prefix_sums_laptop", **{"objective": "progressive"})
    assert by_name.objective == lt.recipe("prefix_sums_laptop", **{"objective.name": "progressive"}).objective
    assert by_name.objective.alpha == 1
    twin = lt.recipe("prefix_sums_laptop", **{"model": "feedforward", "model.limit": 10, "model.width": 8})
    assert twin.model.options == {**twin.model.options, "limit": 10, "width": 8, "recall": False}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sead": 1}, r"no option 'sead' \(did you mean 'seed'\?\)"),
        ({"model.widht": 1}, r"no option 'model.widht' \(did you mean 'model.width'\?\)"),
        ({"optimizer.lr": 1}, r"did you mean 'optimiser.lr'"),
        ({"model.width": "wide"}, "'model.width' of the recipe does not fit: input should be a valid integer"),
        ({"objective.alpha": 1}, "no option 'objective.alpha'"),
        ({"objective": "regressive"}, r"no objective 'regressive' \(did you mean 'progressive'\?\)"),
        (
            {"objective.alhpa": 1, "objective": "progressive"},
            r"no option 'objective.alhpa' \(did you mean 'objective.alpha'",
        ),
        ({"model": "transformer"}, "no model 'transformer'"),
        ({"steps": 0}, "'steps' of the recipe does not fit: input should be greater than or equal to 1"),
        ({"curriculum.lowest": 40}, "lowest, start and highest must be in this order"),
        ({"curriculum.iterations_per_level": 0}, "leave no iteration"),
        ({"train_size": 10}, r"train_size \(10\) must be at least batch \(64\)"),
        ({"precision": "8-bit"}, "'precision' of the recipe does not fit"),
        ({"seed.deep": 1}, "no option 'seed.deep'"),
        ({"steps": True}, "'steps' of the recipe does not fit: it wants a value"),
        ({"model.width": True}, "'model.width' of the recipe does not fit: it wants a value"),
        ({"name": ""}, "'name' of the recipe does not fit"),
        ({"optimiser.momentum": 0.5}, "no option 'optimiser.momentum'"),
        ({"stabilisers.ema": 0.9}, "no option 'stabilisers.ema'"),
        ({"model": torch.nn.Linear}, "is no plugin"),
        ({"model": PrefixSums}, "'model.*' of the recipe does not fit"),
        ({"model": Specless}, "the constructor of Specless must take spec first"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(changes: dict, message: str) -> None:
    with pytest.raises(lt.UserError, match=message) as error:
        lt.recipe("prefix_sums_laptop", **changes)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"name": "x"}'])
def test_a_damaged_recipe_is_refused(text: str) -> None:
    with pytest.raises(lt.UserError):
        parse_recipe(text)


@given(
    seed=st.integers(0, 2**31),
    width=st.integers(1, 64),
    lr=st.floats(1e-6, 1, allow_nan=False),
    ema=st.none() | st.floats(0.1, 0.999),
)
def test_json_loses_nothing(seed: int, width: int, lr: float, ema: float | None) -> None:
    changes = {"seed": seed, "model.width": width, "optimiser.lr": lr, "regularisation.ema": ema}
    recipe = lt.recipe("prefix_sums_laptop", **changes)
    assert isinstance(recipe, Recipe)
    assert parse_recipe(recipe.to_json()) == recipe


def test_options_may_come_in_any_order() -> None:
    """The plugin is chosen first, whatever was typed first."""
    there = lt.recipe("prefix_sums_laptop", **{"model.width": 48, "model": "doubling"})
    back = lt.recipe("prefix_sums_laptop", **{"model": "doubling", "model.width": 48})
    assert there == back
    assert (there.model.name, there.model.options["width"]) == ("doubling", 48)


def test_another_optimiser_keeps_the_options_that_both_have() -> None:
    recipe = lt.recipe("prefix_sums_thesis", **{"optimiser": "sgd", "optimiser.momentum": 0.5})
    assert recipe.optimiser.model_dump() == {
        "lr": 1e-3,
        "weight_decay": 2e-4,
        "clip": 1.0,
        "recurrent_lr_factor": 1.0,
        "momentum": 0.5,
    }


def test_plugins_may_be_given_as_they_are() -> None:
    named = lt.recipe("prefix_sums_laptop", **{"model": "doubling", "problem": "mazes", "problem.openings": 0.2})
    given = lt.recipe("prefix_sums_laptop", model=Doubling, problem=lt.problem("mazes", openings=0.2))
    assert named == given
    assert lt.recipe("prefix_sums_laptop", problem=lt.problem("mazes"), **{"problem.openings": 0.2}) == lt.recipe(
        "prefix_sums_laptop", problem=lt.problem("mazes", openings=0.2)
    )


def test_a_copy_with_a_misspelt_option_is_refused() -> None:
    with pytest.raises(lt.UserError, match=r"has no option 'opening' \(did you mean 'openings'\?\)"):
        lt.problem("mazes").model_copy(update={"opening": 0.1})
    with pytest.raises(lt.UserError, match="'openings' of Mazes does not fit"):
        lt.problem("mazes").revised({"openings": 2})


def test_options_are_listed_by_the_names_they_are_typed_with() -> None:
    recipe = lt.recipe("mazes_laptop")
    options = recipe.options()
    assert options["problem.openings"] == 0.0
    assert options["model.name"] == "dt_net"
    again = recipe.revised({name: value for name, value in options.items() if not name.endswith(".name")})
    assert again == recipe


def test_a_recipe_of_version_0_1_is_read() -> None:
    """Options of the task stood beside the others, and two things were called otherwise."""
    text = (OLD / "recipe.json").read_text()
    assert "stabilisers" in text
    recipe = parse_recipe(text)
    assert recipe.regularisation.ema == 0.99
    assert recipe.task.train_size is None
    assert recipe.optimiser == Adam(lr=2e-3, clip=1.0)
    assert recipe.model.options["width"] == 4
    assert parse_recipe(recipe.to_json()) == recipe
