"""Connect Four: rows in all directions, none around the border, and how many positions there are."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longthink.base.errors import UserError
from longthink.games.connect_four import ConnectFour
from longthink.games.contract import Positions
from longthink.games.engine import GOES_ON


def dropped(column: str, *lines: str, in_row: int = 4) -> int:
    """The result for x of a piece dropped into a column of a board."""
    game = ConnectFour(in_row=in_row)
    board = np.array([[{".": 0, "x": 1, "o": -1}[letter] for letter in line] for line in lines], np.int8)
    positions = game.positions(len(lines), board[None])
    (move,) = (one for one in game.legal(positions)[0].nonzero()[0] if game.name_in(positions, 0, one)[0] == column)
    return int(game.play(positions, np.array([move])).score[0])


FLAT = ("......", "......", "......", "......", ".xx.xo")
UPRIGHT = ("......", "..x...", "..x...", "..xo..", "o.oo..")


@pytest.mark.parametrize(
    ("column", "lines", "score"),
    [
        ("d", FLAT, 1),
        ("a", FLAT, GOES_ON),
        ("c", UPRIGHT, 1),
        ("d", UPRIGHT, GOES_ON),
        ("d", ("......", "....x.", "....oo", "..xooo", ".xoooo"), 1),
        ("d", ("......", ".x....", "..xo..", "...o..", "...xx."), GOES_ON),
        ("a", ("......", "ox....", "oox...", "xoox..", "oooo.."), 1),
        ("e", ("......", ".x....", "..x...", "...xo.", "oooxo."), GOES_ON),
        ("e", ("......", ".x....", "..x...", "...xo.", "oooxox"), GOES_ON),
        ("e", (".x....", "..x...", "...x..", "....o.", "ooxoo."), GOES_ON),
    ],
)
def test_four_in_a_row_have_won(column: str, lines: tuple[str, ...], score: int) -> None:
    assert dropped(column, *lines) == score


def test_a_row_does_not_go_on_at_the_other_border() -> None:
    """The last two cells of a row and the first two of the next are neighbours in memory."""
    assert dropped("f", "......", "......", "......", "....x.", "xxoooo") == GOES_ON
    assert dropped("f", "......", "......", "......", "...xx.", "xxoooo") == GOES_ON
    assert dropped("f", "......", "......", "......", "..xxx.", "xxoooo") == 1


def test_a_full_board_without_a_row_is_drawn() -> None:
    positions = ConnectFour().read("a1 a2 a3 b1 b2 b3 c1 c2 c3 d1 d2 d3", level=3)
    assert ConnectFour().write(positions) == "  a b c d\n3 x o x o\n2 o x o x\n1 x o x o\ndrawn"
    assert positions.score.tolist() == [0]


def test_how_many_in_a_row_is_an_option() -> None:
    assert dropped("d", *FLAT, in_row=5) == GOES_ON
    assert dropped("a", *FLAT, in_row=3) == 1
    assert dropped("a", *FLAT, in_row=2) == 1
    with pytest.raises(UserError, match="A board of 2x3 has no room for 4 in a row"):
        ConnectFour().start(2)


def test_there_are_as_many_positions_as_others_count(after_all_moves: Callable[[Positions], Positions]) -> None:
    """OEIS A212693: different positions after so many moves on 6x7."""
    positions, counts = ConnectFour().start(6), []
    for _ in range(6):
        positions = after_all_moves(positions)
        boards = positions.board.reshape(len(positions), -1)
        positions = positions[np.unique(boards, axis=0, return_index=True)[1]]
        counts.append(len(positions))
    assert counts == [7, 49, 238, 1120, 4263, 16422]
    assert len(ConnectFour().openings(6)) == 49


@given(st.integers(3, 7), st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_no_piece_hangs_in_the_air(level: int, seed: int) -> None:
    game, rng = ConnectFour(), np.random.default_rng(seed)
    positions = game.start(level)
    while not positions.over[0]:
        moves = game.legal(positions)[0].nonzero()[0]
        assert len(set(moves % (level + 1))) == len(moves), "one cell of each column at most"
        positions = game.play(positions, rng.choice(moves, 1))
        filled = positions.board[0] != 0
        assert (filled[1:] >= filled[:-1]).all()
        assert filled.sum() == positions.ply[0]
        assert positions.board_of_first(0).sum() == positions.ply[0] % 2
