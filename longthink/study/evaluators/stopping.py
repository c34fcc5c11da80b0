"""How much a net solves if a stop rule says when it has thought enough, and what that saves."""

from collections.abc import Mapping
from typing import Annotated, Any

import pandas as pd

from longthink.base.errors import UserError
from longthink.contracts import Stop, Thinker
from longthink.measuring.attempts import attempted, says
from longthink.plugin_options import chosen
from longthink.registry import name_of, register
from longthink.study.evaluators._evaluator import Peers, alone, percent
from longthink.study.evaluators._levels import CurveEvaluator
from longthink.thinking.breadth import Read
from longthink.training.optimisers import Positive
from longthink.training.runs import Run


@register
class Stopped(CurveEvaluator):
    """A recurrent net that thinks about each puzzle until a stop rule says that it is enough (section 4.6).

    `iterations`: the budget, the most that it gets. `fixed`: the iteration that it is compared with. `read`: which
    answer counts, that at the stop or the most confident one until then.
    Columns, one row: `iteration`, the budget; `accuracy` of the answers; `stopped`, the share of puzzles that the rule
    stopped; `used`, the mean iterations over all puzzles, of which the others took the budget; `seconds`, the mean over
    all puzzles, thought about in batches; `rule`.
    """

    stop: Annotated[Stop, *chosen("stops")]
    fixed: Positive
    read: Read = "last"

    @property
    def title(self) -> str:
        return f"{super().title}, until {self.rule}{'' if self.read == 'last' else ', the most confident answer'}"

    @property
    def rule(self) -> str:
        """The name of the stop rule, with its options."""
        return says(self.stop)

    @property
    def note(self) -> str:
        return (
            f"Per cent of {self.measured}, by the {'answers at' if self.read == 'last' else 'surest answers until'}"
            f" the stop. Each puzzle stops by itself, at the budget of {self.iterations} iterations if not before."
            " Iterations and seconds are means over all puzzles, and what is saved is told against the budget and"
            f" against the fixed iteration, {self.fixed}."
        )

    def fixed_at(self, regime: int) -> int:  # noqa: ARG002
        return self.iterations

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, puzzles = run.model(), self.puzzles(run.recipe())
        check_stops(model)
        found = attempted(model, puzzles, self.iterations, self.stop, read=self.read).iloc[0]
        return pd.DataFrame(
            {
                "level": self.level,
                "puzzles": len(puzzles),
                "iteration": self.iterations,
                "rule": self.rule,
                "used": [found["iterations"]],
                **{name: found[name] for name in ("accuracy", "stopped", "seconds")},
            }
        )

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Also means over seeds of `used`, `stopped` and `seconds`; `saved`, the share of the budget not used."""
        used = rows["used"].mean()
        saved = {"saved": 1 - used / self.iterations, "saved_of_fixed": 1 - used / self.fixed}
        means = {name: rows[name].mean() for name in ("stopped", "seconds")}
        return super().summary(rows) | {"used": used, **means, **saved}

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        return {
            **({"dissertation": published} if published else {}),
            "at the stop": percent(summary["fixed"]),
            "every seed": ", ".join(map(percent, summary["every_seed"])),
            "stopped by the rule": percent(summary["stopped"]),
            "iterations": f"{summary['used']:.1f}",
            "seconds a puzzle": f"{summary['seconds']:.2g}",
            "saved of the budget": percent(summary["saved"]),
            "saved of the fixed iteration": percent(summary["saved_of_fixed"]),
        }


def check_stops(model: Thinker) -> None:
    """Raises UserError for a net that has so many steps and no more."""
    if model.limit is not None:
        raise UserError(f"A {name_of(type(model))} has steps of its own and is read after the last; it cannot stop.")
