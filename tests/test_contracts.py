"""What every plugin of a kind promises, whichever it is: the tests that are exported for others, over all there are."""

from typing import Any

import pytest
import torch

from longthink import registry, testing
from longthink.contracts import Spec, Thinker
from longthink.study.evaluators import Attempted, Changed, Disturbed, Evaluator, Flipped, Probed, Reused, Stopped, Sweep
from longthink.testing.others import Copying, Counting
from longthink.thinking.breadth import Breadth
from longthink.training.runs import open_run

SMALL = {"width": 8, "head": (8, 4), "limit": 4}
"""Options that nets may have, to make them small."""


def checked(check: testing.Check, *things: Any) -> None:
    reason = testing.run(check, *things)
    if reason is not None:
        pytest.skip(reason)


def small(name: str) -> dict[str, Any]:
    options = registry.options(registry.find("models", name)).model_fields
    return {key: value for key, value in SMALL.items() if key in options}


NETS = [(name, spec) for name in registry.names("models") for spec in registry.find("models", name).specs()]


def named(value: Any) -> str:
    return f"{value.positions}-{value.answers}" if isinstance(value, Spec) else testing.name_of_check(value)


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_plugin_says_what_it_is(kind: str) -> None:
    for name in registry.names(kind):
        plugin = registry.find(kind, name)
        assert plugin.__doc__, name
        assert registry.summary(kind, name) == plugin.__doc__.strip().partition("\n")[0]
        assert registry.name_of(plugin) == name
        assert registry.kind_of(plugin) == kind
        registry.check_known(plugin)


@pytest.mark.parametrize("check", testing.PROBLEM, ids=named)
@pytest.mark.parametrize("name", registry.names("problems"))
def test_a_problem(name: str, check: testing.Check) -> None:
    checked(check, registry.find("problems", name)())


@pytest.mark.parametrize("check", testing.GAME, ids=named)
@pytest.mark.parametrize("name", registry.names("games"))
def test_a_game(name: str, check: testing.Check) -> None:
    if name == "openspiel":
        pytest.importorskip("pyspiel")
    checked(check, registry.find("games", name)())


@pytest.mark.parametrize("check", testing.MODEL, ids=named)
@pytest.mark.parametrize(("name", "spec"), NETS, ids=named)
def test_a_net(name: str, spec: Spec, check: testing.Check) -> None:
    checked(check, testing.Net(registry.find("models", name), spec, small(name)))


@pytest.mark.parametrize("name", registry.names("models"))
def test_a_net_refuses_what_it_is_not_for(name: str) -> None:
    cls: type[Thinker] = registry.find("models", name)
    spec = Spec(inputs=2, outputs=4, positions="graph")
    with pytest.raises(ValueError, match=f"A {name} is for positions '"):
        cls(spec, **small(name))


@pytest.mark.parametrize("name", registry.names("objectives"))
def test_an_objective(name: str) -> None:
    assert testing.check_objective(registry.find("objectives", name)()) == {}


OF_OTHERS = ("sudoku_extreme_laptop",)
"""Recipes for puzzles of others, which are not at hand here."""


@pytest.mark.parametrize("name", registry.names("recipes"))
def test_a_recipe(name: str) -> None:
    recipe = registry.find("recipes", name)()
    assert recipe.name == name
    reasons = list(testing.check_recipe(recipe).values())
    assert all("set problem.source to a folder" in reason for reason in reasons)
    assert len(reasons) == (name in OF_OTHERS)


@pytest.mark.parametrize("name", registry.names("formats"))
def test_a_format(name: str) -> None:
    problems = [registry.find("problems", problem)() for problem in registry.names("problems")]
    refused = testing.check_format(registry.find("formats", name)(), problems)
    assert all(refused.values()), "a format that is not for a problem says so"


@pytest.mark.parametrize("name", registry.names("perturbations"))
def test_a_perturbation(name: str) -> None:
    problems = [registry.find("problems", problem)() for problem in registry.names("problems")]
    refused = testing.check_perturbation(registry.find("perturbations", name), problems)
    assert all(refused.values()), "a perturbation that is not for a problem says so"


@pytest.mark.parametrize(
    "evaluator",
    [
        Sweep(level=16, iterations=20, every=5, count=10),
        Sweep(level=16, iterations=20, every=5, count=10, positions=True, exit_rule="max_confidence"),
        Disturbed(level=16, iterations=20, count=10, perturbation="noise", at=5),
        Changed(level=16, iterations=20, count=10, perturbation="random_input"),
        Flipped(level=6, iterations=20, count=5, at=8),
        Stopped(level=16, iterations=20, fixed=8, count=10, stop="settled"),
        Stopped(level=16, iterations=20, fixed=8, count=10, stop="best", read="most_confident"),
        Attempted(level=16, iterations=20, count=10, stop="settled", choice="majority", breadth=Breadth(attempts=3)),
        Probed(level=8, at=4, count=20, train_size=50),
        Reused(level=8, count=5),
    ],
    ids=lambda evaluator: evaluator.title,
)
def test_an_evaluator(evaluator: Evaluator) -> None:
    assert testing.check_evaluator(evaluator, open_run("prefix_sums")) == {}


STOPS: dict[str, dict[str, Any]] = {
    "best": {"patience": 4, "rise": 0.0},
    "budget": {"iterations": 3},
    "lyapunov": {"exponent": -0.05},
    "residual": {"tolerance": 0.01},
    "settled": {"tolerance": 0.05},
}


@pytest.mark.parametrize("check", testing.STOP, ids=named)
@pytest.mark.parametrize("name", registry.names("stops"))
def test_a_stop_rule(name: str, check: testing.Check) -> None:
    stop, puzzles = registry.build("stops", name, STOPS.get(name, {})), Copying().sample(8, 3, repeats=True)
    torch.manual_seed(2)
    checked(check, stop, Counting(Copying.spec), puzzles)


@pytest.mark.parametrize("name", registry.names("choices"))
def test_a_choice(name: str) -> None:
    assert testing.check_choice(registry.find("choices", name)()) == {}


@pytest.mark.parametrize("name", registry.names("optimisers"))
def test_an_optimiser(name: str) -> None:
    untested = testing.check_optimiser(registry.build("optimisers", name, {"lr": 1e-3}))
    if untested:
        pytest.skip(str(untested))


def test_weights_depend_on_the_seed_alone() -> None:
    recipe = registry.find("recipes", "prefix_sums_laptop")().revised({"model.width": 4, "model.head": [4, 4]})
    weights = [next(recipe.revised({"seed": seed}).build().parameters()) for seed in (0, 0, 1)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
