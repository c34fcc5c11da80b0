"""What the nets of chapter 3 have in common: a recurrent and a feed-forward form of the same code.

Shapes: B batch, C channels, W width, K classes.
"""

from collections.abc import Callable, Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn

from longthink.base.errors import UserError
from longthink.contracts import Spec, State, Thinker
from longthink.thinking.counted import Counted


class ImageThinker(Thinker):
    """last(r(...r(first(x)))): layers before, steps between, layers after (equations 3.1 and 3.2).

    With `limit` there are so many steps. The recurrent form takes all with one module; if they are not `shared`, each
    has its own: the feed-forward form. A subclass calls `finish` with its parts.
    """

    takes: ClassVar[tuple[str, ...]] = ("grid",)
    gives: ClassVar[tuple[str, ...]] = ("one",)
    layers_beside: ClassVar[int]
    """Layers with weights before and after the steps."""
    layers_of_step: int

    first: nn.Module
    inner: nn.ModuleList
    last: nn.Module

    def __init__(self, spec: Spec, limit: int | None, shared: bool, size: int | None = None):
        super().__init__()
        self.check_takes(spec)
        if limit is not None and limit < 1:
            raise UserError(f"A net takes at least 1 step, not {limit}.")
        if limit is None and not shared:
            raise UserError("A feed-forward net has a number of steps; set model.limit.")
        self.limit, self.shared, self.size = limit, shared, size

    @classmethod
    def specs(cls) -> tuple[Spec, ...]:
        return (Spec(inputs=2, outputs=4, positions="grid", answers="one", size=32),)

    def finish(self, first: nn.Module, make_inner: Callable[[], nn.Module], last: nn.Module) -> None:
        """Put the parts together, weights laid out with channels last, like the features."""
        self.first = first
        self.inner = nn.ModuleList(make_inner() for _ in range(1 if self.shared else self.limit or 1))
        self.last = last
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def see(self, x: Tensor) -> Tensor:
        """Raises UserError for pictures of another size than the net is made for."""
        if x.ndim != 4 or (self.size is not None and x.shape[2:] != (self.size, self.size)):
            wanted = "any size" if self.size is None else f"{self.size} x {self.size} pixels"
            raise UserError(f"This net takes pictures of {wanted}, not {list(x.shape[2:])}; set model.size.")
        return x.contiguous(memory_format=torch.channels_last)

    def start(self, seen: Tensor) -> Counted:
        return Counted(self.first(seen), 0)

    def step(self, state: Counted, seen: Tensor) -> Counted:  # noqa: ARG002
        if state.steps == self.limit:
            raise UserError(f"This net has {self.limit} steps and all of them are done.")
        return Counted(self.advance(state.features, state.steps), state.steps + 1)

    def advance(self, features: Tensor, step: int) -> Tensor:
        """Step number `step`, from 0."""
        advanced: Tensor = self.inner[0 if self.shared else step](features)
        return advanced

    def read(self, state: State) -> Tensor:
        logits: Tensor = self.last(self.features(state))
        return logits

    def features(self, state: Counted) -> Tensor:
        return state.features

    def with_features(self, state: Counted, features: Tensor) -> Counted:
        return state._replace(features=features)

    def recurrent_parameters(self) -> list[nn.Parameter]:
        return list(self.inner.parameters())

    def effective_depth(self, iterations: int) -> int:
        """Layers with weights between input and output (section 3.2)."""
        return self.layers_beside + self.layers_of_step * iterations

    def receptive_field(self, iterations: int) -> int:
        """Pixels along an axis that one feature can depend on after so many steps, if the picture is large enough."""
        field, apart = 1, 1
        for layer in self.path(iterations):
            field += (_along(layer.kernel_size) - 1) * apart
            apart *= _along(layer.stride)
        return field

    def path(self, iterations: int) -> Iterator[nn.Conv2d | nn.MaxPool2d]:
        """The layers that look around, in the order that a picture passes them; without those of skips."""
        parts = [self.first, *(self.inner[0 if self.shared else step] for step in range(iterations))]
        for part in parts:
            yield from (layer for layer in part.modules() if isinstance(layer, nn.Conv2d | nn.MaxPool2d))


def _along(size: int | tuple[int, ...]) -> int:
    return size if isinstance(size, int) else size[0]
