"""The field's files: those of the package easy-to-hard-data 1.0.0, read and written (dissertation, chapter 2).

`PrefixSumDataset` and `MazeDataset` stand in for the package's classes of the same names. Their download tells nobody,
verifies what it got, and writes nothing outside `root`.
"""

import shutil
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from longthink.contracts import Format, Problem, Puzzles, Split, plugin_name
from longthink.errors import UserError
from longthink.files import atomic, atomic_folder
from longthink.formats._stream import write_npy
from longthink.problems.mazes import Mazes, side_of
from longthink.problems.prefix_sums import PrefixSums
from longthink.runs import load_tensors

SITE = "https://cs.umd.edu/~tomg/download/Easy_to_Hard_Datav2/"
PREFIX_SUMS_FOLDER = "prefix_sums_data"
PREFIX_SUMS_LENGTHS = (*range(16, 65), 72, 128, 256, 512)
CHUNK = 2**20


class EasyToHard(Format):
    """prefix_sums_data/{n}_data.pth and _targets.pth, maze_data_{split}_{n}/inputs.npy and solutions.npy.

    Prefix sums are float tensors (N, n) of 0 and 1. Mazes are arrays (N, 3, H, W) and (N, H, W) of 0 and 1, which
    this library writes as bytes; their splits are called train and test, and validation is a folder more.
    """

    def write(self, batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:
        rest = iter(batches)
        first = next(rest)
        problem, level = first.problem, first.level
        if isinstance(problem, PrefixSums):
            puzzles = [first, *rest]
            bits = torch.cat([some.x[:, 0] + 0.5 for some in puzzles])
            targets = torch.cat([some.y.float() for some in puzzles])
            paths = _prefix_sum_paths(folder, level)
            for path, tensor in zip(paths, (bits, targets), strict=True):
                with atomic(path) as partial:
                    torch.save(tensor, partial)
            return list(paths)
        if isinstance(problem, Mazes):
            target = folder / maze_folder(first.split, level)
            with atomic_folder(target) as partial:
                write_npy(chain([first], rest), count, partial, _maze_arrays)
            return sorted(target.iterdir())
        raise _unsupported(problem)

    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        if isinstance(problem, PrefixSums):
            bits, targets = map(load_tensors, _prefix_sum_paths(folder, level))
            _verify_prefix_sums(bits, targets, level, folder)
            return Puzzles(problem, level, bits.unsqueeze(1) - 0.5, targets.long(), split=split)
        if isinstance(problem, Mazes):
            inputs, solutions = _read_mazes(folder / maze_folder(split, level), level)
            return Puzzles(problem, level, inputs, solutions, inputs.amax(1) > 0, split)
        raise _unsupported(problem)


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


class MazeDataset(torch.utils.data.Dataset[tuple[Tensor, Tensor]]):
    """Mazes of one size, as easy-to-hard-data serves them: picture (3, H, W) float and solution (H, W) long.

    `transform`, if given, is applied to both stacked, (4, H, W). With `download`, the files are fetched from `url`
    unless they are below `root` already. Raises UserError for an even size, and for files that are missing, damaged
    or no mazes.
    """

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        size: int = 9,
        transform: Callable[[Tensor], Tensor] | None = None,
        download: bool = True,
        url: str | None = None,
    ):
        side_of(size)
        root, name = Path(root), maze_folder("train" if train else "test", size)
        if download and not (root / name).exists():
            download_archive(url or f"{SITE}{name}.tar.gz", root, name, lambda at: _verify_mazes(at / name, size))
        self.transform = transform
        self.inputs, self.targets = _read_mazes(root / name, size)

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        x, y = self.inputs[index], self.targets[index]
        if self.transform is not None:
            stacked = self.transform(torch.cat([x, y.unsqueeze(0)]))
            x, y = stacked[:3].float(), stacked[3].long()
        return x, y


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


def _unsupported(problem: Problem) -> UserError:
    return UserError(f"easy-to-hard-data has no files for {plugin_name(type(problem))}; use the format arrays.")


def maze_folder(split: Split, level: int) -> str:
    return f"maze_data_{split}_{level}"


def _maze_arrays(puzzles: Puzzles) -> dict[str, NDArray[np.uint8]]:
    return {"inputs": puzzles.x.to(torch.uint8).numpy(), "solutions": puzzles.y.to(torch.uint8).numpy()}


def _read_mazes(folder: Path, level: int) -> tuple[Tensor, Tensor]:
    """Pictures (N, 3, H, W) float and solutions (N, H, W) long."""
    try:
        inputs, solutions = (np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("inputs", "solutions"))
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{folder} holds no mazes, or damaged ones: {error}.") from error
    side = side_of(level)
    if inputs.shape[1:] != (3, side, side) or solutions.shape != (len(inputs), side, side):
        raise UserError(f"{folder} does not hold mazes of size {level}, which are pictures of {side} x {side} pixels.")
    x, y = torch.from_numpy(inputs).float(), torch.from_numpy(solutions).long()
    if not (((x == 0) | (x == 1)).all() and (y <= x.amax(1)).all() and (y >= 0).all()):
        raise UserError(f"{folder} does not hold mazes and paths in them.")
    return x, y


def _verify_mazes(folder: Path, level: int) -> None:
    _read_mazes(folder, level)


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
