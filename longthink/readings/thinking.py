"""How much a net solves, by position too, and whether it recovers."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from longthink.contracts import Perturbation, plugin_name
from longthink.dynamics import fared, perturb
from longthink.readings._reading import COLUMNS, Peers, Reading, alone
from longthink.runs import Run


@dataclass(frozen=True, kw_only=True)
class ByPosition(Reading):
    """The table also says how many positions are right, of those that count."""

    columns: ClassVar[tuple[str, ...]] = (*COLUMNS, "positions right")


@dataclass(frozen=True, kw_only=True)
class Disturbed(Reading):
    """A recurrent net that is disturbed once, after iteration `at`, and then left to recover (section 5.5).

    Further columns: `reached` and `recovered`, the mean iterations of `dynamics.recovery`; the perturbation's options.
    """

    columns: ClassVar[tuple[str, ...]] = (*COLUMNS, "until solved")

    perturbation: Perturbation | None
    at: int = 0

    @property
    def title(self) -> str:
        if self.perturbation is None:
            return f"{super().title}, undisturbed"
        options = self.perturbation.model_dump(exclude_defaults=True)
        chosen = "".join(f" {name} {value}" for name, value in options.items())
        name = plugin_name(type(self.perturbation)).replace("_", " ")
        return f"{super().title}, {name}{chosen} after iteration {self.at}"

    def take(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, recipe = run.model(), run.recipe()
        rows = perturb(model, self.puzzles(recipe), self.perturbation, self.at, self.iterations)
        means = rows.groupby("iteration")[["solved", "change"]].mean().reset_index()
        options = {} if self.perturbation is None else self.perturbation.model_dump()
        how = fared(rows).iloc[0]
        kept = {name: how[name] for name in ("level", "at", "reached", "recovered")}
        return means.rename(columns={"solved": "accuracy"}).assign(**kept, **options)
