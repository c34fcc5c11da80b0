"""Sudoku solved, compiled: an exact solver that counts its guesses.

A board is an array of n * n cells, row by row, 0 for blank, else 1 to n (n at most 25). `houses` is what
`_houses.houses` makes. Sets of symbols are bits, the lowest for symbol 1.
"""

import numpy as np

from longthink.base.compiled import compiled
from longthink.base.splitmix import below

OUT_OF_BUDGET = -1


@compiled
def places_of(houses):  # type: ignore[no-untyped-def]
    """The row, the column and the box that each cell is in: (cells, 3)."""
    symbols = houses.shape[1]
    places = np.empty((symbols * symbols, 3), np.int64)
    for house in range(3 * symbols):
        for cell in houses[house]:
            places[cell, house // symbols] = house
    return places


@compiled
def taken_of(board, places):  # type: ignore[no-untyped-def]
    """Bits of the symbols that each house has; and whether none has one twice."""
    taken = np.zeros(places[-1, 2] + 1, np.int64)  # the last cell is in the last box, which is the last house
    fits = True
    for cell in range(len(board)):
        if board[cell]:
            bit = 1 << (board[cell] - 1)
            for kind in range(3):
                fits = fits and taken[places[cell, kind]] & bit == 0
                taken[places[cell, kind]] |= bit
    return taken, fits


@compiled
def put(board, taken, places, cell, bit):  # type: ignore[no-untyped-def]
    symbol = 1
    while bit >> symbol:
        symbol += 1
    board[cell] = symbol
    for kind in range(3):
        taken[places[cell, kind]] |= bit


@compiled
def clear(board, taken, places, cell):  # type: ignore[no-untyped-def]
    bit = 1 << (board[cell] - 1)
    board[cell] = 0
    for kind in range(3):
        taken[places[cell, kind]] &= ~bit


@compiled
def count_of(bits):  # type: ignore[no-untyped-def]
    """How many are 1."""
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count


@compiled
def candidates(taken, places, cell, everything):  # type: ignore[no-untyped-def]
    return everything & ~(taken[places[cell, 0]] | taken[places[cell, 1]] | taken[places[cell, 2]])


@compiled
def put_singles(board, taken, places, houses, trail, top):  # type: ignore[no-untyped-def]
    """Fill in all singles, naked and hidden. Returns the trail's end, the cell to guess at, and its candidates.

    The cell is -1 on a full board, and -2 where nothing fits somewhere.
    """
    symbols = houses.shape[1]
    everything = (1 << symbols) - 1
    while True:
        progress, cell_with_fewest, fewest, of_fewest = False, -1, symbols + 1, 0
        for cell in range(len(board)):
            if board[cell]:
                continue
            left = candidates(taken, places, cell, everything)
            if left == 0:
                return top, -2, 0
            if left & (left - 1) == 0:
                put(board, taken, places, cell, left)
                trail[top] = cell
                top += 1
                progress = True
                continue
            count = count_of(left)
            if count < fewest:
                cell_with_fewest, fewest, of_fewest = cell, count, left
        if progress:
            continue
        if cell_with_fewest < 0:
            return top, -1, 0
        for house in range(3 * symbols):
            once, twice = 0, 0
            for cell in houses[house]:
                if board[cell] == 0:
                    left = candidates(taken, places, cell, everything)
                    twice |= once & left
                    once |= left
            if once != everything & ~taken[house]:
                return top, -2, 0
            single = once & ~twice
            if single == 0:
                continue
            for cell in houses[house]:
                if board[cell] == 0:
                    only = candidates(taken, places, cell, everything) & single
                    if only & (only - 1):
                        return top, -2, 0
                    if only:
                        put(board, taken, places, cell, only)
                        trail[top] = cell
                        top += 1
                        progress = True
        if not progress:
            return top, cell_with_fewest, of_fewest


@compiled
def search(board, taken, places, houses, limit, budget, rng, solutions):  # type: ignore[no-untyped-def]
    """Solutions of a board, counted up to a limit, and guesses made; `board` and `taken` are worked on.

    The first ones are written to the rows of `solutions`. Symbols are guessed at in random order with an `rng` of one
    state, in their own order with an empty one. OUT_OF_BUDGET solutions where more guesses than the budget were wanted.
    """
    trail = np.empty(len(board), np.int64)
    began = np.empty(len(board), np.int64)
    where = np.empty(len(board), np.int64)
    untried = np.empty(len(board), np.int64)
    top, depth, found, guesses = 0, 0, 0, 0
    while True:
        top, cell, left = put_singles(board, taken, places, houses, trail, top)
        if cell >= 0:
            began[depth], where[depth], untried[depth] = top, cell, left
            depth += 1
        elif cell == -1:
            if found < len(solutions):
                solutions[found] = board
            found += 1
            if found == limit:
                return found, guesses
        while depth and untried[depth - 1] == 0:
            depth -= 1
        if depth == 0:
            return found, guesses
        while top > began[depth - 1]:
            top -= 1
            clear(board, taken, places, trail[top])
        guesses += 1
        if guesses > budget:
            return OUT_OF_BUDGET, guesses
        chosen = untried[depth - 1]
        if len(rng):
            for _ in range(below(rng, count_of(chosen))):
                chosen &= chosen - 1
        chosen &= -chosen
        untried[depth - 1] &= ~chosen
        put(board, taken, places, where[depth - 1], chosen)
        trail[top] = where[depth - 1]
        top += 1


@compiled
def solve(board, houses, limit, budget, solution):  # type: ignore[no-untyped-def]
    """Solutions up to a limit, the first written to `solution`, and guesses: those that singles leave to be made.

    None where a symbol is twice in a house; OUT_OF_BUDGET where it takes more guesses than the budget.
    """
    work, places = board.copy(), places_of(houses)
    taken, fits = taken_of(work, places)
    if not fits:
        return 0, 0
    return search(work, taken, places, houses, limit, budget, np.empty(0, np.uint64), solution.reshape(1, -1))


@compiled
def fill_singles(boards, houses):  # type: ignore[no-untyped-def]
    """Fill in, on each board (N, cells), what naked and hidden singles give."""
    places, trail = places_of(houses), np.empty(boards.shape[1], np.int64)
    for board in boards:
        taken, _ = taken_of(board, places)
        put_singles(board, taken, places, houses, trail, 0)


@compiled
def rate(boards, houses, budget):  # type: ignore[no-untyped-def]
    """Guesses that each board (N, cells) takes to solve, or OUT_OF_BUDGET."""
    guesses, solution = np.empty(len(boards), np.int64), np.empty(boards.shape[1], np.int64)
    for index in range(len(boards)):
        found, guesses[index] = solve(boards[index], houses, 1, budget, solution)
        if found == OUT_OF_BUDGET:
            guesses[index] = OUT_OF_BUDGET
    return guesses


@compiled
def check(boards, answers, houses, budget, solutions, good):  # type: ignore[no-untyped-def]
    """Solve boards, bytes (N, cells); `good` (N,) stays true for those that are puzzles and agree with their answers.

    A puzzle has blank cells, symbols that there are, and one solution. Answers (N, cells) are 0 where they say nothing.
    """
    places, in_order = places_of(houses), np.empty(0, np.uint64)
    board, solution = np.empty(boards.shape[1], np.int64), np.empty((1, boards.shape[1]), np.int64)
    for index in range(len(boards)):
        if not good[index]:
            continue
        good[index] = False
        board[:] = boards[index]
        if board.min() > 0 or board.max() > houses.shape[1]:
            continue
        taken, fits = taken_of(board, places)
        if not fits or search(board, taken, places, houses, 2, budget, in_order, solution)[0] != 1:
            continue
        agrees = True
        for cell in range(len(board)):
            solutions[index, cell] = solution[0, cell]
            agrees = agrees and (answers[index, cell] == 0 or answers[index, cell] == solutions[index, cell])
        good[index] = agrees


@compiled
def count_blanks(boards, solutions, symbols, blanks):  # type: ignore[no-untyped-def]
    """Write how many cells of each board (N, cells) are blank to `blanks`; whether symbols and solutions are right."""
    for index in range(len(boards)):
        for cell in range(boards.shape[1]):
            given, symbol = boards[index, cell], solutions[index, cell]
            if symbol < 1 or symbol > symbols or (given != 0 and given != symbol):
                return False
            blanks[index] += given == 0
    return True
