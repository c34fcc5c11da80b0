"""prefix_sums_data/{n}_data.pth and _targets.pth of easy-to-hard-data: float tensors (N, n) of 0 and 1."""

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from longthink.base.download import SITE, download_archive
from longthink.base.errors import UserError
from longthink.base.files import atomic
from longthink.base.tensors import load_tensors, save_tensors
from longthink.contracts import Puzzles, Split
from longthink.problems.prefix_sums.problem import PrefixSums

FOLDER = "prefix_sums_data"
LENGTHS = (*range(16, 65), 72, 128, 256, 512)


class PrefixSumDataset(torch.utils.data.Dataset[tuple[Tensor, Tensor]]):
    """10,000 strings of `num_bits` bits, as easy-to-hard-data serves them: input (1, n) less 0.5, target (n).

    With `download`, the files are fetched from `url` unless they are below `root` already. Raises UserError for a
    length that is not offered, and for files that are missing, damaged or wrong.
    """

    lengths: ClassVar[tuple[int, ...]] = LENGTHS

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
        if download and not all(path.exists() for n in self.lengths for path in _paths(root, n)):
            download_archive(url, root, FOLDER, _verify_folder)
        puzzles = read(PrefixSums(), num_bits, root, "train")
        self.inputs, self.targets = puzzles.x, puzzles.y

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.inputs[index], self.targets[index]


def write(batches: Iterable[Puzzles], _count: int, folder: Path) -> list[Path]:
    puzzles = list(batches)
    bits = torch.cat([some.x[:, 0] + 0.5 for some in puzzles])
    targets = torch.cat([some.y.float() for some in puzzles])
    paths = _paths(folder, puzzles[0].level)
    for path, tensor in zip(paths, (bits, targets), strict=True):
        with atomic(path) as partial:
            save_tensors(tensor, partial)
    return list(paths)


def read(problem: PrefixSums, level: int, folder: Path, split: Split) -> Puzzles:
    bits, targets = map(load_tensors, _paths(folder, level))
    if not (
        isinstance(bits, Tensor)
        and isinstance(targets, Tensor)
        and bits.ndim == 2
        and bits.shape[1] == level
        and torch.equal(bits.long().cumsum(1) % 2, targets.long())
    ):
        raise UserError(f"The files of {level} bits in {folder} do not hold bit strings and their prefix sums.")
    return Puzzles(problem, level, bits.unsqueeze(1) - 0.5, targets.long(), split=split)


def _paths(root: Path, level: int) -> tuple[Path, Path]:
    folder = root / FOLDER
    return folder / f"{level}_data.pth", folder / f"{level}_targets.pth"


def _verify_folder(folder: Path) -> None:
    for length in LENGTHS:
        read(PrefixSums(), length, folder, "train")
