"""Products in a group (Marchetti et al. 2026, arXiv 2602.03655): prefix products of a sequence, the level its length.

Prefix sums are the group of two elements. x is (B, C, S): one channel for each symbol, 1 at the positions where it is,
less the mean 1 / C. y is (B, S): the product of the first 1, 2, ..., S elements, from left to right.
"""

from colorsys import hsv_to_rgb
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from longthink.contracts import Puzzles, Split
from longthink.errors import UserError
from longthink.problems._group_problem import GroupProblem, named

Sequences = NDArray[np.int64]
"""Symbols (N, S)."""
SAID_AT_ONCE = 20
"""Elements that a message names."""
CELL = 8


class GroupProducts(GroupProblem):
    """Multiply elements of a group, and keep the product so far at every position.

    With `feed` elements, every element is a symbol; with generators, only the neutral one and a few whose products all
    others are (the word problem): that keeps the input of a large group small. Elements go by their numbers in the
    group's table.

    >>> puzzles = GroupProducts(group="C3").parse("1 1 2 1")
    >>> puzzles.y.tolist(), puzzles.x.shape
    ([[1, 2, 1, 2]], torch.Size([1, 3, 4]))
    """

    ndim: ClassVar[int] = 1
    easy: ClassVar[int] = 32
    hard: ClassVar[tuple[int, ...]] = (128, 512)

    group: str = "S3"
    feed: Literal["elements", "generators"] = "elements"

    @property
    def channels(self) -> int:  # type: ignore[override]  # here they depend on the group
        return len(self.symbols)

    @property
    def symbols(self) -> tuple[int, ...]:
        """The elements that may be fed."""
        return _symbols(self.group, self.feed)

    def draw(self, level: int, count: int, split: Split, key: int, repeats: bool) -> Puzzles:
        if level < 1:
            raise UserError(f"A product has at least 1 element; level {level} does not exist.")
        chosen = self.draw_sequences(self.channels, level, count, split, key, repeats, called="products")
        return self.from_symbols(chosen, split)

    def parse(self, text: str) -> Puzzles:
        """Numbers of elements, with spaces between: 3 1 4 1 5."""
        words, elements = text.replace(",", " ").split(), list[int]()
        known = dict(zip(map(str, self.symbols), range(len(self.symbols)), strict=True))
        for word in words:
            if word not in known:
                some = ", ".join([*known][:SAID_AT_ONCE]) + (", ..." if len(known) > SAID_AT_ONCE else "")
                raise UserError(f"'{word}' is no symbol of {self.group}; those that are fed are {some}.")
            elements.append(known[word])
        if not elements:
            raise UserError("A product has at least 1 element; give their numbers, like 3 1 4.")
        return self.from_symbols(np.array([elements]), "test")

    def write(self, answers: Tensor, puzzles: Puzzles) -> str:  # noqa: ARG002
        return " ".join(map(str, answers[0].tolist()))

    def render(self, puzzles: Puzzles, values: Tensor | None = None) -> NDArray[np.uint8]:
        """Two rows of cells: elements above, products below, a colour for each; or `values` below, black to white."""
        hues = (hsv_to_rgb(element / self.classes, 0.8, 0.9) for element in range(self.classes))
        colours = (np.array([*hues]) * 255).astype(np.uint8)
        above = colours[np.array(self.symbols)[puzzles.x[0].argmax(0).cpu().numpy()]]
        if values is None:
            below = colours[puzzles.y[0].cpu().numpy()]
        else:
            grey = (values.double().clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
            below = np.repeat(grey[:, None], 3, axis=1)
        return np.repeat(np.repeat(np.stack([above, below]), CELL, 0), CELL, 1)

    def baselines(self, puzzles: Puzzles) -> dict[str, Tensor]:
        """Elements by chance."""
        return {"chance": torch.full((len(puzzles),), float(self.classes) ** -puzzles.level, dtype=torch.double)}

    def from_symbols(self, chosen: Sequences, split: Split) -> Puzzles:
        """Puzzles from places (N, S) among the symbols."""
        elements = np.array(self.symbols)[chosen]
        products = torch.from_numpy(self.known_group.prefix_products(elements))
        one_hot = torch.nn.functional.one_hot(torch.from_numpy(chosen), self.channels).movedim(2, 1).float()
        return Puzzles(self, chosen.shape[1], one_hot - 1 / self.channels, products, split=split)


@lru_cache(maxsize=32)
def _symbols(name: str, feed: str) -> tuple[int, ...]:
    group = named(name)
    return tuple(range(group.order) if feed == "elements" else [group.identity, *group.generators()])
