"""Finite groups by their composition tables, their irreducible representations, and the Fourier transform on them.

Nothing is looked up: representations are found numerically from the regular one, so any group has them that is given by
its table. The Fourier coefficients of f are f^[rho] = sum over g of f(g) rho(g)*, (Marchetti et al. 2026, "Sequential
group composition: a window into the mechanics of deep learning", arXiv 2602.03655).

Shapes: n the order of the group, d the dimension of a representation.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from longthink.base.errors import UserError
from longthink.base.seeds import generator
from longthink.problems.groups import tables as group_tables
from longthink.problems.groups.tables import Table

Kind = Literal["real", "complex", "quaternionic"]
SAME = 1e-6
"""Difference of characters, or of eigenvalues, that counts as none."""
MOST_PRIMES = 3
"""In a name; more are written as a number."""


@dataclass(frozen=True)
class Irrep:
    """An irreducible representation: unitary matrices (n, d, d).

    `name` is d, with primes where several have this one: 1, 1', 1'', 1''', 1(4), as derivatives are written.
    `kind` is that of its Frobenius-Schur indicator: real, complex (then its conjugate is another one), or quaternionic.
    """

    name: str
    matrices: NDArray[np.complex128]
    kind: Kind

    @property
    def dimension(self) -> int:
        return int(self.matrices.shape[1])

    @cached_property
    def character(self) -> NDArray[np.complex128]:
        """The traces (n,)."""
        character: NDArray[np.complex128] = np.trace(self.matrices, axis1=1, axis2=2)
        return character


class Group:
    """A group of order n; `table` (n, n) has the product of a and b in row a and column b.

    Raises UserError, which says which axiom fails and where, for a table that is no group's.

    >>> group = Group.named("S3")
    >>> group.order, group.is_commutative, [irrep.name for irrep in group.irreps]
    (6, False, ['1', "1'", '2'])
    """

    def __init__(self, table: Any, name: str = "group"):
        self.table: Table = group_tables.checked(table)
        self.name = name
        self.order = len(self.table)
        self.identity = int(np.flatnonzero((self.table == np.arange(self.order)).all(1))[0])
        self.inverses: Table = np.argmax(self.table == self.identity, axis=1)

    @classmethod
    def named(cls, name: str) -> "Group":
        """By its name, C11 or S3xC2; all names, and what is raised, are those of `tables.named`."""
        return cls(group_tables.table_of(name), name)

    @property
    def is_commutative(self) -> bool:
        return bool((self.table == self.table.T).all())

    def product(self, elements: Table) -> Table:
        """The product of sequences (..., k), from left to right: (...)."""
        return self.prefix_products(elements)[..., -1]

    def prefix_products(self, elements: Table) -> Table:
        """The products of the first 1, 2, ..., k elements of sequences (..., k): the same shape.

        >>> Group.named("C5").prefix_products(np.array([1, 2, 4])).tolist()
        [1, 3, 2]
        """
        products = np.array(elements, np.int64)
        for place in range(1, products.shape[-1]):
            products[..., place] = self.table[products[..., place - 1], products[..., place]]
        return products

    def generators(self) -> list[int]:
        """A few elements that all others are products of: greedily, each the one that adds the most."""
        chosen: list[int] = []
        reached = {self.identity}
        while len(reached) < self.order:
            best = max(range(self.order), key=lambda element: (len(self._closure([*chosen, element])), -element))
            chosen.append(best)
            reached = self._closure(chosen)
        return chosen

    def _closure(self, elements: Sequence[int]) -> set[int]:
        """All products of some elements."""
        reached, new = {self.identity}, {self.identity}
        while new:
            new = {int(self.table[one, other]) for one in new for other in elements} - reached
            reached |= new
        return reached

    @cached_property
    def irreps(self) -> tuple[Irrep, ...]:
        """All of them, up to equivalence: the trivial one first, then by dimension and by character.

        A random Hermitian matrix that commutes with all translations has, with certainty but for a set of measure zero,
        eigenspaces on which translations act irreducibly; each of d dimensions is met d times.
        """
        n = self.order
        rng = generator("irreps", n)
        weights = rng.normal(size=n) + 1j * rng.normal(size=n)
        weights = weights + weights[self.inverses].conj()
        everything = np.arange(n)
        # Right translations commute with left ones. (f * w)(g) = sum over h of f(g h) w(h).
        commuting = np.zeros((n, n), np.complex128)
        commuting[everything[:, None], self.table] = weights
        values, vectors = np.linalg.eigh(commuting)
        starts = [0, *(np.flatnonzero(np.diff(values) > SAME * max(1.0, np.abs(values).max())) + 1), n]
        found: list[NDArray[np.complex128]] = []
        characters: list[NDArray[np.complex128]] = []
        for begin, end in pairwise(starts):
            basis = vectors[:, begin:end]
            # (L_a f)(g) = f(a^-1 g), so that L_a L_b = L_ab.
            moved = basis[self.table[self.inverses]]
            matrices = np.einsum("gi,agj->aij", basis.conj(), moved)
            character = np.trace(matrices, axis1=1, axis2=2)
            if not any(np.abs(character - other).max() < 1e-3 for other in characters):
                found.append(matrices)
                characters.append(character)
        order = sorted(range(len(found)), key=lambda which: _rank(characters[which]))
        irreps, seen = [], Counter[int]()
        for which in order:
            dimension = found[which].shape[1]
            primes = "'" * seen[dimension] if seen[dimension] <= MOST_PRIMES else f"({seen[dimension]})"
            seen[dimension] += 1
            irreps.append(Irrep(f"{dimension}{primes}", found[which], self._kind(characters[which])))
        return tuple(irreps)

    def _kind(self, character: NDArray[np.complex128]) -> Kind:
        indicator = round(float(character[np.diagonal(self.table)].mean().real))
        kinds: dict[int, Kind] = {1: "real", 0: "complex", -1: "quaternionic"}
        return kinds[indicator]

    @cached_property
    def components(self) -> tuple[tuple[int, ...], ...]:
        """Which irreps belong together for real functions: one by itself, or a complex one and its conjugate.

        >>> Group.named("C4").components
        ((0,), (1, 2), (3,))
        """
        characters = [irrep.character for irrep in self.irreps]
        found: list[tuple[int, ...]] = []
        for which, character in enumerate(characters):
            conjugate = next(
                other for other, one in enumerate(characters) if np.abs(one - character.conj()).max() < 1e-3
            )
            if conjugate >= which:
                found.append(tuple(sorted({which, conjugate})))
        return tuple(found)

    def projections(self) -> list[NDArray[np.float64]]:
        """For each component the matrix (n, n) that leaves of a function what is in it (orthogonal, adding up to 1)."""
        quotients = self.table[self.inverses]  # a^-1 b
        return [
            np.sum([self.irreps[which].dimension / self.order * self.irreps[which].character for which in some], 0)[
                quotients
            ].real
            for some in self.components
        ]

    def template(self, power: Sequence[float]) -> NDArray[np.float64]:
        """A real function (n,) with this power in each component but the trivial one, where it has none.

        Within an irrep all directions are alike: its coefficient is a unitary matrix but for its size. Raises UserError
        for a spectrum that the group cannot have.

        >>> group = Group.named("C5")
        >>> group.power(group.template([3.0, 1.0])).round(6).tolist()
        [0.0, 1.5, 1.5, 0.5, 0.5]
        """
        others = self.components[1:]
        if len(power) != len(others) or not np.isfinite(power).all() or min(power) < 0 or max(power) == 0:
            names = ", ".join(self.irreps[some[0]].name for some in others)
            raise UserError(
                f"A spectrum of {self.name} is {len(others)} numbers of 0 or more, not all 0, for the irreps {names};"
                f" not {list(power)}."
            )
        drawn = self.fourier(generator("template", self.order).normal(size=self.order))
        coefficients = [np.zeros_like(coefficient) for coefficient in drawn]
        for some, wanted in zip(others, power, strict=True):
            for which in some:  # the unitary factor of what a real function has
                left, _, right = np.linalg.svd(drawn[which])
                dimension = self.irreps[which].dimension
                coefficients[which] = np.sqrt(wanted / len(some) * self.order) / dimension * (left @ right)
        return self.inverse_fourier(coefficients).real

    def fourier(self, values: NDArray[Any]) -> list[NDArray[np.complex128]]:
        """The coefficients of a function (n,): for each irrep, sum over g of f(g) rho(g)*, (d, d)."""
        values = self._checked_function(values)
        return [np.einsum("g,gji->ij", values, irrep.matrices.conj()) for irrep in self.irreps]

    def inverse_fourier(self, coefficients: Sequence[NDArray[np.complex128]]) -> NDArray[np.complex128]:
        """The function (n,) that has these coefficients: f(g) = sum over rho of d / n tr(f^[rho] rho(g))."""
        parts = [
            irrep.dimension * np.einsum("ij,gji->g", coefficient, irrep.matrices)
            for irrep, coefficient in zip(self.irreps, coefficients, strict=True)
        ]
        values: NDArray[np.complex128] = np.sum(parts, axis=0) / self.order
        return values

    def power(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """The power of a function (n,) in each irrep, d / n |f^[rho]|^2; adding up to f's squared norm (Plancherel).

        >>> group = Group.named("D5")
        >>> values = np.arange(10.0)
        >>> bool(np.isclose(group.power(values).sum(), (values**2).sum()))
        True
        """
        return np.array(
            [
                irrep.dimension / self.order * np.square(np.abs(coefficient)).sum()
                for irrep, coefficient in zip(self.irreps, self.fourier(values), strict=True)
            ]
        )

    def _checked_function(self, values: NDArray[Any]) -> NDArray[Any]:
        values = np.asarray(values)
        if values.shape != (self.order,):
            raise UserError(f"A function on {self.name} has {self.order} values, not {list(values.shape)}.")
        return values


def _rank(character: NDArray[np.complex128]) -> tuple[Any, ...]:
    """By dimension, the trivial one first, then by the largest character at the first element where they differ."""
    rounded = np.round(character, 6)
    return round(float(np.abs(character).max())), [(-one.real, -one.imag) for one in rounded]
