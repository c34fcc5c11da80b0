"""Products in groups: against the table, against prefix sums, splits and what is refused."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from longthink.base.errors import UserError
from longthink.problems.groups.group import Group
from longthink.problems.groups.products import GroupProducts
from longthink.problems.prefix_sums.problem import PrefixSums


def elements_of(problem: GroupProducts, x: torch.Tensor) -> np.ndarray:
    return np.array(problem.symbols)[x.argmax(1).numpy()]


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["C3", "S3", "Q8", "A5", "S5", "C5xC5"]),
    st.sampled_from(["elements", "generators"]),
    st.integers(3, 40),
    st.integers(0, 100),
)
def test_targets_are_the_products_of_what_is_fed(group: str, feed: str, level: int, seed: int) -> None:
    problem = GroupProducts(group=group, feed=feed)
    puzzles = problem.sample(level, 5, seed=seed, split="train", repeats=True)
    assert puzzles.x.shape == (5, problem.spec.inputs, level)
    assert torch.allclose(puzzles.x.sum(1), torch.zeros(5, level), atol=1e-5)
    table = Group.named(group).table
    for elements, products in zip(elements_of(problem, puzzles.x), puzzles.y.tolist(), strict=True):
        total = Group.named(group).identity
        for element, product in zip(elements, products, strict=True):
            total = table[total, element]
            assert product == total


def test_symbols_are_ones_less_the_mean() -> None:
    x = GroupProducts(group="C4").view.parse("2 0 3").x
    expected = [[-0.25, 0.75, -0.25], [-0.25] * 3, [0.75, -0.25, -0.25], [-0.25, -0.25, 0.75]]
    assert x.tolist() == [expected]


def test_the_group_of_two_elements_gives_prefix_sums() -> None:
    ours, theirs = GroupProducts(group="C2").view.parse("1 0 1 1 0"), PrefixSums().view.parse("10110")
    assert torch.equal(ours.y, theirs.y)


def test_few_generators_are_fed_and_all_elements_come_out() -> None:
    problem = GroupProducts(group="S5", feed="generators")
    assert (problem.spec.inputs, problem.spec.outputs) == (3, 120)
    assert len(problem.sample(200, 20).y.unique()) == 120


def test_symbols_are_even() -> None:
    problem = GroupProducts(group="A5")
    counts = problem.sample(100, 300).x.argmax(1).flatten().bincount(minlength=60)
    assert counts.min() > 400
    assert counts.max() < 600


def test_short_products_are_all_there_once_and_in_one_split() -> None:
    problem = GroupProducts(group="C3")
    seen: list[tuple[int, ...]] = []
    for split, count in (("train", 550), ("validation", 60), ("test", 60)):
        seen += map(tuple, problem.sample(6, count, split=split).x.argmax(1).tolist())
    assert len(set(seen)) == 670
    with pytest.raises(UserError, match=r"only \d+ different test products of 2 elements of C3"):
        problem.sample(2, 9)


def test_names_that_are_no_groups_are_told() -> None:
    with pytest.raises(UserError, match="no group 'B2'"):
        GroupProducts(group="B2").sample(4, 1)


def test_draws_do_not_change() -> None:
    """Golden: the same puzzles for ever."""
    puzzles = GroupProducts(group="S3").sample(12, 3)
    assert puzzles.y[:, -1].tolist() == [1, 2, 3]
