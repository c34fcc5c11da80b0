"""Steps taken apart into layers: what is found in known nets, and what is refused."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from longthink.contracts import Spec
from longthink.models.convolutional.dt_net import DTNet
from longthink.thinking.step_layers import NotLocal, step_layers

Step = Callable[[Tensor, Tensor], Tensor]


@pytest.mark.parametrize("dilation", [1, 2])
def test_the_reach_of_all_layers_is_what_the_gradient_says(dilation: int) -> None:
    net = DTNet(Spec(3, 2, "grid"), width=8, head=(4, 4), dilation=dilation, activation="elu")
    seen = net.see(torch.rand(1, 3, 41, 41))
    state = torch.rand(1, 8, 41, 41, requires_grad=True)
    net.step(state, seen)[0, :, 20, 20].sum().backward()
    touched = state.grad.abs().sum((0, 1)) > 0
    layers = step_layers(lambda state: net.step(state, seen), state.detach()).layers
    for axis, lines in enumerate((touched.any(1), touched.any(0))):
        reach = sum(layer.reach[axis] for layer in layers)
        first, last = lines.nonzero().flatten()[[0, -1]].tolist()
        assert (20 - first, last - 20) == (reach, reach)


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


CONVOLUTION = nn.Conv2d(4, 4, 3, padding=1)
POINTWISE = nn.Conv2d(8, 4, 1)
SEEN = torch.rand(1, 4, 9, 11)


@pytest.mark.parametrize(
    ("step", "reaches"),
    [
        (lambda state, seen: CONVOLUTION(state) + state, [(1, 1)]),
        (lambda state, seen: POINTWISE(torch.cat([state, seen], 1)), [(0, 0), (0, 0)]),
        (lambda state, seen: torch.sigmoid(state) * 2 + seen, [(0, 0)]),
        (lambda state, seen: CONVOLUTION(state) + CONVOLUTION(state.abs()), [(0, 0), (1, 1), (1, 1)]),
        (lambda state, seen: state + seen.mean((2, 3), keepdim=True)[:1], [(0, 0)]),
    ],
)
@torch.no_grad()
def test_the_layers_together_are_the_step(step: Step, reaches: list[tuple[int, int]]) -> None:
    state, seen = torch.rand(1, 4, 9, 11), torch.rand(1, 4, 9, 11)
    taken_apart = step_layers(lambda state: step(state, seen), state)
    assert [layer.reach for layer in taken_apart.layers] == reaches
    planes = {taken_apart.state: state}
    for layer in taken_apart.layers:
        inputs = [plane.fixed if plane.fixed is not None else planes[plane] for plane in layer.beside]
        if layer.looks_at is not None:
            down, across = layer.reach
            inputs.insert(0, nn.functional.pad(planes[layer.looks_at], (across, across, down, down)))
        planes |= dict(zip(layer.makes, layer.compute(*inputs), strict=True))
    assert torch.equal(planes[taken_apart.state], step(state, seen))


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
        lambda state, seen: state,
        lambda state, seen: seen,
    ],
)
def test_what_looks_everywhere_is_refused(step: Step) -> None:
    with pytest.raises(NotLocal, match="cannot think locally"):
        step_layers(lambda state: step(state, SEEN), torch.rand(1, 4, 9, 11))
