"""How hard boards are for a solver: against a plain reference, on known boards, and boards made to be hard."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from longthink.base.errors import UserError
from longthink.contracts import Split
from longthink.problems.sudoku import _boards as _sudoku_boards
from longthink.problems.sudoku import _rating
from longthink.problems.sudoku import _solver as _sudoku_solver
from longthink.problems.sudoku._houses import houses
from longthink.problems.sudoku._seventeen import FILE
from longthink.problems.sudoku.problem import ALGORITHMS, Sudoku, boards_of

Board = NDArray[np.int64]
KNOWN = {
    "530070000600195000098000060800060003400803001700020006060000280000419005000080079": 0,  # Wikipedia's
    "003020600900305001001806400008102900700000008006708200002609500800203009005010300": 0,  # Project Euler's first
    "800000000003600000070090200050007000000045700000100030001000068008500010090000400": 53,  # Inkala, 2012
    "005300000800000020070010500400005300010070006003200080060500009004000030000009700": 27,  # Inkala, 2010
    "000000039000001005003050800008090006070002000100400000009080050020000600400700000": 198,  # Golden Nugget
}


def settle(left: list[set[int]], inside: list[list[int]]) -> bool:
    """Take candidates away by singles and locked candidates, one at a time; whether nothing is impossible."""
    symbols = len(inside[0])
    while True:
        before = sum(map(len, left))
        for number, house in enumerate(inside):
            for symbol in range(1, symbols + 1):
                fits = [cell for cell in house if symbol in left[cell]]
                if not fits:
                    return False
                if len(fits) == 1:
                    left[fits[0]] &= {symbol}
                for other, there in enumerate(inside):
                    if other != number and set(fits) <= set(there):
                        for cell in set(there) - set(house):
                            left[cell] -= {symbol}
            for cell in house:
                if len(left[cell]) == 1:
                    for seen in house:
                        if seen != cell:
                            left[seen] -= left[cell]
        if not all(left):
            return False
        if sum(map(len, left)) == before:
            return True


def dead_ends(left: list[set[int]], inside: list[list[int]]) -> int:
    if not settle(left, inside):
        return 1
    undecided = [cell for cell, some in enumerate(left) if len(some) > 1]
    if not undecided:
        return 0
    cell = min(undecided, key=lambda one: len(left[one]))
    return sum(dead_ends([*map(set, left[:cell]), {one}, *map(set, left[cell + 1 :])], inside) for one in left[cell])


def by_reference(board: Board, box: tuple[int, int]) -> int:
    everything = set(range(1, box[0] * box[1] + 1))
    return dead_ends([{int(symbol)} if symbol else set(everything) for symbol in board], houses(box).tolist())


def rated(boards: Board, most: int = 10**6, box: tuple[int, int] = (3, 3)) -> list[int]:
    ratings = np.empty(len(boards), np.int64)
    _rating.rate(boards, houses(box), most, ratings)
    return ratings.tolist()


def digits(text: str) -> Board:
    return np.array([int(one) for one in text])


def test_known_boards() -> None:
    boards = np.array([digits(text) for text in KNOWN])
    assert rated(boards) == [*KNOWN.values()]
    assert rated(boards, most=40) == [min(40, rating) for rating in KNOWN.values()]
    puzzles = Sudoku().from_boards(boards, np.ones_like(boards))
    assert Sudoku().rating(puzzles).tolist() == [*KNOWN.values()]


@pytest.mark.parametrize(("box", "level", "count"), [((3, 3), 57, 6), ((2, 3), 26, 6), ((2, 2), 12, 3)])
def test_dead_ends_are_those_of_a_plain_search(box: tuple[int, int], level: int, count: int) -> None:
    boards = boards_of(Sudoku(box=box).sample(level, count, seed=3))
    assert rated(boards, box=box) == [by_reference(board, box) for board in boards]


@settings(deadline=None)
@given(seed=st.integers(0, 2**32))
def test_names_of_symbols_do_not_matter(seed: int) -> None:
    """All branches are gone through, so it does not matter which comes first."""
    boards = np.array([digits(text) for text in KNOWN])
    names = np.concatenate([[0], 1 + np.random.default_rng(seed).permutation(9)])
    assert rated(names[boards], most=100) == rated(boards, most=100)


def test_what_singles_solve_rates_0_and_so_may_what_locked_candidates_do() -> None:
    puzzles = Sudoku().sample(57, 100)
    ratings, rounds = Sudoku().rating(puzzles), Sudoku().algorithms(puzzles)["locked_candidates"]
    by_locked = (rounds.flatten(1) > 0).sum(1) == 57
    assert torch.equal(ratings == 0, by_locked)
    assert (ratings[Sudoku().baselines(puzzles)["singles"] == 1] == 0).all()
    assert 0.5 < by_locked.double().mean() < 0.8  # 47.5 % of random minimal boards, in tdoku's benchmark


@pytest.mark.parametrize("split", ["train", "test"])
def test_boards_are_made_to_a_rating(split: Split) -> None:
    problem = Sudoku(lowest_rating=12)
    puzzles = problem.sample(54, 4, split=split)
    boards, solutions = boards_of(puzzles), puzzles.y.flatten(1).numpy() + 1
    assert ((boards == 0).sum(1) == 54).all()
    assert (problem.rating(puzzles) >= 12).all()
    assert problem.baselines(puzzles)["singles"].sum() == 0
    everywhere, inside = np.ones_like(boards[0]), houses((3, 3))
    for board, solution in zip(boards, solutions, strict=True):
        found = np.empty(81, np.int64)
        assert _sudoku_solver.solve(board, inside, 2, 10**6, found)[0] == 1
        assert (found == solution).all()
        share = _sudoku_boards.kind_of(solution, everywhere, inside) % _sudoku_boards.SHARES
        assert (share == 1) == (split == "test")
    assert torch.equal(problem.sample(54, 4, split=split).x, puzzles.x)


def test_ratings_that_no_board_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longthink.problems.sudoku.problem.TRIES", 2)
    with pytest.raises(UserError, match="51 givens rated 50 or more was found in 2 tries"):
        Sudoku(lowest_rating=50).sample(30, 1)
    with pytest.raises(UserError, match="None of the test boards with 17 givens rates 5000 or more"):
        Sudoku(lowest_rating=5000).sample(64, 1)


@pytest.mark.parametrize("name", [name for name, (_, guessing) in ALGORITHMS.items() if not guessing])
def test_stalled_boards_ask_for_more_than_an_algorithm(name: str) -> None:
    problem = Sudoku(stalled=1.0, stalled_by=name)
    puzzles = problem.sample(41, 12, split="train", repeats=True)
    rounds = problem.algorithms(puzzles)
    assert rounds[name].sum() == 0
    blank = (puzzles.x[:, 0] > 0).flatten(1)
    assert ((rounds["guess_and_check"].flatten(1) > 0) == blank).all()
    assert 0 < blank.sum(1).min() <= blank.sum(1).max() <= 41
    assert problem.correct(puzzles.y, puzzles).all()


def test_the_list_of_17_givens() -> None:
    """Each is a puzzle, and none is another under a symmetry: kinds that differ are of boards that differ."""
    boards = [digits(line.replace(".", "0")) for line in FILE.read_text().splitlines() if not line.startswith("#")]
    kinds, inside, solution = set(), houses((3, 3)), np.empty(81, np.int64)
    for board in boards:
        assert (board > 0).sum() == 17
        assert _sudoku_solver.solve(board, inside, 2, 10**6, solution)[0] == 1
        kinds.add(int(_sudoku_boards.kind_of(solution, board, inside)))
    assert len(kinds) == len(boards) > 30


def test_boards_with_17_givens_are_moved_ones_of_the_list() -> None:
    inside, everywhere, seen = houses((3, 3)), np.ones(81, np.int64), {}
    for split in ("train", "validation", "test"):
        puzzles = Sudoku().sample(64, 40, split=split)
        boards, solutions = boards_of(puzzles), puzzles.y.flatten(1).numpy() + 1
        assert ((boards == 0).sum(1) == 64).all()
        assert Sudoku().correct(puzzles.y, puzzles).all()
        assert len(np.unique(boards, axis=0)) == 40
        shares = _sudoku_boards.kinds(solutions, np.ones_like(solutions), inside) % _sudoku_boards.SHARES
        assert {"train": {2, 3}, "validation": {0}, "test": {1}}[split] >= set(shares.tolist())
        seen[split] = {int(_sudoku_boards.kind_of(solution, everywhere, inside)) for solution in solutions}
    assert not seen["train"] & seen["test"]
    assert not seen["validation"] & seen["test"]
    assert not torch.equal(Sudoku().sample(64, 5, seed=1).x, Sudoku().sample(64, 5).x)
