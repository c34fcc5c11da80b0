"""The state forgotten (section 5.5.1, figures 5.10 and 5.14)."""

from typing import Annotated

import numpy as np
from pydantic import Field
from torch import Tensor

from longthink.contracts import Perturbation
from longthink.registry import register


@register
class Zeros(Perturbation):
    """Replaces the features by zeros; a `strength` below 1 only shrinks them by that share."""

    strength: Annotated[float, Field(ge=0, le=1)] = 1.0

    def to_features(self, features: Tensor, rng: np.random.Generator) -> Tensor:  # noqa: ARG002
        return features * (1 - self.strength)
