"""A net of one hidden layer whose neurons take a power of what they see (Marchetti et al. 2026, section 3).

Shapes: B batch, C numbers that encode an element, k elements, H neurons.
"""

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from longthink.contracts import Thinker
from longthink.errors import UserError


class Layer(NamedTuple):
    """What the inputs, layer 0, or the hidden neurons, layer 1, say: (B, K C) or (B, H)."""

    features: Tensor
    number: int


class TwoLayer(Thinker):
    """f(x) = sum over neurons i of w_i (sum over j of <u_ij, x_j>)^k: one step, from inputs to neurons.

    `length` is k, of the sequence and of the power; `width` is H; weights begin as Gaussian with the standard deviation
    `scale`. To learn every product it wants some multiple of 2^(k - 1) times the order of the group as its width.

    >>> net = TwoLayer(channels=5, classes=5, ndim=0, length=3, width=40)
    >>> sum(p.numel() for p in net.parameters())
    800
    """

    ndims: ClassVar[tuple[int, ...]] = (0,)
    limit = 1

    def __init__(self, channels: int, classes: int, ndim: int, length: int = 2, width: int = 200, scale: float = 1e-3):
        super().__init__()
        if ndim not in self.ndims:
            raise UserError(f"This net gives a sequence one answer (ndim 0); it is not for ndim {ndim}.")
        if length < 1 or width < 1:
            raise UserError("The length and the width must be 1 or more.")
        self.ndim, self.degree = ndim, length
        self.inside = nn.Parameter(scale * torch.randn(width, channels, length))
        self.outside = nn.Parameter(scale * torch.randn(width, classes))

    def see(self, x: Tensor) -> Tensor:
        """Raises UserError for sequences of another length."""
        if x.shape[1:] != self.inside.shape[1:]:
            raise UserError(
                f"This net takes sequences of {self.degree} elements, not of shape {list(x.shape[1:])};"
                " set model.length to the level."
            )
        return x

    def start(self, seen: Tensor) -> Layer:
        return Layer(seen.flatten(1), 0)

    def step(self, state: Layer, seen: Tensor) -> Layer:  # noqa: ARG002
        if state.number == self.limit:
            raise UserError(f"This net has {self.limit} steps and all of them are done.")
        return Layer((state.features @ self.inside.flatten(1).T) ** self.degree, 1)

    def read(self, state: Layer) -> Tensor:
        return state.features @ self.outside

    def features(self, state: Layer) -> Tensor:
        return state.features

    def with_features(self, state: Layer, features: Tensor) -> Layer:
        return state._replace(features=features)

    def recurrent_parameters(self) -> list[nn.Parameter]:
        return [self.inside]
