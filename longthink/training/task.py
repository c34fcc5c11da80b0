"""What a training is about: the batches, their losses, and how well the net does. The loop knows nothing else of it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from longthink.base.frozen import Frozen
from longthink.contracts import Loss, Spec, Thinker

if TYPE_CHECKING:
    from longthink.training.recipe import Recipe


class Batch(Protocol):
    """What a step of training looks at. Several processes take a part each."""

    def part(self, rank: int, of: int) -> "Batch":
        """The share of one process."""

    def to(self, device: torch.device | str) -> "Batch":
        """The same elsewhere."""


class Lessons(ABC):
    """A task on its way through the steps of one training."""

    @abstractmethod
    def batch(self, step: int) -> Any:
        """The `Batch` of a step. It depends on the recipe, its seed, the step and `state` alone.

        Lessons that have no `state` of their own may be asked from another thread, while the step before is computed.
        """

    @abstractmethod
    def losses(self, net: Thinker, batch: Any, rng: np.random.Generator) -> Iterator[Loss]:
        """One or more losses of a batch; the optimiser takes a step after each, and the next is computed after it."""

    @abstractmethod
    def measures(self, batch: Any, loss: Loss) -> dict[str, float | int]:
        """Columns of the history, from a batch and its last loss: at least `accuracy` and `level`."""

    @abstractmethod
    def evaluate(self, net: Thinker) -> dict[str, float]:
        """How well a net does. The first number is what the best weights are chosen by: more is better."""

    def state(self) -> dict[str, Any]:
        """Tensors and plain values that `batch` depends on besides, for checkpoints."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:  # noqa: B027  # there is nothing to do, unless a task has a state
        """What `state` gave."""


class Task(Frozen, ABC):
    """What the loop trains on. The fields of a subclass are its options."""

    @property
    @abstractmethod
    def spec(self) -> Spec:
        """What a net must take and give."""

    @property
    @abstractmethod
    def regime(self) -> int:
        """The training regime m: the most iterations with gradient."""

    @property
    @abstractmethod
    def longest(self) -> int:
        """The most iterations that any batch runs for, with and without gradient."""

    def check(self, net: Thinker) -> None:  # a task for all nets has nothing to refuse
        """Raises UserError for a net that it is not for; it is asked before the training begins."""

    @abstractmethod
    def begin(self, recipe: "Recipe") -> Lessons:
        """At the first step of a training."""
