"""What a reading is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd

from longthink.contracts import Puzzles, Split, Thinker
from longthink.evaluate import Exit, sweep
from longthink.recipe import Recipe
from longthink.runs import Run

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
