"""A job carried on within a time: trained, then tested, its files left so that the next machine goes on with them.

The folder of a job:

    run/            that of its training, see `longthink.training.runs`; files above 16 MB are folders of parts
    rows-59.csv     of each level that is tested: a row for each iteration, over the puzzles that are done so far
    times.csv       what was done, on which device, and how many seconds it took
    failed.txt      why its training cannot go on, if it cannot
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from jobs import Job, Test
from parts import join, split

import longthink as lt
from longthink.base.files import atomic
from longthink.contracts import Thinker
from longthink.measuring.rows import save_rows
from longthink.training.loop import Diverged, train
from longthink.training.recipe import Recipe
from longthink.training.runs import Run

RESERVE = 25.0
"""Seconds before the end at which training stops: for a validation that is under way, the checkpoint and its parts."""
LEAST = 40.0
"""Seconds that are worth beginning something."""
SLOWER = 1.5
"""A part of a test may take so many times as long as the one before it."""
END = 10.0
"""Seconds before the end at which tests stop."""
AVERAGED = ("accuracy", "position_accuracy", "confidence", "change")


class Work:
    """Jobs below a folder, with what is left of the time."""

    def __init__(self, folder: Path, device: torch.device, left: Callable[[], float]):
        self.folder, self.device, self.left = folder, device, left

    def state(self, job: Job) -> str:
        """How far it is, in words."""
        folder = self.folder / job.name
        missing, run = job.missing(self.folder), Run(folder / "run")
        if (folder / "failed.txt").exists():
            return (folder / "failed.txt").read_text().strip()
        if missing is not None:
            return missing
        if not run.begun:
            return "not begun"
        history = run.history()
        if not _is_trained(run):
            step = history[-1]["step"] if history else 0
            return f"trained for {step} of {run.recipe().steps} steps, {run.seconds():.0f} s"
        tested = ", ".join(f"{_done(folder, test)} of {test.count} at level {test.level}" for test in job.tests)
        return f"trained in {run.seconds():.0f} s, tested: {tested}"

    def is_open(self, job: Job) -> bool:
        """Whether there is something to do that can be done here."""
        folder = self.folder / job.name
        if (folder / "failed.txt").exists() or job.missing(self.folder) is not None:
            return False
        return not _is_trained(Run(folder / "run")) or any(_done(folder, test) < test.count for test in job.tests)

    def advance(self, job: Job) -> None:
        """Go on with a job until it is done, or the time is over."""
        folder, recipe = self.folder / job.name, job.recipe(self.folder)
        run = Run(folder / "run")
        folder.mkdir(parents=True, exist_ok=True)
        join(folder)
        try:
            if not run.finished and self.left() > LEAST:
                self._train(run, recipe, folder)
            for test in job.tests:
                if run.finished and _done(folder, test) < test.count and self.left() > LEAST + END:
                    self._test(job, test, run, folder)
        finally:
            split(folder)

    def _train(self, run: Run, recipe: Recipe, folder: Path) -> None:
        begun = time.monotonic()
        try:
            accelerator, enough = self.device.type, self.left() - RESERVE
            train(recipe, run.folder, resume=run.begun, accelerator=accelerator, seconds=enough, checkpoint_seconds=60)
        except Diverged as error:
            with atomic(folder / "failed.txt") as path:
                path.write_text(f"{error}\n")
            return
        if run.finished:
            (run.folder / "checkpoint.pt").unlink()
        self._note(folder, "training", begun)

    def _test(self, job: Job, test: Test, run: Run, folder: Path) -> None:
        """Read some puzzles after the others, as long as there is time for some more."""
        longest = LEAST / SLOWER
        recipe, net = run.recipe(), run.model().to(self.device)
        puzzles = recipe.problem.revised(test.options).sample(test.level, test.count)
        while (done := _done(folder, test)) < test.count and self.left() > SLOWER * longest + END:
            since = time.monotonic()
            some = puzzles[done : min(done + test.at_a_time, test.count)]
            rows = lt.sweep(net, some, range(1, _iterations(net, test) + 1), labels=self._labels(job, recipe, run))
            save_rows(_together(_rows(folder, test), rows), _path(folder, test))
            longest = time.monotonic() - since
            self._note(folder, f"level {test.level}, {len(some)} puzzles", since)

    def _labels(self, job: Job, recipe: Recipe, run: Run) -> dict[str, Any]:
        return {
            "series": job.variant,
            "seed": recipe.seed,
            "changes": ", ".join(f"{name} {value}" for name, value in job.changed(self.folder).items()) or "none",
            "steps": recipe.steps,
            "training_seconds": round(run.seconds()),
            "tested_on": device_name(self.device),
            "tested_in": "tf32" if self.device.type == "cuda" and torch.backends.cudnn.allow_tf32 else "fp32",
        }

    def _note(self, folder: Path, what: str, begun: float) -> None:
        path, seconds = folder / "times.csv", round(time.monotonic() - begun, 1)
        row = pd.DataFrame(
            {"what": [what], "device": [device_name(self.device)], "torch": [torch.__version__], "seconds": [seconds]}
        )
        save_rows(pd.concat([pd.read_csv(path), row]) if path.exists() else row, path)


def device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _is_trained(run: Run) -> bool:
    """Whether there is a net, be it in parts."""
    return run.finished or (run.folder / "model.safetensors.parts").exists()


def _iterations(net: Thinker, test: Test) -> int:
    return min(test.iterations, net.limit or test.iterations)


def _path(folder: Path, test: Test) -> Path:
    return folder / f"rows-{test.level}.csv"


def _rows(folder: Path, test: Test) -> pd.DataFrame | None:
    path = _path(folder, test)
    return pd.read_csv(path) if path.exists() else None


def _done(folder: Path, test: Test) -> int:
    """Puzzles that were tested."""
    rows = _rows(folder, test)
    return 0 if rows is None else int(rows["puzzles"].iloc[0])


def _together(before: pd.DataFrame | None, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of more puzzles: their means, weighed by how many puzzles each is of."""
    if before is None:
        return rows
    both = rows.copy()
    both["puzzles"] = before["puzzles"] + rows["puzzles"]
    for name in AVERAGED:
        both[name] = (before[name] * before["puzzles"] + rows[name] * rows["puzzles"]) / both["puzzles"]
    return both
