"""How much a net solves if a stop rule says when it has thought enough, and what that saves."""

from collections.abc import Mapping
from typing import Annotated, Any, cast

import pandas as pd
import torch
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Puzzles, Stop, Thinker, Thought
from longthink.measuring.sweep import device_of
from longthink.registry import name_of, register
from longthink.study.evaluators._evaluator import Peers, alone, percent
from longthink.study.evaluators._levels import CurveEvaluator
from longthink.thinking.loop import think
from longthink.training.optimisers import Positive
from longthink.training.options import chosen
from longthink.training.runs import Run

AT_A_TIME = 100
"""Puzzles."""


@register
class Stopped(CurveEvaluator):
    """A recurrent net that thinks about each puzzle until a stop rule says that it is enough (section 4.6).

    `iterations`: the budget, the most that it gets. `fixed`: the iteration that it is compared with.
    Columns, one row: `iteration`, the budget; `accuracy` of the answers at the stop; `stopped`, the share of puzzles
    that the rule stopped; `used`, the mean iterations over all puzzles, of which the others took the budget; `rule`.
    """

    stop: Annotated[Stop, *chosen("stops")]
    fixed: Positive

    @property
    def title(self) -> str:
        return f"{super().title}, until {self.rule}"

    @property
    def rule(self) -> str:
        """The name of the stop rule, with its options."""
        options = "".join(f" {value}" for value in self.stop.model_dump(exclude_defaults=True).values())
        return f"{name_of(type(self.stop))}{options}".replace("_", " ")

    @property
    def note(self) -> str:
        return (
            f"Per cent of {self.measured}, by the answers at the stop. Each puzzle stops by itself, at the budget of"
            f" {self.iterations} iterations if not before. Iterations are the mean over all puzzles, and what is saved"
            f" is told against the budget and against the fixed iteration, {self.fixed}."
        )

    def fixed_at(self, regime: int) -> int:  # noqa: ARG002
        return self.iterations

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, puzzles = run.model(), self.puzzles(run.recipe())
        if model.limit is not None:
            raise UserError(
                f"A {name_of(type(model))} has steps of its own and is read after the last; it cannot stop."
            )
        parts = [
            outcome(model, puzzles[first : first + AT_A_TIME], self.stop, self.iterations)
            for first in range(0, len(puzzles), AT_A_TIME)
        ]
        means = pd.concat(parts).mean()
        return pd.DataFrame(
            {
                "level": self.level,
                "puzzles": len(puzzles),
                "iteration": self.iterations,
                "rule": self.rule,
                **{name: [means[name]] for name in ("accuracy", "stopped", "used")},
            }
        )

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Also the means over seeds of `used` and `stopped`; `saved`, the share of the budget that was not used."""
        used = rows["used"].mean()
        saved = {"saved": 1 - used / self.iterations, "saved_of_fixed": 1 - used / self.fixed}
        return super().summary(rows) | {"used": used, "stopped": rows["stopped"].mean(), **saved}

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        return {
            **({"dissertation": published} if published else {}),
            "at the stop": percent(summary["fixed"]),
            "every seed": ", ".join(map(percent, summary["every_seed"])),
            "stopped by the rule": percent(summary["stopped"]),
            "iterations": f"{summary['used']:.1f}",
            "saved of the budget": percent(summary["saved"]),
            "saved of the fixed iteration": percent(summary["saved_of_fixed"]),
        }


def outcome(model: Thinker, puzzles: Puzzles, stop: Stop, budget: int) -> pd.DataFrame:
    """What comes of each puzzle, if a stop rule ends the thought about it, or else the budget.

    Returns:
        A row for each puzzle: `accuracy`, 1 if it is solved by the answer at the stop, else 0; `stopped`, whether the
        rule stopped it; `used`, its iterations.

    >>> import longthink as lt
    >>> net, puzzles = lt.load("prefix_sums"), lt.problem("prefix_sums").sample(level=48, count=20)
    >>> found = outcome(net, puzzles, lt.stop("settled"), budget=500)
    >>> bool(found["accuracy"].all()), bool(found["stopped"].all()), bool(found["used"].max() < 100)
    (True, True, True)
    """
    puzzles = puzzles.to(device_of(model))
    solved = torch.zeros(len(puzzles), dtype=torch.float64, device=puzzles.y.device)
    with torch.inference_mode():
        for thought in think(model, puzzles, budget, stop, retire=True):
            left = _left(thought)
            if left.any():
                about = cast(Puzzles, thought.puzzles)
                answers = about.problem.answer(thought.read(), about)
                which = cast(Tensor, thought.which)
                solved[which[left]] = about.problem.correct(answers, about)[left].double()
    assert thought.stops is not None
    by_rule = [why != "limit" for why in thought.stops.why]
    return pd.DataFrame(
        {"accuracy": solved.cpu().numpy(), "stopped": by_rule, "used": thought.stops.steps.cpu().numpy()}
    )


def _left(thought: Thought) -> Tensor:
    """Which puzzles of the thought leave the batch with it, bool (B,)."""
    assert thought.stops is not None
    return thought.stops.stopped[thought.which]
