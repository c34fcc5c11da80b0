"""Composition tables of finite groups: row a and column b have the product of a and b."""

import re
from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longthink.base.errors import UserError

Table = NDArray[np.int64]
LARGEST = 2000
"""The order up to which a table is held."""


def table_of(name: str) -> Table:
    """C11 cyclic, D5 dihedral of order 10, S5 symmetric, A5 alternating, Q8 the quaternions, O the rotations of a cube,
    I those of an icosahedron, and direct products of them like C5xC5: element a * m + b stands for (a, b), with m the
    order of the second group.

    Raises UserError for another name, and for a group that is too large.

    >>> table_of("C3").tolist()
    [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
    """
    table = np.zeros((1, 1), np.int64)
    for part in name.split("x"):
        factor = _factor(part)
        _check_order(len(table) * len(factor), name)
        table = _direct_product(table, factor)
    return table


def checked(table: Any) -> Table:
    """The table as an array. Raises UserError, which says which axiom fails and where, if it is no group's."""
    rows = np.asarray(table)
    if rows.ndim != 2 or rows.shape[0] != rows.shape[1] or rows.size == 0 or rows.dtype.kind not in "iu":
        raise UserError(f"A composition table is a square of whole numbers, not {list(rows.shape)} of {rows.dtype}.")
    n = len(rows)
    _check_order(n, "This table")
    rows = rows.astype(np.int64)
    if rows.min() < 0 or rows.max() >= n:
        a, b = np.argwhere((rows < 0) | (rows >= n))[0]
        raise UserError(f"This is no group: it is not closed, since {a} times {b} is {rows[a, b]}, and there are {n}.")
    neutral = np.flatnonzero((rows == np.arange(n)).all(1) & (rows == np.arange(n)[:, None]).all(0))
    if len(neutral) == 0:
        raise UserError("This is no group: no element is neutral, that is, leaves all others as they are.")
    without = np.flatnonzero(~(rows == neutral[0]).any(1))
    if len(without):
        raise UserError(f"This is no group: {without[0]} has no inverse.")
    for a in range(n):
        left, right = rows[rows[a]], rows[a][rows]  # (a b) c and a (b c)
        if (left != right).any():
            b, c = np.argwhere(left != right)[0]
            raise UserError(
                f"This is no group: it is not associative, since ({a} {b}) {c} is {left[b, c]} and {a} ({b} {c}) is"
                f" {right[b, c]}."
            )
    return rows


def cyclic(n: int) -> Table:
    """Numbers modulo n."""
    _check_order(n, f"C{n}")
    table: Table = (np.arange(n)[:, None] + np.arange(n)) % n
    return table


def dihedral(n: int) -> Table:
    """The symmetries of a polygon of n corners, order 2n: element r + n f turns r times after f flips."""
    _check_order(2 * n, f"D{n}")
    flips, turns = np.divmod(np.arange(2 * n), n)
    signs = 1 - 2 * flips
    table: Table = (turns[:, None] + signs[:, None] * turns) % n + n * (flips[:, None] ^ flips)
    return table


def quaternions() -> Table:
    """1, i, j, k and their negatives, order 8: element u + 4 s is (-1)^s times the unit u."""
    units = np.array([[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]])
    signs = np.array([[0, 0, 0, 0], [0, 1, 0, 1], [0, 1, 1, 0], [0, 0, 1, 1]])
    sign, unit = np.divmod(np.arange(8), 4)
    both = unit[:, None], unit
    table: Table = units[both] + 4 * (signs[both] ^ sign[:, None] ^ sign)
    return table


def symmetric(n: int) -> Table:
    """All permutations of n things, in lexicographic order; a b is a after b."""
    return _of_permutations(list(permutations(range(n))))


def alternating(n: int) -> Table:
    """The even ones among them."""
    return _of_permutations([one for one in permutations(range(n)) if _is_even(one)])


def octahedral() -> Table:
    """The 24 rotations of a cube, as they permute its four diagonals."""
    return symmetric(4)


def icosahedral() -> Table:
    """The 60 rotations of an icosahedron, as they permute the five cubes inside it."""
    return alternating(5)


FAMILIES: dict[str, Callable[[int], Table]] = {
    "C": cyclic,
    "D": dihedral,
    "S": symmetric,
    "A": alternating,
}
SINGLE: dict[str, Callable[[], Table]] = {"Q8": quaternions, "O": octahedral, "I": icosahedral}
MOST_THINGS = 6
"""Of permutations."""


def _factor(name: str) -> Table:
    if name in SINGLE:
        return SINGLE[name]()
    match = re.fullmatch(r"([CDSA])([1-9]\d{0,4})", name)
    if match is None:
        raise UserError(
            f"There is no group '{name}'; known are C11 (cyclic), D5, S5, A5, Q8, O, I, and products like C5xC5."
        )
    family, number = match[1], int(match[2])
    if family in "SA" and number > MOST_THINGS:
        raise UserError(f"{name} is too large a group; S{MOST_THINGS} and A{MOST_THINGS} are the largest here.")
    return FAMILIES[family](number)


def _check_order(order: int, name: str) -> None:
    if order > LARGEST:
        raise UserError(f"{name} has {order} elements; groups of up to {LARGEST} are held.")


def _direct_product(first: Table, second: Table) -> Table:
    left, right = np.divmod(np.arange(len(first) * len(second)), len(second))
    product: Table = first[left[:, None], left] * len(second) + second[right[:, None], right]
    return product


def _of_permutations(elements: list[tuple[int, ...]]) -> Table:
    rows = np.array(elements, np.int64).reshape(len(elements), -1)
    base = max(2, rows.shape[1])
    places = base ** np.arange(rows.shape[1])
    codes = rows @ places
    order = np.argsort(codes)
    composed = rows[:, rows] @ places  # row a, column b: a after b
    return order[np.searchsorted(codes[order], composed)]


def _is_even(permutation: tuple[int, ...]) -> bool:
    pairs = sum(one > other for place, one in enumerate(permutation) for other in permutation[place + 1 :])
    return pairs % 2 == 0
