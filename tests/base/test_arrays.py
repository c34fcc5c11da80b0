"""Arrays written a part at a time are those that one write would have made."""

from pathlib import Path

import numpy as np
import pytest

from longthink.base.arrays import write_npy


def test_parts_are_put_together_in_order_each_in_its_file(tmp_path: Path) -> None:
    whole = np.arange(20, dtype=np.int16).reshape(10, 2)
    write_npy([whole[:3], whole[3:4], whole[4:]], 10, tmp_path, lambda some: {"a": some, "b": some[:, 0] / 2})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npy", "b.npy"]
    a, b = (np.load(tmp_path / f"{name}.npy") for name in "ab")
    assert a.dtype == np.int16
    assert np.array_equal(a, whole)
    assert np.array_equal(b, whole[:, 0] / 2)


def test_fewer_than_were_promised_is_a_bug(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="3 puzzles came, and 4 were promised"):
        write_npy([np.zeros(3)], 4, tmp_path, lambda some: {"a": some})
