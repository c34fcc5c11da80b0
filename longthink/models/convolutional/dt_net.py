"""Deep-thinking nets: one residual block, repeated, with or without recall (dissertation, sections 4.2 and 5.3.1).

Shapes as in `_parts`: B batch, C input channels, W width, K classes, *P positions.
"""

from torch import Tensor, nn

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
    Seen,
)
from longthink.registry import register
from longthink.thinking.updates import Damping, Rounding, Update


@register
class DTNet(ConvolutionalThinker):
    """f(x; m) = h(r^m(p(x), x)), equations 5.1 (without recall) and 5.2 (with).

    `width` is W, `head` the hidden channels of h. The defaults are the dissertation's maze net. `damping` is the share
    of the old state in the new one, `rounding` the number of values that each feature of a state is rounded to.
    `halts`: it can learn when to stop.

    >>> net = DTNet(Spec(inputs=1, outputs=2), width=400, head=(400, 200))
    >>> sum(p.numel() for p in net.parameters())
    3123600
    >>> net.effective_depth(30), net.receptive_field(30)
    (154, 309)
    """

    def __init__(
        self,
        spec: Spec,
        width: Size = 128,
        head: tuple[Size, Size] = (32, 8),
        recall: Recall = True,
        dilation: Dilation = 1,
        activation: Activation = "relu",
        norm: Norm = "none",
        pooling: Pooling = 1,
        damping: Damping = 0.0,
        rounding: Rounding = None,
        halts: bool = False,
    ):
        super().__init__(spec, dilation, recall, pooling)
        layers = Layers(spec, width, dilation, activation, norm)
        self.projection = layers.projection(spec.inputs, width)
        self.block = Block(layers, spec.inputs, width, recall, rounded=rounding is not None)
        self.head = layers.head(width, head, spec.outputs)
        self.add_halting(width, halts)
        self.update, self.rounding = Update(damping, rounding), rounding
        self.finish()

    def see(self, x: Tensor) -> Seen:
        seen = super().see(x)
        return Seen(seen, self.block.recalled(seen))

    def start(self, seen: Seen) -> Tensor:
        """(B, C, H, Y) -> (B, W, H, Y)."""
        features: Tensor = self.projection(seen.x)
        return features

    def step(self, state: Tensor, seen: Seen) -> Tensor:
        return self.update(state, self.block(state, seen.recalled))

    def recurrent_parameters(self) -> list[nn.Parameter]:
        return list(self.block.parameters())
