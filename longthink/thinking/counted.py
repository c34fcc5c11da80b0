"""A state that knows how many steps it has taken, for nets whose steps differ or that come to an end."""

from typing import NamedTuple

from torch import Tensor


class Counted(NamedTuple):
    """Features (B, W, ...), and how many steps they have taken, as far as that makes a difference to the next."""

    features: Tensor
    steps: int
