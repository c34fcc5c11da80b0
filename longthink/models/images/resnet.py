"""ResNet-18 and ResNet-50 (He et al. 2016, "Deep residual learning for image recognition"), to compare with.

The dissertation compares its recurrent nets with batch norm with ResNet-18 (table 3.3), and changes ResNet-50 so that
layers of a stage that permit it share their weights (section 3.3).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from longthink.base.errors import UserError
from longthink.contracts import Size, Spec
from longthink.models.images._parts import ImageThinker
from longthink.registry import register

STAGES = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}
"""Blocks of each stage."""
WIDENING = (1, 2, 4, 8)
"""How much wider each stage is than the first."""
KERNELS = {18: (3, 3), 50: (1, 3, 1)}
"""Of the convolutions of a block."""
WIDENED = {18: 1, 50: 4}
"""How much wider the output of a block is than its middle."""
Depth = Literal[18, 50]


@register(name="resnet")
class ResNet(ImageThinker):
    """ResNet-18 or ResNet-50: all blocks are one step, since they change the shape of the features.

    `width` is that of the first stage, `layers` 18 or 50. With `stem` small, for pictures of about 32 x 32 pixels, the
    first convolution is 3 x 3 and there is no pooling after it. If `tied`, the blocks of a stage have the same filters
    wherever shapes permit it, and each has batch norm of its own.

    >>> def millions(net):
    ...     return round(sum(p.numel() for p in net.parameters()) / 1e6, 2)
    >>> millions(ResNet(Spec(3, 10, "grid", "one")))
    11.17
    >>> [millions(ResNet(Spec(3, 1000, "grid", "one"), layers=50, stem="large", tied=tied)) for tied in (False, True)]
    [25.56, 14.59]
    """

    def __init__(
        self,
        spec: Spec,
        width: Size = 64,
        layers: Depth = 18,
        stem: Literal["small", "large"] = "small",
        tied: bool = False,
    ):
        super().__init__(spec, limit=1, shared=True)
        if layers not in STAGES:
            raise UserError(f"A ResNet has 18 or 50 layers here, not {layers}.")
        kernel, stride, pool = (3, 1, nn.Identity()) if stem == "small" else (7, 2, nn.MaxPool2d(3, 2, padding=1))
        inputs, blocks = width, list[ResNetBlock]()
        for place, (count, times) in enumerate(zip(STAGES[layers], WIDENING, strict=True)):
            middle = width * times
            channels_of = (*[middle] * (len(KERNELS[layers]) - 1), middle * WIDENED[layers])
            stage = list[ResNetBlock]()
            for which in range(count):
                stage.append(ResNetBlock(inputs, channels_of, KERNELS[layers], 2 if place and not which else 1))
                inputs = channels_of[-1]
                if tied and which:
                    stage[-1].tie(stage[:-1])
            blocks += stage
        self.finish(
            first=nn.Sequential(
                nn.Conv2d(spec.inputs, width, kernel, stride, padding=kernel // 2, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
                pool,
            ),
            make_inner=lambda: nn.Sequential(*blocks),
            last=nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, spec.outputs)),
        )
        self.layers = layers
        if tied:  # weights that are shared cannot be saved with channels last
            self.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]

    def effective_depth(self, iterations: int) -> int:
        return 2 + iterations * (self.layers - 2)

    def path(self, iterations: int) -> Iterator[nn.Conv2d | nn.MaxPool2d]:
        yield from super().path(0)
        for block in self.inner.modules() if iterations else ():
            if isinstance(block, ResNetBlock):
                yield from cast(Iterable[nn.Conv2d], block.filters)


class ResNetBlock(nn.Module):
    """Convolutions, batch norm after each, and a skip around them, which is a convolution where shapes change."""

    def __init__(self, inputs: int, channels: Sequence[int], kernels: Sequence[int], stride: int):
        super().__init__()
        sizes = zip([inputs, *channels[:-1]], channels, kernels, strict=True)
        strided = kernels.index(3)
        self.filters = nn.ModuleList(
            nn.Conv2d(into, out, kernel, stride if place == strided else 1, padding=kernel // 2, bias=False)
            for place, (into, out, kernel) in enumerate(sizes)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(out) for out in channels)
        outputs = channels[-1]
        self.skip: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.skip = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def tie(self, others: Iterable["ResNetBlock"]) -> None:
        """Take each filter from the first of the others that has one of the same shape and stride."""
        for place, own in enumerate(self.filters):
            for other in others:
                its = other.filters[place]
                if (its.weight.shape, its.stride) == (own.weight.shape, own.stride):
                    self.filters[place] = its
                    break

    def forward(self, features: Tensor) -> Tensor:
        skipped = self.skip(features)
        last = len(self.filters) - 1
        for place, (convolution, norm) in enumerate(zip(self.filters, self.norms, strict=True)):
            features = norm(convolution(features))
            features = F.relu(features + skipped if place == last else features)
        return features
