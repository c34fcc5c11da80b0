"""How much a net solves if it makes several attempts at each puzzle, and what they cost."""

from collections.abc import Mapping
from typing import Annotated, Any

import pandas as pd

from longthink.contracts import Choice, Stop
from longthink.measuring.attempts import attempted, says
from longthink.plugin_options import chosen
from longthink.registry import register
from longthink.study.evaluators._evaluator import Peers, alone, percent
from longthink.study.evaluators._levels import LevelEvaluator
from longthink.study.evaluators.stopping import check_stops
from longthink.thinking.breadth import Breadth
from longthink.training.optimisers import Positive
from longthink.training.runs import Run


@register
class Attempted(LevelEvaluator):
    """A recurrent net that makes several attempts at each puzzle, of which one is chosen without the solution.

    `iterations`: the most that an attempt gets; `stop`: the rule that ends one before.
    Columns: those of `attempted`, a row for 1, 2, 4, ... attempts, which are the `iteration` too; `rule`, `choice`.
    """

    iterations: Positive
    stop: Annotated[Stop, *chosen("stops")]
    choice: Annotated[Choice, *chosen("choices")]
    breadth: Breadth

    @property
    def title(self) -> str:
        return (
            f"{super().title}, up to {self.breadth.attempts} attempts {_differing(self.breadth)}, {says(self.choice)}"
        )

    @property
    def note(self) -> str:
        return (
            f"Per cent of {self.measured}, by the attempt that is chosen: {says(self.choice)}. Each attempt ends by the"
            f" rule {says(self.stop)}, or after {self.iterations} iterations. Any: what the best choice would have."
            " Iterations and seconds are those of all attempts at a puzzle, in the mean."
        )

    def fixed_at(self, regime: int) -> int:  # noqa: ARG002
        return self.breadth.attempts

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, puzzles = run.model(), self.puzzles(run.recipe())
        check_stops(model)
        found = attempted(model, puzzles, self.iterations, self.stop, self.breadth, self.choice)
        labels = {"level": self.level, "puzzles": len(puzzles), "rule": says(self.stop), "choice": says(self.choice)}
        return pd.DataFrame({**labels, "iteration": found["attempts"], **found})

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Also means over seeds: `by_attempts`, the accuracy with 1, 2, 4, ...; of all of them `any`, `iterations`."""
        means = rows.groupby("iteration")[["accuracy", "any", "iterations", "seconds"]].mean()
        of_all = {name: means[name].iloc[-1] for name in ("any", "iterations", "seconds")}
        return super().summary(rows) | {"by_attempts": means["accuracy"].to_dict(), **of_all}

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        *fewer, most = summary["by_attempts"]
        spread = f" ± {percent(summary['spread'])}" if summary["seeds"] > 1 else ""
        return {
            **({"dissertation": published} if published else {}),
            **{f"{count} attempt{'s' * (count > 1)}": percent(summary["by_attempts"][count]) for count in fewer},
            f"{most} attempts ± {self.spread}": f"{percent(summary['fixed'])}{spread}",
            "every seed": ", ".join(map(percent, summary["every_seed"])),
            "any": percent(summary["any"]),
            "iterations": f"{summary['iterations']:.1f}",
            "seconds a puzzle": f"{summary['seconds']:.2g}",
        }


def _differing(breadth: Breadth) -> str:
    """By what attempts differ, for people."""
    ways = {None: "by symmetry if any", True: "by symmetry", False: ""}[breadth.symmetries]
    noise = breadth.noise.model_dump(exclude_defaults=True).items()
    told = f"by noise, {' '.join(f'{name} {value:g}' for name, value in noise)}" if noise else ""
    return " and ".join(part for part in (ways, told) if part)
