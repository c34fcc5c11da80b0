"""When a puzzle has been thought about enough: rules as values, which join as `settled | budget`."""

import math
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field, PrivateAttr
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Puzzles, Stop, Thought
from longthink.registry import name_of, register
from longthink.thinking.counted import Counted
from longthink.thinking.memory import Memory

SETTLED = 1e-5
"""A relative change of the state by one iteration that counts as none."""
NotNegative = Annotated[float, Field(ge=0)]
REST = 1e-5
"""Positions at rest move by less than 1e-6 (measured on all nets that ship), those that are not by 1e-4 and more."""
REST_IN_16 = 0.04
"""The same in bfloat16: at rest they move by 0.01 to 0.03."""


@register
class Settled(Stop):
    """The iteration has changed the state by no more than `tolerance` times its size: what settled means everywhere.

    Or, with `absolute` above 0, by no more than that: the root mean square over all numbers of the state, so that it
    means the same on grids of all sizes.

    >>> import longthink as lt
    >>> net, puzzles = lt.load("prefix_sums"), lt.problem("prefix_sums").sample(level=16, count=3)
    >>> [*_, last] = lt.think(net, puzzles, limit=500, stop=Settled(tolerance=1e-3))
    >>> last.stops.why
    ('settled', 'settled', 'settled')
    """

    tolerance: NotNegative = SETTLED
    absolute: NotNegative = 0.0

    def reached(self, thought: Thought) -> Tensor:
        settled = thought.change <= self.tolerance
        if self.absolute > 0:
            numbers = thought.model.features(thought.state)[0].numel()
            settled = settled | (thought.distance <= self.absolute * math.sqrt(numbers))
        return settled


@register
class Residual(Stop):
    """The relative changes by the `last` iterations come to no more than `tolerance`: their `of` mean or maximum.

    Equilibrium Reasoners (Huang et al. 2026, arXiv 2605.21488) take, of several tries, the one that has changed least
    over the last three iterations. Settled is the same over one.
    """

    tolerance: NotNegative = 1e-3
    last: Annotated[int, Field(ge=1)] = 3
    of: Literal["mean", "maximum"] = "mean"
    _memory: Memory = PrivateAttr(default_factory=Memory)

    def reached(self, thought: Thought) -> Tensor:
        changes = self._memory.last(thought, thought.change, self.last)
        residual = changes.mean(1) if self.of == "mean" else changes.amax(1)
        return (residual <= self.tolerance) & (changes.shape[1] == self.last)


@register
class Lyapunov(Stop):
    """What disturbs the state dies away: its Lyapunov exponent over the `last` iterations is at most `exponent`.

    The exponent is the mean over these k iterations of log(|s' - s| / |s - s"|), where s", s and s' are the states one
    after the other; that is log(|d| / |d"|) / k, where d is the movement of this iteration and d" that of the one k
    before. Since s' - s = f(s) - f(s") for a step f, each movement is a small disturbance carried along by one step:
    this is the largest exponent for a finite time (Benettin et al. 1980, Meccanica 15, for disturbances made small anew
    at each step), told without a second run. A net that still works on a puzzle moves as far in each iteration, and the
    exponent is near 0; one that comes to rest moves by a fixed share of the movement before, and it is below 0.

    Minus infinity where nothing moves. NaN, which stops nothing, before k + 1 iterations are done, where the state
    changes its shape, and where it is not finite.
    """

    exponent: float = -0.2
    last: Annotated[int, Field(ge=1)] = 8
    _memory: Memory = PrivateAttr(default_factory=Memory)

    def reached(self, thought: Thought) -> Tensor:
        return self.exponents(thought) <= self.exponent

    def exponents(self, thought: Thought) -> Tensor:
        """Of each puzzle, (B,)."""
        moved = self._memory.last(thought, thought.distance, self.last + 1)
        if moved.shape[1] <= self.last:
            return torch.full_like(thought.distance, torch.nan)
        exponents = (moved[:, -1].log() - moved[:, 0].log()) / self.last
        return torch.where(moved[:, -1] == 0, -torch.inf, exponents)


@register
class AtRest(Stop):
    """Over several iterations no position has moved: stricter than settled, and also for numbers of 16 bits.

    Every 8 iterations, the features of each position are compared with those so many iterations ago. None may have
    moved by more than REST, relative to the size of a position; in bfloat16, whose rounding never rests, REST_IN_16.
    A net that counts its steps is at rest where it has stopped counting.
    """

    every: ClassVar[int] = 8
    _memory: Memory = PrivateAttr(default_factory=Memory)

    def reached(self, thought: Thought) -> Tensor:
        features = thought.model.features(thought.state)
        at_rest = torch.zeros(len(features), dtype=torch.bool, device=features.device)
        if thought.iteration % self.every:
            return at_rest
        then: Tensor | None = self._memory.recall(thought)
        self._memory.keep(thought, features.clone())  # local thinking writes the next state over this one
        if then is None or then.shape != features.shape or not _is_like_the_last(thought):
            return at_rest
        for numbers in (torch.float32, torch.float64):
            moved = (features - then).to(numbers).square().mean(1).reshape(len(then), -1).amax(1)
            size = features.to(numbers).square().reshape(len(then), -1).mean(1)
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
        return _confidence(self, thought) >= self.probability


@register
class Best(Stop):
    """For `patience` iterations the confidence has not risen by more than `rise`: the best so far will not be beaten.

    The answer that counts is then that of the most confident thought (`best_so_far`), which need not be the last.
    """

    patience: Annotated[int, Field(ge=1)] = 20
    rise: NotNegative = 1e-4
    _memory: Memory = PrivateAttr(default_factory=Memory)

    def reached(self, thought: Thought) -> Tensor:
        confidence = _confidence(self, thought)
        best, since = self._memory.recall(thought) or (torch.full_like(confidence, -torch.inf), confidence.long())
        has_risen = confidence > best + self.rise
        best, since = torch.where(has_risen, confidence, best), torch.where(has_risen, thought.iteration, since)
        self._memory.keep(thought, (best, since))
        return thought.iteration - since >= self.patience


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
        return puzzles.problem.verify(puzzles.problem.answer(thought.read(), puzzles), puzzles)


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


def _confidence(stop: Stop, thought: Thought) -> Tensor:
    puzzles = _puzzles_of(stop, thought)
    return puzzles.problem.confidence(thought.read(), puzzles)


def _puzzles_of(stop: Stop, thought: Thought) -> Puzzles:
    if thought.puzzles is None:
        raise UserError(f"The stop rule {name_of(type(stop))} must know the puzzles: think about those, not their x.")
    return thought.puzzles
