"""Training step and test sweep on prefix sums, against a plain, straightforward rival in the same run.

    python benchmarks/prefix_sums.py [--threads 2] [--part sweep] [--every 20] [--out results.json]

The rival is what one writes first, and what the field's code does: Conv1d layers; in training, the m iterations are
unrolled in full whatever alpha is (the last output is wanted for the accuracy), next to the progressive pass; in
testing, the outputs of all iterations are kept, and decoded at the end. Both have the same architecture and batch.
Times are means over repeats that alternate between the two; peak memory is that of a process of its own.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from longthink.base.memory import keep_freed_memory
from longthink.contracts import Puzzles, Spec
from longthink.measuring.sweep import sweep
from longthink.models.convolutional.dt_net import DTNet
from longthink.objectives.progressive import Progressive
from longthink.problems.prefix_sums.problem import PrefixSums

SCALES = {"laptop": {"width": 32, "head": (32, 16), "m": 20}, "thesis": {"width": 400, "head": (400, 200), "m": 30}}
BATCH = 100
REPEATS = 12


class Rival(nn.Module):
    """DT-Recall as one writes it first."""

    def __init__(self, width: int, head: tuple[int, int]):
        super().__init__()

        def conv(inputs: int, outputs: int) -> nn.Conv1d:
            return nn.Conv1d(inputs, outputs, 3, padding=1, bias=False)

        self.projection = nn.Sequential(conv(1, width), nn.ReLU())
        self.recall = nn.Sequential(conv(width + 1, width), nn.ReLU())
        self.convs = nn.ModuleList(conv(width, width) for _ in range(4))
        self.head = nn.Sequential(conv(width, head[0]), nn.ReLU(), conv(head[0], head[1]), nn.ReLU(), conv(head[1], 2))

    def forward(self, x: Tensor, iterations: int, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Outputs of all iterations (B, iterations, 2, S), and the last state."""
        state = self.projection(x) if state is None else state
        outputs = torch.zeros(len(x), iterations, 2, x.shape[2])
        for iteration in range(iterations):
            state = self.recall(torch.cat([state, x], 1))
            for first, second in (self.convs[:2], self.convs[2:]):
                state = F.relu(second(F.relu(first(state))) + state)
            outputs[:, iteration] = self.head(state)
        return outputs, state


def rival_step(net: Rival, optimiser: torch.optim.Optimizer, x: Tensor, y: Tensor, n: int, k: int, m: int) -> None:
    optimiser.zero_grad()
    full, _ = net(x, m)
    state = None
    if n > 0:
        _, state = net(x, n)
        state = state.detach()
    outputs, _ = net(x, k, state)
    F.cross_entropy(outputs[:, -1], y).backward()
    (full[:, -1].argmax(1) == y).all(1).sum().item()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimiser.step()


def our_step(net: DTNet, optimiser: torch.optim.Optimizer, puzzles: Puzzles, seed: int, m: int) -> None:
    optimiser.zero_grad()
    loss = Progressive(alpha=1.0).loss(net, puzzles, m, np.random.default_rng(seed))
    loss.value.backward()
    (loss.output.argmax(1) == puzzles.y).all(1).sum().item()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimiser.step()


def draw(seed: int, m: int) -> tuple[int, int]:
    """The n and k that `Progressive` draws from this seed, so that both do the same work."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, m))
    return n, int(rng.integers(1, m - n + 1))


def alternate(first: Callable[[int], None], second: Callable[[int], None], repeats: int) -> tuple[float, float]:
    """Total seconds of each over the same repeats, taken in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for repeat in range(-2, repeats):  # two to warm up
        for run, found in zip((first, second), times, strict=True):
            begun = time.perf_counter()
            run(repeat + 2)
            if repeat >= 0:
                found.append(time.perf_counter() - begun)
    return sum(times[0]) / repeats, sum(times[1]) / repeats


def training(scale: str) -> dict[str, float]:
    width, head, m = SCALES[scale]["width"], SCALES[scale]["head"], SCALES[scale]["m"]
    puzzles = PrefixSums().sample(32, BATCH, split="train")
    rival, ours = Rival(width, head), DTNet(Spec(1, 2), width=width, head=head)
    rival_optimiser, our_optimiser = (torch.optim.Adam(net.parameters(), lr=1e-3) for net in (rival, ours))
    rival_seconds, our_seconds = alternate(
        lambda seed: rival_step(rival, rival_optimiser, puzzles.x, puzzles.y, *draw(seed, m), m),
        lambda seed: our_step(ours, our_optimiser, puzzles, seed, m),
        REPEATS,
    )
    return {"rival_ms": rival_seconds * 1e3, "ours_ms": our_seconds * 1e3, "ratio": rival_seconds / our_seconds}


def testing(who: str, count: int, iterations: int, every: int) -> dict[str, float]:
    """One sweep in this process: seconds, and the most memory beyond what was in use before."""
    width, head = SCALES["laptop"]["width"], SCALES["laptop"]["head"]
    puzzles = PrefixSums().sample(512, count)
    asked = [*range(every, iterations + 1, every)]
    net: nn.Module = Rival(width, head) if who == "rival" else DTNet(Spec(1, 2), width=width, head=head)
    if who == "ours":
        sweep(net, puzzles[:1], [2])  # type: ignore[arg-type]
    before = resident_megabytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    begun = time.perf_counter()
    if who == "rival":
        with torch.no_grad():
            outputs, _ = net(puzzles.x, iterations)
            for iteration in asked:
                (outputs[:, iteration - 1].argmax(1) == puzzles.y).all(1).double().mean().item()
    else:
        sweep(net, puzzles, asked)  # type: ignore[arg-type]
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "megabytes": resident_megabytes("VmHWM") - before}


def resident_megabytes(which: str) -> float:
    """Memory of this process now (VmRSS) or at its peak (VmHWM); Linux only."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(which)).split()[1]) / 1024


def testing_in_processes(arguments: argparse.Namespace) -> dict[str, object]:
    found: dict[str, list[dict[str, float]]] = {"rival": [], "ours": []}
    for _ in range(arguments.sweeps):
        for who in found:
            command = [sys.executable, __file__, "--one-sweep", who, "--threads", str(arguments.threads)]
            command += ["--count", str(arguments.count), "--iterations", str(arguments.iterations)]
            command += ["--every", str(arguments.every)]
            out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            found[who].append(json.loads(out))
    median = {who: {key: statistics.median(one[key] for one in runs) for key in runs[0]} for who, runs in found.items()}
    return {
        **median,
        "speed_ratio": median["rival"]["seconds"] / median["ours"]["seconds"],
        "memory_ratio": median["rival"]["megabytes"] / median["ours"]["megabytes"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--count", type=int, default=100, help="strings of the sweep")
    parser.add_argument("--iterations", type=int, default=1000, help="iterations of the sweep")
    parser.add_argument("--every", type=int, default=1, help="iterations between accuracies of the sweep")
    parser.add_argument("--sweeps", type=int, default=2, help="repeats of the sweep")
    parser.add_argument("--part", choices=["training_laptop", "training_thesis", "sweep"], help="one part only")
    parser.add_argument("--one-sweep", choices=["rival", "ours"], help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    keep_freed_memory()  # both, as the command line does
    torch.manual_seed(0)
    if arguments.one_sweep:
        every = arguments.every
        print(json.dumps(testing(arguments.one_sweep, arguments.count, arguments.iterations, every)))
        return
    parts: dict[str, Callable[[], object]] = {
        "training_laptop": lambda: training("laptop"),
        "training_thesis": lambda: training("thesis"),
        "sweep": lambda: testing_in_processes(arguments),
    }
    if arguments.part:
        parts = {arguments.part: parts[arguments.part]}
    report: dict[str, object] = {"torch": torch.__version__, "threads": arguments.threads}
    for name, measure in parts.items():
        report[name] = measure()
        print(name, json.dumps(report[name], indent=2), flush=True)
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
