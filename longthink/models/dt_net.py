"""Deep-thinking nets: one residual block, repeated, with or without recall (dissertation, sections 4.2 and 5.3.1).

Shapes as in `_parts`: B batch, C input channels, W width, K classes, *P positions.
"""

import torch
from torch import Tensor, nn

from longthink.contracts import Thinker
from longthink.models._parts import (
    BLOCK_LAYERS,
    HEAD_LAYERS,
    PROJECTION_LAYERS,
    Activation,
    Block,
    Layers,
    as_grid,
    as_problem,
)


class DTNet(Thinker):
    """f(x; m) = h(r^m(p(x), x)), equations 5.1 (without recall) and 5.2 (with).

    `width` is W, `head` the hidden channels of h. The defaults are the dissertation's maze net.

    >>> net = DTNet(channels=1, classes=2, ndim=1, width=400, head=(400, 200))
    >>> sum(p.numel() for p in net.parameters())
    3123600
    >>> net.effective_depth(30), net.receptive_field(30)
    (154, 309)
    """

    def __init__(
        self,
        channels: int,
        classes: int,
        ndim: int,
        width: int = 128,
        head: tuple[int, int] = (32, 8),
        recall: bool = True,
        dilation: int = 1,
        activation: Activation = "relu",
        group_norm: bool = False,
    ):
        super().__init__()
        self.ndim = ndim
        self.dilation = dilation
        layers = Layers(ndim, width, dilation, activation, group_norm)
        self.projection = layers.projection(channels, width)
        self.block = Block(layers, channels, width, recall)
        self.head = layers.head(width, head, classes)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def start(self, x: Tensor) -> Tensor:
        """(B, C, *P) -> (B, W, H, Y)."""
        features: Tensor = self.projection(as_grid(x).contiguous(memory_format=torch.channels_last))
        return features

    def step(self, state: Tensor, x: Tensor) -> Tensor:
        features: Tensor = self.block(state, x)
        return features

    def read(self, state: Tensor) -> Tensor:
        return as_problem(self.head(state), self.ndim)

    def effective_depth(self, iterations: int) -> int:
        per_iteration = BLOCK_LAYERS + (self.block.recall is not None)
        return PROJECTION_LAYERS + per_iteration * iterations + HEAD_LAYERS

    def receptive_field(self, iterations: int) -> int:
        return 1 + 2 * self.dilation * self.effective_depth(iterations)

    def recurrent_parameters(self) -> list[nn.Parameter]:
        return list(self.block.parameters())
