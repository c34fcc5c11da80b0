"""A recipe, and what an experiment may measure of its nets."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

import longthink as lt
from longthink_paths.net import Messages
from longthink_paths.problem import Reach


@lt.register
def reach_small() -> lt.Recipe:
    """Graphs of 4 to 8 nodes, in a minute.

    Command: longthink train reach_small
    """
    return lt.recipe(
        "prefix_sums_laptop",
        **{
            "name": "reach_small",
            "problem": Reach,
            "model": Messages,
            "curriculum.lowest": 4,
            "curriculum.start": 4,
            "curriculum.highest": 8,
            "curriculum.iterations": 1,
            "curriculum.iterations_per_level": 1.0,
            "steps": 300,
            "validation.count": 50,
        },
    )


@lt.register
class Overlooked(lt.Evaluator):
    """How many of the nodes that can be reached a net overlooks, at `level` nodes."""

    measure = "found"
    measured = "nodes that can be reached"
    verb = "finds"

    level: int
    count: int = 50

    @property
    def title(self) -> str:
        return f"{self.level} nodes"

    def run(self, run: Any, peers: Any = None) -> pd.DataFrame:
        recipe, net = run.recipe(), run.model()
        puzzles = recipe.problem.sample(self.level, self.count)
        rows = []
        for thought in lt.think(net, puzzles, recipe.regime):
            answers = puzzles.problem.answer(thought.read(), puzzles)
            found = (answers * puzzles.y).sum() / puzzles.y.sum()
            rows.append({"iteration": thought.iteration, "found": float(found), "level": self.level})
        return pd.DataFrame(rows)

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        return {"nodes overlooked": f"{100 - 100 * summary['fixed']:.1f} %"}
