"""Prefix sums modulo two of a bit string (dissertation, section 2.2.1). The level is the number of bits.

x is (B, 1, S): the bits less 0.5, as chapter 4 feeds them. y is (B, S): bit i is the parity of bits 0..i.
"""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from longthink.contracts import Problem, Puzzles, Split
from longthink.errors import UserError
from longthink.problems._sequences import Words, choose, draw_until_enough
from longthink.seeds import generator_of

CELL = 12
"""Pixels along the side of one bit in a picture."""


class PrefixSums(Problem):
    """The parities of all prefixes of a bit string of any length.

    The split of a string is a function of the string, so that splits are disjoint by construction.

    >>> puzzles = PrefixSums().sample(level=8, count=2, seed=0)
    >>> (puzzles.x + 0.5).int().tolist()
    [[[0, 1, 1, 0, 1, 0, 0, 1]], [[0, 0, 0, 1, 0, 1, 1, 0]]]
    >>> puzzles.y.tolist()
    [[0, 1, 0, 0, 1, 1, 1, 0], [0, 0, 0, 1, 1, 0, 1, 1]]
    """

    channels: ClassVar[int] = 1
    classes: ClassVar[int] = 2
    ndim: ClassVar[int] = 1
    easy: ClassVar[int] = 32
    hard: ClassVar[tuple[int, ...]] = (48, 512)

    def draw(self, level: int, count: int, split: Split, key: int, repeats: bool) -> Puzzles:
        if level < 1:
            raise UserError(f"A bit string has at least 1 bit; level {level} does not exist.")
        raw = generator_of(key).bit_generator.random_raw  # which gives the same for ever
        # Few strings are drawn from a list of all of them; of the many, one in ten or more is of the right split.
        if level < 12 or (level < 24 and not repeats):
            everything = np.arange(2**level, dtype=np.uint64)[:, None]
            words = choose(raw, everything, level, count, split, repeats, lambda of: f"{of} strings of {level} bits")
        else:
            width = -(-level // 64)

            def strings(number: int) -> Words:
                drawn: Words = raw(number * width).reshape(number, width)
                drawn[:, -1] >>= np.uint64(64 * width - level)
                return drawn

            words = draw_until_enough(strings, level, count, split, repeats, most=2**24 // width)
        return replace(self.from_bits(_unpack(words, level)), split=split)

    def parse(self, text: str) -> Puzzles:
        bits = text.strip()
        if not bits or set(bits) - set("01"):
            raise UserError(f"A bit string is made of 0 and 1 only, like 10110; got '{_shorten(bits)}'.")
        return self.from_bits(np.array([[int(bit) for bit in bits]], dtype=np.uint8))

    def write(self, answers: Tensor, puzzles: Puzzles) -> str:  # noqa: ARG002
        return "".join(str(int(bit)) for bit in answers[0])

    def render(self, puzzles: Puzzles, values: Tensor | None = None) -> NDArray[np.uint8]:
        """Two rows of cells, white for 1 and black for 0: the input above, the target (or `values`) below."""
        rows = torch.stack([puzzles.x[0, 0] + 0.5, puzzles.y[0] if values is None else values])
        grey = (rows.double().clamp(0, 1) * 255).round().to(torch.uint8).numpy()
        cells = np.kron(grey, np.ones((CELL, CELL), dtype=np.uint8))
        framed = np.full((cells.shape[0] + 2, cells.shape[1] + 2, 3), 128, dtype=np.uint8)
        framed[1:-1, 1:-1] = cells[..., None]
        return framed

    def algorithms(self, puzzles: Puzzles) -> dict[str, Tensor]:
        """A scan from left to right decides bit i in round i + 1, one of Hillis and Steele in log2 of that."""
        position = torch.arange(1, puzzles.level + 1).expand(len(puzzles), -1)
        return {"scan": position, "parallel_scan": position.double().log2().ceil().long() + 1}

    def from_bits(self, bits: NDArray[np.uint8]) -> Puzzles:
        """Puzzles from bits (N, S)."""
        x = torch.from_numpy(bits.astype(np.float32)).unsqueeze(1) - 0.5
        y = torch.from_numpy(np.cumsum(bits, axis=1, dtype=np.int64) % 2)
        return Puzzles(self, bits.shape[1], x, y)


def _unpack(words: Words, level: int) -> NDArray[np.uint8]:
    """Bits (N, level) from words, first bit lowest."""
    octets = np.ascontiguousarray(words.astype("<u8")).view(np.uint8)
    return np.unpackbits(octets, axis=1, bitorder="little")[:, :level]


def _shorten(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
