"""A recurrent net whose step multiplies two states: for products in groups, and whatever else is composed in order.

A step is bilinear, c(a(h) * b(h')), and then cleans up what came out. That is the quadratic step by which recurrent and
layered nets compose elements of a group (Marchetti et al. 2026, arXiv 2602.03655): matrices are multiplied by sums of
products, and every group is one of matrices. The clean-up, a residual layer between two normalisations, puts errors
right that a bilinear map alone can only carry along. It learns to where the state is noisy in training.

Shapes: B batch, C input channels, W width, K classes, S positions.
"""

from typing import ClassVar, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from longthink.base.errors import UserError
from longthink.base.linear import Linear, plus, times
from longthink.contracts import Size, Spec, Thinker
from longthink.registry import register
from longthink.thinking.counted import Counted
from longthink.thinking.halt_head import HaltHead

SMALL = 1e-6
"""Added to a mean square, against division by zero."""


@register
class Composer(Thinker):
    """The answer at a position is read from what stands there, a composition of the positions up to there.

    Where a sequence has one answer, that is what is read at the last position, (B, K).

    `order` doubling: step t composes what stands 2 ** t positions to the left with what stands here, so that S
    positions take log2 S steps, as in layered nets; this wants a composition that is associative. `order` sequential:
    every step composes what stands one position to the left with the input seen again (recall), so that S positions
    take S - 1 steps. Positions with nothing so far to their left keep their state, so a finished answer stays.

    `width` is W, `products` the number of products in a step, `cleanup` the hidden width of the clean-up; 0 for none.
    `halts`: it can learn when to stop.

    >>> net = Composer(Spec(inputs=6, outputs=6))
    >>> state = net.start(net.see(torch.randn(2, 6, 32)))
    >>> [net.step(state._replace(steps=steps), None).steps for steps in (0, 4, 5)]
    [1, 5, 5]
    """

    takes: ClassVar[tuple[str, ...]] = ("line",)
    gives: ClassVar[tuple[str, ...]] = ("each", "one")

    def __init__(
        self,
        spec: Spec,
        width: Size = 64,
        products: Size = 256,
        cleanup: int = 256,
        order: Literal["doubling", "sequential"] = "doubling",
        halts: bool = False,
    ):
        super().__init__()
        self.check_takes(spec)
        if min(width, products) < 1 or cleanup < 0:
            raise UserError("The width and the number of products must be 1 or more, the clean-up 0 or more.")
        self.ndim, self.order = spec.ndim, order
        self.first = Linear(spec.inputs, width, bias=False)
        self.left = Linear(width, products, bias=False)
        self.right = Linear(spec.inputs if order == "sequential" else width, products, bias=False)
        self.together = Linear(products, width, bias=False)
        self.cleanup = nn.Sequential(Linear(width, cleanup), nn.ReLU(), Linear(cleanup, width)) if cleanup else None
        self.last = Linear(width, spec.outputs)
        self.halts = halts
        if halts:
            self.halting = HaltHead(width)

    def see(self, x: Tensor) -> Tensor:
        """(B, C, S) -> (B, S, C). Raises UserError for anything but sequences."""
        if x.ndim != 3:
            raise UserError(f"This net composes sequences (B, C, S); it is not for inputs of shape {list(x.shape)}.")
        return x.transpose(1, 2).contiguous()

    def start(self, seen: Tensor) -> Counted:
        return Counted(_normalised(self.first(seen)).transpose(1, 2), 0)

    def step(self, state: Counted, seen: Tensor) -> Counted:
        here = state.features.transpose(1, 2)
        away, finished = (2**state.steps, 2**state.steps) if self.order == "doubling" else (1, state.steps + 1)
        positions = here.shape[1]
        if finished >= positions:
            return state
        left = here[:, finished - away : positions - away]
        right = (here if self.order == "doubling" else seen)[:, finished:]
        products = times(self.left(left), self.right(right))
        composed = _normalised(self.together(products))
        if self.cleanup is not None:
            composed = _normalised(plus(self.cleanup(composed), composed))
        features = torch.cat([here[:, :finished], composed], 1)
        return Counted(features.transpose(1, 2), state.steps + 1)

    def read(self, state: Counted) -> Tensor:
        if self.ndim == 0:
            return cast(Tensor, self.last(state.features[..., -1]))
        return cast(Tensor, self.last(state.features.transpose(1, 2))).transpose(1, 2)

    def halt(self, state: Counted) -> Tensor:
        return self.halting(state.features) if self.halts else super().halt(state)

    def features(self, state: Counted) -> Tensor:
        return state.features

    def with_features(self, state: Counted, features: Tensor) -> Counted:
        return state._replace(features=features)

    def recurrent_parameters(self) -> list[nn.Parameter]:
        parts = [self.left, self.right, self.together, *([] if self.cleanup is None else [self.cleanup])]
        return [parameter for part in parts for parameter in part.parameters()]


def _normalised(rows: Tensor) -> Tensor:
    """With a mean square of one along the last axis."""
    return F.rms_norm(rows, rows.shape[-1:], eps=SMALL)
