"""CIFAR's version for Python: pickles of a dictionary each, read without running anything that they name.

data_batch_1 to data_batch_5, test_batch    b"data": uint8 (N, 3072), b"labels": N numbers
train, test (CIFAR-100)                     the same, and b"fine_labels" in the place of b"labels"
batches.meta, meta                          b"label_names" or b"fine_label_names"
"""

import pickle
import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longthink.base.errors import UserError

STANDS_FOR_NUMPY = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
}
"""All that these files name: numpy's array, its kind of number, and what begins an array."""
DAMAGED = (
    *(pickle.UnpicklingError, struct.error, EOFError, LookupError, AttributeError),
    *(TypeError, ValueError, ArithmeticError, AssertionError),
)
"""What bytes that are no pickle make of its reader."""


def read_pictures(path: Path, pixels: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The pictures in a file, (N, pixels), and their labels (N,).

    Raises UserError for a file that cannot be read, names anything but numpy's arrays, or holds something else.
    """
    content = _read(path)
    array, labels = content.get(b"data"), content.get(b"fine_labels", content.get(b"labels"))
    if not isinstance(array, _Part) or not isinstance(labels, list):
        raise UserError(f"{path} holds no data and labels, as CIFAR's files do; get it again.")
    if not all(isinstance(label, int) and 0 <= label < 256 for label in labels):
        raise UserError(f"{path} has labels that are no numbers below 256; get it again.")
    images = array.bytes()
    if images is None or len(images) != len(labels) * pixels:
        raise UserError(f"{path} does not hold {pixels} bytes for each of its {len(labels)} labels; get it again.")
    return np.frombuffer(images, np.uint8).reshape(-1, pixels), np.array(labels, np.int64)


def read_names(path: Path) -> list[str]:
    """What the classes are called. Raises UserError as `read_pictures` does."""
    content = _read(path)
    names = content.get(b"fine_label_names", content.get(b"label_names"))
    if not isinstance(names, list) or not all(isinstance(name, bytes) for name in names):
        raise UserError(f"{path} has no list of names of classes, as CIFAR's has; get it again.")
    return [name.decode("latin1") for name in names]


class _Part:
    """What stands for an array, or for a kind of number: what it was to be made of, and nothing that acts."""

    def __init__(self, *made_of: Any):
        self.made_of = made_of
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def bytes(self) -> bytes | None:
        """The content of an array of bytes, row by row; None for anything else."""
        match self.state:
            case (_, tuple(), _Part(made_of=(b"u1", *_)), False, bytes(content)):
                return content
        return None


class _Reader(pickle._Unpickler):
    """The reader that is written in Python: its memory does not grow with the numbers that a damaged file has."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in STANDS_FOR_NUMPY:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is not run")
        return _Part


def _read(path: Path) -> dict[Any, Any]:
    try:
        content = _Reader(BytesIO(path.read_bytes()), encoding="bytes").load()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except DAMAGED as error:
        raise UserError(f"{path} is no file of CIFAR's, or damaged ({error}); get it again.") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} is no file of CIFAR's, which holds a dictionary; get it again.")
    return content
