"""Millions of sudoku puzzles brought in from a .csv, in this checkout and in another: rows a second and peak memory.

    git worktree add ../before HEAD~1
    python benchmarks/sudoku_import.py ../before [--rows 3800000] [--rows-before 200000]

Rows are like those of Sudoku-Extreme: source, question, answer, rating. Some thousand boards are drawn, and each row is
one of them moved by a symmetry of its own. Each import is a process of its own, run once before on few rows, so that
kernels are compiled.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
LEVELS = (49, 53, 55, 57)
BOARDS = 4000
MAKE = f"""
import sys
import numpy as np
from longthink.problems.sudoku import _symmetry
from longthink.problems.sudoku.problem import Sudoku, boards_of
drawn = [Sudoku().sample(level, {BOARDS // len(LEVELS)}, split="train") for level in {LEVELS}]
boards = np.concatenate([boards_of(puzzles) for puzzles in drawn])
solutions = np.concatenate([puzzles.y.flatten(1).numpy() + 1 for puzzles in drawn])
rows = int(sys.argv[2])
with open(sys.argv[1], "wb") as out:
    out.write(b"source,question,answer,rating\\n")
    for number, first in enumerate(range(0, rows, {BOARDS})):
        moved, solved = _symmetry.move(number, (3, 3), boards, solutions)
        table = np.frombuffer(b"made,", np.uint8), np.where(moved, moved + 48, 46).astype(np.uint8), \\
            np.frombuffer(b",", np.uint8), (solved + 48).astype(np.uint8), np.frombuffer(b",0\\n", np.uint8)
        lines = np.concatenate([np.broadcast_to(part, ({BOARDS}, part.shape[-1])) for part in table], axis=1)
        out.write(lines[:rows - first].tobytes())
"""
IMPORT = """
import json, resource, sys, time
from pathlib import Path
from longthink.problems.sudoku.sudoku_csv import SudokuCsv
begun, used = time.perf_counter(), time.process_time()
puzzles, _ = SudokuCsv().import_files([Path(sys.argv[1])], Path(sys.argv[2]))
seconds, used = time.perf_counter() - begun, time.process_time() - used
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"puzzles": puzzles, "seconds": seconds, "CPU": used, "MB": peak}))
"""
OPEN = """
import json, resource, sys, time
from longthink.problems.sudoku.problem import Sudoku
begun = time.perf_counter()
Sudoku(source=sys.argv[1]).sample(49, 32, split="train")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": time.perf_counter() - begun, "MB": peak}))
"""


def python(checkout: Path, code: str, *arguments: str) -> str:
    """What a process with a checkout first on its path prints."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, check=True, env=environment, cwd=checkout, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path, help="another checkout")
    parser.add_argument("--rows", type=int, default=3_800_000)
    parser.add_argument("--rows-before", type=int, default=200_000)
    arguments = parser.parse_args()
    before = arguments.before.resolve()
    print(
        "| checkout | rows | seconds | CPU seconds | rows a CPU second | MB at most | to draw 32 of it: seconds | MB |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    runs = [
        (before, "before", arguments.rows_before),
        (HERE, "now", arguments.rows_before),
        (HERE, "now", arguments.rows),
    ]
    for checkout, name, rows in runs:
        with tempfile.TemporaryDirectory() as folder:
            few, many = (str(Path(folder) / f"{part}.csv") for part in ("few", "many"))
            python(HERE, MAKE, few, "100")
            python(checkout, IMPORT, few, str(Path(folder) / "warm"))
            python(HERE, MAKE, many, str(rows))
            store = str(Path(folder) / "store")
            done, opened = (
                json.loads(python(checkout, code, *given))
                for code, given in ((IMPORT, (many, store)), (OPEN, (store,)))
            )
        assert done["puzzles"] == rows
        speed = f"{done['seconds']:.1f} | {done['CPU']:.1f} | {rows / done['CPU']:,.0f} | {done['MB']:,.0f}"
        print(f"| {name} | {rows:,} | {speed} | {opened['seconds']:.1f} | {opened['MB']:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
