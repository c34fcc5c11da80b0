"""Two minutes or so on a GPU: does all work there, does it answer as the CPU does, and how fast is a training step?

    python benchmarks/gpu/smoke.py [--out smoke.csv]
    python benchmarks/gpu/smoke.py --part variants        # some minutes more: which form of a step is fastest here
    python benchmarks/gpu/smoke.py --accelerator cpu      # tiny sizes, to try it

agree: every measure, perturbation, objective and stop rule, with the nets that ship, on the device and on the CPU. The
device computes in IEEE fp32 for this (no TF32): whole numbers, words and answers must be equal, other numbers within
TOLERANCE of their size or of 1. TF32, in which torch computes convolutions unless it is told otherwise, has 10 bits of
a fraction; what it changes is told beside, and need not be within the tolerance.
commands: those of the README, with few steps and puzzles. `reproduce` is left out, which trains for minutes.
speed: training steps a second of the thesis recipes, beside the loop that one writes first, which is also the field's:
Conv layers in NCHW, the input concatenated, all m iterations unrolled and read whatever alpha is, nothing compiled.
It is one short run of each, to see what is worth measuring.
variants: 10 iterations forward and backward, in as many ways as there are to have the device not wait for Python.
"""

import argparse
import copy
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import longthink as lt
from longthink import registry
from longthink.base.errors import UserError
from longthink.base.seeds import generator
from longthink.contracts import Puzzles, Thinker
from longthink.measuring.decisions import decisions, trace
from longthink.measuring.dynamics import fates, perturb
from longthink.measuring.inside.feature_pictures import feature_pictures
from longthink.measuring.inside.layers import features_of
from longthink.measuring.inside.probes import probe
from longthink.measuring.inside.receptive_field import measured
from longthink.measuring.inside.reuse import reuse
from longthink.measuring.inside.similarity import similarity
from longthink.measuring.rows import save_rows
from longthink.training.recipe import Recipe
from longthink.training.runs import recipe_of

TOLERANCE = 1e-3
SHIPPED = {"prefix_sums": 64, "mazes": 13, "chess": 7, "sudoku": 41}
"""Nets that ship, with the level that they are tried on."""
STOPS: dict[str, dict[str, Any]] = {"budget": {"iterations": 3}, "settled": {"tolerance": 1e-2}}
PERTURBED = {"bit_flip": "prefix_sums", "move_end": "mazes"}
"""Perturbations that are for one problem; the others are tried on mazes."""
FAILURES = (ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError)
LICHESS = Path(__file__).parents[2] / "tests" / "problems" / "chess" / "lichess_500.csv"
TINY = {"model.width": 8, "model.head": [4, 4], "curriculum.iterations": 3, "batch": 4, "train_size": 20}
STEPS, COUNTED_FROM = 60, 20
UNROLLED = 10

# ------------------------------------------------------------------------------------------------ agree


def puzzles_of(name: str, count: int) -> Puzzles:
    return recipe_of(name).problem.sample(SHIPPED[name], count)


def asked(net: Thinker, puzzles: Puzzles, stop: str) -> tuple[Any, ...]:
    """What a stop rule says: why each puzzle ended, and after how many iterations."""
    rule = registry.build("stops", stop, STOPS.get(stop, {}))
    with torch.no_grad():
        *_, last = lt.think(net, puzzles.to(next(net.parameters()).device), 30, rule)
    assert last.stops is not None
    return *last.stops.why, last.stops.steps.cpu()


def learned(net: Thinker, puzzles: Puzzles, objective: str, **options: Any) -> tuple[Any, ...]:
    """A loss, and the size of the gradient of each weight."""
    made, net = registry.build("objectives", objective, options), copy.deepcopy(net)
    losses = made.losses(net, puzzles.to(next(net.parameters()).device), 6, np.random.default_rng(0))
    value = torch.stack([loss.value for loss in losses]).sum()
    value.backward()
    norms = [weight.grad.norm() for weight in net.parameters() if weight.grad is not None]
    return value.detach().cpu(), torch.stack(norms).cpu()


def solved(net: Thinker, puzzles: Puzzles) -> tuple[Any, ...]:
    solution = lt.solve(net, puzzles[:1].to(next(net.parameters()).device), limit=60)
    return solution.text, bool(solution.solved)


def pictured(net: Thinker) -> Tensor:
    images = lt.problem("images").sample(1, 8)
    return feature_pictures(net, images, [0, 1], iteration=2, steps=3, progress=False)


Check = Callable[[Thinker], Any]


def checks() -> dict[str, tuple[Callable[[], Thinker], Check, float]]:
    """By name: a net, what is asked of it, and the tolerance."""
    found: dict[str, tuple[Callable[[], Thinker], Check, float]] = {}

    def add(
        name: str,
        of: str,
        ask: Callable[[Thinker, Puzzles], Any],
        count: int = 8,
        within: float = TOLERANCE,
        made: Callable[[], Thinker] | None = None,
    ) -> None:
        puzzles = puzzles_of(of, count)
        found[f"{name}, {of}"] = (made or (lambda: lt.load(of)), lambda net: ask(net, puzzles), within)

    for name in SHIPPED:
        add("sweep", name, lambda net, puzzles: lt.sweep(net, puzzles, [1, 5, 10, 20]))
        add("sweep, most confident", name, lambda net, puzzles: lt.sweep(net, puzzles, [10], "max_confidence"))
        add("solve", name, solved)
    for name in registry.names("perturbations"):
        perturbation = registry.build("perturbations", name, {})
        add(
            f"perturb, {name}",
            PERTURBED.get(name, "mazes"),
            lambda net, puzzles, done=perturbation: perturb(net, puzzles, done, at=10, iterations=20),
        )
    for name in registry.names("stops"):
        if name not in ("halting", "verified"):
            add(f"stop, {name}", "prefix_sums", lambda net, puzzles, name=name: asked(net, puzzles, name))
    add("stop, verified", "sudoku", lambda net, puzzles: asked(net, puzzles, "verified"))
    halts = recipe_of("mazes").revised({"model.halts": True})
    add("stop, halting", "mazes", partial(asked, stop="halting"), made=halts.build)
    for name in ("halting", "ponder"):
        add(f"objective, {name}", "mazes", partial(learned, objective=name), made=halts.build)
    for name, options in (
        ("deep_supervision", {}),
        ("final", {}),
        ("head_start", {"share": 1.0, "transplant": 1.0}),
        ("progressive", {"alpha": 0.5}),
    ):
        add(
            f"objective, {name}",
            "mazes",
            lambda net, puzzles, name=name, options=options: learned(net, puzzles, name, **options),
        )
    add("fates", "prefix_sums", lambda net, puzzles: fates(net, puzzles, 50), within=0.05)
    add("decisions", "mazes", lambda net, puzzles: decisions(net, puzzles, 30), count=2)
    add("trace", "prefix_sums", lambda net, puzzles: trace(net, puzzles, 20))
    add("features", "prefix_sums", lambda net, puzzles: features_of(net, puzzles.x, [0, 5]))
    add("features of a layer", "mazes", lambda net, puzzles: features_of(net, puzzles.x, ["head"], iterations=5))
    add("probe", "prefix_sums", lambda net, puzzles: probe(net, puzzles, puzzles, [8]), within=0.05)
    add("reuse", "prefix_sums", lambda net, puzzles: reuse(net, puzzles.x, [1, 4]), within=0.05)
    add("similarity", "prefix_sums", lambda net, puzzles: similarity(net, net, puzzles.x, [1], [4]))
    add("receptive field", "mazes", lambda net, _: measured(net, 40, 2))
    found["feature pictures, images"] = (lt.recipe("images_laptop").build, pictured, 1.0)  # Adam follows signs
    return found


def difference(one: Any, other: Any) -> float:
    """The largest difference of numbers, relative to their size or to 1; infinite where what must be equal is not."""
    if isinstance(one, pd.DataFrame):
        if list(one.columns) != list(other.columns) or len(one) != len(other):
            return float("inf")
        return max(difference(one[name].to_numpy(), other[name].to_numpy()) for name in one.columns)
    if isinstance(one, dict):
        return difference(tuple(one.values()), tuple(other.values()))
    if isinstance(one, tuple):
        return max(map(difference, one, other), default=0.0) if len(one) == len(other) else float("inf")
    first, second = (value.numpy() if isinstance(value, Tensor) else np.asarray(value) for value in (one, other))
    if first.shape != second.shape or first.dtype.kind != "f":
        return 0.0 if np.array_equal(first, second) else float("inf")
    far = np.abs(first - second) / np.maximum(1, np.abs(first))
    return float(np.where(np.isnan(first) & np.isnan(second), 0, far).max(initial=0))


@contextmanager
def tf32(allowed: bool) -> Iterator[None]:
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = allowed
    yield
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before


def agree(device: torch.device) -> list[dict[str, Any]]:
    rows = []
    for name, (make, ask, within) in checks().items():
        net = make()
        row: dict[str, Any] = {"part": "agree", "what": name, "tolerance": within}
        expected, there = ask(net), copy.deepcopy(net).to(device)
        begun = time.perf_counter()
        try:
            with tf32(False):
                row["difference"] = difference(expected, ask(there))
            row["seconds"] = time.perf_counter() - begun
            if device.type == "cuda":
                with tf32(True):
                    row["with_tf32"] = difference(expected, ask(there))
            row["outcome"] = "agrees" if row["difference"] <= within else "DIFFERS"
        except FAILURES as error:
            row["outcome"] = f"FAILED: {type(error).__name__}: {str(error).splitlines()[0]}"
        rows.append(told(row))
    return rows


# ------------------------------------------------------------------------------------------------ commands


def commands(device: torch.device) -> list[dict[str, Any]]:
    """In this process, since each would import torch anew; in a folder of their own."""
    from longthink.cli import main

    maze = lt.problem("mazes").view.scene(lt.problem("mazes").sample(9, 1))
    train = ["train", "prefix_sums_laptop", "--seed", "1", "--model.width", "32", "--steps", "40"]
    train += ["--accelerator", device.type]
    run = "runs/prefix_sums_laptop-1"
    typed = [
        ["list", "recipes"],
        ["show", "mazes_laptop"],
        [*train, "--seconds", "0.001"],
        ["train", run, "--resume", "--accelerator", device.type],
        [*train, "--precision", "bf16-mixed", "--out", "runs/bf16"],
        ["test", run, "--level", "64", "--count", "10", "--iterations", "20"],
        ["solve", "mazes", "maze.png", "-o", "solved.png"],
        ["make", "mazes", "--level", "9", "--count", "100", "--out", "data", "--format", "easy-to-hard"],
        ["import", str(LICHESS), "--format", "lichess", "--out", "puzzles"],
    ]
    rows = []
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        lt.figures.picture(maze, Path("maze.png"))
        for words in typed:
            begun, said = time.perf_counter(), io.StringIO()
            with redirect_stdout(said), redirect_stderr(said):
                code = main(words)
            row: dict[str, Any] = {"part": "commands", "what": " ".join(words), "seconds": time.perf_counter() - begun}
            row["outcome"] = "works" if code == 0 else f"FAILED: {said.getvalue().strip().splitlines()[-1]}"
            rows.append(told(row))
    return rows


# ------------------------------------------------------------------------------------------------ speed


class Plain(nn.Module):
    """DT-Recall as one writes it first, for strings or grids."""

    def __init__(self, recipe: Recipe):
        super().__init__()
        spec, (width, head) = recipe.problem.spec, (recipe.model.options[name] for name in ("width", "head"))
        made = nn.Conv1d if spec.positions == "line" else nn.Conv2d

        def conv(inputs: int, outputs: int) -> nn.Module:
            return made(inputs, outputs, 3, padding=1, bias=False)

        self.projection = nn.Sequential(conv(spec.inputs, width), nn.ReLU())
        after = [nn.ReLU()] if spec.positions == "line" else []  # as the field's code has it
        self.recall = nn.Sequential(conv(width + spec.inputs, width), *after)
        self.convs = nn.ModuleList(conv(width, width) for _ in range(4))
        sizes = (width, *head, spec.outputs)
        layers = [conv(*pair) for pair in pairwise(sizes)]
        self.head = nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])

    def forward(self, x: Tensor, iterations: int, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The outputs of all iterations, and the last state."""
        state, outputs = self.projection(x) if state is None else state, []
        for _ in range(iterations):
            state = self.recall(torch.cat([state, x], 1))
            for first, second in (self.convs[:2], self.convs[2:]):
                state = F.relu(second(F.relu(first(state))) + state)
            outputs.append(self.head(state))
        return torch.stack(outputs), state


def plain_rate(recipe: Recipe, device: torch.device) -> float:
    """Steps a second of the plain loop, on the batches of the recipe, with the same n and k."""
    net, lessons = Plain(recipe).to(device), recipe.task.begin(recipe)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-4)
    alpha, clip = recipe.options()["objective.alpha"], recipe.optimiser.clip
    begun = 0.0
    for step in range(STEPS):
        if step == COUNTED_FROM:
            begun = now(device)
        batch = lessons.batch(step).to(device)
        x, y, m, rng = batch.puzzles.x, batch.puzzles.y, batch.iterations, generator("objective", recipe.seed, step)
        n = int(rng.integers(0, m))
        k = int(rng.integers(1, m - n + 1))
        optimiser.zero_grad()
        with torch.autocast(device.type, torch.bfloat16, enabled=recipe.precision == "bf16-mixed"):
            full, _ = net(x, m)
            state = net(x, n)[1].detach() if n > 0 else None
            part, _ = net(x, k, state)
            loss = alpha * F.cross_entropy(part[-1], y)
            if alpha < 1:
                loss = loss + (1 - alpha) * F.cross_entropy(full[-1], y)
        loss.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(net.parameters(), clip)
        optimiser.step()
        loss.item()
    return (STEPS - COUNTED_FROM) / (now(device) - begun)


def our_rate(recipe: Recipe, device: torch.device) -> float:
    """Steps a second of `lt.train`, as its history tells."""
    with tempfile.TemporaryDirectory() as folder:
        short = recipe.revised({"steps": STEPS, "validation.every": STEPS, "validation.count": 4})
        run = lt.train(short, Path(folder) / "run", accelerator=device.type, progress=False)
        seconds = {row["step"]: row["seconds"] for row in run.history() if "seconds" in row}
    return (STEPS - COUNTED_FROM) / (seconds[STEPS] - seconds[COUNTED_FROM])


def now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def speed(device: torch.device) -> list[dict[str, Any]]:
    """Each of ours beside the plain loop with the same batches and precision, just before it."""
    wanted = {"prefix_sums_thesis": [{}], "mazes_thesis": [{}, {"precision": "bf16-mixed"}]}
    if device.type == "cuda":
        wanted["mazes_thesis"].append({"precision": "bf16-mixed", "compile": True, "batch": 100})
    rows = []
    for name, changes in wanted.items():
        for change in changes:
            recipe = lt.recipe(name).revised({"train_size": 2000, **change})
            if device.type == "cpu":
                recipe = recipe.revised({**TINY, "curriculum.lowest": 5, "curriculum.highest": 5})
            plain, ours = plain_rate(recipe, device), our_rate(recipe, device)
            what = ", ".join([name, *(f"{option} {value}" for option, value in change.items())])
            row = {"part": "speed", "what": what, "plain_steps_a_second": plain, "steps_a_second": ours}
            rows.append(told({**row, "outcome": f"{ours / plain:.2f} times the plain loop"}))
    return rows


# ------------------------------------------------------------------------------------------------ variants


class Trajectory(nn.Module):
    """UNROLLED iterations of a net, from what it looks at to its last features."""

    def __init__(self, net: Thinker, step: Callable[[Any, Any], Any] | None = None):
        super().__init__()
        self.net = net
        self.steps = [step or net.step] * UNROLLED

    def forward(self, x: Tensor) -> Tensor:
        seen = self.net.see(x)
        state = self.net.start(seen)
        for step in self.steps:
            state = step(state, seen)
        return self.net.features(state)


def graphed(net: Thinker, x: Tensor) -> nn.Module:
    """All iterations as one CUDA graph forward and one backward."""
    made: nn.Module = torch.cuda.make_graphed_callables(Trajectory(net), (x.clone(),))
    return made


WAYS: dict[str, Callable[[Thinker, Tensor], Any]] = {
    "step by step": lambda net, _: Trajectory(net),
    "compiled step": lambda net, _: Trajectory(net, torch.compile(net.step, dynamic=False)),
    "compiled step, CUDA graphs": lambda net, _: Trajectory(net, torch.compile(net.step, mode="reduce-overhead")),
    "all compiled": lambda net, _: torch.compile(Trajectory(net), dynamic=False),
    "all compiled, CUDA graphs": lambda net, _: torch.compile(Trajectory(net), mode="reduce-overhead"),
    "all as one CUDA graph": graphed,
}
ON_A_CPU = ("step by step",)
"""The others need a compiler, and minutes, or a GPU."""


def variants(device: torch.device) -> list[dict[str, Any]]:
    """Milliseconds of UNROLLED iterations, forward and backward, of mazes_thesis; and until a way is ready."""
    cuda = device.type == "cuda"
    recipe = lt.recipe("mazes_thesis")
    if not cuda:
        recipe = recipe.revised({**TINY, "curriculum.lowest": 5, "curriculum.highest": 5})
    rows = []
    for batch in (50, 100, 200) if cuda else (4,):
        x = recipe.problem.sample(recipe.curriculum.highest, batch, split="train", repeats=True).to(device).x
        for precision in ("tf32", "bf16"):
            for name in WAYS if cuda else ON_A_CPU:
                net = recipe.build().to(device)
                row: dict[str, Any] = {"part": "variants", "what": f"batch {batch}, {precision}, {name}"}
                try:
                    row |= timed(WAYS[name], net, x, precision == "bf16")
                except FAILURES as error:
                    row["outcome"] = f"FAILED: {type(error).__name__}: {str(error).splitlines()[0]}"
                torch.compiler.reset()
                rows.append(told(row))
    return rows


def timed(make: Callable[[Thinker, Tensor], Any], net: Thinker, x: Tensor, bf16: bool) -> dict[str, Any]:
    device, times = x.device, []
    begun = now(device)
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16, cache_enabled=False):  # graphs do without the cache
        trajectory = make(net, x)
        for repeat in range(8):
            since = now(device)
            if device.type == "cuda":
                torch.compiler.cudagraph_mark_step_begin()
            net.zero_grad()
            trajectory(x).float().square().mean().backward()
            if repeat == 2:
                ready = now(device) - begun
            if repeat > 2:
                times.append(now(device) - since)
    milliseconds = 1000 * float(np.median(times))
    return {"seconds": ready, "ms": milliseconds, "outcome": f"{milliseconds:.2f} ms"}


# ------------------------------------------------------------------------------------------------ all of it


def told(row: dict[str, Any]) -> dict[str, Any]:
    numbers = [f"{name} {row[name]:.2g}" for name in ("difference", "with_tf32", "seconds") if name in row]
    print(f"{row['part']:9} {row['what'][:100]:60} {row['outcome']} {', '.join(numbers)}", flush=True)
    return row


PARTS = {"agree": agree, "commands": commands, "speed": speed, "variants": variants}
USUAL = ("agree", "commands", "speed")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accelerator", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--part", choices=PARTS, action="append", help="by default all but variants")
    parser.add_argument("--out", type=Path, help="a .csv file for the rows")
    options = parser.parse_args()
    if options.accelerator == "cuda" and not torch.cuda.is_available():
        print("There is no GPU here; --accelerator cpu tries the script with tiny sizes.", file=sys.stderr)
        return 2
    device, begun, rows = torch.device(options.accelerator), time.perf_counter(), []
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"cpu, {torch.get_num_threads()} threads"
    print(f"{name}, torch {torch.__version__}, {os.cpu_count()} CPUs", flush=True)
    try:
        for part in options.part or USUAL:
            rows += PARTS[part](device)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    wrong = [row for row in rows if row["outcome"].startswith(("FAILED", "DIFFERS"))]
    if options.out is not None:
        save_rows(pd.DataFrame(rows).assign(device=name, torch=torch.__version__), options.out)
    print(f"{len(rows) - len(wrong)} of {len(rows)} as they should be, in {time.perf_counter() - begun:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
