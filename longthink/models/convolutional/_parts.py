"""What the recurrent net and its feed-forward twin are both made of: one block of weights for strings and for grids.

Shapes: B batch, C input channels, W width, K classes, *P positions (S, or H, Y). A string of S positions is treated
as a grid of one row, (B, W, 1, S): two-dimensional convolutions with channels last are the fastest on every processor.
"""

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from longthink.base.errors import UserError
from longthink.contracts import Spec, State, Thinker
from longthink.thinking.halt_head import HaltHead

Activation = Literal["relu", "elu", "gelu", "silu"]
ACTIVATIONS: dict[Activation, Callable[[], nn.Module]] = {
    "relu": partial(nn.ReLU, inplace=True),  # only ever applied to what a layer has just made
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}
Norm = Literal["none", "inside", "outside"]
"""Group norm after each convolution of the block but the recall's, as in the field's code; or once, after the block."""
Recall = bool | Literal["inside"]
"""Whether the input is seen again once an iteration, before the block; or also inside it, before its second half."""
Dilation = int | tuple[int, int, int, int]
"""That of every convolution, as in the dissertation; or of each of the block's four, the others then having 1.

With 2 everywhere, the even positions of a string never meet the odd ones; in mazes a cell is two pixels wide, so both
know all.
"""
FARTHEST = 2**20
"""The largest dilation: no input is so wide."""
Pooling = Literal[1, 2]
"""Positions along an axis that one position of the state stands for."""
PROJECTION_LAYERS = 1
BLOCK_LAYERS = 4
HEAD_LAYERS = 3
GROUPS = 4
"""Groups of channels that group norm uses, as in the field's code."""


class Layers:
    """Makes the layers of one net: how a convolution looks is decided here, once."""

    def __init__(self, spec: Spec, width: int, dilation: Dilation, activation: Activation, norm: Norm):
        if width < 1 or (norm != "none" and width % GROUPS):
            raise UserError(f"The width must be 1 or more, with group norm a multiple of {GROUPS}, not {width}.")
        self.dilation, self.dilations_of_block = _dilations(dilation)
        if not all(1 <= one <= FARTHEST for one in (self.dilation, *self.dilations_of_block)):
            raise UserError(f"The dilation must be from 1 to {FARTHEST}, not {dilation}.")
        self.kernel = (1, 3) if spec.positions == "line" else (3, 3)
        self.activation = ACTIVATIONS[activation]
        self.norm = norm

    def convolution(self, inputs: int, outputs: int) -> nn.Conv2d:
        """Three wide along each axis, no bias, and padding that keeps the shape (section 4.2)."""
        down, across = (self.dilation * (size // 2) for size in self.kernel)
        return nn.Conv2d(inputs, outputs, self.kernel, padding=(down, across), dilation=self.dilation, bias=False)

    def pointwise(self) -> "Layers":
        """The same, but each convolution looks at its own position alone."""
        layers = copy.copy(self)
        layers.kernel = (1, 1)
        return layers

    def of_block(self) -> list["Layers"]:
        """The same for each of the four convolutions of a block."""
        four = []
        for dilation in self.dilations_of_block:
            layers = copy.copy(self)
            layers.dilation = dilation
            four.append(layers)
        return four

    def norm_where(self, place: Norm, width: int) -> nn.Module:
        """What normalises there: group norm without weights of its own, or nothing if it is done elsewhere."""
        return nn.GroupNorm(GROUPS, width, affine=False) if self.norm == place else nn.Identity()

    def projection(self, channels: int, width: int) -> nn.Sequential:
        """p: one convolution and an activation."""
        return nn.Sequential(self.convolution(channels, width), self.activation())

    def head(self, width: int, hidden: Sequence[int], classes: int) -> nn.Sequential:
        """h: three convolutions of decreasing width, activations after the first two (section 5.3.1)."""
        if len(hidden) != HEAD_LAYERS - 1:
            raise UserError(
                f"The head has {HEAD_LAYERS - 1} hidden layers; give {HEAD_LAYERS - 1} widths, not {len(hidden)}."
            )
        first, second = hidden
        return nn.Sequential(
            self.convolution(width, first),
            self.activation(),
            self.convolution(first, second),
            self.activation(),
            self.convolution(second, classes),
        )


class ResidualPair(nn.Module):
    """Two convolutions and a skip around them."""

    def __init__(self, first: Layers, second: Layers, width: int):
        super().__init__()
        self.first = nn.Sequential(
            first.convolution(width, width), first.norm_where("inside", width), first.activation()
        )
        self.second = nn.Sequential(second.convolution(width, width), second.norm_where("inside", width))
        self.activation = second.activation()

    def forward(self, features: Tensor) -> Tensor:
        out: Tensor = self.activation(self.second(self.first(features)).add_(features))
        return out


class Block(nn.Module):
    """r: four convolutions with a skip every two; with recall, first one that maps [features, input] to the width.

    The field's code follows that convolution by an activation for strings, and by none for grids. The four are made by
    `pair_layers`, if given. A block whose result is to be `rounded` ends without an activation, so that there are
    numbers below zero.
    """

    def __init__(
        self,
        layers: Layers,
        channels: int,
        width: int,
        recall: Recall,
        pair_layers: Layers | None = None,
        rounded: bool = False,
    ):
        super().__init__()
        first, second, third, fourth = (pair_layers or layers).of_block()
        self.width = width
        self.recall = layers.convolution(width + channels, width) if recall else None
        self.recall_again = layers.convolution(width + channels, width) if recall == "inside" else None
        self.recall_activation = layers.activation() if layers.kernel[0] == 1 else nn.Identity()
        self.pairs = nn.Sequential(ResidualPair(first, second, width), ResidualPair(third, fourth, width))
        self.norm = layers.norm_where("outside", width)
        if rounded:
            self.pairs[-1].activation = nn.Identity()

    def recalled(self, x: Tensor, dilation: int = 1) -> tuple[Tensor, ...]:
        """What the recall's convolutions make of the input, (B, W, H, Y) each: the same in every iteration.

        They look `dilation` times as far as they were made for.
        """
        return tuple(_convolved(x, recall, slice(self.width, None), dilation) for recall in self._recalls())

    def forward(self, features: Tensor, recalled: Sequence[Tensor], dilation: int = 1) -> Tensor:
        """One iteration, with what is `recalled` at the same dilation."""
        for place, pair in enumerate(self.pairs):
            if place < len(recalled):  # conv([features, x]) = conv(features) + conv(x)
                of_features = _convolved(features, self._recalls()[place], slice(self.width), dilation)
                features = self.recall_activation(of_features.add_(recalled[place]))
            features = pair(features)
        out: Tensor = self.norm(features)
        return out

    def _recalls(self) -> list[nn.Conv2d]:
        return [recall for recall in (self.recall, self.recall_again) if recall is not None]


def _convolved(x: Tensor, convolution: nn.Conv2d, channels: slice, further: int) -> Tensor:
    """A convolution with its weights for some channels alone, looking so many times as far."""
    down, across = convolution.dilation
    dilation = further * down, further * across
    padding = tuple(along * (size // 2) for along, size in zip(dilation, convolution.kernel_size, strict=True))
    return F.conv2d(x, convolution.weight[:, channels], None, 1, padding, dilation)


def _dilations(dilation: Dilation) -> tuple[int, Sequence[int]]:
    """Of the convolutions beside the block, and of each in it."""
    return (dilation, (dilation,) * BLOCK_LAYERS) if isinstance(dilation, int) else (1, dilation)


class Seen(NamedTuple):
    """The input (B, C, H, Y), and what the block's recall makes of it."""

    x: Tensor
    recalled: tuple[Tensor, ...]


class ConvolutionalThinker(Thinker):
    """h(r(...r(p(x)))): what the recurrent and the feed-forward net share, which is everything but the step.

    A subclass makes `projection`, its block or blocks, and `head`, in this order, and calls `finish`.
    """

    projection: nn.Sequential
    head: nn.Sequential

    def __init__(self, spec: Spec, dilation: Dilation, recall: Recall, pooling: int):
        super().__init__()
        self.check_takes(spec)
        self.ndim = spec.ndim
        self.pooling = pooling
        recalls = 2 if recall == "inside" else int(recall)
        self.layers_of_step = BLOCK_LAYERS + recalls
        self.dilation, of_block = _dilations(dilation)
        self.reach_of_step = self.dilation * recalls + sum(of_block)

    def see(self, x: Tensor) -> Any:
        """(B, C, *P) -> (B, C, H, Y), channels last; with pooling, the mean of each square of 2 x 2 positions.

        The first square begins one position outside, as the cells of mazes do (three pixels of border, two a cell).
        """
        channels = self.projection[0].in_channels
        if x.shape[1] != channels:
            raise UserError(f"This net takes inputs of {channels} channels, and this one has {x.shape[1]}.")
        if self.ndim == 1:
            x = x.unsqueeze(2)
        if self.pooling > 1:
            if x.shape[-1] % 2 or (self.ndim == 2 and x.shape[-2] % 2):
                raise UserError(f"A net with pooling takes an even number of positions, not {list(x.shape[2:])}.")
            window, padding = ((2, 2), (1, 1)) if self.ndim == 2 else ((1, 2), (0, 1))
            x = F.avg_pool2d(x, window, padding=padding)
        return x.contiguous(memory_format=torch.channels_last)

    def read(self, state: State) -> Tensor:
        logits: Tensor = self.head(self.features(state))
        if self.pooling > 1:  # every position of a square has the same answer; the outermost squares stick out by one
            logits = logits.repeat_interleave(2, -1)[..., 1:-1]
            if self.ndim == 2:
                logits = logits.repeat_interleave(2, -2)[..., 1:-1, :]
        return logits.squeeze(2) if self.ndim == 1 else logits

    def halt(self, state: State) -> Tensor:
        return self.halting(self.features(state)) if self.halts else super().halt(state)

    def effective_depth(self, iterations: int) -> int:
        """Layers between input and output (dissertation, section 4.2)."""
        return PROJECTION_LAYERS + self.layers_of_step * iterations + HEAD_LAYERS

    def receptive_field(self, iterations: int) -> int:
        """Positions along an axis that one output position can depend on."""
        reach = self.dilation * (PROJECTION_LAYERS + HEAD_LAYERS) + self.reach_of_step * iterations
        return self.pooling * (1 + 2 * reach)

    def add_halting(self, width: int, halts: bool) -> None:
        """What says when to stop, where the net is to have that; nothing of the net is otherwise for it."""
        self.halts = halts
        if halts:
            self.halting = HaltHead(width)

    def finish(self) -> None:
        """Lay the weights out with channels last, like the features."""
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
