"""Games a second, played at random: whole games, games move by move in batches, and OpenSpiel's Python way.

    python benchmarks/games.py [--seconds 3] [--batch 1000] [--seed 100]

One thread. Whole: `at_random`, as Monte-Carlo search plays, against state.legal_actions(), random.choice and
state.apply_action() in a loop, as OpenSpiel's examples do. Seen: with all that a net needs at each move, in batches
`legal`, `seen`, a random choice in numpy and `played`, against state.legal_actions_mask() and observation_tensor(), as
arrays, beside. Each has `--seconds`, in turn; the same boards, and the same rules (tests/games/test_openspiel.py), but
for othello, where to pass is a move of OpenSpiel's.
"""

import argparse
import random
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
import pyspiel

import longthink as lt
from longthink.games.contract import Game, Positions

BOARDS = {
    "hex": [(5, "hex(board_size=5)"), (11, "hex(board_size=11)")],
    "connect_four": [(6, "connect_four")],
    "breakthrough": [(6, "breakthrough(rows=6,columns=6)"), (8, "breakthrough")],
    "othello": [(8, "othello")],
    "nim": [(5, "nim(is_misere=False,pile_sizes={})"), (12, "nim(is_misere=False,pile_sizes={})")],
}
HEADER = (
    "| game | board | moves a game | whole: games/s | OpenSpiel | times | seen: games/s | OpenSpiel | times |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


def per_second(play: Callable[[int], int], seconds: float, seed: int) -> float:
    """Games a CPU second of something that plays some, given a seed that differs from call to call."""
    play(seed)
    games, begun = 0, time.process_time()
    while time.process_time() - begun < seconds:
        games += play(seed + games + 1)
    return games / (time.process_time() - begun)


def whole(game: Game, start: Positions, seed: int) -> int:
    return len(game.at_random(start, seed)[0])


def seen(game: Game, start: Positions, seed: int) -> int:
    rng, positions = np.random.default_rng(seed), start
    while len(positions):
        legal, _ = game.legal(positions), game.seen(positions)
        moves = (rng.random(legal.shape, np.float32) * legal).argmax(1)
        positions = game.played(positions, moves)
        positions = positions[~positions.over]
    return len(start)


@cache
def loaded(name: str) -> Any:
    return pyspiel.load_game(name)


def theirs(name: str, start: Positions, look: bool, seed: int, count: int = 20) -> int:
    rng = random.Random(seed)
    for number in range(count):
        piles = start.board[(seed + number) % len(start)].ravel().tolist()
        state = loaded(name.format(";".join(map(str, piles)))).new_initial_state()
        while not state.is_terminal():
            if look:
                np.array(state.legal_actions_mask(), np.bool_), np.array(state.observation_tensor(), np.float32)
            state.apply_action(rng.choice(state.legal_actions()))
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=100)
    given = parser.parse_args()
    print(HEADER)
    for name, boards in BOARDS.items():
        game = lt.game(name)
        for level, called in boards:
            start = game.start(level, given.batch, given.seed)
            moves = game.at_random(start, given.seed)[1].mean()
            ways = (
                *(partial(whole, game, start), partial(theirs, called, start, False)),
                *(partial(seen, game, start), partial(theirs, called, start, True)),
            )
            speeds = [per_second(way, given.seconds, given.seed) for way in ways]
            times = f"{speeds[0] / speeds[1]:.1f}", f"{speeds[2] / speeds[3]:.1f}"
            cells = [f"{speed:,.0f}" for speed in speeds]
            row = [name, game.says(level), f"{moves:.0f}", *cells[:2], times[0], *cells[2:], times[1]]
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
