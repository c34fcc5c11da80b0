"""Prefix sums: targets, splits, distinctness, and numbers that must not move."""

import hashlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from longthink.base.errors import UserError
from longthink.problems.prefix_sums.problem import PrefixSums

PROBLEM = PrefixSums()
SPLITS = st.sampled_from(["train", "validation", "test"])


@settings(deadline=None, max_examples=60)
@given(level=st.integers(12, 300), count=st.integers(1, 40), seed=st.integers(0, 2**40), split=SPLITS)
def test_targets_are_cumulative_parities(level: int, count: int, seed: int, split: str) -> None:
    puzzles = PROBLEM.sample(level, count, seed, split)
    assert puzzles.x.shape == (count, 1, level)
    bits = puzzles.x[:, 0] + 0.5
    assert set(bits.unique().tolist()) <= {0.0, 1.0}
    parity = torch.zeros(count, dtype=torch.long)
    for position in range(level):
        parity = (parity + bits[:, position].long()) % 2
        assert torch.equal(puzzles.y[:, position], parity)


@settings(deadline=None, max_examples=30)
@given(level=st.integers(6, 40), seed=st.integers(0, 1000), split=SPLITS)
def test_strings_do_not_repeat(level: int, seed: int, split: str) -> None:
    count = min(200, 2**level // 20)
    puzzles = PROBLEM.sample(level, count, seed, split)
    assert len({row.numpy().tobytes() for row in puzzles.x}) == count


@pytest.mark.parametrize("level", [3, 8, 11])
def test_short_levels_can_be_exhausted_and_no_further(level: int) -> None:
    total = 0
    for split in ("train", "validation", "test"):
        available = 2**level
        while True:
            try:
                puzzles = PROBLEM.sample(level, available, split=split)
                break
            except UserError as error:
                available = int(str(error).split("only ")[1].split()[0])
                if available == 0:
                    break
        if available:
            assert len({row.numpy().tobytes() for row in puzzles.x}) == available
        total += available
    assert total == 2**level


def test_repeats_allow_any_number_of_short_strings() -> None:
    puzzles = PROBLEM.sample(2, 500, split="train", repeats=True)
    assert len(puzzles) == 500
    assert len({row.numpy().tobytes() for row in puzzles.x}) <= 4


def test_splits_have_the_stated_shares_and_bits_are_fair() -> None:
    everything = np.arange(2**16, dtype=np.uint64)[:, None]
    from longthink.problems._drawing import is_in

    shares = [is_in(split, everything, 16).mean() for split in ("train", "validation", "test")]
    assert sum(shares) == pytest.approx(1)
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.01)
    bits = PROBLEM.sample(64, 10_000).x + 0.5
    assert bits.mean(0).squeeze() == pytest.approx(0.5, abs=0.03)


def test_puzzles_must_not_move() -> None:
    """A golden value: published results name a seed, and it must mean the same strings for ever."""
    digests = [
        hashlib.sha256(PROBLEM.sample(level, 100, seed=7, split=split).x.numpy().tobytes()).hexdigest()[:12]
        for level, split in ((8, "train"), (20, "test"), (32, "train"), (512, "test"))
    ]
    assert digests == ["cafa9014d415", "dfcc31b2f7aa", "3d49549c7319", "5f83ee958481"]


def test_very_long_strings() -> None:
    puzzles = PROBLEM.sample(65_536, 3)
    assert puzzles.x.shape == (3, 1, 65_536)
    with pytest.raises(UserError, match="at least 1 puzzle"):
        PROBLEM.sample(8, 0)
