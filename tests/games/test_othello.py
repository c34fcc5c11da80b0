"""Othello: what is turned, who is passed over, and how many games there are."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longthink.base.errors import UserError
from longthink.games.contract import Positions
from longthink.games.othello import Othello

GAME = Othello()


def board(*lines: str) -> Positions:
    values = np.array([[{".": 0, "x": 1, "o": -1}[letter] for letter in line] for line in lines], np.int8)
    return GAME.positions(len(lines), values[None])


def test_there_are_as_many_games_as_others_count(after_all_moves: Callable[[Positions], Positions]) -> None:
    """The known numbers of sequences of moves on 8x8."""
    positions, counts = GAME.start(8), []
    for _ in range(6):
        positions = after_all_moves(positions)
        counts.append(len(positions))
    assert counts == [4, 12, 56, 244, 1396, 8200]
    assert len(GAME.openings(8)) < 56, "some orders of moves lead to one position"


def test_discs_are_turned_in_all_directions_up_to_the_next_own() -> None:
    positions = board("x..x..", ".o.o..", "..ooo.", "x.o.oo", "..oo..", "..o.o.")
    after = GAME.play(positions, np.array([3 * 6 + 3]))
    expected = board("x..x..", ".x.x..", "..xxo.", "x.oxoo", "..oo..", "..o.o.")
    assert after.board_of_first(0).tolist() == expected.board[0].tolist()


def test_who_cannot_move_is_passed_over() -> None:
    """x takes the first row, and o has nothing that x does not hold; x may go on below."""
    positions = board("xo..", "....", "xo..", "....")
    after = GAME.play(positions, np.array([2]))
    assert after.player.tolist() == [0]
    assert after.ply.tolist() == [1]
    assert after.board[0].tolist() == board("xxx.", "....", "xo..", "....").board[0].tolist()
    last = GAME.play(after, np.array([10]))
    assert last.score.tolist() == [1]


@pytest.mark.parametrize(
    ("lines", "move", "score"),
    [
        (("xo..", "....", "....", "...."), 2, 1),  # nobody can move, and there are empty cells
        (("xo.o", "oooo", "oooo", "oooo"), 2, -1),
        (("xo.x", "xooo", "oxox", "xooo"), 2, 0),
    ],
)
def test_when_nobody_can_move_more_discs_have_won(lines: tuple[str, ...], move: int, score: int) -> None:
    assert GAME.play(board(*lines), np.array([move])).score.tolist() == [score]


@pytest.mark.parametrize("level", [5, 7, 9])
def test_odd_sides_are_refused(level: int) -> None:
    with pytest.raises(UserError, match=f"Boards of Othello have an even side, so there is no level {level}."):
        GAME.start(level)


@given(st.sampled_from([4, 6, 8]), st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_each_move_adds_a_disc_and_none_goes(level: int, seed: int) -> None:
    rng, positions = np.random.default_rng(seed), GAME.start(level)
    while not positions.over[0]:
        before = positions.board[0] != 0
        moves = GAME.legal(positions)[0].nonzero()[0]
        positions = GAME.play(positions, rng.choice(moves, 1))
        after = positions.board[0] != 0
        assert (after >= before).all()
        assert after.sum() == 4 + positions.ply[0]
    assert positions.score[0] == np.sign(positions.board_of_first(0).sum(dtype=int))
