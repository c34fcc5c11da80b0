"""Residual nets for pictures, with and without batch norm (dissertation, sections 3.2.3 and 3.3.1)."""

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn

from longthink.base.errors import UserError
from longthink.contracts import Size, Spec
from longthink.models.images._parts import ImageThinker
from longthink.registry import register

LAYERS_OF_BLOCK = 4


@register
class ResidualNet(ImageThinker):
    """A convolution, a residual block for each step, a convolution, a linear layer. Effective depth: 3 + 4 x steps.

    A block is four convolutions with a skip every two, ReLU after each. The convolutions beside the blocks stride by
    two; `after` is the channels of the last, by default `width`, that of all others. There is average pooling before
    the linear layer. With `batch_norm` there is one after every convolution, and each step has its own: its statistics
    and its weights, while the filters are shared. So such a net has a `limit`.
    The defaults are the dissertation's recurrent net for CIFAR-10, 12 M parameters; those of table 3.3 are below.

    >>> sum(p.numel() for p in ResidualNet(Spec(3, 10, "grid", "one")).parameters())
    11815434
    >>> net = ResidualNet(Spec(3, 10, "grid", "one"), width=256, after=512, batch_norm=True, limit=4)
    >>> sum(p.numel() for p in net.parameters()), net.effective_depth(4)
    (3560714, 19)
    """

    layers_beside: ClassVar[int] = 3
    layers_of_step: int = LAYERS_OF_BLOCK

    def __init__(
        self,
        spec: Spec,
        width: Size = 512,
        after: Size | None = None,
        batch_norm: bool = False,
        limit: int | None = None,
        shared: bool = True,
    ):
        super().__init__(spec, limit, shared)
        if batch_norm and limit is None:
            raise UserError("A net with batch norm has statistics for a number of steps; set model.limit.")
        after = after or width

        def norm(channels: int) -> nn.Module:
            return nn.BatchNorm2d(channels) if batch_norm else nn.Identity()

        self.finish(
            first=nn.Sequential(_convolution(spec.inputs, width, stride=2), norm(width), nn.ReLU()),
            make_inner=lambda: ImageBlock(width),
            last=nn.Sequential(
                _convolution(width, after, stride=2),
                norm(after),
                nn.ReLU(),
                nn.AdaptiveAvgPool2d(1),
                nn.Flatten(),
                nn.Linear(after, spec.outputs),
            ),
        )
        self.norms = nn.ModuleList(
            nn.ModuleList(norm(width) for _ in range(LAYERS_OF_BLOCK)) for _ in range(limit or 1 if batch_norm else 1)
        )

    def advance(self, features: Tensor, step: int) -> Tensor:
        norms = self.norms[step if len(self.norms) > 1 else 0]
        advanced: Tensor = self.inner[0 if self.shared else step](features, norms)
        return advanced

    def recurrent_parameters(self) -> list[nn.Parameter]:
        return [*self.inner.parameters(), *self.norms.parameters()]


class ImageBlock(nn.Module):
    """Four convolutions with a skip every two; what normalises after each is given, since iterations differ in it."""

    def __init__(self, width: int):
        super().__init__()
        self.convolutions = nn.ModuleList(_convolution(width, width) for _ in range(LAYERS_OF_BLOCK))
        self.activations = nn.ModuleList(nn.ReLU() for _ in range(LAYERS_OF_BLOCK))

    def forward(self, features: Tensor, norms: Sequence[nn.Module]) -> Tensor:
        skipped = features
        for place, layers in enumerate(zip(self.convolutions, norms, self.activations, strict=True)):
            convolution, norm, activation = layers
            features = norm(convolution(features))
            if place % 2:
                features = skipped = activation(features + skipped)
            else:
                features = activation(features)
        return features


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
