"""Algorithm 1, and that no pass is wasted."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from longthink.contracts import Loss, Objective, Problem, Puzzles, Spec, State, Thinker, each_tensor
from longthink.models.convolutional.doubling import Doubling
from longthink.models.convolutional.dt_net import DTNet
from longthink.objectives.deep_supervision import DeepSupervision
from longthink.objectives.final import Final
from longthink.objectives.head_start import HeadStart, _transplanted
from longthink.objectives.progressive import Progressive
from longthink.problems.prefix_sums.problem import PrefixSums
from longthink.problems.sudoku.problem import Sudoku
from longthink.problems.sudoku.row_column_box import RowColumnBox
from longthink.thinking.loop import last_state, think

M = 6


class Counting(DTNet):
    """Counts its steps, with and without gradient."""

    def __init__(self) -> None:
        super().__init__(Spec(1, 2), width=4, head=(4, 4))
        self.steps: Counter[bool] = Counter()

    def step(self, state: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        self.steps[torch.is_grad_enabled()] += 1
        return super().step(state, seen)


def puzzles() -> Puzzles:
    """Three strings of noise, with answers of noise."""
    torch.manual_seed(0)
    x, y = torch.randn(3, 1, 8), torch.randint(0, 2, (3, 8))
    return Puzzles(PrefixSums(), 8, x, y)


def loss_of(objective: Objective, net: DTNet, seed: int = 0) -> Loss:
    return objective.loss(net, puzzles(), M, np.random.default_rng(seed))


def steps_of(objective: Objective, seed: int) -> tuple[int, int]:
    """(steps without gradient, steps with it) for one batch."""
    net = Counting()
    loss_of(objective, net, seed)
    return net.steps[False], net.steps[True]


def test_the_final_loss_unrolls_m_iterations() -> None:
    assert steps_of(Final(), 0) == (0, M)


def test_alpha_zero_is_the_final_loss_with_no_second_pass() -> None:
    net = Counting()
    for seed in range(5):
        assert steps_of(Progressive(alpha=0), seed) == (0, M)
        assert torch.equal(loss_of(Progressive(alpha=0), net, seed)[0], loss_of(Final(), net)[0])


def test_alpha_one_runs_no_full_unroll_and_draws_n_and_k_as_algorithm_1_does() -> None:
    """n ~ U{0, m-1}, k ~ U{1, m-n}: the frequencies, to five standard errors."""
    seen = Counter(steps_of(Progressive(alpha=1), seed) for seed in range(3000))
    assert all(0 <= n <= M - 1 and 1 <= k <= M - n for n, k in seen)
    for n in range(M):
        for k in range(1, M - n + 1):
            p = 1 / M / (M - n)
            assert seen[n, k] / 3000 == pytest.approx(p, abs=5 * (p * (1 - p) / 3000) ** 0.5)


def test_between_zero_and_one_both_terms_are_weighed() -> None:
    net = Counting()
    for seed in range(10):
        assert steps_of(Progressive(alpha=0.3), seed) == (0, M)  # one trajectory serves both
        progressive, final, both = (
            loss_of(objective, net, seed)[0] for objective in (Progressive(), Final(), Progressive(alpha=0.3))
        )
        assert both.item() == pytest.approx(0.3 * progressive.item() + 0.7 * final.item(), rel=1e-6)


def algorithm_1(net: Thinker, puzzles: Puzzles, alpha: float, n: int, k: int) -> torch.Tensor:
    """Written out: n detached iterations, then k with gradient; beside them, all m."""
    seen = net.see(puzzles.x)

    def after(state: State, iterations: int) -> State:
        for _ in range(iterations):
            state = net.step(state, seen)
        return state

    def loss(state: State) -> torch.Tensor:
        return puzzles.problem.loss(net.read(state), puzzles).sum()

    partial = after(net.start(seen), n)
    progressive = loss(after(each_tensor(partial, torch.Tensor.detach) if n > 0 else partial, k))
    return alpha * progressive + (1 - alpha) * loss(after(net.start(seen), M)) if alpha < 1 else progressive


def noise_for(problem: Problem, level: int) -> Puzzles:
    puzzles = problem.sample(level, 3, split="train", repeats=True)
    return replace(puzzles, y=torch.randint_like(puzzles.y, 0, problem.spec.outputs))


NETS = {
    "a tensor": lambda: (DTNet(Spec(1, 2), width=4, head=(4, 4)), noise_for(PrefixSums(), 12)),
    "another layout than its features": lambda: (RowColumnBox(Sudoku().spec, 8, 4, 8), noise_for(Sudoku(), 41)),
    "a tuple that counts": lambda: (Doubling(Spec(1, 2), width=4, head=(4, 4)), noise_for(PrefixSums(), 12)),
}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("alpha", [0.3, 1.0])
@pytest.mark.parametrize("state", NETS)
def test_losses_and_gradients_are_those_of_algorithm_1(state: str, alpha: float, seed: int) -> None:
    torch.manual_seed(seed)
    net, puzzles = NETS[state]()
    net, puzzles = net.double(), replace(puzzles, x=puzzles.x.double())
    n, k = steps_of(Progressive(), seed)
    found = Progressive(alpha=alpha).loss(net, puzzles, M, np.random.default_rng(seed)).value
    found.backward()
    gradients = [None if parameter.grad is None else parameter.grad.clone() for parameter in net.parameters()]
    net.zero_grad()
    expected = algorithm_1(net, puzzles, alpha, n, k)
    expected.backward()
    assert found.item() == pytest.approx(expected.item(), rel=1e-9)
    largest = max(float(parameter.grad.abs().max()) for parameter in net.parameters() if parameter.grad is not None)
    for parameter, gradient in zip(net.parameters(), gradients, strict=True):
        assert (parameter.grad is None) == (gradient is None)
        if gradient is not None:
            assert torch.allclose(parameter.grad, gradient, rtol=1e-8, atol=1e-9 * largest)


def test_the_iterations_of_a_partial_solution_learn_nothing_from_it() -> None:
    net = DTNet(Spec(1, 2), width=4, head=(4, 4))
    seed = next(seed for seed in range(50) if steps_of(Progressive(), seed)[0] >= 2)
    loss_of(Progressive(), net, seed)[0].backward()
    assert next(net.projection.parameters()).grad is None


def test_the_ablation_starts_at_zero() -> None:
    seen = Counter(steps_of(Progressive(start="zero"), seed) for seed in range(600))
    assert {n for n, _ in seen} == {0}
    assert {k for _, k in seen} == set(range(1, M + 1))


def test_a_head_start_is_free_of_gradient_and_may_go_beyond_m() -> None:
    seen = [steps_of(HeadStart(share=0.5, reach=2), seed) for seed in range(400)]
    assert {k for _, k in seen} == {M}
    assert {n for n, _ in seen} == set(range(2 * M + 1))
    assert sum(n > 0 for n, _ in seen) / 400 == pytest.approx(0.5 * 12 / 13, abs=0.1)


def test_a_transplant_is_a_box_of_the_state_of_another_puzzle() -> None:
    net = DTNet(Spec(3, 2, "grid"), width=4, head=(4, 4))
    state = torch.arange(3.0).view(3, 1, 1, 1).expand(3, 4, 9, 7).clone()  # each puzzle's state is its number
    sizes = set()
    for seed in range(60):
        mixed = _transplanted(net, state, np.random.default_rng(seed))
        other = mixed[:, 0] != state[:, 0]
        assert torch.equal(mixed[1][:, other[1]], torch.zeros_like(mixed[1][:, other[1]]))
        rows, columns = other[0].any(1), other[0].any(0)
        assert torch.equal(other[0], rows[:, None] & columns[None, :])  # a box, the same for all puzzles
        assert torch.equal(other[0], other[1])
        sizes.add((int(rows.sum()), int(columns.sum())))
    assert {rows for rows, _ in sizes} == set(range(1, 10))
    assert {columns for _, columns in sizes} == set(range(1, 8))


def test_settling_adds_the_change_of_one_more_iteration_after_long_head_starts() -> None:
    net = DTNet(Spec(1, 2), width=4, head=(4, 4))
    for seed in range(20):
        plain, paid = (loss_of(HeadStart(reach=2, settling=weight), net, seed)[0].item() for weight in (0.0, 0.5))
        n, k = steps_of(HeadStart(reach=2, settling=0.5), seed)
        assert k == M + (n >= M)
        assert paid >= plain if n >= M else paid == plain
    assert HeadStart(reach=2, settling=0.5).longest(M) == 3 * M + 1
    net = Counting()
    x = puzzles().x
    with torch.no_grad():
        *_, last = think(net, x, M + 1, state=last_state(net, x, 2 * M))
    seed = next(seed for seed in range(99) if steps_of(HeadStart(reach=2), seed)[0] == 2 * M)
    plain, paid = (loss_of(HeadStart(reach=2, settling=weight), net, seed)[0].item() for weight in (0.0, 0.5))
    assert paid - plain == pytest.approx(0.5 * last.change.square().mean().item(), rel=1e-3)


@pytest.mark.parametrize("segments", [1, 3, 4, 8])
@pytest.mark.parametrize("state", NETS)
def test_deep_supervision_reads_one_trajectory_where_its_segments_end(state: str, segments: int) -> None:
    """With weights that stay as they are, losses are those of one thought after these iterations."""
    torch.manual_seed(0)
    net, puzzles = NETS[state]()
    objective, each = DeepSupervision(segments=segments), -(-M // segments)
    found = [loss.value.item() for loss in objective.losses(net, puzzles, M, np.random.default_rng(0))]
    with torch.no_grad():
        thoughts = think(net, puzzles, objective.longest(M))
        losses = [puzzles.problem.loss(thought.read(), puzzles).sum().item() for thought in thoughts]
    assert objective.longest(M) == each * segments == len(losses)
    assert found == pytest.approx(losses[each - 1 :: each], rel=1e-6)
    assert loss_of(objective, Counting()).value.shape == ()
    mean = objective.loss(net, puzzles, M, np.random.default_rng(0)).value.item()
    assert mean == pytest.approx(np.mean(found), rel=1e-6)


def test_no_gradient_of_a_segment_goes_back_to_the_one_before() -> None:
    """The second segment's is that of a thought which starts from the first one's last state."""
    net = DTNet(Spec(1, 2), width=4, head=(4, 4))
    _, second = DeepSupervision(segments=2).losses(net, puzzles(), M, np.random.default_rng(0))
    second.value.backward()
    assert next(net.projection.parameters()).grad is None
    found = [parameter.grad.clone() for parameter in net.recurrent_parameters() if parameter.grad is not None]
    with torch.no_grad():
        middle = last_state(net, puzzles().x, M // 2)
    net.zero_grad()
    output = net.read(last_state(net, puzzles().x, M // 2, middle))
    puzzles().problem.loss(output, puzzles()).sum().backward()
    for parameter, gradient in zip(net.recurrent_parameters(), found, strict=True):
        assert torch.allclose(parameter.grad, gradient, rtol=1e-5, atol=1e-8)


def test_a_later_segment_knows_what_was_learned_from_the_one_before() -> None:
    """The optimiser steps between: losses are those of weights that have changed, from a state that has not."""
    torch.manual_seed(0)
    net = DTNet(Spec(1, 2), width=8, head=(4, 4))
    losses = DeepSupervision(segments=2).losses(net, puzzles(), M, np.random.default_rng(0))
    next(losses)
    with torch.no_grad():
        middle = last_state(net, puzzles().x, M // 2)
        for parameter in net.parameters():
            parameter.mul_(1.5)
    second = next(losses)
    with torch.no_grad():
        output = net.read(last_state(net, puzzles().x, M // 2, middle))
    assert torch.allclose(second.output, output)


@pytest.mark.parametrize("alpha", [-0.1, 1.1])
def test_alpha_is_a_share(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha"):
        Progressive(alpha=alpha)
