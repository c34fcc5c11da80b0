"""What keeps a net stable in training: noise, as a net wrapped around the net, and bounds on its convolutions."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from longthink.base.errors import UserError
from longthink.contracts import State, Thinker
from longthink.registry import name_of
from longthink.thinking.updates import replaced
from longthink.thinking.wrapped import Wrapped

FREQUENCIES = 8
"""Along each axis, where the gain of a convolution is looked for. Kernels are 3 wide, so it varies little between."""


class Compiled(Wrapped):
    """A Thinker whose step is compiled. The net itself is left as it is, so that copies of it have a step of theirs."""

    def __init__(self, inner: Thinker):
        super().__init__(inner)
        self._compiled = torch.compile(inner.step, dynamic=False)

    def step(self, state: State, seen: Any) -> State:
        return self._compiled(state, seen)


class NoisyThinker(Wrapped):
    """A Thinker whose start and steps are followed by Gaussian noise on the features; steps also by flips.

    Raises UserError for flips in a net whose states are not rounded.
    """

    def __init__(
        self, inner: Thinker, start_noise: float, state_noise: float, flips: float, generator: torch.Generator
    ):
        super().__init__(inner)
        check_flips(inner, flips)
        self.start_noise = start_noise
        self.state_noise = state_noise
        self.flips = flips
        self.generator = generator

    def start(self, seen: Any) -> State:
        return self._stir(self.inner.start(seen), self.start_noise)

    def step(self, state: State, seen: Any) -> State:
        return self._flip(self._stir(self.inner.step(state, seen), self.state_noise))

    def _stir(self, state: State, scale: float) -> State:
        if scale == 0:
            return state
        features = self.inner.features(state)
        return self.inner.with_features(state, features + self._drawn(torch.randn, features).mul_(scale))

    def _flip(self, state: State) -> State:
        if self.flips == 0 or self.inner.rounding is None:
            return state
        features = self.inner.features(state)
        draws = self._drawn(torch.rand, features)
        return self.inner.with_features(state, replaced(features, self.inner.rounding, self.flips, draws))

    def _drawn(self, draw: Callable[..., Tensor], like: Tensor) -> Tensor:
        """Drawn flat and laid out like features: normal_ is ten times slower on channels-last memory."""
        drawn = draw(like.numel(), generator=self.generator, dtype=like.dtype, device=like.device)
        return drawn.as_strided(like.size(), like.stride())


def check_flips(model: Thinker, flips: float) -> None:
    """Raises UserError for flips in a net whose states are not rounded."""
    if flips > 0 and model.rounding is None:
        raise UserError(
            f"The states of this {name_of(type(model))} are not rounded, so that nothing can flip;"
            " set model.rounding, if the net has that option, or regularisation.flips to 0."
        )


def bound_gains(model: Thinker, most: float) -> None:
    """Scale down each convolution of the repeated step whose gain is above `most`: its spectral norm, in place.

    A step of convolutions below one, without skips around them, is a contraction, and its thoughts settle.
    """
    recurrent = {id(parameter) for parameter in model.recurrent_parameters()}
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Conv2d) and id(module.weight) in recurrent:
                module.weight.mul_((most / gain(module.weight)).clamp(max=1))


def gain(weight: Tensor) -> Tensor:
    """The spectral norm of a convolution (O, I, h, w) with periodic borders, by its Fourier transform: a scalar.

    The largest singular value over FREQUENCIES along each axis (Sedghi, Gupta and Long, 2019, "The singular values of
    convolutional layers").

    >>> bool(torch.isclose(gain(torch.ones(1, 1, 1, 3)), torch.tensor(3.0)))
    True
    """
    sizes = [FREQUENCIES if size > 1 else 1 for size in weight.shape[2:]]
    matrices = torch.fft.rfft2(weight.float(), s=sizes).permute(2, 3, 0, 1)
    norms: Tensor = torch.linalg.matrix_norm(matrices, ord=2)
    return norms.max()
