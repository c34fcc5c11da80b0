"""Any number of puzzles, a part at a time."""

import pytest
import torch

import longthink as lt
from longthink.problems.batches import batches

MAZES = lt.problem("mazes")
BYTES = 24 * 24 * (3 * 4 + 8)
"""Of the x and the y of a maze of level 9."""


@pytest.mark.parametrize("count", [1, 5, 12])
def test_batches_are_the_puzzles_that_were_asked_for(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longthink.problems.batches.BATCH_BYTES", 4 * 24 * 24 * 20)
    made = list(batches(MAZES, 9, count, seed=3, split="train"))
    assert sum(map(len, made)) == count
    assert all(batch.split == "train" for batch in made)
    assert len({x.numpy().tobytes() for batch in made for x in batch.x}) == count


def test_a_batch_is_as_large_as_the_memory_that_it_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    for most, sizes in ((5 * BYTES, [5, 5, 2]), (6 * BYTES - 1, [5, 5, 2]), (BYTES - 1, [1] * 12), (99 * BYTES, [12])):
        monkeypatch.setattr("longthink.problems.batches.BATCH_BYTES", most)
        assert [len(batch) for batch in batches(MAZES, 9, 12)] == sizes


def test_one_batch_is_what_sample_gives_and_later_ones_are_further_ones_of_the_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (whole,) = batches(MAZES, 9, 6, seed=2)
    assert torch.equal(whole.x, MAZES.sample(9, 6, seed=2).x)
    monkeypatch.setattr("longthink.problems.batches.BATCH_BYTES", 4 * BYTES)
    first, second = batches(MAZES, 9, 6, seed=2)
    assert torch.equal(first.x, MAZES.sample(9, 4, seed=2).x)
    assert torch.equal(second.x, MAZES.sample(9, 2, seed=2, index=1).x)
