"""Sudoku as people solve it, compiled: the round in which each technique, all over the board at once, decides a cell.

In a round, all that follows from the candidates before it is drawn at once. So rounds count how far conclusions lie
from the givens, and not how many there are. Boards, houses and sets of symbols as in `_solver`.
"""

import numpy as np

from longthink.base.compiled import compiled
from longthink.problems.sudoku._solver import candidates, count_of, places_of, taken_of

NAKED_SINGLES, HIDDEN_SINGLES, LOCKED_CANDIDATES, PAIRS = range(4)
"""What is known: each technique, and those before it."""
MOST_GUESSES = 100_000
"""On one board, over all branches; where it takes more, what guesses would decide stays undecided."""


@compiled
def _rule_out_locked(left, after, houses, places):  # type: ignore[no-untyped-def]
    """Where a symbol fits a box in one line only, it is nowhere else in that line; and the other way round."""
    symbols = houses.shape[1]
    for box in range(2 * symbols, 3 * symbols):
        for line in range(2 * symbols):
            common, in_box, in_line, kind = 0, 0, 0, line // symbols
            for cell in houses[box]:
                if places[cell, kind] == line:
                    common |= left[cell]
                else:
                    in_box |= left[cell]
            for cell in houses[line]:
                if places[cell, 2] != box:
                    in_line |= left[cell]
            for cell in houses[line]:
                if places[cell, 2] != box:
                    after[cell] &= ~(common & ~in_box)
            for cell in houses[box]:
                if places[cell, kind] != line:
                    after[cell] &= ~(common & ~in_line)


@compiled
def _rule_out_pairs(left, after, houses):  # type: ignore[no-untyped-def]
    """Two cells of a house with two candidates in all keep them for themselves; two symbols with two cells likewise."""
    symbols = houses.shape[1]
    where = np.empty(symbols, np.int64)
    for house in houses:
        where[:] = 0
        for place in range(symbols):
            for symbol in range(symbols):
                where[symbol] |= (left[house[place]] >> symbol & 1) << place
        for one in range(symbols):
            for other in range(one + 1, symbols):
                both, cells = left[house[one]] | left[house[other]], where[one] | where[other]
                if count_of(both) == 2:
                    for place in range(symbols):
                        if place not in (one, other):
                            after[house[place]] &= ~both
                if count_of(cells) == 2:
                    for place in range(symbols):
                        if cells >> place & 1:
                            after[house[place]] &= 1 << one | 1 << other


@compiled
def _decide(left, after, houses, places, known, number, rounds):  # type: ignore[no-untyped-def]
    """Write the number of a round to cells that are singles in it, and take their symbols from all that see them."""
    single = np.zeros(len(left), np.int64)
    for cell in range(len(left)):
        if left[cell] & (left[cell] - 1) == 0:
            single[cell] = left[cell]
    if known >= HIDDEN_SINGLES:
        for house in houses:
            once, twice = 0, 0
            for cell in house:
                twice |= once & left[cell]
                once |= left[cell]
            for cell in house:
                single[cell] |= left[cell] & once & ~twice
    for cell in range(len(left)):
        if single[cell] == 0 or rounds[cell] != 0:
            continue
        rounds[cell] = number
        after[cell] &= single[cell] if single[cell] & (single[cell] - 1) == 0 else 0  # two at once: a contradiction
        for kind in range(3):
            for other in houses[places[cell, kind]]:
                if other != cell:
                    after[other] &= ~single[cell]


@compiled
def _is_possible(left, houses):  # type: ignore[no-untyped-def]
    """Whether each cell has a candidate, and each symbol a cell in every house."""
    for house in houses:
        somewhere = 0
        for cell in house:
            if left[cell] == 0:
                return False
            somewhere |= left[cell]
        if somewhere != (1 << houses.shape[1]) - 1:
            return False
    return True


@compiled
def _conclude(left, rounds, number, houses, places, known):  # type: ignore[no-untyped-def]
    """Go on from a round until nothing follows any more. Returns the last round, and whether there is no contradiction.

    `left` has the candidates of each cell, `rounds` when it was decided: 0 for not yet, -1 for givens.
    """
    while True:
        after = left.copy()
        if known >= LOCKED_CANDIDATES:
            _rule_out_locked(left, after, houses, places)
        if known >= PAIRS:
            _rule_out_pairs(left, after, houses)
        undecided = np.sum(rounds == 0)
        _decide(left, after, houses, places, known, number + 1, rounds)
        if undecided == np.sum(rounds == 0) and (after == left).all():
            return number, True
        left[:] = after
        number += 1
        if not _is_possible(left, houses):
            return number, False


@compiled
def _with_fewest(left, rounds):  # type: ignore[no-untyped-def]
    """The first undecided cell that has the fewest candidates; -1 where all are decided."""
    chosen, fewest = -1, 0
    for cell in range(len(left)):
        if rounds[cell] == 0:
            count = count_of(left[cell])
            if chosen < 0 or count < fewest:
                chosen, fewest = cell, count
    return chosen


@compiled
def _guess(board_left, board_rounds, houses, places, known):  # type: ignore[no-untyped-def]
    """Conclude, guess where that stalls, and so on in each branch.

    All candidates of the first cell with fewest are tried side by side, each in a branch whose rounds go on counting.
    Once all but one are refuted, what that one has found holds: so a cell's round is that of its branch, or that in
    which the last of the others met its contradiction, whichever is later. Branches are gone through one by one, with
    a stack of those that have branches themselves.
    """
    cells = len(board_left)
    left, rounds = np.empty((cells + 1, cells), np.int64), np.empty((cells + 1, cells), np.int64)
    kept_left, kept_rounds = np.empty((cells, cells), np.int64), np.empty((cells, cells), np.int64)
    where, untried = np.empty(cells, np.int64), np.empty(cells, np.int64)
    stalled, refuted, standing = np.empty(cells, np.int64), np.empty(cells, np.int64), np.empty(cells, np.int64)
    left[0], rounds[0] = board_left, board_rounds
    depth, begun, guesses = 0, 0, 0
    while True:
        end, stands = _conclude(left[depth], rounds[depth], begun, houses, places, known)
        cell = _with_fewest(left[depth], rounds[depth]) if stands else -1
        if cell >= 0:
            where[depth], untried[depth] = cell, left[depth, cell]
            stalled[depth], refuted[depth], standing[depth] = end, end, 0
            depth += 1
        else:
            branches = 1 if stands else 0
            while depth:
                above = depth - 1
                standing[above] += branches
                if branches == 0:
                    refuted[above] = max(refuted[above], end)
                else:
                    kept_left[above], kept_rounds[above] = left[depth], rounds[depth]
                if untried[above] and standing[above] < 2:
                    break
                depth, branches, end = above, standing[above], refuted[above]
                if branches == 1:
                    for one in range(cells):
                        if rounds[depth, one] == 0:
                            rounds[depth, one] = max(end, kept_rounds[depth, one])
                    left[depth], end = kept_left[depth], rounds[depth].max()
        guesses += 1
        if depth == 0 or guesses > MOST_GUESSES:
            board_left[:], board_rounds[:] = left[0], rounds[0]
            return
        above = depth - 1
        left[depth], rounds[depth], begun = left[above], rounds[above], stalled[above]
        left[depth, where[above]] = untried[above] & -untried[above]
        untried[above] &= untried[above] - 1


@compiled
def decide(boards, houses, known, guessing, rounds, left):  # type: ignore[no-untyped-def]
    """Write to `rounds` when each cell of boards (N, cells) is decided, 0 for never and for givens.

    `left` gets the candidates, as bits, that are there in the end.
    """
    places, everything = places_of(houses), (1 << houses.shape[1]) - 1
    for index in range(len(boards)):
        board = boards[index]
        taken, _ = taken_of(board, places)
        for cell in range(len(board)):
            if board[cell]:
                left[index, cell], rounds[index, cell] = 1 << (board[cell] - 1), -1
            else:
                left[index, cell], rounds[index, cell] = candidates(taken, places, cell, everything), 0
        if guessing:
            _guess(left[index], rounds[index], houses, places, known)
        else:
            _conclude(left[index], rounds[index], 0, houses, places, known)
        for cell in range(len(board)):
            rounds[index, cell] = max(0, rounds[index, cell])
