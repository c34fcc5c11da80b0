"""Options of options by their dotted names, and options that are plugins."""

import copy
import re
from collections.abc import Mapping
from typing import Annotated, Any

import pytest

import longthink as lt
from longthink import registry
from longthink.base.errors import UserError
from longthink.base.frozen import Frozen, validated
from longthink.objectives.head_start import HeadStart
from longthink.plugin_options import as_choice, chosen
from longthink.training.optimisers import SGD, Adam
from longthink.training.options import check_written, dotted, edited
from longthink.training.task import Task

KINDS = {"objective": "objectives", "best.optimiser": "optimisers"}
TREE: dict[str, Any] = {
    "seed": 0,
    "objective": {"name": HeadStart, "share": 0.5, "reach": 3.0},
    "best": {"optimiser": {"name": SGD, "lr": 0.5, "momentum": 0.1, "clip": 2.0}},
}


class Plan(Frozen):
    """A plugin with options among other options."""

    objective: Annotated[lt.Objective, *chosen("objectives")]
    steps: int = 3


def edit(changes: Mapping[str, Any]) -> dict[str, Any]:
    before = copy.deepcopy(TREE)
    found = edited(TREE, changes, KINDS, dotted)
    assert before == TREE, "the tree that was given stays"
    return found


def test_values_are_set_where_the_name_leads() -> None:
    found = edit({"seed": 4, "objective.reach": 5, "best.optimiser.lr": 1})
    assert dotted(found) == {**dotted(TREE), "seed": 4, "objective.reach": 5, "best.optimiser.lr": 1}


def test_a_plugin_is_chosen_before_its_options_are_set() -> None:
    """`progressive` has none of the old options, so only what is asked for is there."""
    wanted = {"name": lt.registry.find("objectives", "progressive"), "alpha": 0.25}
    for changes in (
        {"objective.alpha": 0.25, "objective": "progressive"},
        {"objective.name": "progressive", "objective.alpha": 0.25},
        {"objective": {"name": "progressive", "alpha": 0.25}},
    ):
        assert edit(changes)["objective"] == wanted


def test_the_same_plugin_chosen_again_keeps_its_options() -> None:
    for same in ("head_start", "head-start", HeadStart):
        assert edit({"objective": same, "objective.share": 0.1})["objective"] == {**TREE["objective"], "share": 0.1}


def test_another_optimiser_keeps_the_options_that_both_have() -> None:
    assert edit({"best.optimiser": "adam"})["best"]["optimiser"] == {"name": Adam, "lr": 0.5, "clip": 2.0}
    made = edit({"best.optimiser": Adam(lr=0.3)})["best"]["optimiser"]
    assert Adam.model_validate({key: value for key, value in made.items() if key != "name"}) == Adam(lr=0.3)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("sede.deep", r"no option 'sede.deep'\.|no option 'sede.deep' \(did you mean 'seed'"),
        ("seed.deep", "no option 'seed.deep'"),
        ("best.optimizer.lr", r"no option 'best.optimizer.lr' \(did you mean 'best.optimiser.lr'\?\)"),
        ("task.objektive.share", r"no option 'objektive.share' \(did you mean 'objective.share'\?\)"),
        ("objective.", "no option 'objective.'"),
    ],
)
def test_a_name_that_leads_nowhere_is_told(name: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        edit({name: 1})


def test_dashes_are_as_good_as_underscores() -> None:
    tree = {"weight_decay": {"of_block": 1}}
    assert edited(tree, {"weight-decay.of-block": 2}, {}, list) == {"weight_decay": {"of_block": 2}}


@pytest.mark.parametrize(
    "given",
    ["head_start", "head-start", HeadStart, HeadStart(), {"name": "head_start"}, {"name": HeadStart, "share": 0.5}],
    ids=str,
)
def test_a_plugin_is_read_however_it_is_given(given: Any) -> None:
    assert Plan.model_validate({"objective": given}) == Plan(objective=HeadStart())


@pytest.mark.parametrize("value", [3, None, {"share": 0.5}, ["head_start"], Frozen()])
def test_what_is_no_choice_is_none(value: Any) -> None:
    if isinstance(value, Frozen):  # of no kind that there is
        with pytest.raises(UserError, match="is no plugin"):
            as_choice("objectives", value)
    else:
        assert as_choice("objectives", value) is None


def test_a_plugin_of_another_kind_is_no_choice() -> None:
    assert as_choice("objectives", Adam) is None
    assert as_choice("objectives", Adam()) is None


def test_a_plugin_is_written_by_its_name_and_as_it_is_by_its_class() -> None:
    plan = Plan(objective=HeadStart(share=0.25))
    as_text = plan.model_dump(mode="json")["objective"]
    assert (as_text["name"], as_text["share"]) == ("head_start", 0.25)
    assert "from" not in as_text, "the library's own are known without their module"
    assert plan.model_dump()["objective"]["name"] is HeadStart
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def test_anothers_plugin_is_written_with_the_module_that_has_it() -> None:
    class Patient(HeadStart):
        """Somebody's own."""

    as_text = Plan(objective=Patient()).model_dump(mode="json")["objective"]
    assert (as_text["name"], as_text["from"]) == ("patient", __name__)
    with pytest.raises(UserError, match=f"no objective 'patient' yet; import {__name__} first"):
        validated(Plan, {"objective": as_text}, "the plan")


def test_nested_options_have_dotted_names() -> None:
    assert dotted({"a": {"b": {"c": 1}, "d": []}, "e": None}) == {"a.b.c": 1, "a.d": [], "e": None}
    assert dotted({"a": {}}) == {}


@pytest.mark.parametrize("name", registry.names("recipes"))
def test_what_recipes_have_is_found_in_the_text_of_the_library(name: str) -> None:
    check_written(registry.find("recipes", name)().options())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"foo": 3}, "The recipe has no option 'foo'."),
        ({"steps": 3, "task.problem.opening": 3}, "no option 'problem.opening' (did you mean 'problem.openings'?)"),
        ({"curriculum.lowset": 3}, "no option 'curriculum.lowset' (did you mean 'curriculum.lowest'?)"),
        ({"optimiser": "adamm"}, "There is no optimiser 'adamm' (did you mean 'adam'?)"),
        ({"problem.name": "mazez"}, "There is no problem 'mazez' (did you mean 'mazes'?)"),
    ],
)
def test_what_no_recipe_has_is_refused_by_the_text_of_the_library(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=re.escape(sentence)):
        check_written(changes)


@pytest.mark.parametrize("option", ["stabilisers.ema", "examples", "task.name", "model.from", "validation.count"])
def test_old_names_and_those_of_choices_are_let_through(option: str) -> None:
    check_written({option: 3})


def test_options_of_anothers_task_are_not_known_before_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._registered["tasks"], "own", type("Own", (Task,), {}))
    check_written({"whatever": 3})
