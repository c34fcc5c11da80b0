"""What is remembered of puzzles of which some have left."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from longthink.contracts import Thought
from longthink.thinking.memory import Memory


def thought(which: list[int] | None, puzzles: int = 5) -> Thought:
    state = torch.zeros(puzzles if which is None else len(which), 2)
    return Thought(None, 1, state, state, which=None if which is None else torch.tensor(which))


def test_before_anything_was_kept_there_is_nothing() -> None:
    assert Memory().recall(thought(None)) is None
    assert Memory().recall(thought([1, 3])) is None


@pytest.mark.parametrize("which", [None, [0, 1, 2, 3, 4]])
def test_what_was_kept_of_all_is_known_of_all(which: list[int] | None) -> None:
    memory = Memory()
    memory.keep(thought(which), (torch.arange(5), torch.arange(10).reshape(5, 2)))
    numbers, pairs = memory.recall(thought(which))
    assert (numbers.tolist(), pairs[4].tolist()) == ([0, 1, 2, 3, 4], [8, 9])


@settings(max_examples=40)
@given(st.lists(st.sets(st.integers(0, 9)), min_size=1, max_size=6), st.integers(1, 4))
def test_the_last_numbers_are_each_puzzles_own(leaving: list[set[int]], count: int) -> None:
    """Each puzzle is told 100 times its number plus the iteration, and leaves at some iteration."""
    memory, here = Memory(), list(range(10))
    for iteration, left in enumerate(leaving):
        told = torch.tensor([100 * number + iteration for number in here])
        last = memory.last(thought(here), told, count)
        since = max(0, iteration - count + 1)
        expected = [[100 * number + earlier for earlier in range(since, iteration + 1)] for number in here]
        assert last.tolist() == expected
        here = [number for number in here if number not in left]
        if not here:
            break
