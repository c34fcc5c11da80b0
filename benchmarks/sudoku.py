"""Sudoku: puzzles a second and ratings against qqwing 1.3.4, which must be installed; every puzzle checked by it.

    taskset -c 0 python benchmarks/sudoku.py [--count 10000] [--out r.json]

Puzzles of 32 to 25 givens are made here, and as many as are quick by qqwing, which takes givens away as long as there
is one solution; the time is compared for givens as few as its mean, rounded up. Then qqwing solves all of ours, counts
their solutions, and says what they take. It calls simple or easy what naked and hidden singles solve.
"""

import argparse
import csv
import io
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from longthink.problems.sudoku import _solver as _sudoku_solver
from longthink.problems.sudoku._houses import houses
from longthink.problems.sudoku._text import write_board
from longthink.problems.sudoku.problem import Sudoku, boards_of

LEVELS = (49, 52, 54, 56)
RIVALS = 1000
SINGLES = ("Simple", "Easy")


def qqwing(*options: str, text: str = "") -> tuple[str, float]:
    """What it prints, and in how many seconds."""
    begun = time.perf_counter()
    done = subprocess.run(["qqwing", *options], input=text, capture_output=True, text=True, check=True)
    return done.stdout, time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    problem, each = Sudoku(), arguments.count // len(LEVELS)
    problem.sample(LEVELS[-1], 20)  # compiles
    theirs, seconds = qqwing("--generate", str(RIVALS), "--one-line", "--symmetry", "none")
    givens = float(np.mean([sum(cell != "." for cell in board) for board in theirs.split()]))
    result: dict[str, object] = {"qqwing": {"a second": RIVALS / seconds, "givens": givens}}

    boards, solutions, made = [], [], {}
    for level in LEVELS:
        begun = time.perf_counter()
        puzzles = problem.sample(level, each)
        made[81 - level] = each / (time.perf_counter() - begun)
        boards.append(boards_of(puzzles))
        solutions.append(puzzles.y.flatten(1).numpy() + 1)
    result["longthink, a second, by givens"] = made
    result["times as many"] = made[max(few for few in made if few <= givens)] / (RIVALS / seconds)

    ours, expected = np.concatenate(boards), np.concatenate(solutions)
    lines = "".join(f"{write_board(board)}\n" for board in ours)
    told, seconds = qqwing("--solve", "--csv", "--stats", "--count-solutions", text=lines)
    rows = list(csv.DictReader(io.StringIO(told)))
    assert len(rows) == len(ours)
    result["puzzles"] = len(ours)
    result["with one solution, says qqwing"] = sum(row["Solution Count"] == "1" for row in rows)
    result["with our solution"] = sum(
        row["Solution"] == write_board(solution) for row, solution in zip(rows, expected, strict=True)
    )
    begun = time.perf_counter()
    guesses = _sudoku_solver.rate(ours, houses((3, 3)), 10**6)
    result["solved a second"] = {"longthink": len(ours) / (time.perf_counter() - begun)}
    _, seconds = qqwing("--solve", "--one-line", text=lines)
    result["solved a second"]["qqwing"] = len(ours) / seconds  # type: ignore[index]
    by_singles = np.array([row["Difficulty"] in SINGLES for row in rows])
    result["singles solve it, both say"] = float(((guesses == 0) == by_singles).mean())
    result["share that singles solve"] = float((guesses == 0).mean())
    result["mean guesses by qqwing's rating"] = {
        rating: float(np.mean(guesses[[row["Difficulty"] == rating for row in rows]]))
        for rating in sorted({row["Difficulty"] for row in rows})
    }
    text = json.dumps(result, indent=2)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
