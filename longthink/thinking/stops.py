"""When a puzzle has been thought about enough: rules as values, which join as `settled | budget`."""

from typing import Annotated, ClassVar

import torch
from pydantic import Field, PrivateAttr
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Puzzles, Stop, Thought
from longthink.registry import name_of, register
from longthink.thinking.counted import Counted

SETTLED = 1e-5
"""A relative change of the state by one iteration that counts as none."""
REST = 1e-5
"""Positions at rest move by less than 1e-6 (measured on all nets that ship), those that are not by 1e-4 and more."""
REST_IN_16 = 0.04
"""The same in bfloat16: at rest they move by 0.01 to 0.03."""


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
class AtRest(Stop):
    """Over several iterations no position has moved: stricter than settled, and also for numbers of 16 bits.

    Every 8 iterations, the features of each position are compared with those so many iterations ago. None may have
    moved by more than REST, relative to the size of a position; in bfloat16, whose rounding never rests, REST_IN_16.
    A net that counts its steps is at rest where it has stopped counting. One such rule is for one stream at a time.
    """

    every: ClassVar[int] = 8
    _before: tuple[Tensor, Tensor] | None = PrivateAttr(None)

    def reached(self, thought: Thought) -> Tensor:
        features = thought.model.features(thought.state)
        which = torch.arange(len(features), device=features.device) if thought.which is None else thought.which
        at_rest = torch.zeros_like(which, dtype=torch.bool)
        if thought.iteration % self.every:
            return at_rest
        before, self._before = self._before, (features, which)
        if before is None or thought.iteration == self.every:
            return at_rest
        if not _is_like_the_last(thought) or features.shape[1:] != before[0].shape[1:]:
            return at_rest
        then = before[0][torch.searchsorted(before[1], which)]
        for numbers in (torch.float32, torch.float64):
            moved = (features - then).to(numbers).square().mean(1).reshape(len(which), -1).amax(1)
            size = features.to(numbers).square().reshape(len(which), -1).mean(1)
            if size.isfinite().all():  # states without recall grow for ever, beyond what squares of 32 bits can be
                break
        tolerance = REST_IN_16 if features.dtype == torch.bfloat16 else REST
        return (moved <= tolerance**2 * size) & size.isfinite()


def _is_like_the_last(thought: Thought) -> bool:
    """Whether the next step is the one that has just been taken, on other features."""
    if isinstance(thought.state, Counted):
        return bool(thought.state.steps == thought.previous.steps)
    return isinstance(thought.state, Tensor)


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
