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
def joined(board, rows, cells):  # type: ignore[no-untyped-def]
    """Whether stones and bridges join the first row and the last; if so, the empty cells it takes are set in `cells`.

    A bridge is taken when it is met, unless it shares a cell with one before. So there are ways that are not seen, but
    what is seen is one.
    """
    came = np.full(len(board), UNSEEN)  # the stone before
    bridge = np.full((len(board), 2), -1)  # the cells by which a stone was reached, if by a bridge
    taken = np.zeros(len(board), np.bool_)
    near, waiting = np.empty(len(board), np.int64), 0
    met, begun, end = np.empty((7 * len(board), 4), np.int64), 0, 0  # bridges: to, from, and their cells
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
            row, column = stone // rows, stone % rows
            if row == rows - 1:
                _mark(stone, came, bridge, cells)
                return True
            if row == rows - 2 and column > 0 and board[stone + rows] == board[stone + rows - 1] == 0:
                met[end] = SIDE, stone, stone + rows, stone + rows - 1
                end += 1
            for index in range(6):
                down, right = AROUND[index]
                and_down, and_right = AROUND[(index + 1) % 6]
                if not (0 <= row + down < rows and 0 <= column + right < rows):
                    continue
                place = stone + down * rows + right
                if board[place] == 1 and came[place] == UNSEEN:
                    came[place], near[waiting] = stone, place
                    waiting += 1
                r, c = row + down + and_down, column + right + and_right
                if board[place] == 0 and 0 <= r < rows and 0 <= c < rows:
                    beside, there = stone + and_down * rows + and_right, r * rows + c
                    if board[beside] == 0 and board[there] == 1 and came[there] == UNSEEN:
                        met[end] = there, stone, place, beside
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


@rule(NARROW)
def narrow(board, rows, columns, variant, ply, moves, count):  # type: ignore[no-untyped-def]
    """Won by a move after which bridges join; else the moves that meet each threat of the other to make such a move.

    A threat is met by the move itself, or in a cell of its bridges. What is left is sorted by potentials.
    """
    if variant != 0 and ply <= 1:
        return count
    own, other = board.copy(), board.copy()
    turn(other, rows)
    cells, meets = np.empty(len(board), np.bool_), np.ones(len(board), np.bool_)
    for index in range(count):
        move = moves[index]
        own[move] = 1
        if joined(own, rows, cells):
            return -1
        own[move] = 0
    for index in range(count):
        move = moves[index] % rows * rows + moves[index] // rows
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
