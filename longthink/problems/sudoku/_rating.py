"""How hard a sudoku is, compiled: the dead ends of a search that knows singles and locked candidates.

Boards, houses and sets of symbols as in `_solver`. Of each cell the candidates that are left are kept; a cell is done
when its one candidate has been taken from all that see it.
"""

import numpy as np

from longthink.base.compiled import compiled
from longthink.problems.sudoku._solver import candidates, count_of, places_of, taken_of


@compiled
def _take_away(left, done, houses, places):  # type: ignore[no-untyped-def]
    """Do all cells with one candidate; whether every cell has one still."""
    again = True
    while again:
        again = False
        for cell in range(len(left)):
            if done[cell] or left[cell] & (left[cell] - 1):
                continue
            done[cell] = again = True
            for kind in range(3):
                for other in houses[places[cell, kind]]:
                    if other != cell:
                        left[other] &= ~left[cell]
                        if left[other] == 0:
                            return False
    return True


@compiled
def _find_hidden(left, done, houses):  # type: ignore[no-untyped-def]
    """Hidden singles get their symbol. Returns whether there were any, and whether each symbol has a cell."""
    everything, some = (1 << houses.shape[1]) - 1, False
    for house in houses:
        once, twice = 0, 0
        for cell in house:
            twice |= once & left[cell]
            once |= left[cell]
        if once != everything:
            return some, False
        single = once & ~twice
        for cell in house:
            only = left[cell] & single
            if only and not done[cell] and only != left[cell]:
                if only & (only - 1):
                    return some, False
                left[cell], some = only, True
    return some, True


@compiled
def _rule_out_locked(left, places, inside, barred):  # type: ignore[no-untyped-def]
    """Where a symbol fits a box in one line only, it is nowhere else in that line, and the other way round.

    `inside` and `barred` (boxes, lines) are to work in: what fits where a box and a line meet, and what is barred
    there. Returns whether a candidate went.
    """
    symbols = len(inside)
    inside[:], barred[:] = 0, 0
    for cell in range(len(left)):
        for kind in range(2):
            inside[places[cell, 2] - 2 * symbols, places[cell, kind]] |= left[cell]
    for kind in range(2):
        for box in range(symbols):
            once, twice = 0, 0
            for line in range(kind * symbols, (kind + 1) * symbols):
                twice |= once & inside[box, line]
                once |= inside[box, line]
            for line in range(kind * symbols, (kind + 1) * symbols):
                pointing = inside[box, line] & ~twice
                if pointing:
                    for other in range(symbols):
                        if other != box:
                            barred[other, line] |= pointing
        for line in range(kind * symbols, (kind + 1) * symbols):
            once, twice = 0, 0
            for box in range(symbols):
                twice |= once & inside[box, line]
                once |= inside[box, line]
            for box in range(symbols):
                claimed = inside[box, line] & ~twice
                if claimed:
                    for other in range(kind * symbols, (kind + 1) * symbols):
                        if other != line:
                            barred[box, other] |= claimed
    some = False
    for cell in range(len(left)):
        box = places[cell, 2] - 2 * symbols
        away = left[cell] & (barred[box, places[cell, 0]] | barred[box, places[cell, 1]])
        if away:
            left[cell] &= ~away
            some = True
    return some


@compiled
def _settle(left, done, houses, places, inside, barred):  # type: ignore[no-untyped-def]
    """Go on until nothing follows any more; whether no contradiction was met."""
    while True:
        if not _take_away(left, done, houses, places):
            return False
        some, possible = _find_hidden(left, done, houses)
        if not possible:
            return False
        if some:
            continue
        if not _rule_out_locked(left, places, inside, barred):
            return True
        for cell in range(len(left)):
            if left[cell] == 0:
                return False


@compiled
def _with_fewest(left, done):  # type: ignore[no-untyped-def]
    """The first cell with the fewest candidates, of those that are not done; -1 where all are."""
    chosen, fewest = -1, 0
    for cell in range(len(left)):
        if not done[cell]:
            count = count_of(left[cell])
            if count == 2:
                return cell
            if chosen < 0 or count < fewest:
                chosen, fewest = cell, count
    return chosen


@compiled
def room_for(symbols):  # type: ignore[no-untyped-def]
    """What `dead_ends` works in, to be made once for boards of one size."""
    cells = symbols * symbols
    stack, done = np.empty((cells + 1, cells), np.int64), np.empty((cells + 1, cells), np.bool_)
    return stack, done, np.empty((symbols, 2 * symbols), np.int64), np.empty((symbols, 2 * symbols), np.int64)


@compiled
def dead_ends(board, houses, places, most, room):  # type: ignore[no-untyped-def]
    """How often a search for all solutions meets a contradiction, on a board with one solution; `most` at the most.

    Where singles and locked candidates stall, each candidate of the first cell with fewest is tried. As every branch is
    gone through, it does not matter in which order.
    """
    left, done, inside, barred = room
    cells = len(board)
    where, untried = np.empty(cells + 1, np.int64), np.empty(cells + 1, np.int64)
    taken, everything = taken_of(board, places)[0], (1 << houses.shape[1]) - 1
    for cell in range(cells):
        done[0, cell] = board[cell] > 0
        left[0, cell] = 1 << (board[cell] - 1) if board[cell] else candidates(taken, places, cell, everything)
    depth, ends = 0, 0
    while True:
        if not _settle(left[depth], done[depth], houses, places, inside, barred):
            ends += 1
            if ends == most:
                return ends
        else:
            cell = _with_fewest(left[depth], done[depth])
            if cell >= 0:
                depth += 1
                where[depth], untried[depth] = cell, left[depth - 1, cell]
        while depth and untried[depth] == 0:
            depth -= 1
        if depth == 0:
            return ends
        left[depth], done[depth] = left[depth - 1], done[depth - 1]
        left[depth, where[depth]] = untried[depth] & -untried[depth]
        untried[depth] &= untried[depth] - 1


@compiled
def rate(boards, houses, most, ratings):  # type: ignore[no-untyped-def]
    """Write the dead ends of each board (N, cells) to `ratings`, `most` at the most."""
    places, room = places_of(houses), room_for(houses.shape[1])
    for index in range(len(boards)):
        ratings[index] = dead_ends(boards[index], houses, places, most, room)
