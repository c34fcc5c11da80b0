"""The field's own code, imported from a checkout, and nets that both sides have."""

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import torch
import yaml
from torch import Tensor, nn
from torch.nn import functional as F

import longthink as lt
from longthink.contracts import Problem, Puzzles, Thinker
from longthink.models.convolutional.dt_net import DTNet
from longthink.problems.mazes.problem import Mazes

NOT_NEEDED = ("icecream", "einops", "easy_to_hard_data", "svglib")
"""What the field's code imports, and these cases do not use: stood in for where it is missing."""
SAME = 1e-4
"""How far outputs may lie apart, as a share of the largest."""


@dataclass(frozen=True)
class Training:
    """A training step; `clip` is what the field's config has."""

    problem: str
    level: int
    batch: int
    width: int
    m: int
    clip: float | None
    alpha: float
    draws: int
    """How many n and k it is measured with."""


class Field:
    """The field's code, imported from a checkout; what it draws and shows is taken from it."""

    def __init__(self, checkout: Path):
        if not (checkout / "deepthinking" / "__init__.py").is_file():
            raise SystemExit(f"There is no checkout of aks2203/deep-thinking at {checkout}.")
        for name in NOT_NEEDED:
            if name not in sys.modules and find_spec(name) is None:
                sys.modules[name] = _StandIn(name)
        sys.path.insert(0, str(checkout.resolve()))
        self.checkout = checkout
        self.models, self.training, self.testing = (
            importlib.import_module(f"deepthinking.{name}") for name in ("models", "utils.training", "utils.testing")
        )
        for module in (self.training, self.testing):
            module.tqdm = lambda loader, **_: loader

    def net(self, ours: Thinker) -> nn.Module:
        """Theirs with the weights of ours; both list their layers in the order that these are computed in."""
        width, channels = ours.projection[0].out_channels, ours.projection[0].in_channels
        name = f"dt_net_recall_{ours.ndim}d"
        theirs: nn.Module = getattr(self.models, name)(width=width, in_channels=channels)
        weights = [_as_theirs(weight, ours) for weight in ours.state_dict().values()]
        theirs.load_state_dict(dict(zip(theirs.state_dict(), weights, strict=True)))
        return theirs

    def loader(self, puzzles: Puzzles, batch: int | None = None) -> list[tuple[Tensor, Tensor]]:
        """Batches as its loaders give them."""
        size = batch or len(puzzles)
        parts = [puzzles[first : first + size] for first in range(0, len(puzzles), size)]
        return [(part.x, part.y) for part in parts]

    def train(self, theirs: nn.Module, puzzles: Puzzles, optimiser: Any, case: Training, n: int, k: int) -> float:
        """A step; the loss."""
        drawn = iter((n, k))
        self.training.randrange = lambda *_: next(drawn)
        schedules = {"scheduler": SimpleNamespace(step=_nothing), "warmup": SimpleNamespace(dampen=_nothing)}
        setup = self.training.TrainingSetup(
            optimizer=optimiser, clip=case.clip, alpha=case.alpha, max_iters=case.m, problem=case.problem, **schedules
        )
        loss, _ = self.training.train_progressive(theirs, {"train": self.loader(puzzles)}, setup, "cpu")
        return float(loss)

    def test(self, theirs: nn.Module, loader: Any, iterations: Sequence[int], problem: str) -> dict[int, float]:
        """The share of puzzles solved after each iteration."""
        shares = self.testing.test_default(theirs, loader, iterations, problem, "cpu")
        return {iteration: share / 100 for iteration, share in shares.items()}

    def batch(self, problem: str) -> int:
        """Puzzles of a batch in a test, as its config has it."""
        config = self.checkout / "config" / "problem" / "hyp" / f"{problem}_default.yaml"
        return int(yaml.safe_load(config.read_text())["test_batch_size"])


class _StandIn(ModuleType):
    """A module of which anything can be imported, and derived from."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return object


def _nothing(*_: Any, **__: Any) -> None:
    pass


def _as_theirs(weight: Tensor, ours: Thinker) -> Tensor:
    """Strings are grids of one row here, and not there."""
    return weight.squeeze(2) if ours.ndim == 1 else weight


@torch.inference_mode()
def check_same(theirs: nn.Module, ours: Thinker, puzzles: Puzzles) -> None:
    """Ends the program if two nets do not give the same outputs."""
    some = puzzles[:2]
    outputs = theirs.eval()(some.x, iters_to_do=5)
    for thought in lt.think(ours, some.x, 5):
        output = thought.read()
        apart = (outputs[:, thought.iteration - 1] - output).abs().max() / output.abs().max().clamp_min(1)
        if not apart <= SAME:
            raise SystemExit(f"Outputs of the two nets differ by {apart:.1e} of the largest.")


def puzzles_of(name: str, level: int, count: int) -> Puzzles:
    """Puzzles that both sides' nets take: mazes with one position a cell, as our net that ships looks at them."""
    puzzles = lt.problem(name).sample(level, count)
    if name != "mazes":
        return puzzles
    assert puzzles.mask is not None
    y, mask = (F.pad(pixels, (1, 1, 1, 1))[:, ::2, ::2].contiguous() for pixels in (puzzles.y, puzzles.mask))
    return Puzzles(MazesOfOnePath(), level, F.avg_pool2d(puzzles.x, 2, padding=1), y, mask)


class MazesOfOnePath(Mazes):
    """Any other answer than y is wrong."""

    def correct(self, answers: Tensor, puzzles: Puzzles) -> Tensor:
        return Problem.correct(self, answers, puzzles)


def net_of(name: str) -> Thinker:
    """The net that ships; that for mazes without its pooling, and with a head as wide as the field's.

    What the head has more is zero, so that the outputs are the same.
    """
    shipped = lt.load(name)
    if name != "mazes":
        return shipped
    weights, width = shipped.state_dict(), shipped.projection[0].out_channels
    net = DTNet(Mazes.spec, width=width, head=(32, 8), recall=True)
    for of_net, weight in net.state_dict().items():
        weight.zero_()[tuple(slice(size) for size in weights[of_net].shape)] = weights[of_net]
    return net
