"""Train a small net that repeats one block on easy puzzles, run it for longer, and solve hard ones.

>>> import longthink as lt
>>> net = lt.load("prefix_sums")                                   # trained on strings of 2 to 32 bits
>>> puzzles = lt.problem("prefix_sums").sample(level=128, count=20)
>>> rows = lt.sweep(net, puzzles, iterations=[10, 100])
>>> rows["accuracy"].tolist()
[0.0, 1.0]
"""

from typing import Any

from longthink import registry
from longthink.contracts import Objective, Perturbation, Problem, Puzzles, Thinker, Thought
from longthink.errors import UserError
from longthink.evaluate import sweep, trace
from longthink.frontier import think_locally
from longthink.recipe import Recipe
from longthink.runs import load
from longthink.thinking import think
from longthink.train import train

__version__ = "0.1.0"

__all__ = [
    "Objective",
    "Perturbation",
    "Problem",
    "Puzzles",
    "Recipe",
    "Thinker",
    "Thought",
    "UserError",
    "load",
    "perturbation",
    "problem",
    "recipe",
    "sweep",
    "think",
    "think_locally",
    "trace",
    "train",
]


def problem(name: str, **options: Any) -> Problem:
    """A problem by its name, with its options. Raises UserError for a name or an option that there is not."""
    made: Problem = registry.build("problems", name, options)
    return made


def perturbation(name: str, **options: Any) -> Perturbation:
    """A perturbation by its name, with its options. Raises UserError for a name or an option that there is not."""
    made: Perturbation = registry.build("perturbations", name, options)
    return made


def recipe(name: str, **changes: Any) -> Recipe:
    """A recipe by its name, with options changed: `recipe("prefix_sums_laptop", **{"model.width": 16})`.

    Raises UserError for a name that there is not, or an option that does not fit.
    """
    made: Recipe = registry.find("recipes", name)().revised(changes)
    return made
