"""Train a small net that repeats one block on easy puzzles, run it for longer, and solve hard ones.

>>> import longthink as lt
>>> net = lt.load("prefix_sums")                                   # trained on strings of 2 to 32 bits
>>> puzzles = lt.problem("prefix_sums").sample(level=128, count=20)
>>> rows = lt.sweep(net, puzzles, iterations=[10, 100])
>>> rows["accuracy"].tolist()
[0.0, 1.0]
"""

import importlib
from typing import TYPE_CHECKING, Any

from longthink import registry
from longthink.base.errors import UserError
from longthink.registry import register

if TYPE_CHECKING:
    from longthink import figures, testing
    from longthink.base.draws import draw_of_split, in_split
    from longthink.contracts import (
        Attempts,
        Choice,
        Format,
        Graph,
        Loss,
        Objective,
        Optimiser,
        Perturbation,
        Problem,
        Puzzles,
        Spec,
        Stop,
        Thinker,
        Thought,
        View,
    )
    from longthink.games.contract import Game, Positions
    from longthink.measuring.attempts import attempted
    from longthink.measuring.decisions import trace
    from longthink.measuring.solve import solve
    from longthink.measuring.sweep import sweep
    from longthink.study.compare import compare
    from longthink.study.evaluators import Evaluator
    from longthink.thinking.best_so_far import best_so_far
    from longthink.thinking.breadth import Breadth, attempt
    from longthink.thinking.loop import think
    from longthink.training.loop import train
    from longthink.training.recipe import Recipe
    from longthink.training.runs import load

__version__ = "0.2.0"

_WHERE = {
    "longthink.base.draws": ("draw_of_split", "in_split"),
    "longthink.contracts": (
        "Attempts",
        "Choice",
        "Format",
        "Graph",
        "Loss",
        "Objective",
        "Optimiser",
        "Perturbation",
        "Problem",
        "Puzzles",
        "Spec",
        "Stop",
        "Thinker",
        "Thought",
        "View",
    ),
    "longthink.games.contract": ("Game", "Positions"),
    "longthink.measuring.attempts": ("attempted",),
    "longthink.measuring.decisions": ("trace",),
    "longthink.measuring.solve": ("solve",),
    "longthink.measuring.sweep": ("sweep",),
    "longthink.thinking.breadth": ("Breadth", "attempt"),
    "longthink.thinking.best_so_far": ("best_so_far",),
    "longthink.thinking.loop": ("think",),
    "longthink.training.loop": ("train",),
    "longthink.training.recipe": ("Recipe",),
    "longthink.training.runs": ("load",),
    "longthink.study.compare": ("compare",),
    "longthink.study.evaluators": ("Evaluator",),
}
"""What is imported when it is first used, since torch takes seconds (PEP 562)."""
_MODULES = {name: module for module, names in _WHERE.items() for name in names}

__all__ = [
    "Attempts",
    "Breadth",
    "Choice",
    "Evaluator",
    "Format",
    "Game",
    "Graph",
    "Loss",
    "Objective",
    "Optimiser",
    "Perturbation",
    "Positions",
    "Problem",
    "Puzzles",
    "Recipe",
    "Spec",
    "Stop",
    "Thinker",
    "Thought",
    "UserError",
    "View",
    "attempt",
    "attempted",
    "best_so_far",
    "choice",
    "compare",
    "draw_of_split",
    "figures",
    "game",
    "in_split",
    "load",
    "objective",
    "perturbation",
    "problem",
    "recipe",
    "register",
    "solve",
    "stop",
    "sweep",
    "testing",
    "think",
    "trace",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in ("figures", "testing"):
        return importlib.import_module(f"longthink.{name}")
    if name not in _MODULES:
        raise AttributeError(f"module 'longthink' has no attribute '{name}'")
    value = getattr(importlib.import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def problem(name: str, /, **options: Any) -> "Problem":
    """A problem by its name, with its options. Raises UserError for a name or an option that there is not.

    >>> problem("mazes", openings=0.2).openings
    0.2
    """
    made: Problem = registry.build("problems", name, options)
    return made


def game(name: str, /, **options: Any) -> "Game":
    """A game by its name, with its options. Raises UserError for a name or an option that there is not.

    >>> game("hex", swap=True).swap
    True
    """
    made: Game = registry.build("games", name, options)
    return made


def objective(name: str, /, **options: Any) -> "Objective":
    """An objective by its name, with its options. Raises UserError for a name or an option that there is not."""
    made: Objective = registry.build("objectives", name, options)
    return made


def perturbation(name: str, /, **options: Any) -> "Perturbation":
    """A perturbation by its name, with its options. Raises UserError for a name or an option that there is not."""
    made: Perturbation = registry.build("perturbations", name, options)
    return made


def stop(name: str, /, **options: Any) -> "Stop":
    """A stop rule by its name, with its options; two are joined as `a | b`.

    >>> stop("settled") | stop("budget", iterations=100)
    Either(rules=(Settled(tolerance=1e-05, absolute=0.0), Budget(iterations=100)))
    """
    made: Stop = registry.build("stops", name, options)
    return made


def choice(name: str, /, **options: Any) -> "Choice":
    """A choice between attempts by its name, with its options.

    >>> choice("majority")
    Majority()
    """
    made: Choice = registry.build("choices", name, options)
    return made


def recipe(name: str, /, **changes: Any) -> "Recipe":
    """A recipe by its name, with options changed: `recipe("prefix_sums_laptop", **{"model.width": 16})`.

    A plugin may be given by its name, its class, or as it is: `recipe("mazes_laptop", model=MyNet)`.
    Raises UserError for a name that there is not, or an option that does not fit.
    """
    made: Recipe = registry.find("recipes", name)().revised(changes)
    return made
