"""Is what an engine needs to find a move a measure of how hard people find it? Against real ratings.

    python benchmarks/chess_difficulty.py PUZZLES.csv [--count 5000] [--out FOLDER]

For each puzzle of a file in Lichess's columns: the nodes of Stockfish's search after which the answer was the best move
and stayed so, as the miner measures it. Prints the rank correlation (Spearman) of the nodes with the rating, and the
line through ratings against log2 nodes, which is `miners.chess_puzzles.RATING`; writes difficulty.csv and
difficulty.png.
"""

import argparse
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from longthink.base.parallel import side_by_side
from longthink.problems.chess import _rules as rules
from longthink.problems.chess import mining as miner
from longthink.problems.chess._store import Rows, read_csv, unpack
from longthink.problems.chess.lichess import CHUNK

AT_ONCE = 100


def judged(rows: Rows) -> pd.DataFrame:
    """One line for each puzzle: its rating, whether the engine finds its answer, and the nodes that takes."""
    found = []
    with miner.Stockfish(miner.find_engine()) as engine:
        for row, before in zip(rows, unpack(rows), strict=True):
            engine.new_game()
            begun = time.monotonic()
            one = engine.judge(rules.after(before, row["first"]), miner.JUDGE)
            found.append(
                {
                    "name": row["name"].decode(),
                    "rating": int(row["rating"]),
                    "nodes": one.nodes,
                    "found": one.answer == rules.to_uci(row["answer"]),
                    "is_puzzle": one.is_puzzle,
                    "seconds": time.monotonic() - begun,
                }
            )
    return pd.DataFrame(found)


def draw(table: pd.DataFrame, line: tuple[float, float], path: Path) -> None:
    figure, axis = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    axis.scatter(table["nodes"], table["rating"], s=4, alpha=0.3, linewidths=0)
    nodes = np.geomspace(table["nodes"].min(), table["nodes"].max(), 50)
    axis.plot(nodes, line[1] + line[0] * np.log2(nodes), color="black", label="least squares")
    by_nodes = table.groupby(pd.qcut(np.log2(table["nodes"]), 12, duplicates="drop"), observed=True)
    axis.plot(
        by_nodes["nodes"].median(), by_nodes["rating"].median(), "o-", color="tab:red", label="median of a twelfth"
    )
    axis.set(xscale="log", xlabel="nodes until the best move stays the best", ylabel="rating by people")
    axis.legend(frameon=False, loc="lower right")
    axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("puzzles", type=Path)
    parser.add_argument("--count", type=int)
    parser.add_argument("--out", type=Path, default=Path("runs/chess-difficulty"))
    options = parser.parse_args()
    with options.puzzles.open("rb") as file:
        rows = np.concatenate([*read_csv(iter(lambda: file.read(CHUNK), b""), str(options.puzzles))])
    if options.count is not None:
        rows = rows[:: max(1, len(rows) // options.count)][: options.count]
    parts = [(rows[first : first + AT_ONCE],) for first in range(0, len(rows), AT_ONCE)]
    results = side_by_side(judged, parts)
    failures = [result for result in results if isinstance(result, str)]
    if failures:
        raise SystemExit(failures[0])
    table = pd.concat(results, ignore_index=True)
    logarithm = np.log2(table["nodes"].clip(lower=1))
    slope, first = np.polyfit(logarithm, table["rating"], 1)
    options.out.mkdir(parents=True, exist_ok=True)
    table.to_csv(options.out / "difficulty.csv", index=False)
    draw(table.assign(nodes=table["nodes"].clip(lower=1)), (slope, first), options.out / "difficulty.png")
    print(f"puzzles                      {len(table)}")
    print(f"answer found                 {table['found'].mean():.1%}")
    print(f"single by the miner's rule   {table['is_puzzle'].mean():.1%}")
    print(f"rank correlation             {table['rating'].rank().corr(table['nodes'].rank()):.3f}")
    print(f"rating                       {first:.0f} + {slope:.1f} log2(nodes)")
    print(f"seconds a puzzle             {table['seconds'].mean():.3f}")


if __name__ == "__main__":
    main()
