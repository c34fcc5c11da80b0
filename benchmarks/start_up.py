"""How long commands take to answer, in this checkout and in another: wall and CPU seconds, and the ratio of the latter.

    git worktree add ../before HEAD~1
    python benchmarks/start_up.py ../before [--repeats 9] [--only solve]

Medians of alternating runs, after one of each that is not counted; both in the environment of this Python.
"""

import argparse
import os
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BOARD = "530070000600195000098000060800060003400803001700020006060000280000419005000080079"
MAZE = "'#######\n#S#   #\n# # # #\n#   #E#\n#######'"
COMMANDS = (
    # told
    *("--help", "solve --help", "list", "list problems", "list recipes", "list experiments", "list nets"),
    # refused
    *("sovle", "test prefix_sums --nonsense 3", "solve nobody 1011", "solve prefix_sums 1011 --foo 3"),
    *("solve prefix_sums 1011 -o a.foo", "test nothing", "train nope", "train prefix_sums_laptop --foo 3"),
    *("train prefix_sums_laptop --model.widht 3", "make mazes --level 9 --out x --opening 1"),
    *("perturb prefix_sums --with nope", "reproduce nope"),
    # done
    *("solve prefix_sums 1011", f"solve mazes {MAZE}", f"solve sudoku {BOARD}"),
    *("solve chess '6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1 a1a8'", "show prefix_sums_laptop"),
)
HERE = Path(__file__).resolve().parent.parent


def seconds(checkout: Path, code: str, folder: str) -> tuple[float, float]:
    """Wall and CPU seconds of a Python that runs some code in a folder, with a checkout first on its path."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, env=environment, cwd=folder, capture_output=True, text=True
    )
    wall = time.perf_counter() - begun
    if done.returncode not in (0, 2) or "Traceback" in done.stderr:
        raise SystemExit(f"{code} failed:\n{done.stderr}")
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path, help="another checkout")
    parser.add_argument("--repeats", type=int, default=9, help="2 or more")
    parser.add_argument("--only", default="", help="commands with this in them")
    arguments = parser.parse_args()
    if not (arguments.before / "longthink" / "__init__.py").is_file():
        parser.error(f"there is no checkout of longthink at {arguments.before}")
    codes = {f"import {name}": f"import {name}" for name in ("longthink", "torch")}
    for command in COMMANDS:
        run = f"from longthink.cli import main; raise SystemExit(main({shlex.split(command)!r}))"
        codes[f"longthink {command}".replace("\n", " ")] = run
    print("| command | before, wall | CPU | now, wall | CPU | CPU, times less (quartiles) |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, code in codes.items():
        if arguments.only in name:
            compare(name, code, arguments.before.resolve(), arguments.repeats)


def compare(name: str, code: str, before: Path, repeats: int) -> None:
    """Print the row of one command."""
    taken: dict[Path, list[tuple[float, float]]] = {before: [], HERE: []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repeats + 1):
            for checkout, times in taken.items():
                times.append(seconds(checkout, code, folder))
    counted = {checkout: times[1:] for checkout, times in taken.items()}
    wall, cpu, wall_now, cpu_now = (
        statistics.median(one) for times in counted.values() for one in zip(*times, strict=True)
    )
    ratios = [then[1] / now[1] for then, now in zip(*counted.values(), strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    less = f"{middle:.1f} ({low:.1f} to {high:.1f})"
    print(f"| `{name}` | {wall:.2f} | {cpu:.2f} | {wall_now:.2f} | {cpu_now:.2f} | {less} |", flush=True)


if __name__ == "__main__":
    main()
