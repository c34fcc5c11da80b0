"""Data sets of the Hugging Face hub, read through `datasets`."""

import gc
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from longthink.base.errors import UserError

NAME = re.compile(r"\w[\w.-]{,95}(/\w[\w.-]{,95})?", re.ASCII)
"""Of a data set of the hub: NAME or OWNER/NAME."""
FILES = re.compile(
    r".*\.(csv|tsv|txt|json|jsonl|parquet|arrow|epd|pgn|fen|sdk|sdm|ss|gz|bz2|xz|zst|zip|7z|rar|tar|tgz|npy|npz|pt|pth"
    r"|png|jpe?g|gif|webp|pkl|xlsx?|db|sqlite3?|py|md|html?|pdf)",
    re.IGNORECASE,
)
"""Names that are a file's, though the hub would allow them."""


def is_hub_name(path: Path) -> bool:
    """Whether a data set of the hub may be called so, and no file is."""
    return bool(NAME.fullmatch(path.as_posix())) and not FILES.fullmatch(path.name)


@contextmanager
def hub(path: Path, what: str) -> Iterator[Any]:
    """The module `datasets`, to read a data set of `what` with, or a folder with a copy of one.

    Raises UserError for a name that is a file's, if the module is not installed, and, within, if there is no such data
    set or it is damaged.

    >>> with hub(Path("puzzles/mine.csv"), "sudoku puzzles"):
    ...     pass
    Traceback (most recent call last):
    longthink.base.errors.UserError: There is no file puzzles/mine.csv.
    """
    is_folder = os.path.isdir(path)  # unlike a Path's own, these are never in doubt, whatever the name
    if os.path.isfile(path):
        raise UserError(f"{path} is a file of a kind that {what} are not read from.")
    if not is_folder and not is_hub_name(path):
        raise UserError(f"There is no file {path}.")
    try:
        import datasets
    except ImportError as error:
        raise UserError(
            f"There is no file {path}; data sets of the hub need datasets: pip install 'longthink[hub]'."
        ) from error
    try:
        yield datasets
    except UserError:
        raise
    except (OSError, ValueError, ConnectionError, datasets.exceptions.DatasetsError) as error:
        missing = f"{path} holds no" if is_folder else f"There is no file {path}, and no"
        raise UserError(f"{missing} data set of {what}: {error}") from error


def each_row(rows: Any) -> Iterator[Any]:
    """The rows of a data set that is read as it comes.

    Where reading is broken off, its threads end here: at the end of the process they would abort it. What holds them
    is a cycle, and has to be collected.
    """
    reading = iter(rows)
    try:
        yield from reading
    finally:
        reading.close()
        del reading
        gc.collect()
