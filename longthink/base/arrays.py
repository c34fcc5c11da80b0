"""Arrays that are written a part at a time."""

from collections.abc import Callable, Iterable, Mapping, Sized
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Batch = TypeVar("Batch", bound=Sized)


def write_npy(
    batches: Iterable[Batch], count: int, folder: Path, arrays: Callable[[Batch], Mapping[str, NDArray[Any]]]
) -> None:
    """Write NAME.npy for each of the named `arrays` (B, ...) of every batch, `count` puzzles in all."""
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
