"""A net of one hidden layer whose neurons take a power of what they see (Marchetti et al. 2026, section 3).

Shapes: B batch, C numbers that encode an element, k elements, H neurons.
"""

import torch
from torch import Tensor, nn

from longthink.base.errors import UserError
from longthink.contracts import Size, Spec
from longthink.problems.groups._encoded import SequenceThinker
from longthink.registry import register
from longthink.thinking.counted import Counted


@register
class TwoLayer(SequenceThinker):
    """f(x) = sum over neurons i of w_i (sum over j of <u_ij, x_j>)^k: one step, from inputs to neurons.

    `length` is k, of the sequence and of the power; `width` is H; weights begin as Gaussian with the standard deviation
    `scale`. To learn every product it wants some multiple of 2^(k - 1) times the order of the group as its width.

    >>> net = TwoLayer(Spec(5, 5, answers="one"), length=3, width=40)
    >>> sum(p.numel() for p in net.parameters())
    800
    """

    limit = 1

    def __init__(self, spec: Spec, length: Size = 2, width: Size = 200, scale: float = 1e-3):
        super().__init__()
        self.check_takes(spec)
        if length < 1 or width < 1:
            raise UserError("The length and the width must be 1 or more.")
        self.shape, self.degree, self.scale = (spec.inputs, length), length, scale
        self.inside = nn.Parameter(scale * torch.randn(width, spec.inputs, length))
        self.outside = nn.Parameter(scale * torch.randn(width, spec.outputs))

    def layer(self, state: Counted) -> Tensor:
        powers: Tensor = (state.features @ self.inside.flatten(1).T) ** self.degree
        return powers

    def read(self, state: Counted) -> Tensor:
        return state.features @ self.outside

    def recurrent_parameters(self) -> list[nn.Parameter]:
        return [self.inside]
