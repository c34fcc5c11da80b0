"""Random numbers of compiled code: those of the published generator, the same for ever."""

import numpy as np

from longthink.base.splitmix import below, mix


def test_numbers_are_those_of_splitmix64() -> None:
    """The first outputs of Vigna's splitmix64.c, seeded with 1234567."""
    state, step = np.uint64(1234567), np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over="ignore"):
        outputs = [int(mix(state + np.uint64(count) * step)) for count in range(1, 6)]
    assert outputs == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_numbers_below_a_bound_are_even_and_each_call_goes_on() -> None:
    rng = np.array([7], np.uint64)
    drawn = [int(below(rng, 6)) for _ in range(6000)]
    counts = np.bincount(drawn)
    assert len(counts) == 6
    assert abs(counts - 1000).max() < 130
    again = np.array([7], np.uint64)
    assert [int(below(again, 6)) for _ in range(50)] == drawn[:50]
    assert [int(below(again, 1)) for _ in range(5)] == [0] * 5
