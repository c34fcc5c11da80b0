"""Parameter counts, depths and fields of the dissertation's nets (TARGETS: sections 4.2, 5.3)."""

import pytest
import torch

from longthink.base.errors import UserError
from longthink.contracts import Spec
from longthink.models.convolutional.doubling import Doubling
from longthink.models.convolutional.dt_net import DTNet
from longthink.models.convolutional.feedforward import FeedForward
from longthink.thinking.loop import last_state


def count(net: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


@pytest.mark.parametrize(
    ("spec", "width", "head", "millions"),
    [
        (Spec(1, 2), 400, (400, 200), 3.12),
        (Spec(3, 2, "grid"), 128, (32, 8), 0.784),
        (Spec(12, 2, "grid"), 512, (32, 8), 12.06),
    ],
    ids=["prefix sums", "mazes", "chess"],
)
def test_parameters_of_dt_recall(spec: Spec, width: int, head: tuple[int, int], millions: float) -> None:
    net = DTNet(spec, width=width, head=head)
    assert count(net) / 1e6 == pytest.approx(millions, abs=0.005)


def test_parameters_by_hand() -> None:
    assert count(DTNet(Spec(1, 2), width=32, head=(32, 16))) == 20_256
    width = 120
    head = 3 * (width * 60 + 60 * 30 + 30 * 2)
    assert count(DTNet(Spec(1, 2), width=width, head=(60, 30), recall=False)) == 3 * width + 12 * width**2 + head
    assert count(FeedForward(Spec(1, 2), limit=16, width=width, head=(60, 30))) == 3 * width + 16 * 12 * width**2 + head
    assert (
        count(DTNet(Spec(3, 2, "grid"), norm="inside"))
        == count(DTNet(Spec(3, 2, "grid"), norm="outside"))
        == count(DTNet(Spec(3, 2, "grid")))
    )
    assert count(DTNet(Spec(1, 2), width=8, head=(4, 4), recall="inside")) == count(
        DTNet(Spec(1, 2), width=8, head=(4, 4))
    ) + 3 * 8 * (8 + 1)


def test_effective_depths() -> None:
    assert DTNet(Spec(1, 2), width=4, head=(4, 4), recall=False).effective_depth(10) == 44
    assert DTNet(Spec(1, 2), width=4, head=(4, 4), recall=True).effective_depth(30) == 154
    assert DTNet(Spec(1, 2), width=4, head=(4, 4), recall="inside").effective_depth(30) == 184
    assert FeedForward(Spec(1, 2), limit=4, width=4, head=(4, 4)).effective_depth(4) == 20


def test_dilation_widens_the_field_and_keeps_the_shape() -> None:
    near, far = (DTNet(Spec(1, 2), width=4, head=(4, 4), dilation=dilation) for dilation in (1, 3))
    assert far.receptive_field(2) - 1 == 3 * (near.receptive_field(2) - 1)
    assert count(far) == count(near)
    assert far.read(far.start(far.see(torch.zeros(1, 1, 5)))).shape == (1, 2, 5)


def test_dilations_of_the_blocks_four_convolutions() -> None:
    torch.manual_seed(0)
    net = DTNet(Spec(1, 2), width=8, head=(4, 4), dilation=(1, 2, 4, 8), activation="elu")
    x = torch.zeros(1, 1, 101, requires_grad=True)
    seen = net.see(x)
    net.read(net.step(net.start(seen), seen))[0, 0, 50].backward()
    assert x.grad is not None
    seen_from_50 = x.grad[0, 0].nonzero().flatten()
    assert (int(seen_from_50.max()) - int(seen_from_50.min()) + 1) == net.receptive_field(1) == 1 + 2 * (4 + 1 + 15)
    assert len(seen_from_50) == net.receptive_field(1)  # and no position is left out


def test_a_feed_forward_net_of_equal_blocks_is_the_recurrent_net() -> None:
    """Sharing the weights is the only difference."""
    recurrent = DTNet(Spec(3, 2, "grid"), width=8, head=(4, 4), recall=False)
    twin = FeedForward(Spec(3, 2, "grid"), limit=3, width=8, head=(4, 4))
    twin.projection.load_state_dict(recurrent.projection.state_dict())
    twin.head.load_state_dict(recurrent.head.state_dict())
    for block in twin.blocks:
        block.load_state_dict(recurrent.block.state_dict())
    x = torch.randn(2, 3, 6, 6)
    with torch.no_grad():
        assert torch.equal(twin.read(last_state(twin, x, 3)), recurrent.read(last_state(recurrent, x, 3)))


def test_a_string_net_is_a_one_dimensional_convolutional_net() -> None:
    """Rows of height one through 2-D convolutions give what Conv1d gives."""
    net = DTNet(Spec(1, 2), width=6, head=(4, 4))
    x = torch.randn(2, 1, 9)
    weight = net.projection[0].weight.squeeze(2)
    expected = torch.relu(torch.nn.functional.conv1d(x, weight, padding=1))
    assert torch.allclose(net.start(net.see(x)).squeeze(2), expected, atol=1e-6)


def test_group_norm_normalises_in_four_groups() -> None:
    net = DTNet(Spec(1, 2), width=8, head=(4, 4), norm="inside")
    out = net.block.pairs[0].second(torch.randn(2, 8, 1, 16))
    assert out.reshape(2, 4, -1).mean(2).abs().max() < 1e-5


def test_norm_outside_normalises_the_state() -> None:
    net = DTNet(Spec(1, 2), width=8, head=(4, 4), norm="outside")
    seen = net.see(torch.randn(2, 1, 16))
    state = net.step(net.start(seen), seen)
    assert state.reshape(2, 4, -1).mean(2).abs().max() < 1e-5
    assert isinstance(net.block.pairs[0].second[1], torch.nn.Identity)


def test_recall_inside_sees_the_input_before_the_second_half() -> None:
    net = DTNet(Spec(1, 2), width=8, head=(4, 4), recall="inside")
    x = torch.randn(2, 1, 16)
    with torch.no_grad():
        net.block.recall.weight[:, 8:] = 0  # what the first recall sees is nothing
        state = net.start(net.see(x))
        assert not torch.equal(net.step(state, net.see(x)), net.step(state, net.see(2 * x)))
        net.block.recall_again.weight[:, 8:] = 0
        assert torch.equal(net.step(state, net.see(x)), net.step(state, net.see(2 * x)))


def test_what_is_recalled_is_computed_once_and_is_a_part_of_one_convolution() -> None:
    net, x = DTNet(Spec(3, 2, "grid"), width=8, head=(4, 4)), torch.randn(2, 3, 6, 6)
    seen = net.see(x)
    state = net.start(seen)
    expected = net.block.pairs(net.block.recall(torch.cat([state, x], 1)))  # on grids, no activation follows it
    assert torch.allclose(net.step(state, seen), expected, atol=1e-5)
    assert [tensor.shape for tensor in seen.recalled] == [(2, 8, 6, 6)]
    assert DTNet(Spec(3, 2, "grid"), width=8, head=(4, 4), recall=False).see(x).recalled == ()


@pytest.mark.parametrize("activation", ["relu", "elu", "gelu", "silu"])
def test_activations(activation: str) -> None:
    net = DTNet(Spec(1, 2), width=4, head=(4, 4), activation=activation)
    assert type(net.projection[1]).__name__.lower() == activation


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dilation": 0}, "dilation"),
        ({"dilation": (1, 2, 0, 4)}, "dilation"),
        ({"head": (4,)}, "hidden layers"),
        ({"spec": Spec(1, 2, "graph")}, "is for positions 'line or grid'"),
        ({"width": 0}, "width"),
        ({"width": 6, "norm": "inside"}, "multiple of 4"),
    ],
)
def test_impossible_nets_are_refused(options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        DTNet(**{"spec": Spec(1, 2), "width": 4, "head": (4, 4), **options})


def test_a_feed_forward_net_needs_a_block() -> None:
    with pytest.raises(UserError, match="at least 1 block"):
        FeedForward(Spec(1, 2), limit=0)


@pytest.mark.parametrize("ndim", [1, 2])
def test_pooling_sees_one_position_a_cell_and_answers_for_each_of_its_pixels(ndim: int) -> None:
    """Three pixels of border and two a cell: a cell's mean is the cell, and all its pixels get one answer."""
    spec = Spec(1, 2, "line" if ndim == 1 else "grid")
    net = DTNet(spec, width=4, head=(4, 4), pooling=2)
    cells = torch.rand(1, 1, *[5] * ndim)
    pixels = cells
    for axis in range(2, 2 + ndim):
        pixels = pixels.repeat_interleave(2, axis)
    x = torch.nn.functional.pad(pixels, (3, 3) * ndim)
    seen = net.see(x).x.reshape(9 if ndim == 2 else 1, 9)
    assert torch.allclose(seen[2:-2, 2:-2] if ndim == 2 else seen[:, 2:-2], cells.squeeze())
    answers = net.read(last_state(net, x, 2))
    assert answers.shape == (1, 2, *[16] * ndim)
    inside = answers[..., 3:-3] if ndim == 1 else answers[..., 3:-3, 3:-3]
    for axis in range(2, 2 + ndim):
        assert torch.equal(
            inside.index_select(axis, torch.arange(0, 10, 2)), inside.index_select(axis, torch.arange(1, 10, 2))
        )
    assert net.receptive_field(3) == 2 * DTNet(spec, width=4, head=(4, 4)).receptive_field(3)
    with pytest.raises(UserError, match="even number of positions"):
        net.see(x[..., :-1])


def receptive(name: str, positions: str) -> DTNet | FeedForward | Doubling:
    options = {key: value for key, value in {"limit": 4}.items() if name == "feedforward"}
    net = {"dt_net": DTNet, "feedforward": FeedForward, "doubling": Doubling}[name]
    return net(Spec(2, 4, positions), width=8, head=(8, 4), **options)


@pytest.mark.parametrize("positions", ["line", "grid"])
@pytest.mark.parametrize("name", ["dt_net", "feedforward", "doubling"])
def test_the_receptive_field_is_what_the_gradient_says(name: str, positions: str) -> None:
    """Positive weights let every path through, so that the gradient shows exactly which inputs can matter."""
    net = receptive(name, positions)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(0.01)
    width = net.receptive_field(1) + 6
    x = torch.rand(1, 2, *((width,) * net.ndim), requires_grad=True)
    middle = (slice(None), slice(None), *((width // 2,) * net.ndim))
    net.read(last_state(net, x, 1))[middle].sum().backward()
    line = x.grad.abs().sum(1)[0] if net.ndim == 1 else x.grad.abs().sum((1, 2))[0]
    assert int((line > 0).sum()) == net.receptive_field(1)


@pytest.mark.parametrize("dilation", [0, -1, 2**20 + 1, 10**400, (1, 1, 2**21, 1)])
def test_a_dilation_beyond_any_input_is_refused(dilation: int | tuple[int, int, int, int]) -> None:
    with pytest.raises(UserError, match="The dilation must be from 1 to 1048576"):
        DTNet(Spec(inputs=1, outputs=2, positions="line"), width=4, dilation=dilation)
