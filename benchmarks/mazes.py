"""Mazes: generation against plain Python, convolutions against the machine's peak, local against dense thinking.

    python benchmarks/mazes.py [--threads 1] [--part generation] [--level 201] [--seed 100] [--pairs 9] [--out FILE]

Generation: the rival is what one writes first: a maze of cell objects that know their neighbours and walls, carved by
depth-first search, and solved by best-first search (A* with the Manhattan distance); both sides end with the official
arrays. Convolutions: arithmetic of a training step and of a dense iteration, as GFLOP/s, beside the best that a single
3 x 3 convolution of many channels reaches here. Thinking: the shipped net, one maze, locally until nothing moves, and
the dense loop for as many iterations, in turn, extrapolated from 100 where it takes more; below 401x401 also, untimed,
the dense loop until it has settled (1e-5), to compare the answers.
"""

import argparse
import heapq
import json
import random
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch

import longthink as lt
from longthink.base.memory import keep_freed_memory
from longthink.contracts import Thought
from longthink.measuring.sweep import STATE_BYTES
from longthink.thinking.local import LocalThought, think_locally
from longthink.thinking.loop import TOLERANCE, think
from longthink.thinking.stops import Settled

LARGE = 401
EXTRAPOLATED_FROM = 100


class Cell:
    """A node of the grid graph."""

    def __init__(self, row: int, column: int):
        self.row, self.column = row, column
        self.visited = False
        self.neighbours: list[Cell] = []
        self.ways: list[Cell] = []


def rival(size: int, rng: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """A maze and its solution, as arrays of the official format."""
    side = (size + 1) // 2
    cells = [[Cell(row, column) for column in range(side)] for row in range(side)]
    for row in cells:
        for cell in row:
            for down, right in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                if 0 <= cell.row + down < side and 0 <= cell.column + right < side:
                    cell.neighbours.append(cells[cell.row + down][cell.column + right])
    stack = [rng.choice(rng.choice(cells))]
    stack[0].visited = True
    while stack:
        unvisited = [cell for cell in stack[-1].neighbours if not cell.visited]
        if not unvisited:
            stack.pop()
            continue
        chosen = rng.choice(unvisited)
        chosen.visited = True
        stack[-1].ways.append(chosen)
        chosen.ways.append(stack[-1])
        stack.append(chosen)
    start, goal = rng.sample([cell for row in cells for cell in row], 2)
    came: dict[Cell, Cell | None] = {start: None}
    steps = {start: 0}
    queue, ties = [(0, 0, start)], 0
    while queue:
        cell = heapq.heappop(queue)[2]
        if cell is goal:
            break
        for there in cell.ways:
            if there not in steps or steps[cell] + 1 < steps[there]:
                steps[there], came[there], ties = steps[cell] + 1, cell, ties + 1
                far = abs(there.row - goal.row) + abs(there.column - goal.column)
                heapq.heappush(queue, (steps[there] + far, ties, there))
    picture, solution = np.zeros((size, size, 3), np.float32), np.zeros((size, size), np.int64)
    for row in cells:
        for cell in row:
            picture[2 * cell.row, 2 * cell.column] = 1
            for there in cell.ways:
                picture[cell.row + there.row, cell.column + there.column] = 1
    picture[2 * start.row, 2 * start.column] = (0, 1, 0)
    picture[2 * goal.row, 2 * goal.column] = (1, 0, 0)
    step: Cell | None = goal
    while step is not None:
        solution[2 * step.row, 2 * step.column] = 1
        before = came[step]
        if before is not None:
            solution[step.row + before.row, step.column + before.column] = 1
        step = before
    pixels = np.pad(picture.repeat(2, 0).repeat(2, 1), ((3, 3), (3, 3), (0, 0)))
    return pixels.transpose(2, 0, 1), np.pad(solution.repeat(2, 0).repeat(2, 1), 3)


def seconds(function: Callable[[], object], repeats: int = 3) -> float:
    """The median of some runs after one that does not count."""
    function()
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        function()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def generation() -> dict[str, float]:
    mazes, rng = lt.problem("mazes"), random.Random(0)
    found = {}
    for level, count, rival_count in ((9, 10_000, 500), (801, 1, 1)):
        ours = seconds(lambda level=level, count=count: mazes.sample(level, count, seed=1)) / count
        theirs = seconds(lambda level=level, count=rival_count: [rival(level, rng) for _ in range(count)]) / rival_count
        found |= {
            f"seconds for {count} of {level}x{level}": ours * count,
            f"mazes a second, {level}x{level}": 1 / ours,
            f"plain Python, {level}x{level}": 1 / theirs,
            f"times faster, {level}x{level}": theirs / ours,
        }
    return found


def block_flops(width: int, channels: int) -> int:
    """Of one iteration of the block with recall, for one position of the state."""
    return 2 * 9 * (5 * width * width + channels * width)


def convolutions() -> dict[str, float]:
    recipe = lt.recipe("mazes_laptop")
    net, width = recipe.build(), recipe.model.options["width"]
    big = torch.nn.Conv2d(128, 128, 3, padding=1, bias=False).to(memory_format=torch.channels_last)
    x = torch.randn(4, 128, 64, 64).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        peak = 2 * 9 * 128 * 128 * 4 * 64 * 64 / seconds(lambda: [big(x) for _ in range(20)]) * 20 / 1e9
    puzzles, m = recipe.problem.sample(9, recipe.batch, split="train"), recipe.curriculum.iterations_at(9)
    positions = len(puzzles) * 13 * 13

    def train() -> None:
        for thought in think(net, puzzles.x, m):
            last = thought
        recipe.problem.loss(last.read(), puzzles).sum().backward()

    training = 3 * m * positions * block_flops(width, 3) / seconds(train) / 1e9
    found = {"peak of a convolution, GFLOP/s": peak, "training step, GFLOP/s": training}
    for level in (59, 201):
        positions = (level + 4) ** 2
        count = max(1, STATE_BYTES["cpu"] // (positions * width * 4))
        x = recipe.problem.sample(level, count).x

        def infer(x: torch.Tensor = x) -> None:
            with torch.inference_mode():
                for _ in think(net, x, 20):
                    pass

        taken = seconds(infer) / 20
        found[f"iteration at {level}x{level}, GFLOP/s"] = count * positions * block_flops(width, 3) / taken / 1e9
        found[f"iteration at {level}x{level}, ms a maze"] = taken / count * 1000
    return found


def last(thoughts: Iterable[Thought]) -> Thought:
    return deque(thoughts, maxlen=1).pop()


@torch.inference_mode()
def thinking(level: int, seed: int, limit: int, pairs: int) -> dict[str, float]:
    net, puzzles = lt.load("mazes"), lt.problem("mazes").sample(level, 1, seed=seed)
    last(think_locally(net, lt.problem("mazes").sample(33, 1).x, 3))  # reads compiled kernels
    times: list[tuple[float, float]] = []
    for _ in range(pairs):
        begun, shares = time.perf_counter(), 0.0
        for thought in think(net, puzzles, limit, Settled(tolerance=0), tolerance=TOLERANCE):
            local = cast(LocalThought, thought)
            shares += local.awake
        local_seconds = time.perf_counter() - begun
        part = min(local.iteration, EXTRAPOLATED_FROM)
        begun = time.perf_counter()
        last(think(net, puzzles.x, part))
        times.append((local_seconds, (time.perf_counter() - begun) * local.iteration / part))
    answer = local.read().argmax(1)
    ratios = sorted(dense / local for local, dense in times)
    found = {
        "iterations": local.iteration,
        "settled": float(local.at_rest),
        "solved": float(puzzles.problem.correct(answer, puzzles)),
        "positions computed, share": shares / local.iteration,
        "local, seconds": statistics.median(local for local, _ in times),
        "dense, seconds": statistics.median(dense for _, dense in times),
        "times faster": statistics.median(ratios),
        "times faster, least": ratios[0],
        "times faster, most": ratios[-1],
    }
    if level < LARGE:
        dense = last(think(net, puzzles, limit, Settled()))
        differ = (dense.read().argmax(1) != answer) & puzzles.mask
        found["iterations until dense has settled"] = dense.iteration
        found["times faster, dense until it has settled"] = found["times faster"] * dense.iteration / local.iteration
        found["open pixels answered differently by dense"] = int(differ.sum())
    return {f"{name}, {level}x{level}, maze {seed}": value for name, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=["generation", "convolutions", "thinking"], action="append")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--level", type=int, action="append")
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--limit", type=int, default=30_000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_freed_memory()
    parts = options.part or ["generation", "convolutions", "thinking"]
    measured: list[Callable[[], dict[str, float]]] = []
    if "generation" in parts:
        measured.append(generation)
    if "convolutions" in parts:
        measured.append(convolutions)
    if "thinking" in parts:
        measured += [
            partial(thinking, level, seed, options.limit, options.pairs)
            for level in options.level or [201]
            for seed in options.seed or [0]
        ]
    found: dict[str, float] = {"threads": options.threads}
    for measure in measured:
        new = measure()
        found |= new
        for name, value in new.items():
            print(f"{name:60} {value:12.4g}", flush=True)
    if options.out is not None:
        options.out.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
