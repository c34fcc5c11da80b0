"""Fetching the field's archives: whole and verified, or not at all."""

import gzip
import http.client
import shutil
import tarfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from longthink.base.errors import UserError
from longthink.base.files import REFUSALS, atomic_folder

SITE = "https://cs.umd.edu/~tomg/download/Easy_to_Hard_Datav2/"
CHUNK = 2**20
LARGEST = 2**35
"""Bytes that an archive may have, packed and unpacked: several times what the field's largest has."""
MOST_MEMBERS = 10_000


def download_archive(url: str, root: Path, name: str, verify: Callable[[Path], None]) -> None:
    """Fetch a .tar.gz that holds one folder, whole and verified; or leave nothing behind.

    Args:
        url: of the archive.
        root: where its folder goes.
        name: of that folder.
        verify: is given the folder that `name` is in, and raises UserError if it objects.

    Raises:
        UserError: the site cannot be reached; the archive is cut short, too large, or holds something else than files
            and folders; a member would land outside; `verify` objects.

    >>> import tarfile, tempfile
    >>> there, here = (Path(tempfile.mkdtemp()) for _ in range(2))
    >>> (there / "bits").mkdir()
    >>> with tarfile.open(there / "bits.tar.gz", "w:gz") as tar:
    ...     tar.add(there / "bits", "bits")
    >>> download_archive((there / "bits.tar.gz").as_uri(), here, "bits", verify=lambda folder: None)
    >>> [path.name for path in here.iterdir()]
    ['bits']
    """
    with atomic_folder(root / name) as target:
        archive, unpacked = target / ".archive.tar.gz", target / ".unpacked"
        _fetch(url, archive)
        _unpack(archive, unpacked, url, name)
        if not (unpacked / name).is_dir():
            raise UserError(f"{url} holds no folder {name}; nothing was unpacked.")
        verify(unpacked)
        archive.unlink()
        for path in (unpacked / name).iterdir():
            path.rename(target / path.name)
        shutil.rmtree(unpacked)


def _unpack(archive: Path, folder: Path, url: str, name: str) -> None:
    try:
        with Unpacking(archive) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
            room = min(LARGEST, shutil.disk_usage(archive.parent).free)
            tar.extractall(folder, list(_checked(tar, url, name, room)), filter="data")
    except UserError:
        raise
    except (tarfile.TarError, ArithmeticError, EOFError, OSError, ValueError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno in REFUSALS:
            raise  # of the disk
        raise UserError(f"{url} is no whole .tar.gz archive ({error}); try again.") from error


class Unpacking(gzip.GzipFile):
    """What an archive unpacks to, of which nobody reads much at once: headers of members are short."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= CHUNK:
            raise tarfile.ReadError("a header has no end")
        return super().read(size)


def _checked(tar: tarfile.TarFile, url: str, name: str, room: int) -> Iterator[tarfile.TarInfo]:
    """The members of an archive. Raises UserError at the first that is not a file or a folder inside `name`."""
    size = 0
    for number, member in enumerate(tar):
        parts = PurePosixPath(member.name).parts
        if not parts and member.isdir():
            continue
        if parts[:1] != (name,) or ".." in parts:
            raise UserError(f"{url} wants to write outside {name} ({member.name!r:.80}); nothing was unpacked.")
        if not (member.isdir() or (member.isreg() and member.sparse is None)):
            raise UserError(f"{url} holds more than files ({member.name!r:.80}); nothing was unpacked.")
        size += member.size
        if number >= MOST_MEMBERS or size > room:
            raise UserError(
                f"{url} unpacks to more than {MOST_MEMBERS} files or {room / 1e9:.1f} GB, for which there is no room;"
                " nothing was unpacked."
            )
        yield member


def _fetch(url: str, target: Path) -> None:
    try:
        with urllib.request.urlopen(url, timeout=60) as response, target.open("wb") as out:
            promised = response.headers.get("Content-Length", "")
            while (part := response.read(CHUNK)) and out.tell() <= LARGEST:
                out.write(part)
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in REFUSALS:
            raise  # of the disk
        raise UserError(f"{url} cannot be fetched ({error}); check the address and the network.") from error
    size = target.stat().st_size
    if size > LARGEST:
        raise UserError(f"{url} has more than {LARGEST / 1e9:.1f} GB, and was not to; check the address.")
    if promised.isdecimal() and size != int(promised):
        raise UserError(f"{url} broke off after {size} of {promised} bytes; try again.")
