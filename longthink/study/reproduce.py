"""An experiment carried out: every variant trained with every seed, measured by every evaluator, and summed up."""

import hashlib
import inspect
import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from longthink import registry
from longthink.base.errors import UserError
from longthink.base.files import atomic
from longthink.base.parallel import Where, side_by_side
from longthink.contracts import Thinker
from longthink.registry import PACKAGE
from longthink.study.evaluators import Evaluator
from longthink.study.experiment import Experiment
from longthink.training.recipe import Recipe
from longthink.training.trials import Trial, run_trials

FRESH = 100
"""The first of the seeds that no recipe was tuned on."""
Trials = Mapping[tuple[str, int], Trial]
"""By the name of the variant and the seed."""


class NothingCameThrough(UserError):
    """All trials of an experiment, or all that was measured of them, failed."""


@dataclass(frozen=True)
class Outcome:
    """The rows of all evaluators, a sentence for each trial that failed, how long each training took.

    Columns of the rows beside the evaluators' own: `series`, the variant's name; `seed`; `evaluator`, its title;
    `regime`, the most iterations in training.
    `baselines`: for each evaluator, the share that ways without a net have of the same.
    """

    rows: pd.DataFrame
    failures: list[str]
    seconds: list[float]
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    threads: Sequence[int] = ()
    """The different numbers of CPU threads that trainings had, those of before too, as far as they are on record."""


def carry_out(
    experiment: Experiment,
    seeds: Sequence[int],
    below: Path,
    workers: int | None = None,
    on: Where = "local",
    accelerator: str = "auto",
    progress: bool = True,
) -> Outcome:
    """Train what was not trained yet, each variant with every seed, and run every evaluator.

    Interrupted and called again, it goes on where it was: trainings are kept for ever, and what was measured of them
    until all is. Before anything is trained, every evaluator sees whether its options and levels fit every recipe.

    Args:
        experiment: what is carried out.
        seeds: those that each variant is trained with.
        below: folder of the trials, as in `run_trials`.
        workers: trials, and then measurements, at a time, as in `run_trials`.
        on: "local" or "ray", as in `run_trials`.
        accelerator: cpu, cuda, or auto.
        progress: show bars, on a terminal.

    Returns:
        The rows of all evaluators, and which trials failed.

    Raises:
        UserError: no seeds; what `Evaluator.check` and `run_trials` raise.
        NothingCameThrough: there is nothing to report.

    >>> import tempfile
    >>> from longthink.recipes.laptop import prefix_sums_laptop
    >>> from longthink.study.evaluators import Sweep
    >>> from longthink.study.experiment import Variant
    >>> small = {"steps": 2, "model.width": 4, "model.head": [4, 4], "validation.count": 5}
    >>> recipe = prefix_sums_laptop().revised(small)
    >>> experiment = Experiment("Tiny", (Variant("tiny", recipe),), (Sweep(level=8, iterations=3, count=5),))
    >>> outcome = carry_out(experiment, [FRESH], Path(tempfile.mkdtemp()), workers=1, progress=False)
    >>> outcome.failures, sorted(outcome.rows["iteration"])
    ([], [1, 2, 3, 10])
    """
    if not seeds:
        raise UserError("An experiment needs at least 1 seed.")
    for variant in experiment.variants:
        for evaluator in experiment.evaluators:
            evaluator.check(variant.recipe)
    first = experiment.variants[0].recipe
    baselines = {evaluator.title: evaluator.baselines(first) for evaluator in experiment.evaluators}
    wanted = [
        variant.recipe.revised({"name": variant.name, "seed": seed})
        for variant in experiment.variants
        for seed in seeds
    ]
    trials = run_trials(wanted, below, workers, on, accelerator, progress)
    failures = [_failure(trial, trial.error) for trial in trials if trial.error is not None]
    trained = [trial for trial in trials if trial.error is None]
    by_name = {(trial.recipe.name, trial.recipe.seed): trial for trial in trained}
    pairs = [(trial, evaluator) for trial in trained for evaluator in experiment.evaluators]
    unfinished = _unfinished(pairs, below)
    results = side_by_side(
        partial(registry.having, registry.outside(), _measured),
        [
            (trial, evaluator, by_name, unfinished and unfinished / f"{index}.json")
            for index, (trial, evaluator) in enumerate(pairs)
        ],
        workers,
        on,
        progress,
    )
    if unfinished is not None:
        shutil.rmtree(unfinished, ignore_errors=True)
    tables = [result for result in results if isinstance(result, pd.DataFrame)]
    failures += [
        _failure(trial, result) for (trial, _), result in zip(pairs, results, strict=True) if isinstance(result, str)
    ]
    if not tables:
        raise NothingCameThrough(f"Nothing came through; the first failure: {failures[0]}")
    return Outcome(
        pd.concat(tables, ignore_index=True),
        failures,
        [trial.run.seconds() for trial in trained],
        baselines,
        sorted({number for trial in trained for number in trial.run.threads()}),
    )


def summaries(rows: pd.DataFrame, evaluators: Sequence[Evaluator]) -> list[dict[str, Any]]:
    """What each evaluator's rows come to for each series, with `evaluator`, its title, and `series`."""
    return [
        {"evaluator": evaluator.title, "series": series, **evaluator.summary(group)}
        for evaluator in evaluators
        for series, group in rows[rows["evaluator"] == evaluator.title].groupby("series", sort=False)
    ]


def summarised(rows: pd.DataFrame, evaluators: Sequence[Evaluator]) -> pd.DataFrame:
    """The same as a table, for claims; columns that an evaluator has not are NaN."""
    return pd.DataFrame(summaries(rows, evaluators))


def _failure(trial: Trial, error: str) -> str:
    return f"{trial.recipe.name}, seed {trial.recipe.seed} ({trial.folder.name}): {error}"


def _measured(trial: Trial, evaluator: Evaluator, trials: Trials, kept: Path | None) -> pd.DataFrame:
    """The rows of one evaluator of one trial, as they are kept or else as they will be."""
    if kept is not None and kept.is_file():
        with suppress(ValueError, TypeError, AttributeError):  # damaged: it is measured again
            return pd.DataFrame(json.loads(kept.read_text()))
    rows = evaluator.run(trial.run, lambda name: _peer(name, trial, trials))
    labels: dict[str, str | int] = {
        "series": trial.recipe.name,
        "seed": trial.recipe.seed,
        "evaluator": evaluator.title,
        "regime": trial.recipe.regime,
    }
    for place, (name, value) in enumerate(labels.items()):
        rows.insert(place, name, value)
    columns = rows.to_dict("list")
    if kept is not None:
        with atomic(kept) as partial:
            partial.write_text(json.dumps(columns))
    return pd.DataFrame(columns)


def _peer(name: str, trial: Trial, trials: Trials) -> tuple[Thinker, Recipe]:
    """A net of a variant with the next seed that came through; for the last seed, with the first."""
    seeds = sorted(seed for variant, seed in trials if variant == name)
    if not seeds:
        raise UserError(f"No trial of '{name}' came through to compare with.")
    later = [seed for seed in seeds if seed > trial.recipe.seed]
    other = trials[name, (later or seeds)[0]]
    return other.run.model(), other.recipe


def _unfinished(pairs: Sequence[tuple[Trial, Evaluator]], below: Path) -> Path | None:
    """Where what is measured is kept until all is: named by a digest of what is measured, and by which code.

    None for evaluators without a file, like those of a notebook, since nobody can tell whether they are still the same.
    """
    try:
        own = {Path(inspect.getfile(type(evaluator))) for _, evaluator in pairs}
    except (OSError, TypeError):
        return None
    asked = [(trial.recipe.name, trial.folder.name, repr(evaluator)) for trial, evaluator in pairs]
    found = hashlib.sha256(repr(asked).encode())
    for path in sorted({*PACKAGE.rglob("*.py"), *own}):
        found.update(path.read_bytes())
    return below.absolute() / f"unfinished-{found.hexdigest()[:16]}"
