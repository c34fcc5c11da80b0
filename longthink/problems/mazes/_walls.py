"""The walls of mazes, compiled: spanning trees, openings, scattered walls, and which split they are of.

A maze is an array of cells (rows, columns). Cells with even row and column are the nodes of a grid graph, the cells
between two nodes are its edges, the others always wall; where walls are scattered, every cell is a node. All randomness
comes from the state `rng`: splitmix64, whose numbers are the same for ever on every machine.
"""

import numpy as np
from numba import uint64
from numpy.typing import NDArray

from longthink.base.compiled import compiled
from longthink.base.splitmix import SHARES, below, mix

WALL, OPEN, GREEN, RED = 0, 1, 2, 3
ROWS = np.array([-1, 0, 1, 0])
COLUMNS = np.array([0, 1, 0, -1])
Cells = NDArray[np.uint8]


@compiled
def _neighbour(node, direction, tall, wide):  # type: ignore[no-untyped-def]
    """The node next to a node of a tall x wide grid graph, or -1 outside."""
    row, column = node // wide + ROWS[direction], node % wide + COLUMNS[direction]
    if row < 0 or row >= tall or column < 0 or column >= wide:
        return -1
    return row * wide + column


@compiled
def _connect(cells, node, direction, wide):  # type: ignore[no-untyped-def]
    """Open a node, the edge in a direction, and the node there."""
    row, column = 2 * (node // wide), 2 * (node % wide)
    cells[row, column] = OPEN
    cells[row + ROWS[direction], column + COLUMNS[direction]] = OPEN
    cells[row + 2 * ROWS[direction], column + 2 * COLUMNS[direction]] = OPEN


@compiled
def depth_first(cells, tall, wide, rng):  # type: ignore[no-untyped-def]
    """Walk to a random unvisited neighbour, go back where there is none (the dissertation's mazes)."""
    visited = np.zeros(tall * wide, np.bool_)
    stack = np.empty(tall * wide, np.int32)
    stack[0] = below(rng, tall * wide)
    visited[stack[0]] = True
    top = 0
    choices = np.empty(4, np.int64)
    while top >= 0:
        node = stack[top]
        count = 0
        for direction in range(4):
            there = _neighbour(node, direction, tall, wide)
            if there >= 0 and not visited[there]:
                choices[count] = direction
                count += 1
        if count == 0:
            top -= 1
            continue
        direction = choices[below(rng, count)]
        there = _neighbour(node, direction, tall, wide)
        _connect(cells, node, direction, wide)
        visited[there] = True
        top += 1
        stack[top] = there


@compiled
def wilson(cells, tall, wide, rng):  # type: ignore[no-untyped-def]
    """Loop-erased random walks: every spanning tree is equally likely."""
    nodes = tall * wide
    inside = np.zeros(nodes, np.bool_)
    inside[below(rng, nodes)] = True
    leaving = np.zeros(nodes, np.int8)
    for first in range(nodes):
        node = first
        while not inside[node]:
            direction = below(rng, 4)
            there = _neighbour(node, direction, tall, wide)
            if there >= 0:
                leaving[node] = direction
                node = there
        node = first
        while not inside[node]:
            inside[node] = True
            _connect(cells, node, leaving[node], wide)
            node = _neighbour(node, leaving[node], tall, wide)


@compiled
def kruskal(cells, tall, wide, rng):  # type: ignore[no-untyped-def]
    """All edges in random order, each kept if it joins two parts."""
    edges = np.empty(tall * (wide - 1) + wide * (tall - 1), np.int32)
    count = 0
    for node in range(tall * wide):
        for direction in range(1, 3):  # right and down
            if _neighbour(node, direction, tall, wide) >= 0:
                edges[count] = 4 * node + direction
                count += 1
    root = np.arange(tall * wide, dtype=np.int32)
    for left in range(count, 0, -1):
        chosen = below(rng, left)
        edge = edges[chosen]
        edges[chosen] = edges[left - 1]
        node, direction = edge // 4, edge % 4
        one, other = node, _neighbour(node, direction, tall, wide)
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        while root[other] != other:
            root[other] = root[root[other]]
            other = root[other]
        if one != other:
            root[one] = other
            _connect(cells, node, direction, wide)


@compiled
def prim(cells, tall, wide, rng):  # type: ignore[no-untyped-def]
    """Grow one tree by random edges that leave it."""
    nodes = tall * wide
    inside = np.zeros(nodes, np.bool_)
    leaving = np.empty(4 * nodes, np.int32)
    count = 0
    node = below(rng, nodes)
    reached = 1
    while True:
        inside[node] = True
        if reached == nodes:
            return
        for direction in range(4):
            there = _neighbour(node, direction, tall, wide)
            if there >= 0 and not inside[there]:
                leaving[count] = 4 * node + direction
                count += 1
        while True:
            chosen = below(rng, count)
            edge = leaving[chosen]
            count -= 1
            leaving[chosen] = leaving[count]
            there = _neighbour(edge // 4, edge % 4, tall, wide)
            if not inside[there]:
                break
        _connect(cells, edge // 4, edge % 4, wide)
        node = there
        reached += 1


@compiled
def add_openings(cells, openings, rng):  # type: ignore[no-untyped-def]
    """Open each edge that is still wall with probability `openings`."""
    rows, columns = cells.shape
    bound = np.int64(openings * 2**31)
    for row in range(rows):
        for column in range((row + 1) % 2, columns, 2):
            if cells[row, column] == WALL and below(rng, 2**31) < bound:
                cells[row, column] = OPEN


@compiled
def scatter(cells, rng):  # type: ignore[no-untyped-def]
    """Walls on 30 to 50 % of the cells, any share as likely (Lehnert et al. 2024).

    The outermost cells are walls where a side is even; see `_text.without_frame`.
    """
    rows, columns = cells.shape
    around = 0 if rows % 2 == columns % 2 == 1 else 1
    wide = columns - 2 * around
    count = (rows - 2 * around) * wide
    places = np.arange(count)
    walls = 3 * count // 10 + below(rng, count // 2 - 3 * count // 10 + 1)
    for left in range(count, walls, -1):
        chosen = below(rng, left)
        cells[around + places[chosen] // wide, around + places[chosen] % wide] = OPEN
        places[chosen] = places[left - 1]


@compiled
def share(cells):  # type: ignore[no-untyped-def]
    """Which of the equal shares of all wall layouts one belongs to; the same for its 8 mirrored and turned forms.

    Edges count alone where both sides are odd, and all cells where one is even.
    """
    rows, columns = cells.shape
    step = 2 if rows % 2 == columns % 2 == 1 else 1
    sums = np.zeros(8, np.uint64)
    for row in range(rows):
        for column in range((row + 1) % step, columns, step):
            if cells[row, column] != WALL:
                for symmetry in range(8):
                    r = rows - 1 - row if symmetry & 1 else row
                    c = columns - 1 - column if symmetry & 2 else column
                    position = c * rows + r if symmetry & 4 else r * columns + c
                    sums[symmetry] += mix(uint64(position + 1) * uint64(0x9E3779B97F4A7C15))
    total = uint64(0)
    for symmetry in range(8):
        total += mix(sums[symmetry] + uint64(max(rows, columns)))
    return np.int64((mix(total) >> uint64(32)) % uint64(SHARES))
