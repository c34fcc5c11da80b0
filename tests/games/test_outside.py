"""OpenSpiel's player, and that it is given the same position."""

import numpy as np
import pytest

import longthink as lt
from longthink.base.errors import UserError
from longthink.games.contract import Positions
from longthink.games.hex import Hex
from longthink.games.match import match
from longthink.games.outside import OpenSpielPlayer, _state
from longthink.games.players import Random, keys_of

pyspiel = pytest.importorskip("pyspiel")
GAME = lt.game("hex")


def named(positions: Positions, which: int, moves: list[int]) -> set[str]:
    return {GAME.name_in(positions, which, move) for move in moves}


def test_it_is_given_the_same_position() -> None:
    rules, positions = pyspiel.load_game("hex(board_size=4)"), GAME.start(4, 30)
    while len(positions):
        for which in range(len(positions)):
            state, player = _state(rules, positions, which), int(positions.player[which])
            legal = GAME.legal(positions)[which].nonzero()[0].tolist()
            assert state.current_player() == player
            theirs = {state.action_to_string(player, action) for action in state.legal_actions()}
            assert named(positions, which, legal) == theirs
            after = GAME.play(positions[np.repeat(which, len(legal))], np.array(legal))
            wins = [move for move, over in zip(legal, after.over, strict=True) if over]
            theirs = {
                state.action_to_string(player, action)
                for action in state.legal_actions()
                if state.child(action).is_terminal()
            }
            assert named(positions, which, wins) == theirs
        keys = keys_of(0, np.arange(len(positions)), positions.ply)
        positions = GAME.play(positions, Random().choose(positions, keys))
        positions = positions[~positions.over]


@pytest.mark.parametrize(
    ("text", "wins"), [("b1 a1 b2 a2 b3 d1", {"a4", "b4"}), ("d4 a2 d3 b2 a4 c2 a3", {"d1", "d2"})]
)
def test_it_takes_a_win_of_either_side(text: str, wins: set[str]) -> None:
    positions = GAME.read(text, level=4)
    move = OpenSpielPlayer(200).choose(positions, np.array([5], np.uint64))[0]
    assert GAME.name_in(positions, 0, int(move)) in wins


def test_it_beats_chance() -> None:
    assert match(OpenSpielPlayer(50), Random(), GAME, 4, games=20).score > 0.9


def test_it_plays_hex_alone() -> None:
    with pytest.raises(UserError, match="plays hex without the swap rule"):
        OpenSpielPlayer(10).choose(Hex(swap=True).start(3), np.zeros(1, np.uint64))
