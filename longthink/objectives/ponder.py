"""PonderNet (Banino, Balaguer and Blundell 2021, "PonderNet: learning to ponder"): a distribution over when to stop."""

from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from longthink.contracts import Loss, Objective, Puzzles, Thinker
from longthink.objectives.halting import TINY, check_halts
from longthink.registry import register
from longthink.thinking.loop import think


@register
class Ponder(Objective):
    """The expected loss over the iteration n to stop at, and `beta` times how far n is from a geometric distribution.

    With what the net says after each iteration, lambda_n (`Thinker.halt`), it stops at n with the probability
    p_n = lambda_n * (1 - lambda_1) ... (1 - lambda_{n-1}), and at the last of the m iterations with what remains.
    The prior is geometric, with the probability `prior` of each iteration to be the last, cut off at m; how far p is
    from it is the Kullback-Leibler divergence KL(p || prior), the mean over the puzzles. The answer is read m times.
    PonderNet draws when to stop from lambda; the stop rule `halting` takes the first lambda that is large enough.
    """

    beta: Annotated[float, Field(ge=0)] = 0.01
    prior: Annotated[float, Field(gt=0, lt=1)] = 0.1

    def check(self, net: Thinker) -> None:
        check_halts(self, net)

    def loss(self, net: Thinker, puzzles: Puzzles, iterations: int, rng: np.random.Generator) -> Loss:  # noqa: ARG002
        halts, losses = [], []
        for thought in think(net, puzzles.x, iterations):
            output = thought.read()
            halts.append(net.halt(thought.state).float())
            losses.append(puzzles.problem.loss(output, puzzles))
        stops_at = when_to_stop(torch.stack(halts, 1))
        expected = (stops_at * torch.stack(losses, 1)).sum()
        return Loss(expected + self.beta * divergence(stops_at, self.prior).mean(), output)


def when_to_stop(halts: Tensor) -> Tensor:
    """The probability of each iteration to be the last, (B, m), from that to stop there if not before, (B, m).

    >>> when_to_stop(torch.tensor([[0.5, 0.5, 0.1]]))
    tensor([[0.5000, 0.2500, 0.2500]])
    """
    goes_on = (1 - halts[:, :-1]).cumprod(1)
    here = torch.cat([halts[:, :-1], torch.ones_like(halts[:, :1])], 1)
    return here * torch.cat([torch.ones_like(halts[:, :1]), goes_on], 1)


def divergence(stops_at: Tensor, prior: float) -> Tensor:
    """KL(p || g) of each puzzle (B,), where g is geometric and cut off: g_n ~ (1 - prior) ** n, for p (B, m)."""
    logs = torch.arange(stops_at.shape[1], device=stops_at.device) * np.log1p(-prior)
    apart: Tensor = (stops_at * (stops_at.clamp_min(TINY).log() - logs.log_softmax(0))).sum(1)
    return apart
