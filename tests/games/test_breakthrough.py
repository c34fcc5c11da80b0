"""Breakthrough: where pawns go, what they take, how it ends."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longthink.base.errors import UserError
from longthink.games.breakthrough import Breakthrough
from longthink.games.contract import Positions
from longthink.games.engine import GOES_ON

GAME = Breakthrough()


def names(positions: Positions) -> list[str]:
    return sorted(GAME.name_in(positions, 0, int(move)) for move in GAME.legal(positions)[0].nonzero()[0])


def board(*lines: str) -> Positions:
    values = np.array([[{".": 0, "x": 1, "o": -1}[letter] for letter in line] for line in lines], np.int8)
    return GAME.positions(len(lines), values[None])


def test_a_pawn_goes_ahead_and_takes_to_the_side_only() -> None:
    positions = board("....o", ".oo..", ".x..x", ".....", ".....")
    assert names(positions) == ["b3a4", "b3c4", "e3d4", "e3e4"]
    after = GAME.read("b2a3 d4c3 b1b2", level=5)
    assert names(after)[:3] == ["a4b3", "b4a3", "b4b3"]
    assert "c3c2" not in names(after), "straight ahead is a pawn"
    assert {"c3b2", "c3d2"} <= set(names(after)), "which it may take to the side"


def test_both_players_name_moves_on_the_same_board() -> None:
    positions = GAME.read("a2b3 e4d3", level=5)
    assert GAME.write(positions).splitlines()[3] == "3 . x . o ."
    assert positions.player.tolist() == [0]


@pytest.mark.parametrize(
    ("lines", "move", "score"),
    [
        (("....", "x...", "...o", "...."), "a3a4", 1),  # the last row
        (("....", "x...", "o...", "...x"), "d1d2", GOES_ON),
        (("....", "....", "o...", ".x.."), "b1a2", 1),  # the last pawn of the other
        (("o..o", "x...", "....", "...."), "a3b4", 1),
    ],
)
def test_a_pawn_at_the_other_side_has_won_or_who_has_taken_all(lines: tuple[str, ...], move: str, score: int) -> None:
    positions = board(*lines)
    chosen = {GAME.name_in(positions, 0, int(one)): one for one in GAME.legal(positions)[0].nonzero()[0]}[move]
    assert GAME.play(positions, np.array([chosen])).score.tolist() == [score]


def test_x_wins_above_and_o_below() -> None:
    positions = GAME.read("a2b3 a3b2 c1b2 c3d2 b3a4", level=4)
    assert positions.score.tolist() == [1]
    positions = GAME.read("a2b3 c3b2 c2d3 b2c1", level=4)
    assert positions.score.tolist() == [-1]


def test_the_game_begins_with_two_rows_of_pawns_each(after_all_moves: Callable[[Positions], Positions]) -> None:
    """On 8x8 each has 22 moves at first: 8 straight ahead, 7 to either side."""
    start = GAME.start(8)
    assert start.board[0].sum(1).tolist() == [-8, -8, 0, 0, 0, 0, 8, 8]
    assert len(after_all_moves(start)) == 22
    assert len(after_all_moves(after_all_moves(start))) == 22 * 22
    with pytest.raises(UserError, match="The smallest level of breakthrough is 4, not 3"):
        GAME.start(3)


@given(st.integers(4, 8), st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_every_move_brings_one_pawn_one_row_ahead(level: int, seed: int) -> None:
    rng, positions = np.random.default_rng(seed), GAME.start(level)
    while not positions.over[0]:
        before = positions.board_of_first(0)
        moves = GAME.legal(positions)[0].nonzero()[0]
        assert len(moves), "someone can always move"
        own = 1 if positions.player[0] == 0 else -1
        positions = GAME.play(positions, rng.choice(moves, 1))
        after = positions.board_of_first(0)
        assert (after == own).sum() == (before == own).sum()
        assert (before == -own).sum() - (after == -own).sum() in (0, 1)
        rows = np.arange(level)[:, None]
        assert (rows * (after == own)).sum() - (rows * (before == own)).sum() == -own, "up for x, down for o"
