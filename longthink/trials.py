"""Trainings side by side: each known by its recipe, done once, resumed where it was cut short; none stops others."""

import hashlib
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import joblib
import torch
from tqdm import tqdm

from longthink import runs
from longthink.errors import UserError
from longthink.recipe import Recipe, parse_recipe
from longthink.train import train

Place = Literal["local", "ray"]
Result = TypeVar("Result")
TRIALS = runs.RUNS / "trials"


@dataclass(frozen=True)
class Trial:
    """One training, finished or failed: then `error` says why."""

    recipe: Recipe
    folder: Path
    error: str | None = None

    @property
    def run(self) -> runs.Run:
        return runs.Run(self.folder)


def folder_of(recipe: Recipe, below: Path = TRIALS) -> Path:
    """Where the trial of a recipe is: named by a digest of all of it but its name, which changes nothing."""
    known = recipe.model_copy(update={"name": ""}).to_json()
    return below.absolute() / hashlib.sha256(known.encode()).hexdigest()[:16]


def run_trials(
    recipes: Sequence[Recipe],
    below: Path = TRIALS,
    workers: int | None = None,
    on: Place = "local",
    accelerator: str = "auto",
    progress: bool = True,
) -> list[Trial]:
    """Train each recipe that was not trained yet, `workers` at a time, and return all trials in the order asked for.

    Workers are processes of this machine, or of a Ray cluster that shares the folder `below`; by default, and at most,
    as many as there are CPUs, which they share out as threads: the same number for each, so that the weights do not
    depend on which worker made them. A trial that was killed goes on from its last checkpoint.
    Raises UserError for a place that is not known, or a cluster that is not there.

    >>> import tempfile
    >>> from longthink.recipes.laptop import prefix_sums_laptop
    >>> small = prefix_sums_laptop().revised({"steps": 2, "model.width": 4, "model.head": [4, 4]})
    >>> trials = run_trials([small, small.revised({"seed": 1})], Path(tempfile.mkdtemp()), progress=False)
    >>> [trial.error for trial in trials]
    [None, None]
    """
    folders = [folder_of(recipe, below) for recipe in recipes]
    pending = {
        folder: recipe.to_json()
        for folder, recipe in zip(folders, recipes, strict=True)
        if not (folder / runs.WEIGHTS).is_file()
    }
    arguments = [(recipe, folder, accelerator) for folder, recipe in pending.items()]
    results = side_by_side(_train_one, arguments, workers, on, progress)
    errors = dict(zip(pending, (result if isinstance(result, str) else None for result in results), strict=True))
    return [Trial(recipe, folder, errors.get(folder)) for recipe, folder in zip(recipes, folders, strict=True)]


def _train_one(recipe: str, folder: Path, accelerator: str) -> None:
    train(parse_recipe(recipe), folder, resume=folder.exists(), accelerator=accelerator, progress=False)


def side_by_side(
    work: Callable[..., Result],
    arguments: Sequence[tuple[Any, ...]],
    workers: int | None = None,
    on: Place = "local",
    progress: bool = True,
) -> list[Result | str]:
    """What `work` returns for each tuple of arguments, or a sentence that says with what error it failed.

    Workers as in `run_trials`, which says what is raised.
    """
    if on not in get_args(Place):
        raise UserError(f"Trials run on one of {', '.join(get_args(Place))}, not on '{on}'.")
    if workers is not None and workers < 1:
        raise UserError(f"Trials need at least 1 worker, not {workers}.")
    if not arguments:
        return []
    with _place(on) as cpus:
        workers = min(workers or cpus, cpus)
        threads = cpus // workers
        calls = (joblib.delayed(_attempt)(work, threads, one) for one in arguments)
        # Ray's workers cannot give their results one by one.
        kept: dict[str, Any] = (
            {"return_as": "generator"} if on == "local" else {"ray_remote_args": {"num_cpus": threads}}
        )
        results = joblib.Parallel(n_jobs=workers, **kept)(calls)
        return list(tqdm(results, total=len(arguments), unit="trial", disable=None if progress else True))


def _attempt(work: Callable[..., Result], threads: int, arguments: tuple[Any, ...]) -> Result | str:
    torch.set_num_threads(threads)
    try:
        return work(*arguments)
    except UserError as error:
        return str(error)
    except Exception as error:  # a bug is shown where it happened and reported with the trial, and the others go on
        traceback.print_exc()
        return f"{type(error).__name__}: {error}"


@contextmanager
def _place(on: Place) -> Iterator[int]:
    """Where joblib's workers are started from now on, and how many CPUs there are for them."""
    if on == "local":
        yield len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError as error:
        raise UserError("Trials on a cluster need Ray: pip install 'longthink[ray]'.") from error
    try:
        ray.init(address="auto", log_to_driver=False, ignore_reinit_error=True)
    except ConnectionError as error:
        raise UserError("There is no Ray cluster here; start one with `ray start --head`.") from error
    register_ray()
    try:
        with joblib.parallel_config("ray"):
            yield int(ray.cluster_resources()["CPU"])
    finally:
        ray.shutdown()
