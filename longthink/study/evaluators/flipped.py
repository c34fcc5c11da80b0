"""How long a net takes to recover from a flipped bit, against where the bit is."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from longthink.base.fits import Line, line
from longthink.measuring.dynamics import fared, perturb
from longthink.problems.prefix_sums.bit_flip import BitFlip
from longthink.registry import register
from longthink.study.evaluators._evaluator import Peers, alone, percent
from longthink.study.evaluators._levels import LevelEvaluator
from longthink.training.optimisers import Positive
from longthink.training.recipe import Recipe
from longthink.training.runs import Run

NO_LINE = Line(np.nan, np.nan, np.nan, np.nan)


@register
class Flipped(LevelEvaluator):
    """A net that recovers from one flipped bit: every `step`-th index in turn, after iteration `at` (figure 5.8 left).

    Columns, one row for each index: `index`; `accuracy`, the share of strings solved at the end; `recovered`, the mean
    iterations from the flip until a string is solved and stays so; `iteration`, that of the end.
    """

    measured: ClassVar[str] = "strings solved again, whichever bit is flipped"
    verb: ClassVar[str] = "recovers from"

    at: Positive
    iterations: Positive
    step: Positive = 1

    @property
    def title(self) -> str:
        which = "each bit" if self.step == 1 else f"every {self.step}th bit"
        return f"{super().title}, {which} flipped after iteration {self.at}"

    @property
    def note(self) -> str:
        return (
            f"Per cent of {self.measured}, {self.iterations - self.at} iterations later. Slope and R^2 are of the line"
            " through the iterations to recover (mean over the strings that do) against the index of the bit."
        )

    def check(self, recipe: Recipe) -> None:
        BitFlip(index=0).to_puzzles(self.puzzles(recipe, count=1), np.random.default_rng(0))

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, puzzles = run.model(), self.puzzles(run.recipe())
        rows = []
        for index in range(0, self.level, self.step):
            how = fared(perturb(model, puzzles, BitFlip(index=index), self.at, self.iterations)).iloc[0]
            rows.append({"index": index, "accuracy": how["final"], "recovered": how["recovered"]})
        return pd.DataFrame(rows).assign(level=self.level, iteration=self.iterations, puzzles=self.count)

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Also for each seed the `slopes` in iterations a bit, and the `fits` R^2 of the line; NaN where none recover.

        `first` and `last`: the mean iterations to recover from the first and the last bit that is flipped.
        """
        recovered = rows.dropna(subset=["recovered"]).groupby("seed")
        through = {seed: line(group["index"], group["recovered"]) for seed, group in recovered if len(group) > 2}
        lines = [through.get(seed, NO_LINE) for seed in rows["seed"].unique()]
        by_index = rows.groupby("index")["recovered"].mean()
        return super().summary(rows) | {
            "slopes": [one.slope for one in lines],
            "fits": [one.r_squared for one in lines],
            "first": by_index.iloc[0],
            "last": by_index.iloc[-1],
        }

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        return {
            **({"dissertation": published} if published else {}),
            "solved again": percent(summary["fixed"]),
            "every seed": ", ".join(map(percent, summary["every_seed"])),
            "from the first bit": _number(summary["first"], " iterations"),
            "from the last": _number(summary["last"], " iterations"),
            "slope": ", ".join(map(_number, summary["slopes"])),
            "R^2": ", ".join(map(_number, summary["fits"])),
        }


def _number(value: float, unit: str = "") -> str:
    return "-" if np.isnan(value) else f"{value:.3g}{unit}"
