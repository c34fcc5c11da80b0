"""Sudoku boards made, compiled: drawn at random, givens taken away, moved by symmetries, told apart by their kind.

Boards and houses as in `_sudoku_solver`. All randomness comes from a 64-bit key: splitmix64, whose numbers are the same
for ever on every machine.
"""

import numpy as np
from numba import uint64

from longthink.base.compiled import compiled
from longthink.base.splitmix import SHARES, below, mix
from longthink.problems.sudoku._deduction import HIDDEN_SINGLES, decide
from longthink.problems.sudoku._harder import harden
from longthink.problems.sudoku._rating import room_for
from longthink.problems.sudoku._solver import candidates, clear, places_of, put, put_singles, search, taken_of

FEW_KINDS = 9
"""Boards of fewer symbols are of so few kinds that their puzzles are split, and not the boards themselves."""
ROUNDS = 3
"""Of refinement, until a board's kind is told."""
BUDGET = 20_000
"""Guesses that may be spent on whether a given can go; if that does not do, it stays."""
WALKS = 9
"""Walks in vain for one puzzle, each twice as long as the one before, until none is looked for any more."""
SOLUTIONS_PER_TRIAL = 150
"""The more solutions a step of a walk had to find, the more next boards it tries for one with a given to spare."""
SOLUTIONS = 1_000
"""Of a board of a walk without one of its givens; where there are more, the given stays."""


@compiled
def _shuffle(values, rng):  # type: ignore[no-untyped-def]
    for last in range(len(values) - 1, 0, -1):
        chosen = below(rng, last + 1)
        values[last], values[chosen] = values[chosen], values[last]


@compiled
def _random_board(houses, places, rng, board):  # type: ignore[no-untyped-def]
    """A full board: two boxes that share no row and no column are filled first, then the rest by guessing."""
    symbols = houses.shape[1]
    box_rows = 1
    while places[box_rows * symbols, 2] == places[0, 2]:
        box_rows += 1
    order = np.arange(1, symbols + 1)
    while True:
        work = np.zeros(symbols * symbols, np.int64)
        for step in range(min(2, box_rows)):
            _shuffle(order, rng)
            work[houses[2 * symbols + step * box_rows + step]] = order
        taken, _ = taken_of(work, places)
        found, _ = search(work, taken, places, houses, 1, 4 * len(board), rng, board.reshape(1, -1))
        if found == 1:
            return


@compiled
def _is_only_one(board, taken, places, houses, cell, symbol):  # type: ignore[no-untyped-def]
    """Whether a blank cell of a board with one solution, where this symbol is in it, has no other once it is blank."""
    everything, bit = (1 << houses.shape[1]) - 1, 1 << (symbol - 1)
    others = candidates(taken, places, cell, everything) & ~bit
    if others == 0:
        return True
    for kind in range(3):
        alone = True
        for other in houses[places[cell, kind]]:
            if other != cell and board[other] == 0 and candidates(taken, places, other, everything) & bit:
                alone = False
                break
        if alone:
            return True
    spare, rng = np.empty((0, len(board)), np.int64), np.empty(0, np.uint64)
    while others:
        one = others & -others
        others &= others - 1
        work, also = board.copy(), taken.copy()
        put(work, also, places, cell, one)
        if search(work, also, places, houses, 1, BUDGET, rng, spare)[0] != 0:
            return False
    return True


@compiled
def _dig(board, taken, places, houses, solution, order, wanted):  # type: ignore[no-untyped-def]
    """Blank cells in an order, as long as there is one solution, until so many are blank; returns how many are."""
    blank = 0
    for cell in range(len(board)):
        blank += board[cell] == 0
    for cell in order:
        if blank == wanted:
            break
        if board[cell] == 0:
            continue
        clear(board, taken, places, cell)
        if _is_only_one(board, taken, places, houses, cell, solution[cell]):
            blank += 1
        else:
            put(board, taken, places, cell, 1 << (solution[cell] - 1))
    return blank


@compiled
def kind_of(solution, given, houses):  # type: ignore[no-untyped-def]
    """A hash that is the same for all boards that symmetry makes of one, and different for nearly all others.

    The symmetries are those of the board, permutations of rows in a band, of bands, of columns in a stack and of
    stacks, transposition, and any renaming of symbols. Cells are told apart by the cycles of the permutations that take
    their row, or column, to others, and by `given`, then refined by what is around them.
    """
    symbols = houses.shape[1]
    places = places_of(houses)
    lines = np.zeros(2 * symbols, np.uint64)
    image, seen = np.empty(symbols + 1, np.int64), np.empty(symbols + 1, np.bool_)
    for first in range(2 * symbols):
        for second in range(first + 1, (first // symbols + 1) * symbols):
            near = 0
            for place in range(symbols):
                image[solution[houses[first, place]]] = solution[houses[second, place]]
            for place in range(symbols):  # lines of one band share boxes
                near += places[houses[first, place], 2] == places[houses[second, place], 2]
            cycles = uint64(1 + near)
            seen[:] = False
            for symbol in range(1, symbols + 1):
                length, at = 0, symbol
                while not seen[at]:
                    seen[at] = True
                    at = image[at]
                    length += 1
                if length:
                    cycles += mix(uint64(length))
            lines[first] += mix(cycles)  # the permutation that takes it back has the same cycles
            lines[second] += mix(cycles)
    cells = symbols * symbols
    colours, sums = np.empty(cells, np.uint64), np.empty(4 * symbols, np.uint64)
    for cell in range(cells):
        two = lines[places[cell, 0]] + lines[places[cell, 1]]
        colours[cell] = mix(two + uint64(given[cell] != 0))
    for _ in range(ROUNDS):
        sums[:] = 0
        for cell in range(cells):
            for kind in range(3):
                sums[places[cell, kind]] += colours[cell]
            sums[3 * symbols + solution[cell] - 1] += colours[cell]
        for cell in range(cells):
            two = mix(sums[places[cell, 0]]) + mix(sums[places[cell, 1]])
            box, same = sums[places[cell, 2]], sums[3 * symbols + solution[cell] - 1]
            colours[cell] = mix(colours[cell] + two + mix(box + uint64(1)) + mix(same + uint64(2)))
    total = uint64(0)
    for colour in colours:
        total += colour
    return mix(total)


@compiled
def _in_split(solution, given, houses, low, high):  # type: ignore[no-untyped-def]
    return low <= kind_of(solution, given, houses) % uint64(SHARES) <= high


@compiled
def _walk(board, taken, places, houses, solution, order, blank, wanted, rng, low, high, steps):  # type: ignore[no-untyped-def]
    """Go from board to board with one solution until `wanted` cells are blank; returns whether that came about.

    A given is taken away. Of the solutions that there are then, one may be the only one with some symbol in some cell;
    that symbol is given instead, which makes it the solution. Now another given may be to spare: so boards with 17
    givens are found. The walk leads anywhere, and ends in the shares from `low` to `high`, or after so many steps.
    """
    cells, symbols = len(board), houses.shape[1]
    everything, in_order = np.ones(cells, np.int64), np.empty(0, np.uint64)
    found, times = np.empty((SOLUTIONS, cells), np.int64), np.empty((cells, symbols + 1), np.int64)
    telling = np.empty((SOLUTIONS * cells, 2), np.int64)
    for _ in range(steps):
        if blank == wanted and _in_split(solution, everything, houses, low, high):
            return True
        away = below(rng, cells)
        while board[away] == 0:
            away = below(rng, cells)
        symbol = board[away]
        clear(board, taken, places, away)
        count, _ = search(board.copy(), taken.copy(), places, houses, SOLUTIONS, 5 * SOLUTIONS, in_order, found)
        number = 0
        if 0 < count < SOLUTIONS:
            times[:] = 0
            for which in range(count):
                for cell in range(cells):
                    times[cell, found[which, cell]] += 1
            for which in range(count):
                for cell in range(cells):
                    if times[cell, found[which, cell]] == 1 and found[which, away] != symbol:
                        telling[number] = which, cell
                        number += 1
        if number == 0:
            put(board, taken, places, away, 1 << (symbol - 1))
            continue
        trials = 1 + count // SOLUTIONS_PER_TRIAL
        for trial in range(trials):
            which, given = telling[below(rng, number)]
            solution[:] = found[which]
            put(board, taken, places, given, 1 << (solution[given] - 1))
            _shuffle(order, rng)
            before, blank = blank, _dig(board, taken, places, houses, solution, order, wanted)
            if blank > before or trial == trials - 1:
                break
            clear(board, taken, places, given)
    return False


@compiled
def kinds(solutions, given, houses):  # type: ignore[no-untyped-def]
    """The kind of each board (N, cells)."""
    found = np.empty(len(solutions), np.uint64)
    for index in range(len(solutions)):
        found[index] = kind_of(solutions[index], given[index], houses)
    return found


@compiled
def draw_symmetries(key, box, sources, names):  # type: ignore[no-untyped-def]
    """Write a random symmetry of boards with boxes of so many rows and columns to each row.

    `sources` (N, cells) says which cell each takes its symbol from, `names` (N, symbols + 1) what that is called then.
    """
    symbols = box[0] * box[1]
    lines = np.empty((2, symbols), np.int64)
    for index in range(len(sources)):
        rng = np.array([mix(uint64(key) + mix(uint64(index)))])
        for axis, size in enumerate(box):
            bands, inside = np.arange(symbols // size), np.arange(size)
            _shuffle(bands, rng)
            for place, band in enumerate(bands):
                _shuffle(inside, rng)
                lines[axis, place * size : (place + 1) * size] = band * size + inside
        names[index] = np.arange(symbols + 1) if index == 0 else names[index - 1]
        _shuffle(names[index, 1:], rng)
        turned = box[0] == box[1] and below(rng, 2) == 1
        for row in range(symbols):
            for column in range(symbols):
                down, across = lines[0, row], lines[1, column]
                source = across * symbols + down if turned else down * symbols + across
                sources[index, row * symbols + column] = source


@compiled
def _fill_in(board, taken, places, houses, solution, known, trail):  # type: ignore[no-untyped-def]
    """Fill in what follows for one who knows so much (`_deduction`); how many cells."""
    if known == HIDDEN_SINGLES:
        return put_singles(board, taken, places, houses, trail, 0)[0]
    rounds, left = np.empty((2, 1, len(board)), np.int64)
    decide(board.reshape(1, -1), houses, known, False, rounds, left)
    filled = 0
    for cell in range(len(board)):
        if rounds[0, cell]:
            put(board, taken, places, cell, 1 << (solution[cell] - 1))
            filled += 1
    return filled


@compiled
def draw(  # type: ignore[no-untyped-def]
    key, first, wanted, stalled, known, least, houses, low, high, by_givens, tries, steps, boards, solutions
):
    """Fill boards (N, cells) with `wanted` blanks and one solution, number `first` of a key's stream and following.

    `stalled`: instead, boards on which nothing follows for one who knows what is `known` (`_deduction`), with no more
    blanks; cells are given till it is so. Others rate `least` or more (`_rating`).
    Shares are from `low` to `high`: of the solution's kind or, `by_givens`, of the puzzle's. Returns whether each was
    found in so many tries, with no more than WALKS walks in vain, of which the first has so many steps.
    """
    places, cells, room = places_of(houses), boards.shape[1], room_for(houses.shape[1])
    everything, order, trail = np.ones(cells, np.int64), np.arange(cells), np.empty(cells, np.int64)
    solution = np.empty(cells, np.int64)
    for index in range(len(boards)):
        rng, in_vain = np.array([mix(uint64(key) + mix(uint64(first + index)))]), 0
        for attempt in range(tries + 1):
            if attempt == tries or in_vain == WALKS:
                return False
            _random_board(houses, places, rng, solution)
            if not by_givens and not _in_split(solution, everything, houses, low, high):
                continue
            board = solution.copy()
            taken, _ = taken_of(board, places)
            _shuffle(order, rng)
            blank = _dig(board, taken, places, houses, solution, order, cells if stalled else wanted)
            if stalled:
                blank -= _fill_in(board, taken, places, houses, solution, known, trail)
                while blank > wanted:
                    cell = below(rng, cells)
                    if board[cell] == 0:
                        put(board, taken, places, cell, 1 << (solution[cell] - 1))
                        blank -= 1 + _fill_in(board, taken, places, houses, solution, known, trail)
                if blank == 0:
                    continue
            elif blank < wanted:
                lowest, highest = (0, SHARES) if by_givens else (low, high)
                if not _walk(
                    board, taken, places, houses, solution, order, blank, wanted, rng, lowest, highest, steps << in_vain
                ):
                    in_vain += 1
                    continue
            if least and not stalled and not harden(board, taken, places, houses, solution, least, rng, room):
                continue
            if by_givens and not _in_split(solution, board, houses, low, high):
                continue
            boards[index], solutions[index] = board, solution
            break
    return True
