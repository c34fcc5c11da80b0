"""Square tiles of grids, compiled: cut them out with what lies around them, put back what has moved.

A plane holds a layer's features for all puzzles: (B, rows, columns, W), with a margin of zeros around each picture.
Tiles are numbered puzzle by puzzle, from the first row to the last, from left to right.
"""

from typing import NamedTuple

import numpy as np

from longthink.base.compiled import compiled

ORDER_FREE = {"reassoc", "contract"}
"""Sums may be taken in any order, so that they are vectorised; NaN stays NaN."""


class Axis(NamedTuple):
    """`size` positions in `tiles` of `tile` each, behind a margin of zeros; the last tile may stick out."""

    size: int
    tile: int
    tiles: int
    margin: int

    @property
    def padded(self) -> int:
        return self.tiles * self.tile + 2 * self.margin


def axis(size: int, tile: int, margin: int) -> Axis:
    """An axis whose tiles are at least as long as the margin is wide, so that a reach ends in the next tile.

    >>> axis(20, tile=8, margin=1)
    Axis(size=20, tile=8, tiles=3, margin=1)
    """
    tile = max(min(tile, size), margin)
    return Axis(size, tile, -(-size // tile), margin)


@compiled
def _place(number, down, across):  # type: ignore[no-untyped-def]
    """Puzzle, row and column of a tile."""
    return number // (down.tiles * across.tiles), number // across.tiles % down.tiles, number % across.tiles


@compiled
def _along(axis, place):  # type: ignore[no-untyped-def]
    """Where a tile begins on the padded axis, and how many of its positions lie in the picture."""
    return axis.margin + place * axis.tile, min(axis.tile, axis.size - place * axis.tile)


@compiled
def cut(plane, down, across, tiles, reach, windows):  # type: ignore[no-untyped-def]
    """Fill windows (N, h, y, W) with N tiles and what lies within `reach`, down and across, around each."""
    for index in range(len(tiles)):
        puzzle, row, column = _place(tiles[index], down, across)
        top, left = _along(down, row)[0] - reach[0], _along(across, column)[0] - reach[1]
        for y in range(windows.shape[1]):
            source, target = plane[puzzle, top + y].reshape(-1), windows[index, y].reshape(-1)
            first = left * windows.shape[3]
            for place in range(len(target)):
                target[place] = source[first + place]


@compiled(fastmath=ORDER_FREE)
def _put(old, top, left, new, above, before, height, width, tolerance, everything, wake, readers, reaches, tile):  # type: ignore[no-untyped-def]
    """Write one tile of `old` (rows, columns, W), at `top` and `left`, from that of `new`, at `above` and `before`.

    Returns whether it moved, and the sum of squares of what was written less what was there. The tile is `tile` long
    along each axis, `height` by `width` of it lie in the picture; `wake` (layers, 3, 3) is of the tiles around.
    """
    tile_moved, distance = False, np.float64(0)
    for y in range(height):
        old_row, new_row = old[top + y], new[above + y]
        for x in range(width):
            there, here = old_row[left + x], new_row[before + x]
            by, square = np.float32(0), np.float32(0)
            for channel in range(len(there)):
                difference = here[channel] - there[channel]
                by += abs(difference)
                square += difference * difference
            moved = not by <= tolerance
            if moved or everything:
                distance += square
                for channel in range(len(there)):
                    there[channel] = here[channel]
            if not moved:
                continue
            tile_moved = True
            for which in range(len(readers)):
                far_down, far_across = reaches[which]
                for i in range(0 if y < far_down else 1, 3 if y >= tile[0] - far_down else 2):
                    for j in range(0 if x < far_across else 1, 3 if x >= tile[1] - far_across else 2):
                        wake[readers[which], i, j] = True
    return tile_moved, distance


@compiled
def put(plane, down, across, tiles, features, tolerance, readers, reaches, awake, distances):  # type: ignore[no-untyped-def]
    """Write the features (N, h, y, W) of N tiles where they moved, and wake what looks there.

    A position has moved if the absolute changes of its features add up to more than `tolerance`, or are not numbers;
    what has not keeps its old features. `awake` (layers, B, tiles + 2, tiles + 2), which has a ring of tiles more
    around each picture, is set for each layer of `readers` at every tile within its `reaches` (readers, 2) of a
    position that moved. `distances` of the tiles become the sum of squares of how far they moved.
    """
    tile = (down.tile, across.tile)
    for index in range(len(tiles)):
        puzzle, row, column = _place(tiles[index], down, across)
        top, height = _along(down, row)
        left, width = _along(across, column)
        wake = awake[:, puzzle, row : row + 3, column : column + 3]
        _, distances[tiles[index]] = _put(
            plane[puzzle],
            top,
            left,
            features[index],
            0,
            0,
            height,
            width,
            tolerance,
            False,
            wake,
            readers,
            reaches,
            tile,
        )


@compiled
def put_whole(plane, down, across, features, tolerance, distances):  # type: ignore[no-untyped-def]
    """Write the features (B, H, Y, W) of everything; how many tiles moved, in the sense of `put`."""
    moved, tile = 0, (down.tile, across.tile)
    readers, reaches = np.zeros(0, np.int64), np.zeros((0, 2), np.int64)
    wake = np.zeros((1, 1, 3, 3), np.bool_)[:, 0, 0:3, 0:3]
    for number in range(len(distances)):
        puzzle, row, column = _place(number, down, across)
        top, height = _along(down, row)
        left, width = _along(across, column)
        above, before = top - down.margin, left - across.margin
        old, new = plane[puzzle], features[puzzle]
        tile_moved, distances[number] = _put(
            old, top, left, new, above, before, height, width, tolerance, True, wake, readers, reaches, tile
        )
        moved += tile_moved
    return moved


@compiled(fastmath=ORDER_FREE)
def describe(plane, down, across, tiles, probe, sizes, signatures):  # type: ignore[no-untyped-def]
    """The sum of squares of each of some tiles, and its product with the probe (h, y, W)."""
    for index in range(len(tiles)):
        puzzle, row, column = _place(tiles[index], down, across)
        top, height = _along(down, row)
        left, width = _along(across, column)
        size, signature = np.zeros(2)
        for y in range(height):
            there_row, probe_row = plane[puzzle, top + y], probe[y]
            for x in range(width):
                there, weights = there_row[left + x], probe_row[x]
                square, product = np.float32(0), np.float32(0)
                for channel in range(len(there)):
                    square += there[channel] * there[channel]
                    product += there[channel] * weights[channel]
                size += square
                signature += product
        sizes[tiles[index]] = size
        signatures[tiles[index]] = signature
