"""Trainings side by side: each known by its recipe, done once, resumed where it was cut short; none stops others."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from longthink import registry
from longthink.base.errors import UserError
from longthink.base.parallel import Where, side_by_side
from longthink.training import runs
from longthink.training.loop import train
from longthink.training.recipe import Recipe, parse_recipe
from longthink.training.saved import WEIGHTS

TRIALS = runs.RUNS / "trials"


@dataclass(frozen=True)
class Trial:
    """One training, finished or failed: then `error` says why. Its net is measured on the `device`."""

    recipe: Recipe
    folder: Path
    error: str | None = None
    device: str = "cpu"

    @property
    def run(self) -> runs.Run:
        return runs.Run(self.folder, self.device)


def folder_of(recipe: Recipe, below: Path = TRIALS) -> Path:
    """Where the trial of a recipe is: named by a digest of all of it but its name, which changes nothing."""
    return below.absolute() / _digest(recipe)


def _digest(recipe: Recipe) -> str:
    known = recipe.revised({"name": "trial"}).to_json()
    return hashlib.sha256(known.encode()).hexdigest()[:16]


def _folders_of(recipes: Sequence[Recipe], below: Path) -> list[Path]:
    """Where each is, or is to be. Some were made when recipes had fewer options, which have their defaults now."""
    folders = [folder_of(recipe, below) for recipe in recipes]
    if all(folder.exists() for folder in folders):
        return folders
    earlier = {}
    for written in sorted(below.absolute().glob(f"*/{runs.RECIPE}")):
        with suppress(UserError):  # a damaged one is no trial of these
            earlier[_digest(runs.Run(written.parent).recipe())] = written.parent
    return [folder if folder.exists() else earlier.get(folder.name, folder) for folder in folders]


def run_trials(
    recipes: Sequence[Recipe],
    below: Path = TRIALS,
    workers: int | None = None,
    on: Where = "local",
    accelerator: str = "auto",
    progress: bool = True,
) -> list[Trial]:
    """Train each recipe that was not trained yet, several at a time. A trial that was killed goes on where it was.

    Args:
        recipes: what to train; equal ones but for their names are one trial.
        below: folder of the trials, each in a folder of its own (`folder_of`).
        workers: trials at a time; by default, and at most, as many as there are CPUs, which they share out as threads:
            the same number for each, so that the weights do not depend on which worker made them.
        on: "local" for processes of this machine, "ray" for a Ray cluster that shares the folder.
        accelerator: cpu, cuda, or auto.
        progress: show a bar, on a terminal.

    Returns:
        All trials, in the order of the recipes; one that failed says why, and stops no other.

    Raises:
        UserError: a place that is not known, fewer workers than 1, a cluster that is not there.

    >>> import tempfile
    >>> from longthink.recipes.laptop import prefix_sums_laptop
    >>> small = prefix_sums_laptop().revised({"steps": 2, "model.width": 4, "model.head": [4, 4]})
    >>> trials = run_trials([small, small.revised({"seed": 1})], Path(tempfile.mkdtemp()), progress=False)
    >>> [trial.error for trial in trials]
    [None, None]
    """
    folders = _folders_of(recipes, below)
    pending = {
        folder: recipe.to_json()
        for folder, recipe in zip(folders, recipes, strict=True)
        if not (folder / WEIGHTS).is_file()
    }
    arguments = [(recipe, folder, accelerator) for folder, recipe in pending.items()]
    results = side_by_side(partial(registry.having, registry.outside(), _train_one), arguments, workers, on, progress)
    errors = dict(zip(pending, (result if isinstance(result, str) else None for result in results), strict=True))
    device = "cuda" if accelerator != "cpu" and torch.cuda.is_available() else "cpu"
    return [Trial(recipe, folder, errors.get(folder), device) for recipe, folder in zip(recipes, folders, strict=True)]


def _train_one(recipe: str, folder: Path, accelerator: str) -> None:
    train(parse_recipe(recipe), folder, resume=runs.Run(folder).begun, accelerator=accelerator, progress=False)
