"""Sudoku boards, compiled: an exact solver that counts its guesses, boards drawn at random, givens taken away.

A board is an array of n * n cells, row by row, 0 for blank, else 1 to n (n at most 25). `houses` is what
`longthink.houses.houses` makes. All randomness comes from a 64-bit key: splitmix64, whose numbers are the same for ever
on every machine.
"""

import numpy as np
from numba import njit, uint64

from longthink.problems._splitmix import below, mix

OUT_OF_BUDGET = -1
SHARES = 4
"""Equal shares that kinds of boards are split into."""
FEW_KINDS = 9
"""Boards of fewer symbols are of so few kinds that their puzzles are split, and not the boards themselves."""
ROUNDS = 3
"""Of refinement, until a board's kind is told."""
BUDGET = 20_000
"""Guesses that may be spent on whether a given can go; if that does not do, it stays."""
SWAPS = 400
"""Times that two cells of a board without givens to spare are given again, to find others that can go."""


@njit(cache=True)
def _shuffle(values, rng):  # type: ignore[no-untyped-def]
    for last in range(len(values) - 1, 0, -1):
        chosen = below(rng, last + 1)
        values[last], values[chosen] = values[chosen], values[last]


@njit(cache=True)
def _places(houses):  # type: ignore[no-untyped-def]
    """The row, the column and the box that each cell is in: (cells, 3)."""
    symbols = houses.shape[1]
    places = np.empty((symbols * symbols, 3), np.int64)
    for house in range(3 * symbols):
        for cell in houses[house]:
            places[cell, house // symbols] = house
    return places


@njit(cache=True)
def _taken(board, places):  # type: ignore[no-untyped-def]
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


@njit(cache=True)
def _put(board, taken, places, cell, bit):  # type: ignore[no-untyped-def]
    symbol = 1
    while bit >> symbol:
        symbol += 1
    board[cell] = symbol
    for kind in range(3):
        taken[places[cell, kind]] |= bit


@njit(cache=True)
def _clear(board, taken, places, cell):  # type: ignore[no-untyped-def]
    bit = 1 << (board[cell] - 1)
    board[cell] = 0
    for kind in range(3):
        taken[places[cell, kind]] &= ~bit


@njit(cache=True)
def _count(bits):  # type: ignore[no-untyped-def]
    """How many are 1."""
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count


@njit(cache=True)
def _candidates(taken, places, cell, everything):  # type: ignore[no-untyped-def]
    return everything & ~(taken[places[cell, 0]] | taken[places[cell, 1]] | taken[places[cell, 2]])


@njit(cache=True)
def _singles(board, taken, places, houses, trail, top):  # type: ignore[no-untyped-def]
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
            left = _candidates(taken, places, cell, everything)
            if left == 0:
                return top, -2, 0
            if left & (left - 1) == 0:
                _put(board, taken, places, cell, left)
                trail[top] = cell
                top += 1
                progress = True
                continue
            count = _count(left)
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
                    left = _candidates(taken, places, cell, everything)
                    twice |= once & left
                    once |= left
            if once != everything & ~taken[house]:
                return top, -2, 0
            single = once & ~twice
            if single == 0:
                continue
            for cell in houses[house]:
                if board[cell] == 0:
                    only = _candidates(taken, places, cell, everything) & single
                    if only & (only - 1):
                        return top, -2, 0
                    if only:
                        _put(board, taken, places, cell, only)
                        trail[top] = cell
                        top += 1
                        progress = True
        if not progress:
            return top, cell_with_fewest, of_fewest


@njit(cache=True)
def _search(board, taken, places, houses, limit, budget, rng, solution):  # type: ignore[no-untyped-def]
    """Solutions of a board, counted up to a limit, and guesses made; `board` and `taken` are worked on.

    The first solution is written to `solution`. Symbols are guessed at in random order with an `rng` of one state, in
    their own order with an empty one. OUT_OF_BUDGET solutions where more guesses than the budget were wanted.
    """
    trail = np.empty(len(board), np.int64)
    began = np.empty(len(board), np.int64)
    where = np.empty(len(board), np.int64)
    untried = np.empty(len(board), np.int64)
    top, depth, found, guesses = 0, 0, 0, 0
    while True:
        top, cell, left = _singles(board, taken, places, houses, trail, top)
        if cell >= 0:
            began[depth], where[depth], untried[depth] = top, cell, left
            depth += 1
        elif cell == -1:
            if found == 0:
                solution[:] = board
            found += 1
            if found == limit:
                return found, guesses
        while depth and untried[depth - 1] == 0:
            depth -= 1
        if depth == 0:
            return found, guesses
        while top > began[depth - 1]:
            top -= 1
            _clear(board, taken, places, trail[top])
        guesses += 1
        if guesses > budget:
            return OUT_OF_BUDGET, guesses
        chosen = untried[depth - 1]
        if len(rng):
            for _ in range(below(rng, _count(chosen))):
                chosen &= chosen - 1
        chosen &= -chosen
        untried[depth - 1] &= ~chosen
        _put(board, taken, places, where[depth - 1], chosen)
        trail[top] = where[depth - 1]
        top += 1


@njit(cache=True)
def solve(board, houses, limit, budget, solution):  # type: ignore[no-untyped-def]
    """Solutions up to a limit, the first written to `solution`, and guesses: those that singles leave to be made.

    None where a symbol is twice in a house; OUT_OF_BUDGET where it takes more guesses than the budget.
    """
    work, places = board.copy(), _places(houses)
    taken, fits = _taken(work, places)
    if not fits:
        return 0, 0
    return _search(work, taken, places, houses, limit, budget, np.empty(0, np.uint64), solution)


@njit(cache=True)
def fill_singles(boards, houses):  # type: ignore[no-untyped-def]
    """Fill in, on each board (N, cells), what naked and hidden singles give."""
    places, trail = _places(houses), np.empty(boards.shape[1], np.int64)
    for board in boards:
        taken, _ = _taken(board, places)
        _singles(board, taken, places, houses, trail, 0)


@njit(cache=True)
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
        taken, _ = _taken(work, places)
        found, _ = _search(work, taken, places, houses, 1, 4 * len(board), rng, board)
        if found == 1:
            return


@njit(cache=True)
def _is_only_one(board, taken, places, houses, cell, symbol):  # type: ignore[no-untyped-def]
    """Whether a blank cell of a board with one solution, where this symbol is in it, has no other once it is blank."""
    everything, bit = (1 << houses.shape[1]) - 1, 1 << (symbol - 1)
    others = _candidates(taken, places, cell, everything) & ~bit
    if others == 0:
        return True
    for kind in range(3):
        alone = True
        for other in houses[places[cell, kind]]:
            if other != cell and board[other] == 0 and _candidates(taken, places, other, everything) & bit:
                alone = False
                break
        if alone:
            return True
    spare, rng = np.empty(len(board), np.int64), np.empty(0, np.uint64)
    while others:
        one = others & -others
        others &= others - 1
        work, also = board.copy(), taken.copy()
        _put(work, also, places, cell, one)
        if _search(work, also, places, houses, 1, BUDGET, rng, spare)[0] != 0:
            return False
    return True


@njit(cache=True)
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
        _clear(board, taken, places, cell)
        if _is_only_one(board, taken, places, houses, cell, solution[cell]):
            blank += 1
        else:
            _put(board, taken, places, cell, 1 << (solution[cell] - 1))
    return blank


@njit(cache=True)
def _thin(board, taken, places, houses, solution, order, blank, wanted, rng):  # type: ignore[no-untyped-def]
    """Give two blank cells again and dig on in another order, over and over; keep what is blank in no fewer cells."""
    for _ in range(SWAPS):
        if blank == wanted:
            break
        before = board.copy()
        given = 0
        while given < 2:
            cell = below(rng, len(board))
            if board[cell] == 0:
                _put(board, taken, places, cell, 1 << (solution[cell] - 1))
                given += 1
        _shuffle(order, rng)
        now = _dig(board, taken, places, houses, solution, order, wanted)
        if now < blank:
            board[:] = before
            taken[:] = _taken(board, places)[0]
        else:
            blank = now
    return blank


@njit(cache=True)
def kind_of(solution, given, houses):  # type: ignore[no-untyped-def]
    """A hash that is the same for all boards that symmetry makes of one, and different for nearly all others.

    The symmetries are those of the board, permutations of rows in a band, of bands, of columns in a stack and of
    stacks, transposition, and any renaming of symbols. Cells are told apart by the cycles of the permutations that take
    their row, or column, to others, and by `given`, then refined by what is around them.
    """
    symbols = houses.shape[1]
    places = _places(houses)
    lines = np.zeros(2 * symbols, np.uint64)
    image, seen = np.empty(symbols + 1, np.int64), np.empty(symbols + 1, np.bool_)
    for first in range(2 * symbols):
        begin = first // symbols * symbols
        for second in range(begin, begin + symbols):
            if first == second:
                continue
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
            lines[first] += mix(cycles)
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


@njit(cache=True)
def shares(solutions, given, houses):  # type: ignore[no-untyped-def]
    """The share of all kinds that each board (N, cells) is in."""
    found = np.empty(len(solutions), np.uint8)
    for index in range(len(solutions)):
        found[index] = kind_of(solutions[index], given[index], houses) % uint64(SHARES)
    return found


@njit(cache=True)
def move(key, box, boards, solutions):  # type: ignore[no-untyped-def]
    """Move each board and solution (N, cells), with boxes of so many rows and columns, by a symmetry of its own."""
    symbols = box[0] * box[1]
    lines, names = np.empty((2, symbols), np.int64), np.arange(symbols + 1)
    for index in range(len(boards)):
        rng = np.array([mix(uint64(key) + mix(uint64(index)))])
        for axis, size in enumerate(box):
            bands, inside = np.arange(symbols // size), np.arange(size)
            _shuffle(bands, rng)
            for place, band in enumerate(bands):
                _shuffle(inside, rng)
                lines[axis, place * size : (place + 1) * size] = band * size + inside
        _shuffle(names[1:], rng)
        turned = box[0] == box[1] and below(rng, 2) == 1
        board, solution = boards[index].copy(), solutions[index].copy()
        for row in range(symbols):
            for column in range(symbols):
                down, across = lines[0, row], lines[1, column]
                source = across * symbols + down if turned else down * symbols + across
                boards[index, row * symbols + column] = names[board[source]]
                solutions[index, row * symbols + column] = names[solution[source]]


@njit(cache=True)
def draw(key, first, wanted, stalled, houses, low, high, by_givens, tries, boards, solutions):  # type: ignore[no-untyped-def]
    """Fill boards (N, cells) with `wanted` blanks and one solution, number `first` of a key's stream and following.

    `stalled`: instead, boards on which singles give nothing more, with no more blanks; cells are given till it is so.
    Shares are from `low` to `high`: of the solution's kind or, `by_givens`, of the puzzle's. Returns whether each was
    found in so many tries.
    """
    places, cells = _places(houses), boards.shape[1]
    everything, order, trail = np.ones(cells, np.int64), np.arange(cells), np.empty(cells, np.int64)
    solution = np.empty(cells, np.int64)
    for index in range(len(boards)):
        rng = np.array([mix(uint64(key) + mix(uint64(first + index)))])
        for attempt in range(tries + 1):
            if attempt == tries:
                return False
            _random_board(houses, places, rng, solution)
            if not by_givens and not low <= kind_of(solution, everything, houses) % uint64(SHARES) <= high:
                continue
            board = solution.copy()
            taken, _ = _taken(board, places)
            _shuffle(order, rng)
            blank = _dig(board, taken, places, houses, solution, order, cells if stalled else wanted)
            if stalled:
                blank -= _singles(board, taken, places, houses, trail, 0)[0]
                while blank > wanted:
                    cell = below(rng, cells)
                    if board[cell] == 0:
                        _put(board, taken, places, cell, 1 << (solution[cell] - 1))
                        blank -= 1 + _singles(board, taken, places, houses, trail, 0)[0]
                if blank == 0:
                    continue
            elif _thin(board, taken, places, houses, solution, order, blank, wanted, rng) < wanted:
                continue
            if by_givens and not low <= kind_of(solution, board, houses) % uint64(SHARES) <= high:
                continue
            boards[index], solutions[index] = board, solution
            break
    return True


@njit(cache=True)
def rate(boards, houses, budget):  # type: ignore[no-untyped-def]
    """Guesses that each board (N, cells) takes to solve, or OUT_OF_BUDGET."""
    guesses, solution = np.empty(len(boards), np.int64), np.empty(boards.shape[1], np.int64)
    for index in range(len(boards)):
        found, guesses[index] = solve(boards[index], houses, 1, budget, solution)
        if found == OUT_OF_BUDGET:
            guesses[index] = OUT_OF_BUDGET
    return guesses
