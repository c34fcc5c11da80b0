"""What an experiment reads of a trained net: how much it solves, whether it recovers, what its features are like."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from longthink.analysis.feature_pictures import feature_pictures
from longthink.analysis.layers import features_of
from longthink.analysis.probes import POOL, probe
from longthink.analysis.reuse import USED, reuse, reused
from longthink.analysis.similarity import similarity
from longthink.contracts import Perturbation, Puzzles, Split, Thinker, plugin_name
from longthink.dynamics import fared, perturb
from longthink.errors import UserError
from longthink.evaluate import Exit, sweep
from longthink.problems.group_composition import GroupComposition
from longthink.recipe import Recipe
from longthink.runs import Run
from longthink.staircase import in_order, observed, off_by, predicted
from longthink.thinking import think

FURTHER = 2
"""Iterations beyond those of training."""
Peers = Callable[[str], tuple[Thinker, Recipe]]
"""A net of a row, by its name, trained with another seed if there is one; its recipe. Raises KeyError without any."""
COLUMNS = (
    "net",
    "dissertation",
    "peak of the mean",
    "at the fixed iteration",
    "median",
    "every seed",
    "sure",
    "at the end",
)
"""Of a reading's table on the page."""
OF_FEATURES = ("net", "dissertation", "at the fixed iteration", "every seed")


def alone(name: str) -> tuple[Thinker, Recipe]:
    """Where there are no other rows."""
    raise KeyError(name)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Puzzles of one level, thought about for `iterations` and read at every so many. Other kinds read other things.

    `fixed`: the iteration that counts, chosen beforehand; None: each net's own training regime. A feed-forward net is
    read once, after its last step. `exit_rule`: that of `evaluate.sweep`, for recurrent nets. `options`: those of the
    problem that are other than in training. `published`: what the dissertation has for each row, as it is printed.
    """

    measure: ClassVar[str] = "accuracy"
    """The column that is summed up."""
    measured: ClassVar[str] = "puzzles solved"
    """What its shares are of."""
    verb: ClassVar[str] = "solves"
    """What a net does with them, in a sentence."""
    columns: ClassVar[tuple[str, ...]] = COLUMNS

    level: int
    iterations: int
    fixed: int | None = None
    count: int = 1000
    every: int = 1
    split: Split = "test"
    exit_rule: Exit = "default"
    options: Mapping[str, Any] = field(default_factory=dict)
    published: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Tells the readings of an experiment apart."""
        split = "" if self.split == "test" else f", {self.split} split"
        options = "".join(f", {value}".replace("_", " ") for value in self.options.values() if value)
        exit_rule = ", most confident so far" if self.exit_rule != "default" else ""
        return f"level {self.level}{split}{options}{exit_rule}"

    @property
    def heading(self) -> str:
        """Of the table on the page."""
        return f"{self.title.capitalize()}: {self.count} puzzles, {self.iterations} iterations"

    def take(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        """Rows with at least an `iteration` and the `measure`. `peers`: nets of all rows, of another seed.

        `depth`: the layers of the net as it was trained, if it says.
        """
        model, recipe = run.model(), run.recipe()
        depth = model.effective_depth(recipe.regime)
        if model.limit is not None:
            return sweep(model, self.puzzles(recipe), [model.limit]).assign(depth=depth)
        asked = {self.fixed or recipe.regime, *range(self.every, self.iterations + 1, self.every)}
        return sweep(model, self.puzzles(recipe), asked, self.exit_rule).assign(depth=depth)

    def puzzles(self, recipe: Recipe) -> Puzzles:
        problem = recipe.problem.model_copy(update=dict(self.options))
        return problem.sample(self.level, self.count, split=self.split)


@dataclass(frozen=True, kw_only=True)
class PositionsRight(Reading):
    """The same puzzles and iterations, but the share of positions that are right, of those that count."""

    measure: ClassVar[str] = "position_accuracy"
    measured: ClassVar[str] = "positions that count"
    verb: ClassVar[str] = "has right"

    @property
    def title(self) -> str:
        return f"{super().title}, by position"


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


@dataclass(frozen=True, kw_only=True)
class Probed(Reading):
    """How much of the answer a linear classifier reads off the features after iteration `at` (section 3.5.1).

    It is trained on the features of `examples` training puzzles, and tested on `count` of the split.
    Further columns: `train_accuracy`.
    """

    measured: ClassVar[str] = "examples classified by a linear probe"
    columns: ClassVar[tuple[str, ...]] = (*OF_FEATURES, "on what the probe was trained on")

    at: int
    examples: int = 2000
    pool: int = POOL
    """Positions along each axis that features of pictures are averaged to."""

    @property
    def title(self) -> str:
        means = ", one mean for each filter" if self.pool == 1 else ""
        return f"{super().title}, features after iteration {self.at}{means}"

    def take(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, recipe = run.model(), run.recipe()
        train = replace(self, split="train", count=self.examples).puzzles(recipe)
        rows = probe(model, train, self.puzzles(recipe), [self.at], pool=self.pool)
        return pd.DataFrame(
            {
                "level": self.level,
                "iteration": self.at,
                "accuracy": rows["test_accuracy"],
                "train_accuracy": rows["train_accuracy"],
                "pool": self.pool,
            }
        )


@dataclass(frozen=True, kw_only=True)
class Compared(Reading):
    """How alike the features of a net are to those of row `other`, each after its training regime (section 3.5.1).

    The other net was trained with another seed: nets of one seed begin with the same weights, and so would be alike
    for that reason. So even a row and itself are two nets.
    """

    measure: ClassVar[str] = "cka"
    measured: ClassVar[str] = "1, linear CKA"
    verb: ClassVar[str] = "has a likeness of"
    columns: ClassVar[tuple[str, ...]] = OF_FEATURES

    other: str

    @property
    def title(self) -> str:
        return f"{super().title}, compared with {self.other}"

    def take(self, run: Run, peers: Peers = alone) -> pd.DataFrame:
        model, recipe = run.model(), run.recipe()
        other, its_recipe = peers(self.other)
        x = self.puzzles(recipe).x
        rows = similarity(model, other, x, [recipe.regime], [its_recipe.regime])
        return pd.DataFrame({"level": self.level, "iteration": recipe.regime, "other": self.other, "cka": rows["cka"]})


@dataclass(frozen=True, kw_only=True)
class Reused(Reading):
    """Whether a recurrent net uses the same filters in every iteration (section 3.5).

    Columns: `reused`, the share of pairs of puzzle and filter that are used in all of them; for each iteration `used`,
    the share used then, and deciles of the activity relative to the most active iteration, `decile_1` to `decile_9`.
    """

    measure: ClassVar[str] = "reused"
    measured: ClassVar[str] = "pairs of puzzle and filter that are used in every iteration"
    verb: ClassVar[str] = "uses again"
    columns: ClassVar[tuple[str, ...]] = OF_FEATURES

    def take(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, recipe = run.model(), run.recipe()
        iterations = range(1, recipe.regime + 1)
        rows = reuse(model, self.puzzles(recipe).x, [*iterations])
        by_place = rows.groupby("place")["activity"]
        return pd.DataFrame(
            {
                "level": self.level,
                "iteration": iteration,
                "reused": reused(rows),
                "used": (by_place.get_group(str(iteration)) >= USED).mean(),
                **{
                    f"decile_{tenth}": by_place.get_group(str(iteration)).quantile(tenth / 10) for tenth in range(1, 10)
                },
            }
            for iteration in iterations
        )


@dataclass(frozen=True, kw_only=True)
class Pictured(Reading):
    """What some filters are looking for after each iteration, as pictures (section 3.5.2).

    The `filters` are those that are most active for the puzzles after the last iteration. Columns, one row for each
    pixel: `filter`, `y`, `x`, `red`, `green`, `blue`; `gain` is the mean activation of the filter for its picture as a
    share of the greatest for the puzzles.
    """

    measure: ClassVar[str] = "gain"
    measured: ClassVar[str] = "the greatest activation by real pictures, on the average over filters"
    verb: ClassVar[str] = "reaches"
    columns: ClassVar[tuple[str, ...]] = OF_FEATURES

    filters: int = 6

    def take(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, recipe = run.model(), run.recipe()
        if recipe.problem.ndim != 0:
            raise UserError("Pictures of features are made for nets that classify pictures, and this is none.")
        puzzles = self.puzzles(recipe)
        iterations = range(1, recipe.regime + 1)
        low, high = puzzles.x.amin((0, 2, 3)).view(-1, 1, 1), puzzles.x.amax((0, 2, 3)).view(-1, 1, 1)
        real = {place: _means(some) for place, some in features_of(model, puzzles.x, [*iterations]).items()}
        chosen = real[str(recipe.regime)].mean(0).topk(self.filters).indices.tolist()
        tables = []
        for iteration in iterations:
            pictures = feature_pictures(model, puzzles, chosen, iteration, progress=False)
            made = _means(features_of(model, pictures, [iteration])[str(iteration)])
            for index, unit in enumerate(chosen):
                shares = (pictures[index] - low) / (high - low)
                pixels = (shares * 255).round().to(torch.uint8).movedim(0, 2).numpy()
                y, x = np.indices(pixels.shape[:2])
                gain = made[index, unit] / real[str(iteration)][:, unit].max().clamp_min(1e-9)
                table = pd.DataFrame(
                    {"level": self.level, "iteration": iteration, "filter": unit, "gain": float(gain)}, [0]
                )
                colours = {name: pixels[..., which].ravel() for which, name in enumerate(("red", "green", "blue"))}
                tables.append(table.merge(pd.DataFrame({"y": y.ravel(), "x": x.ravel(), **colours}), how="cross"))
        return pd.concat(tables, ignore_index=True)


@dataclass(frozen=True, kw_only=True)
class Stepped(Reading):
    """In which order a two-layer net has learned the irreps of a group, from the history of its training.

    Columns, one row for each row of the history: `iteration`, the step; `order`, the share of predicted steps that were
    taken in their place, and `heights`, how far plateaus are off, as a share of the loss at the start (the same in all
    rows); `loss`; `plateaus`, those predicted, with spaces between; and `learned NAME`, the share of an irrep's power
    that the output has.
    """

    measure: ClassVar[str] = "order"
    measured: ClassVar[str] = "the predicted steps, taken in their place"
    verb: ClassVar[str] = "follows the prediction in"
    columns: ClassVar[tuple[str, ...]] = (*OF_FEATURES, "plateaus off by")

    @property
    def title(self) -> str:
        """Each net has the length that it was trained on."""
        return "training, step by step"

    @property
    def heading(self) -> str:
        return self.title.capitalize()

    def take(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        problem, level = run.recipe().problem, run.recipe().curriculum.highest
        if not isinstance(problem, GroupComposition):
            raise UserError("Only nets that compose elements of a group learn its irreps.")
        steps = predicted(problem.known_group, problem.encoding[problem.known_group.identity].numpy(), level)
        history = pd.DataFrame(run.history()).dropna(subset=["loss"]).reset_index(drop=True)
        found = observed(history, steps)
        shares = {
            f"learned {name}": history[f"power {name}"] / power
            for name, power in zip(steps["component"], steps["power"], strict=True)
        }
        return pd.DataFrame(
            {
                "level": level,
                "iteration": history["step"],
                "order": in_order(found["component"].tolist(), steps),
                "heights": off_by(found, steps),
                "loss": history["loss"],
                "plateaus": " ".join(f"{height:.5g}" for height in (steps["before"].iloc[0], *steps["after"])),
                **shares,
            }
        )


@dataclass(frozen=True, kw_only=True)
class Learned(Reading):
    """How much a net has learned of the products of a group, of the length that it was trained on.

    `learned` is the share of the loss of an output of zeros that the net does not have. Further columns: `accuracy`,
    `group`, its `order`, and `width`; the `level` is the length. Iterations go a little beyond those of training.
    """

    measure: ClassVar[str] = "learned"
    measured: ClassVar[str] = "the target's power"
    verb: ClassVar[str] = "learns"
    columns: ClassVar[tuple[str, ...]] = OF_FEATURES

    @property
    def title(self) -> str:
        """Each net has the length that it was trained on."""
        return "the length of training"

    @property
    def heading(self) -> str:
        return f"{self.title.capitalize()}: {self.count} sequences, up to {FURTHER} iterations more than in training"

    def take(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, recipe = run.model(), run.recipe()
        if not isinstance(recipe.problem, GroupComposition):
            raise UserError("Only nets that compose elements of a group learn its products.")
        puzzles = self.puzzles(recipe)
        nothing = recipe.problem.loss(torch.zeros(len(puzzles), recipe.problem.classes), puzzles)
        rows = []
        with torch.inference_mode():
            for thought in think(model, puzzles.x, model.limit or recipe.regime + FURTHER):
                logits = thought.read()
                solved = recipe.problem.correct(recipe.problem.answer(logits, puzzles), puzzles)
                rows.append(
                    {
                        "level": puzzles.level,
                        "iteration": thought.iteration,
                        "learned": float(1 - recipe.problem.loss(logits, puzzles) / nothing),
                        "accuracy": float(solved.double().mean()),
                        "group": recipe.problem.group,
                        "order": recipe.problem.classes,
                        "width": recipe.model.options["width"],
                    }
                )
        return pd.DataFrame(rows)

    def puzzles(self, recipe: Recipe) -> Puzzles:
        return recipe.problem.sample(recipe.curriculum.highest, self.count, split=self.split, repeats=True)


def _means(features: Tensor) -> Tensor:
    """The mean activation of each filter: (N, W, ...) -> (N, W)."""
    return features.reshape(*features.shape[:2], -1).mean(2)
