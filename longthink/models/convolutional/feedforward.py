"""The feed-forward twin of a deep-thinking net: a block of its own for each iteration, nothing else changed.

Dissertation, sections 4.2 and 5.3. Shapes as in `_parts`.
"""

from typing import cast

from torch import Tensor, nn

from longthink.base.errors import UserError
from longthink.contracts import Size, Spec
from longthink.models.convolutional._parts import (
    Activation,
    Block,
    ConvolutionalThinker,
    Dilation,
    Layers,
    Norm,
    Pooling,
    Recall,
)
from longthink.registry import register
from longthink.thinking.counted import Counted


@register(name="feedforward")
class FeedForward(ConvolutionalThinker):
    """A residual net of `limit` blocks; its step is its next block.

    >>> net = FeedForward(Spec(inputs=1, outputs=2), limit=16, width=120, head=(60, 30))
    >>> net.effective_depth(16)
    68
    """

    def __init__(
        self,
        spec: Spec,
        limit: int = 30,
        width: Size = 128,
        head: tuple[Size, Size] = (32, 8),
        recall: Recall = False,
        dilation: Dilation = 1,
        activation: Activation = "relu",
        norm: Norm = "none",
        pooling: Pooling = 1,
    ):
        super().__init__(spec, dilation, recall, pooling)
        if limit < 1:
            raise UserError(f"A feed-forward net has at least 1 block, not {limit}.")
        self.limit = limit
        layers = Layers(spec, width, dilation, activation, norm)
        self.projection = layers.projection(spec.inputs, width)
        self.blocks = nn.ModuleList(Block(layers, spec.inputs, width, recall) for _ in range(limit))
        self.head = layers.head(width, head, spec.outputs)
        self.finish()

    def start(self, seen: Tensor) -> Counted:
        """(B, C, H, Y) -> features (B, W, H, Y) that passed no block yet."""
        return Counted(self.projection(seen), 0)

    def step(self, state: Counted, seen: Tensor) -> Counted:
        if state.steps >= len(self.blocks):
            raise UserError(f"This net has {len(self.blocks)} steps and all of them are done.")
        block = cast(Block, self.blocks[state.steps])
        return Counted(block(state.features, block.recalled(seen)), state.steps + 1)

    def features(self, state: Counted) -> Tensor:
        return state.features

    def with_features(self, state: Counted, features: Tensor) -> Counted:
        return state._replace(features=features)

    def recurrent_parameters(self) -> list[nn.Parameter]:
        return list(self.blocks.parameters())
