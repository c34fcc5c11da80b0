"""What the features of a net are like (section 3.5)."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
import torch
from pydantic import Field
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Puzzles
from longthink.measuring.inside.feature_pictures import JITTER, STEPS, feature_pictures
from longthink.measuring.inside.layers import features_of
from longthink.measuring.inside.probes import POOL, probe
from longthink.measuring.inside.reuse import USED, active_again, reuse, reused
from longthink.measuring.inside.similarity import similarity
from longthink.registry import register
from longthink.study.evaluators._evaluator import Peers, alone, percent
from longthink.study.evaluators._levels import LevelEvaluator
from longthink.training.optimisers import Positive
from longthink.training.recipe import Recipe
from longthink.training.runs import Run


@register
class Probed(LevelEvaluator):
    """How much of the answer a linear classifier reads off the features after iteration `at` (section 3.5.1).

    It is trained on the features of `train_size` training puzzles, and tested on `count` of the split.
    Further columns: `train_accuracy`.
    """

    measured: ClassVar[str] = "examples classified by a linear probe"

    at: Annotated[int, Field(ge=0)]
    train_size: Positive = 2000
    pool: Positive = POOL
    """Positions along each axis that features of pictures are averaged to."""

    @property
    def title(self) -> str:
        means = ", one mean for each filter" if self.pool == 1 else ""
        return f"{super().title}, features after iteration {self.at}{means}"

    @property
    def note(self) -> str:
        return f"Per cent of {self.measured}. The fixed iteration is {self.at}."

    def fixed_at(self, regime: int) -> int:  # noqa: ARG002
        return self.at

    def check(self, recipe: Recipe) -> None:
        super().check(recipe)
        self._train(recipe)

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, recipe = run.model(), run.recipe()
        rows = probe(model, self._train(recipe), self.puzzles(recipe), [self.at], pool=self.pool)
        return pd.DataFrame(
            {
                "level": self.level,
                "iteration": self.at,
                "accuracy": rows["test_accuracy"],
                "train_accuracy": rows["train_accuracy"],
                "pool": self.pool,
            }
        )

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Also `train`, the mean accuracy on what the probe was trained on."""
        return super().summary(rows) | {"train": rows["train_accuracy"].mean()}

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        trained_on = {"on what the probe was trained on": percent(summary["train"])}
        return super().columns(summary, published) | trained_on

    def _train(self, recipe: Recipe) -> Puzzles:
        return self.revised({"split": "train"}).puzzles(recipe, self.train_size)


@register
class Compared(LevelEvaluator):
    """How alike the features of a net are to those of variant `other`, each after its training regime (section 3.5.1).

    The other net was trained with another seed: nets of one seed begin with the same weights, and so would be alike
    for that reason. So even a variant and itself are two nets.
    """

    measure: ClassVar[str] = "cka"
    measured: ClassVar[str] = "1, linear CKA"
    verb: ClassVar[str] = "has a likeness of"

    other: str

    @property
    def title(self) -> str:
        return f"{super().title}, compared with {self.other}"

    @property
    def note(self) -> str:
        return "From 0 to 1, after the last iteration of each net's training regime."

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:
        model, recipe = run.model(), run.recipe()
        other, its_recipe = peers(self.other)
        x = self.puzzles(recipe).x
        rows = similarity(model, other, x, [recipe.regime], [its_recipe.regime])
        return pd.DataFrame({"level": self.level, "iteration": recipe.regime, "other": self.other, "cka": rows["cka"]})

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        return {
            "dissertation": published,
            "linear CKA": f"{summary['fixed']:.3f} ± {summary['spread']:.3f}",
            "every seed": ", ".join(f"{value:.3f}" for value in summary["every_seed"]),
        }


@register
class Reused(LevelEvaluator):
    """Whether a recurrent net uses the same filters in every iteration (section 3.5).

    `layer`: a layer of the repeated block, by its name, whose filters are looked at; by default those of the state.
    Columns: `reused`, the share of pairs of puzzle and filter that are used in all of them; `again`, the share of
    filters that are active at all in more than one; for each iteration `used`, the share used then, and deciles of the
    activity relative to the most active iteration, `decile_1` to `decile_9`.
    """

    measure: ClassVar[str] = "reused"
    measured: ClassVar[str] = "pairs of puzzle and filter that are used in every iteration"
    verb: ClassVar[str] = "reuses"

    layer: str = ""

    @property
    def title(self) -> str:
        return super().title + (f", behind {self.layer}" if self.layer else "")

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        model, recipe = run.model(), run.recipe()
        iterations = range(1, recipe.regime + 1)
        rows = reuse(model, self.puzzles(recipe).x, [self.layer] if self.layer else [*iterations], recipe.regime)
        by_place = rows.groupby("place", sort=False)["activity"]  # layers are seen once an iteration, in their order
        return pd.DataFrame(
            {
                "level": self.level,
                "iteration": iteration,
                "reused": reused(rows),
                "again": active_again(rows),
                "used": (activity >= USED).mean(),
                **{f"decile_{tenth}": activity.quantile(tenth / 10) for tenth in range(1, 10)},
            }
            for iteration, (_, activity) in zip(iterations, by_place, strict=True)
        )

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Also `again`, the mean share of filters that are active at all in more than one iteration."""
        return super().summary(rows) | {"again": rows["again"].mean()}

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        again = {"filters active in more than one iteration": percent(summary["again"])}
        return super().columns(summary, published) | again


@register
class Pictured(LevelEvaluator):
    """What some filters are looking for after each iteration, as pictures (section 3.5.2).

    Of the filters that are most active for the puzzles after the last iteration, `pictures` are made together, one of
    each, by so many `steps` with so much `jitter` (`feature_pictures`); the first `filters` are kept. Columns, one row
    for each pixel: `filter`, `y`, `x`, `red`, `green`, `blue`; `gain` is the mean activation of the filter for its
    picture as a share of the greatest for the puzzles.
    """

    measure: ClassVar[str] = "gain"
    measured: ClassVar[str] = "the greatest activation by real pictures, on the average over filters"
    verb: ClassVar[str] = "reaches"

    filters: Positive = 6
    pictures: Positive = 6
    steps: Positive = STEPS
    jitter: Annotated[int, Field(ge=0)] = JITTER

    def check(self, recipe: Recipe) -> None:
        if recipe.problem.spec.positions != "grid" or recipe.problem.spec.ndim != 0:
            raise UserError("Pictures of features are made for nets that classify pictures, and this is none.")
        super().check(recipe)

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        self.check(run.recipe())
        model, recipe = run.model(), run.recipe()
        puzzles = self.puzzles(recipe)
        iterations = range(1, recipe.regime + 1)
        low, high = puzzles.x.amin((0, 2, 3)).view(-1, 1, 1), puzzles.x.amax((0, 2, 3)).view(-1, 1, 1)
        real = {place: _means(some) for place, some in features_of(model, puzzles.x, [*iterations]).items()}
        activity = real[str(recipe.regime)].mean(0)
        chosen = activity.argsort(descending=True)[: max(self.filters, self.pictures)].tolist()
        tables = []
        for iteration in iterations:
            pictures = feature_pictures(
                model, puzzles, chosen, iteration, steps=self.steps, jitter=self.jitter, progress=False
            )
            made = _means(features_of(model, pictures, [iteration])[str(iteration)])
            for index, unit in enumerate(chosen[: self.filters]):
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


def _means(features: Tensor) -> Tensor:
    """The mean activation of each filter: (N, W, ...) -> (N, W)."""
    return features.reshape(*features.shape[:2], -1).mean(2)
