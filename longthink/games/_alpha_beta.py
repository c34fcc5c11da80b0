"""Exact values of moves, compiled: alpha-beta with a table of boards that were met, for the rules of any game."""

import numpy as np
from numba import boolean, int8, int64, types, uint64

from longthink.base.compiled import compiled
from longthink.base.splitmix import mix
from longthink.games.engine import AGAIN, GOES_ON, LEGAL, NARROW, PLAY, WON, rule

_BOARDS, _NUMBERS, _PLACES = types.Array(int8, 2, "C"), types.Array(int64, 1, "C"), types.Array(int64, 2, "C")
DEEPEST = 1024
"""Moves after which a game counts as too long to be solved."""


@compiled
def _keys_of(board, ply, ways):  # type: ignore[no-untyped-def]
    """Twice 64 bits that stand for a board at a ply, the same for all `ways` (W, P) to see it from one side.

    No two boards are expected to share them in the life of the universe.
    """
    least, other = uint64(0xFFFFFFFFFFFFFFFF), uint64(0)
    for way in range(len(ways)):
        one, two = uint64(ply) << uint64(32), uint64(ply) << uint64(32)
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
    legal, play, narrow, board, rows, columns, variant, ply, ways, keys, bounds, cutoffs, learns, nodes
):
    """What a board is worth to who moves: negamax with alpha-beta (fail-soft), without recursion.

    `keys` and `bounds` are the table: what is there gives way to what is new. `cutoffs` are for each move how often it
    was enough, if that is learned: moves are tried in this order, and in the game's among equals. `nodes` are those
    visited and how many may be; beyond that what comes back means nothing.
    """
    boards, moves = np.empty((DEEPEST, len(board)), np.int8), np.empty((DEEPEST, len(cutoffs)), np.int64)
    count, tried, best = np.zeros(DEEPEST, np.int64), np.zeros(DEEPEST, np.int64), np.zeros(DEEPEST, np.int64)
    alpha, beta, floor = np.zeros(DEEPEST, np.int64), np.zeros(DEEPEST, np.int64), np.zeros(DEEPEST, np.int64)
    sign, slot, key = np.zeros(DEEPEST, np.int64), np.zeros(DEEPEST, np.int64), np.zeros(DEEPEST, np.uint64)
    boards[0], alpha[0], beta[0] = board, -1, 1
    at, fresh, worth = 0, True, 0
    while True:
        here = slot[at]
        if fresh:
            nodes[0] += 1
            if nodes[0] > nodes[1] or at + 1 == DEEPEST:
                nodes[0] = nodes[1] + 1
                return 0
            place, key[at] = _keys_of(boards[at], ply + at, ways)
            here = slot[at] = np.int64(place & uint64(len(keys) - 1))
            low, high = (bounds[here, 0], bounds[here, 1]) if keys[here] == key[at] else (int8(-1), int8(1))
            best[at], count[at], tried[at] = low if low >= beta[at] else high, 0, 0
            alpha[at], beta[at] = max(alpha[at], low), min(beta[at], high)
            floor[at] = alpha[at]
            if alpha[at] < beta[at]:
                found = legal(boards[at], rows, columns, variant, ply + at, moves[at])
                found = narrow(boards[at], rows, columns, variant, ply + at, moves[at], found)
                best[at], count[at] = (1, 0) if found < 0 else (-1, found)
                for index in range(found):
                    boards[at + 1] = boards[at]
                    if play(boards[at + 1], rows, columns, variant, ply + at, moves[at, index]) == WON:
                        best[at], count[at] = 1, 0
                        break
                some = moves[at, : count[at]].copy()
                moves[at, : count[at]] = some[np.argsort(-cutoffs[some], kind="mergesort")]
        else:
            best[at], alpha[at] = max(best[at], worth), max(alpha[at], worth)
            if best[at] >= beta[at]:
                if learns:
                    cutoffs[moves[at, tried[at] - 1]] += count[at] ** 2
                count[at] = 0
        if tried[at] < count[at]:
            boards[at + 1] = boards[at]
            worth = play(boards[at + 1], rows, columns, variant, ply + at, moves[at, tried[at]])
            tried[at] += 1
            fresh = worth > WON
            if fresh:
                sign[at] = 1 if worth == AGAIN else -1
                one, other = sign[at] * alpha[at], sign[at] * beta[at]
                at += 1
                alpha[at], beta[at] = min(one, other), max(one, other)
            continue
        if keys[here] != key[at]:
            keys[here] = key[at]
            bounds[here, 0], bounds[here, 1] = -1, 1
        if best[at] > floor[at]:
            bounds[here, 0] = max(bounds[here, 0], best[at])
        if best[at] < beta[at]:
            bounds[here, 1] = min(bounds[here, 1], best[at])
        if at == 0:
            return best[0]
        at -= 1
        worth, fresh = sign[at] * best[at + 1], False


@rule(
    int64(
        types.FunctionType(LEGAL), types.FunctionType(PLAY), types.FunctionType(NARROW),
        _BOARDS, int64, int64, int64, _NUMBERS, types.Array(int8, 1, "C"), _PLACES,
        types.Array(uint64, 1, "C"), _BOARDS, _NUMBERS, boolean, int64, _BOARDS,
    )
)  # fmt: skip
def move_values(  # type: ignore[no-untyped-def]
    legal,
    play,
    narrow,
    boards,
    rows,
    columns,
    variant,
    plies,
    scores,
    ways,
    keys,
    bounds,
    cutoffs,
    learns,
    most_nodes,
    out,
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
                    legal, play, narrow, board, rows, columns, variant, plies[game] + 1,
                    ways, keys, bounds, cutoffs, learns, nodes
                )  # fmt: skip
            if nodes[0] > most_nodes:
                return game
            out[game, moves[index]] = worth
    return -1
