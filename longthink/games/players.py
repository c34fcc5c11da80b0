"""Who plays: at random, by a rule, by search, without mistake, a net that thinks, a person.

A player is given many positions at once, and a key of 64 bits for each, from which alone all that is random in its
choice comes. So a game is the same whichever others are played beside it.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TextIO

import numpy as np
import torch
from numpy.typing import NDArray

from longthink.base.errors import UserError
from longthink.base.seeds import digest
from longthink.contracts import Spec, Thinker
from longthink.games import engine
from longthink.games.contract import SIDES, Moves, Positions
from longthink.games.exact import MOST_NODES, best_moves
from longthink.games.outputs import judge
from longthink.registry import name_of

Keys = NDArray[np.uint64]
"""(B,)"""
AT_ONCE = 2**14
"""Cells of boards that a net looks at together: their states stay in a core's cache."""


class Player(ABC):
    """Someone who chooses moves, and remembers nothing of the game. All but a `Person` can be pickled."""

    @property
    @abstractmethod
    def name(self) -> str:
        """In tables."""

    @abstractmethod
    def choose(self, positions: Positions, keys: Keys) -> Moves:
        """A legal move (B,) in each position, of which none is over. Raises UserError for games it cannot play."""


def keys_of(seed: int, games: NDArray[np.int64], plies: NDArray[np.int64]) -> Keys:
    """A key for each of some games at some plies, (B,)."""
    return _mixed(_mixed(np.uint64(digest("play", seed)) + games.astype(np.uint64)) + plies.astype(np.uint64))


@dataclass(frozen=True)
class Random(Player):
    """Any legal move, all as likely."""

    name = "random"

    def choose(self, positions: Positions, keys: Keys) -> Moves:
        return _any_of(positions.game.legal(positions), keys)


@dataclass(frozen=True)
class Rule(Player):
    """A move that wins, if there is one; else what the strongest simple rule of the game says (`Game.rule_moves`)."""

    name = "rule"

    def choose(self, positions: Positions, keys: Keys) -> Moves:  # noqa: ARG002
        game = positions.game
        moves = game.rule_moves(positions)
        if moves is None:
            raise UserError(f"{name_of(type(game))} names no simple rule; let monte_carlo play it.")
        wins = _winning(positions)
        return np.where(wins.any(1), wins.argmax(1), moves)


@dataclass(frozen=True)
class Exact(Player):
    """Any of the moves that are as good as can be. Raises UserError for boards that are too large to solve."""

    most_nodes: int = MOST_NODES
    name = "exact"

    def choose(self, positions: Positions, keys: Keys) -> Moves:
        return _any_of(best_moves(positions, self.most_nodes), keys)


@dataclass(frozen=True)
class MonteCarlo(Player):
    """Monte-Carlo tree search with UCT and random playouts: the move that was tried most (`engine.search`)."""

    playouts: int
    exploration: float = 1.4

    def __post_init__(self) -> None:
        if self.playouts < 1:
            raise UserError(f"Monte-Carlo search has 1 playout or more, not {self.playouts}.")

    @property
    def name(self) -> str:
        return f"monte_carlo {self.playouts:,}"

    def choose(self, positions: Positions, keys: Keys) -> Moves:
        game = positions.game
        rows, columns = game.shape(positions.level)
        found = np.zeros((len(positions), 2, game.moves(positions.level)))
        for which, key in enumerate(keys):
            engine.search(
                game.rules.legal,
                game.rules.play,
                positions.board[which].reshape(-1),
                rows,
                columns,
                game.variant,
                int(positions.ply[which]),
                found.shape[2],
                self.playouts,
                self.exploration,
                key,
                found[which],
            )
        visits, means = found[:, 0], found[:, 1]
        moves: Moves = (visits + 0.4 * means).argmax(1)  # among those tried as often, the one with better results
        return moves


@dataclass(frozen=True)
class NetPlayer(Player):
    """A net that thinks for so many iterations at each move, without any search.

    With a temperature of 0 it plays the likeliest move; else it draws one, by probabilities whose logarithms are
    divided by the temperature.
    """

    net: Thinker
    iterations: int
    temperature: float = 0.0
    called: str = "net"
    spec: Spec | None = None
    """What the net was made for, if that is known: a game that asks for another is refused."""

    def __post_init__(self) -> None:
        if self.iterations < 1:
            raise UserError(f"A net thinks for 1 iteration or more, not {self.iterations}.")
        if not self.temperature >= 0:
            raise UserError(f"A temperature is 0 or more, not {self.temperature}.")
        self.net.check_limit(self.iterations)

    @property
    def name(self) -> str:
        return f"{self.called} {self.iterations}" + (f" at {self.temperature:g}" if self.temperature else "")

    def choose(self, positions: Positions, keys: Keys) -> Moves:
        if self.spec not in (None, positions.game.spec):
            raise UserError(
                f"The net {self.called} is not for {name_of(type(positions.game))}; take one that learned it."
            )
        size = max(1, AT_ONCE // positions.board[0].size)
        parts = [positions[first : first + size] for first in range(0, len(positions), size)]
        logs = np.concatenate([self._logs(part) for part in parts])
        if self.temperature == 0:
            moves: Moves = logs.argmax(1)
            return moves
        shares = np.exp((logs - logs.max(1, keepdims=True)) / self.temperature)
        return _drawn(shares, keys)

    def _logs(self, positions: Positions) -> NDArray[np.float64]:
        """Logarithms of the moves' probabilities, (B, M)."""
        first = next(self.net.parameters(), torch.zeros(0))
        return judge(self.net, positions, self.iterations, first.device).logs.double().numpy()


@dataclass(frozen=True)
class Person(Player):
    """Someone at a terminal, who is shown the board and asked for a move until there is one."""

    asked: TextIO
    """Where answers are read from."""
    told: TextIO
    """Where boards and questions are written to."""
    name = "person"

    def choose(self, positions: Positions, keys: Keys) -> Moves:  # noqa: ARG002
        return np.array([self._asked(positions, which) for which in range(len(positions))], np.int64)

    def _asked(self, positions: Positions, which: int) -> int:
        game = positions.game
        legal = game.legal(positions[which : which + 1])[0].nonzero()[0]
        names = {game.name_in(positions, which, int(move)): int(move) for move in legal}
        print(game.write(positions, which), file=self.told)
        while True:
            print(f"{SIDES[positions.player[which]]}: ", end="", file=self.told, flush=True)
            line = self.asked.readline()
            if not line:
                raise UserError("The game has ended, since there is nobody to ask for a move.")
            word = line.strip()
            word = word if word in names else word.lower()
            if word in names:
                return names[word]
            some = ", ".join(list(names)[:8]) + (", ..." if len(names) > 8 else "")
            print(f"'{word:.40}' cannot be played; the moves there are: {some}", file=self.told)


def _winning(positions: Positions) -> NDArray[np.bool_]:
    """Which moves win at once, (B, M)."""
    game = positions.game
    wins = game.legal(positions)
    which, moves = wins.nonzero()
    after = game.played(positions[which], np.ascontiguousarray(moves))
    wins[which, moves] = after.score == np.where(positions.player[which] == 0, 1, -1)
    return wins


def _mixed(value: Keys) -> Keys:
    """The finaliser of splitmix64, for many."""
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def _drawn(shares: NDArray[np.floating], keys: Keys) -> Moves:
    """A move of each row (M,), as likely as its share is of the row's sum."""
    until = shares.cumsum(1)
    point = (_mixed(keys) >> np.uint64(32)) * 2.0**-32 * until[:, -1]
    moves: Moves = (until > point[:, None]).argmax(1)
    return moves


def _any_of(moves: NDArray[np.bool_], keys: Keys) -> Moves:
    return _drawn(moves.astype(np.float64), keys)
