"""What a net learns about when to stop, beside what it learns to answer."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.distributions import Categorical, Geometric, kl_divergence

import longthink as lt
from longthink.contracts import Loss, Objective, Puzzles, Spec, Thinker
from longthink.models.convolutional.dt_net import DTNet
from longthink.objectives.final import Final
from longthink.objectives.halting import Halting
from longthink.objectives.head_start import HeadStart
from longthink.objectives.ponder import Ponder, divergence, when_to_stop
from longthink.objectives.progressive import Progressive
from longthink.problems.prefix_sums.problem import PrefixSums
from longthink.thinking.loop import last_state
from longthink.training.loop import train
from longthink.training.recipe import Recipe

M = 6
RIGHT_AT = 4


class Slow(Thinker):
    """Says the answer from iteration RIGHT_AT on, with logits of 1, and before it the contrary; halts at t / 10."""

    halts = True

    def __init__(self, y: Tensor):
        super().__init__()
        self.y, self.read_at = y, list[float]()
        self.scale = nn.Parameter(torch.tensor(1.0))

    def start(self, seen: Tensor) -> Tensor:
        return torch.zeros(len(seen), 1)

    def step(self, state: Tensor, seen: Tensor) -> Tensor:
        return state + self.scale

    def read(self, state: Tensor) -> Tensor:
        self.read_at.append(state[0, 0].item())
        says = self.y if state[0, 0] >= RIGHT_AT else 1 - self.y
        return nn.functional.one_hot(says, 2).movedim(-1, 1) * self.scale

    def halt(self, state: Tensor) -> Tensor:
        return state[:, 0] / 10


def some() -> Puzzles:
    return PrefixSums().sample(8, 5, split="train", repeats=True)


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


RIGHT, WRONG = math.log(1 + math.exp(-1)), math.log(1 + math.exp(1))
"""The loss of logits 1 and 0, where 1 is for the answer, and where it is not."""


def test_halting_is_the_cross_entropy_with_whether_the_answer_is_right_now() -> None:
    net = Slow(some().y)
    judged = [-math.log(t / 10 if t >= RIGHT_AT else 1 - t / 10) for t in range(1, M + 1)]
    found = Halting(readings=100, weight=0.5).loss(net, some(), M, generator())
    assert found.value.item() == pytest.approx(RIGHT + 0.5 * sum(judged) / M)
    assert found.metrics["halting"] == pytest.approx(sum(judged) / M)
    assert torch.equal(found.output, net.read(torch.full((5, 1), float(M))))
    last = Halting(readings=0).loss(net, some(), 2, generator())
    assert last.value.item() == pytest.approx(WRONG - math.log(0.8))


def test_the_last_state_is_judged_and_others_are_drawn_evenly() -> None:
    net, seen = Slow(some().y), np.zeros(M + 1)
    for seed in range(300):
        net.read_at.clear()
        Halting(readings=2).loss(net, some(), M, generator(seed))
        answer, *drawn, last = map(round, net.read_at)
        assert answer == last == M
        assert len(set(drawn)) == 2
        seen[drawn] += 1
    assert seen[0] == seen[M] == 0
    assert seen[1:M] / 300 == pytest.approx(0.4, abs=5 * (0.4 * 0.6 / 300) ** 0.5)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("answering", [Final(), HeadStart(share=0.8, settling=0.3), Progressive(alpha=0.5)], ids=repr)
def test_what_answers_learns_as_without_to_the_last_bit(answering: Objective, seed: int) -> None:
    torch.manual_seed(seed)
    net = DTNet(Spec(1, 2), width=8, head=(4, 4), halts=True)
    nn.init.normal_(net.halting.weight)

    def gradients(objective: Objective) -> dict[str, Tensor | None]:
        net.zero_grad()
        objective.loss(net, some(), M, generator(seed)).value.backward()
        return {name: parameter.grad for name, parameter in net.named_parameters()}

    without, beside, through = map(
        gradients, (answering, Halting(answering=answering), Halting(answering=answering, detached=False))
    )
    assert beside["halting.weight"].abs().sum() > 0
    assert without["halting.weight"] is None
    for name, gradient in without.items():
        if gradient is not None:
            assert torch.equal(beside[name], gradient)
    assert not torch.equal(through["block.pairs.0.first.0.weight"], without["block.pairs.0.first.0.weight"])


def test_each_of_several_losses_has_its_own_states_and_draws_as_without() -> None:
    """One after m iterations, and one after a number that is drawn once the first was taken."""

    class Twice(Objective):
        def loss(self, net: Thinker, puzzles: Puzzles, iterations: int, rng: np.random.Generator) -> Loss:
            *_, last = self.losses(net, puzzles, iterations, rng)
            return last

        def losses(self, net: Thinker, puzzles: Puzzles, iterations: int, rng: np.random.Generator) -> Iterator[Loss]:
            for more in (iterations, int(rng.integers(1, 1000))):
                output = net.read(last_state(net, puzzles.x, more))
                yield Loss(puzzles.problem.loss(output, puzzles).sum(), output, {"more": more})

    net = Slow(some().y)
    net.halt = lambda state: torch.full((len(state),), 0.25)
    plain, halting = (list(one.losses(net, some(), 3, generator(1))) for one in (Twice(), Halting(answering=Twice())))
    assert [loss.metrics["more"] for loss in halting] == [loss.metrics["more"] for loss in plain]
    assert halting[0].metrics["halting"] == pytest.approx(-math.log(0.75)), "never right within three iterations"
    assert halting[1].metrics["halting"] == pytest.approx(-math.log(0.25), rel=1e-2), "right at almost all"
    for with_halting, without in zip(halting, plain, strict=True):
        assert with_halting.value.item() == pytest.approx((without.value + with_halting.metrics["halting"]).item())


HALTS = st.integers(1, 9).flatmap(lambda m: st.lists(st.floats(0, 1, width=32), min_size=m, max_size=m))


@settings(max_examples=50)
@given(HALTS)
def test_when_it_stops_is_a_distribution(halts: list[float]) -> None:
    """As chance has it: it goes on past each iteration but the last with what it does not stop there."""
    (found,) = when_to_stop(torch.tensor([halts], dtype=torch.float64)).tolist()
    assert sum(found) == pytest.approx(1)
    goes_on = 1.0
    for at, halt in enumerate(halts[:-1]):
        assert found[at] == pytest.approx(goes_on * halt, abs=1e-12)
        goes_on *= 1 - halt
    assert found[-1] == pytest.approx(goes_on, abs=1e-12)


@settings(max_examples=50)
@given(HALTS, st.floats(0.01, 0.9))
def test_the_divergence_is_that_from_a_geometric_distribution_cut_off(halts: list[float], prior: float) -> None:
    stops_at = when_to_stop(torch.tensor([halts, halts[::-1]], dtype=torch.float64))
    geometric = Geometric(torch.tensor(prior, dtype=torch.float64))
    cut_off = Categorical(logits=geometric.log_prob(torch.arange(len(halts), dtype=torch.float64)))
    expected = kl_divergence(Categorical(probs=stops_at), cut_off.expand((2,)))
    assert divergence(stops_at, prior).tolist() == pytest.approx(expected.tolist(), abs=1e-6)


def test_to_ponder_is_the_loss_to_be_expected_and_the_divergence() -> None:
    found = Ponder(beta=0.5, prior=0.25).loss(Slow(some().y), some(), M, generator())
    chances, goes_on = [], 1.0
    for t in range(1, M + 1):
        chances.append(goes_on * (t / 10 if t < M else 1))
        goes_on *= 1 - t / 10
    expected = sum(chance * (RIGHT if t >= RIGHT_AT else WRONG) for t, chance in enumerate(chances, 1))
    weights = [0.75**t for t in range(M)]
    far = sum(p * math.log(p / (weight / sum(weights))) for p, weight in zip(chances, weights, strict=True))
    assert found.value.item() == pytest.approx(expected + 0.5 * far)
    assert found.output.argmax(1).tolist() == some().y.tolist()


def test_a_net_that_stops_for_certain_still_has_gradients() -> None:
    halts = torch.tensor([[0.0, 1.0, 0.5], [1.0, 0.0, 1.0]], requires_grad=True)
    divergence(when_to_stop(halts), 0.3).sum().backward()
    assert halts.grad.isfinite().all()


@pytest.mark.parametrize("objective", ["halting", "ponder"])
def test_a_net_that_cannot_halt_is_told_before_the_training(
    tiny_recipe: Recipe, objective: str, tmp_path: Path
) -> None:
    recipe = tiny_recipe.revised({"objective": objective})
    with pytest.raises(
        lt.UserError, match=f"The objective {objective} is for nets that learn when to stop, and this dt_net"
    ):
        train(recipe, tmp_path / "run", accelerator="cpu", progress=False)
    assert not (tmp_path / "run").exists()


def test_a_training_with_halting_ends_with_the_same_answers(tiny_recipe: Recipe, tmp_path: Path) -> None:
    """To the last bit, where nothing bounds the gradient as a whole."""
    plain = tiny_recipe.revised({"model.halts": True, "optimiser.clip": None, "steps": 6, "objective": "head_start"})
    halting = plain.revised({"objective": "halting", "objective.answering": "head_start"})
    weights: list[dict[str, Any]] = []
    for name, recipe in (("plain", plain), ("halting", halting)):
        run = train(recipe, tmp_path / name, accelerator="cpu", progress=False)
        weights.append(run.model().state_dict())
    for name, value in weights[0].items():
        assert torch.equal(value, weights[1][name]) == (not name.startswith("halting"))
    assert "halting" in run.history()[-2]
    assert lt.load(tmp_path / "halting").halts


def test_an_objective_within_an_objective_is_chosen_by_its_name(tiny_recipe: Recipe) -> None:
    wanted = Halting(answering=Progressive(alpha=0.25), weight=2)
    changes = {"objective.answering.alpha": 0.25, "objective.answering": "progressive", "objective": "halting"}
    assert tiny_recipe.revised({**changes, "objective.weight": 2}).objective == wanted
    again = Recipe.model_validate_json(tiny_recipe.revised({"objective": wanted}).to_json())
    assert again.objective == wanted
    assert again.revised({"objective.answering.alpha": 1}).objective == wanted.revised({"answering": Progressive()})
    assert again.revised({"objective.answering": "final"}).objective == Halting(weight=2)
    given = {"objective": wanted, "objective.answering.start": "zero"}
    assert tiny_recipe.revised(given).objective.answering == Progressive(alpha=0.25, start="zero")
    with pytest.raises(lt.UserError, match=r"objective.answering.alhpa.*did you mean 'objective.answering.alpha'"):
        again.revised({"objective.answering.alhpa": 1})
    with pytest.raises(lt.UserError, match="There is no objective 'progresive'"):
        tiny_recipe.revised({"objective": "halting", "objective.answering": "progresive"})
