"""Progressive loss (section 5.3.2, Algorithm 1): from a partial solution, solve the puzzle in k iterations."""

from functools import partial
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from longthink.contracts import Loss, Objective, Puzzles, State, Thinker, tensors_of
from longthink.registry import register
from longthink.thinking.loop import last_state


@register
class Progressive(Objective):
    """(1 - alpha) * L_max_iters + alpha * L_progressive, with n ~ U{0, m-1} and k ~ U{1, m-n}.

    With `start="zero"`, n is always 0 (the ablation of section 5.4). A term of weight 0 is not computed.

    Both terms are read from one trajectory: the partial solution after n of the m iterations is the one that k more
    iterations start from. Their gradient does not go on to the n iterations before, as in Algorithm 1, which computes
    those once more. So losses and gradients are the same, up to rounding. Where training adds noise to the state, both
    terms see the same noise: each has the distribution that it would have alone, and so has the mean of their gradient.
    """

    alpha: Annotated[float, Field(ge=0, le=1)] = 1.0
    start: Literal["random", "zero"] = "random"

    def loss(self, net: Thinker, puzzles: Puzzles, iterations: int, rng: np.random.Generator) -> Loss:
        problem = puzzles.problem
        if self.alpha == 0:
            output = net.read(last_state(net, puzzles.x, iterations))
            return Loss(problem.loss(output, puzzles).sum(), output)
        n = 0 if self.start == "zero" else int(rng.integers(0, iterations))
        k = int(rng.integers(1, iterations - n + 1))
        with torch.set_grad_enabled(self.alpha < 1):
            partial = last_state(net, puzzles.x, n) if n > 0 else None
        state = last_state(net, puzzles.x, k, partial)
        output = net.read(state)
        loss = problem.loss(output, puzzles).sum()
        if self.alpha == 1:
            return Loss(loss, output)
        loss = self.alpha * loss
        if n > 0:
            _keep_from(partial, loss)
        output = net.read(last_state(net, puzzles.x, iterations - n - k, state))
        return Loss(loss + (1 - self.alpha) * problem.loss(output, puzzles).sum(), output)


def _keep_from(state: State, loss: Tensor) -> None:
    """Let no gradient of a loss go beyond a state, whatever else depends on the state."""
    inside = [tensor for tensor in tensors_of(state) if tensor.requires_grad]
    for tensor, own in zip(inside, torch.autograd.grad(loss, inside, retain_graph=True), strict=True):
        tensor.register_hook(partial(torch.sub, other=own))  # type: ignore[no-untyped-call]
