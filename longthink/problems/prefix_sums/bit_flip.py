"""One bit of a string flipped (section 5.5.2, figure 5.8)."""

from typing import Annotated

import numpy as np
from pydantic import Field

from longthink.base.errors import UserError
from longthink.contracts import Perturbation, Puzzles
from longthink.problems.prefix_sums.problem import PrefixSums
from longthink.registry import name_of, register


@register
class BitFlip(Perturbation):
    """Flips the bit at `index` (from the end if negative; any, another one for each string, by default).

    `strength` is the share of strings in which one is flipped.
    """

    strength: Annotated[float, Field(ge=0, le=1)] = 1.0
    index: int | None = None

    def to_puzzles(self, puzzles: Puzzles, rng: np.random.Generator) -> Puzzles:
        problem = puzzles.problem
        if not isinstance(problem, PrefixSums):
            raise UserError(f"bit_flip is for prefix_sums; {name_of(type(problem))} has no bits to flip.")
        count, length = puzzles.y.shape
        if self.index is not None and not -length <= self.index < length:
            raise UserError(f"There is no bit {self.index} in strings of {length} bits; the last one is {length - 1}.")
        index = rng.integers(0, length, count) if self.index is None else np.full(count, self.index)
        flipped = rng.random(count) < self.strength
        bits = (puzzles.x[:, 0].cpu().numpy() > 0).astype(np.uint8)
        bits[flipped, index[flipped]] ^= 1
        return problem.from_bits(bits).to(puzzles.x.device)
