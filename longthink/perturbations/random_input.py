"""Random noise in the place of a puzzle (section 5.5.4, figures 5.12 and 5.15)."""

from dataclasses import replace
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Perturbation, Puzzles
from longthink.registry import register


@register
class RandomInput(Perturbation):
    """Replaces the input by noise of the same range, which has no right answer: watch the change of the state.

    A `strength` below 1 mixes in that share of noise, and the answer is still that of the puzzle.
    """

    strength: Annotated[float, Field(ge=0, le=1)] = 1.0

    def to_puzzles(self, puzzles: Puzzles, rng: np.random.Generator) -> Puzzles:
        if not isinstance(puzzles.x, Tensor) or not puzzles.x.is_floating_point():
            raise UserError("Noise can replace inputs that are one tensor of numbers, and these are not.")
        low, high = puzzles.x.aminmax()
        noise = torch.from_numpy(rng.random(tuple(puzzles.x.shape), dtype=np.float32)).to(puzzles.x)
        mixed = puzzles.x.lerp(low + (high - low) * noise, self.strength)
        return replace(puzzles, x=mixed, known=puzzles.known and self.strength < 1)
