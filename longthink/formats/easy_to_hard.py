"""The field's files: those of the package easy-to-hard-data 1.0.0, read and written (dissertation, chapter 2).

`PrefixSumDataset` stands in for the package's class of the same name. Its download tells nobody, verifies what it got,
and writes nothing outside `root`.
"""

import shutil
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import ClassVar

import torch
from torch import Tensor

from longthink.contracts import Format, Problem, Puzzles, plugin_name
from longthink.errors import UserError
from longthink.files import atomic, atomic_folder
from longthink.problems.prefix_sums import PrefixSums
from longthink.runs import load_tensors

SITE = "https://cs.umd.edu/~tomg/download/Easy_to_Hard_Datav2/"
PREFIX_SUMS_FOLDER = "prefix_sums_data"
PREFIX_SUMS_LENGTHS = (*range(16, 65), 72, 128, 256, 512)
CHUNK = 2**20


class EasyToHard(Format):
    """prefix_sums_data/{n}_data.pth and {n}_targets.pth: float tensors (N, n) of 0 and 1."""

    def write(self, puzzles: Puzzles, folder: Path) -> list[Path]:
        _check_supported(puzzles.problem)
        bits, targets = puzzles.x[:, 0] + 0.5, puzzles.y.float()
        paths = _prefix_sum_paths(folder, puzzles.level)
        for path, tensor in zip(paths, (bits, targets), strict=True):
            with atomic(path) as partial:
                torch.save(tensor, partial)
        return list(paths)

    def read(self, problem: Problem, level: int, folder: Path) -> Puzzles:
        _check_supported(problem)
        bits, targets = map(load_tensors, _prefix_sum_paths(folder, level))
        _verify_prefix_sums(bits, targets, level, folder)
        return Puzzles(problem, level, bits.unsqueeze(1) - 0.5, targets.long())


class PrefixSumDataset(torch.utils.data.Dataset[tuple[Tensor, Tensor]]):
    """10,000 strings of `num_bits` bits, as easy-to-hard-data serves them: input (1, n) less 0.5, target (n).

    With `download`, the files are fetched from `url` unless they are below `root` already. Raises UserError for a
    length that is not offered, and for files that are missing, damaged or wrong.
    """

    lengths: ClassVar[tuple[int, ...]] = PREFIX_SUMS_LENGTHS

    def __init__(
        self,
        root: str | Path,
        num_bits: int = 32,
        download: bool = True,
        url: str = SITE + "prefix_sums_data.tar.gz",
    ):
        if num_bits not in self.lengths:
            raise UserError(
                f"easy-to-hard-data has no strings of {num_bits} bits, only of 16 to 64, 72, 128, 256 and 512;"
                " PrefixSums().sample makes any length."
            )
        root = Path(root)
        if download and not all(path.exists() for n in self.lengths for path in _prefix_sum_paths(root, n)):
            download_archive(url, root, PREFIX_SUMS_FOLDER, _verify_prefix_sums_folder)
        puzzles = EasyToHard().read(PrefixSums(), num_bits, root)
        self.inputs, self.targets = puzzles.x, puzzles.y

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.inputs[index], self.targets[index]


def download_archive(url: str, root: Path, name: str, verify: Callable[[Path], None]) -> None:
    """Fetch a .tar.gz that holds one folder, `name`, and put that folder below `root` if `verify` accepts it.

    Raises UserError, with nothing left behind, if the site cannot be reached, the archive is cut short, a member would
    land outside, or `verify` objects. `verify` is given the folder that holds `name`.
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


def _check_supported(problem: Problem) -> None:
    if not isinstance(problem, PrefixSums):
        raise UserError(f"easy-to-hard-data has no files for {plugin_name(type(problem))}; use the format arrays.")


def _prefix_sum_paths(root: Path, level: int) -> tuple[Path, Path]:
    folder = root / PREFIX_SUMS_FOLDER
    return folder / f"{level}_data.pth", folder / f"{level}_targets.pth"


def _verify_prefix_sums(bits: object, targets: object, level: int, where: Path) -> None:
    if not (
        isinstance(bits, Tensor)
        and isinstance(targets, Tensor)
        and bits.ndim == 2
        and bits.shape[1] == level
        and torch.equal(bits.long().cumsum(1) % 2, targets.long())
    ):
        raise UserError(f"The files of {level} bits in {where} do not hold bit strings and their prefix sums.")


def _verify_prefix_sums_folder(folder: Path) -> None:
    for length in PREFIX_SUMS_LENGTHS:
        EasyToHard().read(PrefixSums(), length, folder)
