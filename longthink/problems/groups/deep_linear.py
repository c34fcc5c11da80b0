"""A net of layers without a nonlinearity, which cannot compose elements of a group (Marchetti et al. 2026).

Shapes: B batch, C numbers that encode an element, k elements, H neurons.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from longthink.base.errors import UserError
from longthink.contracts import Size, Spec
from longthink.problems.groups._encoded import SequenceThinker
from longthink.registry import register
from longthink.thinking.counted import Counted


@register
class DeepLinear(SequenceThinker):
    """f(x) = W_depth ... W_2 W_1 x, where x are the encodings of all k elements: one step for each layer but the last.

    `length` is k, `depth` the number of layers, `width` is H. Whatever depth and width are, f is a sum of linear
    functions of one element each. Weights begin so that sizes stay the same from layer to layer.

    >>> net = DeepLinear(Spec(5, 5, answers="one"), length=3, depth=3, width=40)
    >>> [tuple(layer.shape) for layer in net.layers]
    [(40, 15), (40, 40), (5, 40)]
    """

    def __init__(self, spec: Spec, length: Size = 2, depth: int = 2, width: Size = 200):
        super().__init__()
        self.check_takes(spec)
        if length < 1 or width < 1 or depth < 2:
            raise UserError("The length and the width must be 1 or more, the depth 2 or more.")
        self.shape, self.limit = (spec.inputs, length), depth - 1
        sizes = [spec.inputs * length, *[width] * (depth - 1), spec.outputs]
        self.layers = nn.ParameterList(
            torch.randn(after, before) / math.sqrt(before) for before, after in pairwise(sizes)
        )

    def layer(self, state: Counted) -> Tensor:
        neurons: Tensor = state.features @ self.layers[state.steps].T
        return neurons

    def read(self, state: Counted) -> Tensor:
        output: Tensor = state.features @ self.layers[-1].T
        return output

    def recurrent_parameters(self) -> list[nn.Parameter]:
        return list(self.layers[:-1])
