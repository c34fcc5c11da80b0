"""A net of layers without a nonlinearity, which cannot compose elements of a group (Marchetti et al. 2026).

Shapes: B batch, C numbers that encode an element, k elements, H neurons.
"""

import math
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from longthink.base.errors import UserError
from longthink.contracts import Size, Spec, Thinker
from longthink.registry import register
from longthink.thinking.counted import Counted


@register
class DeepLinear(Thinker):
    """f(x) = W_depth ... W_2 W_1 x, where x are the encodings of all k elements: one step for each layer but the last.

    `length` is k, `depth` the number of layers, `width` is H. Whatever depth and width are, f is a sum of linear
    functions of one element each. Weights begin so that sizes stay the same from layer to layer.

    >>> net = DeepLinear(Spec(5, 5, answers="one"), length=3, depth=3, width=40)
    >>> [tuple(layer.shape) for layer in net.layers]
    [(40, 15), (40, 40), (5, 40)]
    """

    takes: ClassVar[tuple[str, ...]] = ("line",)
    gives: ClassVar[tuple[str, ...]] = ("one",)

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

    @classmethod
    def specs(cls) -> tuple[Spec, ...]:
        return (Spec(inputs=3, outputs=4, positions="line", answers="one", size=2),)

    def see(self, x: Tensor) -> Tensor:
        """Raises UserError for sequences of another length."""
        if x.shape[1:] != self.shape:
            raise UserError(
                f"This net takes sequences of {self.shape[1]} elements, not of shape {list(x.shape[1:])};"
                " set model.length to the level."
            )
        return x

    def start(self, seen: Tensor) -> Counted:
        """What the inputs say, (B, k C); after a step it is what the neurons say, (B, H)."""
        return Counted(seen.flatten(1), 0)

    def step(self, state: Counted, seen: Tensor) -> Counted:  # noqa: ARG002
        if state.steps == self.limit:
            raise UserError(f"This net has {self.limit} steps and all of them are done.")
        return Counted(state.features @ self.layers[state.steps].T, state.steps + 1)

    def read(self, state: Counted) -> Tensor:
        output: Tensor = state.features @ self.layers[-1].T
        return output

    def features(self, state: Counted) -> Tensor:
        return state.features

    def with_features(self, state: Counted, features: Tensor) -> Counted:
        return state._replace(features=features)

    def recurrent_parameters(self) -> list[nn.Parameter]:
        return list(self.layers[:-1])
