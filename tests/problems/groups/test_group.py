"""Groups against what is known of them; representations and Fourier transforms against their theorems."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longthink.base.errors import UserError
from longthink.problems.groups.group import Group

DIMENSIONS = {
    "C1": [1],
    "C11": [1] * 11,
    "C5xC5": [1] * 25,
    "C4xC4": [1] * 16,
    "D5": [1, 1, 2, 2],
    "D4": [1, 1, 1, 1, 2],
    "S3": [1, 1, 2],
    "S4": [1, 1, 2, 3, 3],
    "S5": [1, 1, 4, 4, 5, 5, 6],
    "A4": [1, 1, 1, 3],
    "A5": [1, 3, 3, 4, 5],
    "Q8": [1, 1, 1, 1, 2],
    "O": [1, 1, 2, 3, 3],
    "I": [1, 3, 3, 4, 5],
    "S3xC2": [1, 1, 1, 1, 2, 2],
}
KINDS = {
    "C5": ["real", *["complex"] * 4],
    "Q8": [*["real"] * 4, "quaternionic"],
    "A4": ["real", "complex", "complex", "real"],
    "S5": ["real"] * 7,
    "D5": ["real"] * 4,
}


@pytest.fixture(scope="module", params=DIMENSIONS)
def group(request: pytest.FixtureRequest) -> Group:
    return Group.named(request.param)


def test_dimensions_are_the_known_ones(group: Group) -> None:
    assert [irrep.dimension for irrep in group.irreps] == DIMENSIONS[group.name]
    assert sum(irrep.dimension**2 for irrep in group.irreps) == group.order
    assert len({irrep.name for irrep in group.irreps}) == len(group.irreps)
    assert np.allclose(group.irreps[0].matrices, 1)


def test_names_tell_irreps_of_one_dimension_apart() -> None:
    names = [irrep.name for irrep in Group.named("C11").irreps]
    assert names == ["1", "1'", "1''", "1'''", *(f"1({number})" for number in range(4, 11))]


def test_irreps_are_unitary_homomorphisms(group: Group) -> None:
    for irrep in group.irreps:
        m = irrep.matrices
        products = np.einsum("aij,bjk->abik", m, m)
        assert np.abs(products - m[group.table]).max() < 1e-8
        assert np.abs(m @ m.conj().transpose(0, 2, 1) - np.eye(irrep.dimension)).max() < 1e-8


def test_characters_are_orthonormal(group: Group) -> None:
    characters = np.stack([irrep.character for irrep in group.irreps])
    assert np.allclose(characters @ characters.conj().T / group.order, np.eye(len(characters)), atol=1e-8)


def test_fourier_comes_back_and_keeps_the_norm(group: Group) -> None:
    values = np.random.default_rng(0).normal(size=group.order)
    assert np.allclose(group.inverse_fourier(group.fourier(values)), values, atol=1e-8)
    assert group.power(values).sum() == pytest.approx((values**2).sum())
    assert group.power(np.ones(group.order))[0] == pytest.approx(group.order)


def test_convolutions_become_products(group: Group) -> None:
    rng = np.random.default_rng(1)
    f, h = rng.normal(size=(2, group.order))
    convolved = np.zeros(group.order)
    for a in range(group.order):
        convolved[group.table[a]] += f[a] * h
    for whole, one, other in zip(group.fourier(convolved), group.fourier(f), group.fourier(h), strict=True):
        assert np.allclose(whole, other @ one, atol=1e-7)


@pytest.mark.parametrize("name", KINDS)
def test_kinds_are_the_known_ones(name: str) -> None:
    assert [irrep.kind for irrep in Group.named(name).irreps] == KINDS[name]


def test_irreps_are_the_same_every_time() -> None:
    first, again = Group.named("S4"), Group.named("S4")
    for one, other in zip(first.irreps, again.irreps, strict=True):
        assert np.array_equal(one.matrices, other.matrices)


def test_cyclic_groups_have_the_usual_transform() -> None:
    group = Group.named("C7")
    values = np.random.default_rng(2).normal(size=7)
    usual = np.abs(np.fft.fft(values))
    ours = [abs(one[0, 0]) for one in group.fourier(values)]
    assert sorted(ours) == pytest.approx(sorted(usual))


@given(st.sampled_from(["S3", "Q8", "A5", "C6", "D4"]), st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_prefix_products_are_those_of_the_table(name: str, elements: list[int]) -> None:
    group = Group.named(name)
    products, total = group.prefix_products(np.array(elements)), group.identity
    for element, product in zip(elements, products, strict=True):
        total = int(group.table[total, element])
        assert product == total
    assert group.product(np.array(elements)) == total


def test_generators_generate() -> None:
    assert len(Group.named("S5").generators()) == 2
    assert len(Group.named("C11").generators()) == 1
    assert len(Group.named("C5xC5").generators()) == 2
    assert Group.named("C1").generators() == []


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[0, 1], [1, 2]], "not closed, since 1 times 1 is 2"),
        ([[1, 0], [1, 0]], "no element is neutral"),
        ([[0, 1, 2], [1, 1, 1], [2, 2, 2]], "1 has no inverse"),
        (
            [[0, 1, 2, 3, 4], [1, 0, 3, 4, 2], [2, 4, 0, 1, 3], [3, 2, 4, 0, 1], [4, 3, 1, 2, 0]],
            r"not associative, since \(1 1\) 2 is 2 and 1 \(1 2\) is 4",
        ),
        ([[0, 1]], "a square of whole numbers"),
        ([[0.5]], "a square of whole numbers"),
    ],
)
def test_tables_that_are_no_groups_are_told(table: list[list[float]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Group(table)


@pytest.mark.parametrize(
    ("name", "message"),
    [("X3", "no group 'X3'"), ("S9", "too large"), ("C9000", "up to 2000"), ("C50xC50", "up to 2000")],
)
def test_names_that_are_no_groups_are_told(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Group.named(name)


def test_functions_have_a_value_for_each_element() -> None:
    with pytest.raises(UserError, match="S3 has 6 values"):
        Group.named("S3").fourier(np.zeros(5))
