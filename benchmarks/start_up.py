"""How long commands take to answer, in this checkout and in another: wall and CPU seconds, and their ratio.

    git worktree add ../before HEAD~1
    python benchmarks/start_up.py ../before [--repeats 5]

Medians of alternating runs, after one of each that is not counted; both in the environment of this Python.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

COMMANDS = ("--help", "list problems", "list recipes", "solve prefix_sums 1011")
HERE = Path(__file__).resolve().parent.parent


def seconds(checkout: Path, code: str) -> tuple[float, float]:
    """Wall and CPU seconds of a Python that runs some code with a checkout first on its path."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=checkout, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - begun
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path, help="another checkout")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    if not (arguments.before / "longthink" / "__init__.py").is_file():
        parser.error(f"there is no checkout of longthink at {arguments.before}")
    codes = {"import longthink": "import longthink"}
    codes |= {
        f"longthink {c}": f"from longthink.cli import main; raise SystemExit(main({c.split()!r}))" for c in COMMANDS
    }
    print(
        "| command | before, wall | CPU | now, wall | CPU | wall, times faster |\n| --- | --- | --- | --- | --- | --- |"
    )
    for name, code in codes.items():
        taken: dict[Path, list[tuple[float, float]]] = {arguments.before.resolve(): [], HERE: []}
        for _ in range(arguments.repeats + 1):
            for checkout, times in taken.items():
                times.append(seconds(checkout, code))
        wall, cpu, wall_now, cpu_now = (
            statistics.median(one) for times in taken.values() for one in zip(*times[1:], strict=True)
        )
        print(
            f"| `{name}` | {wall:.2f} | {cpu:.2f} | {wall_now:.2f} | {cpu_now:.2f} | {wall / wall_now:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
