"""Damped and rounded steps: values by hand, in all nets that have them, and that a rounded state rests exactly."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from longthink import testing
from longthink.base.errors import UserError
from longthink.contracts import Spec, Thinker
from longthink.models.convolutional.doubling import Doubling
from longthink.models.convolutional.dt_net import DTNet
from longthink.problems.prefix_sums.problem import PrefixSums
from longthink.problems.sudoku.problem import Sudoku
from longthink.problems.sudoku.row_column_box import RowColumnBox
from longthink.thinking.local import think_locally
from longthink.thinking.loop import think
from longthink.thinking.precision import InBfloat16
from longthink.thinking.stops import Settled
from longthink.thinking.updates import Update, replaced, rounded

GRID = Spec(3, 2, "grid")
NETS = {
    "dt_net": (lambda **options: DTNet(GRID, width=8, head=(4, 4), **options), torch.rand(3, 3, 10, 12)),
    "doubling": (lambda **options: Doubling(Spec(1, 2), width=8, head=(4, 4), **options), PrefixSums().sample(40, 3).x),
    "row_column_box": (lambda **options: RowColumnBox(Sudoku().spec, 8, 4, 8, **options), Sudoku().sample(41, 3).x),
}


def made(name: str, **options: float) -> tuple[Thinker, torch.Tensor]:
    make, x = NETS[name]
    torch.manual_seed(0)
    net = make(**options).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(2)  # so that states are not all of one value
    return net, x


@pytest.mark.parametrize("name", NETS)
@torch.no_grad()
def test_a_damped_step_is_a_mean_of_the_old_state_and_the_new_one(name: str) -> None:
    (plain, x), (damped, _) = made(name), made(name, damping=0.25)
    seen, state = damped.see(x), damped.start(damped.see(x))
    for _ in range(3):
        before, after = plain.features(state), plain.features(plain.step(state, seen))
        state = damped.step(state, seen)
        assert torch.allclose(damped.features(state), 0.25 * before + 0.75 * after, atol=1e-6)


@pytest.mark.parametrize("values", [2, 3, 8])
@pytest.mark.parametrize("name", NETS)
@torch.no_grad()
def test_a_rounded_state_has_so_many_values_whichever_is_nearest(name: str, values: int) -> None:
    net, x = made(name, rounding=values)
    exact, _ = made(name, rounding=2)
    exact.update = Update()  # the same step, as it would be
    *_, before, last = think(net, x, 3)
    found = net.features(last.state)
    spaced = torch.linspace(-1, 1, values)
    assert net.rounding == values
    assert len(found.unique()) > 1
    assert (found[..., None] - spaced).abs().amin(-1).max() < 1e-6
    wanted = exact.features(exact.step(before.state, exact.see(x))).clamp(-1, 1)
    assert (found - wanted).abs().max() <= 1 / (values - 1) + 1e-6


@pytest.mark.parametrize("options", [{"damping": 0.3}, {"rounding": 2}, {"rounding": 5}], ids=str)
def test_a_net_keeps_its_promises_with_them(options: dict[str, float]) -> None:
    for net, small in ((DTNet, {"width": 8, "head": (4, 4)}), (Doubling, {"width": 8, "head": (4, 4)})):
        testing.check_model(net, **small, **options)
    testing.check_model(RowColumnBox, width=8, messages=4, hidden=8, **options)


@pytest.mark.parametrize("options", [{"damping": 0.3}, {"rounding": 2}, {"rounding": 5, "damping": 0.3}], ids=str)
@torch.inference_mode()
def test_local_thinking_has_the_same_states(options: dict[str, float]) -> None:
    net, x = made("dt_net", **options)
    for dense, local in zip(think(net, x, 12), think_locally(net, x, 12), strict=True):
        assert torch.allclose(local.state, dense.state, atol=1e-5)
        assert torch.allclose(local.change, dense.change, rtol=1e-4, atol=1e-6)


@torch.inference_mode()
def test_a_rounded_state_comes_to_rest_exactly_also_in_16_bits(parity_net: DTNet) -> None:
    """The hand-made net for strings, whose features are 0 and 1, rounded to 0 and 1 and what lies between and below."""
    puzzles = PrefixSums().sample(20, 8)
    parity_net.update = Update(rounding=5)
    for net in (parity_net, InBfloat16(parity_net)):
        *_, last = think(net, puzzles, 40, Settled(tolerance=0))
        assert set(last.stops.why) == {"settled"}
        assert last.change.max() == 0
        assert last.stops.steps.max() <= 22
        assert bool(puzzles.problem.correct(last.read().argmax(1), puzzles).all())


@given(st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=8), st.integers(2, 9))
def test_rounding_takes_the_nearest_value_and_what_is_rounded_stays(features: list[float], values: int) -> None:
    found = rounded(torch.tensor(features), values)
    spaced = torch.linspace(-1, 1, values)
    nearest = (torch.tensor(features)[:, None] - spaced).abs().amin(1)
    assert torch.allclose((torch.tensor(features) - found).abs(), nearest, atol=1e-5)
    assert torch.equal(rounded(found, values), found)


def test_all_other_values_are_as_likely() -> None:
    rng = torch.Generator().manual_seed(0)
    features = torch.zeros(40_000)
    found = replaced(features, 5, 0.4, torch.rand(40_000, generator=rng))
    shares = {value: (found == value).float().mean().item() for value in (-1.0, -0.5, 0.0, 0.5, 1.0)}
    assert shares.pop(0.0) == pytest.approx(0.6, abs=0.01)
    assert list(shares.values()) == pytest.approx([0.1] * 4, abs=0.01)
    assert torch.equal(replaced(features, 5, 1.0, torch.ones(40_000)), features)  # a draw is below 1


def test_gradients_pass_as_if_nothing_were_rounded_or_replaced() -> None:
    features = torch.tensor([-1.5, -1.0, 0.2, 2.0], requires_grad=True)
    found = replaced(rounded(features, 2), 2, 0.5, torch.tensor([0.1, 0.9, 0.1, 0.9]))
    assert found.tolist() == [1.0, -1.0, -1.0, 1.0]
    found.backward(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert features.grad is not None
    assert features.grad.tolist() == [0.0, 2.0, 3.0, 0.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"damping": 1.0}, "damping must be 0 or more, and below 1"),
        ({"rounding": 1}, "rounded to 2 values or more, not 1"),
    ],
)
@pytest.mark.parametrize("name", NETS)
def test_what_cannot_be_is_refused(name: str, options: dict[str, float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        made(name, **options)
