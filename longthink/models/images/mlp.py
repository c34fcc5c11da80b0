"""Multi-layer perceptrons for pictures (dissertation, section 3.2.1)."""

from typing import ClassVar

from torch import nn

from longthink.contracts import Size, Spec
from longthink.models.images._parts import ImageThinker
from longthink.registry import register


@register
class MLP(ImageThinker):
    """A layer before, a layer for each step, a layer after, ReLU between them (table 3.1). Effective depth: 2 + steps.

    Pictures have `size` by `size` pixels. The defaults are the dissertation's recurrent net for CIFAR-10.

    >>> net = MLP(Spec(3, 10, "grid", "one"))
    >>> [sum(p.numel() for p in part.parameters()) for part in (net.first, net.inner, net.last)]
    [614600, 40200, 2010]
    >>> net.effective_depth(3)
    5
    """

    layers_beside: ClassVar[int] = 2
    layers_of_step: int = 1

    def __init__(
        self,
        spec: Spec,
        width: Size = 200,
        size: Size = 32,
        limit: int | None = None,
        shared: bool = True,
    ):
        super().__init__(spec, limit, shared, size)
        self.finish(
            first=nn.Sequential(nn.Flatten(), nn.Linear(spec.inputs * size**2, width), nn.ReLU()),
            make_inner=lambda: nn.Sequential(nn.Linear(width, width), nn.ReLU()),
            last=nn.Linear(width, spec.outputs),
        )

    def receptive_field(self, iterations: int) -> int:  # noqa: ARG002
        """All of the picture, from the first layer on."""
        assert self.size is not None
        return self.size
