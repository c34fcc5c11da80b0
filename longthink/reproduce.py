"""An experiment carried out: every row trained with every seed, read at every level, and summed up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from longthink.contracts import Thinker
from longthink.errors import UserError
from longthink.experiment import Experiment
from longthink.readings import Reading
from longthink.recipe import Recipe
from longthink.trials import Place, Trial, run_trials, side_by_side

SOLVED = 0.99
"""A seed is a success where it solves this share at the fixed iteration."""


class NothingCameThrough(UserError):
    """All trials of an experiment, or all of its readings, failed."""


@dataclass(frozen=True)
class Outcome:
    """The rows of all sweeps, a sentence for each trial that failed, and how long each training took.

    `baselines`: for each reading, the share that ways without a net solve of the same puzzles.
    """

    rows: pd.DataFrame
    failures: list[str]
    seconds: list[float]
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def carry_out(
    experiment: Experiment,
    seeds: int,
    below: Path,
    workers: int | None = None,
    on: Place = "local",
    accelerator: str = "auto",
    progress: bool = True,
) -> Outcome:
    """Train what was not trained yet, each row with seeds 0 to `seeds` - 1, and take every reading.

    Raises UserError for fewer seeds than 1, and as `run_trials` does; NothingCameThrough if there is nothing to report.
    """
    if seeds < 1:
        raise UserError(f"An experiment needs at least 1 seed, not {seeds}.")
    wanted = [
        (row, row.recipe.revised({"name": row.name, "seed": seed})) for row in experiment.rows for seed in range(seeds)
    ]
    trials = run_trials([recipe for _, recipe in wanted], below, workers, on, accelerator, progress)
    failures = [_failure(trial, trial.error) for trial in trials if trial.error is not None]
    trained = [trial for trial in trials if trial.error is None]
    by_name = {(trial.recipe.name, trial.recipe.seed): trial for trial in trained}
    pairs = [(trial, reading, by_name) for trial in trained for reading in experiment.readings]
    results = side_by_side(_read, pairs, workers, on, progress)
    tables = [result for result in results if isinstance(result, pd.DataFrame)]
    failures += [
        _failure(trial, result) for (trial, *_), result in zip(pairs, results, strict=True) if isinstance(result, str)
    ]
    if not tables:
        raise NothingCameThrough(f"Nothing came through; the first failure: {failures[0]}")
    seconds = [trial.run.seconds() for trial in trained]
    baselines = {reading.title: _baselines(reading, experiment.rows[0].recipe) for reading in experiment.readings}
    return Outcome(pd.concat(tables, ignore_index=True), failures, seconds, baselines)


def _baselines(reading: Reading, recipe: Recipe) -> dict[str, float]:
    puzzles = reading.puzzles(recipe)
    return {name: float(solved.mean()) for name, solved in puzzles.problem.baselines(puzzles).items()}


def _failure(trial: Trial, error: str) -> str:
    return f"{trial.recipe.name}, seed {trial.recipe.seed} ({trial.folder.name}): {error}"


def _read(trial: Trial, reading: Reading, others: Mapping[tuple[str, int], Trial]) -> pd.DataFrame:
    """The rows of one reading of one trial. Peers have the next seed that came through, those of the last the first."""

    def peers(name: str) -> tuple[Thinker, Recipe]:
        seeds = sorted(seed for row, seed in others if row == name)
        if not seeds:
            raise KeyError(name)
        later = [seed for seed in seeds if seed > trial.recipe.seed]
        other = others[name, (later or seeds)[0]]
        return other.run.model(), other.recipe

    rows = reading.take(trial.run, peers)
    labels: dict[str, str | int] = {
        "series": trial.recipe.name,
        "seed": trial.recipe.seed,
        "reading": reading.title,
        "regime": trial.recipe.regime,
    }
    for place, (name, value) in enumerate(labels.items()):
        rows.insert(place, name, value)
    return rows


def summarised(rows: pd.DataFrame, readings: Sequence[Reading]) -> pd.DataFrame:
    """One line for each reading and series, over its seeds, from the disturbance on if there is one.

    `fixed`, `median` and `spread`: mean, median and standard deviation of the reading's measure at the fixed
    iteration (of a feed-forward net: after its last step). `every_seed` lists them. `successes`: seeds for which it is
    at least SOLVED. `peak` and `peak_at`: best accuracy of the mean over seeds, as the dissertation reports. `final`:
    the mean at the last iteration. `overthinking`: the most that a seed lost from its best to its last iteration.
    `reached`: for a disturbed net, the mean iterations until a puzzle is solved, over seeds that solve any.
    `positions`: the mean share of positions that are right at the fixed iteration. `train`: for a probe, the mean
    accuracy on what it was trained on. `heights`: for a staircase, how far plateaus are off, in the mean.
    """
    found = []
    for reading in readings:
        for series, group in rows[rows["reading"] == reading.title].groupby("series", sort=False):
            if "at" in group:
                group = group[group["iteration"] > group["at"].fillna(0)]
            by_seed = group.pivot_table(index="iteration", columns="seed", values=reading.measure)
            iterations, curves = by_seed.index.to_numpy(), by_seed.to_numpy()
            until = np.searchsorted(iterations, reading.fixed or group["regime"].iloc[0], side="right")
            at = max(0, until - 1)
            fixed, mean, there = curves[at], curves.mean(1), group[group["iteration"] == iterations[at]]
            found.append(
                {
                    "reading": reading.title,
                    "series": series,
                    "seeds": len(fixed),
                    "successes": int((fixed >= SOLVED).sum()),
                    "fixed": fixed.mean(),
                    "median": np.median(fixed),
                    "spread": fixed.std(),
                    "every_seed": fixed.tolist(),
                    "peak": mean.max(),
                    "peak_at": int(iterations[mean.argmax()]),
                    "final": mean[-1],
                    "overthinking": (curves.max(0) - curves[-1]).max(),
                    "reached": group.groupby("seed")["reached"].first().mean() if "reached" in group else np.nan,
                    "positions": there["position_accuracy"].mean() if "position_accuracy" in group else np.nan,
                    "heights": group["heights"].mean() if "heights" in group else np.nan,
                    "train": group["train_accuracy"].mean() if "train_accuracy" in group else np.nan,
                }
            )
    return pd.DataFrame(found)
