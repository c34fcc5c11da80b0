"""Bounds on the gains of convolutions, against what the convolutions do; flips of rounded states."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from longthink.base.errors import UserError
from longthink.contracts import Spec
from longthink.models.convolutional.dt_net import DTNet
from longthink.thinking.loop import last_state
from longthink.training.loop import train
from longthink.training.recipe import Recipe
from longthink.training.regularisation import NoisyThinker, bound_gains, gain


@pytest.mark.parametrize("kernel", [(3, 3), (1, 3)])
def test_the_gain_is_what_the_convolution_does_at_most(kernel: tuple[int, int]) -> None:
    """Power iteration with periodic borders, on as many positions as there are frequencies."""
    torch.manual_seed(0)
    weight = torch.randn(5, 4, *kernel)
    padding = (1, 1, kernel[0] // 2, kernel[0] // 2)
    x = torch.randn(1, 4, 8 if kernel[0] == 3 else 1, 8)

    def convolved(x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(F.pad(x, padding, mode="circular"), weight)

    for _ in range(300):
        x = x / x.norm()
        (x,) = torch.autograd.functional.vjp(convolved, x, convolved(x))[1:]
    assert x.norm().sqrt().item() == pytest.approx(gain(weight).item(), rel=1e-3)


def test_only_what_is_too_strong_in_the_step_is_scaled() -> None:
    torch.manual_seed(0)
    net = DTNet(Spec(1, 2), width=8, head=(4, 4))
    with torch.no_grad():
        net.block.recall.weight.mul_(100)
        net.block.pairs[0].first[0].weight.mul_(0.01)
        net.projection[0].weight.mul_(100)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    bound_gains(net, 0.9)
    changed = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    assert "block.recall.weight" in changed
    assert not changed & {"block.pairs.0.first.0.weight", "projection.0.weight"}
    assert all(name.startswith("block.") for name in changed)
    assert gain(net.block.recall.weight).item() == pytest.approx(0.9, rel=1e-5)


def test_training_keeps_the_bound(tiny_recipe: Recipe, tmp_path: Path) -> None:
    bounded = tiny_recipe.revised({"regularisation.spectral_norm": 0.5, "regularisation.ema": None, "steps": 5})
    net = train(bounded, tmp_path / "run", accelerator="cpu", progress=False).model()
    gains = [gain(module.weight).item() for module in net.block.modules() if isinstance(module, torch.nn.Conv2d)]
    assert len(gains) == 5
    assert max(gains) == pytest.approx(0.5, rel=1e-4)


def bits() -> DTNet:
    torch.manual_seed(0)
    return DTNet(Spec(1, 2), width=8, head=(4, 4), rounding=2)


def test_flips_in_training_replace_as_many_values_and_let_gradients_pass() -> None:
    net, x = bits(), torch.randn(40, 1, 30)
    flipping = NoisyThinker(net, 0.0, 0.0, 0.1, torch.Generator().manual_seed(0))
    with torch.no_grad():
        state = last_state(net, x, 1)
    seen = flipping.see(x)
    plain, flipped = net.step(state, seen), flipping.step(state, seen)
    assert set(flipped.unique().tolist()) == {-1.0, 1.0}
    assert (plain != flipped).float().mean().item() == pytest.approx(0.1, abs=0.015)
    gradients = [
        torch.autograd.grad(made.sum(), net.recurrent_parameters(), retain_graph=True) for made in (plain, flipped)
    ]
    assert all(torch.equal(*pair) for pair in zip(*gradients, strict=True))  # as if nothing had flipped


def test_flips_of_another_net_are_refused_before_a_folder_is_made(tiny_recipe: Recipe, tmp_path: Path) -> None:
    recipe = tiny_recipe.revised({"regularisation.flips": 0.1})
    with pytest.raises(UserError, match=r"this dt_net are not rounded.*model\.rounding.*regularisation\.flips"):
        train(recipe, tmp_path / "run", accelerator="cpu", progress=False)
    assert not (tmp_path / "run").exists()


def test_a_net_of_bits_is_trained_and_loaded_again(tiny_recipe: Recipe, tmp_path: Path) -> None:
    quiet = {"regularisation.state_noise": 0.0, "regularisation.start_noise": 0.0}
    recipe = tiny_recipe.revised({**quiet, "model.rounding": 2, "regularisation.flips": 0.02, "steps": 5})
    run = train(recipe, tmp_path / "run", accelerator="cpu", progress=False)
    net = run.model()
    assert net.rounding == 2
    puzzles = run.recipe().problem.sample(4, 8, split="train")
    assert set(last_state(net, puzzles.x, 3).unique().tolist()) <= {-1.0, 1.0}
    fresh = recipe.build().recurrent_parameters()
    assert all((now != then).any() for now, then in zip(net.recurrent_parameters(), fresh, strict=True))
