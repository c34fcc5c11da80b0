"""Steps taken apart into layers: what is found in known nets, and what is refused."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from longthink.contracts import Spec
from longthink.models.convolutional.dt_net import DTNet
from longthink.thinking.step_layers import Layer, NotLocal, Sum, step_layers

Step = Callable[[Tensor, Tensor], Tensor]


def reach(layer: Layer) -> tuple[int, int]:
    """How far a layer looks, down and across."""
    taps = [(0, 0)] if layer.convolution is None else list(layer.convolution.taps)
    return max(down for down, _ in taps), max(across for _, across in taps)


@pytest.mark.parametrize("dilation", [1, 2])
def test_the_reach_of_all_layers_is_what_the_gradient_says(dilation: int) -> None:
    net = DTNet(Spec(3, 2, "grid"), width=8, head=(4, 4), dilation=dilation, activation="elu")
    seen = net.see(torch.rand(1, 3, 41, 41))
    state = torch.rand(1, 8, 41, 41, requires_grad=True)
    net.step(state, seen)[0, :, 20, 20].sum().backward()
    touched = state.grad.abs().sum((0, 1)) > 0
    layers = step_layers(lambda state: net.step(state, seen), state.detach()).layers
    for axis, lines in enumerate((touched.any(1), touched.any(0))):
        far = sum(reach(layer)[axis] for layer in layers)
        first, last = lines.nonzero().flatten()[[0, -1]].tolist()
        assert (20 - first, last - 20) == (far, far)


def test_the_layers_of_a_net_with_recall() -> None:
    net = DTNet(Spec(3, 2, "grid"), width=8, head=(4, 4))
    seen = net.see(torch.rand(2, 3, 12, 14))
    step = step_layers(lambda state: net.step(state, seen), net.start(seen))
    recall, first, second, third, last = step.layers
    assert recall.looks_at is step.state
    assert [plane.fixed is not None for plane in recall.beside] == [True]  # what the input adds is computed once
    assert first.looks_at is recall.makes[0]
    assert (second.looks_at, second.beside) == (first.makes[0], recall.makes)
    assert third.looks_at is second.makes[0]
    assert (last.looks_at, last.beside, last.makes) == (third.makes[0], second.makes, [step.state])
    assert [layer.finish for layer in step.layers] == [Sum(False), *[Sum(True)] * 4]


CONVOLUTION = nn.Conv2d(4, 4, 3, padding=1)
GROUPED = nn.Conv2d(4, 4, (3, 5), padding=(2, 2), dilation=(2, 1), groups=2, bias=False)
POINTWISE = nn.Conv2d(8, 4, 1)
SEEN = torch.rand(1, 4, 9, 11)


def add_twice(state: Tensor, seen: Tensor) -> Tensor:
    return CONVOLUTION(state).add_(seen).add_(seen)


@pytest.mark.parametrize(
    ("step", "reaches", "sums"),
    [
        (lambda state, seen: CONVOLUTION(state) + state, [(1, 1)], [True]),
        (lambda state, seen: nn.functional.relu(GROUPED(state).add_(seen), inplace=True), [(2, 2)], [True]),
        (lambda state, seen: seen + CONVOLUTION(state), [(1, 1)], [True]),
        (lambda state, seen: state + (CONVOLUTION(state) + seen), [(1, 1)], [True]),
        (lambda state, seen: torch.relu(CONVOLUTION(state)) + state, [(1, 1)], [False]),
        (lambda state, seen: CONVOLUTION(state).add_(seen, alpha=0.5), [(1, 1)], [False]),
        (lambda state, seen: CONVOLUTION(state) + 0.5 * state, [(0, 0), (1, 1)], [False, True]),
        (lambda state, seen: CONVOLUTION(state) * 2 + state, [(1, 1)], [False]),
        (lambda state, seen: CONVOLUTION(state) + 1, [(1, 1)], [False]),
        (lambda state, seen: CONVOLUTION(state) + seen[:, :1], [(1, 1)], [False]),
        (lambda state, seen: CONVOLUTION(state) + seen.mean((2, 3), keepdim=True)[:1], [(1, 1)], [False]),
        (add_twice, [(1, 1)], [False]),
        (lambda state, seen: POINTWISE(torch.cat([state, seen], 1)), [(0, 0), (0, 0)], [False, True]),
        (lambda state, seen: torch.sigmoid(state) * 2 + seen, [(0, 0)], [False]),
        (
            lambda state, seen: CONVOLUTION(state) + CONVOLUTION(state.abs()),
            [(0, 0), (1, 1), (1, 1)],
            [False, True, True],
        ),
        (lambda state, seen: state + seen.mean((2, 3), keepdim=True)[:1], [(0, 0)], [False]),
    ],
)
@torch.no_grad()
def test_the_layers_together_are_the_step(step: Step, reaches: list[tuple[int, int]], sums: list[bool]) -> None:
    state, seen = torch.rand(2, 4, 9, 11), torch.rand(2, 4, 9, 11)
    taken_apart = step_layers(lambda state: step(state, seen), state)
    assert [reach(layer) for layer in taken_apart.layers] == reaches
    assert [isinstance(layer.finish, Sum) for layer in taken_apart.layers] == sums
    planes = {taken_apart.state: state}
    for layer in taken_apart.layers:
        inputs = [plane.fixed if plane.fixed is not None else planes[plane] for plane in layer.beside]
        if layer.convolution is not None:
            convolution, padding = layer.convolution, reach(layer)
            inputs.insert(
                0,
                nn.functional.conv2d(
                    planes[layer.looks_at],
                    convolution.weight,
                    convolution.bias,
                    padding=padding,
                    dilation=convolution.dilation,
                ),
            )
        if isinstance(layer.finish, Sum):
            made = [sum(inputs).relu() if layer.finish.rectified else sum(inputs)]
        else:
            made = layer.finish(*inputs)
        planes |= dict(zip(layer.makes, made, strict=True))
    assert torch.allclose(planes[taken_apart.state], step(state, seen), atol=1e-6)


@torch.no_grad()
def test_a_state_that_is_what_is_seen_is_told_from_it() -> None:
    state = torch.rand(1, 4, 9, 11)
    (layer,) = step_layers(lambda changing: CONVOLUTION(changing) + state, state).layers
    assert torch.equal(layer.beside[0].fixed, state)


@pytest.mark.parametrize(
    "step",
    [
        lambda state, seen: state - state.mean((2, 3), keepdim=True),
        lambda state, seen: state.flip(2),
        lambda state, seen: state.cumsum(3),
        lambda state, seen: nn.functional.group_norm(state, 2),
        lambda state, seen: nn.functional.dropout(state),
        lambda state, seen: state + torch.rand_like(seen),
        lambda state, seen: nn.functional.conv2d(state, CONVOLUTION.weight),
        lambda state, seen: nn.functional.conv2d(state, CONVOLUTION.weight, padding=2, stride=2),
        lambda state, seen: nn.functional.conv2d(state, state[:, :, :3, :3], padding=1),
        lambda state, seen: state + torch.arange(11),
        lambda state, seen: torch.cat([state, state], 2)[:, :, :9],
        lambda state, seen: state * float(state.mean()),
        lambda state, seen: torch.stack(state.unbind(1), 1),
        lambda state, seen: nn.functional.conv2d(state, torch.ones(8, 4, 3, 3), padding=1),
        lambda state, seen: state,
        lambda state, seen: seen,
    ],
)
def test_what_looks_everywhere_is_refused(step: Step) -> None:
    seen = torch.rand(1, 4, 9, 11)
    with pytest.raises(NotLocal, match="cannot think locally"):
        step_layers(lambda state: step(state, seen), torch.rand(1, 4, 9, 11))
