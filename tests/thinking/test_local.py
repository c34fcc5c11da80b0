"""The local loop against the dense one, on a net that fills dead ends exactly and on nets of random weights."""

import pytest
import torch

from longthink.base.errors import UserError
from longthink.contracts import Spec, Thinker
from longthink.models.convolutional.dt_net import DTNet
from longthink.models.convolutional.feedforward import FeedForward
from longthink.problems.mazes.problem import Mazes
from longthink.thinking import local as frontier
from longthink.thinking.local import think_locally
from longthink.thinking.loop import last_state, think
from longthink.thinking.step_layers import step_layers


@torch.inference_mode()
def assert_same(net: Thinker, x: torch.Tensor, limit: int) -> list[float]:
    """The same states, but for rounding, and changes all the way; the share of awake positions at each iteration."""
    awake = []
    for dense, local in zip(think(net, x, limit), think_locally(net, x, limit), strict=True):
        assert local.iteration == dense.iteration
        assert torch.allclose(local.state, dense.state, rtol=1e-5, atol=1e-5)
        assert torch.allclose(local.change, dense.change, rtol=1e-4, atol=1e-6)
        awake.append(local.awake)
    assert torch.allclose(local.read(), dense.read(), rtol=1e-4, atol=1e-4)
    return awake


def test_the_hand_made_net_solves_mazes(dead_end_net: DTNet) -> None:
    puzzles = Mazes().sample(21, 20)
    with torch.inference_mode():
        answers = dead_end_net.read(last_state(dead_end_net, puzzles.x, 250)).argmax(1)
    assert puzzles.problem.correct(answers, puzzles).all()


@pytest.mark.parametrize("chunk", [1, 13, 256])
def test_the_states_are_those_of_the_dense_loop_while_positions_fall_asleep(
    dead_end_net: DTNet, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontier, "CHUNK", chunk)
    awake = assert_same(dead_end_net, Mazes().sample(33, 1).x, 200)
    assert awake[0] == 1
    assert awake[-1] == 0
    assert 0 < awake[len(awake) // 4] < 0.2


@torch.inference_mode()
def test_what_sleeps_would_not_have_changed(dead_end_net: DTNet) -> None:
    """Bit by bit, since a position's features do not depend on which others are computed with it."""
    seen = dead_end_net.see(Mazes().sample(33, 2).x)
    state = dead_end_net.start(seen)
    step = step_layers(lambda state: dead_end_net.step(state, seen), state)
    asleep, awake = (frontier._Frontier(step, state, 0.0) for _ in range(2))
    for _ in range(250):
        awake.step.awake[:] = awake.step.inside
        awake.at_rest = False
        assert awake.advance() == 1
        asleep.advance()
        assert torch.equal(awake.state, asleep.state)
    assert asleep.at_rest


@pytest.mark.parametrize("pooling", [1, 2])
@pytest.mark.parametrize("dilation", [1, 2, (1, 2, 3, 1)])
@pytest.mark.parametrize("activation", ["relu", "elu"])
@pytest.mark.parametrize("shape", [(24, 24), (30, 58), (6, 70)])
def test_the_border_is_exact(
    pooling: int, dilation: int | tuple[int, ...], activation: str, shape: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    options = {"pooling": pooling, "dilation": dilation, "activation": activation}
    net = DTNet(Spec(3, 2, "grid"), width=20, head=(4, 4), **options).eval()
    assert_same(net, torch.rand(2, 3, *shape), 6)


@pytest.mark.parametrize("dilation", [9, 29, 60])
def test_layers_that_look_far_or_beyond_the_picture(dilation: int) -> None:
    torch.manual_seed(0)
    net = DTNet(Spec(3, 2, "grid"), width=16, head=(4, 4), dilation=dilation).eval()
    assert_same(net, torch.rand(1, 3, 30, 58), 6)


class OneLayer(Thinker):
    """A step of one convolution, which reads and makes the state, and of what is seen, added for ever."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = torch.nn.Conv2d(16, 16, 3, padding=1)

    def start(self, seen: torch.Tensor) -> torch.Tensor:
        return seen

    def step(self, state: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        return torch.clamp(self.layer(state) + 0.5 * state + seen, -1, 1)

    def read(self, state: torch.Tensor) -> torch.Tensor:
        return state[:, :2]


def test_a_step_of_one_layer_reads_only_the_last_state() -> None:
    assert_same(OneLayer().eval(), torch.rand(1, 16, 20, 30), 10)


class OneSum(OneLayer):
    """The same of sums alone, which are computed in one go."""

    def step(self, state: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.layer(state) + seen)


def test_a_sum_of_one_layer_reads_only_the_last_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontier, "CHUNK", 1)
    assert_same(OneSum().eval(), torch.rand(1, 16, 20, 30), 6)


def test_weights_need_no_inference_mode() -> None:
    net = OneSum()
    dense, local = (next(loop(net, torch.ones(1, 16, 5, 5), 1)) for loop in (think, think_locally))
    assert torch.allclose(local.state, dense.state, atol=1e-6)
    assert not local.state.requires_grad


def test_strings_can_be_thought_about_locally_too() -> None:
    torch.manual_seed(0)
    net = DTNet(Spec(1, 2), width=8, head=(4, 4)).eval()
    assert_same(net, torch.rand(2, 1, 50), 10)


def test_rectangles_and_a_given_state(dead_end_net: DTNet) -> None:
    cells = Mazes().sample(33, 1).x[..., : 2 * 20 + 6]
    with torch.inference_mode():
        state = last_state(dead_end_net, cells, 7)
        kept = state.clone()
        for dense, local in zip(
            think(dead_end_net, cells, 40, state=state), think_locally(dead_end_net, cells, 40, state), strict=True
        ):
            assert torch.allclose(local.state, dense.state, rtol=1e-5, atol=1e-5)
    assert torch.equal(state, kept)


def test_it_says_when_everything_has_settled_and_goes_on_for_nothing(dead_end_net: DTNet) -> None:
    puzzles = Mazes().sample(13, 2)
    thoughts = list(think_locally(dead_end_net, puzzles.x, 120))
    first = next(index for index, thought in enumerate(thoughts) if thought.at_rest)
    assert all(thought.at_rest for thought in thoughts[first:])
    assert all(thought.awake == 0 and not thought.change.any() for thought in thoughts[first + 1 :])
    assert not any(thought.cycle for thought in thoughts)
    assert puzzles.problem.correct(thoughts[-1].read().argmax(1), puzzles).all()


def alternating_net() -> DTNet:
    """Channel 0 becomes 1 - channel 0 on white cells, for ever."""
    net = DTNet(Spec(3, 2, "grid"), width=4, head=(2, 2))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
        net.block.recall.weight[0, 0, 1, 1] = -1.0
        net.block.recall.weight[0, 4 + 2, 1, 1] = 1.0
    return net.eval()


def test_short_cycles_are_recognised() -> None:
    thoughts = [
        (thought.cycle, thought.at_rest) for thought in think_locally(alternating_net(), Mazes().sample(9, 1).x, 60)
    ]
    assert thoughts[-1] == (2, False)
    assert thoughts[0] == (0, False)


def test_with_a_tolerance_small_movements_do_not_wake_anybody() -> None:
    """A net that halves its state at each iteration: at rest as soon as the next half is within the tolerance."""
    net = DTNet(Spec(3, 2, "grid"), width=4, head=(2, 2))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
        net.projection[0].weight[0, 2, 1, 1] = 1.0
        net.block.recall.weight[0, 0, 1, 1] = 0.5
    x = Mazes().sample(9, 1).x
    settled = [
        next(thought.iteration for thought in think_locally(net, x, 200, tolerance=tolerance) if thought.at_rest)
        for tolerance in (0.3, 0.01)
    ]
    # 1/2 has moved by more than 0.3, 1/4 has not; 1/64 has by more than 0.01, 1/128 has not
    assert settled == [2, 7]
    exact = [thought for thought in think_locally(net, x, 200) if thought.at_rest]
    assert float(exact[0].state.abs().max()) == 0


@pytest.mark.parametrize(
    ("net", "options", "sentence"),
    [
        (FeedForward(Spec(3, 2, "grid"), limit=9, width=4, head=(4, 4)), {}, "cannot think locally"),
        (DTNet(Spec(3, 2, "grid"), width=8, head=(4, 4), norm="inside"), {}, "cannot think locally"),
        (DTNet(Spec(3, 2, "grid"), width=4, head=(4, 4)).bfloat16(), {}, "32-bit numbers on a CPU"),
        (DTNet(Spec(3, 2, "grid"), width=4, head=(4, 4)), {"tolerance": -1.0}, "0 or more"),
    ],
)
def test_what_it_cannot_do_is_refused_in_a_sentence(net: DTNet, options: dict[str, float], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        think_locally(net, Mazes().sample(9, 1).x.to(next(net.parameters()).dtype), 5, **options)
