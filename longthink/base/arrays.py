"""Arrays that are written a part at a time."""

from collections.abc import Callable, Iterable, Mapping, Sized
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Some = TypeVar("Some", bound=Sized)


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
    files: dict[str, np.memmap[Any, Any]] = {}
    done = 0
    for batch in batches:
        for name, values in arrays(batch).items():
            if name not in files:
                shape = (count, *values.shape[1:])
                files[name] = np.lib.format.open_memmap(folder / f"{name}.npy", "w+", values.dtype, shape)
            files[name][done : done + len(batch)] = values
        done += len(batch)
    assert done == count, f"{done} puzzles came, and {count} were promised"
    for file in files.values():
        file.flush()
