"""Noise in training, as a net wrapped around the net: objectives need not know."""

import torch
from torch import Tensor

from longthink.contracts import State, Thinker


class Noisy(Thinker):
    """A Thinker whose start and steps are followed by Gaussian noise on the features."""

    def __init__(self, inner: Thinker, start_noise: float, state_noise: float, generator: torch.Generator):
        super().__init__()
        self.inner = inner
        self.limit = inner.limit
        self.start_noise = start_noise
        self.state_noise = state_noise
        self.generator = generator

    def see(self, x: Tensor) -> Tensor:
        return self.inner.see(x)

    def start(self, seen: Tensor) -> State:
        return self._stir(self.inner.start(seen), self.start_noise)

    def step(self, state: State, seen: Tensor) -> State:
        return self._stir(self.inner.step(state, seen), self.state_noise)

    def read(self, state: State) -> Tensor:
        return self.inner.read(state)

    def features(self, state: State) -> Tensor:
        return self.inner.features(state)

    def with_features(self, state: State, features: Tensor) -> State:
        return self.inner.with_features(state, features)

    def _stir(self, state: State, scale: float) -> State:
        if scale == 0:
            return state
        features = self.inner.features(state)
        # Drawn flat and laid out like the features: normal_ is ten times slower on channels-last memory.
        noise = torch.randn(features.numel(), generator=self.generator, dtype=features.dtype, device=features.device)
        noise = noise.mul_(scale).as_strided(features.size(), features.stride())
        return self.inner.with_features(state, features + noise)
