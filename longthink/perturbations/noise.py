"""Gaussian noise on the state (section 5.5.1, figures 5.9 and 5.13)."""

import numpy as np
import torch
from torch import Tensor

from longthink.contracts import Perturbation
from longthink.registry import register


@register
class Noise(Perturbation):
    """Adds Gaussian noise to the features; `strength` is its standard deviation (the dissertation's: 1)."""

    def to_features(self, features: Tensor, rng: np.random.Generator) -> Tensor:
        noise = torch.from_numpy(rng.standard_normal(tuple(features.shape), dtype=np.float32))
        return features + self.strength * noise.to(features)
