"""What nets of layers share that take a whole sequence of encoded elements at once.

Shapes: B batch, C numbers that encode an element, k elements, H neurons.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Spec, Thinker
from longthink.thinking.counted import Counted


class SequenceThinker(Thinker, ABC):
    """A net for sequences of one length, with layers of their own: a step is a layer, and the state counts them."""

    takes: ClassVar[tuple[str, ...]] = ("line",)
    gives: ClassVar[tuple[str, ...]] = ("one",)

    shape: tuple[int, int]
    """(C, k)"""

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
        return Counted(self.layer(state), state.steps + 1)

    @abstractmethod
    def layer(self, state: Counted) -> Tensor:
        """What the next neurons say, (B, H)."""

    def features(self, state: Counted) -> Tensor:
        return state.features

    def with_features(self, state: Counted, features: Tensor) -> Counted:
        return state._replace(features=features)
