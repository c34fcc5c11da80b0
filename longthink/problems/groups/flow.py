"""Gradient flow at a rate of its own for each hidden neuron of a two-layer net (Marchetti et al. 2026, section 4).

From vanishing weights a neuron of degree k grows ever slower, the smaller it is; at a rate of its norm to the power
1 - k all grow as fast as they turn. Then plateaus end in finite time, and nets learn in steps.
"""

from typing import Any

import torch
from torch import Tensor, nn

from longthink.base.errors import UserError
from longthink.contracts import Optimiser, Thinker
from longthink.registry import register


@register
class Flow(Optimiser):
    """The gradient flow of two-layer nets, in Euler's steps of `lr`."""

    def build(self, model: Thinker) -> torch.optim.Optimizer:
        return NeuronFlow(model, self.lr)


class NeuronFlow(torch.optim.Optimizer):
    """Euler's method with steps of `lr`: theta_i moves by -lr |theta_i|^(1 - k) times the gradient of the loss.

    The model names the degree k of its neurons, and all its parameters have a row for each neuron. The factor
    log(1 / alpha) of the source is a unit of time, and is left out. Raises UserError for another net.
    """

    def __init__(self, model: nn.Module, lr: float):
        parameters = list(model.parameters())
        degree = getattr(model, "degree", None)
        if degree is None or len({len(parameter) for parameter in parameters}) != 1:
            raise UserError("The optimiser 'flow' is for two-layer nets; choose model two_layer, or another optimiser.")
        self.degree = int(degree)
        super().__init__([{"params": parameters, "base_lr": lr}], {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One step of all neurons."""
        assert closure is None
        for group in self.param_groups:
            with_gradient = [parameter for parameter in group["params"] if parameter.grad is not None]
            squares = torch.stack([_rows(parameter).square().sum(1) for parameter in with_gradient]).sum(0)
            rates = group["lr"] * squares.sqrt().pow(1 - self.degree)
            for parameter in with_gradient:
                _rows(parameter).sub_(rates[:, None] * _rows(parameter.grad))


def _rows(parameter: Tensor) -> Tensor:
    """One row for each neuron."""
    return parameter.view(len(parameter), -1)
