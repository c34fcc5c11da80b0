"""The product of k elements of a group, encoded as real vectors: a regression (Marchetti et al. 2026, section 2).

x is (B, n, k): of each element the encoding, a vector of n numbers, with n the order of the group. y is (B,): the
product's number in the group's table. An output (B, n) stands for the element whose encoding is the most like it.
"""

from functools import lru_cache
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Puzzles, Spec, Split
from longthink.problems._drawing import every_sequence
from longthink.problems.groups._problem import GroupProblem, group_named
from longthink.problems.groups.views import CompositionView
from longthink.registry import register

LARGEST = 2**18
"""Sequences that an exhaustive sample may have."""


@register
class GroupComposition(GroupProblem):
    """Compose `level` elements of a group into one.

    An element g is encoded as x(g^-1 h), h in the group: a template x, moved by g. The template is that of a one-hot
    code less its mean; or it has the `power` in each component (`Group.components`, but for the trivial one); or it is
    your own, an image say, whose mean is taken off. `exhaustive`: every sample is all sequences there are, once, in
    every split: the loss of the theory, with nothing left to generalise to.

    >>> puzzles = GroupComposition(group="C3").view.parse("1 1")
    >>> puzzles.y.tolist(), puzzles.x.shape
    ([2], torch.Size([1, 3, 2]))
    """

    easy: ClassVar[int] = 3
    hard: ClassVar[tuple[int, ...]] = (4, 5)

    group: str = "D5"
    power: tuple[float, ...] | None = None
    template: tuple[float, ...] | None = None
    exhaustive: bool = False

    @property
    def spec(self) -> Spec:  # type: ignore[override]  # here it depends on the group
        return Spec(self.order, self.order, positions="line", answers="one")

    @property
    def view(self) -> CompositionView:
        return CompositionView(self)

    @property
    def encoding(self) -> Tensor:
        """The vectors of all elements, (n, n), a row for each."""
        return _encoding(self.group, self.power, self.template)

    def draw(self, level: int, count: int, split: Split, key: int, repeats: bool) -> Puzzles:
        if level < 2:
            raise UserError(f"A composition is of at least 2 elements; level {level} does not exist.")
        if not self.exhaustive:
            drawn = self.draw_sequences(self.order, level, count, split, key, repeats, called="sequences")
            return self.from_elements(drawn, split)
        number = self.order**level
        if number > LARGEST:
            raise UserError(
                f"There are {number} sequences of {level} elements of {self.group}, {number * 4 * self.order * level}"
                f" bytes; up to {LARGEST} are listed. Choose a smaller level or group, or leave out exhaustive."
            )
        return self.from_elements(every_sequence(self.order, level).astype(np.int64), split)

    def loss(self, output: Tensor, puzzles: Puzzles) -> Tensor:
        """What each adds to the mean of half the squared distance from the product's encoding: (B, n) -> (B,)."""
        distances: Tensor = (output - puzzles.extras["target"]).square().sum(1)
        return 0.5 * (distances / len(puzzles))

    def perfect(self, puzzles: Puzzles) -> Tensor:
        return puzzles.extras["target"]

    def answer(self, logits: Tensor, puzzles: Puzzles) -> Tensor:  # noqa: ARG002
        """All encodings are of the same length, so that the nearest is the one with the largest inner product."""
        return self._likeness(logits).argmax(1)

    def confidence(self, logits: Tensor, puzzles: Puzzles) -> Tensor:  # noqa: ARG002
        """Of the likeness of the nearest encoding, as in a softmax."""
        return self._likeness(logits).softmax(1).amax(1)

    def measures(self, logits: Tensor, puzzles: Puzzles) -> dict[str, float]:  # noqa: ARG002
        """The power of the output in each component, on the average: `power 2'` for the irrep 2'."""
        names = [self.known_group.irreps[some[0]].name for some in self.known_group.components]
        return {
            f"power {name}": float((logits @ projection.to(logits)).square().sum(1).mean())
            for name, projection in zip(names, _projections(self.group), strict=True)
        }

    def baselines(self, puzzles: Puzzles) -> dict[str, Tensor]:
        """An element by chance."""
        return {"chance": torch.full((len(puzzles),), 1 / self.order, dtype=torch.double)}

    def from_elements(self, elements: NDArray[np.int64], split: Split) -> Puzzles:
        """Puzzles from elements (N, k)."""
        products = torch.from_numpy(self.known_group.product(elements))
        x = self.encoding[torch.from_numpy(elements)].transpose(1, 2).contiguous()
        extras = {"target": self.encoding[products]}
        return Puzzles(self, elements.shape[1], x, products, split=split, extras=extras)

    def _likeness(self, logits: Tensor) -> Tensor:
        return logits @ self.encoding.to(logits).T


@lru_cache(maxsize=8)
def _projections(name: str) -> list[Tensor]:
    return [torch.from_numpy(matrix).T for matrix in group_named(name).projections()]


@lru_cache(maxsize=32)
def _encoding(name: str, power: tuple[float, ...] | None, template: tuple[float, ...] | None) -> Tensor:
    group = group_named(name)
    if power is not None and template is not None:
        raise UserError("An encoding has a power or a template, not both; leave one out.")
    if power is not None:
        values = group.template(power)
    elif template is not None:
        if len(template) != group.order:
            raise UserError(f"A template for {name} has {group.order} numbers, not {len(template)}.")
        values = np.array(template) - np.mean(template)
    else:
        values = np.eye(group.order)[group.identity] - 1 / group.order
    return torch.from_numpy(values[group.table[group.inverses]]).float()
