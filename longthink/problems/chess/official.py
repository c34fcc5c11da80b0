"""chess_data of easy-to-hard-data: data.pth (N, 12, 8, 8), targets.pth (N, 8, 8), who_moves.pth and rating.pth (N, 1).

One set without splits, in the order of the ratings if it was written so; a level is read out of it. Which way up its
targets are, the data say (docs/chess.md).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from longthink.base.download import SITE, download_archive
from longthink.base.errors import UserError
from longthink.base.files import atomic_folder
from longthink.base.tensors import load_tensors, save_tensors
from longthink.contracts import Puzzles, Split
from longthink.problems.chess.problem import ChessPuzzles

FOLDER = "chess_data"
TARGETS = ("targets.pth", "segment_targets.pth")
"""What the file of targets is called by the package's generator, and by its loader."""


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
        if download and not (root / FOLDER).exists():
            download_archive(url, root, FOLDER, lambda at: _load(at / FOLDER).part(slice(None)).check())
        files = _load(root / FOLDER)
        if begin >= len(files.boards):
            raise UserError(f"{root / FOLDER} has {len(files.boards)} puzzles, and none from {begin} on.")
        chosen = files.part(slice(begin, end))
        chosen.check()
        self.puzzles, self.targets, self.who_moves = chosen.boards, chosen.targets, chosen.who_moves
        self.with_who_moves = who_moves

    def __len__(self) -> int:
        return len(self.puzzles)

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        item = self.puzzles[index], self.targets[index]
        return (*item, self.who_moves[index]) if self.with_who_moves else item


def write(batches: Iterable[Puzzles], _count: int, folder: Path) -> list[Path]:
    several, target = list(batches), folder / FOLDER
    if any(puzzles.problem.perspective != "white" for puzzles in several if isinstance(puzzles.problem, ChessPuzzles)):
        raise UserError("easy-to-hard-data has boards from White's side only; leave --perspective out.")
    tensors = {
        "data.pth": torch.cat([puzzles.x for puzzles in several]),
        "targets.pth": torch.cat([puzzles.y for puzzles in several]),
        "who_moves.pth": torch.cat([puzzles.extras["who_moves"] for puzzles in several]).float().unsqueeze(1),
        "rating.pth": torch.cat([puzzles.extras["rating"] for puzzles in several]).float().unsqueeze(1),
    }
    with atomic_folder(target) as partial:
        for name, tensor in tensors.items():
            save_tensors(tensor, partial / name)
    return [target / name for name in tensors]


def read(problem: ChessPuzzles, level: int, folder: Path, split: Split) -> Puzzles:
    files = _load(folder / FOLDER)
    low = level - problem.width
    which: slice | Tensor = slice(None)  # which tenth of what it was taken from, a file does not say
    if problem.unit == "rating":
        which = ((files.rating[:, 0] >= low) & (files.rating[:, 0] < level)).nonzero()[:, 0]
    elif problem.unit == "index":
        which = slice(max(0, low), level)
    some = files.part(which)
    if len(some.boards) == 0:
        raise UserError(f"{folder / FOLDER} has no puzzles of level {level} ({problem.says(level)}).")
    some.check()
    return problem.from_boards(
        some.boards, some.targets, some.who_moves[:, 0] > 0, some.rating[:, 0].long(), level, split
    )


class _Files(NamedTuple):
    """What is in chess_data: boards (N, 12, 8, 8), targets (N, 8, 8), who_moves and rating (N, 1)."""

    boards: Tensor
    targets: Tensor
    who_moves: Tensor
    rating: Tensor
    folder: Path

    def part(self, which: slice | Tensor) -> "_Files":
        """Some of them, with targets in the rows of the boards."""
        boards, targets = self.boards[which].float(), self.targets[which].long()
        some = _Files(boards, targets, self.who_moves[which], self.rating[which], self.folder)
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


def _load(folder: Path) -> _Files:
    """The files as they are, mapped into memory."""
    targets = next((folder / name for name in TARGETS if (folder / name).exists()), folder / TARGETS[0])
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
    return _Files(boards, marks, who_moves, rating, folder)
