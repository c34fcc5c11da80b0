"""States exchanged between puzzles (section 5.5.2, figure 5.8 and table 5.5)."""

from typing import Annotated

import numpy as np
from pydantic import Field
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Perturbation
from longthink.registry import register


@register
class Swap(Perturbation):
    """Replaces the features of each puzzle by those of another one; a `strength` below 1 mixes in that share."""

    strength: Annotated[float, Field(ge=0, le=1)] = 1.0

    def to_features(self, features: Tensor, rng: np.random.Generator) -> Tensor:  # noqa: ARG002
        if len(features) < 2:
            raise UserError("States are swapped between puzzles; take at least 2.")
        return features.lerp(features.roll(1, 0), self.strength)
