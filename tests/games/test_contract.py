"""What the contract of games does whatever the game, and the promises of games under other options."""

import numpy as np
import pytest

import longthink as lt
from longthink.base.errors import UserError
from longthink.games.contract import column_name

OPTIONS = [
    ("hex", {"swap": True}),
    ("connect_four", {"in_row": 3}),
    ("nim", {"most": 2}),
    ("nim", {"most": 12}),
]


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=str)
def test_promises_hold_under_other_options(name: str, options: dict[str, int]) -> None:
    assert lt.testing.check_game(lt.game(name, **options)) == {}


def test_columns_have_the_letters_of_a_spreadsheet() -> None:
    names = [column_name(number) for number in range(702)]
    assert len(set(names)) == 702
    assert names == sorted(names, key=lambda name: (len(name), name))
    assert names[26:28] == ["aa", "ab"]


@pytest.mark.parametrize("move", [-1, -25, 25, 10**9])
def test_a_move_that_no_board_has_is_refused_by_its_number(move: int) -> None:
    with pytest.raises(UserError, match=f"^Move {move} cannot be played here.$"):
        lt.game("hex").play(lt.game("hex").start(5), np.array([move]))


def test_a_move_that_is_taken_is_refused_by_its_name() -> None:
    game = lt.game("hex")
    with pytest.raises(UserError, match="^o to c1 cannot be played here.$"):
        game.play(game.read("c1", level=5), np.array([10]))  # for o the board is mirrored


def test_a_text_with_a_wrong_move_says_which_there_are() -> None:
    with pytest.raises(UserError, match=r"^Move 2, a9, cannot be played; the moves there are: a1, a2, b1\.$"):
        lt.game("hex").read("b2 a9", level=2)
    with pytest.raises(UserError, match=r"^The game is over after 3 moves, so a2 cannot be played\.$"):
        lt.game("hex").read("b1 a1 b2 a2", level=2)


def test_the_values_of_moves_are_shown_where_the_first_player_sees_them() -> None:
    game = lt.game("breakthrough")
    positions = game.read("a2b3", level=4)
    values = np.zeros(game.moves(4))
    values[[8 + 0, 16 + 8]] = 0.25, 0.5  # o from the first column of its third row, to the left and straight ahead
    shares = game.shares(positions, 0, values)
    assert shares[1].tolist() == [0, 0, 0, 0.75]
    assert shares.sum() == 0.75
