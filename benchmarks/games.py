"""Games a second, played at random: whole games compiled, games move by move in batches, and OpenSpiel's Python way.

    python benchmarks/games.py [--seconds 3] [--batch 1000] [--seed 100]

One thread. Whole: `at_random`, as Monte-Carlo search plays. In batches: `legal`, a random choice in numpy, `played`, as
nets play, until all games are over. OpenSpiel: state.legal_actions(), random.choice, state.apply_action() in a loop, as
its examples do. Each has `--seconds`, in turn; the same boards, and the same rules (tests/games/test_openspiel.py),
but for othello, where to pass is a move of OpenSpiel's.
"""

import argparse
import random
import time
from collections.abc import Callable
from functools import partial

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
    "| game | board | moves a game | whole: games/s | in batches: games/s | OpenSpiel: games/s | whole, times"
    " | in batches, times |"
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


def in_batches(game: Game, start: Positions, seed: int) -> int:
    rng, positions = np.random.default_rng(seed), start
    while len(positions):
        legal = game.legal(positions)
        moves = (rng.random(legal.shape, np.float32) * legal).argmax(1)
        positions = game.played(positions, moves)
        positions = positions[~positions.over]
    return len(start)


def theirs(name: str, start: Positions, seed: int, count: int = 20) -> int:
    rng = random.Random(seed)
    for number in range(count):
        piles = start.board[(seed + number) % len(start)].ravel().tolist()
        state = pyspiel.load_game(name.format(";".join(map(str, piles)))).new_initial_state()
        while not state.is_terminal():
            state.apply_action(rng.choice(state.legal_actions()))
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=100)
    given = parser.parse_args()
    print(f"{HEADER}\n|{' --- |' * 8}")
    for name, boards in BOARDS.items():
        game = lt.game(name)
        for level, called in boards:
            start = game.start(level, given.batch, given.seed)
            moves = game.at_random(start, given.seed)[1].mean()
            ways = partial(whole, game, start), partial(in_batches, game, start), partial(theirs, called, start)
            ours, batches, other = (per_second(way, given.seconds, given.seed) for way in ways)
            speeds = f"{ours:,.0f} | {batches:,.0f} | {other:,.0f} | {ours / other:.0f} | {batches / other:.1f}"
            print(f"| {name} | {game.says(level)} | {moves:.0f} | {speeds} |", flush=True)


if __name__ == "__main__":
    main()
