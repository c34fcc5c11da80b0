"""A net of one hidden layer whose neurons take a power of what they see (Marchetti et al. 2026, section 3).

Shapes: B batch, C numbers that encode an element, k elements, H neurons.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from longthink.base.errors import UserError
from longthink.contracts import Size, Spec, Thinker
from longthink.registry import register
from longthink.thinking.counted import Counted


@register
class TwoLayer(Thinker):
    """f(x) = sum over neurons i of w_i (sum over j of <u_ij, x_j>)^k: one step, from inputs to neurons.

    `length` is k, of the sequence and of the power; `width` is H; weights begin as Gaussian with the standard deviation
    `scale`. To learn every product it wants some multiple of 2^(k - 1) times the order of the group as its width.

    >>> net = TwoLayer(Spec(5, 5, answers="one"), length=3, width=40)
    >>> sum(p.numel() for p in net.parameters())
    800
    """

    takes: ClassVar[tuple[str, ...]] = ("line",)
    gives: ClassVar[tuple[str, ...]] = ("one",)
    limit = 1

    def __init__(self, spec: Spec, length: Size = 2, width: Size = 200, scale: float = 1e-3):
        super().__init__()
        self.check_takes(spec)
        if length < 1 or width < 1:
            raise UserError("The length and the width must be 1 or more.")
        self.degree, self.scale = length, scale
        self.inside = nn.Parameter(scale * torch.randn(width, spec.inputs, length))
        self.outside = nn.Parameter(scale * torch.randn(width, spec.outputs))

    @classmethod
    def specs(cls) -> tuple[Spec, ...]:
        return (Spec(inputs=3, outputs=4, positions="line", answers="one", size=2),)

    def see(self, x: Tensor) -> Tensor:
        """Raises UserError for sequences of another length."""
        if x.shape[1:] != self.inside.shape[1:]:
            raise UserError(
                f"This net takes sequences of {self.degree} elements, not of shape {list(x.shape[1:])};"
                " set model.length to the level."
            )
        return x

    def start(self, seen: Tensor) -> Counted:
        """What the inputs say, (B, k C); after the step it is what the neurons say, (B, H)."""
        return Counted(seen.flatten(1), 0)

    def step(self, state: Counted, seen: Tensor) -> Counted:  # noqa: ARG002
        if state.steps == self.limit:
            raise UserError(f"This net has {self.limit} steps and all of them are done.")
        return Counted((state.features @ self.inside.flatten(1).T) ** self.degree, 1)

    def read(self, state: Counted) -> Tensor:
        return state.features @ self.outside

    def features(self, state: Counted) -> Tensor:
        return state.features

    def with_features(self, state: Counted, features: Tensor) -> Counted:
        return state._replace(features=features)

    def recurrent_parameters(self) -> list[nn.Parameter]:
        return [self.inside]
