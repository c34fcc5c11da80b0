"""Convolutional nets without skips for pictures (dissertation, section 3.2.2)."""

from typing import ClassVar

from torch import nn

from longthink.base.errors import UserError
from longthink.contracts import Size, Spec
from longthink.models.images._parts import ImageThinker
from longthink.registry import register


@register
class ConvNet(ImageThinker):
    """Two convolutions, one for each step, one after, then a linear layer (table 3.2). Effective depth: 4 + steps.

    There is max pooling before and after the last convolution. Those outside the steps have no padding. `first` is the
    channels of the first layer, `width` of the second and of the steps, `after` of the last convolution. Pictures have
    `size` by `size` pixels. If not `internal`, the internal module is left out: a step changes nothing, and the
    effective depth is 4. The defaults are the dissertation's.

    >>> net = ConvNet(Spec(3, 10, "grid", "one"))
    >>> sum(p.numel() for p in net.inner.parameters()), net.last[-1].in_features, net.effective_depth(4)
    (36928, 4608, 8)
    >>> ConvNet(Spec(3, 10, "grid", "one"), internal=False).effective_depth(1)
    4
    """

    layers_beside: ClassVar[int] = 4

    def __init__(
        self,
        spec: Spec,
        first: Size = 32,
        width: Size = 64,
        after: Size = 128,
        size: Size = 32,
        limit: int | None = None,
        shared: bool = True,
        internal: bool = True,
    ):
        super().__init__(spec, limit, shared, size)
        self.layers_of_step = int(internal)
        side = ((size - 4) // 2 - 2) // 2
        if side < 1:
            raise UserError(f"A picture of {size} x {size} pixels is too small for this net; 12 x 12 is the least.")
        self.finish(
            first=nn.Sequential(nn.Conv2d(spec.inputs, first, 3), nn.ReLU(), nn.Conv2d(first, width, 3), nn.ReLU()),
            make_inner=lambda: nn.Sequential(*([nn.Conv2d(width, width, 3, padding=1), nn.ReLU()] if internal else [])),
            last=nn.Sequential(
                nn.MaxPool2d(2),
                nn.Conv2d(width, after, 3),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Flatten(),
                nn.Linear(after * side**2, spec.outputs),
            ),
        )
