"""Arrays in .npy files that may be damaged, or not be any."""

import tokenize
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

DAMAGED = (
    ArithmeticError,
    EOFError,
    LookupError,
    MemoryError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
    tokenize.TokenError,
)
"""What numpy raises for a file that it cannot read."""


def load_npy(path: Path, mapped: Literal["r", "c"] | None = None) -> NDArray[Any]:
    """An array of numbers, as its header says it is; nothing in the file is executed.

    Args:
        path: of the file.
        mapped: leave it in the file: "r" to read, "c" to change a copy of it in memory; None: in memory.

    Raises:
        OSError: there is no such file.
        ValueError: it is no array of numbers, or damaged, or shorter than its header says; in one line.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "numbers.npy")
    >>> np.save(path, np.arange(3))
    >>> load_npy(path).tolist()
    [0, 1, 2]
    """
    try:
        with np.errstate(over="raise"):  # of the sizes
            found = np.lib.format.open_memmap(path, mapped or "r")
        if found.dtype.itemsize == 0:
            raise ValueError("its numbers have no bytes")
    except DAMAGED as error:
        raise _damaged(path, error) from error
    return found if mapped else np.array(found)


def _damaged(path: Path, error: Exception) -> ValueError:
    first_line = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    return ValueError(f"{path.name} is no array of numbers, or damaged ({first_line})")
