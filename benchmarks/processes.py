"""Steps a second of one process with one thread, of one with two, and of two with one each, on two idle cores.

    python benchmarks/processes.py prefix_sums_laptop mazes_laptop --steps 200 --repeats 5 --out processes.csv

Each form in turn; medians, and ratios to one thread of the same turn. Start-up, the first steps and validation are not
counted, nor turns in which others took more than a fifth of a core while there was one process. Rows are added to those
that `--out` has. Noise, and pieces of other puzzles' states, are left out, since each process draws its own: so the
weights of all three must be the same up to rounding, which grows with the steps, and how far they differ is printed.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import torch

from longthink.training.recipe import Recipe
from longthink.training.runs import Run, recipe_of

FORMS: Mapping[str, tuple[int, int]] = {"1 x 1": (1, 1), "1 x 2": (1, 2), "2 x 1": (2, 1)}
"""Processes and threads of each."""
QUIET = {"regularisation.state_noise": 0, "regularisation.start_noise": 0, "objective.transplant": 0}


MOST_OTHERS = 0.2
"""Of a core."""
UNKNOWN = "2 x 1"
"""The form whose second process ends by itself, so that what it took is not told apart from what others took."""


def busy() -> float:
    """CPU seconds that all processes of this machine took since it started."""
    user, nice, system, _, _, *interrupts = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:8])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def own() -> float:
    """CPU seconds that this process and those that it started and that have ended took."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def trained(recipe: Recipe, processes: int, threads: int, folder: Path) -> tuple[Run, float]:
    """The run of a training, by the command line; how much of a core other processes took meanwhile."""
    file = folder / "recipe.json"
    file.write_text(recipe.to_json())
    run = folder / f"{processes}-{threads}"
    options = {"--devices": processes, "--threads": threads, "--out": run, "--accelerator": "cpu"}
    command = [sys.executable, "-m", "longthink.cli", "train", str(file)]
    command += [str(part) for option in options.items() for part in option]
    begun, others = time.monotonic(), busy() - own()
    subprocess.run(command, check=True, capture_output=True)
    return Run(run), (busy() - own() - others) / (time.monotonic() - begun)


def speed(run: Run) -> float:
    """Steps a second from the first row of the history to the last one of training."""
    rows = [row for row in run.history() if "loss" in row]
    return float((rows[-1]["step"] - rows[0]["step"]) / (rows[-1]["seconds"] - rows[0]["seconds"]))


def difference(one: Run, other: Run) -> float:
    """How far the weights of two runs are apart, as a share of their size."""
    first, second = (
        torch.cat([value.flatten() for value in run.model().state_dict().values()]) for run in (one, other)
    )
    return float((first - second).norm() / first.norm())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="+")
    parser.add_argument("--steps", type=int, default=200, help="60 or more")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("processes.csv"))
    arguments = parser.parse_args()
    rows = pd.read_csv(arguments.out).to_dict("records") if arguments.out.exists() else []
    for name in arguments.recipes:
        few = {"steps": arguments.steps, "validation.every": arguments.steps, "validation.count": 8}
        recipe = recipe_of(name).revised(few | QUIET)
        for _ in range(arguments.repeats):
            with tempfile.TemporaryDirectory() as folder:
                runs = {form: trained(recipe, *sizes, Path(folder)) for form, sizes in FORMS.items()}
                for form, (run, others) in runs.items():
                    apart = difference(runs["1 x 1"][0], run)
                    row = {"recipe": name, "form": form, "steps": arguments.steps, "steps_a_second": speed(run)}
                    rows.append({**row, "weights_apart": apart, "others": others})
            pd.DataFrame(rows).to_csv(arguments.out, index=False)
    print(summary(pd.DataFrame(rows)).to_string())


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Medians and quartiles over the turns in which the machine was idle."""
    rows = rows.assign(turn=rows.groupby(["recipe", "form"]).cumcount())
    turns = rows.pivot(index=["recipe", "turn"], columns="form")
    turns = turns[turns["others"].drop(columns=UNKNOWN).max(axis=1) < MOST_OTHERS]
    speeds = turns["steps_a_second"]
    found = {
        "steps a second": speeds,
        "times as fast": speeds.div(speeds["1 x 1"], axis=0),
        "weights apart": turns["weights_apart"],
    }
    table = pd.concat(found, axis=1).stack(future_stack=True).groupby(["recipe", "form"])
    spread = table.quantile([0.25, 0.5, 0.75]).unstack()
    spread["turns", ""] = table.size()
    return spread


if __name__ == "__main__":
    main()
