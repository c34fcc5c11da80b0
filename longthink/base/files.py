"""Writing files whole or not at all: durable once they are there, and a sentence where the disk refuses.

What is being written has the name `.partial.NAME`, beside its target, and is locked. A lock ends with the process that
holds it, so what a killed process left is taken over by whoever writes to the same target next.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from longthink.base.errors import UserError

PARTIAL = ".partial."
REFUSALS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO),
    *(errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY, errno.ENAMETOOLONG),
}
"""What may be the matter with files and folders, and is no bug: no room left, no right to write, a file in the way."""


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; on leaving without an error it is moved to `path`, durably.

    Whoever else writes to it is waited for. Raises UserError where it cannot be written.
    """
    with _refusals_told(path):
        _make_parent(path)
        partial = _partial(path)
        with locked(partial, partial.touch):
            try:
                yield partial
                _sync(partial)
                os.replace(partial, path)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
            _sync(path.parent)


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` to fill; on leaving without an error it becomes `folder`, durably and as a whole.

    Where there is a folder already, its files move there, after their namesakes are removed: old and new are never
    mixed. Raises UserError where it cannot be written, or is being written by another process.
    """
    with _refusals_told(folder):
        _make_parent(folder)
        partial = _partial(folder)
        taken = f"{folder} is being written by another process; wait until it ends, or choose another folder."
        with locked(partial, lambda: partial.mkdir(exist_ok=True), taken):
            _empty(partial)
            try:
                yield partial
                for path in (*partial.rglob("*"), partial):
                    _sync(path)
                _move(partial, folder)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise
            _sync(folder.parent)


def remove_folder(folder: Path) -> None:
    """Remove a folder as a whole: at no time is a part of it there."""
    with _refusals_told(folder):
        partial = _partial(folder)
        with locked(partial, lambda: partial.mkdir(exist_ok=True)):
            _empty(partial)
            os.rename(folder, partial)
            shutil.rmtree(partial)


@contextmanager
def locked(path: Path, make: Callable[[], None] | None = None, taken: str | None = None) -> Iterator[None]:
    """Hold the lock of a file or a folder, which `make` makes if need be; it ends with this process at the latest.

    Whoever else holds it is waited for; or, with `taken`, UserError is raised with that sentence. On systems that have
    no such locks, as Windows, nobody is kept out.
    """
    try:
        import fcntl
    except ImportError:
        if make is not None:
            make()
        yield
        return
    while True:
        if make is not None:
            make()
        try:
            file = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
        except FileNotFoundError:
            if make is None:
                raise
            continue  # who had it has just moved it to its target
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (fcntl.LOCK_NB if taken else 0))
            except BlockingIOError as error:
                raise UserError(str(taken)) from error
            except OSError:  # a file system without locks: nobody is kept out
                pass
            if not path.exists() or not os.path.samestat(os.fstat(file), path.stat()):
                continue  # it is the target of another by now
            yield
            return
        finally:
            os.close(file)


def check_writable(path: Path) -> None:
    """Raises UserError if nothing can be made at a path: it, or what is above it, is a file or may not be changed."""
    above = path
    while not above.exists() and above != above.parent:
        above = above.parent
    if not above.is_dir():
        raise UserError(f"Nothing can be written to {path}, since {above} is a file; choose another folder.")
    try:
        tempfile.TemporaryFile(dir=above).close()
    except OSError as error:
        told = f"{above} may not be changed ({error.strerror})"
        raise UserError(f"Nothing can be written to {path}: {told}; choose another folder.") from error


def _partial(path: Path) -> Path:
    whole = Path(os.path.abspath(path))  # which has a name, also where the path is "."
    return whole.with_name(f"{PARTIAL}{whole.name}")


@contextmanager
def _refusals_told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        own = error.filename is None or PARTIAL in str(error.filename)  # and not of what is read meanwhile
        if error.errno is None or error.errno not in REFUSALS or not own:
            raise
        told = f"{path} cannot be written ({os.strerror(error.errno)})"
        raise UserError(f"{told}; put that right, or choose another place.") from error


def _make_parent(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        check_writable(path.parent)  # which says more
        raise


def _move(partial: Path, folder: Path) -> None:
    if not folder.exists():
        os.rename(partial, folder)
        return
    made = sorted(partial.iterdir())
    for path in made:
        if (folder / path.name).is_dir():
            raise UserError(f"{folder / path.name} is there already; choose another folder.")
    for path in made:
        (folder / path.name).unlink(missing_ok=True)
    for path in made:
        os.replace(path, folder / path.name)
    _sync(folder)
    partial.rmdir()


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _sync(path: Path) -> None:
    """Have a file or the names in a folder on the disk, where a loss of power finds them."""
    if os.name != "posix":
        return  # a folder cannot be opened there
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that does not do that for folders
            raise
    finally:
        os.close(file)
