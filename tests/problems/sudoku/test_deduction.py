"""When techniques decide cells: boards done by hand, a plain reference for each, and what must hold on any board."""

from collections.abc import Iterable
from itertools import combinations, pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from longthink.problems.sudoku import _deduction
from longthink.problems.sudoku._houses import houses
from longthink.problems.sudoku._solver import candidates, places_of, taken_of
from longthink.problems.sudoku.problem import Sudoku

LADDER = ["naked_singles", "hidden_singles", "locked_candidates", "pairs"]
Board = NDArray[np.int64]
Candidates = list[set[int]]
Cells = list[int]


def lost_to_locked(left: Candidates, inside: list[Cells]) -> Iterable[tuple[int, set[int]]]:
    symbols = len(inside[0])
    for box in inside[2 * symbols :]:
        for line in inside[: 2 * symbols]:
            for here, there in ((box, line), (line, box)):
                for symbol in range(1, symbols + 1):
                    fits = [cell for cell in here if symbol in left[cell]]
                    if fits and set(fits) <= set(there):
                        yield from ((cell, {symbol}) for cell in there if cell not in here)


def lost_to_pairs(left: Candidates, inside: list[Cells]) -> Iterable[tuple[int, set[int]]]:
    for house in inside:
        for pair in combinations(house, 2):
            both = left[pair[0]] | left[pair[1]]
            if len(both) == 2:
                yield from ((cell, both) for cell in house if cell not in pair)
        for two in combinations(range(1, len(house) + 1), 2):
            fits = [cell for cell in house if left[cell] & set(two)]
            if len(fits) == 2:
                yield from ((cell, left[cell] - set(two)) for cell in fits)


def next_round(left: Candidates, inside: list[Cells], known: int) -> tuple[Candidates, set[int]]:
    """The candidates after a round, and the cells that are singles in it."""
    lost: list[tuple[int, set[int]]] = []
    if known >= 2:
        lost += lost_to_locked(left, inside)
    if known >= 3:
        lost += lost_to_pairs(left, inside)
    singles = {(cell, symbol) for cell, some in enumerate(left) if len(some) == 1 for symbol in some}
    if known >= 1:
        for house in inside:
            for symbol in range(1, len(house) + 1):
                fits = [cell for cell in house if symbol in left[cell]]
                if len(fits) == 1:
                    singles.add((fits[0], symbol))
    for cell, symbol in singles:
        lost.append((cell, left[cell] - {symbol}))
        lost += [(other, {symbol}) for house in inside if cell in house for other in house if other != cell]
    after = [set(some) for some in left]
    for cell, some in lost:
        after[cell] -= some
    return after, {cell for cell, _ in singles}


def slowly(left: Candidates, rounds: list[int], number: int, inside: list[Cells], known: int, guess: bool) -> bool:
    """Fill in `rounds`, where 0 is not yet; whether no contradiction was met: then `left` and `number` are its last."""
    while True:
        after, singles = next_round(left, inside, known)
        new = [cell for cell in singles if rounds[cell] == 0]
        if after == left and not new:
            break
        number += 1
        for cell in new:
            rounds[cell] = number
        left[:] = after
        if any(set().union(*(left[cell] for cell in house)) != set(range(1, len(house) + 1)) for house in inside) or (
            not all(left)
        ):
            rounds.append(number)
            return False
    open_cells = [cell for cell, when in enumerate(rounds) if when == 0]
    if not guess or not open_cells:
        rounds.append(number)
        return True
    cell = min(open_cells, key=lambda one: (len(left[one]), one))
    refuted, standing = [number], []
    for symbol in sorted(left[cell]):
        branch = [set(some) for some in left]
        branch[cell] = {symbol}
        its_rounds = list(rounds)
        if slowly(branch, its_rounds, number, inside, known, guess):
            standing.append((branch, its_rounds))
        else:
            refuted.append(its_rounds[-1])
    if not standing:
        rounds.append(max(refuted))
        return False
    ((branch, its_rounds),) = standing  # these puzzles have one solution
    left[:] = branch
    for other in open_cells:
        rounds[other] = max(its_rounds[other], *refuted)
    rounds.append(max(rounds))
    return True


def by_reference(board: Board, box: tuple[int, int], known: int, guess: bool) -> list[int]:
    inside, symbols = houses(box).tolist(), box[0] * box[1]
    left = [{int(symbol)} if symbol else set(range(1, symbols + 1)) for symbol in board]
    for house in inside:
        for cell in house:
            if board[cell] == 0:
                left[cell] -= {int(board[other]) for other in house}
    rounds = [-1 if symbol else 0 for symbol in board]
    slowly(left, rounds, 0, inside, known, guess)
    return [max(0, number) for number in rounds[: len(board)]]


def rounds_of(board: Board, box: tuple[int, int], known: int, guess: bool = False) -> tuple[Board, Board]:
    rounds, left = np.empty((2, 1, len(board)), np.int64)
    _deduction.decide(board[None], houses(box), known, guess, rounds, left)
    return rounds[0], left[0]


def digits(text: str) -> Board:
    return np.array([int(one) for one in text.replace(".", "0") if one.isdigit()])


BY_HAND = digits("12.. 3... ..1. ...2")
"""In rows 2 and 4 a cell is 4 at once, since 1, 2 and 3 are seen from there. Hidden singles are four more at once."""


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (_deduction.NAKED_SINGLES, [[0, 0, 3, 4], [0, 1, 2, 2], [2, 2, 0, 3], [1, 3, 2, 0]]),
        (_deduction.HIDDEN_SINGLES, [[0, 0, 2, 3], [0, 1, 1, 1], [1, 2, 0, 2], [1, 1, 2, 0]]),
    ],
)
def test_singles_on_a_board_done_by_hand(known: int, expected: list[list[int]]) -> None:
    rounds, left = rounds_of(BY_HAND, (2, 2), known)
    assert rounds.reshape(4, 4).tolist() == expected
    assert left.tolist() == [1 << symbol - 1 for symbol in digits("1243 3421 2314 4132")]


def test_locked_candidates_point_and_claim() -> None:
    """In the first box 1 fits row 1 alone, and in column 4 symbol 2 fits the last box alone."""
    left = np.full(16, 0b1111)
    left[[4, 5]] &= ~1
    left[[3, 7]] &= ~2
    after, inside = left.copy(), houses((2, 2))
    _deduction._rule_out_locked(left, after, inside, places_of(inside))
    assert np.flatnonzero(after != left).tolist() == [2, 3, 10, 14]
    assert (left & ~after)[[2, 3, 10, 14]].tolist() == [1, 1, 2, 2]


def test_pairs_are_naked_and_hidden() -> None:
    """In row 1 two cells have 1 and 2 alone; in row 4 symbols 1 and 2 fit the first two cells alone."""
    left = np.full(16, 0b1111)
    left[[0, 2]], left[[14, 15]] = 0b0011, 0b1100
    after = left.copy()
    _deduction._rule_out_pairs(left, after, houses((2, 2)))
    lost = {cell: int((left & ~after)[cell]) for cell in np.flatnonzero(after != left).tolist()}
    assert lost == {1: 0b0011, 3: 0b0011, 10: 0b1100, 11: 0b1100, 12: 0b1100, 13: 0b1100}


TO_GUESS = digits("4.....8.5.3..........7......2.....6.....8.4......1.......6.3.7.5..2.....1.4......")
"""With 17 givens, of Peter Norvig's essay."""


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32), which=st.sampled_from([(2, 2), (2, 3), (3, 2)]), algorithm=st.integers(0, 4))
def test_rounds_are_those_of_a_plain_reference(seed: int, which: tuple[int, int], algorithm: int) -> None:
    problem = Sudoku(box=which)
    puzzles = problem.sample(problem.hard[3] - 2, 1, seed, repeats=True)
    board = puzzles.x.argmax(1).flatten().numpy()
    known, guess = (algorithm, False) if algorithm < 4 else (_deduction.HIDDEN_SINGLES, True)
    assert rounds_of(board, which, known, guess)[0].tolist() == by_reference(board, which, known, guess)


@pytest.mark.parametrize("known", range(4))
def test_so_they_are_on_large_boards(known: int) -> None:
    puzzles = Sudoku().sample(57, 4)
    for board in puzzles.x.argmax(1).flatten(1).numpy():
        assert rounds_of(board, (3, 3), known)[0].tolist() == by_reference(board, (3, 3), known, False)


def test_guesses_are_those_of_a_plain_reference() -> None:
    hard = Sudoku().sample(59, 60)
    boards = hard.x.argmax(1).flatten(1).numpy()
    wanted = np.argsort(Sudoku().guesses(hard))[[-12, -11, -10]]
    for board in boards[wanted]:
        assert (rounds_of(board, (3, 3), _deduction.HIDDEN_SINGLES)[0] == 0).sum() > (board > 0).sum()
        expected = by_reference(board, (3, 3), _deduction.HIDDEN_SINGLES, True)
        assert rounds_of(board, (3, 3), _deduction.HIDDEN_SINGLES, True)[0].tolist() == expected


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32), givens=st.integers(24, 40))
def test_what_is_decided_is_right_and_who_knows_more_decides_no_later(seed: int, givens: int) -> None:
    puzzles = Sudoku().sample(81 - givens, 3, seed)
    board, solution = puzzles.x.argmax(1).flatten(1).numpy(), puzzles.y.flatten(1).numpy() + 1
    found = puzzles.problem.algorithms(puzzles)
    assert [*found] == [*LADDER, "guess_and_check"]
    for weaker, stronger in [*pairwise(LADDER), ("hidden_singles", "guess_and_check")]:
        decided = found[weaker] > 0
        assert ((found[stronger] > 0) & (found[stronger] <= found[weaker]))[decided].all()
    assert torch.equal(found["guess_and_check"] > 0, torch.from_numpy(board == 0).view(3, 9, 9))
    for known, guess in ((0, False), (1, False), (2, False), (3, False), (1, True)):
        for one in range(3):
            rounds, left = rounds_of(board[one], (3, 3), known, guess)
            assert (left >> (solution[one] - 1) & 1).all()
            assert (left[rounds > 0] == 1 << (solution[one][rounds > 0] - 1)).all()


def test_singles_decide_all_of_a_board_just_where_they_solve_it() -> None:
    puzzles = Sudoku().sample(53, 60)
    singles = puzzles.problem.algorithms(puzzles)["hidden_singles"]
    solved = ((singles > 0) | (puzzles.x[:, 0] == 0)).flatten(1).all(1)
    assert torch.equal(solved.double(), puzzles.problem.baselines(puzzles)["singles"])
    assert 0 < solved.double().mean() < 1


def test_boards_of_seventeen_givens_and_of_several_solutions() -> None:
    rounds, left = rounds_of(TO_GUESS, (3, 3), _deduction.HIDDEN_SINGLES, True)
    assert ((rounds > 0) == (TO_GUESS == 0)).all()
    again, _ = rounds_of(np.log2(left).astype(int) + 1, (3, 3), _deduction.NAKED_SINGLES)
    assert (again == 0).all()
    nothing, _ = rounds_of(np.zeros(81, np.int64), (3, 3), _deduction.HIDDEN_SINGLES, True)
    assert (nothing == 0).all()


def test_what_takes_too_many_guesses_stays_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, places = houses((3, 3)), places_of(houses((3, 3)))
    taken, _ = taken_of(TO_GUESS, places)
    blank = TO_GUESS == 0
    left = np.array([candidates(taken, places, cell, 2**9 - 1) for cell in range(81)])
    left[~blank], rounds = 1 << (TO_GUESS[~blank] - 1), np.where(blank, 0, -1)
    monkeypatch.setattr(_deduction, "MOST_GUESSES", 0)
    _deduction._guess.py_func(left, rounds, inside, places, _deduction.HIDDEN_SINGLES)
    singles, _ = rounds_of(TO_GUESS, (3, 3), _deduction.HIDDEN_SINGLES)
    assert rounds[blank].tolist() == singles[blank].tolist()
    assert 0 in rounds
