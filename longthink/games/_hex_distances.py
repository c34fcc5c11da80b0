"""Two-distances on a Hex board (van Rijswijck 2000, "Computer Hex: are bees better than fruitflies?"), compiled.

The two-distance of an empty cell from a side is 1 if it touches it, else 1 more than the second smallest of its
neighbours': the other player may take the nearest. Own stones join their empty neighbours, and those that touch the
side join it. A cell's potential is the sum of its distances from all four sides, each player's from its own two: it is
small where a stone does most for oneself and against the other.
"""

import numpy as np

from longthink.base.compiled import compiled

AROUND = np.array([[0, 1], [-1, 1], [-1, 0], [0, -1], [1, -1], [1, 0]])
"""The six neighbours of a cell, in a circle."""
FAR = 99
"""From a side that cannot be reached."""


@compiled
def turn(board, rows):  # type: ignore[no-untyped-def]
    """The board as the other player sees it, in place."""
    for row in range(rows):
        board[row * rows + row] = -board[row * rows + row]
        for column in range(row):
            one, other = row * rows + column, column * rows + row
            board[one], board[other] = -board[other], -board[one]


@compiled
def _add_distances(board, rows, side, total):  # type: ignore[no-untyped-def]
    """Add the distances of empty cells from one row, which belongs to who moves."""
    distance, hits = np.full(len(board), FAR), np.zeros(len(board), np.int64)
    queue, begun, end = np.empty(len(board), np.int64), 0, 0
    stones, waiting = np.empty(len(board), np.int64), 0
    seen_from = np.full(len(board), -1)
    for place in range(side * rows, side * rows + rows):
        seen_from[place] = rows * rows
        if board[place] == 1:
            stones[waiting] = place
            waiting += 1
        elif board[place] == 0:
            distance[place], queue[end] = 1, place
            end += 1
    source, reach, needed = rows * rows, 1, 1
    while True:
        while waiting > 0:
            waiting -= 1
            row, column = stones[waiting] // rows, stones[waiting] % rows
            for index in range(6):
                r, c = row + AROUND[index, 0], column + AROUND[index, 1]
                place = r * rows + c
                if not (0 <= r < rows and 0 <= c < rows) or seen_from[place] == source:
                    continue
                seen_from[place] = source
                if board[place] == 1:
                    stones[waiting] = place
                    waiting += 1
                elif board[place] == 0 and distance[place] == FAR:
                    hits[place] += 1
                    if hits[place] == needed:
                        distance[place], queue[end] = reach, place
                        end += 1
        if begun == end:
            break
        source, needed = queue[begun], 2
        reach = distance[source] + 1
        seen_from[source], stones[0], waiting = source, source, 1
        begun += 1
    total += distance


@compiled
def potentials(board, rows):  # type: ignore[no-untyped-def]
    """Of each cell (P,), of those with stones too, which say nothing."""
    own, other, turned = np.zeros(len(board), np.int64), np.zeros(len(board), np.int64), board.copy()
    turn(turned, rows)
    for side in (0, rows - 1):
        _add_distances(board, rows, side, own)
        _add_distances(turned, rows, side, other)
    for place in range(len(board)):
        own[place] += other[place % rows * rows + place // rows]
    return own


@compiled
def lowest(boards, rows):  # type: ignore[no-untyped-def]
    """The empty cell of the lowest potential of each board, (B,), the one nearer the middle among equals."""
    found = np.zeros(len(boards), np.int64)
    for game in range(len(boards)):
        total, least = potentials(boards[game], rows), np.inf
        for place in range(rows * rows):
            away = abs(2 * (place // rows) - rows + 1) + abs(2 * (place % rows) - rows + 1)
            worth = total[place] + away / (4 * rows)
            if boards[game, place] == 0 and worth < least:
                found[game], least = place, worth
    return found
