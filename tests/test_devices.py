"""Whatever is registered, and every measure, answers on another device as it does on the CPU, to the last bit.

That device is a pretence (`longthink.testing.elsewhere`): it computes on the CPU, and
refuses to meet what was left there.
Puzzles are left on the CPU where a measure is asked, since it is to move them itself.
"""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

import longthink as lt
from longthink import registry
from longthink.base.errors import UserError
from longthink.base.seeds import generator
from longthink.contracts import Puzzles, Spec, Thinker, each_tensor
from longthink.measuring.decisions import decisions, trace
from longthink.measuring.dynamics import fates, perturb
from longthink.measuring.inside.feature_pictures import feature_pictures
from longthink.measuring.inside.layers import features_of
from longthink.measuring.inside.probes import probe
from longthink.measuring.inside.receptive_field import measured
from longthink.measuring.inside.reuse import reuse
from longthink.measuring.inside.similarity import similarity
from longthink.models.convolutional.dt_net import DTNet
from longthink.objectives.head_start import HeadStart
from longthink.objectives.progressive import Progressive
from longthink.problems.images.problem import Images
from longthink.problems.mazes.problem import Mazes
from longthink.problems.prefix_sums.problem import PrefixSums
from longthink.study.evaluators import Disturbed, Sweep
from longthink.testing.elsewhere import ELSEWHERE, Elsewhere
from longthink.testing.models import Net
from longthink.thinking.loop import last_state, think
from longthink.training.loop import train
from longthink.training.recipe import Recipe

SMALL = {"width": 8, "head": (8, 4), "limit": 4}
STRINGS, MAZES = PrefixSums().sample(16, 6), Mazes().sample(5, 5)


def small_net(spec: Spec, halts: bool = False) -> Thinker:
    torch.manual_seed(0)
    return DTNet(spec, width=4, head=(4, 4), halts=halts).eval()


def there(net: Thinker) -> Thinker:
    return copy.deepcopy(net).to(ELSEWHERE)


def here(tree: Any) -> Any:
    """With all tensors on the CPU."""
    if isinstance(tree, Puzzles):
        return tree.to("cpu")
    return tree if isinstance(tree, pd.DataFrame | dict) else each_tensor(tree, lambda tensor: tensor.cpu())


def is_same(one: Any, other: Any) -> bool:
    if isinstance(one, pd.DataFrame):
        return one.equals(other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(one[name], other[name]) for name in one)
    if isinstance(one, Puzzles):
        return is_same((one.x, one.y, one.extras), (other.x, other.y, other.extras))
    if isinstance(one, Tensor):
        return type(other) is Tensor and torch.equal(one, other)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other)


MEASURES: dict[str, tuple[Puzzles, Callable[[Thinker, Puzzles], Any]]] = {
    "sweep": (MAZES, lambda net, puzzles: lt.sweep(net, puzzles, [1, 4])),
    "solve": (STRINGS[:1], lambda net, puzzles: lt.solve(net, puzzles, limit=4).answers),
    "sweep, at rest": (STRINGS, lambda net, puzzles: lt.sweep(net, puzzles, range(1, 33))),
    "sweep, most confident": (MAZES, lambda net, puzzles: lt.sweep(net, puzzles, [4], "max_confidence", batch=2)),
    "perturb, nothing": (MAZES, lambda net, puzzles: perturb(net, puzzles, None, 2, 4)),
    "perturb, before": (STRINGS, lambda net, puzzles: perturb(net, puzzles, lt.perturbation("bit_flip"), 0, 4)),
    "perturb, after": (MAZES, lambda net, puzzles: perturb(net, puzzles, lt.perturbation("noise"), 2, 4)),
    "fates": (STRINGS, lambda net, puzzles: fates(net, puzzles, 41)),
    "decisions": (MAZES, lambda net, puzzles: decisions(net, puzzles, 5)),
    "trace": (STRINGS, lambda net, puzzles: trace(net, puzzles, 4)),
    "features of iterations": (STRINGS, lambda net, puzzles: features_of(net, puzzles.x, [0, 2], pool=2)),
    "features of layers": (STRINGS, lambda net, puzzles: features_of(net, puzzles.x, ["head"], iterations=2)),
    "probe": (STRINGS, lambda net, puzzles: probe(net, puzzles, puzzles, [1])),
    "reuse": (MAZES, lambda net, puzzles: reuse(net, puzzles.x, [1, 2])),
    "similarity": (MAZES, lambda net, puzzles: similarity(net, net, puzzles.x, [1, 2], [3])),
    "feature pictures": (
        Images().sample(1, 3),
        lambda net, puzzles: feature_pictures(net, puzzles, [2, 0], iteration=2, steps=2, progress=False),
    ),
}


def net_for(puzzles: Puzzles) -> Thinker:
    if isinstance(puzzles.problem, Images):
        torch.manual_seed(0)
        net: Thinker = registry.find("models", "conv_net")(puzzles.problem.spec, first=3, width=4, after=4).eval()
        return net
    return small_net(puzzles.problem.spec)


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("moved", [False, True], ids=["puzzles here", "puzzles there"])
def test_a_measure(name: str, moved: bool) -> None:
    puzzles, measure = MEASURES[name]
    net = net_for(puzzles)
    expected = measure(net, puzzles)
    with Elsewhere():
        assert is_same(expected, here(measure(there(net), puzzles.to(ELSEWHERE) if moved else puzzles)))


def test_nets_on_two_devices_are_compared() -> None:
    net = small_net(MAZES.problem.spec)
    expected = similarity(net, net, MAZES.x, [1], [2])
    with Elsewhere():
        assert similarity(net, there(net), MAZES.x, [1], [2]).equals(expected)


def test_an_evaluator_measures_where_the_run_is_to_be(tiny_recipe: Recipe, tmp_path: Path) -> None:
    run = train(tiny_recipe.revised({"steps": 2}), tmp_path / "run", accelerator="cpu", progress=False)
    for evaluator in (
        Sweep(level=6, count=5, iterations=3),
        Disturbed(level=6, count=5, iterations=3, perturbation="noise"),
    ):
        expected = evaluator.run(run)
        with Elsewhere():
            there = replace(run, device=str(ELSEWHERE))
            assert next(there.model().parameters()).device == ELSEWHERE
            assert evaluator.run(there).equals(expected)


def test_a_receptive_field() -> None:
    net = small_net(MAZES.problem.spec)
    with Elsewhere():
        assert measured(there(net), 24, 1) == measured(net, 24, 1)


@pytest.mark.parametrize("name", registry.names("perturbations"))
def test_a_perturbation(name: str) -> None:
    perturbation = registry.build("perturbations", name, {"strength": 0.5})
    tried = 0
    for problem in (registry.find("problems", other)() for other in registry.names("problems")):
        puzzles, features = problem.sample(problem.easy, 4), torch.rand(4, 3, 7)
        try:
            expected = (
                perturbation.to_puzzles(puzzles, generator(name)),
                perturbation.to_features(features, generator(name)),
            )
        except UserError:
            continue
        with Elsewhere():
            changed = perturbation.to_puzzles(puzzles.to(ELSEWHERE), generator(name))
            disturbed = perturbation.to_features(features.to(ELSEWHERE), generator(name))
            assert changed.y.device == disturbed.device == ELSEWHERE
            assert is_same(expected, (here(changed), here(disturbed)))
        tried += 1
    assert tried


@pytest.mark.parametrize("name", registry.names("problems"))
def test_a_problem(name: str) -> None:
    problem = registry.find("problems", name)()
    puzzles = problem.sample(problem.easy, 3)
    outputs = [problem.perfect(puzzles), torch.randn(problem.spec.output_shape(puzzles.x))]

    def all_of(output: Any, puzzles: Puzzles) -> tuple[Any, ...]:
        answers = problem.answer(output, puzzles)
        return (
            answers,
            problem.loss(output, puzzles),
            problem.correct(answers, puzzles),
            problem.position_accuracy(answers, puzzles),
            problem.confidence(output, puzzles),
        )

    for output in outputs:
        expected, measures = all_of(output, puzzles), problem.measures(output, puzzles)
        with Elsewhere():
            output_there, puzzles_there = each_tensor(output, lambda one: one.to(ELSEWHERE)), puzzles.to(ELSEWHERE)
            assert is_same(expected, here(all_of(output_there, puzzles_there)))
            assert problem.measures(output_there, puzzles_there) == measures
            assert is_same(here(problem.perfect(puzzles_there)), outputs[0])


NETS = [(name, spec) for name in registry.names("models") for spec in registry.find("models", name).specs()]


@pytest.mark.parametrize(("name", "spec"), NETS)
def test_a_net(name: str, spec: Spec) -> None:
    cls = registry.find("models", name)
    known = registry.options(cls).model_fields
    net = Net(cls, spec, {key: value for key, value in SMALL.items() if key in known})
    made, x, steps = net.make(), net.inputs(2), net.steps(2)
    with torch.no_grad(), Elsewhere():
        state = last_state(made, x, steps)
        state_there = last_state(there(made), each_tensor(x, lambda tensor: tensor.to(ELSEWHERE)), steps)
        assert is_same(made.features(state), here(made.features(state_there)))
        assert is_same(made.read(state), here(there(made).read(state_there)))


STOPS: dict[str, dict[str, Any]] = {"budget": {"iterations": 3}, "settled": {"tolerance": 0.5}}


@pytest.mark.parametrize("name", sorted(set(registry.names("stops")) - {"halting", "verified"}))
def test_a_stop_rule(name: str) -> None:
    net, stop = small_net(STRINGS.problem.spec), registry.build("stops", name, STOPS.get(name, {}))
    with torch.no_grad(), Elsewhere():
        *_, expected = think(net, STRINGS, 6, stop)
        *_, last = think(there(net), STRINGS.to(ELSEWHERE), 6, stop)
        assert last.stops is not None
        assert expected.stops is not None
        assert last.stops.why == expected.stops.why
        assert is_same(expected.stops.steps, here(last.stops.steps))


OBJECTIVES = {
    **{name: registry.build("objectives", name, {}) for name in registry.names("objectives")},
    "progressive, half": Progressive(alpha=0.5),
    "head start, all of it": HeadStart(share=1.0, transplant=0.5, settling=0.1),
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_an_objective_has_the_same_gradients_and_never_waits(name: str) -> None:
    objective, net = OBJECTIVES[name], small_net(MAZES.problem.spec, halts=True)
    for seed in range(3):
        with Elsewhere() as device:
            losses, gradients = [], []
            for one, puzzles in ((net, MAZES), (there(net), MAZES.to(ELSEWHERE))):
                one.zero_grad()
                values = [loss.value for loss in objective.losses(one, puzzles, 4, np.random.default_rng(seed))]
                torch.autograd.backward(values)
                losses.append(torch.stack(values).detach())
                gradients.append(tuple(p.grad for p in one.parameters() if p.grad is not None))
            assert device.waited == [] or name == "halting", "who asks for what is right waits for the answer"
            assert is_same(losses[0], here(losses[1]))
            assert is_same(gradients[0], here(gradients[1]))
