"""Fetching the field's archives: whole and verified, or not at all."""

import shutil
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from longthink.base.errors import UserError
from longthink.base.files import atomic_folder

SITE = "https://cs.umd.edu/~tomg/download/Easy_to_Hard_Datav2/"
CHUNK = 2**20


def download_archive(url: str, root: Path, name: str, verify: Callable[[Path], None]) -> None:
    """Fetch a .tar.gz that holds one folder, whole and verified; or leave nothing behind.

    Args:
        url: of the archive.
        root: where its folder goes.
        name: of that folder.
        verify: is given the folder that `name` is in, and raises UserError if it objects.

    Raises:
        UserError: the site cannot be reached, the archive is cut short, a member would land outside, `verify` objects.

    >>> import tarfile, tempfile
    >>> there, here = (Path(tempfile.mkdtemp()) for _ in range(2))
    >>> (there / "bits").mkdir()
    >>> with tarfile.open(there / "bits.tar.gz", "w:gz") as tar:
    ...     tar.add(there / "bits", "bits")
    >>> download_archive((there / "bits.tar.gz").as_uri(), here, "bits", verify=lambda folder: None)
    >>> [path.name for path in here.iterdir()]
    ['bits']
    """
    root.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=root, prefix=".download.") as scratch:
        archive, unpacked = Path(scratch) / "archive.tar.gz", Path(scratch) / "unpacked"
        _fetch(url, archive)
        try:
            with tarfile.open(archive) as tar:
                for member in tar:
                    parts = PurePosixPath(member.name).parts
                    if parts[0] != name or ".." in parts:
                        raise UserError(f"{url} wants to write outside {name} ('{member.name}'); nothing was unpacked.")
                tar.extractall(unpacked, filter="data")
        except tarfile.FilterError as error:
            raise UserError(f"{url} wants to write outside {name} ({error}); nothing was unpacked.") from error
        except (tarfile.TarError, EOFError, OSError) as error:
            raise UserError(f"{url} is no whole .tar.gz archive ({error}); try again.") from error
        verify(unpacked)
        with atomic_folder(root / name) as target:
            shutil.copytree(unpacked / name, target, dirs_exist_ok=True)


def _fetch(url: str, target: Path) -> None:
    try:
        with urllib.request.urlopen(url, timeout=60) as response, target.open("wb") as out:
            promised = response.headers.get("Content-Length")
            shutil.copyfileobj(response, out, CHUNK)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise UserError(f"{url} cannot be fetched ({error}); check the address and the network.") from error
    if promised is not None and target.stat().st_size != int(promised):
        raise UserError(f"{url} broke off after {target.stat().st_size} of {promised} bytes; try again.")
