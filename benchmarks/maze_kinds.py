"""What mazes of several kinds look like: shares of cells, loops and lengths of paths, as a table.

    python benchmarks/maze_kinds.py [--count 200] [--source FOLDER ...]

A source is a folder that `longthink import` has written, for mazes of others beside those that are drawn here.
"""

import argparse
import time

import numpy as np

from longthink.contracts import Puzzles
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._cells import to_cells
from longthink.problems.mazes.problem import Mazes

KINDS = {
    "27, nodes": (Mazes(), 27),
    "27, cells": (Mazes(ends="cells"), 27),
    "27, cells, path 100-140": (Mazes(ends="cells", path=(100, 140)), 27),
    "30, scattered": (Mazes(algorithm="scattered"), 30),
    "30, scattered, path 111-900": (Mazes(algorithm="scattered", path=(111, 900)), 30),
}
COLUMNS = ("mazes", "walls", "dead ends", "open squares", "loops", "steps", "seconds a maze")


def of_kind(problem: Mazes, level: int, count: int) -> list[str]:
    """Cells of the table. Kernels are compiled before the clock is started."""
    problem.sample(level, 1, seed=1)
    start = time.perf_counter()
    puzzles = problem.sample(level, count)
    seconds = (time.perf_counter() - start) / count
    return [str(len(puzzles)), *looks(puzzles), f"{seconds:.2g}"]


def looks(puzzles: Puzzles) -> list[str]:
    """Shares of the cells that are walls, outer ones left out, and of the open ones that are dead ends or corners of
    four that are open; loops; the mean, and the range, of steps on the path."""
    cells = np.stack([to_cells(x) for x in puzzles.x])
    is_open = cells != kernels.WALL
    framed = not (is_open[:, 0].any() or is_open[:, -1].any() or is_open[:, :, 0].any() or is_open[:, :, -1].any())
    walls = ~(is_open[:, 1:-1, 1:-1] if framed else is_open)
    padded = np.pad(is_open, ((0, 0), (1, 1), (1, 1))).astype(int)
    ways = padded[:, :-2, 1:-1] + padded[:, 2:, 1:-1] + padded[:, 1:-1, :-2] + padded[:, 1:-1, 2:]
    squares = is_open[:, 1:, 1:] & is_open[:, :-1, 1:] & is_open[:, 1:, :-1] & is_open[:, :-1, :-1]
    loops = np.mean([kernels.count_loops(one) for one in cells])
    steps = (puzzles.y.flatten(1).sum(1) // 4 - 1).double()
    return [
        f"{walls.mean():.1%}",
        f"{((ways == 1) & is_open).sum() / is_open.sum():.1%}",
        f"{squares.sum() / is_open.sum():.1%}",
        f"{loops:.0f}",
        f"{steps.mean():.1f} ({steps.min():.0f} to {steps.max():.0f})",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--source", nargs="*", default=[])
    arguments = parser.parse_args()
    print(f"| level and options | {' | '.join(COLUMNS)} |\n|{' --- |' * (len(COLUMNS) + 1)}")
    for name, (problem, level) in KINDS.items():
        print(f"| {name} | {' | '.join(of_kind(problem, level, arguments.count))} |", flush=True)
    for folder in arguments.source:
        problem = Mazes(source=folder)
        for level in problem.hard:
            puzzles = problem.sample(level, arguments.count, repeats=True)
            print(f"| {level}, {folder} | {' | '.join([str(len(puzzles)), *looks(puzzles), ''])} |")


if __name__ == "__main__":
    main()
