"""Probes, CKA, reuse and receptive fields against references worked out otherwise."""

import numpy as np
import pytest
import torch
from torch import nn

from longthink.base.errors import UserError
from longthink.contracts import Spec, Thinker
from longthink.measuring.inside.feature_pictures import feature_pictures, total_variation
from longthink.measuring.inside.layers import features_of
from longthink.measuring.inside.probes import STRENGTH, probe
from longthink.measuring.inside.receptive_field import measured, seen
from longthink.measuring.inside.reuse import active_again, reuse, reused
from longthink.measuring.inside.similarity import MinibatchCKA, cka, similarity
from longthink.models.convolutional.dt_net import DTNet
from longthink.models.images.conv_net import ConvNet
from longthink.models.images.mlp import MLP
from longthink.models.images.residual_net import ResidualNet
from longthink.models.images.resnet import ResNet
from longthink.problems.images.problem import Images
from longthink.problems.mazes.problem import Mazes

NETS = {
    "mlp": lambda: MLP(Spec(3, 10, "grid", "one"), width=12),
    "conv_net": lambda: ConvNet(Spec(3, 10, "grid", "one"), first=4, width=6, after=8),
    "residual_net": lambda: ResidualNet(Spec(3, 10, "grid", "one"), width=8),
    "batch_norm": lambda: ResidualNet(Spec(3, 10, "grid", "one"), width=8, batch_norm=True, limit=3),
}


@pytest.fixture(params=NETS)
def net(request: pytest.FixtureRequest) -> Thinker:
    torch.manual_seed(0)
    made: Thinker = NETS[request.param]().eval()
    return made


@pytest.fixture(scope="module")
def plain() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 20), nn.ReLU(), nn.Linear(20, 10))


def images(count: int, split: str = "test") -> torch.Tensor:
    return Images().sample(1, count, split=split).x


# ------------------------------------------------------------------------------------------------ features


def test_features_are_those_of_the_thinking_loop(net: Thinker) -> None:
    x = images(7)
    found = features_of(net, x, [0, 1, 3], batch=3)
    state = net.start(net.see(x))
    with torch.inference_mode():
        for step in range(4):
            if str(step) in found:
                assert torch.allclose(found[str(step)], net.features(state), atol=1e-5)
            if step < 3:
                state = net.step(state, net.see(x))


def test_a_layer_that_is_used_again_has_features_for_each_time() -> None:
    net = ConvNet(Spec(3, 10, "grid", "one"), first=4, width=6, after=8).eval()
    found = features_of(net, images(4), ["inner.0", "last"], iterations=3)
    assert list(found) == ["inner.0", "inner.0 #2", "inner.0 #3", "last"]
    after = features_of(net, images(4), [1, 2, 3])
    for place, iteration in zip(("inner.0", "inner.0 #2", "inner.0 #3"), "123", strict=True):
        assert torch.equal(found[place], after[iteration])


def test_layers_of_any_module_can_be_seen(plain: nn.Module) -> None:
    x = images(5)
    assert torch.equal(features_of(plain, x, ["2"])["2"], plain[:3](x))
    assert features_of(plain, x, ["3"], batch=2)["3"].shape == (5, 10)


def test_places_that_are_not_there_are_refused(plain: nn.Module) -> None:
    x, net = images(2), MLP(Spec(3, 10, "grid", "one"), width=12, limit=4)
    with pytest.raises(UserError, match="no layer 'inner.9'.*first.1"):
        features_of(net, x, ["inner.9"])
    with pytest.raises(UserError, match="say by their names"):
        features_of(plain, x, [1])
    with pytest.raises(UserError, match="4 steps and cannot take 5"):
        features_of(net, x, [5])
    with pytest.raises(UserError, match="for how many iterations"):
        features_of(MLP(Spec(3, 10, "grid", "one"), width=12), x, ["last"])


# ------------------------------------------------------------------------------------------------ similarity


def reference(x: np.ndarray, y: np.ndarray) -> float:
    """CKA by its definition: HSIC of centred Gram matrices, in float64."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    n = len(x)
    centring = np.eye(n) - 1 / n
    k, m = centring @ x @ x.T @ centring, centring @ y @ y.T @ centring
    return float((k * m).sum() / np.sqrt((k * k).sum() * (m * m).sum()))


@pytest.mark.parametrize("sizes", [(50, 7, 9), (20, 80, 30), (30, 200, 5)])
def test_cka_is_that_of_a_reference_in_double_precision(sizes: tuple[int, int, int]) -> None:
    n, p, q = sizes
    rng = np.random.default_rng(p)
    x = rng.normal(size=(n, p)).astype(np.float32) + 5
    y = (x[:, :3] @ rng.normal(size=(3, q)) + rng.normal(size=(n, q))).astype(np.float32)
    assert cka(torch.from_numpy(x), torch.from_numpy(y)) == pytest.approx(reference(x, y), abs=1e-9)


def test_cka_does_not_see_turns_and_scales() -> None:
    rng = torch.Generator().manual_seed(1)
    x = torch.randn(60, 10, generator=rng)
    turn, _ = torch.linalg.qr(torch.randn(10, 10, generator=rng))
    assert cka(x, 7 * x @ turn + 3) == pytest.approx(1, abs=1e-6)
    assert cka(x, torch.randn(60, 10, generator=rng)) < 0.5
    with pytest.raises(UserError, match="same for all inputs"):
        cka(x, torch.ones(60, 2))
    with pytest.raises(UserError, match="of 60 and 59"):
        cka(x, x[1:])


def test_cka_in_batches_comes_close_to_the_whole() -> None:
    rng = torch.Generator().manual_seed(2)
    x = torch.randn(1200, 12, generator=rng)
    y = torch.cat([x[:, :4], torch.randn(1200, 6, generator=rng)], 1)
    estimate = MinibatchCKA()
    for one, other in zip(x.split(60), y.split(60), strict=True):
        estimate.add(one, other)
    assert estimate.value() == pytest.approx(reference(x.numpy(), y.numpy()), abs=0.03)
    with pytest.raises(UserError, match="at least 4"):
        MinibatchCKA().add(x[:3], y[:3])


def test_a_net_is_most_like_itself() -> None:
    torch.manual_seed(0)
    net, other = (MLP(Spec(3, 10, "grid", "one"), width=30).eval() for _ in range(2))
    rows = similarity(net, other, images(101), [1, 4], [1, 4], batch=50)
    own = similarity(net, net, images(101), [1, 4], [1, 4], batch=50)
    assert len(rows) == len(own) == 4
    same = own[own["place"] == own["other_place"]]
    assert np.allclose(same["cka"], 1)
    assert rows["cka"].max() < 1


# ------------------------------------------------------------------------------------------------ probes


def test_a_probe_is_a_direct_logistic_regression(plain: nn.Module) -> None:
    """The same loss, minimised by L-BFGS on standardised features, gives the same answers."""
    problem = Images()
    train, test = problem.sample(1, 300, split="train"), problem.sample(1, 150)
    rows = probe(plain, train, test, ["2"])
    features, others = (features_of(plain, puzzles.x, ["2"])["2"].double() for puzzles in (train, test))
    mean, deviation = features.mean(0), features.std(0, correction=0)
    deviation[deviation == 0] = 1
    features, others = (features - mean) / deviation, (others - mean) / deviation
    weight, bias = torch.zeros(20, 10, dtype=torch.double), torch.zeros(10, dtype=torch.double)
    parameters = [weight.requires_grad_(), bias.requires_grad_()]
    optimiser = torch.optim.LBFGS(parameters, max_iter=2000, tolerance_grad=1e-9, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        fits = nn.functional.cross_entropy(features @ weight + bias, train.y, reduction="sum")
        value = fits + weight.square().sum() / (2 * STRENGTH)
        value.backward()
        return value

    optimiser.step(loss)
    for some, puzzles, column in ((features, train, "train_accuracy"), (others, test, "test_accuracy")):
        direct = ((some @ weight + bias).argmax(1) == puzzles.y).double().mean()
        assert rows[column].iloc[0] == pytest.approx(float(direct), abs=0.007)


def test_probes_read_off_what_is_there(net: Thinker) -> None:
    problem = Images()
    rows = probe(net, problem.sample(1, 200, split="train"), problem.sample(1, 100), [0, 2])
    assert (rows["train_accuracy"] > 0.25).all()
    assert list(rows["place"]) == ["0", "2"]


def test_probes_of_grids_are_of_positions_that_count() -> None:
    problem = Mazes()
    train, test = problem.sample(5, 20, split="train"), problem.sample(5, 20)
    net = DTNet(Spec(3, 2, "grid"), width=8, head=(8, 4)).eval()
    rows = probe(net, train, test, [0, 3])
    assert rows["test_accuracy"].between(0.5, 1).all()
    with pytest.raises(UserError, match="without pooling"):
        probe(DTNet(Spec(3, 2, "grid"), width=8, head=(8, 4), pooling=2).eval(), train, test, [1])


# ------------------------------------------------------------------------------------------------ reuse


class Fading(Thinker):
    """Its second filter is active in half as many positions after each step, its third never."""

    limit = 3
    ndim = 0

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def start(self, seen: torch.Tensor) -> torch.Tensor:
        return torch.stack([torch.ones(len(seen), 8), torch.ones(len(seen), 8), -torch.ones(len(seen), 8)], 1)

    def step(self, state: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        state = state.clone()
        active = int((state[0, 1] > 0).sum())
        state[:, 1, active // 2 :] = -1
        return state

    def read(self, state: torch.Tensor) -> torch.Tensor:
        return state[:, :, 0]


def test_activity_is_relative_to_the_most_active_iteration() -> None:
    rows = reuse(Fading(), torch.zeros(150, 3, 4, 4), [1, 2, 3])
    assert set(rows["filter"]) == {0, 1}
    assert rows["input"].nunique() == 150
    fading = rows[rows["filter"] == 1].groupby("place")["activity"].unique()
    assert [values.tolist() for values in fading] == [[1.0], [0.5], [0.25]]
    assert reused(rows) == 1.0
    rows.loc[(rows["filter"] == 1) & (rows["place"] == "3"), "activity"] = 0.1
    assert reused(rows) == 0.5
    assert active_again(rows) == 1
    rows.loc[(rows["filter"] == 1) & (rows["place"] != "1") & (rows["input"] > 0), "activity"] = 0
    assert active_again(rows) == 1  # one input is enough
    rows.loc[(rows["filter"] == 1) & (rows["place"] != "1"), "activity"] = 0
    assert active_again(rows) == 0.5


# ------------------------------------------------------------------------------------------------ receptive fields


@pytest.mark.parametrize(
    ("net", "size", "iterations"),
    [
        (ConvNet(Spec(3, 10, "grid", "one"), first=4, width=6, after=8, size=40), 40, 4),
        (ResidualNet(Spec(3, 10, "grid", "one"), width=8), 121, 2),
        (ResidualNet(Spec(3, 10, "grid", "one"), width=8, limit=2, shared=False), 121, 2),
        (ResNet(Spec(3, 10, "grid", "one")), 128, 1),
    ],
    ids=["conv_net", "residual_net", "feed-forward", "resnet18"],
)
def test_computed_receptive_fields_are_the_measured_ones(net: Thinker, size: int, iterations: int) -> None:
    assert measured(net, size, iterations) == net.receptive_field(iterations)


@pytest.mark.parametrize(("iterations", "dilation", "reach"), [(1, 1, 8), (2, 1, 12), (1, 2, 16)])
def test_an_answer_depends_on_what_all_convolutions_before_it_reach(iterations: int, dilation: int, reach: int) -> None:
    """8 and 12 convolutions: the small and the large mazes of section 3.4.2."""
    net = DTNet(Spec(3, 2, "grid"), width=4, head=(4, 4), recall=False, dilation=dilation)
    found = seen(net, 40, iterations, output=True)
    expected = [20 - reach + step for step in range(0, 2 * reach + 1, dilation)]
    assert found.nonzero()[0].tolist() == expected


# ------------------------------------------------------------------------------------------------ feature pictures


def test_feature_pictures_make_their_filters_more_active_than_real_pictures_do() -> None:
    torch.manual_seed(0)
    net = ConvNet(Spec(3, 10, "grid", "one"), first=4, width=6, after=8).eval()
    examples = Images().sample(1, 50)
    activity = features_of(net, examples.x, [2])["2"].mean((0, 2, 3))
    alive = activity.topk(2).indices.tolist()
    pictures = feature_pictures(net, examples, alive, iteration=2, steps=40, progress=False)
    again = feature_pictures(net, examples, alive, iteration=2, steps=40, progress=False)
    assert torch.equal(pictures, again)
    assert pictures.shape == (2, 3, 32, 32)
    made, real = (features_of(net, x, [2])["2"].mean((2, 3)) for x in (pictures, examples.x))
    for index, unit in enumerate(alive):
        assert made[index, unit] > real[:, unit].max()
    with pytest.raises(UserError, match="no filter 6; this net has 6"):
        feature_pictures(net, examples, [6], iteration=1, steps=1, progress=False)
    with pytest.raises(UserError, match="has none"):
        feature_pictures(MLP(Spec(3, 10, "grid", "one")), examples, [0], iteration=1, steps=1, progress=False)


def test_total_variation_sees_four_directions() -> None:
    picture = torch.zeros(1, 1, 5, 5)
    picture[0, 0, 2, 2] = 1
    assert total_variation(picture).item() == pytest.approx(4 * 2**0.5, rel=1e-5)
