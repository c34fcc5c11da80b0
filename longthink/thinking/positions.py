"""A step, compiled: the layers of a grid net at those positions alone that see something move.

A plane holds a layer's features for all puzzles: (B, rows, columns, W), with a margin of zeros around each picture.
Positions are numbered through all puzzles and rows, margins included, so that a neighbour is a fixed number away.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from longthink.base.compiled import compiled
from longthink.thinking import _vectors
from longthink.thinking._vectors import GROUP
from longthink.thinking.convolve import convolve

WORD = 8
"""Positions of which one can tell at once whether all of them sleep."""
CHUNK = 512
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
    inside: NDArray[np.uint8]
    """(positions,): 1 for those of pictures, 0 for those of margins; then up to a whole word."""
    awake: NDArray[np.uint8]
    """(layers, positions): 1 for what a layer must compute next, else 0."""
    words: NDArray[np.uint64]
    """The same memory: WORD positions in each."""
    taken: NDArray[np.int32]
    made: NDArray[np.float32]
    """Memory for the positions that a layer computes, WORD more than there can be, and for what it makes of them."""
    tile_of: NDArray[np.int32]
    """Of each position."""
    touched: NDArray[np.bool_]
    distances: NDArray[np.float64]
    """Of the tiles: whether the state moved there, and the sum of squares of how far."""


@compiled
def take(step, index):  # type: ignore[no-untyped-def]
    """The positions that a layer must compute, in order; none of them is awake from then on."""
    taken, awake, words, count = step.taken, step.awake[index], step.words[index], 0
    for word in range(len(words)):
        if words[word] != 0:
            for position in range(word * WORD, (word + 1) * WORD):
                taken[count] = position  # for nothing if it sleeps, which is faster than to branch
                count += awake[position]
            words[word] = 0
    return taken[:count]


@compiled
def look(step, index, positions, made):  # type: ignore[no-untyped-def]
    """Fill `made` (N, groups, GROUP) with what a layer's convolution makes of N positions."""
    layer = step.layers[index]
    plane, taps = step.planes[layer.looks_at], step.taps[index, : layer.taps]
    convolve(step.features[plane.begin :], plane.groups, positions, taps, step.weights[index], made)


@compiled
def _wake(step, plane, positions):  # type: ignore[no-untyped-def]
    """Wake what reads some positions of a plane."""
    inside = step.inside
    for index in range(len(step.layers)):
        awake, taps = step.awake[index], step.taps[index, : step.layers[index].taps]
        if step.readers[plane, index] == AROUND:
            for tap in taps:  # which are the same on both sides
                for position in positions:
                    awake[position + tap] = inside[position + tap]
        elif step.readers[plane, index] == BESIDE:
            for position in positions:
                awake[position] = 1


@compiled
def put(step, plane, positions, made, tolerance):  # type: ignore[no-untyped-def]
    """Write the features (N, groups, GROUP) of N positions where they moved, and wake what reads them.

    A position has moved if the absolute changes of its features add up to more than `tolerance`, or are not numbers;
    what has not keeps its old features. `positions` are those that moved from then on, and others.
    """
    begin, groups, features = step.planes[plane].begin, step.planes[plane].groups, step.features
    is_state, tile_of, touched, distances = plane == step.state, step.tile_of, step.touched, step.distances
    moved = 0
    for place in range(len(positions)):
        position = positions[place]
        here = begin + position * groups
        new, old = made[place], features[here : here + groups]
        by, square = _vectors.apart(new, old)
        if by <= tolerance:
            continue
        _vectors.copy(old, new)
        positions[moved] = position
        moved += 1
        if is_state:
            touched[tile_of[position]] = True
            distances[tile_of[position]] += square
    _wake(step, plane, positions[:moved])


@compiled
def _sum(step, index, positions, made):  # type: ignore[no-untyped-def]
    """Add to `made` (N, groups, GROUP) the planes beside, and rectify it, as a layer does."""
    groups, features = step.layers[index].groups, step.features
    for which in range(step.layers[index].beside):
        begin = step.planes[step.beside[index, which]].begin
        for place in range(len(positions)):
            here = begin + positions[place] * groups
            _vectors.add(made[place], features[here : here + groups])
    if step.layers[index].rectified:
        for place in range(len(positions)):
            _vectors.rectify(made[place])


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


@compiled
def describe(plane, probe, touched, sizes, signatures):  # type: ignore[no-untyped-def]
    """The sum of squares of each tile of a plane that was touched, and its product with the probe.

    Tiles are as large as the probe (h, y, groups, GROUP), and numbered through all puzzles, from the first row to the
    last, from left to right. They are untouched from then on.
    """
    batch, rows, columns = plane.shape[:3]
    tile = 0
    for puzzle in range(batch):
        for top in range(0, rows, len(probe)):
            for left in range(0, columns, probe.shape[1]):
                if touched[tile]:
                    touched[tile] = False
                    size, signature = np.zeros(2)
                    for y in range(min(len(probe), rows - top)):
                        for x in range(min(probe.shape[1], columns - left)):
                            there = plane[puzzle, top + y, left + x]
                            square, product = _vectors.size_and_product(there, probe[y, x])
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
