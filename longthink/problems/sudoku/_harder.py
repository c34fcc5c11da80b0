"""Hard sudokus found by local search, compiled: givens are exchanged for others as long as the rating does not fall.

Boards and houses as in `_solver`, ratings as in `_rating`.
"""

import numpy as np

from longthink.base.compiled import compiled
from longthink.base.splitmix import below
from longthink.problems.sudoku._rating import dead_ends
from longthink.problems.sudoku._solver import clear, put, search

SOLUTIONS = 60
"""Of a board without one of its givens; where there are as many, the given stays."""
EXCHANGES = 300
"""That are tried on a board."""


@compiled
def harden(board, taken, places, houses, solution, least, rng, room):  # type: ignore[no-untyped-def]
    """Exchange givens of a board with one solution until it rates `least`; whether it does in the end.

    The solution and the number of givens stay as they are. A given is taken away; of all solutions that there are then,
    this one is the only one with its symbol in some of the cells, and any of these is given instead.
    """
    cells, in_order, givens = len(board), np.empty(0, np.uint64), np.flatnonzero(board)
    found, times, telling = np.empty((SOLUTIONS, cells), np.int64), np.empty(cells, np.int64), np.empty(cells, np.int64)
    best = dead_ends(board, houses, places, least, room)
    for _ in range(EXCHANGES):
        if best >= least:
            return True
        which_given = below(rng, len(givens))
        away = givens[which_given]
        clear(board, taken, places, away)
        count, _ = search(board.copy(), taken.copy(), places, houses, SOLUTIONS, 5 * SOLUTIONS, in_order, found)
        number = 0
        if 0 < count < SOLUTIONS:
            times[:] = 0
            for which in range(count):
                for cell in range(cells):
                    times[cell] += found[which, cell] == solution[cell]
            for cell in range(cells):
                if board[cell] == 0 and times[cell] == 1 and cell != away:
                    telling[number] = cell
                    number += 1
        if number:
            given = telling[below(rng, number)]
            put(board, taken, places, given, 1 << (solution[given] - 1))
            rating = dead_ends(board, houses, places, least, room)
            if rating >= best:
                best, givens[which_given] = rating, given
                continue
            clear(board, taken, places, given)
        put(board, taken, places, away, 1 << (solution[away] - 1))
    return best >= least
