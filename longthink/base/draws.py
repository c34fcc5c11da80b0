"""Drawing puzzles of a split: a hash of each says which split it belongs to, so that there is nothing to keep."""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longthink.base.errors import UserError
from longthink.base.splits import Split

OF_TEN: dict[Split, range] = {"train": range(8), "validation": range(8, 9), "test": range(9, 10)}
"""Which of ten equal shares of all puzzles a split owns."""
MOST_ROUNDS = 1000
"""Rounds of drawing after which there are no more."""


def in_split(rows: NDArray[Any], split: Split) -> NDArray[np.bool_]:
    """Which rows (N, ...) are of a split, by a hash of the bytes of each.

    >>> rows = np.arange(1000)[:, None]
    >>> [int(in_split(rows, split).sum()) for split in ("train", "validation", "test")]
    [813, 105, 82]
    """
    hashed = (hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in np.ascontiguousarray(rows))
    return np.array([int.from_bytes(one, "big") % 10 in OF_TEN[split] for one in hashed], np.bool_)


def draw_of_split(draw: Callable[[int], NDArray[Any]], count: int, split: Split, repeats: bool = False) -> NDArray[Any]:
    """Draw rows until enough are of a split: what `Problem.draw` of a problem of your own may be made of.

    Args:
        draw: draws so many rows (n, ...), other ones at each call.
        count: how many are wanted.
        split: no row is ever in two.
        repeats: whether a row may come twice.

    Returns:
        (count, ...).

    Raises:
        UserError: there are fewer different rows than are wanted, as far as drawing tells.

    >>> rng = np.random.default_rng(0)
    >>> draw_of_split(lambda n: rng.integers(0, 10, (n, 4)), 3, "test").shape
    (3, 4)
    """
    found: NDArray[Any] | None = None
    for _ in range(MOST_ROUNDS):
        drawn = draw(count * 10 // len(OF_TEN[split]) + 64)
        some = drawn[in_split(drawn, split)]
        found = some if found is None else np.concatenate([found, some])
        if not repeats:
            found = found[np.sort(np.unique(found, axis=0, return_index=True)[1])]
        if len(found) >= count:
            return found[:count]
    raise UserError(f"There are not {count} different {split} puzzles of this level; ask for fewer, or a higher level.")
