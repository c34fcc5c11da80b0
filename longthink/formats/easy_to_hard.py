"""The field's files: those of the package easy-to-hard-data 1.0.0, read and written (dissertation, chapter 2).

`PrefixSumDataset`, `MazeDataset` and `ChessPuzzleDataset` stand in for the package's classes of the same names. Their
download tells nobody, verifies what it got, and writes nothing outside `root`.
"""

import shutil
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from longthink.contracts import Format, Problem, Puzzles, Split, plugin_name
from longthink.errors import UserError
from longthink.files import atomic, atomic_folder
from longthink.formats._stream import write_npy
from longthink.problems.chess_puzzles import ChessPuzzles
from longthink.problems.mazes import Mazes, side_of
from longthink.problems.prefix_sums import PrefixSums
from longthink.runs import load_tensors

SITE = "https://cs.umd.edu/~tomg/download/Easy_to_Hard_Datav2/"
PREFIX_SUMS_FOLDER = "prefix_sums_data"
PREFIX_SUMS_LENGTHS = (*range(16, 65), 72, 128, 256, 512)
CHESS_FOLDER = "chess_data"
CHESS_TARGETS = ("targets.pth", "segment_targets.pth")
"""What the file of targets is called by the package's generator, and by its loader."""
CHUNK = 2**20


class EasyToHard(Format):
    """prefix_sums_data/{n}_data.pth and _targets.pth, maze_data_{split}_{n}/inputs.npy and solutions.npy, chess_data.

    Prefix sums are float tensors (N, n) of 0 and 1. Mazes are arrays (N, 3, H, W) and (N, H, W) of 0 and 1, which
    this library writes as bytes; their splits are called train and test, and validation is a folder more. Chess puzzles
    are one set without splits: data.pth (N, 12, 8, 8), targets.pth (N, 8, 8), who_moves.pth and rating.pth (N, 1), in
    the order of their ratings if they were written so; a level is read out of it.
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
        if isinstance(problem, ChessPuzzles):
            return _write_chess([first, *rest], folder / CHESS_FOLDER)
        raise _unsupported(problem)

    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        if isinstance(problem, PrefixSums):
            bits, targets = map(load_tensors, _prefix_sum_paths(folder, level))
            _verify_prefix_sums(bits, targets, level, folder)
            return Puzzles(problem, level, bits.unsqueeze(1) - 0.5, targets.long(), split=split)
        if isinstance(problem, Mazes):
            inputs, solutions = _read_mazes(folder / maze_folder(split, level), level)
            return Puzzles(problem, level, inputs, solutions, inputs.amax(1) > 0, split)
        if isinstance(problem, ChessPuzzles):
            return _read_chess(problem, level, folder / CHESS_FOLDER, split)
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


class ChessPuzzleDataset(torch.utils.data.Dataset[tuple[Tensor, ...]]):
    """Puzzles `idx_start` to `idx_end` - 1 of the set, which is sorted by rating, as easy-to-hard-data serves them.

    An item is the board (12, 8, 8) float, the target (8, 8) long, and with `who_moves` a flag (1,), 1 where Black does.
    By default the first 600,000 puzzles, or with `train` false the next 100,000. Row 0 is rank 1 in boards and targets:
    files whose targets are the other way round are recognised, and turned (see docs/chess.md).
    Raises UserError for a range that is none, and for files that are missing, damaged or no puzzles.
    """

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        idx_start: int | None = None,
        idx_end: int | None = None,
        who_moves: bool = True,
        download: bool = True,
        url: str = SITE + "chess_data.tar.gz",
    ):
        begin, end = (0, 600_000) if train else (600_000, 700_000)
        begin, end = begin if idx_start is None else idx_start, end if idx_end is None else idx_end
        if not 0 <= begin < end:
            raise UserError(f"Puzzles are taken from idx_start up to a higher idx_end, not from {begin} to {end}.")
        root = Path(root)
        if download and not (root / CHESS_FOLDER).exists():
            download_archive(
                url, root, CHESS_FOLDER, lambda at: _load_chess(at / CHESS_FOLDER).part(slice(None)).check()
            )
        files = _load_chess(root / CHESS_FOLDER)
        if begin >= len(files.boards):
            raise UserError(f"{root / CHESS_FOLDER} has {len(files.boards)} puzzles, and none from {begin} on.")
        chosen = files.part(slice(begin, end))
        chosen.check()
        self.puzzles, self.targets, self.who_moves = chosen.boards, chosen.targets, chosen.who_moves
        self.with_who_moves = who_moves

    def __len__(self) -> int:
        return len(self.puzzles)

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        item = self.puzzles[index], self.targets[index]
        return (*item, self.who_moves[index]) if self.with_who_moves else item


class _ChessFiles(NamedTuple):
    """What is in chess_data: boards (N, 12, 8, 8), targets (N, 8, 8), who_moves and rating (N, 1)."""

    boards: Tensor
    targets: Tensor
    who_moves: Tensor
    rating: Tensor
    folder: Path

    def part(self, which: slice | Tensor) -> "_ChessFiles":
        """Some of them, with targets in the rows of the boards."""
        boards, targets = self.boards[which].float(), self.targets[which].long()
        some = _ChessFiles(boards, targets, self.who_moves[which], self.rating[which], self.folder)
        return some._replace(targets=targets.flip(1)) if some.is_turned() else some

    def is_turned(self) -> bool:
        """Whether targets have rank 8 in row 0: so that more of them have one's own piece on just one square."""
        return bool(self._starts(self.targets.flip(1)).sum() > self._starts(self.targets).sum())

    def _starts(self, targets: Tensor) -> Tensor:
        """Where a piece of the side to move stands on one of the two squares, and on the other none (N,)."""
        own = self.boards[:, :6].sum(1)
        return (own * targets).sum((1, 2)) == 1

    def check(self) -> None:
        """Raises UserError if these are no puzzles."""
        values = self.boards.float()
        whole = ((values == 0) | (values == 1)).all() and (values.sum(1) <= 1).all()
        kings = (values[:, (0, 6)].sum((2, 3)) == 1).all()
        moves = (self.targets.flatten(1).sum(1) == 2).all() and (self._starts(self.targets)).all()
        if not (whole and kings and moves):
            raise UserError(f"{self.folder} does not hold boards and moves on them.")


def _load_chess(folder: Path) -> _ChessFiles:
    """The files as they are, mapped into memory."""
    targets = next((folder / name for name in CHESS_TARGETS if (folder / name).exists()), folder / CHESS_TARGETS[0])
    paths = (folder / "data.pth", targets, folder / "who_moves.pth")
    boards, marks, who_moves = (load_tensors(path, mapped=True) for path in paths)
    rating_path = folder / "rating.pth"
    rating = load_tensors(rating_path, mapped=True) if rating_path.exists() else torch.zeros(len(boards), 1)
    count = len(boards)
    shapes = [(count, 12, 8, 8), (count, 8, 8), (count, 1), (count, 1)]
    found = (boards, marks, who_moves, rating)
    if not all(
        isinstance(tensor, Tensor) and tensor.shape == shape for tensor, shape in zip(found, shapes, strict=True)
    ):
        raise UserError(f"{folder} does not hold boards (N, 12, 8, 8), targets (N, 8, 8) and flags (N, 1).")
    return _ChessFiles(boards, marks, who_moves, rating, folder)


def _write_chess(batches: list[Puzzles], folder: Path) -> list[Path]:
    if any(puzzles.problem.perspective != "white" for puzzles in batches if isinstance(puzzles.problem, ChessPuzzles)):
        raise UserError("easy-to-hard-data has boards from White's side only; leave --perspective out.")
    tensors = {
        "data.pth": torch.cat([puzzles.x for puzzles in batches]),
        "targets.pth": torch.cat([puzzles.y for puzzles in batches]),
        "who_moves.pth": torch.cat([puzzles.details["who_moves"] for puzzles in batches]).float().unsqueeze(1),
        "rating.pth": torch.cat([puzzles.details["rating"] for puzzles in batches]).float().unsqueeze(1),
    }
    with atomic_folder(folder) as partial:
        for name, tensor in tensors.items():
            torch.save(tensor, partial / name)
    return [folder / name for name in tensors]


def _read_chess(problem: ChessPuzzles, level: int, folder: Path, split: Split) -> Puzzles:
    files = _load_chess(folder)
    low = level - problem.width
    if problem.unit == "rating":
        which: slice | Tensor = ((files.rating[:, 0] >= low) & (files.rating[:, 0] < level)).nonzero()[:, 0]
    else:
        which = slice(max(0, low), level)
    some = files.part(which)
    if len(some.boards) == 0:
        raise UserError(f"{folder} has no puzzles of level {level} ({problem.unit} {low} to {level - 1}).")
    some.check()
    return problem.from_boards(
        some.boards, some.targets, some.who_moves[:, 0] > 0, some.rating[:, 0].long(), level, split
    )


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
