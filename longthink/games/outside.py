"""OpenSpiel's Monte-Carlo player (Lanctot et al. 2019), as an opponent from outside. It needs the extra `games`."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from longthink.base.errors import UserError
from longthink.games.contract import Moves, Positions
from longthink.games.hex import Hex
from longthink.games.players import Keys, Player


@dataclass(frozen=True)
class OpenSpielPlayer(Player):
    """OpenSpiel's search in C++, with UCT, random playouts, and proven results backed up. It plays Hex without swap."""

    playouts: int
    exploration: float = 1.4

    @property
    def name(self) -> str:
        return f"openspiel {self.playouts:,}"

    def choose(self, positions: Positions, keys: Keys) -> Moves:
        pyspiel, game = _pyspiel(), positions.game
        if not isinstance(game, Hex) or game.swap:
            raise UserError("OpenSpiel's player plays hex without the swap rule here; let monte_carlo play others.")
        rules = pyspiel.load_game(f"hex(board_size={positions.level})")
        moves = np.zeros(len(positions), np.int64)
        for which, key in enumerate((keys >> np.uint64(33)).tolist()):
            evaluator = pyspiel.RandomRolloutEvaluator(1, key)
            bot = pyspiel.MCTSBot(rules, evaluator, self.exploration, self.playouts, 1000, True, key, False)
            place = bot.step(_state(rules, positions, which))
            moves[which] = place if positions.player[which] == 0 else game.turned_move(place, positions.level)
        return moves


def _state(rules: Any, positions: Positions, which: int) -> Any:
    """The same position of Hex: its stones placed in any order, since none of them has won before the others."""
    board = positions.board_of_first(which).ravel()
    state = rules.new_initial_state()
    stones = [(board == 1).nonzero()[0], (board == -1).nonzero()[0]]
    for ply in range(positions.ply[which]):
        state.apply_action(int(stones[ply % 2][ply // 2]))
    return state


def _pyspiel() -> Any:
    try:
        import pyspiel
    except ImportError as error:
        raise UserError("OpenSpiel's player needs it: pip install 'longthink[games]'.") from error
    return pyspiel
