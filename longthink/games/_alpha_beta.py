"""Exact values of moves, compiled: alpha-beta with a table of boards that were met, for the rules of any game."""

import numpy as np
from numba import boolean, int8, int64, types, uint64

from longthink.base.compiled import compiled
from longthink.base.splitmix import mix
from longthink.games.engine import AGAIN, GOES_ON, LEGAL, NARROW, PLAY, WON, rule

_BOARDS, _NUMBERS, _PLACES = types.Array(int8, 2, "C"), types.Array(int64, 1, "C"), types.Array(int64, 2, "C")
NO_MOVE = -2
"""In the place of a value, where there is no such move."""


@compiled
def _keys_of(board, ply, ways):  # type: ignore[no-untyped-def]
    """Twice 64 bits that stand for a board at a ply, the same for all `ways` (W, P) to see it from one side.

    No two boards are expected to share them in the life of the universe.
    """
    least, other = uint64(0xFFFFFFFFFFFFFFFF), uint64(0)
    for way in range(len(ways)):
        one, two = uint64(ply), uint64(ply)
        for place in ways[way]:
            value = uint64(board[place] + 2)
            one = (one ^ value) * uint64(0x9E3779B97F4A7C15)
            one ^= one >> uint64(29)
            two = (two + value) * uint64(0xD6E8FEB86659FD93)
            two ^= two >> uint64(32)
        if one <= least:
            least, other = one, two
    return mix(least), mix(other) | uint64(1)


@compiled
def _value(  # type: ignore[no-untyped-def]
    legal, play, narrow, board, rows, columns, variant, ply, alpha, beta, ways, keys, bounds, cutoffs, learns, nodes
):
    """What a board is worth to who moves if that is between alpha and beta, else a bound on its side of them.

    `keys` and `bounds` are the table: what is there gives way to what is new. `cutoffs` are for each move how often it
    was enough, if that is learned; moves are tried in their order, and in the game's among equals. `nodes` are those
    visited and how many may be; beyond, what comes back means nothing.
    """
    nodes[0] += 1
    if nodes[0] > nodes[1]:
        return 0
    slot_of, key = _keys_of(board, ply, ways)
    slot = np.int64(slot_of & uint64(len(keys) - 1))
    if keys[slot] == key:
        low, high = np.int64(bounds[slot, 0]), np.int64(bounds[slot, 1])
        if low >= beta or low == high:
            return low
        if high <= alpha:
            return high
        alpha, beta = max(alpha, low), min(beta, high)
    moves = np.empty(len(cutoffs), np.int64)
    count = legal(board, rows, columns, variant, ply, moves)
    count = narrow(board, rows, columns, variant, ply, moves, count)
    best, floor = (1 if count < 0 else -1), alpha
    after, led_to = np.empty((max(count, 0), len(board)), np.int8), np.empty(max(count, 0), np.int64)
    for index in range(count):
        after[index] = board
        led_to[index] = play(after[index], rows, columns, variant, ply, moves[index])
        if led_to[index] == WON:
            best = 1
    if best < 1 and count > 0:
        for index in np.argsort(-cutoffs[moves[:count]], kind="mergesort"):
            worth = led_to[index]
            if worth == AGAIN:
                worth = _value(
                    legal, play, narrow, after[index], rows, columns, variant, ply + 1, alpha, beta,
                    ways, keys, bounds, cutoffs, learns, nodes
                )  # fmt: skip
            elif worth == GOES_ON:
                worth = -_value(
                    legal, play, narrow, after[index], rows, columns, variant, ply + 1, -beta, -alpha,
                    ways, keys, bounds, cutoffs, learns, nodes
                )  # fmt: skip
            if nodes[0] > nodes[1]:
                return 0
            best, alpha = max(best, worth), max(alpha, worth)
            if best >= beta:
                if learns:
                    cutoffs[moves[index]] += count * count
                break
    if keys[slot] != key:
        keys[slot] = key
        bounds[slot, 0], bounds[slot, 1] = -1, 1
    if best > floor:
        bounds[slot, 0] = max(bounds[slot, 0], best)
    if best < beta:
        bounds[slot, 1] = min(bounds[slot, 1], best)
    return best


@rule(
    int64(
        types.FunctionType(LEGAL), types.FunctionType(PLAY), types.FunctionType(NARROW),
        _BOARDS, int64, int64, int64, _NUMBERS, types.Array(int8, 1, "C"), _PLACES,
        types.Array(uint64, 1, "C"), _BOARDS, _NUMBERS, boolean, int64, _BOARDS,
    )
)  # fmt: skip
def move_values(  # type: ignore[no-untyped-def]
    legal, play, narrow, boards, rows, columns, variant, plies, scores, ways, keys, bounds, cutoffs, learns, most_nodes, out
):
    """What each move leads to, for who makes it, into `out` (B, M), which is NO_MOVE throughout before.

    Returns the first position that takes more than so many nodes, where it ends; or -1.
    """
    moves, nodes = np.empty(out.shape[1], np.int64), np.array([0, most_nodes])
    for game in range(len(boards)):
        if scores[game] != GOES_ON:
            continue
        nodes[0] = 0
        for index in range(legal(boards[game], rows, columns, variant, plies[game], moves)):
            board = boards[game].copy()
            worth = play(board, rows, columns, variant, plies[game], moves[index])
            if worth > WON:
                sign = 1 if worth == AGAIN else -1
                worth = sign * _value(
                    legal, play, narrow, board, rows, columns, variant, plies[game] + 1, -1, 1,
                    ways, keys, bounds, cutoffs, learns, nodes
                )  # fmt: skip
            if nodes[0] > most_nodes:
                return game
            out[game, moves[index]] = worth
    return -1
