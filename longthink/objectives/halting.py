"""A net that learns when to stop, beside what it learns to answer: is the answer right now?"""

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Loss, Objective, Puzzles, State, Thinker, each_tensor
from longthink.objectives.final import Final
from longthink.plugin_options import chosen
from longthink.registry import name_of, register
from longthink.thinking.wrapped import Wrapped

TINY = 1e-30
"""A probability below which its logarithm falls no further."""


@register
class Halting(Objective):
    """Another objective, and `weight` times the cross-entropy of `Thinker.halt` with whether the answer is right now.

    The other is `answering`, and its thoughts are the ones that are judged: the last state of each loss and `readings`
    others drawn from all before it, those of a head start too. What is right is what the problem counts as correct.
    With `detached`, the net's features are learned for the answer alone: the gradient of all else but what says when to
    stop is that of `answering`, to the last bit (a bound on the gradient's norm, `optimiser.clip`, is on all of it).
    """

    answering: Annotated[Objective, *chosen("objectives")] = Final()
    weight: Annotated[float, Field(ge=0)] = 1.0
    readings: Annotated[int, Field(ge=0)] = 4
    detached: bool = True

    def longest(self, iterations: int) -> int:
        return self.answering.longest(iterations)

    def check(self, net: Thinker) -> None:
        check_halts(self, net)
        self.answering.check(net)

    def loss(self, net: Thinker, puzzles: Puzzles, iterations: int, rng: np.random.Generator) -> Loss:
        *_, last = self.losses(net, puzzles, iterations, rng)
        return last

    def losses(self, net: Thinker, puzzles: Puzzles, iterations: int, rng: np.random.Generator) -> Iterator[Loss]:
        watched, rng_of_readings = _Watched(net), rng.spawn(1)[0]  # which leaves what `answering` draws as it is
        for loss in self.answering.losses(watched, puzzles, iterations, rng):
            *before, last = watched.take()
            drawn = rng_of_readings.choice(len(before), min(self.readings, len(before)), replace=False)
            states = [*(before[which] for which in drawn), last]
            halting = torch.stack([self._of_state(net, state, puzzles) for state in states]).mean()
            metrics = {**loss.metrics, "halting": halting.detach()}
            yield loss._replace(value=loss.value + self.weight * halting, metrics=metrics)

    def _of_state(self, net: Thinker, state: State, puzzles: Puzzles) -> Tensor:
        """The mean cross-entropy of one state."""
        settled = each_tensor(state, Tensor.detach)
        with torch.no_grad():
            right = puzzles.problem.correct(puzzles.problem.answer(net.read(settled), puzzles), puzzles)
        sure = net.halt(settled if self.detached else state).float()
        return -torch.where(right, sure, 1 - sure).clamp_min(TINY).log().mean()


class _Watched(Wrapped):
    """A net around a net that keeps the states after its steps until they are taken."""

    def __init__(self, inner: Thinker):
        super().__init__(inner)
        self._states: list[State] = []

    def step(self, state: State, seen: Any) -> State:
        after = self.inner.step(state, seen)
        self._states.append(after)
        return after

    def take(self) -> list[State]:
        states, self._states = self._states, []
        return states


def check_halts(objective: Objective, net: Thinker) -> None:
    """Raises UserError for a net that cannot learn when to stop."""
    if not net.halts:
        raise UserError(
            f"The objective {name_of(type(objective))} is for nets that learn when to stop, and this"
            f" {name_of(type(net))} does not; set its option `halts`, or choose a net that has it."
        )
