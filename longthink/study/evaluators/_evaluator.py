"""What an evaluator is: it measures a trained net, sums up what it found, and says how that is printed."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from longthink.base.errors import UserError
from longthink.base.frozen import Frozen
from longthink.contracts import Thinker
from longthink.training.recipe import Recipe
from longthink.training.runs import Run

Peers = Callable[[str], tuple[Thinker, Recipe]]
"""A net of a variant, by its name, trained with another seed if there is one; its recipe. Raises UserError without."""
SOLVED = 0.99
"""A seed is a success where it has this share at the iteration that counts."""


def alone(name: str) -> tuple[Thinker, Recipe]:
    """Where there are no other nets."""
    raise UserError(f"There is no other net here, and so no '{name}' to compare with.")


class Evaluator(Frozen, ABC):
    """What is measured of every net of an experiment. The fields of a subclass are its options.

    `published`: what the dissertation has for each variant, as it is printed. `spread`: what stands behind ±, that of
    the mean over seeds or that of a seed.
    """

    measure: ClassVar[str] = "accuracy"
    """The column that is summed up."""
    measured: ClassVar[str] = "puzzles solved"
    """What its shares are of."""
    verb: ClassVar[str] = "solves"
    """What a net does with them, in a sentence."""

    published: Mapping[str, str] = Field(default_factory=dict)
    spread: Literal["standard error", "standard deviation"] = "standard error"

    @property
    @abstractmethod
    def title(self) -> str:
        """Tells the evaluators of an experiment apart."""

    @property
    def heading(self) -> str:
        """Of the table on the page."""
        return self.title[0].upper() + self.title[1:]

    @property
    def note(self) -> str:
        """What the numbers of the table are."""
        return f"Per cent of {self.measured}. The fixed iteration is that of each net's training regime."

    def fixed_at(self, regime: int) -> int:
        """The iteration that counts, chosen beforehand, for a net with this training regime."""
        return regime

    def check(self, recipe: Recipe) -> None:  # an evaluator for all nets has nothing to refuse
        """Raises UserError for a recipe whose nets cannot be measured so; it is asked before they are trained."""

    @abstractmethod
    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:
        """Rows of numbers and words, with at least an `iteration` and the `measure`.

        `peers`: nets of all variants, of another seed. Raises as `check` does.
        """

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """What the rows of one variant, with their columns `seed` and `regime`, come to over its seeds.

        `fixed`, `median` and `spread`: mean, median and what the option `spread` says (NaN of one seed) of the measure
        at the fixed iteration, or the last before it that was measured (`fixed_at`). `every_seed` lists them.
        `successes`: seeds for which it is at least SOLVED. `peak` and `peak_at`: best measure of the mean over seeds,
        as the dissertation reports. `final`: the mean at the last iteration. `overthinking`: the most that a seed lost
        from its best to its last iteration. Subclasses add their own.
        """
        by_seed = rows.pivot_table(index="iteration", columns="seed", values=self.measure)
        iterations, curves = by_seed.index.to_numpy(), by_seed.to_numpy()
        until = int(np.searchsorted(iterations, self.fixed_at(int(rows["regime"].iloc[0])), side="right"))
        at = max(0, until - 1)
        fixed, mean = curves[at], curves.mean(1)
        deviation = fixed.std(ddof=1) if len(fixed) > 1 else np.nan
        return {
            "seeds": len(fixed),
            "successes": int((fixed >= SOLVED).sum()),
            "fixed": fixed.mean(),
            "fixed_at": int(iterations[at]),
            "median": np.median(fixed),
            "spread": deviation / np.sqrt(len(fixed)) if self.spread == "standard error" else deviation,
            "every_seed": fixed.tolist(),
            "peak": mean.max(),
            "peak_at": int(iterations[mean.argmax()]),
            "final": mean[-1],
            "overthinking": (curves.max(0) - curves[-1]).max(),
        }

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        """A variant's line of the table on the page, by the names of its columns, from its summary."""
        spread = f" ± {percent(summary['spread'])}" if summary["seeds"] > 1 else ""
        return {
            "dissertation": published,
            self.column: f"{percent(summary['fixed'])}{spread}",
            "every seed": ", ".join(map(percent, summary["every_seed"])),
        }

    @property
    def column(self) -> str:
        """What the mean over seeds is called, and what stands behind ±."""
        return f"at the fixed iteration ± {self.spread}"

    def baselines(self, recipe: Recipe) -> dict[str, float]:  # noqa: ARG002
        """The share that each way without a net has of the same, by its name."""
        return {}


def percent(share: float) -> str:
    """
    >>> percent(0.9), percent(0.12345)
    ('90', '12.35')
    """
    return f"{share * 100:.2f}".rstrip("0").rstrip(".")
