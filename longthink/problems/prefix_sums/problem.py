"""Prefix sums modulo two of a bit string (dissertation, section 2.2.1). The level is the number of bits.

x is (B, 1, S): the bits less 0.5, as chapter 4 feeds them. y is (B, S): bit i is the parity of bits 0..i.
"""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from longthink.base.memory import require
from longthink.base.seeds import generator_of
from longthink.contracts import Problem, Puzzles, Spec, Split
from longthink.problems._drawing import MANY, Words, check_enough, choose, draw_until_enough
from longthink.problems.prefix_sums.view import PrefixSumsView
from longthink.registry import register

BYTES_PER_BIT = 20
"""Of x and y, while they are made."""


@register
class PrefixSums(Problem):
    """The parities of all prefixes of a bit string of any length.

    The split of a string is a function of the string, so that splits are disjoint by construction.

    >>> puzzles = PrefixSums().sample(level=8, count=2, seed=0)
    >>> (puzzles.x + 0.5).int().tolist()
    [[[0, 1, 1, 0, 1, 0, 0, 1]], [[0, 0, 0, 1, 0, 1, 1, 0]]]
    >>> puzzles.y.tolist()
    [[0, 1, 0, 0, 1, 1, 1, 0], [0, 0, 0, 1, 1, 0, 1, 1]]
    """

    spec: ClassVar[Spec] = Spec(inputs=1, outputs=2, positions="line")
    easy: ClassVar[int] = 32
    hard: ClassVar[tuple[int, ...]] = (48, 512)

    @property
    def view(self) -> PrefixSumsView:
        return PrefixSumsView(self)

    def draw(self, level: int, count: int, split: Split, key: int, repeats: bool) -> Puzzles:
        require(count * level * BYTES_PER_BIT, f"{count} strings of {level} bits")
        raw = generator_of(key).bit_generator.random_raw  # which gives the same for ever

        # Few strings are drawn from a list of all of them; of the many, one in ten or more is of the right split.
        def called(of: Split) -> str:
            return f"{of} strings of {level} bits"

        if level < 12 or (level < 24 and not repeats):
            everything = np.arange(2**level, dtype=np.uint64)[:, None]
            words = choose(raw, everything, level, count, split, repeats, called)
        else:
            if not repeats:
                check_enough(_every, 2 ** min(level, MANY), level, count, split, called)
            width = -(-level // 64)

            def strings(number: int) -> Words:
                drawn: Words = raw(number * width).reshape(number, width)
                drawn[:, -1] >>= np.uint64(64 * width - level)
                return drawn

            words = draw_until_enough(strings, level, count, split, repeats, most=2**24 // width)
        return replace(self.from_bits(_unpack(words, level)), split=split)

    def algorithms(self, puzzles: Puzzles) -> dict[str, Tensor]:
        """A scan from left to right decides bit i in round i + 1, one of Hillis and Steele in log2 of that."""
        position = torch.arange(1, puzzles.level + 1).expand(len(puzzles), -1)
        return {"scan": position, "parallel_scan": position.double().log2().ceil().long() + 1}

    def from_bits(self, bits: NDArray[np.uint8]) -> Puzzles:
        """Puzzles from bits (N, S)."""
        x = torch.from_numpy(bits.astype(np.float32)).unsqueeze(1) - 0.5
        y = torch.from_numpy(np.cumsum(bits, axis=1, dtype=np.int64) % 2)
        return Puzzles(self, bits.shape[1], x, y)


def _every(first: int, last: int) -> Words:
    """The strings of one word from one number to another."""
    return np.arange(first, last, dtype=np.uint64)[:, None]


def _unpack(words: Words, level: int) -> NDArray[np.uint8]:
    """Bits (N, level) from words, first bit lowest."""
    octets = np.ascontiguousarray(words.astype("<u8")).view(np.uint8)
    return np.unpackbits(octets, axis=1, bitorder="little")[:, :level]
