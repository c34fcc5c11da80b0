"""Drawing puzzles of a split: a hash says which split one belongs to, so there is nothing to keep.

Shapes: N sequences, W words of 64 bits (or symbols) each.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from longthink.base.draws import OF_TEN
from longthink.base.errors import UserError
from longthink.contracts import Split

Words = NDArray[np.uint64]
OF_FOUR: dict[Split, tuple[int, int]] = {"train": (2, 3), "validation": (0, 0), "test": (1, 1)}
"""Which of four equal shares of all puzzles (`splitmix.SHARES`) a split owns, from and to.

For those that take longer to draw than the ones of `draws.OF_TEN`: fewer of another split come between.
"""
MANY = 64
"""Places of a sequence from which on there are more than anybody asks for."""
AT_ONCE = 2**20
"""Sequences that are hashed at once where all are counted."""


def every_sequence(symbols: int, length: int, first: int = 0, last: int | None = None) -> Words:
    """All (symbols ** length, length) of them, or those from `first` to `last`; the first place changes fastest.

    >>> every_sequence(2, 2).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    numbers = np.arange(first, symbols**length if last is None else last)
    return (numbers[:, None] // symbols ** np.arange(length) % symbols).astype(np.uint64)


def choose(
    raw: Callable[[int], Words],
    everything: Words,
    level: int,
    count: int,
    split: Split,
    repeats: bool,
    called: Callable[[Split], str],
) -> Words:
    """Choose among all sequences (N, W) of a level, with or without repeats. `raw` draws words.

    Raises UserError where there are too few; `called` says what they are.
    """
    some = everything[is_in(split, everything, level)]
    if len(some) == 0 or (count > len(some) and not repeats):
        raise _too_few(len(some), called(split), count)
    chosen = raw(count) % np.uint64(len(some)) if repeats else np.argsort(raw(len(some)), kind="stable")[:count]
    words: Words = some[chosen]
    return words


def check_enough(
    listed: Callable[[int, int], Words],
    total: int,
    level: int,
    count: int,
    split: Split,
    called: Callable[[Split], str],
) -> None:
    """Raises UserError where a split has fewer than `count` different sequences, of which there are `total` in all.

    `listed` gives those from one number to another; they are counted where more than half of a split is asked for.
    """
    if 2 * count * 10 <= total * len(OF_TEN[split]):
        return
    parts = ((first, min(first + AT_ONCE, total)) for first in range(0, total, AT_ONCE))
    there = sum(int(is_in(split, listed(*part), level).sum()) for part in parts)
    if count > there:
        raise _too_few(there, called(split), count)


def _too_few(there: int, called: str, count: int) -> UserError:
    return UserError(
        f"There are only {there} different {called}, and {count} are asked for; ask for fewer or for longer ones."
    )


def draw_until_enough(
    draw: Callable[[int], Words], level: int, count: int, split: Split, repeats: bool, most: int
) -> Words:
    """Draw sequences, `draw(n)` of them (n, W) at a time and `most` at the most, until `count` are of the split.

    Without repeats it has no end where there are not so many: see `check_enough`.
    """
    per_round = min(count * 10 // len(OF_TEN[split]) + 64, max(64, most))
    drawn = draw(per_round)
    found = drawn[is_in(split, drawn, level)]
    while True:
        if not repeats:
            _, first = np.unique(found, axis=0, return_index=True)
            found = found[np.sort(first)]
        if len(found) >= count:
            return found[:count]
        drawn = draw(per_round)
        found = np.concatenate([found, drawn[is_in(split, drawn, level)]])


def is_in(split: Split, sequences: Words, level: int) -> NDArray[np.bool_]:
    """Which sequences belong to a split, by a 64-bit hash (the finaliser of splitmix64) of their words and length."""
    hashed = np.full(len(sequences), level, dtype=np.uint64)
    for word in sequences.T:
        hashed = hashed ^ word
        hashed = (hashed ^ (hashed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        hashed = (hashed ^ (hashed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        hashed = hashed ^ (hashed >> np.uint64(31)) ^ np.uint64(0x9E3779B97F4A7C15)
    share = (hashed >> np.uint64(32)) % np.uint64(10)
    return (share >= OF_TEN[split].start) & (share < OF_TEN[split].stop)
