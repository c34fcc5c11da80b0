"""Whether two checkouts compute the same, to the last bit: weights of short trainings, and sweeps of the shipped nets.

    git worktree add ../before HEAD~1
    python benchmarks/same_numbers.py ../before

Trains one recipe of every problem, some with other nets, objectives and regularisation, for a few steps with both
checkouts, one thread, and compares a digest of the weights; then rows of sweeps of every shipped net. Checkouts of
version 0.1.0 (before 2026-11-27) are understood too. Exit code 1 where something differs.
"""

import argparse
import hashlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TINY_IMAGES = {"model.width": 8, "model.first": 4, "model.after": 8}
TINY_GRID = {"model.width": 8, "model.head": [8, 8]}
TRAININGS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "prefix sums": ("prefix_sums_laptop", {"steps": 30}),
    "prefix sums, doubling": ("prefix_sums_doubling", {"steps": 30}),
    "prefix sums, progressive": (
        "prefix_sums_laptop",
        {"steps": 20, "objective": "progressive", "objective.alpha": 0.5},
    ),
    "prefix sums, feed-forward": (
        "prefix_sums_laptop",
        {"steps": 10, "objective": "final", "model": "feedforward", **TINY_GRID, "model.limit": 10},
    ),
    "prefix sums, norms": (
        "prefix_sums_laptop",
        {
            "steps": 10,
            "regularisation.spectral_norm": 0.98,
            "regularisation.start_noise": 1.0,
            "model.norm": "inside",
        },
    ),
    "prefix sums, thesis": ("prefix_sums_thesis", {"steps": 8, **TINY_GRID, "train_size": 300}),
    "mazes": ("mazes_laptop", {"steps": 12}),
    "mazes with loops": ("mazes_loops_laptop", {"steps": 12}),
    "mazes, thesis": ("mazes_thesis", {"steps": 8, **TINY_GRID, "train_size": 300, "batch": 30}),
    "chess": ("chess_laptop", {"steps": 12}),
    "chess, thesis": (
        "chess_thesis",
        {
            "steps": 4,
            **TINY_GRID,
            "problem.unit": "tenth",
            "curriculum.lowest": 1,
            "curriculum.highest": 6,
            "batch": 30,
        },
    ),
    "sudoku": ("sudoku_laptop", {"steps": 8}),
    "sudoku, boards of two sizes": ("sudoku_laptop", {"steps": 6, "problem.also": [[2, 2]]}),
    "sudoku, convolutions": ("sudoku_convolutions", {"steps": 8, "model.width": 16, "model.head": [16, 8]}),
    "images": ("images_laptop", {"steps": 6, **TINY_IMAGES}),
    "images, thesis": ("images_thesis", {"steps": 4, "model.width": 8, "batch": 16}),
    "products in groups": ("group_products_laptop", {"steps": 20}),
    "composition in groups": ("staircase", {"steps": 40}),
}
SWEEPS = {
    "prefix_sums": ("prefix_sums", {}, 128, 50, [1, 10, 50, 100]),
    "mazes": ("mazes", {}, 21, 12, [1, 10, 60, 150]),
    "chess": ("chess_puzzles", {"perspective": "mover"}, 7, 50, [1, 5, 20, 40]),
    "sudoku": ("sudoku", {}, 45, 20, [1, 8, 32]),
}
COLUMNS = ["iteration", "accuracy", "position_accuracy", "confidence", "change"]
OLD_NAMES = {"regularisation": "stabilisers", "train_size": "examples"}


def measure(into: Path) -> None:
    """In a process that has one of the checkouts on its path: everything as JSON."""
    import torch

    import longthink as lt
    from longthink import registry

    assert Path(lt.__file__).is_relative_to(os.environ["PYTHONPATH"]), f"{lt.__file__} is another checkout"
    is_old = lt.__version__ == "0.1.0"
    train = importlib.import_module("longthink.train" if is_old else "longthink.training.loop").train
    torch.set_num_threads(1)
    found: dict[str, Any] = {}
    for name, (recipe, changes) in TRAININGS.items():
        named = {_old(option) if is_old else option: value for option, value in changes.items()}
        revised = registry.find("recipes", recipe)().revised(
            {**named, "validation.count": 20, "validation.every": 1000}
        )
        with tempfile.TemporaryDirectory() as folder:
            net = train(revised, Path(folder) / "run", accelerator="cpu", progress=False).model()
        digest = hashlib.sha256()
        for key, value in sorted(net.state_dict().items()):
            digest.update(key.encode() + value.contiguous().numpy().tobytes())
        found[f"weights: {name}"] = digest.hexdigest()[:16]
    for net, (problem, options, level, count, iterations) in SWEEPS.items():
        puzzles = lt.problem(problem, **options).sample(level, count)
        for rule in ("default", "max_confidence"):
            rows = lt.sweep(lt.load(net), puzzles, iterations, exit_rule=rule)
            found[f"sweep: {net}, {rule}"] = rows[COLUMNS].to_json(double_precision=15)
    rows = lt.sweep(lt.load("mazes"), lt.problem("mazes").sample(33, 3), [1, 10, 60, 150], tolerance=0.1)
    found["sweep: mazes, thinking locally"] = rows[COLUMNS].to_json(double_precision=15)
    into.write_text(json.dumps(found))


def _old(option: str) -> str:
    first, dot, rest = option.partition(".")
    return OLD_NAMES.get(first, first) + dot + rest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path, help="another checkout")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure)
        return 0
    if not (arguments.before / "longthink" / "__init__.py").is_file():
        parser.error(f"there is no checkout of longthink at {arguments.before}")
    here = Path(__file__).resolve().parent.parent
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for place, checkout in enumerate((arguments.before.resolve(), here)):
            out = Path(folder) / f"{place}.json"
            environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
            command = [sys.executable, str(Path(__file__).resolve()), str(arguments.before), "--measure", str(out)]
            subprocess.run(command, check=True, env=environment, cwd=folder)
            found.append(json.loads(out.read_text()))
    before, now = found
    for name in before:
        told = before[name] if name.startswith("weights") else "rows"
        print(f"{'same     ' if before[name] == now.get(name) else 'DIFFERENT'} {name}: {told}")
    return int(before != now)


if __name__ == "__main__":
    sys.exit(main())
