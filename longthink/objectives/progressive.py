"""Progressive loss (section 5.3.2, Algorithm 1): from a partial solution, solve the puzzle in k iterations."""

from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field

from longthink.contracts import Loss, Objective, Puzzles, Thinker
from longthink.registry import register
from longthink.thinking.loop import last_state


@register
class Progressive(Objective):
    """(1 - alpha) * L_max_iters + alpha * L_progressive, with n ~ U{0, m-1} and k ~ U{1, m-n}.

    With `start="zero"`, n is always 0 (the ablation of section 5.4). A term of weight 0 is not computed.
    """

    alpha: Annotated[float, Field(ge=0, le=1)] = 1.0
    start: Literal["random", "zero"] = "random"

    def loss(self, net: Thinker, puzzles: Puzzles, iterations: int, rng: np.random.Generator) -> Loss:
        loss, output = torch.zeros((), device=puzzles.y.device), None
        if self.alpha > 0:
            n = 0 if self.start == "zero" else int(rng.integers(0, iterations))
            k = int(rng.integers(1, iterations - n + 1))
            partial = None
            if n > 0:
                with torch.no_grad():
                    partial = last_state(net, puzzles.x, n)
            output = net.read(last_state(net, puzzles.x, k, partial))
            loss = loss + self.alpha * puzzles.problem.loss(output, puzzles).sum()
        if self.alpha < 1:
            output = net.read(last_state(net, puzzles.x, iterations))
            loss = loss + (1 - self.alpha) * puzzles.problem.loss(output, puzzles).sum()
        assert output is not None
        return Loss(loss, output)
