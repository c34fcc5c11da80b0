"""Tensors in files."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from longthink.base.errors import UserError


def load_tensors(path: Path, mapped: bool = False) -> Any:
    """What torch.save wrote, tensors and plain values only: pickled code is never run. Raises UserError if damaged.

    With `mapped`, tensors stay in the file until they are used.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except FileNotFoundError as error:
        raise UserError(f"There is no file {path}.") from error
    except (RuntimeError, EOFError, pickle.UnpicklingError, zipfile.BadZipFile, ValueError) as error:
        raise UserError(f"{path} is damaged, cut short, or holds more than tensors; get it again.") from error


def save_tensors(tensors: Any, path: Path) -> None:
    """As torch.save, but that a full disk is an OSError, and not one of torch's own that says nothing of it."""
    with path.open("wb") as file:
        try:
            torch.save(tensors, file)
        except RuntimeError as error:
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise
