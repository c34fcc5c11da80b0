"""What sweeps of the shipped nets gain where puzzles at rest leave the batch, and in 16 bits.

    OMP_NUM_THREADS=1 taskset -c 0 python benchmarks/sweeps.py [--pairs 9] [--net mazes] [--out rows.csv]

Every iteration is measured. The rival computes all puzzles to the end in 32 bits; each way takes its turn in one
process. Ratios are medians over the turns, with the lowest and the highest; beside them, in how many of the iterations
the share of solved puzzles is another, and by how much at the end.
"""

import argparse
import statistics
import time
from pathlib import Path

import pandas as pd
import torch

import longthink as lt
from longthink.base.memory import keep_freed_memory
from longthink.measuring.sweep import sweep

CASES = {
    "prefix_sums": ("prefix_sums", {}, 512, 100, 500),
    "mazes": ("mazes", {}, 59, 10, 600),
    "chess": ("chess_puzzles", {"perspective": "mover"}, 7, 100, 104),
    "sudoku": ("sudoku", {}, 49, 44, 152),
}
WAYS = {
    "fp32, all to the end": {"precision": "fp32", "retire": False},
    "fp32": {"precision": "fp32"},
    "bf16, all to the end": {"precision": "bf16", "retire": False},
    "bf16": {"precision": "bf16"},
}


def compared(net: str, pairs: int) -> pd.DataFrame:
    """A row for each way of sweeping a net's puzzles."""
    problem, options, level, count, iterations = CASES[net]
    model, puzzles = lt.load(net), lt.problem(problem, **options).sample(level, count)
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    rows: dict[str, pd.DataFrame] = {}
    for turn in range(-1, pairs):  # the first does not count
        for way, asked in WAYS.items():
            begun = time.perf_counter()
            rows[way] = sweep(model, puzzles, range(1, iterations + 1), **asked)
            if turn >= 0:
                taken[way].append(time.perf_counter() - begun)
    plain, *_ = WAYS
    found = []
    for way in WAYS:
        ratios = [before / now for before, now in zip(taken[plain], taken[way], strict=True)]
        apart = rows[way]["accuracy"] - rows[plain]["accuracy"]
        found.append(
            {
                "net": net,
                "puzzles": f"{count} of level {level}, {iterations} iterations",
                "way": way,
                "seconds": statistics.median(taken[way]),
                "ratio": statistics.median(ratios),
                "lowest": min(ratios),
                "highest": max(ratios),
                "iterations that differ": int((apart != 0).sum()),
                "difference at the end": apart.iloc[-1],
            }
        )
    return pd.DataFrame(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--net", choices=CASES, action="append")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    keep_freed_memory()
    tables = []
    for net in arguments.net or CASES:
        tables.append(compared(net, arguments.pairs))
        print(tables[-1].round(3).to_csv(sep="|", index=False, header=len(tables) == 1), end="", flush=True)
    if arguments.out is not None:
        pd.concat(tables).to_csv(arguments.out, index=False)


if __name__ == "__main__":
    main()
