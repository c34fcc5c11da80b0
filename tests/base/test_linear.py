"""Linear layers as convolutions: the same numbers and gradients, and nothing is overwritten that a gradient needs."""

from collections.abc import Callable

import pytest
import torch
from torch.nn import functional as F

from longthink.base import linear as linear_layers
from longthink.base.linear import Linear, plus, relu, times


@pytest.fixture
def convolved(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Few multiplications are enough, on any CPU; the shapes of what was convolved."""
    shapes, convolve = [], torch.nn.functional.conv2d

    def recorded(x: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        shapes.append(tuple(x.shape))
        return convolve(x, *others)

    monkeypatch.setattr(linear_layers, "QUICKER", True)
    monkeypatch.setattr(linear_layers, "LEAST", 1)
    monkeypatch.setattr(linear_layers.F, "conv2d", recorded)
    return shapes


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("shape", "pictures"),
    [((2, 9, 9, 9, 5), [(18, 5, 81, 1)]), ((16, 3, 4), [(16, 4, 3, 1)]), ((1, 13, 4), []), ((67, 3), [])],
)
def test_numbers_and_gradients_are_those_of_the_layer(
    shape: tuple[int, ...], pictures: list[tuple[int, ...]], bias: bool, convolved: list[tuple[int, ...]]
) -> None:
    torch.manual_seed(0)
    layer, x = Linear(shape[-1], 7, bias=bias), torch.randn(shape, requires_grad=True)
    wanted = [x, *layer.parameters()]
    made, expected = layer(x), F.linear(x, layer.weight, layer.bias)
    torch.testing.assert_close(made, expected)
    gradients = (torch.autograd.grad(one.square().sum(), wanted) for one in (made, expected))
    for found, known in zip(*gradients, strict=True):
        torch.testing.assert_close(found, known, rtol=1e-5, atol=1e-4)
    assert convolved == pictures


def test_positions_that_do_not_lie_in_a_row(convolved: list[tuple[int, ...]]) -> None:
    layer, x = Linear(4, 3), torch.randn(16, 4, 9).transpose(1, 2)[:, 1:]
    torch.testing.assert_close(layer(x), F.linear(x, layer.weight, layer.bias))
    assert convolved == [(16, 4, 8, 1)]


def test_other_numbers_are_multiplied_as_ever(convolved: list[tuple[int, ...]]) -> None:
    layer, x = Linear(4, 3), torch.randn(16, 4)
    assert layer.double()(x.double()).dtype == torch.float64
    with torch.autocast("cpu", torch.bfloat16):
        assert layer.float()(x).dtype == torch.bfloat16
    assert convolved == []


def test_few_multiplications_are_left_to_the_layer(
    convolved: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linear_layers, "LEAST", 16 * 12 + 1)
    layer = Linear(4, 3)
    layer(torch.randn(16, 4))
    layer(torch.randn(17, 4))
    assert convolved == [(17, 4, 1, 1)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [(lambda x: plus(x, torch.tensor(2.0)), [1, 5]), (lambda x: times(x, torch.tensor(2.0)), [-2, 6]), (relu, [0, 3])],
)
def test_written_in_place_where_no_gradient_is_asked_for(
    change: Callable[[torch.Tensor], torch.Tensor], expected: list[float]
) -> None:
    x = torch.tensor([-1.0, 3.0])
    asked = x.clone().requires_grad_()
    assert change(asked).tolist() == expected
    assert asked.tolist() == [-1, 3]
    assert change(x) is x
    assert x.tolist() == expected


def test_nothing_is_convolved_while_it_is_compiled(
    convolved: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    assert Linear(4, 3)(torch.randn(16, 4)).shape == (16, 3)
    assert convolved == []
