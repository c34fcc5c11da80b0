"""Exact play: what each move of a position leads to, if both sides play as well as can be.

A game may know it by theory (`Game.exact`); else it is looked for, by alpha-beta with a table, as far as a number of
boards goes: from the first position on Hex to 5x5, Connect Four to 4x5, Breakthrough and Othello to 4x4, and larger
ones from later positions. Games in which a position may come twice are not solved.
"""

import numpy as np
from numpy.typing import NDArray

from longthink.base.errors import UserError
from longthink.games._alpha_beta import move_values
from longthink.games.contract import Moves, Positions
from longthink.games.engine import NO_MOVE as NO_MOVE
from longthink.games.engine import all_moves
from longthink.registry import name_of

MOST_NODES = 3_000_000
"""That a position may take, with all of its moves."""
TABLE = 2**22
"""Boards that are remembered, of 10 bytes each."""


def values(positions: Positions, most_nodes: int = MOST_NODES) -> NDArray[np.int8]:
    """What each move leads to, for who makes it: 1 won, 0 drawn, -1 lost, (B, M); NO_MOVE (-2) where there is none.

    Args:
        positions: of one game, at one level.
        most_nodes: how many boards may be looked at for each position.

    Raises:
        UserError: a position takes more than that, or the game is one that is not solved.

    >>> import longthink as lt
    >>> values(lt.game("hex").start(level=3)).reshape(3, 3)
    array([[-1, -1,  1],
           [ 1,  1,  1],
           [ 1, -1, -1]], dtype=int8)
    """
    game, level = positions.game, positions.level
    name = name_of(type(game))
    known = game.exact(positions)
    if known is not None:
        return known
    if game.cyclic:
        raise UserError(f"{name} is not solved, since a position may come twice in a game; take another game.")
    found = np.full((len(positions), game.moves(level)), NO_MOVE, np.int8)
    rows, columns = game.shape(level)
    learns = game.rules.narrow is all_moves
    cutoffs = _centre_first(rows, columns, game.moves_at_each) if learns else np.zeros(game.moves(level), np.int64)
    stuck = move_values(
        *game.rules,
        positions.board.reshape(len(positions), rows * columns),
        rows,
        columns,
        game.variant,
        positions.ply,
        positions.score,
        np.stack([places for places, _ in game.symmetries(level)]),
        np.zeros(TABLE, np.uint64),
        np.zeros((TABLE, 2), np.int8),
        cutoffs,
        learns,
        most_nodes,
        found,
    )
    if stuck >= 0:
        raise UserError(
            f"This position of {name} at {game.says(level)}, after {positions.ply[stuck]} moves, takes more than"
            f" {most_nodes:,} boards to solve; take a smaller level, or positions after more moves."
        )
    return found


def best_moves(positions: Positions, most_nodes: int = MOST_NODES) -> NDArray[np.bool_]:
    """Which moves are as good as any, (B, M); none where the game is over. Raises UserError as `values` does."""
    return _best(values(positions, most_nodes))


def optimal_rate(positions: Positions, moves: Moves, most_nodes: int = MOST_NODES) -> float:
    """The share of positions in which a move (B,) is as good as any, of those where it matters which move is made.

    Not a number where there are none of those. Raises UserError as `values` does.

    >>> import longthink as lt
    >>> start = lt.game("hex").start(level=3, count=2)
    >>> optimal_rate(start, np.array([0, 4]))  # a1 loses, b2 wins
    0.5
    """
    worth = values(positions, most_nodes)
    best = _best(worth)
    matter = ((worth != NO_MOVE) & ~best).any(1)
    kept = best[np.arange(len(moves)), moves]
    return float(kept[matter].mean()) if matter.any() else float("nan")


def _best(worth: NDArray[np.int8]) -> NDArray[np.bool_]:
    best: NDArray[np.bool_] = (worth == worth.max(1, keepdims=True)) & (worth != NO_MOVE)
    return best


def _centre_first(rows: int, columns: int, moves_at_each: int) -> NDArray[np.int64]:
    """What cutoffs are counted from: a little, and more for moves in the middle."""
    away = np.abs(np.arange(rows) - (rows - 1) / 2)[:, None] + np.abs(np.arange(columns) - (columns - 1) / 2)
    return np.tile((rows + columns - away.ravel()).astype(np.int64), moves_at_each)
