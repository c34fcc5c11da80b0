"""The contracts as tests, for plugins of this library and of any other: `check_problem(MyProblem())` and so on.

Each raises AssertionError with what does not hold. What cannot be tested of a plugin is not passed over in silence:
it is returned, with the reason.

    def test_my_problem():
        assert lt.testing.check_problem(MyProblem()) == {}

Or one test for each promise, with `lt.testing.PROBLEM` and the like:

    @pytest.mark.parametrize("check", lt.testing.PROBLEM, ids=lt.testing.name_of_check)
    def test_my_problem(check):
        lt.testing.run(check, MyProblem())
"""

from longthink.testing._run import Check, NotTested, name_of_check, run
from longthink.testing.games import GAME, check_game
from longthink.testing.models import MODEL, Net, check_model
from longthink.testing.others import (
    OBJECTIVE,
    STOP,
    check_choice,
    check_evaluator,
    check_format,
    check_objective,
    check_optimiser,
    check_perturbation,
    check_recipe,
    check_stop,
)
from longthink.testing.problems import PROBLEM, check_problem

__all__ = [
    "GAME",
    "MODEL",
    "OBJECTIVE",
    "PROBLEM",
    "STOP",
    "Check",
    "Net",
    "NotTested",
    "check_choice",
    "check_evaluator",
    "check_format",
    "check_game",
    "check_model",
    "check_objective",
    "check_optimiser",
    "check_perturbation",
    "check_problem",
    "check_recipe",
    "check_stop",
    "name_of_check",
    "run",
]
