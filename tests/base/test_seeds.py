"""What is drawn for a purpose is the same for ever: published results name a seed."""

import random

import numpy as np
import torch

from longthink.base.seeds import digest, generator, generator_of


def test_golden() -> None:
    assert digest("weights", "prefix_sums", 0) == 8268478112107346940
    assert digest("puzzles", "mazes", 9, "test", 0, 0) == 5473464823871960782
    assert generator("level", 3, 7).integers(0, 1000, 5).tolist() == [431, 510, 970, 730, 743]


def test_every_part_of_a_key_counts_and_so_does_its_kind() -> None:
    keys = [("a",), ("a", 1), ("a", "1"), (1, "a"), ("a1",), ("a", 1, 0), ("a", 1, 1), ("a", -1)]
    numbers = {digest(*key) for key in keys}
    assert len(numbers) == len(keys)
    assert all(0 <= number < 2**63 for number in numbers)


def test_generators_of_one_purpose_are_alike_and_others_are_not() -> None:
    first, again, other = (generator("noise", which).random(4).tolist() for which in (0, 0, 1))
    assert first == again == generator_of(digest("noise", 0)).random(4).tolist()
    assert first != other


def test_global_states_are_neither_read_nor_changed() -> None:
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.random.get_rng_state().tolist()
    drawn = generator("anything", 1).random()
    assert (random.getstate(), np.random.get_state()[1].tolist(), torch.random.get_rng_state().tolist()) == before
    state = np.random.get_state()
    np.random.seed(5)
    assert generator("anything", 1).random() == drawn
    np.random.set_state(state)
