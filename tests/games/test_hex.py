"""Hex: who joins what, the swap rule, and that one player or the other always has won a full board."""

from collections.abc import Callable
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longthink.base.errors import UserError
from longthink.games.contract import Positions
from longthink.games.engine import GOES_ON
from longthink.games.hex import Hex

SWAP = Hex(swap=True)


def test_a_cell_touches_six_others() -> None:
    """b2 touches two cells of the first row and two of the last; the corners of the long diagonal it does not."""
    through = ("b1 a3 b2 c3 b3", "b1 c1 b2 a1 a3", "c1 a1 b2 b1 a3", "c1 a1 b2 a2 b3", "a1 c1 b2 a3 c3")
    assert [int(Hex().read(text, level=3).score[0]) for text in through] == [1, 1, 1, 1, GOES_ON]


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("a1 b1 a2", 1),  # x from top to bottom
        ("b1 a1 a2", 1),  # the short diagonal touches
        ("a1 b1 b2", GOES_ON),  # the long one does not
        ("a1 a2 b2 b1", -1),  # o from left to right
        ("b1 a1 b2", 1),
        ("a1 b1 b2 a2", -1),
    ],
)
def test_who_has_won_on_the_smallest_board(text: str, score: int) -> None:
    assert Hex().read(text, level=2).score.tolist() == [score]


def test_each_sees_its_own_sides_at_the_top_and_at_the_bottom() -> None:
    positions = Hex().read("c1", level=3)
    assert positions.board[0].tolist() == [[0, 0, 0], [0, 0, 0], [-1, 0, 0]]
    assert positions.board_of_first(0).tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]
    own, other, legal, own_sides, other_sides = Hex().seen(positions)[0].astype(int).tolist()
    assert own == [[0, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert other == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert legal == [[1, 1, 1], [1, 1, 1], [0, 1, 1]]
    assert own_sides == [[1, 1, 1], [0, 0, 0], [1, 1, 1]]
    assert other_sides == [[1, 0, 1], [1, 0, 1], [1, 0, 1]]


@pytest.mark.parametrize(
    ("text", "board"),
    [
        ("b1 b1", [[0, 0, 0], [-1, 0, 0], [0, 0, 0]]),  # x on b1 has become o on a2
        ("c1 c1", [[0, 0, 0], [0, 0, 0], [-1, 0, 0]]),
        ("b2 b2", [[0, 0, 0], [0, -1, 0], [0, 0, 0]]),
        ("b1 b1 b1 c3", [[0, 1, 0], [-1, 0, 0], [0, 0, -1]]),  # the place is free again
        ("b1 b2", [[0, 1, 0], [0, -1, 0], [0, 0, 0]]),  # nobody must
    ],
)
def test_to_swap_is_to_take_over_the_first_stone_mirrored(text: str, board: list[list[int]]) -> None:
    positions = SWAP.read(text, level=3)
    assert positions.board_of_first(0).tolist() == board
    assert positions.player[0] == len(text.split()) % 2


@pytest.mark.parametrize(("game", "text"), [(Hex(), "b1 b1"), (SWAP, "b1 c1 b1"), (SWAP, "b1 b1 a2")])
def test_only_the_first_stone_is_taken_over_and_only_at_once(game: Hex, text: str) -> None:
    with pytest.raises(UserError, match="cannot be played; the moves there are: "):
        game.read(text, level=3)


def test_there_are_as_many_beginnings_as_orders_of_cells(after_all_moves: Callable[[Positions], Positions]) -> None:
    positions, lengths = Hex().start(3), []
    for _ in range(4):
        positions = after_all_moves(positions)
        lengths.append(len(positions))
    assert lengths == [factorial(9) // factorial(9 - moves) for moves in range(1, 5)]
    assert len(Hex().openings(5)) == 25
    assert len(after_all_moves(SWAP.openings(3))) == 9 * 9


@given(st.integers(2, 7), st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_a_full_board_is_won_by_the_one_who_joins_its_sides(level: int, seed: int) -> None:
    """Cells in a random order, one colour after the other; who has won is told by a flood from x's first row."""
    rng = np.random.default_rng(seed)
    game, order = Hex(), rng.permutation(level**2)
    positions = game.start(level)
    for place in order:
        if not positions.over[0]:
            move = place if positions.player[0] == 0 else game.turned_move(int(place), level)
            positions = game.play(positions, np.array([move]))
    full = positions.board_of_first(0).copy()
    rest = [place for place in order if full.flat[place] == 0]
    for number, place in enumerate(rest):  # as if they had gone on
        full.flat[place] = 1 if (level**2 - len(rest) + number) % 2 == 0 else -1
    assert positions.over[0]
    assert positions.score[0] == (1 if flood_reaches_the_bottom(full) else -1)


def flood_reaches_the_bottom(board: np.ndarray) -> bool:
    level = len(board)
    reached = np.zeros((level + 2, level + 2), bool)
    reached[0] = True
    own = np.pad(board == 1, 1)
    for _ in range(level**2):
        around = reached.copy()
        for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0), (1, -1), (-1, 1)):
            around |= np.roll(reached, (down, right), (0, 1))
        reached[1:-1] = (around & own)[1:-1]
    return bool(reached[-2].any())
