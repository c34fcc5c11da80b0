"""Random games here and in OpenSpiel, move by move: the same moves, the same mover, the same result, in every position.

    python tests/games/oracle.py hex --level 5 --games 10000 [--seed 0]

OpenSpiel's players: in hex, x joins top and bottom too, and to swap is an action of its own. In connect_four an action
is a column. In breakthrough the first player is above and goes down, an action is of row, column, direction and whether
it takes. In othello who cannot move must pass. In nim an action is a row and how many objects are taken of it.
"""

import argparse
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pyspiel
from numpy.typing import NDArray

import longthink as lt
from longthink.games.contract import Game, Positions

PASS = 64
"""In OpenSpiel's othello."""


class Position(NamedTuple):
    level: int
    board: NDArray[np.int8]
    """Flat, (P,), as who moves sees it."""
    player: int
    ply: int


def hexes(moves: NDArray[np.int64], at: Position) -> NDArray[np.int64]:
    row, column = np.divmod(moves, at.level)
    places = moves if at.player == 0 else column * at.level + row
    return np.where(at.board[moves] == -1, at.level**2, places)  # on the other's stone: a swap


def columns(moves: NDArray[np.int64], at: Position) -> NDArray[np.int64]:
    return moves % (at.level + 1)


def pawns(moves: NDArray[np.int64], at: Position) -> NDArray[np.int64]:
    side = at.level
    way, place = np.divmod(moves, side**2)
    takes = at.board[place - side + way - 1] == -1
    row, column = np.divmod(place, side)
    if at.player == 0:
        row, direction = side - 1 - row, way
    else:
        column, direction = side - 1 - column, 5 - way
    return ((row * side + column) * 6 + direction) * 2 + takes


def discs(moves: NDArray[np.int64], at: Position) -> NDArray[np.int64]:
    return moves


def rows(moves: NDArray[np.int64], at: Position) -> NDArray[np.int64]:
    left, row = np.divmod(moves, at.level)
    return (at.board[row] - left - 1) * at.level + row


ACTIONS: dict[str, Callable[[NDArray[np.int64], Position], NDArray[np.int64]]] = {
    "hex": hexes,
    "connect_four": columns,
    "breakthrough": pawns,
    "othello": discs,
    "nim": rows,
}
"""Moves that there are in a position -> OpenSpiel's actions."""


def begun(game: Game, name: str, level: int, count: int, seed: int) -> tuple[Positions, list[Any]]:
    """The same positions here and there."""
    positions = game.start(level, count, seed)
    if name == "nim":
        piles = [";".join(map(str, board.ravel())) for board in positions.board]
        each = [pyspiel.load_game("nim", {"is_misere": False, "pile_sizes": sizes}) for sizes in piles]
        return positions, [one.new_initial_state() for one in each]
    parameters: dict[str, Any] = {
        "hex": {"board_size": level, "swap": bool(game.variant)},
        "connect_four": {"rows": level, "columns": level + 1, "x_in_row": game.variant},
        "breakthrough": {"rows": level, "columns": level},
        "othello": {},
    }[name]
    if name == "breakthrough" and level < 6:  # where OpenSpiel has one row of pawns for each
        board = positions.board.copy()
        board[:, [1, -2]] = 0
        positions = game.positions(level, board)
    theirs = pyspiel.load_game(name, parameters)
    return positions, [theirs.new_initial_state() for _ in range(count)]


def compare(name: str, level: int, count: int, seed: int = 0, **options: Any) -> tuple[int, NDArray[np.int8]]:
    """How many positions agreed, and how the games ended for the first player. Raises AssertionError where they do not.

    Each game has the same moves, the same mover and, at its end, the same result as in OpenSpiel.
    """
    game, rng, agreed = lt.game(name, **options), np.random.default_rng(seed), 0
    positions, states = begun(game, name, level, count, seed)
    while True:
        legal = game.legal(positions)
        chosen = np.zeros(count, np.int64)
        for which, state in enumerate(states):
            over = bool(positions.over[which])
            if name == "othello" and not over:
                while state.legal_actions() == [PASS]:
                    state.apply_action(PASS)
            assert state.is_terminal() == over, f"{state}\n{game.write(positions, which)}"
            if over:
                assert not legal[which].any()
                assert state.returns()[0] == positions.score[which], f"{state}\n{game.write(positions, which)}"
                continue
            moves = legal[which].nonzero()[0]
            player, ply = int(positions.player[which]), int(positions.ply[which])
            at = Position(level, positions.board[which].ravel(), player, ply)
            actions = ACTIONS[name](moves, at)
            assert state.current_player() == player, f"{state}\n{game.write(positions, which)}"
            assert sorted(actions.tolist()) == state.legal_actions(), f"{state}\n{game.write(positions, which)}"
            move = rng.integers(len(moves))
            chosen[which] = moves[move]
            state.apply_action(int(actions[move]))
            agreed += 1
        if positions.over.all():
            return agreed, positions.score
        positions = game.played(positions, chosen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("game", choices=list(ACTIONS))
    parser.add_argument("--level", type=int, required=True)
    parser.add_argument("--games", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--swap", action="store_true", help="in hex, with the swap rule")
    parser.add_argument("--in-row", type=int, help="in connect_four")
    given = parser.parse_args()
    options = {"swap": True} if given.swap else {"in_row": given.in_row} if given.in_row else {}
    agreed, scores = compare(given.game, given.level, given.games, given.seed, **options)
    ended = {word: int((scores == score).sum()) for word, score in (("won", 1), ("drawn", 0), ("lost", -1))}
    print(f"{given.game} {options} level {given.level}: {given.games} games, {agreed} positions agree, {ended}")


if __name__ == "__main__":
    main()
