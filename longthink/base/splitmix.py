"""Random numbers in compiled code: splitmix64, whose numbers are the same for ever on every machine."""

import numpy as np
from numba import uint64

from longthink.base.compiled import compiled

SHARES = 4
"""Equal shares that kernels split all puzzles into; see `_drawing.OF_FOUR`."""


@compiled
def mix(value):  # type: ignore[no-untyped-def]
    """The finaliser of splitmix64: a hash of 64 bits."""
    value = (value ^ (value >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> uint64(27))) * uint64(0x94D049BB133111EB)
    return value ^ (value >> uint64(31))


@compiled
def below(rng, bound):  # type: ignore[no-untyped-def]
    """A number in 0..bound-1; `rng` is the array of one that holds the state."""
    rng[0] += uint64(0x9E3779B97F4A7C15)
    return np.int64(((mix(rng[0]) >> uint64(32)) * uint64(bound)) >> uint64(32))
