"""What bridges decide on a Hex board, compiled: two stones with two empty neighbours in common are as good as joined.

The same holds of a stone in the second row and the side beside it. Where bridges that share no cell join the two sides,
the game is won, whoever moves: the answer to a move into a bridge is its other cell.
"""

import numpy as np

from longthink.base.compiled import compiled
from longthink.games._hex_distances import AROUND, potentials, turn
from longthink.games.engine import NARROW, rule

UNSEEN, SIDE = -2, -1


@compiled
def _beside(rows, place, index):  # type: ignore[no-untyped-def]
    """A neighbour, by its place in the circle; -1 where there is none."""
    row, column = place // rows + AROUND[index, 0], place % rows + AROUND[index, 1]
    return row * rows + column if 0 <= row < rows and 0 <= column < rows else -1


@compiled
def _across(board, rows, place, index):  # type: ignore[no-untyped-def]
    """Where a bridge leads to, over this neighbour and the next in the circle; -1 if they are not both empty."""
    one, other = _beside(rows, place, index), _beside(rows, place, (index + 1) % 6)
    if one < 0 or other < 0 or board[one] != 0 or board[other] != 0:
        return -1
    return _beside(rows, one, (index + 1) % 6)


@compiled
def joined(board, rows, cells):  # type: ignore[no-untyped-def]
    """Whether stones and bridges join the first row and the last; if so, the empty cells it takes are set in `cells`.

    A bridge is taken when it is met, unless it shares a cell with one before. So there are ways that are not seen, but
    what is seen is one.
    """
    places = rows * rows
    came = np.full(places, UNSEEN)  # the stone before
    bridge = np.full((places, 2), -1)  # the cells by which a stone was reached, if by a bridge
    taken = np.zeros(places, np.bool_)
    near, waiting = np.empty(places, np.int64), 0
    # Bridges: to, from, and their cells; two neighbours are those of one, met from two ends, and there are 3 P at most.
    met, begun, end = np.empty((7 * places, 4), np.int64), 0, 0
    for place in range(rows):
        if board[place] == 1:
            came[place], near[waiting] = SIDE, place
            waiting += 1
        if place < rows - 1 and board[rows + place] == 1 and board[place] == board[place + 1] == 0:
            met[end] = rows + place, SIDE, place, place + 1
            end += 1
    while True:
        while waiting > 0:
            waiting -= 1
            stone = near[waiting]
            if stone >= places - rows:
                _mark(stone, came, bridge, cells)
                return True
            if stone >= places - 2 * rows and stone % rows > 0 and board[stone + rows] == board[stone + rows - 1] == 0:
                met[end] = SIDE, stone, stone + rows, stone + rows - 1
                end += 1
            for index in range(6):
                place, there = _beside(rows, stone, index), _across(board, rows, stone, index)
                if place >= 0 and board[place] == 1 and came[place] == UNSEEN:
                    came[place], near[waiting] = stone, place
                    waiting += 1
                if there >= 0 and board[there] == 1 and came[there] == UNSEEN:
                    met[end] = there, stone, place, _beside(rows, stone, (index + 1) % 6)
                    end += 1
        if begun == end:
            return False
        there, stone, one, other = met[begun]
        begun += 1
        if taken[one] or taken[other] or (there != SIDE and came[there] != UNSEEN):
            continue
        taken[one] = taken[other] = True
        if there == SIDE:
            cells[one] = cells[other] = True
            _mark(stone, came, bridge, cells)
            return True
        came[there], bridge[there, 0], bridge[there, 1] = stone, one, other
        near[waiting] = there
        waiting += 1


@compiled
def _mark(stone, came, bridge, cells):  # type: ignore[no-untyped-def]
    """Set the cells of the bridges on the way to a stone."""
    while stone != SIDE:
        if bridge[stone, 0] >= 0:
            cells[bridge[stone, 0]] = cells[bridge[stone, 1]] = True
        stone = came[stone]


@compiled
def _add_near(board, rows, last, near):  # type: ignore[no-untyped-def]
    """Count up each empty cell that one step or one bridge joins to a side, or to stones that so hang together with it.

    Here bridges may share cells: these are all cells that may be joined.
    """
    seen = np.zeros(len(board), np.bool_)
    waiting, count = np.empty(len(board), np.int64), 0
    edge, inwards, skew = ((rows - 1) * rows, -rows, -1) if last else (0, rows, 1)
    for column in range(rows):
        place, other = edge + column, column + skew
        seen[place] = True
        if board[place] == 0 and 0 <= other < rows and board[place + skew] == 0:
            seen[place + inwards] = True
    for place in (seen & (board == 1)).nonzero()[0]:
        waiting[count] = place
        count += 1
    while count > 0:
        count -= 1
        stone = waiting[count]
        for index in range(6):
            for there in (_beside(rows, stone, index), _across(board, rows, stone, index)):
                if there >= 0 and not seen[there]:
                    seen[there] = True
                    if board[there] == 1:
                        waiting[count] = there
                        count += 1
    near += seen & (board == 0)


@compiled
def _may_join(board, rows):  # type: ignore[no-untyped-def]
    """Which empty cells (P,) may join both sides by bridges: no other one does."""
    near = np.zeros(len(board), np.int64)
    _add_near(board, rows, False, near)
    _add_near(board, rows, True, near)
    return near == 2


@rule(NARROW)
def narrow(board, rows, columns, variant, ply, moves, count):  # type: ignore[no-untyped-def]
    """Won by a move after which bridges join; else the moves that meet each threat of the other to make such a move.

    A threat is met by the move itself, or in a cell of its bridges. What is left is sorted by potentials.
    """
    if variant != 0 and ply <= 1:
        return count
    own, other = board.copy(), board.copy()
    turn(other, rows)
    cells, meets = np.zeros(len(board), np.bool_), np.ones(len(board), np.bool_)
    if joined(own, rows, cells):
        return -1
    if joined(other, rows, cells):
        return 0
    for move in _may_join(board, rows).nonzero()[0]:
        own[move] = 1
        if joined(own, rows, cells):
            return -1
        own[move] = 0
    for move in _may_join(other, rows).nonzero()[0]:
        cells[:] = False
        other[move] = 1
        if joined(other, rows, cells):
            cells[move] = True
            for place in range(len(board)):
                meets[place % rows * rows + place // rows] &= cells[place]
        other[move] = 0
    kept = moves[:count][meets[moves[:count]]]
    moves[: len(kept)] = kept[np.argsort(potentials(board, rows)[kept], kind="mergesort")]
    return len(kept)
