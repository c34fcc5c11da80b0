"""Convolutions of positions chosen one by one, each as fast as in a convolution of a whole picture.

Features are channels last, and the channels of a position fill whole groups. The sums of some positions and some groups
stay in vector registers while everything that they are made of is added (`_vectors.convolved`).
"""

import numpy as np
from numpy.typing import NDArray

from longthink.base.compiled import compiled
from longthink.thinking._vectors import AT_ONCE, GROUP, MOST_GROUPS, convolved


def groups_of(channels: int) -> int:
    """How many groups so many channels fill.

    >>> groups_of(20)
    3
    """
    return -(-channels // GROUP)


def grouped(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features (N, W) as (N, groups, GROUP), the last group filled up with zeros."""
    count, width = features.shape
    groups = np.zeros((count, groups_of(width), GROUP), np.float32)
    groups.reshape(count, -1)[:, :width] = features
    return groups


def arranged(weight: NDArray[np.float32], bias: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights (taps, in, out) and biases (out,) in the order in which `convolve` wants them.

    That is part by part of the groups of outputs: their biases, then their weights for each tap and input.
    """
    taps, inputs, outputs = weight.shape
    filled = np.zeros((taps, groups_of(inputs) * GROUP, groups_of(outputs) * GROUP), np.float32)
    filled[:, :inputs, :outputs] = weight
    rows = np.concatenate([grouped(bias[None]).reshape(1, -1), filled.reshape(-1, filled.shape[2])])
    groups = groups_of(outputs)
    begins = [GROUP * _begin(groups, part) for part in range(1, _parts(groups))]
    return np.concatenate([part.ravel() for part in np.split(rows, begins, axis=1)])


@compiled
def _parts(groups):  # type: ignore[no-untyped-def]
    """Into how many parts groups are divided, none of more than MOST_GROUPS."""
    return -(-groups // MOST_GROUPS)


@compiled
def _begin(groups, part):  # type: ignore[no-untyped-def]
    """Where a part begins: they are as even as can be."""
    return groups * part // _parts(groups)


@compiled
def convolve(features, groups, positions, taps, weights, sums):  # type: ignore[no-untyped-def]
    """Fill `sums` (N, groups, GROUP) with what a convolution makes of N positions.

    `features` (all positions x groups, GROUP) have wherever `taps`, which are added to a position's number, lead;
    `weights` are `arranged`. What it makes of a position does not depend on the other positions.
    """
    outputs = sums.shape[1]
    several, some = np.empty(AT_ONCE, np.int64), np.empty((AT_ONCE, outputs, GROUP), np.float32)
    for first in range(0, len(positions), AT_ONCE):
        count = min(AT_ONCE, len(positions) - first)
        for place in range(AT_ONCE):  # the last ones several times over
            several[place] = positions[first + min(place, count - 1)]
        results = sums[first : first + AT_ONCE] if count == AT_ONCE else some
        begin = 0
        for part in range(_parts(outputs)):
            number = _begin(outputs, part + 1) - _begin(outputs, part)
            own, result = weights[begin:], results[:, _begin(outputs, part) :]
            if number == 1:
                convolved(1, features, groups, several, taps, own, result)
            elif number == 2:
                convolved(2, features, groups, several, taps, own, result)
            elif number == 3:
                convolved(3, features, groups, several, taps, own, result)
            else:
                convolved(4, features, groups, several, taps, own, result)
            begin += number * GROUP * (1 + len(taps) * groups * GROUP)
        if count < AT_ONCE:
            sums[first : first + count] = some[:count]
