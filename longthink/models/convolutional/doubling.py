"""A deep-thinking net that looks twice as far in each iteration, until it looks beyond the puzzle.

For the question that section 4.4.1 leaves open: can a net learn an algorithm whose iterations grow like the logarithm
of the length? All iterations share one block, as in a DT-Recall net, but the recall's convolution, the only one of the
block that looks at other positions, has the dilation 2 ** t in iteration t. So n positions are crossed in log2 n
iterations, and the parallel prefix sum of Hillis and Steele (1986, "Data parallel algorithms") is within reach: each
position adds what is known as far back as it looks. From then on every position sees itself and nothing else, as the
first ones did all along: what keeps their answer keeps everyone's, and the net need not overthink.

Shapes as in `_parts`: B batch, C input channels, W width, K classes, *P positions.
"""

from torch import Tensor, nn

from longthink.contracts import Size, Spec
from longthink.models.convolutional._parts import (
    HEAD_LAYERS,
    PROJECTION_LAYERS,
    Activation,
    Block,
    ConvolutionalThinker,
    Layers,
)
from longthink.registry import register
from longthink.thinking.counted import Counted
from longthink.thinking.updates import Damping, Rounding, Update


@register
class Doubling(ConvolutionalThinker):
    """Each step looks twice as far as the one before, until it looks beyond the puzzle: n positions take log2 n steps.

    `width` is W, `head` the hidden channels of what reads the answer, `damping` the share of the old state in the new
    one, `rounding` the number of values that each feature of a state is rounded to. `halts`: it can learn when
    to stop.

    >>> import torch
    >>> net = Doubling(Spec(inputs=1, outputs=2), width=8, head=(4, 4))
    >>> seen = net.see(torch.zeros(3, 1, 512))
    >>> [net.step(net.start(seen)._replace(steps=steps), seen).steps for steps in (0, 8, 9)]
    [1, 9, 9]
    """

    def __init__(
        self,
        spec: Spec,
        width: Size = 32,
        head: tuple[Size, Size] = (32, 16),
        activation: Activation = "relu",
        damping: Damping = 0.0,
        rounding: Rounding = None,
        halts: bool = False,
    ):
        super().__init__(spec, dilation=1, recall=True, pooling=1)
        layers = Layers(spec, width, dilation=1, activation=activation, norm="none")
        self.projection = layers.projection(spec.inputs, width)
        pointwise, is_rounded = layers.pointwise(), rounding is not None
        self.block = Block(layers, spec.inputs, width, recall=True, pair_layers=pointwise, rounded=is_rounded)
        self.head = layers.head(width, head, spec.outputs)
        self.add_halting(width, halts)
        self.update, self.rounding = Update(damping, rounding), rounding
        self.finish()

    def start(self, seen: Tensor) -> Counted:
        return Counted(self.projection(seen), 0)

    def step(self, state: Counted, seen: Tensor) -> Counted:
        beyond: int = (max(seen.shape[2:]) - 1).bit_length()  # doublings after which nothing else is in sight
        away = 2**state.steps
        features = self.block(state.features, self.block.recalled(seen, away), away)
        return Counted(self.update(state.features, features), min(state.steps + 1, beyond))

    def receptive_field(self, iterations: int) -> int:
        """Positions along an axis that one output position can depend on, in a puzzle that is wide enough."""
        reach: int = PROJECTION_LAYERS + 2**iterations - 1 + HEAD_LAYERS
        return 1 + 2 * reach

    def features(self, state: Counted) -> Tensor:
        return state.features

    def with_features(self, state: Counted, features: Tensor) -> Counted:
        return state._replace(features=features)

    def recurrent_parameters(self) -> list[nn.Parameter]:
        return list(self.block.parameters())
