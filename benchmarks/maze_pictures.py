"""How many pictures of mazes are read right, in styles drawn at random, and how many that show none are refused.

    python benchmarks/maze_pictures.py [--count 200] [--seed 0] [--failures FOLDER]

Right: all cells are found as they were drawn, and the ends. Seconds are of one picture on one CPU.
"""

import argparse
import runpy
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image

from longthink.base.errors import UserError
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._pictures import find_maze

DRAWINGS = Path(__file__).parent.parent / "tests" / "problems" / "mazes" / "drawings.py"
drawings = SimpleNamespace(**runpy.run_path(str(DRAWINGS)))
ENDS = [
    ((0, 200, 0), (220, 0, 0)),
    ((30, 160, 60), (200, 40, 50)),
    ((0, 90, 255), (255, 220, 0)),
    ((230, 0, 0), (230, 0, 0)),
    ((255, 140, 0), (0, 80, 220)),
    ((220, 0, 200), (0, 190, 200)),
]


def digital(rng: np.random.Generator) -> dict[str, object]:
    """Drawn by a program: every pixel is of a cell."""
    way = int(rng.integers(1, 21))
    wall = way if rng.random() < 0.4 else int(rng.integers(1, max(2, way + 1)))
    return {
        "way": way,
        "wall": wall,
        "border": wall if rng.random() < 0.7 else int(rng.integers(1, 20)),
        "margin": int(rng.integers(0, 20)) if rng.random() < 0.7 else 0,
    }


def marked(rng: np.random.Generator, style: dict[str, object]) -> dict[str, object]:
    """Dots where they are large enough to be seen, openings painted and not."""
    kind = rng.choice(["cells", "dots", "openings", "painted"], p=[0.4, 0.3, 0.2, 0.1])
    if kind == "dots" and style["way"] < 6:  # type: ignore[operator]
        kind = "cells"
    ends = None if kind == "openings" else ENDS[rng.integers(len(ENDS))]
    return {"ends": ends, "dots": kind == "dots", "in_border": kind == "painted"}


def clean(rng: np.random.Generator) -> dict[str, object]:
    style = digital(rng)
    return style | marked(rng, style)


def coloured(rng: np.random.Generator) -> dict[str, object]:
    """Light walls on dark paper, blueprints, sepia, walls in colour; half of them as `resized`, not blurred."""
    style = clean(rng) if rng.random() < 0.5 else resized(rng) | {"blur": 0.0}
    pairs = [((20, 20, 24), (240, 240, 240)), ((0, 0, 0), (200, 200, 255)), ((20, 50, 140), (255, 255, 255))]
    pairs += [((250, 240, 215), (90, 50, 20)), ((255, 255, 255), (40, 60, 160)), ((30, 30, 30), (0, 230, 118))]
    which = int(rng.integers(len(pairs)))
    style["paper"], style["ink"] = pairs[which]
    if style["ends"] is not None and which > 1:
        style["ends"] = ((0, 200, 0), (220, 0, 0)) if which != 5 else ((255, 80, 0), (255, 0, 200))
    if style["way"] == style["wall"] and style["margin"] == 0:
        style["margin"] = 8
    return style


def resized(rng: np.random.Generator) -> dict[str, object]:
    """Scaled by any factor, blurred, packed as JPEG."""
    way = int(rng.integers(8, 30))
    style = {
        "way": way,
        "wall": way if rng.random() < 0.3 else int(rng.integers(2, max(3, way // 2))),
        "margin": int(rng.integers(0, 30)),
        "scale": float(rng.uniform(0.7, 1.8)),
        "blur": float(rng.uniform(0, 1)),
        "jpeg": int(rng.integers(40, 96)),
    }
    style["border"] = style["wall"]
    return style | marked(rng, style)


def scan(rng: np.random.Generator) -> dict[str, object]:
    """Turned by up to 5 degrees, in a shadow, with noise."""
    style = resized(rng)
    style["way"] = max(10, style["way"])  # type: ignore[call-overload]
    return style | {
        "margin": int(rng.integers(5, 40)),
        "angle": float(rng.uniform(-5, 5)),
        "shadow": float(rng.uniform(0, 0.6)),
        "noise": float(rng.uniform(0, 10)),
    }


def others(seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Pictures that show no maze on a grid, one of each kind."""
    rng = np.random.default_rng(seed)
    yield (
        "round",
        drawings.round_maze(seed, int(rng.integers(200, 600)), int(rng.integers(5, 14)), int(rng.integers(1, 6))),
    )
    for name, sides in (("hexagons", 6), ("triangles", 3)):
        edge, line = float(rng.uniform(9, 30)), int(rng.integers(1, 5))
        kept = float(rng.uniform(0.5, 0.8))
        yield name, drawings.tiled_maze(seed, sides, int(rng.integers(250, 600)), edge, line, kept)
    yield "noise", drawings.noise(seed, 400, int(rng.choice([1, 2, 5, 20])))
    yield "text", drawings.text_page(seed, int(rng.integers(200, 500)))
    cells = drawings.square_maze(13, seed)
    turned = drawings.Style(way=20, wall=3, border=3, margin=20, angle=float(rng.uniform(20, 70)))
    yield "turned by 20 to 70 degrees", drawings.drawn(cells, turned, seed)[0]


def is_right(found: np.ndarray, cells: np.ndarray) -> bool:
    """Whether all cells are the same, whichever of the ends is called the start."""
    other = np.array([kernels.WALL, kernels.OPEN, kernels.RED, kernels.GREEN], np.uint8)[cells]
    return np.array_equal(found, cells) or np.array_equal(found, other)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--failures", type=Path, help="a folder for the pictures that were not read right")
    arguments = parser.parse_args()
    print("| pictures | read right | read otherwise | refused | median s | longest s |")
    print("| --- | --- | --- | --- | --- | --- |")
    kinds: list[Callable[[np.random.Generator], dict[str, object]]] = [clean, coloured, resized, scan]
    for kind in kinds:
        results, seconds = [], []
        for index in range(arguments.count):
            seed = arguments.seed + index
            rng = np.random.default_rng([seed, len(kind.__name__)])
            style = drawings.Style(**kind(rng))
            level = int(rng.choice([9, 13, 19, 25, 33]))
            pixels, cells = drawings.drawn(drawings.square_maze(level, seed), style, seed)
            begun = time.perf_counter()
            try:
                result = "right" if is_right(find_maze(pixels).cells, cells) else "otherwise"
                why = ""
            except UserError as error:
                result, why = "refused", str(error)
            seconds.append(time.perf_counter() - begun)
            results.append(result)
            if result != "right" and arguments.failures:
                arguments.failures.mkdir(exist_ok=True)
                Image.fromarray(pixels).save(arguments.failures / f"{kind.__name__}_{seed}_{result}.png")
                plain = {field.name: getattr(style, field.name) for field in fields(style)}
                print(f"{kind.__name__} {seed} level {level} {result}: {why}\n    {plain}", flush=True)
        _row(kind.__name__, results, seconds)
    by_name: dict[str, list[tuple[str, float]]] = {}
    for index in range(max(1, arguments.count // 4)):
        for name, pixels in others(arguments.seed + index):
            begun = time.perf_counter()
            try:
                found = find_maze(pixels)
                result = "otherwise"
                if arguments.failures:
                    arguments.failures.mkdir(exist_ok=True)
                    Image.fromarray(pixels).save(arguments.failures / f"{name}_{arguments.seed + index}.png")
                    print(name, arguments.seed + index, found.cells.shape, flush=True)
            except UserError:
                result = "refused"
            by_name.setdefault(name, []).append((result, time.perf_counter() - begun))
    for name, outcomes in by_name.items():
        _row(name, [result for result, _ in outcomes], [taken for _, taken in outcomes])


def _row(name: str, results: list[str], seconds: list[float]) -> None:
    counts = [f"{results.count(kind)} of {len(results)}" for kind in ("right", "otherwise", "refused")]
    print(f"| {name} | {' | '.join(counts)} | {statistics.median(seconds):.2f} | {max(seconds):.2f} |", flush=True)


if __name__ == "__main__":
    main()
