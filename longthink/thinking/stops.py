"""When a puzzle has been thought about enough: rules as values, which join as `settled | budget`."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Puzzles, Stop, Thought
from longthink.registry import name_of, register

SETTLED = 1e-5
"""A relative change of the state by one iteration that counts as none."""


@register
class Settled(Stop):
    """The iteration has changed the state by no more than `tolerance` times its size: what settled means everywhere.

    >>> import longthink as lt
    >>> net, puzzles = lt.load("prefix_sums"), lt.problem("prefix_sums").sample(level=16, count=3)
    >>> [*_, last] = lt.think(net, puzzles, limit=500, stop=Settled(tolerance=1e-3))
    >>> last.stops.why
    ('settled', 'settled', 'settled')
    """

    tolerance: Annotated[float, Field(ge=0)] = SETTLED

    def reached(self, thought: Thought) -> Tensor:
        return thought.change <= self.tolerance


@register
class Confident(Stop):
    """The mean probability of the most likely class is at least `probability`, where the problem counts positions."""

    probability: Annotated[float, Field(gt=0, le=1)] = 0.99

    def reached(self, thought: Thought) -> Tensor:
        puzzles = _puzzles_of(self, thought)
        return puzzles.problem.confidence(thought.read(), puzzles) >= self.probability


@register
class Verified(Stop):
    """The answer is right by the problem's rules, which needs no solution."""

    def reached(self, thought: Thought) -> Tensor:
        puzzles = _puzzles_of(self, thought)
        if not puzzles.problem.verifiable:
            raise UserError(
                f"Answers of {name_of(type(puzzles.problem))} cannot be verified without their solution;"
                " take another stop rule."
            )
        return puzzles.problem.correct(puzzles.problem.answer(thought.read(), puzzles), puzzles)


@register
class Halting(Stop):
    """The net itself says so, with at least this `probability` (`Thinker.halt`)."""

    probability: Annotated[float, Field(gt=0, le=1)] = 0.5

    def reached(self, thought: Thought) -> Tensor:
        return thought.model.halt(thought.state) >= self.probability


@register
class Budget(Stop):
    """So many iterations were done."""

    iterations: Annotated[int, Field(ge=1)]

    def reached(self, thought: Thought) -> Tensor:
        features = thought.model.features(thought.state)
        return torch.full((len(features),), thought.iteration >= self.iterations, device=features.device)


def _puzzles_of(stop: Stop, thought: Thought) -> Puzzles:
    if thought.puzzles is None:
        raise UserError(f"The stop rule {name_of(type(stop))} must know the puzzles: think about those, not their x.")
    return thought.puzzles
