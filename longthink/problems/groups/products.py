"""Products in a group (Marchetti et al. 2026, arXiv 2602.03655): prefix products of a sequence, the level its length.

Prefix sums are the group of two elements. x is (B, C, S): one channel for each symbol, 1 at the positions where it is,
less the mean 1 / C. y is (B, S): the product of the first 1, 2, ..., S elements, from left to right.
"""

from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from longthink.contracts import Puzzles, Spec, Split
from longthink.problems.groups._problem import GroupProblem, group_named
from longthink.problems.groups.views import ProductsView
from longthink.registry import register

Sequences = NDArray[np.int64]
"""Symbols (N, S)."""


@register
class GroupProducts(GroupProblem):
    """Multiply elements of a group, and keep the product so far at every position.

    With `feed` elements, every element is a symbol; with generators, only the neutral one and a few whose products all
    others are (the word problem): that keeps the input of a large group small. Elements go by their numbers in the
    group's table.

    >>> puzzles = GroupProducts(group="C3").view.parse("1 1 2 1")
    >>> puzzles.y.tolist(), puzzles.x.shape
    ([[1, 2, 1, 2]], torch.Size([1, 3, 4]))
    """

    easy: ClassVar[int] = 32
    hard: ClassVar[tuple[int, ...]] = (128, 512)

    group: str = "S3"
    feed: Literal["elements", "generators"] = "elements"

    @property
    def spec(self) -> Spec:  # type: ignore[override]  # here it depends on the group
        return Spec(len(self.symbols), self.order, positions="line")

    @property
    def view(self) -> ProductsView:
        return ProductsView(self)

    @property
    def symbols(self) -> tuple[int, ...]:
        """The elements that may be fed."""
        return _symbols(self.group, self.feed)

    @property
    def encoding(self) -> Tensor:
        """The vectors of all symbols, (C, C), a row for each."""
        return torch.eye(len(self.symbols)) - 1 / len(self.symbols)

    def draw(self, level: int, count: int, split: Split, key: int, repeats: bool) -> Puzzles:
        chosen = self.draw_sequences(len(self.symbols), level, count, split, key, repeats, called="products")
        return self.from_symbols(chosen, split)

    def baselines(self, puzzles: Puzzles) -> dict[str, Tensor]:
        """Elements by chance."""
        return {"chance": torch.full((len(puzzles),), float(self.order) ** -puzzles.level, dtype=torch.double)}

    def from_symbols(self, chosen: Sequences, split: Split) -> Puzzles:
        """Puzzles from places (N, S) among the symbols."""
        elements = np.array(self.symbols)[chosen]
        products = torch.from_numpy(self.known_group.prefix_products(elements))
        x = self.encoding[torch.from_numpy(chosen)].transpose(1, 2)
        return Puzzles(self, chosen.shape[1], x, products, split=split)


@lru_cache(maxsize=32)
def _symbols(name: str, feed: str) -> tuple[int, ...]:
    group = group_named(name)
    return tuple(range(group.order) if feed == "elements" else [group.identity, *group.generators()])
