"""The simple rules that games name: what they do on boards by hand, and that they are better than chance."""

import numpy as np
import pytest

import longthink as lt
from longthink.games.match import match
from longthink.games.players import Random, Rule


@pytest.mark.parametrize(
    ("game", "level", "before", "move"),
    [
        ("connect_four", 4, "a1 e1 a2 e2 a3", "a4"),  # o has to stop four in a column
        ("connect_four", 4, "a1", "c1"),  # the middle column
        ("breakthrough", 5, "a2a3", "b4a3"),  # it takes a pawn
        ("hex", 3, "", "b2"),
    ],
)
def test_rules_on_boards_by_hand(game: str, level: int, before: str, move: str) -> None:
    rules = lt.game(game)
    positions = rules.read(before, level)
    moves = rules.rule_moves(positions)
    assert moves is not None
    assert rules.name_in(positions, 0, int(moves[0])) == move


def test_othello_takes_a_corner_and_else_leaves_little() -> None:
    game = lt.game("othello")
    start = game.openings(6)
    for _ in range(6):
        legal = game.legal(start)
        moves = game.rule_moves(start)
        assert moves is not None
        corners = legal[:, [0, 5, 30, 35]].any(1)
        assert np.isin(moves[corners], [0, 5, 30, 35]).all()
        replies, others = (_replies(start, some) for some in (moves, legal.argmax(1)))
        assert (replies <= others)[~corners].all()
        start = game.play(start, moves)
        start = start[~start.over]


def _replies(positions: lt.Positions, moves: np.ndarray) -> np.ndarray:
    after = positions.game.play(positions, moves)
    return np.where(after.player == positions.player, 0, positions.game.legal(after).sum(1))


@pytest.mark.parametrize(("game", "level"), [("connect_four", 5), ("breakthrough", 5), ("othello", 6), ("hex", 4)])
def test_rules_beat_chance(game: str, level: int) -> None:
    result = match(Rule(), Random(), lt.game(game), level, 100)
    assert result.low > 0.5
