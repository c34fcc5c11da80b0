"""Whoever imports and uses the library finds the process as it was."""

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import longthink as lt
from longthink.base import memory, parallel
from longthink.training.recipe import Recipe


def everything(tiny_recipe: Recipe, folder: Path) -> None:
    """What a program does with the library: train, load, sweep, solve, draw."""
    from longthink import figures

    run = lt.train(tiny_recipe.revised({"steps": 20}), folder / "run", accelerator="cpu", progress=False)
    puzzles = lt.problem("prefix_sums").sample(8, 4)
    rows = lt.sweep(lt.load(run.folder), puzzles, [1, 5])
    lt.solve(lt.load("prefix_sums"), puzzles[:1])
    lt.trace(run.model(), puzzles, 3)
    figures.accuracy_over_iterations(rows.assign(series="net", seed=0, regime=3), folder / "figure.png")


def state() -> dict[str, Any]:
    return {
        "torch's random numbers": torch.random.get_rng_state().tolist(),
        "numpy's random numbers": np.random.get_state()[1].tolist(),
        "threads": torch.get_num_threads(),
        "type of numbers": torch.get_default_dtype(),
        "gradients": torch.is_grad_enabled(),
        "deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
    }


def test_random_numbers_threads_and_switches_stay_as_they_were(tiny_recipe: Recipe, tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(42)
    before = state()
    everything(tiny_recipe, tmp_path)
    after = state()
    torch.set_num_threads(threads)
    for name, value in before.items():
        assert after[name] == value, name


def test_only_the_command_line_and_workers_tune_the_memory_of_the_process(
    tiny_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []

    class Library:
        """A C library that takes note."""

        def mallopt(self, what: int, size: int) -> int:
            told.append(what)
            return 1

    before = gc.get_threshold()
    memory.keep_freed_memory.cache_clear()
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: Library())
    everything(tiny_recipe, tmp_path)
    parallel.side_by_side(len, [([],)], workers=1, progress=False)
    assert (told, gc.get_threshold()) == ([], before)
    from longthink.cli import main

    main(["list", "stops"])
    assert gc.get_threshold() == (*before[:2], memory.YOUNGER_FIRST)
    gc.set_threshold(*before)
    assert told == [memory.M_TRIM_THRESHOLD, memory.M_MMAP_THRESHOLD]
    memory.keep_freed_memory.cache_clear()


@pytest.fixture
def python(tmp_path: Path) -> Callable[[str], str]:
    """Runs a program in a process and a folder of its own: what it prints."""

    def run(program: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_a_process_that_uses_it_is_as_it_was_before_the_import(python: Callable[[str], str], tmp_path: Path) -> None:
    """The first import of a process is the one that could set something."""
    said = python(
        """
import gc, locale, logging, os, signal, sys, warnings
import lightning_fabric, matplotlib, numba, numpy, pandas, torch
matplotlib.use("svg")
torch.set_num_threads(1)

def state():
    return {
        "backend": matplotlib.get_backend(),
        "style": dict(matplotlib.rcParams),
        "threads": torch.get_num_threads(),
        "random": (torch.random.get_rng_state().tolist(), numpy.random.get_state()[1].tolist()),
        "printing": (torch._tensor_str.PRINT_OPTS, numpy.get_printoptions(), pandas.get_option("display.width")),
        "environment": dict(os.environ),
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "warnings": list(warnings.filters),
        "logging": (logging.root.level, list(logging.root.handlers)),
        "numba": (numba.config.CACHE_DIR, numba.config.NUMBA_NUM_THREADS),
        "folder": (os.getcwd(), os.umask(0o22)),
        "path": list(sys.path),
        "garbage": gc.isenabled(),
        "language": locale.setlocale(locale.LC_ALL),
    }

before = state()
import longthink as lt
from longthink import figures
small = {"steps": 2, "model.width": 4, "model.head": [4, 4], "validation.count": 4}
lt.train(lt.recipe("prefix_sums_laptop", **small), "run", accelerator="cpu", progress=False)
rows = lt.sweep(lt.load("mazes"), lt.problem("mazes").sample(9, 2), [1, 9])
figures.accuracy_over_iterations(rows.assign(series="net", seed=0, regime=3), __import__("pathlib").Path("a.png"))
lt.load("sudoku"), lt.problem("sudoku").sample(30, 1), lt.problem("chess_puzzles").sample(6, 1)
after = state()
print([name for name in before if before[name] != after[name]])
"""
    )
    assert said == "[]\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "run"]
