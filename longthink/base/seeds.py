"""Every random draw starts here: from a stable digest of what it is for, never from sums of seeds or global state."""

import hashlib

import numpy as np


def digest(*key: str | int) -> int:
    """A number in 0..2**63-1 that stands for a purpose; stable across machines, versions and processes.

    >>> digest("weights", "prefix_sums", 0)
    8268478112107346940
    >>> digest("a", 1) == digest("a", "1")
    False
    """
    return int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:8], "big") >> 1


def generator(*key: str | int) -> np.random.Generator:
    """A numpy generator of its own for a purpose."""
    return generator_of(digest(*key))


def generator_of(number: int) -> np.random.Generator:
    """The numpy generator that a digest stands for."""
    return np.random.Generator(np.random.PCG64(number))
