"""What nets have learned of a group, and in which order."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import pandas as pd
import torch

from longthink.base.errors import UserError
from longthink.contracts import Puzzles
from longthink.problems.groups.composition import GroupComposition
from longthink.problems.groups.interaction import interaction
from longthink.problems.groups.staircase import in_order, observed, off_by, predicted
from longthink.registry import name_of, register
from longthink.study.evaluators._evaluator import Evaluator, Peers, alone, percent
from longthink.thinking.loop import last_state, think
from longthink.training.optimisers import Positive
from longthink.training.recipe import Recipe
from longthink.training.runs import Run

DIGITS = 6
"""Of shares of power: 32 bits have no more."""
FURTHER = 2
"""Iterations beyond those of training."""


@register
class Stepped(Evaluator):
    """In which order a two-layer net has learned the irreps of a group, from the history of its training.

    Columns, one row for each row of the history: `iteration`, the step; `order`, the share of predicted steps that were
    taken in their place, and `heights`, how far plateaus are off, as a share of the loss at the start (the same in all
    rows); `loss`; `plateaus`, those predicted, with spaces between; and `learned NAME`, the share of an irrep's power
    that the output has.
    """

    measure: ClassVar[str] = "order"
    measured: ClassVar[str] = "the predicted steps, taken in their place"
    verb: ClassVar[str] = "follows the prediction in"

    @property
    def title(self) -> str:
        """Each net has the length that it was trained on."""
        return "training, step by step"

    def check(self, recipe: Recipe) -> None:
        _composition(recipe)

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        steps, history = _steps(run.recipe()), _history(run)
        found = observed(history, steps)
        shares = {
            f"learned {name}": history[f"power {name}"] / power
            for name, power in zip(steps["component"], steps["power"], strict=True)
        }
        return pd.DataFrame(
            {
                "level": run.recipe().curriculum.highest,
                "iteration": history["step"],
                "order": in_order(found["component"].tolist(), steps),
                "heights": off_by(found, steps),
                "loss": history["loss"],
                "plateaus": " ".join(f"{height:.5g}" for height in (steps["before"].iloc[0], *steps["after"])),
                **shares,
            }
        )

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Also `heights`, how far plateaus are off, in the mean."""
        return super().summary(rows) | {"heights": rows["heights"].mean()}

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        return super().columns(summary, published) | {"plateaus off by": percent(summary["heights"])}


@register
class Timed(Evaluator):
    """When a two-layer net takes the first, second, ... of the predicted steps of its staircase.

    `time` is the step of training at which half of that irrep's power is there, times the learning rate: the time of
    the flow; all of the training where it never is. Further columns: `nth`, `group`, the `optimiser`, the `scale` of
    the weights at first; and `slope`, by how much theory has the time grow with log(1 / scale) under the flow.
    """

    measure: ClassVar[str] = "time"

    nth: Positive = 1

    @property
    def title(self) -> str:
        return f"the time of step {self.nth}"

    @property
    def note(self) -> str:
        return (
            "Steps of training until half of the irrep's power is learned, times the learning rate. Theory, for the"
            " flow from a vanishing scale a: log(1 / a) / ((k + 1) U), with U the irrep's utility."
        )

    def check(self, recipe: Recipe) -> None:
        """Raises UserError for another problem, another net, and a staircase without so many steps."""
        number = len(_steps(recipe))
        if recipe.model.name != "two_layer":
            raise UserError(f"Only two-layer nets learn by the steps of a staircase, not {recipe.model.name}.")
        if self.nth > number:
            raise UserError(f"The staircase of {recipe.name} has {number} steps; step {self.nth} is none of them.")

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        recipe = run.recipe()
        steps, level, history = _steps(recipe), recipe.curriculum.highest, _history(run)
        step = steps.iloc[self.nth - 1]
        at = observed(history, steps).set_index("component")["at"].get(step["component"], history["step"].iloc[-1])
        found = {
            "level": level,
            "iteration": history["step"].iloc[-1],
            "time": at * recipe.optimiser.lr,
            "nth": self.nth,
            "group": _composition(recipe).group,
            "optimiser": name_of(type(recipe.optimiser)),
            "scale": recipe.build().scale,
            "slope": 1 / ((level + 1) * step["utility"]),
        }
        return pd.DataFrame([found])

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Also `expected`, what theory says of the flow; not a number for another optimiser."""
        first = rows.iloc[0]
        expected = first["slope"] * -math.log(first["scale"]) if first["optimiser"] == "flow" else math.nan
        return super().summary(rows) | {"expected": expected}

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:  # noqa: ARG002
        return {
            "time": f"{summary['fixed']:.4g} ± {summary['spread']:.2g}",
            "every seed": ", ".join(f"{time:.4g}" for time in summary["every_seed"]),
            "theory of the flow": "" if math.isnan(summary["expected"]) else f"{summary['expected']:.4g}",
        }


@register
class Parts(Evaluator):
    """What of a net's function comes from all elements together, f(x), and what misses an element, f(+).

    On all sequences of the length of training. Columns: `learned`, the share of the loss of an output of zeros that the
    net does not have, its `accuracy`, and its `power`, in units of the target's; `learned_together` and so on, the same
    of f(x) alone; and `learned_rest` and so on, of f(+) alone. `single_together`: the share of f(x) in the power of
    single neurons, before their f(+) cancel. The net reads linearly from its last neurons.
    """

    measure: ClassVar[str] = "learned"
    measured: ClassVar[str] = "the target's power"
    verb: ClassVar[str] = "learns"

    @property
    def title(self) -> str:
        """Each net has the length that it was trained on."""
        return "all products of the length of training"

    @property
    def note(self) -> str:
        return f"{super().note} Of a part that has no power, the accuracy is that of rounding."

    def check(self, recipe: Recipe) -> None:
        _every_product(recipe)

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, recipe = run.model(), run.recipe()
        puzzles = _every_product(recipe)
        problem, target = _composition(recipe), puzzles.extras["target"].double()
        with torch.inference_mode():
            state = last_state(model, puzzles.x, recipe.regime)
            whole, neurons = model.read(state).double(), model.features(state)
            said = model.read(model.with_features(state, torch.eye(neurons.shape[1])))
        together = interaction(whole, problem.order)
        row: dict[str, Any] = {"level": puzzles.level, "iteration": recipe.regime}
        powers = [part.double().square().mean(0) for part in (interaction(neurons, problem.order), neurons)]
        in_product, in_all = (float((power * said.double().square().sum(1)).sum()) for power in powers)
        row["single_together"] = round(in_product / in_all, DIGITS)
        for suffix, part in (("", whole), ("_together", together), ("_rest", whole - together)):
            solved = problem.correct(problem.answer(part, puzzles), puzzles)
            left = float((part - target).square().sum() / target.square().sum())
            row[f"learned{suffix}"] = round(1 - left, DIGITS) + 0.0  # and no -0
            row[f"accuracy{suffix}"] = float(solved.double().mean())
            row[f"power{suffix}"] = round(float(part.square().sum() / target.square().sum()), DIGITS)
        return pd.DataFrame([row])

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Also the means of all other columns over the seeds."""
        means = rows.filter(regex="^(accuracy|learned_|power|single)").mean()
        return super().summary(rows) | {str(name): mean for name, mean in means.items()}

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        cells = super().columns(summary, published)
        named = {
            "accuracy": "accuracy",
            "f(x) alone learns": "learned_together",
            "its accuracy": "accuracy_together",
            "its power": "power_together",
            "f(+) alone learns": "learned_rest",
            "accuracy of f(+)": "accuracy_rest",
            "power of f(+)": "power_rest",
            "f(x) in the power of single neurons": "single_together",
        }
        return cells | {name: percent(summary[column]) for name, column in named.items()}

    def baselines(self, recipe: Recipe) -> dict[str, float]:
        """The most that a function can learn which misses an element: what of the target is no interaction."""
        puzzles = _every_product(recipe)
        target = puzzles.extras["target"].double()
        rest = target - interaction(target, _composition(recipe).order)
        share = float(rest.square().sum() / target.square().sum())
        return {"the best function that misses an element": round(share, DIGITS)}


@register
class Learned(Evaluator):
    """How much a net has learned of the products of a group, of the length that it was trained on.

    `learned` is the share of the loss of an output of zeros that the net does not have. Further columns: `accuracy`,
    `group`, its `order`, and `width`; the `level` is the length. Iterations go a little beyond those of training.
    """

    measure: ClassVar[str] = "learned"
    measured: ClassVar[str] = "the target's power"
    verb: ClassVar[str] = "learns"

    count: Positive = 1000

    @property
    def title(self) -> str:
        """Each net has the length that it was trained on."""
        return "the length of training"

    @property
    def heading(self) -> str:
        return f"{super().heading}: {self.count} sequences, up to {FURTHER} iterations more than in training"

    def check(self, recipe: Recipe) -> None:
        _composition(recipe)

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, recipe = run.model(), run.recipe()
        problem, puzzles = _composition(recipe), self.puzzles(recipe)
        nothing = problem.loss(torch.zeros(len(puzzles), problem.order), puzzles).sum()
        rows = []
        with torch.inference_mode():
            for thought in think(model, puzzles.x, model.limit or recipe.regime + FURTHER):
                logits = thought.read()
                solved = problem.correct(problem.answer(logits, puzzles), puzzles)
                rows.append(
                    {
                        "level": puzzles.level,
                        "iteration": thought.iteration,
                        "learned": float(1 - problem.loss(logits, puzzles).sum() / nothing),
                        "accuracy": float(solved.double().mean()),
                        "group": problem.group,
                        "order": problem.order,
                        "width": recipe.model.options["width"],
                    }
                )
        return pd.DataFrame(rows)

    def puzzles(self, recipe: Recipe) -> Puzzles:
        return recipe.problem.sample(recipe.curriculum.highest, self.count, repeats=True)


def _every_product(recipe: Recipe) -> Puzzles:
    """All sequences of the length of training. Raises UserError for another problem, and where there are too many."""
    return _composition(recipe).revised({"exhaustive": True}).sample(recipe.curriculum.highest, 1)


def _history(run: Run) -> pd.DataFrame:
    """The rows of a training that have its loss."""
    return pd.DataFrame(run.history()).dropna(subset=["loss"]).reset_index(drop=True)


def _steps(recipe: Recipe) -> pd.DataFrame:
    """Those that theory predicts for the encoding and the length."""
    problem = _composition(recipe)
    template = problem.encoding[problem.known_group.identity].numpy()
    return predicted(problem.known_group, template, recipe.curriculum.highest)


def _composition(recipe: Recipe) -> GroupComposition:
    """The problem of a recipe. Raises UserError for another one."""
    if not isinstance(recipe.problem, GroupComposition):
        raise UserError(f"Only nets that compose elements of a group learn its irreps, not those of {recipe.name}.")
    return recipe.problem
