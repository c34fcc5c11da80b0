"""Sudoku's net and the composer, in this checkout and in another: seconds of both, and whether they answer the same.

    git worktree add ../before HEAD~1
    OMP_NUM_THREADS=1 taskset -c 0 python benchmarks/nets.py ../before [--pairs 9] [--only sudoku]

Each checkout has a process that waits while the other one works; they take turns, so that both meet the same machine.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

import longthink as lt
from longthink.base.memory import keep_freed_memory
from longthink.contracts import Puzzles, Thinker
from longthink.measuring.sweep import default_batch, sweep
from longthink.models.composer import Composer
from longthink.objectives.final import Final
from longthink.objectives.head_start import HeadStart
from longthink.thinking.loop import last_state

HERE = Path(__file__).resolve().parent.parent
STRINGS, LONG = 100, 512


def composer() -> tuple[Thinker, Any]:
    """One that knows nothing, and its problem: the time is the same."""
    torch.manual_seed(0)
    problem = lt.problem("group_products", group="A5")
    return Composer(problem.spec), problem


def steps(net: Thinker, puzzles: Puzzles, iterations: int) -> Callable[[], None]:
    """So many iterations without gradient."""

    @torch.inference_mode()
    def run() -> None:
        last_state(net, puzzles.x, iterations)

    return run


def training(net: Thinker, puzzles: Puzzles, objective: Any, iterations: int) -> Callable[[], None]:
    """Losses of six batches, and their gradients; what is drawn of each is the same in every run."""
    net.train()

    def run() -> None:
        for seed in range(6):
            objective.loss(net, puzzles, iterations, np.random.default_rng(seed)).value.backward()

    return run


def cases() -> dict[str, Callable[[], Any]]:
    """What is timed, by name: it makes what is to be run."""
    sudoku = lt.problem("sudoku")
    boards, easier = sudoku.sample(49, 64), lt.problem("sudoku", stalled=0.5).sample(41, 24, split="train")
    net, learner = lt.load("sudoku").eval(), lt.load("sudoku")
    composing, products = composer()
    composing.eval()
    strings = products.sample(LONG, STRINGS)
    shorter = products.sample(32, 64, split="train")
    batch = default_batch(net, boards)
    return {
        f"sudoku: 20 steps of {batch} boards, as sweep cuts them": steps(net, boards[:batch], 20),
        "sudoku: 20 steps of 8 boards": steps(net, boards[:8], 20),
        "sudoku: 100 steps of one board": steps(net, boards[:1], 100),
        "sudoku: sweep of 64 boards, 100 iterations, every tenth": lambda: sweep(net, boards, range(10, 101, 10)),
        "sudoku: six training steps, 24 boards, 16 iterations": training(
            learner, easier, HeadStart(share=0.5, reach=2.0), 16
        ),
        "composer: sweep of 100 strings of 512, 9 iterations": lambda: sweep(composing, strings, [9]),
        "composer: sweep of 100 strings of 512, each of 12": lambda: sweep(composing, strings, range(1, 13)),
        "composer: six training steps, 64 strings of 32": training(composer()[0], shorter, Final(), 5),
        "products: 500 strings of 512 drawn": lambda: products.sample(LONG, 500),
    }


def answers() -> dict[str, torch.Tensor]:
    """Outputs, and gradients of one batch, by name."""
    found: dict[str, torch.Tensor] = {}
    boards = lt.problem("sudoku").sample(49, 500)
    net = lt.load("sudoku")
    composing, problem = composer()
    strings = problem.sample(LONG, 32)
    with torch.inference_mode():
        for iterations in (1, 10, 50):
            parts = [last_state(net.eval(), boards.x[first : first + 22], iterations) for first in range(0, 500, 22)]
            found[f"sudoku: output after {iterations}"] = net.read(torch.cat(parts)).clone()
        found["composer: output after 9"] = composing.read(last_state(composing.eval(), strings.x, 9)).clone()
    learning = (
        ("sudoku", net, lt.problem("sudoku", stalled=0.5).sample(41, 24, split="train"), 16),
        ("composer", composing, problem.sample(32, 64, split="train"), 5),
    )
    for name, one, puzzles, iterations in learning:
        Final().loss(one.train(), puzzles, iterations, np.random.default_rng(0)).value.backward()
        for parameter, weight in one.named_parameters():
            found[f"{name}: gradient of {parameter}"] = weight.grad
    return found


def work() -> None:
    """Run what the parent names, line by line, and say how many seconds it took."""
    torch.set_num_threads(1)
    keep_freed_memory()
    known = cases()
    for line in sys.stdin:
        name = line.strip()
        if name.startswith("save "):
            torch.save(answers(), name.removeprefix("save "))
            print("saved", flush=True)
        elif name == "cases":
            print("|".join(known), flush=True)
        else:
            begun = time.perf_counter()
            known[name]()
            print(time.perf_counter() - begun, flush=True)


@contextmanager
def worker(checkout: Path) -> Iterator[Callable[[str], str]]:
    """A process of a checkout, which is asked and answers in one line."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, __file__, str(checkout), "--work"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env=environment, cwd=checkout, **pipes) as process:  # type: ignore[call-overload]

        def ask(what: str) -> str:
            process.stdin.write(f"{what}\n")
            process.stdin.flush()
            answer: str = process.stdout.readline().strip()
            return answer

        yield ask
        process.stdin.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path, help="another checkout")
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--only", default="", help="cases whose names begin so, and no comparison of answers")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work()
        return
    with worker(arguments.before.resolve()) as before, worker(HERE) as now, tempfile.TemporaryDirectory() as folder:
        print("| what | before, ms | now, ms | ratio | from | to |\n| --- | --- | --- | --- | --- | --- |")
        for name in now("cases").split("|"):
            if not name.startswith(arguments.only):
                continue
            before(name), now(name)
            pairs = [(float(before(name)), float(now(name))) for _ in range(arguments.pairs)]
            ratios = [old / new for old, new in pairs]
            old, new = (median(column) * 1000 for column in zip(*pairs, strict=True))
            spread = f"{median(ratios):.2f} | {min(ratios):.2f} | {max(ratios):.2f}"
            print(f"| {name} | {old:.1f} | {new:.1f} | {spread} |", flush=True)
        if arguments.only:
            return
        files = [Path(folder) / name for name in ("before.pt", "now.pt")]
        for ask, file in zip((before, now), files, strict=True):
            ask(f"save {file}")
        old_answers, new_answers = (torch.load(file) for file in files)
    print()
    for name, old_tensor in old_answers.items():
        new_tensor = new_answers[name]
        apart = float((old_tensor - new_tensor).abs().max() / old_tensor.abs().max())
        same = f", same answers: {torch.equal(old_tensor.argmax(1), new_tensor.argmax(1))}" if "output" in name else ""
        print(f"{name}: relative difference {apart:.1e}{same}")


if __name__ == "__main__":
    main()
