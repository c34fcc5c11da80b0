"""Arrays that are written a part at a time."""

from collections.abc import Callable, Iterable, Mapping, Sized
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

Some = TypeVar("Some", bound=Sized)


class GrowingArray:
    """A .npy that is written a part at a time: numpy leaves room in its header for the first axis to grow.

    It is written plainly, and not through a memory map: a full disk is an error then, and not the end of the process.

    Args:
        path: of the file.
        dtype: of the numbers.
        row: the shape of what each of the first axis is.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "numbers.npy"
    >>> with GrowingArray(path, np.uint8, (2,)) as array:
    ...     for part in ([[1, 2]], [[3, 4], [5, 6]]):
    ...         array.append(np.array(part))
    >>> np.load(path).tolist()
    [[1, 2], [3, 4], [5, 6]]
    """

    def __init__(self, path: Path, dtype: DTypeLike, row: tuple[int, ...]):
        self.dtype, self.row, self.count = np.dtype(dtype), row, 0
        self.file = path.open("wb")
        self._write_header()

    def append(self, rows: NDArray[Any]) -> None:
        """Add rows (N, *row)."""
        assert rows.shape[1:] == self.row, f"rows of {self.row} were promised, and some of {rows.shape[1:]} came"
        self.file.write(np.ascontiguousarray(rows, self.dtype).data)
        self.count += len(rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.file:
            self.file.seek(0)
            self._write_header()

    def _write_header(self) -> None:
        descr = np.lib.format.dtype_to_descr(self.dtype)
        header = {"descr": descr, "fortran_order": False, "shape": (self.count, *self.row)}
        np.lib.format.write_array_header_1_0(self.file, header)


def save_npy(path: Path, array: NDArray[Any]) -> None:
    """As np.save, which does not say why where the disk is full.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "numbers.npy"
    >>> save_npy(path, np.array([1, 2]))
    >>> np.load(path).tolist()
    [1, 2]
    """
    with GrowingArray(path, array.dtype, array.shape[1:]) as whole:
        whole.append(array)


def write_npy(
    batches: Iterable[Some], count: int, folder: Path, arrays: Callable[[Some], Mapping[str, NDArray[Any]]]
) -> None:
    """Write arrays as NAME.npy, of which there may be more than fit the memory.

    Args:
        batches: what the arrays are made of, in parts.
        count: of all that comes.
        folder: where the files go.
        arrays: of a batch with B of them, arrays (B, ...) by name.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_npy([[1, 2], [3]], 3, folder, arrays=lambda batch: {"numbers": np.array(batch)})
    >>> np.load(folder / "numbers.npy").tolist()
    [1, 2, 3]
    """
    files: dict[str, GrowingArray] = {}
    done = 0
    with ExitStack() as stack:
        for batch in batches:
            for name, values in arrays(batch).items():
                if name not in files:
                    growing = GrowingArray(folder / f"{name}.npy", values.dtype, values.shape[1:])
                    files[name] = stack.enter_context(growing)
                files[name].append(values)
            done += len(batch)
    assert done == count, f"{done} puzzles came, and {count} were promised"
