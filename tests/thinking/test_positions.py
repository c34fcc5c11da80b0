"""What is written, woken, taken and described, on small planes."""

import numpy as np
import pytest

from longthink.thinking import positions
from longthink.thinking._vectors import GROUP
from longthink.thinking.positions import AROUND, BESIDE, LAYER, PLANE, WORD, Step

ROWS, COLUMNS = 6, 8
INSIDE = (slice(1, -1), slice(1, -1))


def step_of(reads: int) -> Step:
    """A state of two groups on 4 x 6 positions with a margin of 1, all zeros; a layer, of two, reads it."""
    inside = np.zeros((ROWS, COLUMNS), np.uint8)
    inside[INSIDE] = 1
    awake = np.zeros((2, ROWS * COLUMNS), np.uint8)
    layers = np.zeros(2, LAYER)
    layers["taps"] = 3
    return Step(
        features=np.zeros((3 + 2 * ROWS * COLUMNS, GROUP), np.float32),
        planes=np.array([(3, 2)], PLANE),
        layers=layers,
        readers=np.array([[0, reads]], np.int8),
        taps=np.array([[0, 0, 0], [-1, 0, 1]]) + np.array([[-COLUMNS, 0, COLUMNS]]) * [[0], [1]],
        beside=np.zeros((2, 1), np.int64),
        weights=np.zeros((2, 1), np.float32),
        state=0,
        inside=inside.ravel(),
        awake=awake,
        words=awake.view(np.uint64),
        taken=np.empty(24 + WORD, np.int32),
        made=np.empty((0, GROUP), np.float32),
        tile_of=np.repeat(np.arange(ROWS), COLUMNS).astype(np.int32),
        touched=np.zeros(ROWS, np.bool_),
        distances=np.zeros(ROWS),
    )


def number(row: int, column: int) -> int:
    return row * COLUMNS + column


@pytest.mark.parametrize(
    ("moved", "reads", "woken"),
    [
        ((2, 3), AROUND, {(1, 2), (2, 3), (3, 4)}),
        ((1, 1), AROUND, {(1, 1), (2, 2)}),
        ((4, 6), AROUND, {(3, 5), (4, 6)}),
        ((1, 1), BESIDE, {(1, 1)}),
        ((2, 3), 0, set()),
    ],
)
def test_what_moved_is_written_and_wakes_what_reads_it(
    moved: tuple[int, int], reads: int, woken: set[tuple[int, int]]
) -> None:
    step = step_of(reads)
    still = (3, 2)
    made = np.zeros((2, 2, GROUP), np.float32)
    made[0, 1, 3], made[0, 0, 0] = 0.5, -0.25
    made[1] = 0.01 / 16  # together just less than the tolerance
    positions.put(step, 0, np.array([number(*moved), number(*still)], np.int32), made, 0.0101)
    plane = step.features[3:].reshape(ROWS, COLUMNS, 2, GROUP)
    assert {(int(row), int(column)) for row, column, *_ in np.argwhere(plane)} == {moved}
    assert (plane[moved] == made[0]).all()
    assert step.distances == pytest.approx(np.where(np.arange(ROWS) == moved[0], 0.3125, 0))
    assert step.touched.tolist() == [row == moved[0] for row in range(ROWS)]
    assert not step.awake[0].any()
    assert {divmod(int(there), COLUMNS) for there in np.flatnonzero(step.awake[1])} == woken


def test_not_a_number_moves() -> None:
    step = step_of(BESIDE)
    made = np.zeros((1, 2, GROUP), np.float32)
    made[0, 1, 7] = np.nan
    positions.put(step, 0, np.array([number(2, 2)], np.int32), made, 9.0)
    assert np.isnan(step.features[3 + 2 * number(2, 2) + 1, 7])
    assert step.awake[1, number(2, 2)] == 1


def test_what_is_taken_is_in_order_and_sleeps_from_then_on() -> None:
    step = step_of(BESIDE)
    chosen = [number(1, 1), number(1, 6), number(2, 3), number(4, 6)]
    step.awake[1, chosen[::-1]] = 1
    step.awake[0, number(3, 3)] = 1
    assert positions.take(step, 1).tolist() == chosen
    assert positions.take(step, 1).tolist() == []
    assert positions.take(step, 0).tolist() == [number(3, 3)]
    step.awake[1] = step.inside
    assert len(positions.take(step, 1)) == 24


def test_touched_tiles_are_described_by_their_sum_of_squares_and_a_projection() -> None:
    rng = np.random.default_rng(0)
    plane = rng.standard_normal((2, 5, 7, 2, GROUP)).astype(np.float32)
    probe = rng.standard_normal((4, 4, 2, GROUP)).astype(np.float32)
    touched, sizes, signatures = np.ones(8, np.bool_), np.zeros(8), np.zeros(8, np.float32)
    touched[2] = False
    positions.describe(plane, probe, touched, sizes, signatures)
    corner = plane[1, 4:, 4:]
    assert sizes[7] == pytest.approx((corner**2).sum(), rel=1e-5)
    assert signatures[7] == pytest.approx((corner * probe[:1, :3]).sum(), rel=1e-4, abs=1e-5)
    assert sizes.sum() == pytest.approx((plane**2).sum() - (plane[0, 4:, :4] ** 2).sum(), rel=1e-5)
    assert (sizes[2], signatures[2], touched.any()) == (0, 0, False)


def test_repeats_are_counted_up_to_the_tolerance_and_from_the_newest_row_of_a_ring() -> None:
    signatures, repeats = np.array([[1, 5], [2, 5], [1.05, 5], [np.nan, 5]], np.float32), np.array([0, 3, 3, 3])
    positions.count_repeats(signatures, 2, 0.1, repeats)
    assert repeats.tolist() == [0, 0, 4, 0]
