"""The nets of chapter 3: sizes as the dissertation prints them, recurrent and feed-forward forms, batch norm apart."""

from pathlib import Path

import pytest
import torch

from longthink.base.errors import UserError
from longthink.contracts import Spec, Thinker
from longthink.models.images.conv_net import ConvNet
from longthink.models.images.mlp import MLP
from longthink.models.images.residual_net import ResidualNet
from longthink.models.images.resnet import ResNet
from longthink.thinking.loop import last_state, think
from longthink.training.runs import Run


def parameters(net: Thinker) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def millions(net: Thinker) -> float:
    return round(parameters(net) / 1e6, 2)


@pytest.mark.parametrize(
    ("net", "published"),
    [
        (ResidualNet(Spec(3, 10, "grid", "one")), 12),
        (ResidualNet(Spec(3, 10, "grid", "one"), limit=3, shared=False), 31),
    ],
    ids=["recurrent", "feed-forward, depth 15"],
)
def test_residual_nets_have_the_sizes_of_section_3_3(net: ResidualNet, published: int) -> None:
    assert round(millions(net)) == published
    assert net.effective_depth(3) == 15


def test_batch_norm_nets_have_the_sizes_of_table_3_3() -> None:
    assert millions(ResidualNet(Spec(3, 10, "grid", "one"), width=256, after=512, batch_norm=True, limit=4)) == 3.56
    assert round(millions(ResNet(Spec(3, 10, "grid", "one"))), 1) == 11.2


def test_layers_have_the_sizes_of_tables_3_1_and_3_2() -> None:
    net = MLP(Spec(3, 47, "grid", "one"), width=500)
    shapes = [tuple(layer.weight.shape[::-1]) for layer in net.modules() if isinstance(layer, torch.nn.Linear)]
    assert shapes == [(3072, 500), (500, 500), (500, 47)]
    conv = ConvNet(Spec(3, 10, "grid", "one"))
    assert [layer.out_channels for layer in conv.modules() if isinstance(layer, torch.nn.Conv2d)] == [32, 64, 64, 128]


@pytest.mark.parametrize("make", [MLP, ConvNet, ResidualNet])
def test_both_forms_are_the_same_net_where_every_step_has_the_same_weights(make: type[Thinker]) -> None:
    torch.manual_seed(0)
    narrow = {"width": 8}
    shared = make(Spec(3, 10, "grid", "one"), limit=3, **narrow).eval()
    apart = make(Spec(3, 10, "grid", "one"), limit=3, shared=False, **narrow).eval()
    assert parameters(apart) > parameters(shared)
    apart.first.load_state_dict(shared.first.state_dict())
    apart.last.load_state_dict(shared.last.state_dict())
    for block in apart.inner:
        block.load_state_dict(shared.inner[0].state_dict())
    x = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(shared.read(last_state(shared, x, 3)), apart.read(last_state(apart, x, 3)))
    assert apart.effective_depth(3) == shared.effective_depth(3)


def test_every_iteration_has_statistics_of_its_own() -> None:
    torch.manual_seed(0)
    net = ResidualNet(Spec(3, 10, "grid", "one"), width=8, batch_norm=True, limit=2)
    last_state(net.train(), torch.randn(16, 3, 32, 32), 2)
    means = [norms[0].running_mean for norms in net.norms]
    assert all(int(norms[0].num_batches_tracked) == 1 for norms in net.norms)
    assert not torch.allclose(*means)
    with pytest.raises(UserError, match="2 steps and cannot take 3"):
        think(net.eval(), torch.randn(1, 3, 32, 32), 3)
    with pytest.raises(UserError, match="statistics for a number of steps; set model.limit"):
        ResidualNet(Spec(3, 10, "grid", "one"), batch_norm=True)


def test_tied_blocks_have_the_same_filters_and_norms_of_their_own() -> None:
    net = ResNet(Spec(3, 10, "grid", "one"), layers=50, tied=True)
    blocks = list(net.inner[0])
    assert blocks[1].filters[0] is blocks[2].filters[0]
    assert blocks[1].norms[0] is not blocks[2].norms[0]
    assert blocks[0].filters[0] is not blocks[1].filters[0]
    assert blocks[0].filters[1] is blocks[1].filters[1]


def test_a_tied_net_comes_back_from_its_folder(tmp_path: Path) -> None:
    net = ResNet(Spec(3, 10, "grid", "one"), width=8, layers=50, tied=True).eval()
    net.save_pretrained(tmp_path)
    again, x = Run(tmp_path).model(), torch.randn(2, 3, 32, 32)
    assert again.inner[0][1].filters[0] is again.inner[0][2].filters[0]
    with torch.no_grad():
        assert torch.equal(again.read(last_state(again, x, 1)), net.read(last_state(net, x, 1)))


def test_a_conv_net_of_depth_4_is_the_layers_around_the_internal_module() -> None:
    net = ConvNet(Spec(3, 10, "grid", "one"), internal=False)
    layers = [layer for layer in net.modules() if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear)]
    assert [tuple(layer.weight.shape[:2]) for layer in layers] == [(32, 3), (64, 32), (128, 64), (10, 4608)]
    assert net.effective_depth(1) == net.effective_depth(3) == 4
    first, second, third, linear = layers
    relu, pool = torch.nn.functional.relu, torch.nn.functional.max_pool2d
    x = torch.randn(2, 3, 32, 32)
    features = pool(relu(second(relu(first(x)))), 2)
    expected = linear(pool(relu(third(features)), 2).flatten(1))
    with torch.no_grad():
        assert torch.allclose(net.read(last_state(net, x, 1)), expected, atol=1e-5)
    apart = ConvNet(Spec(3, 10, "grid", "one"), internal=False, limit=1, shared=False)
    assert parameters(apart) == parameters(net)


def test_what_does_not_fit_is_said_in_a_sentence() -> None:
    with pytest.raises(UserError, match=r"32 x 32 pixels, not \[28, 28\]; set model.size"):
        last_state(MLP(Spec(3, 10, "grid", "one")), torch.zeros(1, 3, 28, 28), 1)
    with pytest.raises(UserError, match="too small"):
        ConvNet(Spec(3, 10, "grid", "one"), size=11)
    with pytest.raises(UserError, match="is for answers 'one', and this problem has 'each'"):
        MLP(Spec(3, 10, "grid"))
    with pytest.raises(UserError, match="set model.limit"):
        MLP(Spec(3, 10, "grid", "one"), shared=False)
    with pytest.raises(UserError, match="18 or 50"):
        ResNet(Spec(3, 10, "grid", "one"), layers=34)
