"""What is done with the rules of any game, compiled: many boards at once, games at random, search.

Rules are two kernels, for one board (see `contract.Game`); they are passed as pointers, so that this is compiled once
for all games. Whatever is random comes from a 64-bit key.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import boolean, float64, int8, int64, types, uint64

from longthink.base.compiled import compiled
from longthink.base.splitmix import below, mix

NO_MOVE, LOST, DRAWN, WON, GOES_ON, AGAIN = -2, -1, 0, 1, 2, 3
"""What a move has led to, for who made it. After AGAIN the same player moves, since the other one cannot."""

_CELLS, _MOVES = types.Array(int8, 1, "C"), types.Array(int64, 1, "C")
LEGAL = int64(_CELLS, int64, int64, int64, int64, _MOVES)
"""(board, rows, columns, variant, ply, moves) -> how many moves there are, which it writes into `moves`."""
PLAY = int64(_CELLS, int64, int64, int64, int64, int64)
"""(board, rows, columns, variant, ply, move) -> what it has led to; the board is changed, and turned."""
NARROW = int64(_CELLS, int64, int64, int64, int64, _MOVES, int64)
"""(board, rows, columns, variant, ply, moves, count) -> how many of those moves a solver need look at: see `Rules`."""
_LEGAL, _PLAY = types.FunctionType(LEGAL), types.FunctionType(PLAY)
_BOARDS = types.Array(int8, 2, "C")
_NUMBERS = types.Array(int64, 1, "C")
_RESULTS = types.Array(int8, 1, "C")


def rule(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """A kernel of a game's rules: compiled for LEGAL or PLAY, so that the engine can call it."""

    def made(function: Callable[..., Any]) -> Any:
        kernel = compiled(function)
        kernel.compile(signature)
        kernel.disable_compile()  # what is passed becomes a pointer, and nothing is compiled for each game
        return kernel

    return made


@rule(NARROW)
def all_moves(board, rows, columns, variant, ply, moves, count):  # type: ignore[no-untyped-def]
    """That of games that know no better: all of them, in any order."""
    return count


class Rules(NamedTuple):
    """The kernels of a game."""

    legal: Any
    """Of the signature LEGAL."""
    play: Any
    """Of the signature PLAY."""
    narrow: Any = all_moves
    """Of the signature NARROW, for exact play: moves to `moves[:count]`, likely best first, those that need be looked
    at, at least one that is as good as any; 0 if the position is known to be lost to who moves, -1 if to be won."""


@rule(types.void(_LEGAL, _BOARDS, int64, int64, int64, _NUMBERS, _RESULTS, types.Array(boolean, 2, "C")))
def legal_moves(legal, boards, rows, columns, variant, plies, scores, out):  # type: ignore[no-untyped-def]
    """Which moves there are in games that go on, into `out` (B, M), which is False throughout before."""
    moves = np.empty(out.shape[1], np.int64)
    for game in range(len(boards)):
        if scores[game] == GOES_ON:
            for index in range(legal(boards[game], rows, columns, variant, plies[game], moves)):
                out[game, moves[index]] = True


@rule(types.void(_PLAY, _BOARDS, int64, int64, int64, _RESULTS, _NUMBERS, _RESULTS, _NUMBERS))
def play_moves(play, boards, rows, columns, variant, players, plies, scores, moves):  # type: ignore[no-untyped-def]
    """A move in each game that goes on, in place. `scores` are those of the first player, or GOES_ON."""
    for game in range(len(boards)):
        if scores[game] == GOES_ON:
            led_to = play(boards[game], rows, columns, variant, plies[game], moves[game])
            plies[game] += 1
            if led_to <= WON:
                scores[game] = led_to if players[game] == 0 else -led_to
            if led_to != AGAIN:
                players[game] = 1 - players[game]


@compiled
def _at_random(legal, play, board, rows, columns, variant, ply, moves, rng):  # type: ignore[no-untyped-def]
    """Play to the end at random, in place: the result for who moves first, and how many moves it took."""
    sign, made = 1, 0
    while True:
        count = legal(board, rows, columns, variant, ply + made, moves)
        led_to = play(board, rows, columns, variant, ply + made, moves[below(rng, count)])
        made += 1
        if led_to <= WON:
            return sign * led_to, made
        if led_to != AGAIN:
            sign = -sign


@rule(types.void(_LEGAL, _PLAY, _BOARDS, int64, int64, int64, _NUMBERS, _RESULTS, int64, uint64, _RESULTS, _NUMBERS))
def random_games(  # type: ignore[no-untyped-def]
    legal, play, boards, rows, columns, variant, plies, scores, most_moves, key, results, lengths
):
    """Each game that goes on played to its end at random: the result for who moves next, and the number of moves."""
    rng = np.array([mix(key)], np.uint64)
    moves = np.empty(most_moves, np.int64)
    for game in range(len(boards)):
        if scores[game] == GOES_ON:
            board = boards[game].copy()
            results[game], lengths[game] = _at_random(
                legal, play, board, rows, columns, variant, plies[game], moves, rng
            )


@rule(
    types.void(
        _LEGAL, _PLAY, _CELLS, int64, int64, int64, int64, int64, int64, float64, uint64, types.Array(float64, 2, "C")
    )
)
def search(  # type: ignore[no-untyped-def]
    legal, play, board, rows, columns, variant, ply, most_moves, playouts, exploration, key, out
):
    """Monte-Carlo tree search with UCT (Kocsis and Szepesvari 2006): visits and mean results of moves, into (2, M).

    A node is added in each playout, whose rest is random. What is won is known to the tree: a move that wins is taken.
    """
    rng = np.array([mix(key)], np.uint64)
    moves = np.empty(most_moves, np.int64)
    room = playouts * most_moves + most_moves + 1
    first = np.full(playouts + 2, -1, np.int64)  # of each node, its first edge
    degree = np.zeros(playouts + 2, np.int64)
    capacity = min(room, 1 << 22)
    move_of = np.empty(capacity, np.int64)
    child = np.full(capacity, -1, np.int64)
    visits = np.zeros(capacity, np.float64)
    total = np.zeros(capacity, np.float64)
    ends = np.full(capacity, GOES_ON, np.int8)  # of each edge, what it has led to if the game is over
    nodes, edges = 1, 0
    path = np.empty(1 << 14, np.int64)
    signs = np.empty(1 << 14, np.int64)
    for _ in range(playouts):
        now = board.copy()
        node, sign, depth = 0, 1, 0
        value = 0.0  # of the playout, for who moves at the root
        while True:
            if first[node] < 0:  # a leaf: its edges are made, and the rest is played at random
                count = legal(now, rows, columns, variant, ply + depth, moves)
                if edges + count <= capacity:
                    first[node], degree[node] = edges, count
                    for index in range(count):
                        move_of[edges + index] = moves[index]
                    edges += count
                result, _made = _at_random(legal, play, now, rows, columns, variant, ply + depth, moves, rng)
                value = sign * result
                break
            best, score = -1, -np.inf
            seen = 0.0
            for edge in range(first[node], first[node] + degree[node]):
                seen += visits[edge]
            fresh = 0
            for edge in range(first[node], first[node] + degree[node]):
                if visits[edge] == 0:  # one of those not tried yet, at random
                    fresh += 1
                    if below(rng, fresh) == 0:
                        best = edge
            if fresh == 0:
                for edge in range(first[node], first[node] + degree[node]):
                    bound = total[edge] / visits[edge] + exploration * np.sqrt(np.log(seen) / visits[edge])
                    if ends[edge] == WON:
                        bound = np.inf
                    if bound > score:
                        best, score = edge, bound
            led_to = play(now, rows, columns, variant, ply + depth, move_of[best])
            path[depth], signs[depth] = best, sign
            depth += 1
            if led_to <= WON:
                ends[best] = led_to
                value = sign * led_to
                break
            if led_to != AGAIN:
                sign = -sign
            if child[best] < 0:
                child[best] = nodes
                nodes += 1
            node = child[best]
        for step in range(depth):
            visits[path[step]] += 1
            total[path[step]] += signs[step] * value
    for edge in range(first[0], first[0] + degree[0]):
        out[0, move_of[edge]] = visits[edge]
        out[1, move_of[edge]] = total[edge] / max(visits[edge], 1.0)
