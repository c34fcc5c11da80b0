"""What an experiment is: variants of recipes, evaluators of their nets, what is expected. `experiments/` has them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from longthink import figures
from longthink.base.errors import UserError
from longthink.study.claims import Claim, Source
from longthink.study.evaluators import Evaluator
from longthink.training.recipe import Recipe

Scale = Literal["laptop", "bare", "thesis"]
"""Small settings that keep the comparison; the same nets, trained as the dissertation does and with nothing else; or
the dissertation's own settings, which want a GPU."""


@dataclass(frozen=True)
class Variant:
    """One line of a table: what it is called, and how its nets are trained."""

    name: str
    recipe: Recipe


@dataclass(frozen=True)
class Experiment:
    """A table or figure: every variant is trained with every seed, and every evaluator run on its nets.

    `claims`: what is expected of it, by `source` where they do not say by whom. `figure` draws the rows of all
    evaluators. `changes`: options of every recipe that a user has changed.
    Raises UserError for variants, or evaluators, that have the same name.
    """

    title: str
    variants: tuple[Variant, ...]
    evaluators: tuple[Evaluator, ...]
    claims: tuple[Claim, ...] = ()
    figure: Callable[[pd.DataFrame, Path], Path] = figures.accuracy_over_iterations
    source: Source = "own"
    changes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for names in ([one.name for one in self.variants], [one.title for one in self.evaluators]):
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise UserError(f"'{self.title}' has '{twice}' twice, and could not tell one from the other.")

    def revised(self, changes: Mapping[str, Any]) -> "Experiment":
        """The same with some options of every recipe changed. Raises UserError for what does not fit."""
        variants = tuple(Variant(variant.name, variant.recipe.revised(changes)) for variant in self.variants)
        return replace(self, variants=variants, changes={**self.changes, **changes})
