"""MATLAB files as SVHN and EMNIST are published in.

train_32x32.mat, test_32x32.mat     SVHN's cropped digits: X, bytes (32, 32, 3, N), and y (N, 1), 10 for the digit 0
emnist-balanced.mat and so on       dataset.train and dataset.test with images, bytes (N, 784), each column by column,
                                    and labels (N, 1); dataset.mapping: a label and the codes of its characters a row

They are read by scipy, which comes with scikit-learn.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from longthink.base.errors import UserError
from longthink.base.files import atomic
from longthink.base.published import is_hidden
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.problems.images._pictures import as_images, refuse_others
from longthink.problems.images._store import PARTS, Part, PictureBlock, build
from longthink.registry import register

SVHN: tuple[str, ...] = ("train_32x32.mat", "test_32x32.mat")
"""What is taken of a folder: extra_32x32.mat, of easier digits, wants to be named."""
DIGITS = 10
"""Classes of SVHN, and the label of its first."""
EMNIST_SIDE = 28
UNREADABLE = (
    *(OSError, EOFError, zlib.error),  # what is cut short
    *(LookupError, TypeError, ValueError, AttributeError, ArithmeticError, MemoryError),  # what is something else
    NotImplementedError,  # MATLAB's format since 7.3
)
"""What scipy makes of bytes that it cannot read, and we of what is missing in those that it can."""
HOLDERS = "SVHN's files"
"""What a message calls the files that are written."""


@register
class Mat(Format):
    """SVHN's cropped digits and EMNIST as MATLAB files; pictures of ten classes are written as SVHN's are."""

    def write(self, batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:  # noqa: ARG002
        several = list(batches)
        problem = as_images(several[0].problem, HOLDERS)
        if problem.spec.outputs > DIGITS:
            raise UserError(f"{HOLDERS} hold {DIGITS} classes at most; use the format arrays.")
        pixels = np.concatenate([problem.pixels(puzzles.x) for puzzles in several])
        labels = np.concatenate([puzzles.y.numpy() for puzzles in several])
        marks = np.where(labels == 0, DIGITS, labels).astype(np.uint8)[:, None]
        target = folder / f"{several[0].split}_32x32.mat"
        with atomic(target) as partial, partial.open("wb") as out:
            _scipy_io().savemat(out, {"X": pixels.transpose(1, 2, 3, 0), "y": marks}, do_compression=True)
        return [target]

    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        path = folder / f"{split}_32x32.mat"
        (block,) = _load(path).blocks
        return as_images(problem, HOLDERS).from_bytes(block.images, block.labels, level, split)

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:  # noqa: ARG002
        """Pack pictures and labels into a store for `Images(source=folder)`; how many there are, and 0.

        Each of `files` is one of SVHN's, for testing if its name says so, or one of EMNIST's, or a folder with those of
        one data set. A damaged file is an error, whatever `skip` says.
        """
        paths = [path for one in files for path in (_of_folder(one) if one.is_dir() else [one])]
        contents = map(_load, paths)
        first = next(contents)

        def blocks() -> Iterator[PictureBlock]:
            for content in chain([first], contents):
                if content.classes != first.classes:
                    raise UserError(f"{paths[0]} and others hold several data sets; name the files of one.")
                yield from content.blocks

        return build(blocks(), folder, first.classes, [path.name for path in paths]), 0


class _Content(NamedTuple):
    """What is in a file."""

    classes: list[str]
    blocks: list[PictureBlock]


def _of_folder(folder: Path) -> list[Path]:
    there = sorted(path for path in folder.glob("*.mat") if path.is_file() and not is_hidden(path))
    found = [path for path in there if path.name in SVHN] or there
    if not found:
        refuse_others(folder)
        raise UserError(f"There is no MATLAB file in {folder}, such as train_32x32.mat.")
    if len(found) > 1 and found[0].name not in SVHN:
        raise UserError(f"{folder} holds several data sets ({', '.join(path.name for path in found)}); name one.")
    return found


def _load(path: Path) -> _Content:
    """Raises UserError for a file that is missing, damaged or of another kind."""
    scipy_io = _scipy_io()
    try:
        with path.open("rb") as file:
            content = scipy_io.loadmat(file, simplify_cells=True)
        if "dataset" in content:
            return _emnist(content["dataset"])
        part: Part = "test" if path.name.startswith("test") else "train"
        return _svhn(content["X"], content["y"], part)
    except FileNotFoundError as error:
        raise UserError(f"There is no file {path}.") from error
    except (*UNREADABLE, scipy_io.matlab.MatReadError) as error:
        raise UserError(f"{path} is no MATLAB file of SVHN or EMNIST, or damaged ({error}); get it again.") from error


def _svhn(images: NDArray[np.uint8], labels: NDArray[np.uint8], part: Part) -> _Content:
    images = (images if images.ndim == 4 else images[..., None]).transpose(3, 0, 1, 2)
    return _Content([str(digit) for digit in range(DIGITS)], [_block(part, images, np.atleast_1d(labels) % DIGITS)])


def _emnist(content: Any) -> _Content:
    characters = {int(label): "".join(map(chr, codes)) for label, *codes in content["mapping"].astype(int).tolist()}
    first = min(characters)
    blocks = []
    for part in PARTS:
        pictures, labels = content[part]["images"], np.atleast_1d(content[part]["labels"])
        upright = pictures.reshape(-1, EMNIST_SIDE, EMNIST_SIDE).transpose(0, 2, 1)[..., None]
        blocks.append(_block(part, upright, labels - first))
    return _Content([characters[label] for label in sorted(characters)], blocks)


def _block(part: Part, images: NDArray[Any], labels: NDArray[Any]) -> PictureBlock:
    if images.dtype != np.uint8 or len(images) != len(labels):
        raise ValueError(f"{len(images)} pictures of {images.dtype} and {len(labels)} labels")
    return PictureBlock(part, images, labels.astype(np.int64))


def _scipy_io() -> Any:
    try:
        import scipy.io
    except ImportError as error:
        raise UserError("MATLAB files need scipy: pip install 'longthink[analysis]'.") from error
    return scipy.io
