"""Mazes as arrays of cells, compiled: spanning trees, openings, end points, shortest paths.

A maze of size n is an array of cells (n, n). Cells with even row and column are the nodes of a grid graph, the cells
between two nodes are its edges, the others always wall. All randomness comes from a 64-bit `key`: splitmix64, whose
numbers are the same for ever on every machine.
"""

import numpy as np
from numba import uint64
from numpy.typing import NDArray

from longthink.base.compiled import compiled
from longthink.problems._splitmix import SHARES, below, mix

WALL, OPEN, GREEN, RED = 0, 1, 2, 3
DEPTH_FIRST, WILSON, KRUSKAL, PRIM = 0, 1, 2, 3
ROWS = np.array([-1, 0, 1, 0])
COLUMNS = np.array([0, 1, 0, -1])
Cells = NDArray[np.uint8]


@compiled
def _neighbour(node, direction, side):  # type: ignore[no-untyped-def]
    """The node next to a node of a side x side grid graph, or -1 outside."""
    row, column = node // side + ROWS[direction], node % side + COLUMNS[direction]
    if row < 0 or row >= side or column < 0 or column >= side:
        return -1
    return row * side + column


@compiled
def _connect(cells, node, direction, side):  # type: ignore[no-untyped-def]
    """Open a node, the edge in a direction, and the node there."""
    row, column = 2 * (node // side), 2 * (node % side)
    cells[row, column] = OPEN
    cells[row + ROWS[direction], column + COLUMNS[direction]] = OPEN
    cells[row + 2 * ROWS[direction], column + 2 * COLUMNS[direction]] = OPEN


@compiled
def _depth_first(cells, side, rng):  # type: ignore[no-untyped-def]
    """Walk to a random unvisited neighbour, go back where there is none (the dissertation's mazes)."""
    visited = np.zeros(side * side, np.bool_)
    stack = np.empty(side * side, np.int32)
    stack[0] = below(rng, side * side)
    visited[stack[0]] = True
    top = 0
    choices = np.empty(4, np.int64)
    while top >= 0:
        node = stack[top]
        count = 0
        for direction in range(4):
            there = _neighbour(node, direction, side)
            if there >= 0 and not visited[there]:
                choices[count] = direction
                count += 1
        if count == 0:
            top -= 1
            continue
        direction = choices[below(rng, count)]
        there = _neighbour(node, direction, side)
        _connect(cells, node, direction, side)
        visited[there] = True
        top += 1
        stack[top] = there


@compiled
def _wilson(cells, side, rng):  # type: ignore[no-untyped-def]
    """Loop-erased random walks: every spanning tree is equally likely."""
    nodes = side * side
    inside = np.zeros(nodes, np.bool_)
    inside[below(rng, nodes)] = True
    leaving = np.zeros(nodes, np.int8)
    for first in range(nodes):
        node = first
        while not inside[node]:
            direction = below(rng, 4)
            there = _neighbour(node, direction, side)
            if there >= 0:
                leaving[node] = direction
                node = there
        node = first
        while not inside[node]:
            inside[node] = True
            _connect(cells, node, leaving[node], side)
            node = _neighbour(node, leaving[node], side)


@compiled
def _kruskal(cells, side, rng):  # type: ignore[no-untyped-def]
    """All edges in random order, each kept if it joins two parts."""
    edges = np.empty(2 * side * (side - 1), np.int32)
    count = 0
    for node in range(side * side):
        for direction in range(1, 3):  # right and down
            if _neighbour(node, direction, side) >= 0:
                edges[count] = 4 * node + direction
                count += 1
    root = np.arange(side * side, dtype=np.int32)
    for left in range(count, 0, -1):
        chosen = below(rng, left)
        edge = edges[chosen]
        edges[chosen] = edges[left - 1]
        node, direction = edge // 4, edge % 4
        one, other = node, _neighbour(node, direction, side)
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        while root[other] != other:
            root[other] = root[root[other]]
            other = root[other]
        if one != other:
            root[one] = other
            _connect(cells, node, direction, side)


@compiled
def _prim(cells, side, rng):  # type: ignore[no-untyped-def]
    """Grow one tree by random edges that leave it."""
    nodes = side * side
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
            there = _neighbour(node, direction, side)
            if there >= 0 and not inside[there]:
                leaving[count] = 4 * node + direction
                count += 1
        while True:
            chosen = below(rng, count)
            edge = leaving[chosen]
            count -= 1
            leaving[chosen] = leaving[count]
            there = _neighbour(edge // 4, edge % 4, side)
            if not inside[there]:
                break
        _connect(cells, edge // 4, edge % 4, side)
        node = there
        reached += 1


@compiled
def _add_openings(cells, openings, rng):  # type: ignore[no-untyped-def]
    """Open each edge that is still wall with probability `openings`."""
    size = cells.shape[0]
    bound = np.int64(openings * 2**31)
    for row in range(size):
        for column in range((row + 1) % 2, size, 2):
            if cells[row, column] == WALL and below(rng, 2**31) < bound:
                cells[row, column] = OPEN


@compiled
def share(cells):  # type: ignore[no-untyped-def]
    """Which of the equal shares of all wall layouts one belongs to; the same for its 8 mirrored and turned forms."""
    size = cells.shape[0]
    sums = np.zeros(8, np.uint64)
    for row in range(size):
        for column in range((row + 1) % 2, size, 2):
            if cells[row, column] != WALL:
                for symmetry in range(8):
                    r = size - 1 - row if symmetry & 1 else row
                    c = size - 1 - column if symmetry & 2 else column
                    position = c * size + r if symmetry & 4 else r * size + c
                    sums[symmetry] += mix(uint64(position + 1) * uint64(0x9E3779B97F4A7C15))
    total = uint64(0)
    for symmetry in range(8):
        total += mix(sums[symmetry] + uint64(size))
    return np.int64((mix(total) >> uint64(32)) % uint64(SHARES))


@compiled
def _place_ends(cells, dead_ends, rng):  # type: ignore[no-untyped-def]
    """Two different nodes, green and red, anywhere or at dead ends; False where there are no two."""
    size = cells.shape[0]
    side = (size + 1) // 2
    candidates = np.empty(side * side, np.int32)
    count = 0
    for node in range(side * side):
        row, column = 2 * (node // side), 2 * (node % side)
        ways = 0
        for direction in range(4):
            r, c = row + ROWS[direction], column + COLUMNS[direction]
            if 0 <= r < size and 0 <= c < size and cells[r, c] != WALL:
                ways += 1
        if ways == 1 or not dead_ends:
            candidates[count] = node
            count += 1
    if count < 2:
        return False
    chosen = below(rng, count)
    green = candidates[chosen]
    candidates[chosen] = candidates[count - 1]
    red = candidates[below(rng, count - 1)]
    cells[2 * (green // side), 2 * (green % side)] = GREEN
    cells[2 * (red // side), 2 * (red % side)] = RED
    return True


@compiled
def shortest_path(cells, path):  # type: ignore[no-untyped-def]
    """Breadth-first search from green to red over cells (H, W); marks a shortest path in `path` (H, W).

    Returns its number of cells, or 0 where there is no path, or no green to begin at.
    """
    height, width = cells.shape
    path[:] = 0
    start = -1
    for position in range(height * width):
        if cells[position // width, position % width] == GREEN:
            start = position
    if start < 0:
        return 0
    came = np.full(height * width, -1, np.int32)
    queue = np.empty(height * width, np.int32)
    queue[0] = start
    came[start] = start
    first, last = 0, 1
    while first < last:
        here = queue[first]
        first += 1
        if cells[here // width, here % width] == RED:
            length = 1
            path[here // width, here % width] = 1
            while here != start:
                here = came[here]
                path[here // width, here % width] = 1
                length += 1
            return length
        for direction in range(4):
            row, column = here // width + ROWS[direction], here % width + COLUMNS[direction]
            if 0 <= row < height and 0 <= column < width and cells[row, column] != WALL:
                there = row * width + column
                if came[there] < 0:
                    came[there] = here
                    queue[last] = there
                    last += 1
    return 0


@compiled
def count_loops(cells):  # type: ignore[no-untyped-def]
    """How many loops of ways there are that are not made of each other: edges less cells, and one for each part."""
    height, width = cells.shape
    seen = np.zeros((height, width), np.bool_)
    queue = np.empty(height * width, np.int64)
    loops = 0
    for begin in range(height * width):
        if cells[begin // width, begin % width] == WALL or seen[begin // width, begin % width]:
            continue
        seen[begin // width, begin % width] = True
        queue[0] = begin
        first, last, ways = 0, 1, 0
        while first < last:
            here = queue[first]
            first += 1
            for direction in range(4):
                row, column = here // width + ROWS[direction], here % width + COLUMNS[direction]
                if 0 <= row < height and 0 <= column < width and cells[row, column] != WALL:
                    ways += 1
                    if not seen[row, column]:
                        seen[row, column] = True
                        queue[last] = row * width + column
                        last += 1
        loops += ways // 2 - last + 1
    return loops


@compiled
def breadth_first_rounds(cells):  # type: ignore[no-untyped-def]
    """The round in which breadth-first search from green reaches each cell (H, W), green itself in round 1.

    It stops with the round that reaches red, whose number is the length of the shortest path; 0 for all other cells.
    """
    height, width = cells.shape
    found = np.zeros((height, width), np.int64)
    queue = np.empty(height * width, np.int32)
    first, last, stop = 0, 0, height * width
    for position in range(height * width):
        if cells[position // width, position % width] == GREEN:
            found[position // width, position % width] = 1
            queue[0] = position
            last = 1
    while first < last:
        row, column = queue[first] // width, queue[first] % width
        first += 1
        if found[row, column] == stop:
            break
        for direction in range(4):
            r, c = row + ROWS[direction], column + COLUMNS[direction]
            if 0 <= r < height and 0 <= c < width and cells[r, c] != WALL and found[r, c] == 0:
                found[r, c] = found[row, column] + 1
                queue[last] = r * width + c
                last += 1
                if cells[r, c] == RED:
                    stop = found[r, c]
    return found


@compiled
def dead_end_rounds(cells):  # type: ignore[no-untyped-def]
    """The round in which dead-end filling fills each cell (H, W), from 1; 0 for walls, ends and what stays.

    In a round, every open cell with one open neighbour or none is filled, except the ends.
    """
    height, width = cells.shape
    ways = np.zeros((height, width), np.int64)
    filled = np.zeros((height, width), np.int64)
    queue = np.empty(height * width, np.int32)
    last = 0
    for row in range(height):
        for column in range(width):
            if cells[row, column] == WALL:
                continue
            for direction in range(4):
                r, c = row + ROWS[direction], column + COLUMNS[direction]
                if 0 <= r < height and 0 <= c < width and cells[r, c] != WALL:
                    ways[row, column] += 1
            if ways[row, column] <= 1 and cells[row, column] == OPEN:
                filled[row, column] = 1
                queue[last] = row * width + column
                last += 1
    first = 0
    while first < last:
        row, column = queue[first] // width, queue[first] % width
        first += 1
        for direction in range(4):
            r, c = row + ROWS[direction], column + COLUMNS[direction]
            if 0 <= r < height and 0 <= c < width and cells[r, c] == OPEN and filled[r, c] == 0:
                ways[r, c] -= 1
                if ways[r, c] <= 1:
                    filled[r, c] = filled[row, column] + 1
                    queue[last] = r * width + c
                    last += 1
    return filled


@compiled
def paint(cells, paths, pixels, border, x, y, mask):  # type: ignore[no-untyped-def]
    """Cells and paths (N, rows, columns) as pictures x (N, 3, H, W), y and mask (N, H, W), which come full of zeros."""
    count, rows, columns = cells.shape
    for which in range(count):
        for row in range(rows):
            for column in range(columns):
                cell = cells[which, row, column]
                if cell == WALL:
                    continue
                for down in range(border + row * pixels, border + (row + 1) * pixels):
                    for right in range(border + column * pixels, border + (column + 1) * pixels):
                        x[which, 0, down, right] = cell != GREEN
                        x[which, 1, down, right] = cell != RED
                        x[which, 2, down, right] = cell == OPEN
                        y[which, down, right] = paths[which, row, column]
                        mask[which, down, right] = True


@compiled
def draw(key, first, size, algorithm, openings, dead_ends, lowest, highest, cells, paths):  # type: ignore[no-untyped-def]
    """Fill `cells` (N, size, size) with mazes whose share is lowest..highest, and `paths` with their solutions.

    Maze i depends on the key and on first + i alone. Returns False if some maze could not be found in many attempts.
    """
    side = (size + 1) // 2
    rng = np.empty(1, np.uint64)
    for which in range(len(cells)):
        maze = cells[which]
        rng[0] = mix(uint64(key) ^ mix(uint64(first + which)))
        attempt = 0
        while True:
            attempt += 1
            if attempt > 1000:
                return False
            maze[:] = WALL
            if algorithm == DEPTH_FIRST:
                _depth_first(maze, side, rng)
            elif algorithm == WILSON:
                _wilson(maze, side, rng)
            elif algorithm == KRUSKAL:
                _kruskal(maze, side, rng)
            else:
                _prim(maze, side, rng)
            if openings > 0:
                _add_openings(maze, openings, rng)
            if lowest <= share(maze) <= highest and _place_ends(maze, dead_ends, rng):
                break
        shortest_path(maze, paths[which])
    return True
