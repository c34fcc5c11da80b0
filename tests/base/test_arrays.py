"""Arrays written a part at a time are those that one write would have made."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from longthink.base.arrays import GrowingArray, save_npy, write_npy


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


@pytest.mark.parametrize("rows", [0, 1, 12345])
def test_the_file_is_what_numpy_would_have_written(rows: int, tmp_path: Path) -> None:
    whole = np.zeros((rows, 3), [("a", "<i4"), ("b", "u1", (2,))])
    np.save(tmp_path / "numpy.npy", whole)
    save_npy(tmp_path / "at_once.npy", whole)
    with GrowingArray(tmp_path / "in_parts.npy", whole.dtype, (3,)) as array:
        for some in np.array_split(whole, 4):
            array.append(some)
    assert len({(tmp_path / f"{name}.npy").read_bytes() for name in ("numpy", "at_once", "in_parts")}) == 1


def test_rows_of_another_shape_are_a_bug(tmp_path: Path) -> None:
    with (
        GrowingArray(tmp_path / "a.npy", np.uint8, (3,)) as array,
        pytest.raises(AssertionError, match=r"of \(4,\) came"),
    ):
        array.append(np.zeros((1, 4)))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte, which whoever runs the tests must have the right to make."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("file systems can be mounted by root only")
    yield disk
    subprocess.run(["umount", disk], check=True)


PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from longthink.base.arrays import write_npy
try:
    write_npy((np.ones(100_000) for _ in range(10)), 1_000_000, Path(sys.argv[1]), lambda some: {"a": some})
except OSError as error:
    print(error.strerror)
"""


def test_a_full_disk_is_an_error_and_not_the_end_of_the_process(small_disk: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, small_disk], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "No space left on device\n")
