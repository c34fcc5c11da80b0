"""The feed-forward twin of a deep-thinking net: a block of its own for each iteration, nothing else changed.

Dissertation, sections 4.2 and 5.3. Shapes as in `_parts`.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from longthink.contracts import Thinker
from longthink.errors import UserError
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


class Progress(NamedTuple):
    """Features (B, W, H, Y), and how many blocks they have passed."""

    features: Tensor
    blocks: int


class FeedForward(Thinker):
    """A residual net of `limit` blocks; its step is its next block.

    >>> net = FeedForward(channels=1, classes=2, ndim=1, limit=16, width=120, head=(60, 30))
    >>> net.effective_depth(16)
    68
    """

    def __init__(
        self,
        channels: int,
        classes: int,
        ndim: int,
        limit: int = 30,
        width: int = 128,
        head: tuple[int, int] = (32, 8),
        recall: bool = False,
        dilation: int = 1,
        activation: Activation = "relu",
        group_norm: bool = False,
    ):
        super().__init__()
        if limit < 1:
            raise UserError(f"A feed-forward net has at least 1 block, not {limit}.")
        self.limit = limit
        self.ndim = ndim
        self.dilation = dilation
        self.has_recall = recall
        layers = Layers(ndim, width, dilation, activation, group_norm)
        self.projection = layers.projection(channels, width)
        self.blocks = nn.ModuleList(Block(layers, channels, width, recall) for _ in range(limit))
        self.head = layers.head(width, head, classes)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def start(self, x: Tensor) -> Progress:
        """(B, C, *P) -> features (B, W, H, Y) that passed no block yet."""
        return Progress(self.projection(as_grid(x).contiguous(memory_format=torch.channels_last)), 0)

    def step(self, state: Progress, x: Tensor) -> Progress:
        if state.blocks >= len(self.blocks):
            raise UserError(f"This net has {len(self.blocks)} steps and all of them are done.")
        return Progress(self.blocks[state.blocks](state.features, x), state.blocks + 1)

    def read(self, state: Progress) -> Tensor:
        return as_problem(self.head(state.features), self.ndim)

    def features(self, state: Progress) -> Tensor:
        return state.features

    def with_features(self, state: Progress, features: Tensor) -> Progress:
        return state._replace(features=features)

    def effective_depth(self, iterations: int) -> int:
        return PROJECTION_LAYERS + (BLOCK_LAYERS + self.has_recall) * iterations + HEAD_LAYERS

    def receptive_field(self, iterations: int) -> int:
        return 1 + 2 * self.dilation * self.effective_depth(iterations)

    def recurrent_parameters(self) -> list[nn.Parameter]:
        return list(self.blocks.parameters())
