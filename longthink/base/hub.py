"""Data sets of the Hugging Face hub, read through `datasets`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from longthink.base.errors import UserError


@contextmanager
def hub(path: Path, what: str) -> Iterator[Any]:
    """The module `datasets`, to read a data set of `what` with, or a folder with a copy of one.

    Raises UserError if it is not installed, and, within, if there is no such data set or it is damaged.
    """
    try:
        import datasets
    except ImportError as error:
        raise UserError(
            f"{path} is no file of {what}; data sets of the hub need datasets: pip install 'longthink[hub]'."
        ) from error
    try:
        yield datasets
    except UserError:
        raise
    except (OSError, ValueError, ConnectionError, datasets.exceptions.DatasetsError) as error:
        raise UserError(f"There is no file {path}, and no data set of {what} of this name: {error}") from error
