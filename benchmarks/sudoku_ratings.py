"""Hard sudokus made to a rating: seconds of a core each, how they rate, and what algorithms do with them.

    taskset -c 0 python benchmarks/sudoku_ratings.py [--count 20] [--out r.json]

Boards of 28, 25 and 22 givens (blank: LEVELS) that rate 10 and 20 or more; then batches of 64 stalled boards.
"""

import argparse
import json
import time
from pathlib import Path

from longthink.problems.sudoku.problem import ALGORITHMS, Sudoku

LEVELS = (53, 56, 59)
RATINGS = (10, 20)
BATCH = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    result: dict[str, object] = {}
    Sudoku(lowest_rating=1).sample(LEVELS[0], 1)  # compiles
    for rating in RATINGS:
        for level in LEVELS:
            problem, begun = Sudoku(lowest_rating=rating), time.process_time()
            puzzles = problem.sample(level, arguments.count)
            seconds = (time.process_time() - begun) / arguments.count
            rounds = problem.algorithms(puzzles)
            result[f"rated {rating} or more, {81 - level} givens"] = {
                "seconds each": seconds,
                "rating in the mean": float(problem.rating(puzzles).double().mean()),
                "solved by singles": float(problem.baselines(puzzles)["singles"].mean()),
                "blank cells that pairs decide": float((rounds["pairs"] > 0).sum() / puzzles.mask.sum()),
                "rounds of guess_and_check in the mean": float(
                    rounds["guess_and_check"].flatten(1).amax(1).double().mean()
                ),
            }
    for name, (_, guessing) in ALGORITHMS.items():
        if not guessing:
            problem = Sudoku(stalled=1.0, stalled_by=name)
            problem.sample(41, 1, split="train")
            begun = time.process_time()
            problem.sample(41, BATCH, split="train", repeats=True)
            result[f"seconds for {BATCH} boards stalled by {name}"] = time.process_time() - begun
    print(json.dumps(result, indent=2))
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
