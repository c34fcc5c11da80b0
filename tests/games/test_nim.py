"""Nim: what is taken, what a net sees, and that the theory of Bouton holds."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from longthink.base.errors import UserError
from longthink.games.contract import Positions
from longthink.games.engine import GOES_ON
from longthink.games.exact import values
from longthink.games.nim import Nim

GAME = Nim()


@pytest.mark.parametrize(
    ("text", "board", "score"),
    [
        ("3,5,1 2:4", [3, 4, 1], GOES_ON),
        ("3,5,1 2:0 1:1", [1, 0, 1], GOES_ON),
        ("0,2,0 2:0", [0, 0, 0], 1),
        ("0,2,0 2:1 2:0", [0, 0, 0], -1),
        ("7,7,7", [7, 7, 7], GOES_ON),
    ],
)
def test_objects_are_taken_of_one_row(text: str, board: list[int], score: int) -> None:
    positions = GAME.read(text, level=3)
    assert positions.board[0, :, 0].tolist() == board
    assert positions.score.tolist() == [score]
    assert positions.board_of_first(0).tolist() == positions.board[0].tolist()


def test_who_is_to_move_wins_unless_the_bits_cancel() -> None:
    """All positions of three rows of 0 to 4, solved by trying all moves."""

    @cache
    def won(numbers: tuple[int, ...]) -> bool:
        positions = GAME.positions(3, np.array(numbers, np.int8)[None, :, None])
        moves = GAME.legal(positions)[0].nonzero()[0]
        assert len(moves) == sum(numbers)
        after = GAME.played(positions[np.zeros(len(moves), int)], moves)
        return any(
            score == 1 or not won(tuple(board[:, 0].tolist()))
            for score, board in zip(after.score, after.board, strict=True)
        )

    for one, two, three in np.ndindex(5, 5, 5):
        if one + two + three:
            assert won((one, two, three)) == (one ^ two ^ three != 0)


def test_a_net_sees_bits() -> None:
    seen = Nim(most=9).seen(Nim(most=9).read("6,1,8,9", level=4))
    assert seen[0].tolist() == [[0, 1, 0, 1], [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1]]
    assert Nim(most=8).spec.inputs == 4
    assert Nim(most=7).spec.inputs == 3


def test_rows_are_drawn_evenly_and_by_the_seed() -> None:
    drawn = GAME.start(10, 2000, seed=3).board.ravel()
    counts = np.bincount(drawn, minlength=9)
    assert counts[0] == counts[8] == 0
    assert np.abs(counts[1:8] - 20_000 / 7).max() < 5 * np.sqrt(20_000 / 7)
    assert not np.array_equal(drawn, GAME.start(10, 2000, seed=4).board.ravel())
    assert GAME.openings(5).board.tolist() == GAME.openings(5).board.tolist()
    assert len(GAME.openings(1)) == 7


@pytest.mark.parametrize("text", ["3,5", "3,5,1,1", "3,8,1", "3,-1,2", "0,0,0", "a,b,c", "3,,1", "1," * 5000])
def test_what_are_no_rows_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="are not 3 rows of 0 to 7 objects: write a number for each, as 3,5,1"):
        GAME.read(text, level=3)


def test_theory_says_what_a_search_says() -> None:
    class Searched(Nim):
        def exact(self, positions: Positions) -> None:
            return None

    game = Nim(most=4)
    positions = game.positions(3, np.stack(np.meshgrid(*[np.arange(5)] * 3), -1).reshape(-1, 3, 1)[1:].astype(np.int8))
    assert np.array_equal(values(positions), values(replace(positions, game=Searched(most=4))))


def test_theory_knows_twelve_rows() -> None:
    worth = values(GAME.read("1,2,3,4,5,6,7,7,6,5,4,1", level=12))[0].reshape(7, 12)
    assert [tuple(move) for move in np.argwhere(worth == 1)] == [
        (left, row)
        for left in range(7)
        for row, number in enumerate((1, 2, 3, 4, 5, 6, 7, 7, 6, 5, 4, 1))
        if left < number and left == number ^ 1
    ]
