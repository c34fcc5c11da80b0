"""Writing files whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from longthink.base.errors import UserError


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; on leaving without an error it is made durable and moved to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial.{path.name}")  # the same every time: a killed process leaves no litter for ever
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` to fill; on leaving without an error it becomes `folder`, as a whole.

    Where there is a folder already, its files move there one by one, over their namesakes.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        yield partial
        partial.chmod(0o777 & ~_umask())
        if folder.exists():
            for path in sorted(partial.iterdir()):
                os.replace(path, folder / path.name)
        else:
            os.rename(partial, folder)
    finally:
        if partial.exists():
            shutil.rmtree(partial)


def _umask() -> int:
    """What is taken away from everybody's rights to new files; it can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def check_writable(path: Path) -> None:
    """Raises UserError if nothing can be made at a path: it, or what is above it, is a file or may not be changed."""
    above = path
    while not above.exists() and above != above.parent:
        above = above.parent
    if not above.is_dir():
        raise UserError(f"Nothing can be written to {path}, since {above} is a file; choose another folder.")
    try:
        os.rmdir(tempfile.mkdtemp(dir=above))
    except OSError as error:
        told = f"{above} may not be changed ({error.strerror})"
        raise UserError(f"Nothing can be written to {path}: {told}; choose another folder.") from error
