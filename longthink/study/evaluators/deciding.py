"""Which known algorithm a net is like (section 6.1)."""

from collections.abc import Mapping
from itertools import combinations
from typing import Annotated, Any, ClassVar

import pandas as pd
from pydantic import Field

from longthink.contracts import Puzzles
from longthink.measuring.decisions import agreement, decisions, known_algorithm
from longthink.registry import register
from longthink.study.evaluators._evaluator import Peers, alone, percent
from longthink.study.evaluators._levels import LevelEvaluator
from longthink.training.optimisers import Positive
from longthink.training.recipe import Recipe
from longthink.training.runs import Run

AGREEMENT = "_agreement"


@register
class Decided(LevelEvaluator):
    """With the rounds of which known algorithm the order of a net's last decisions agrees, in the mean over puzzles.

    `algorithm` is the one that is summed up; the table has all that the problem names. `beyond`: an algorithm whose
    rounds are held fixed, since algorithms agree with each other too. Puzzles where nothing is left of an algorithm's
    order do not count for it; where there are no others, `agreement` is 0. Columns: those of `decisions`; `beyond`, the
    same; `agreement`, with `algorithm`.
    """

    measure: ClassVar[str] = "agreement"
    measured: ClassVar[str] = "1, rank correlation"
    verb: ClassVar[str] = "agrees to"

    algorithm: str
    beyond: str | None = None
    iterations: Positive = 400
    """The most, if the state has not settled before."""
    tolerance: Annotated[float, Field(ge=0)] | None = None

    @property
    def title(self) -> str:
        beyond = "" if self.beyond is None else f" beyond {_plain(self.beyond)}"
        return f"{super().title}, {_plain(self.algorithm)}{beyond}"

    @property
    def note(self) -> str:
        which = "" if self.beyond is None else f" between positions that {_plain(self.beyond)} decides at one time"
        return (
            f"Rank correlation of the last change of a net's answer with the rounds of known algorithms{which}, as per"
            f" cent of 1: mean over puzzles and seeds ± its standard error over seeds; {self.iterations} iterations at"
            " most."
        )

    def check(self, recipe: Recipe) -> None:
        one = self.puzzles(recipe, count=1)
        for name in (self.algorithm, *([] if self.beyond is None else [self.beyond])):
            known_algorithm(one, name)

    def fixed_at(self, regime: int) -> int:  # noqa: ARG002
        return self.iterations

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        rows = decisions(run.model(), self.puzzles(run.recipe()), self.iterations, self.tolerance, self.beyond)
        summed = rows[f"{self.algorithm}{AGREEMENT}"]
        mean = summed.mean() if summed.notna().any() else 0.0
        return rows.assign(iteration=self.iterations, beyond=self.beyond or "", agreement=summed.fillna(mean))

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Also `solved`, the mean share; for each algorithm NAME_agreement and NAME_spread, its standard error."""
        names = [name for name in map(str, rows) if name.endswith(AGREEMENT) and name != f"{self.beyond}{AGREEMENT}"]
        by_seed = rows.groupby("seed")[[*names, "solved"]].mean()
        means = {name: by_seed[name].mean() for name in (*names, "solved")}
        spreads = {name.replace(AGREEMENT, "_spread"): by_seed[name].sem() for name in names}
        return super().summary(rows) | means | spreads

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:  # noqa: ARG002
        names = [name.removesuffix(AGREEMENT) for name in summary if name.endswith(AGREEMENT)]
        agreements = {
            _plain(name): percent(summary[f"{name}{AGREEMENT}"])
            + (f" ± {percent(summary[f'{name}_spread'])}" if summary["seeds"] > 1 else "")
            for name in names
            if not pd.isna(summary[f"{name}{AGREEMENT}"])
        }
        return {**agreements, "puzzles solved": percent(summary["solved"])}

    def baselines(self, recipe: Recipe) -> dict[str, float]:
        """How the algorithms agree with each other, two by two, over positions that both decide."""
        return {} if self.beyond is not None else _between_algorithms(self.puzzles(recipe))


def _between_algorithms(puzzles: Puzzles) -> dict[str, float]:
    rounds = puzzles.problem.algorithms(puzzles)
    found = {}
    for one, other in combinations(rounds, 2):
        both = (rounds[one] > 0) & (rounds[other] > 0)
        each = [
            agreement(rounds[one][index][both[index]], rounds[other][index][both[index]])
            for index in range(len(puzzles))
        ]
        found[f"{_plain(one)} with {_plain(other)}"] = float(pd.Series(each).mean())
    return found


def _plain(name: str) -> str:
    return name.replace("_", " ")
