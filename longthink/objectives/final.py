"""The plain loss: unroll all m iterations, compare the last output (eq. 5.3; alpha = 0 of Algorithm 1)."""

import numpy as np

from longthink.contracts import Loss, Objective, Puzzles, Thinker
from longthink.registry import register
from longthink.thinking.loop import last_state


@register
class Final(Objective):
    """The loss of the last output alone: L_max_iters of Algorithm 1."""

    def loss(self, net: Thinker, puzzles: Puzzles, iterations: int, rng: np.random.Generator) -> Loss:  # noqa: ARG002
        output = net.read(last_state(net, puzzles.x, iterations))
        return Loss(puzzles.problem.loss(output, puzzles).sum(), output)
