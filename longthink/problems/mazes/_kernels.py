"""Mazes as arrays of cells (rows, columns), compiled: end points, shortest paths, searches, pictures.

`_walls` says what cells are. All randomness comes from a 64-bit `key`.
"""

import numpy as np
from numba import uint64

from longthink.base.compiled import compiled
from longthink.base.splitmix import below, mix
from longthink.problems.mazes._walls import COLUMNS as COLUMNS
from longthink.problems.mazes._walls import GREEN as GREEN
from longthink.problems.mazes._walls import OPEN as OPEN
from longthink.problems.mazes._walls import RED as RED
from longthink.problems.mazes._walls import ROWS as ROWS
from longthink.problems.mazes._walls import WALL as WALL
from longthink.problems.mazes._walls import Cells as Cells
from longthink.problems.mazes._walls import add_openings, depth_first, kruskal, prim, scatter, wilson
from longthink.problems.mazes._walls import share as share

DEPTH_FIRST, WILSON, KRUSKAL, PRIM, SCATTERED = 0, 1, 2, 3, 4
NODES, DEAD_ENDS, CELLS = 0, 1, 2
"""Where ends may be."""
STARTS = 100
"""Green ends that are tried in a maze that has paths as long as asked for."""


@compiled
def _candidates(cells, ends, step):  # type: ignore[no-untyped-def]
    """Where ends may be: open cells at every `step` rows and columns, or those of them with one way on."""
    rows, columns = cells.shape
    found = np.empty(rows * columns, np.int32)
    count = 0
    for row in range(0, rows, step):
        for column in range(0, columns, step):
            if cells[row, column] == WALL:
                continue
            ways = 0
            for direction in range(4):
                r, c = row + ROWS[direction], column + COLUMNS[direction]
                if 0 <= r < rows and 0 <= c < columns and cells[r, c] != WALL:
                    ways += 1
            if ways == 1 or ends != DEAD_ENDS:
                found[count] = row * columns + column
                count += 1
    return found[:count]


@compiled
def _place_ends(cells, candidates, rng):  # type: ignore[no-untyped-def]
    """Two different candidates, green and red; False where there are no two."""
    count = len(candidates)
    if count < 2:
        return False
    chosen = below(rng, count)
    green = candidates[chosen]
    candidates[chosen] = candidates[count - 1]
    red = candidates[below(rng, count - 1)]
    columns = cells.shape[1]
    cells[green // columns, green % columns] = GREEN
    cells[red // columns, red % columns] = RED
    return True


@compiled
def _distances(cells, start, found, queue):  # type: ignore[no-untyped-def]
    """Steps from a cell to all others in `found`, -1 where no way leads; returns the last cell that is reached."""
    rows, columns = cells.shape
    found[:] = -1
    found[start] = 0
    queue[0] = start
    first, last = 0, 1
    while first < last:
        here = queue[first]
        first += 1
        for direction in range(4):
            row, column = here // columns + ROWS[direction], here % columns + COLUMNS[direction]
            if 0 <= row < rows and 0 <= column < columns and cells[row, column] != WALL:
                there = row * columns + column
                if found[there] < 0:
                    found[there] = found[here] + 1
                    queue[last] = there
                    last += 1
    return queue[last - 1]


@compiled
def _place_ends_apart(cells, candidates, shortest, longest, rng):  # type: ignore[no-untyped-def]
    """Green anywhere and red so many steps away, `shortest` to `longest`; False where that is not found.

    It is not looked for where the longest way from the place that is the furthest from a random one is too short: of a
    maze without loops, that is its longest path.
    """
    rows, columns = cells.shape
    if len(candidates) < 2:
        return False
    away, queue = np.empty((2, rows * columns), np.int32)
    for attempt in range(STARTS):
        green = candidates[below(rng, len(candidates))]
        furthest = _distances(cells, green, away, queue)
        count = 0
        for place in candidates:
            if shortest <= away[place] <= longest:
                count += 1
        if count > 0:
            left = below(rng, count)
            for place in candidates:
                if shortest <= away[place] <= longest:
                    if left == 0:
                        cells[green // columns, green % columns] = GREEN
                        cells[place // columns, place % columns] = RED
                        return True
                    left -= 1
        if attempt == 0 and away[_distances(cells, furthest, away, queue)] < shortest:
            return False
    return False


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
def draw(key, first, algorithm, openings, ends, lowest, highest, shortest, longest, attempts, cells, paths):  # type: ignore[no-untyped-def]
    """Fill `cells` (N, rows, columns) with mazes whose share is lowest..highest, and `paths` with their solutions.

    Maze i depends on the key and on first + i alone. Solutions have shortest..longest steps, or any number if `longest`
    is 0. In trees and mazes made of them, each number in that range that there is between such ends is as likely as
    another; where walls are scattered, numbers are as they come.
    Returns False if some maze could not be found in so many attempts.
    """
    rows, columns = cells.shape[1:]
    tall, wide = (rows + 1) // 2, (columns + 1) // 2
    step = 1 if algorithm == SCATTERED or ends == CELLS else 2
    rng = np.empty(1, np.uint64)
    for which in range(len(cells)):
        maze = cells[which]
        rng[0] = mix(uint64(key) ^ mix(uint64(first + which)))
        low, high = shortest, longest
        if algorithm == SCATTERED:
            low, high = max(low, 1), longest if longest > 0 else rows * columns
        elif longest > 0:
            least = -(-shortest // step)  # of steps between nodes, two for each
            low = step * (least + below(rng, longest // step - least + 1))
            high = low
        attempt = 0
        while True:
            attempt += 1
            if attempt > attempts:
                return False
            maze[:] = WALL
            if algorithm == DEPTH_FIRST:
                depth_first(maze, tall, wide, rng)
            elif algorithm == WILSON:
                wilson(maze, tall, wide, rng)
            elif algorithm == KRUSKAL:
                kruskal(maze, tall, wide, rng)
            elif algorithm == PRIM:
                prim(maze, tall, wide, rng)
            else:
                scatter(maze, rng)
            if openings > 0:
                add_openings(maze, openings, rng)
            if not lowest <= share(maze) <= highest:
                continue
            candidates = _candidates(maze, ends, step)
            if high == 0:
                placed = _place_ends(maze, candidates, rng)
            else:
                placed = _place_ends_apart(maze, candidates, low, high, rng)
            if placed:
                break
        shortest_path(maze, paths[which])
    return True
