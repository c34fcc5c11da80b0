"""Deep supervision: several losses along one trajectory, and the optimiser takes a step after each.

As hierarchical and tiny recursive models are trained (Wang and others, 2025, "Hierarchical reasoning model"; Jolicoeur-
Martineau, 2025, "Less is more: recursive reasoning with tiny networks"): each part of the trajectory starts from the
state that the one before ended with, and no gradient goes back to it. So memory is that of one part, and the net learns
from its own states, of any age, to put right what is wrong and to keep what is right.
"""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from longthink.contracts import Loss, Objective, Puzzles, Thinker, each_tensor
from longthink.registry import register
from longthink.thinking.loop import last_state


@register
class DeepSupervision(Objective):
    """A loss at the end of each of some `segments` of one trajectory, m / segments iterations each, rounded up.

    >>> DeepSupervision(segments=4).longest(10)
    12
    """

    segments: Annotated[int, Field(ge=1)] = 4

    def longest(self, iterations: int) -> int:
        return self.segments * self._of_each(iterations)

    def losses(self, net: Thinker, puzzles: Puzzles, iterations: int, rng: np.random.Generator) -> Iterator[Loss]:  # noqa: ARG002
        state = None
        for _ in range(self.segments):
            state = last_state(net, puzzles.x, self._of_each(iterations), state)
            output = net.read(state)
            yield Loss(puzzles.problem.loss(output, puzzles).sum(), output)
            state = each_tensor(state, Tensor.detach)

    def loss(self, net: Thinker, puzzles: Puzzles, iterations: int, rng: np.random.Generator) -> Loss:
        """The mean over segments, for one step of the optimiser."""
        losses = list(self.losses(net, puzzles, iterations, rng))
        return Loss(torch.stack([loss.value for loss in losses]).mean(), losses[-1].output)

    def _of_each(self, iterations: int) -> int:
        """Iterations of a segment."""
        return -(-iterations // self.segments)
