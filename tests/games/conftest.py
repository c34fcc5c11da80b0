"""What tests of several games need."""

from collections.abc import Callable

import pytest

from longthink.games.contract import Game, Positions


@pytest.fixture
def after_all_moves() -> Callable[[Positions], Positions]:
    """The positions after every move in each of some positions."""

    def after(positions: Positions) -> Positions:
        game: Game = positions.game
        which, moves = game.legal(positions).nonzero()
        return game.played(positions[which], moves)

    return after
