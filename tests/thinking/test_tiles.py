"""Tiles against slices of numpy arrays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longthink.thinking import tiles

NOBODY = np.zeros(0, np.int64), np.zeros((0, 2), np.int64)


def plane(down: tiles.Axis, across: tiles.Axis, width: int = 3, batch: int = 2) -> np.ndarray:
    """Random features with a margin of zeros, which is also where tiles stick out."""
    made = np.zeros((batch, down.padded, across.padded, width), np.float32)
    inside = (
        slice(None),
        slice(down.margin, down.margin + down.size),
        slice(across.margin, across.margin + across.size),
    )
    made[inside] = np.random.default_rng(0).standard_normal(made[inside].shape)
    return made


@settings(deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    tile=st.integers(1, 9),
    margin=st.integers(0, 3),
    data=st.data(),
)
def test_a_window_is_a_slice(sizes: tuple[int, int], tile: int, margin: int, data: st.DataObject) -> None:
    down, across = (tiles.axis(size, tile, margin) for size in sizes)
    grid = plane(down, across)
    reach = data.draw(st.tuples(st.integers(0, margin), st.integers(0, margin)))
    number = data.draw(st.integers(0, 2 * down.tiles * across.tiles - 1))
    puzzle, row, column = np.unravel_index(number, (2, down.tiles, across.tiles))
    top, left = margin + row * down.tile - reach[0], margin + column * across.tile - reach[1]
    windows = np.full((1, down.tile + 2 * reach[0], across.tile + 2 * reach[1], 3), np.nan, np.float32)
    tiles.cut(grid, down, across, np.array([number]), reach, windows)
    assert (windows[0] == grid[puzzle, top : top + windows.shape[1], left : left + windows.shape[2]]).all()


@pytest.mark.parametrize(
    ("position", "reach", "woken"),
    [
        ((1, 1), 1, {(1, 1)}),
        ((0, 1), 1, {(0, 1), (1, 1)}),
        ((3, 3), 1, {(1, 1), (1, 2), (2, 1), (2, 2)}),
        ((3, 3), 0, {(1, 1)}),
        ((1, 0), 4, {(row, column) for row in range(3) for column in range(3)}),
    ],
)
def test_what_moved_is_written_and_wakes_the_tiles_within_reach(
    position: tuple[int, int], reach: int, woken: set[tuple[int, int]]
) -> None:
    axis = tiles.axis(12, 4, 4)
    grid = plane(axis, axis, batch=1)
    windows = np.empty((1, 4, 4, 3), np.float32)
    tiles.cut(grid, axis, axis, np.array([4]), (0, 0), windows)
    windows[0, position[0], position[1]] += 0.5
    windows[0, 2, 2, 0] += 0.01  # less than the tolerance
    before, awake, distances = grid.copy(), np.zeros((2, 1, 5, 5), np.bool_), np.zeros(9)
    readers, reaches = np.array([1]), np.array([[reach, reach]])
    tiles.put(grid, axis, axis, np.array([4]), windows, 0.1, readers, reaches, awake, distances)
    changed = {(row - 8, column - 8) for _, row, column in np.argwhere((grid != before).any(-1))}
    assert changed == {position}
    assert distances == pytest.approx(np.where(np.arange(9) == 4, 0.75, 0), rel=1e-5)
    assert not awake[0].any()
    assert {(row - 1, column - 1) for _, row, column in np.argwhere(awake[1])} == woken


def test_not_a_number_moves() -> None:
    axis = tiles.axis(4, 4, 1)
    grid, windows = plane(axis, axis, batch=1), np.full((1, 4, 4, 3), np.nan, np.float32)
    tiles.put(grid, axis, axis, np.array([0]), windows, 9.0, *NOBODY, np.zeros((1, 1, 3, 3), np.bool_), np.zeros(1))
    assert np.isnan(grid[0, 1:5, 1:5]).all()


def test_everything_is_written_at_once_and_moved_tiles_are_counted() -> None:
    axis = tiles.axis(10, 4, 1)
    grid = plane(axis, axis)
    features = grid[:, 1:11, 1:11].copy()
    features[1, 9, 9] += 1.0
    features[0, 0, 0] += 0.001
    distances = np.zeros(18)
    assert tiles.put_whole(grid, axis, axis, features, 0.1, distances) == 1
    assert (grid[:, 1:11, 1:11] == features).all()
    assert distances[17] == pytest.approx(3.0, rel=1e-5)
    assert 0 < distances[0] < 1e-4


def test_a_description_is_the_sum_of_squares_and_a_projection() -> None:
    axis = tiles.axis(10, 4, 1)
    grid, probe = plane(axis, axis), np.random.default_rng(1).standard_normal((4, 4, 3)).astype(np.float32)
    sizes, signatures = np.zeros(18), np.zeros(18, np.float32)
    tiles.describe(grid, axis, axis, np.arange(18), probe, sizes, signatures)
    last = grid[1, 9:11, 9:11]
    assert sizes[17] == pytest.approx((last**2).sum(), rel=1e-5)
    assert signatures[17] == pytest.approx((last * probe[:2, :2]).sum(), rel=1e-4, abs=1e-5)
    assert sizes.sum() == pytest.approx((grid**2).sum(), rel=1e-5)
