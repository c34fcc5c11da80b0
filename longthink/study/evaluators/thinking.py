"""How much a net solves, whether it recovers, and whether its state comes to rest."""

from abc import ABC
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from longthink.base.errors import UserError
from longthink.base.seeds import generator
from longthink.contracts import Perturbation, Puzzles
from longthink.measuring.dynamics import fared, perturb
from longthink.measuring.sweep import Exit, accuracy, sweep
from longthink.objectives.final import Final
from longthink.plugin_options import chosen
from longthink.registry import name_of, register
from longthink.study.evaluators._evaluator import Peers, alone, percent
from longthink.study.evaluators._levels import CurveEvaluator
from longthink.training.optimisers import Positive
from longthink.training.recipe import Recipe
from longthink.training.runs import Run

DIED_AWAY = 0.01
"""A change of the state that is this share of the largest, or less, has died away."""


@register
class Sweep(CurveEvaluator):
    """How many puzzles are solved after every so many iterations.

    A feed-forward net is measured once, after its last step. `exit_rule`: that of `sweep`, for recurrent nets; or
    "dt_max_confidence", which is max_confidence for nets without recall that were trained with the plain loss, and the
    default for all others (section 5.4, footnote 1).
    `positions`: whether the table also says how many positions are right, of those that count.
    Columns: those of `sweep`; `depth`, the layers of the net as it was trained, if it says.
    """

    every: Positive = 1
    exit_rule: Exit | Literal["dt_max_confidence"] = "default"
    positions: bool = False

    @property
    def title(self) -> str:
        return super().title + (", most confident so far" if self.exit_rule == "max_confidence" else "")

    @property
    def note(self) -> str:
        if self.exit_rule != "dt_max_confidence":
            return super().note
        return f"{super().note} DT with the plain loss is read at its most confident iteration so far."

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, recipe = run.model(), run.recipe()
        depth = model.effective_depth(recipe.regime)
        if model.limit is not None:
            return sweep(model, self.puzzles(recipe), [model.limit]).assign(depth=depth)
        asked = {self.fixed_at(recipe.regime), *range(self.every, self.iterations + 1, self.every)}
        return sweep(model, self.puzzles(recipe), asked, self._exit_rule(recipe)).assign(depth=depth)

    def baselines(self, recipe: Recipe) -> dict[str, float]:
        """Also that of the recipe's net before it is trained, on a hundred of them."""
        net, puzzles = recipe.build(), self.puzzles(recipe, min(self.count, 100))
        at = net.limit or self.fixed_at(recipe.regime)
        return {"the first net untrained": accuracy(net, puzzles, at), **super().baselines(recipe)}

    def _exit_rule(self, recipe: Recipe) -> Exit:
        if self.exit_rule != "dt_max_confidence":
            return self.exit_rule
        plain = isinstance(recipe.objective, Final) and not recipe.model.options.get("recall", True)
        return "max_confidence" if plain else "default"

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Also `positions`, the mean share of positions that are right at the fixed iteration, if that is wanted."""
        found = super().summary(rows)
        if self.positions:
            there = rows[rows["iteration"] == found["fixed_at"]]
            found["positions"] = there["position_accuracy"].mean()
        return found

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        cells = super().columns(summary, published)
        return cells | ({"positions right": percent(summary["positions"])} if self.positions else {})


class WatchingEvaluator(CurveEvaluator, ABC):
    """One that watches a recurrent net after every iteration.

    The net is disturbed once, after iteration `at` (0: before the first, as `dynamics.perturb` says), or never.
    """

    perturbation: Annotated[Perturbation, *chosen("perturbations")] | None
    at: Annotated[int, Field(ge=0)] = 0

    @property
    def title(self) -> str:
        if self.perturbation is None:
            return f"{super().title}, undisturbed"
        options = self.perturbation.model_dump(exclude_defaults=True)
        changed = "".join(f" {name} {value}" for name, value in options.items())
        name = name_of(type(self.perturbation)).replace("_", " ")
        when = f"after iteration {self.at}" if self.at else "before the first iteration"
        return f"{super().title}, {name}{changed} {when}"

    def check(self, recipe: Recipe) -> None:
        self.disturbed(self.puzzles(recipe, count=1))

    def disturbed(self, puzzles: Puzzles) -> Puzzles:
        """What the perturbation makes of puzzles. Raises UserError for those that it is not for."""
        return puzzles if self.perturbation is None else self.perturbation.to_puzzles(puzzles, generator("check"))

    def watched(self, run: Run) -> pd.DataFrame:
        """The rows of `dynamics.perturb`."""
        return perturb(run.model(), self.puzzles(run.recipe()), self.perturbation, self.at, self.iterations)

    def means(self, rows: pd.DataFrame) -> pd.DataFrame:
        """One for each iteration, over the puzzles; `accuracy` and `change`, and the options of the perturbation."""
        options = {} if self.perturbation is None else self.perturbation.model_dump()
        means = rows.groupby("iteration")[["solved", "change"]].mean().reset_index()
        described = {"level": self.level, "at": self.at, "puzzles": self.count, **options}
        return means.rename(columns={"solved": "accuracy"}).assign(**described)


@register
class Disturbed(WatchingEvaluator):
    """A recurrent net that is disturbed once, and then left to recover (section 5.5).

    Further columns: `change` of the state; `reached` and `recovered`, the mean iterations of `dynamics.recovery`; the
    perturbation's options.
    """

    @property
    def note(self) -> str:
        since = f", counted from the disturbance after iteration {self.at}" if self.perturbation and self.at else ""
        return (
            f"{super().note} Until solved: iterations until a puzzle is solved for the first time{since}, the mean over"
            " the puzzles that are."
        )

    def check(self, recipe: Recipe) -> None:
        if not self.disturbed(self.puzzles(recipe, count=1)).known:
            raise UserError(
                "What is left after this perturbation has no answer, so that nobody can say whether it is solved;"
                " take the evaluator 'changed'."
            )

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        rows = self.watched(run)
        how = fared(rows).iloc[0]
        return self.means(rows).assign(reached=how["reached"], recovered=how["recovered"])

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """From the disturbance on. Also `reached`, the mean iterations until solved, over seeds that solve any."""
        after = rows[rows["iteration"] > self.at]
        return super().summary(after) | {"reached": after.groupby("seed")["reached"].first().mean()}

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        """First those of table 5.5, whose peak is the best accuracy over all iterations."""
        cells = super().columns(summary, published)
        reached = summary["reached"]
        until = "-" if pd.isna(reached) else f"{reached:.2f} iterations"
        return {"dissertation": cells.pop("dissertation"), "until solved": until, **cells}


@register
class Changed(WatchingEvaluator):
    """How much each iteration changes the state of a recurrent net, |s' - s| (section 5.5.3).

    Puzzles need no answers: `accuracy` is NaN for noise in their place. A change that is beyond the numbers of 32 bits
    counts as the largest of them.
    """

    measure: ClassVar[str] = "change"

    @property
    def note(self) -> str:
        fixed = "that of each net's training regime" if self.fixed is None else self.fixed
        return (
            "The change of the state by an iteration, |s' - s|, the Euclidean norm over all features of a puzzle: no"
            f" share of anything. Means over puzzles and seeds. The fixed iteration is {fixed}. Dies away: seeds in"
            f" which the change at the end is at most {DIED_AWAY:.0%} of the largest."
        )

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        rows = self.means(self.watched(run))
        return rows.assign(change=rows["change"].fillna(np.inf).clip(upper=float(np.finfo(np.float32).max)))

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """From the disturbance on. Also `first`, the change at the first iteration, and for each seed that at the end:
        `ends`, and as a share of the largest, `left`, and of that at the fixed iteration, `grown`.
        """
        after = rows[rows["iteration"] > self.at]
        found = super().summary(after)
        curves = after.pivot_table(index="iteration", columns="seed", values="change")
        ends = curves.iloc[-1]
        return found | {
            "first": curves.iloc[0].mean(),
            "ends": ends.tolist(),
            "left": (ends / curves.max()).tolist(),
            "grown": (ends / curves.loc[found["fixed_at"]]).tolist(),
        }

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        died = sum(left <= DIED_AWAY for left in summary["left"])
        return {
            **({"dissertation": published} if published else {}),
            "at the first iteration": f"{summary['first']:.3g}",
            "at the fixed iteration": f"{summary['fixed']:.3g}",
            "at the end": f"{summary['final']:.3g}",
            "every seed at the end": ", ".join(f"{end:.3g}" for end in summary["ends"]),
            "dies away": f"{died} of {summary['seeds']}",
        }

    def baselines(self, recipe: Recipe) -> dict[str, float]:  # noqa: ARG002
        """None: nothing is solved."""
        return {}
