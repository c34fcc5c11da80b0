"""A step, compiled: the layers of a grid net at those positions alone that see something move.

A plane holds a layer's features for all puzzles: (B, rows, columns, W), with a margin of zeros around each picture.
Positions are numbered through all puzzles and rows, margins included, so that a neighbour is a fixed number away.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from longthink.base.compiled import compiled
from longthink.thinking.convolve import GROUP, convolve
from longthink.thinking import _vectors

ORDER_FREE = {"reassoc", "contract"}
"""Sums may be taken in any order, so that they are vectorised; NaN stays NaN."""
CHUNK = 256
"""Positions that a layer computes before it writes them: what stays in a core's cache."""

BESIDE, AROUND = 1, 2
"""A layer reads a plane at its own position, or where its taps lead; 0 for a plane that it does not read."""
PLANE = np.dtype([("begin", np.int64), ("groups", np.int64)])
"""Where a plane's features begin, and how many groups there are of a position."""
LAYER = np.dtype(
    [
        ("looks_at", np.int64),
        ("taps", np.int64),
        ("groups", np.int64),
        ("beside", np.int64),
        ("rectified", np.bool_),
        ("makes", np.int64),
        ("chunk", np.int64),
    ]
)
"""The plane that a layer looks at, by how many taps, and how many groups it makes; how many planes it adds, and
whether it rectifies; the plane that it makes; how many positions it computes before it writes them."""


class Step(NamedTuple):
    """A step, as far as it is made of sums, and where the next iteration must compute it."""

    features: NDArray[np.float32]
    """Of all planes, one after the other: (groups, GROUP)."""
    planes: NDArray[np.void]
    layers: NDArray[np.void]
    readers: NDArray[np.int8]
    """(planes, layers)"""
    taps: NDArray[np.int64]
    """Of each layer (layers, taps): what is added to a position's number to look somewhere."""
    beside: NDArray[np.int64]
    """The planes that each layer adds (layers, planes)."""
    weights: NDArray[np.float32]
    """Of each layer (layers, weights), as `arranged`."""
    state: int
    """The plane of the state."""
    asleep: NDArray[np.bool_]
    """(layers, positions): what a layer need not compute next; margins, which it never does, are not."""
    awake: NDArray[np.int32]
    """(layers, positions + 1): what each layer must compute, as many as it counts; then there is room for one more."""
    counts: NDArray[np.int64]
    taken: NDArray[np.int32]
    made: NDArray[np.float32]
    """Memory for what a layer is computing, and for what it made of it."""
    tile_of: NDArray[np.int32]
    """Of each position."""
    touched: NDArray[np.bool_]
    distances: NDArray[np.float64]
    """Of the tiles: whether the state moved there, and the sum of squares of how far."""


@compiled
def take(step, index):  # type: ignore[no-untyped-def]
    """The positions that a layer must compute, which are asleep from then on."""
    count = step.counts[index]
    step.counts[index] = 0
    taken = step.taken[:count]
    for place in range(count):
        position = step.awake[index, place]
        taken[place] = position
        step.asleep[index, position] = True
    return taken


@compiled
def look(step, index, positions, made):  # type: ignore[no-untyped-def]
    """Fill `made` (N, groups, GROUP) with what a layer's convolution makes of N positions."""
    layer = step.layers[index]
    plane, taps = step.planes[layer.looks_at], step.taps[index, : layer.taps]
    convolve(step.features[plane.begin :], plane.groups, positions, taps, step.weights[index], made)


@compiled
def _wake(step, plane, position):  # type: ignore[no-untyped-def]
    """Wake what reads a position."""
    for index in range(len(step.layers)):
        reads = step.readers[plane, index]
        if reads == 0:
            continue
        asleep, awake, count = step.asleep[index], step.awake[index], step.counts[index]
        for tap in range(step.layers[index].taps if reads == AROUND else 1):
            there = position + step.taps[index, tap] if reads == AROUND else position  # taps are the same on both sides
            awake[count] = there  # for nothing if it is awake, which is faster than to branch
            count += asleep[there]
            asleep[there] = False
        step.counts[index] = count


@compiled(fastmath=ORDER_FREE)
def put(step, plane, positions, made, tolerance):  # type: ignore[no-untyped-def]
    """Write the features (N, groups, GROUP) of N positions where they moved, and wake what reads them.

    A position has moved if the absolute changes of its features add up to more than `tolerance`, or are not numbers;
    what has not keeps its old features.
    """
    begin, groups = step.planes[plane].begin, step.planes[plane].groups
    for place in range(len(positions)):
        position = positions[place]
        new, old = made[place], step.features[begin + position * groups : begin + (position + 1) * groups]
        by, square = _vectors.apart(new, old)
        if by <= tolerance:
            continue
        _vectors.copy(old, new)
        if plane == step.state:
            tile = step.tile_of[position]
            step.touched[tile] = True
            step.distances[tile] += square
        _wake(step, plane, position)


@compiled
def _sum(step, index, positions, made):  # type: ignore[no-untyped-def]
    """Add to `made` (N, groups, GROUP) the planes beside, and rectify it, as a layer does."""
    layer = step.layers[index]
    for place in range(len(positions)):
        here = made[place]
        for which in range(layer.beside):
            begin = step.planes[step.beside[index, which]].begin + positions[place] * layer.groups
            _vectors.add(here, step.features[begin : begin + layer.groups])
        if layer.rectified:
            _vectors.rectify(here)


@compiled
def compute(step, first, after, tolerance):  # type: ignore[no-untyped-def]
    """Compute some layers that are sums, one after the other, where they must be; at how many positions."""
    computed = 0
    for index in range(first, after):
        layer = step.layers[index]
        positions = take(step, index)
        computed += len(positions)
        for begin in range(0, len(positions), layer.chunk):
            some = positions[begin : begin + layer.chunk]
            made = step.made[: len(some) * layer.groups].reshape(len(some), layer.groups, GROUP)
            look(step, index, some, made)
            _sum(step, index, some, made)
            put(step, layer.makes, some, made, tolerance)
    return computed


@compiled(fastmath=ORDER_FREE)
def describe(plane, probe, touched, sizes, signatures):  # type: ignore[no-untyped-def]
    """The sum of squares of each tile of a plane that was touched, and its product with the probe (h, y, groups, GROUP).

    Tiles are as large as the probe, and numbered through all puzzles, from the first row to the last, from left to
    right. They are untouched from then on.
    """
    batch, rows, columns, groups, _ = plane.shape
    tile = 0
    for puzzle in range(batch):
        for top in range(0, rows, len(probe)):
            for left in range(0, columns, probe.shape[1]):
                if touched[tile]:
                    touched[tile] = False
                    size, signature = 0.0, 0.0
                    for y in range(min(len(probe), rows - top)):
                        for x in range(min(probe.shape[1], columns - left)):
                            there, weights = plane[puzzle, top + y, left + x], probe[y, x]
                            square, product = np.float32(0), np.float32(0)
                            for group in range(groups):
                                for channel in range(GROUP):
                                    square += there[group, channel] * there[group, channel]
                                    product += there[group, channel] * weights[group, channel]
                            size += square
                            signature += product
                    sizes[tile] = size
                    signatures[tile] = signature
                tile += 1


@compiled
def count_repeats(signatures, now, tolerance, repeats):  # type: ignore[no-untyped-def]
    """Count in `repeats` how often, of late, the signatures were those of so many iterations before.

    `signatures` (iterations, tiles) are a ring, whose newest row is `now`.
    """
    for length in range(1, len(signatures)):
        before = signatures[(now - length) % len(signatures)]
        same = True
        for tile in range(len(before)):
            if not abs(signatures[now, tile] - before[tile]) <= tolerance:
                same = False
                break
        repeats[length] = repeats[length] + 1 if same else 0
