"""Training steps, tests and memory beside the field's own code, at equal nets and on the same puzzles.

    git clone https://github.com/aks2203/deep-thinking ../deep-thinking
    python benchmarks/field.py ../deep-thinking [--part training_mazes] [--pairs 9] [--out rows.csv] [--markdown]

Both sides get the same weights, whose outputs are compared first, and the memory setting of our command line. They take
turns in one process, with one thread. `ratio` is the median of the field's seconds over ours, measured in turn, beside
the lowest and the highest. With --out, rows of other parts that the file has already are kept, and printed too.

Training: `train_progressive` on a loader of one batch, and what our loop does in a step of the objective `progressive`,
over the same n and k, whose means are those of their distribution; the gradients are compared. Test: accuracy after
every iteration, by `test_default` and by `sweep`. User: each side in its own way, for as many iterations as
`longthink test` takes by default: `test_default` in batches of its config's size, and `sweep` read 50 times. Memory:
of a test of strings, each side in a process of its own. Scaling: see field_scaling.py.

The nets of tests are those that ship. That for mazes pools the pixels of a cell, which the field's nets do not. So both
sides get mazes with one position a cell. Nets that are trained see pixels.
"""

import argparse
import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import torch
from field_code import Field, Training, check_same, net_of, puzzles_of
from field_scaling import SCALINGS, exponents, scaling
from prefix_sums import resident_megabytes
from torch import Tensor, nn

import longthink as lt
from longthink import figures
from longthink.base.memory import keep_freed_memory
from longthink.contracts import Loss
from longthink.measuring.sweep import sweep
from longthink.objectives.progressive import Progressive
from longthink.study.compare import MEASUREMENTS
from longthink.training.loop import LOG_EVERY, Learner
from longthink.training.optimisers import Adam
from longthink.training.recipe import Recipe, net
from longthink.training.supervised import Curriculum, PuzzleBatch, Supervised

LR, WEIGHT_DECAY = 1e-3, 2e-4
"""Those of the field's config and optimiser."""
HEADS: Mapping[str, Callable[[int], tuple[int, int]]] = {
    "prefix_sums": lambda width: (width, width // 2),
    "mazes": lambda _: (32, 8),
}
"""Those of the field's nets."""
Rows = Iterator[dict[str, Any]]


@dataclass(frozen=True)
class Test:
    """So many puzzles, thought about for so long."""

    problem: str
    level: int
    count: int
    iterations: int
    field_count: int | None = None
    """How many of them the field's code is given, which takes the same time for each; None: all."""

    @property
    def told(self) -> str:
        fewer = "" if self.field_count is None else f" ({self.field_count} there)"
        return f"{self.problem} {self.level}, {self.count} puzzles{fewer}, {self.iterations} iterations"


TRAININGS = {
    "training_prefix_sums": [
        Training("prefix_sums", 32, 100, width, 20, 1.0, alpha, draws=8) for width in (24, 32) for alpha in (1.0, 0.5)
    ],
    "training_mazes": [Training("mazes", 9, 50, 24, 30, None, alpha, draws=2) for alpha in (1.0, 0.5)],
}
TESTS = {"test_prefix_sums": Test("prefix_sums", 512, 100, 200), "test_mazes": Test("mazes", 59, 5, 300)}
USERS = {
    "user_prefix_sums": Test("prefix_sums", 512, 300, 400, field_count=100),
    "user_mazes": Test("mazes", 59, 100, 400, field_count=5),
}
MEMORY = Test("prefix_sums", 512, 100, 400)
PARTS = [*TRAININGS, *TESTS, *USERS, "memory", *SCALINGS]


# ------------------------------------------------------------------------------------------------ timing


def alternate(
    theirs: Callable[[], object], ours: Mapping[str, Callable[[], object]], pairs: int
) -> dict[str, dict[str, float]]:
    """For each of ours: seconds of the field's and of ours, medians over rounds, and how many times ours is faster."""
    rounds = [(_seconds(theirs), *map(_seconds, ours.values())) for _ in range(pairs + 1)][1:]  # the first warms up
    field, *taken = zip(*rounds, strict=True)
    return {name: compared(field, own) for name, own in zip(ours, taken, strict=True)}


def compared(field: Sequence[float], ours: Sequence[float]) -> dict[str, float]:
    ratios = [their / our for their, our in zip(field, ours, strict=True)]
    return {
        "field": statistics.median(field),
        "longthink": statistics.median(ours),
        "ratio": statistics.median(ratios),
        "lowest": min(ratios),
        "highest": max(ratios),
    }


def _seconds(run: Callable[[], object]) -> float:
    gc.collect()
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


# ------------------------------------------------------------------------------------------------ training


def training(field: Field, case: Training, pairs: int) -> Rows:
    step = OurStep(case)
    theirs = field.net(step.model)
    check_same(theirs, step.model, step.batch.puzzles)
    draws = [*spread_draws(case.m, case.draws)]
    apart = gradients_apart(field, theirs, step, case, draws)
    optimiser = torch.optim.Adam(theirs.parameters(), lr=LR, weight_decay=WEIGHT_DECAY)
    taken = alternate(
        lambda: [field.train(theirs, step.batch.puzzles, optimiser, case, n, k) for n, k in draws],
        {precision: partial(_steps, step, draws, precision) for precision in ("fp32", "bf16-mixed")},
        pairs,
    )
    for precision, found in taken.items():
        yield {
            "case": f"training step, {case.problem} {case.level}, batch {case.batch}, width {case.width}, m {case.m},"
            f" alpha {case.alpha:g}",
            "precision": precision,
            "unit": "s",
            **found,
            **{side: found[side] / len(draws) for side in ("field", "longthink")},
            "answers": f"gradients in 64 bits within {apart:.0e} of the largest" if precision == "fp32" else "",
        }


def _steps(step: "OurStep", draws: Sequence[tuple[int, int]], precision: str) -> None:
    """In bf16-mixed the losses are computed as Fabric has it, which is how recipes of that precision are trained."""
    for n, k in draws:
        step(n, k, torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16-mixed"))


def spread_draws(m: int, count: int) -> Iterator[tuple[int, int]]:
    """Values of n and k whose means are those of n ~ U{0, m - 1} and k ~ U{1, m - n}."""
    for index in range(count):
        n = int((index + 0.5) / count * m)
        yield n, (m - n + 1 + index % 2) // 2


class OurStep:
    """What `training.loop` does in a step, with a batch that stays the same."""

    def __init__(self, case: Training):
        self.recipe = Recipe(
            name="step",
            task=Supervised(
                problem=lt.problem(case.problem),
                objective=Progressive(alpha=case.alpha),
                curriculum=Curriculum(lowest=case.level, highest=case.level, iterations=case.m),
            ),
            model=net("dt_net", width=case.width, head=HEADS[case.problem](case.width), recall=True),
            batch=case.batch,
            steps=1,
            optimiser=Adam(lr=LR, weight_decay=WEIGHT_DECAY, clip=case.clip),
        )
        self.model, self.lessons = self.recipe.build(), self.recipe.task.begin(self.recipe)
        self.batch = self.lessons.batch(0)
        self.learner, self.optimiser = Learner(self.recipe, self.model), self.recipe.optimiser.build(self.model)
        self.taken = 0

    def __call__(self, n: int, k: int, precision: AbstractContextManager[Any]) -> None:
        losses = self.losses(self.batch, n, k)
        while True:
            with precision:
                found = self.learner(losses)
            if found is None:
                break
            loss = found
            self.optimiser.zero_grad()
            loss.value.backward()
            if self.recipe.optimiser.clip is not None:
                nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.optimiser.clip)
            self.optimiser.step()
        self.taken += 1
        if self.taken % LOG_EVERY == 0:
            with torch.no_grad():
                self.lessons.measures(self.batch, loss)

    def losses(self, batch: PuzzleBatch, n: int, k: int) -> Iterator[Loss]:
        drawn = iter((n, k))
        rng: Any = SimpleNamespace(integers=lambda *_: next(drawn))
        return self.lessons.losses(self.learner.around(self.taken, 0, torch.device("cpu")), batch, rng)


def gradients_apart(
    field: Field, theirs: nn.Module, step: OurStep, case: Training, draws: Sequence[tuple[int, int]]
) -> float:
    """How far the gradients of steps lie apart at most, as a share of the largest; in 64 bits, to see past rounding."""
    puzzles = replace(step.batch.puzzles, x=step.batch.puzzles.x.double())
    still = torch.optim.SGD(theirs.double().parameters(), lr=0.0)
    step.model.double()
    furthest = 0.0
    for n, k in draws:
        field.train(theirs, puzzles, still, replace(case, clip=None), n, k)
        step.model.zero_grad()
        next(step.losses(replace(step.batch, puzzles=puzzles), n, k)).value.backward()
        pairs = [*zip(map(_gradient, theirs.parameters()), map(_gradient, step.model.parameters()), strict=True)]
        apart = max(float((their - our.view(their.shape)).abs().max()) for their, our in pairs)
        furthest = max(furthest, apart / max(float(our.abs().max()) for _, our in pairs))
    theirs.float(), step.model.float()
    return furthest


def _gradient(parameter: nn.Parameter) -> Tensor:
    """Zero where n > 0 leaves the projection without one."""
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


# ------------------------------------------------------------------------------------------------ tests


def testing(field: Field, case: Test, pairs: int) -> Rows:
    """Accuracy after every iteration, all puzzles in one batch there."""
    asked = range(1, case.iterations + 1)
    precisions = {precision: {"precision": precision} for precision in ("fp32", "bf16")}
    yield from _tested(field, case, None, asked, precisions, pairs, "test at every iteration")


def using(field: Field, case: Test, pairs: int) -> Rows:
    """Each side as it is by default: `longthink test` reads 50 times, in the precision that it chooses."""
    step = max(1, case.iterations // MEASUREMENTS)
    asked = range(step, case.iterations + 1, step)
    automatic = {"auto": {"precision": "auto"}}
    yield from _tested(field, case, field.batch(case.problem), asked, automatic, pairs, "as a user tests")


def _tested(
    field: Field,
    case: Test,
    batch: int | None,
    asked: Sequence[int],
    precisions: Mapping[str, dict[str, Any]],
    pairs: int,
    name: str,
) -> Rows:
    ours, puzzles = net_of(case.problem), puzzles_of(case.problem, case.level, case.count)
    few = case.field_count or case.count
    theirs, loader = field.net(ours), field.loader(puzzles[:few], batch)
    check_same(theirs, ours, puzzles)
    found: dict[str, Any] = {}

    def test() -> None:
        found["field"] = field.test(theirs, loader, range(1, case.iterations + 1), case.problem)

    def own(precision: str) -> None:
        found[precision] = sweep(ours, puzzles, asked, **precisions[precision])

    taken = alternate(test, {precision: partial(own, precision) for precision in precisions}, pairs)
    for precision, times in taken.items():
        chosen = found[precision]["precision"].iloc[0]
        rows = sweep(ours, puzzles[:few], asked, precision=chosen) if few < case.count else found[precision]
        shares = dict(zip(rows["iteration"], rows["accuracy"], strict=True))
        yield {
            "case": f"{name}, {case.told}",
            "precision": chosen,
            "unit": "s a puzzle",
            "field": times["field"] / few,
            "longthink": times["longthink"] / case.count,
            **{name: times[name] * case.count / few for name in ("ratio", "lowest", "highest")},
            "answers": agreement(found["field"], shares, few),
        }


def agreement(theirs: Mapping[int, float], ours: Mapping[int, float], count: int) -> str:
    """How many are solved in the end, and whether as many are on both sides wherever ours was read."""
    apart = [round(abs(theirs[iteration] - share) * count) for iteration, share in ours.items()]
    differing = sum(map(bool, apart))
    told = "all equal" if not differing else f"other at {differing}, by {max(apart)} of {count} puzzles at most"
    return f"{ours[max(ours)]:.0%} solved; of {len(apart)} readings {told}"


# ------------------------------------------------------------------------------------------------ memory


def memory(field: Field, case: Test) -> Rows:
    found = {}
    for side in ("field", "longthink"):
        command = [sys.executable, __file__, str(field.checkout), "--one-test", side]
        command += map(str, (case.level, case.count, case.iterations))
        found[side] = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    yield {
        "case": f"memory of a test, {case.told}",
        "precision": "fp32",
        "unit": "MB",
        **compared([found["field"]], [found["longthink"]]),
        "answers": "",
    }


def one_test(field: Field, case: Test, side: str) -> float:
    """Megabytes that a test in this process takes at most, beyond what was in use before."""
    ours, puzzles = net_of(case.problem), puzzles_of(case.problem, case.level, case.count)
    theirs, loader = field.net(ours), field.loader(puzzles)
    sweep(ours, puzzles[:1], [2])
    before = resident_megabytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    if side == "field":
        field.test(theirs, loader, range(1, case.iterations + 1), case.problem)
    else:
        sweep(ours, puzzles, range(1, case.iterations + 1))
    return resident_megabytes("VmHWM") - before


# ------------------------------------------------------------------------------------------------ the program


def measure(field: Field, part: str, pairs: int) -> Rows:
    if part in TRAININGS:
        for case in TRAININGS[part]:
            yield from training(field, case, pairs)
    elif part in TESTS:
        yield from testing(field, TESTS[part], pairs)
    elif part in USERS:
        yield from using(field, USERS[part], pairs)
    elif part in SCALINGS:
        yield from scaling(field, SCALINGS[part])
    else:
        yield from memory(field, MEMORY)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """What is printed of rows."""

    def ratio(row: "pd.Series[Any]") -> str:
        spread = f" ({row['lowest']:.2f} to {row['highest']:.2f})" if row["lowest"] < row["highest"] else ""
        return f"{row['ratio']:.2f}{spread}"

    sides = {side: rows[side].map("{:.3g} ".format) + rows["unit"] for side in ("field", "longthink")}
    told = rows[["case", "precision"]].assign(**sides, ratio=rows.apply(ratio, axis=1))
    return told.assign(answers=rows["answers"].fillna(""))


def table(rows: pd.DataFrame, markdown: bool) -> str:
    if not markdown:
        return rows.to_string(index=False)
    lines = [list(rows), ["---"] * rows.shape[1], *rows.values.tolist()]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def together(before: pd.DataFrame, part: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows in the order of the parts; what was there of the part before goes."""
    others = [before[before["part"] != part]] if len(before) else []
    every = pd.concat([*others, pd.DataFrame(rows).assign(part=part)], ignore_index=True)
    return every.sort_values("part", key=lambda parts: parts.map(PARTS.index), kind="stable", ignore_index=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, help="of aks2203/deep-thinking")
    kinds = list(dict.fromkeys(part.partition("_")[0] for part in PARTS))
    parser.add_argument(
        "--part", action="append", choices=[*kinds, *PARTS], help="one part or kind of parts; repeat it"
    )
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--out", type=Path, help="file of the rows, .csv; those of scaling and its figure come beside it"
    )
    parser.add_argument("--markdown", action="store_true", help="print the tables in Markdown")
    parser.add_argument("--one-test", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    keep_freed_memory()
    field = Field(options.checkout)
    if options.one_test:
        side, *numbers = options.one_test
        print(one_test(field, Test("prefix_sums", *map(int, numbers)), side))
        return
    beside = None if options.out is None else options.out.with_name(f"{options.out.stem}-scaling.csv")
    rows, costs = (
        pd.read_csv(path) if path is not None and path.is_file() else pd.DataFrame() for path in (options.out, beside)
    )
    for part in PARTS:
        if options.part is not None and not {part, part.partition("_")[0]} & set(options.part):
            continue
        print(part, file=sys.stderr, flush=True)
        measured = [*measure(field, part, options.pairs)]
        if part in SCALINGS:
            costs = together(costs, part, measured)
        else:
            rows = together(rows, part, measured)
        if beside is not None:
            (costs if part in SCALINGS else rows).to_csv(beside if part in SCALINGS else options.out, index=False)
    if len(rows):
        print(table(summary(rows), options.markdown))
    if len(costs):
        print("\n" + table(exponents(costs), options.markdown))
        if beside is not None:
            figures.cost_against_size(costs, beside.with_suffix(".png"))


if __name__ == "__main__":
    main()
