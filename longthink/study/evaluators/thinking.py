"""How much a net solves, and whether it recovers."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import Field

from longthink.base.seeds import generator
from longthink.contracts import Perturbation
from longthink.measuring.dynamics import fared, perturb
from longthink.measuring.sweep import Exit, accuracy, sweep
from longthink.objectives.final import Final
from longthink.registry import name_of, register
from longthink.study.evaluators._evaluator import Peers, alone, percent
from longthink.study.evaluators._levels import CurveEvaluator
from longthink.training.optimisers import Positive
from longthink.training.options import chosen
from longthink.training.recipe import Recipe
from longthink.training.runs import Run


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


@register
class Disturbed(CurveEvaluator):
    """A recurrent net that is disturbed once, after iteration `at`, and then left to recover (section 5.5).

    Further columns: `reached` and `recovered`, the mean iterations of `dynamics.recovery`; the perturbation's options.
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
        return f"{super().title}, {name}{changed} after iteration {self.at}"

    def check(self, recipe: Recipe) -> None:
        puzzles = self.puzzles(recipe, count=1)
        if self.perturbation is not None:
            self.perturbation.to_puzzles(puzzles, generator("check"))

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, recipe = run.model(), run.recipe()
        rows = perturb(model, self.puzzles(recipe), self.perturbation, self.at, self.iterations)
        means = rows.groupby("iteration")[["solved", "change"]].mean().reset_index()
        options = {} if self.perturbation is None else self.perturbation.model_dump()
        how = fared(rows).iloc[0]
        kept = {name: how[name] for name in ("level", "at", "reached", "recovered")}
        return means.rename(columns={"solved": "accuracy"}).assign(puzzles=self.count, **kept, **options)

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """From the disturbance on. Also `reached`, the mean iterations until solved, over seeds that solve any."""
        after = rows[rows["iteration"] > self.at]
        return super().summary(after) | {"reached": after.groupby("seed")["reached"].first().mean()}

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        reached = summary["reached"]
        until = "-" if pd.isna(reached) else f"{reached:.1f} iterations"
        return super().columns(summary, published) | {"until solved": until}
