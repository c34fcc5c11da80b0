"""What problems about a group have in common: which one it is, and sequences of symbols that stand for elements."""

from abc import ABC
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from longthink.base.memory import require
from longthink.base.seeds import generator_of
from longthink.contracts import Problem, Split
from longthink.problems._drawing import MANY, Words, check_enough, choose, draw_until_enough, every_sequence
from longthink.problems.groups.group import Group

FEW = 2**16
"""So many sequences, or fewer, are drawn from a list of all of them."""

BYTES_PER_SYMBOL = 8
"""Of what encodes one of the elements that it may be, at a place."""


class GroupProblem(Problem, ABC):
    """`group` is a name that `Group.named` takes: C3, S3, Q8, A5, S5, C5xC5, ... An answer is an element of it."""

    group: str

    @property
    def order(self) -> int:
        """Elements of the group."""
        return self.known_group.order

    @property
    def known_group(self) -> Group:
        """Raises UserError for a name that is no group's."""
        return group_named(self.group)

    def draw_sequences(
        self, symbols: int, level: int, count: int, split: Split, key: int, repeats: bool, called: str
    ) -> NDArray[np.int64]:
        """`count` sequences (count, level) of a split, of so many symbols; `Problem.draw` says when not.

        What they are `called`, in the plural, is for the message.
        """
        raw = generator_of(key).bit_generator.random_raw

        def sequences(wanted: int) -> Words:
            """The high half of a word times the number of symbols, and of that the high half: nearly even."""
            high = raw(wanted * level).reshape(wanted, level) >> np.uint64(32)
            drawn: Words = high * np.uint64(symbols) >> np.uint64(32)
            return drawn

        def in_words(of: Split) -> str:
            return f"{of} {called} of {level} elements of {self.group}"

        require(count * level * symbols * BYTES_PER_SYMBOL, f"{count} {called} of {level} elements of {self.group}")
        total = symbols ** min(level, MANY)
        if total <= FEW:
            words = choose(raw, every_sequence(symbols, level), level, count, split, repeats, in_words)
        else:
            if not repeats:
                check_enough(partial(every_sequence, symbols, level), total, level, count, split, in_words)
            words = draw_until_enough(sequences, level, count, split, repeats, most=2**22 // level)
        return words.astype(np.int64)


@lru_cache(maxsize=32)
def group_named(name: str) -> Group:
    """`Group.named`, each made once."""
    return Group.named(name)
