"""Monte-Carlo search on Hex: this library's against OpenSpiel's, in strength and in time.

    taskset -c 0 python benchmarks/hex_search.py [--level 5] [--playouts 1000] [--games 200] [--seed 0]

Both have as many playouts, all random, and the same exploration; OpenSpiel's backs up proven results besides. They play
from all openings, with both colours. Times are those of one search, on the positions after all openings, in turn.
"""

import argparse
import statistics
import time

import numpy as np

import longthink as lt
from longthink.games.match import match
from longthink.games.outside import OpenSpielPlayer
from longthink.games.players import MonteCarlo, Player, keys_of

REPEATS = 5


def seconds(player: Player, level: int, seed: int) -> float:
    """Of one search."""
    openings = lt.game("hex").openings(level)
    keys = keys_of(seed, np.arange(len(openings)), openings.ply)
    begun = time.perf_counter()
    player.choose(openings, keys)
    return (time.perf_counter() - begun) / len(openings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--level", type=int, default=5)
    parser.add_argument("--playouts", type=int, default=1000)
    parser.add_argument("--games", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    ours, theirs = MonteCarlo(options.playouts), OpenSpielPlayer(options.playouts)
    times = [[seconds(player, options.level, seed) for player in (ours, theirs)] for seed in range(REPEATS)]
    for player, each in zip((ours, theirs), zip(*times, strict=True), strict=True):
        print(f"{player.name:20} {statistics.median(each) * 1000:8.2f} ms a search")
    print(f"times faster {statistics.median(their / our for our, their in times):.2f}")
    result = match(ours, theirs, lt.game("hex"), options.level, options.games, options.seed)
    print(
        f"{result.one} against {result.other}, {result.games} games on {options.level}x{options.level}:"
        f" {result.wins} won, {result.losses} lost, score {result.score:.3f} ({result.low:.3f} to {result.high:.3f}),"
        f" Elo {result.elo:+.0f} ({result.elo_low:+.0f} to {result.elo_high:+.0f})"
    )


if __name__ == "__main__":
    main()
