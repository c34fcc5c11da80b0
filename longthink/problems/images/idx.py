"""IDX files, the format of MNIST and of its successors: Fashion-MNIST, EMNIST, KMNIST; plain or .gz.

{train,t10k}-images-idx3-ubyte and {train,t10k}-labels-idx1-ubyte, or with other words before: two zero bytes, the type
(8: bytes), the number of axes, then each axis's length, big-endian, then the bytes.
"""

import gzip
import re
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from longthink.base.errors import UserError
from longthink.base.files import atomic
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.problems.images._pictures import as_images
from longthink.problems.images._store import Part, PictureBlock, build
from longthink.registry import register

FILE = re.compile(r"(?P<stem>.*?)(?P<part>train|validation|t10k|test)-images([-.])idx3-ubyte(\.gz)?")
PARTS: dict[str, Part] = {"train": "train", "validation": "train", "t10k": "test", "test": "test"}
WORDS: dict[Split, str] = {"train": "train", "validation": "validation", "test": "t10k"}
ON_THEIR_SIDE = "emnist"
"""What the names of files begin with whose images have rows and columns exchanged."""
CLASSES = {
    "fashion": (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )
}
"""What the classes are called, if the path says which data set it is; else they are called by their numbers."""
BYTE = 8
HOLDERS = "IDX files"
"""What a message calls such files."""


@register
class Idx(Format):
    """Grey images and their labels in two files for each split."""

    def write(self, batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:
        several = list(batches)
        problem = as_images(several[0].problem, HOLDERS)
        pixels = np.concatenate([problem.pixels(puzzles.x) for puzzles in several])
        if (pixels != pixels[..., :1]).any():
            raise UserError("IDX files hold grey images, and these have colours; use the format arrays.")
        labels = torch.cat([puzzles.y for puzzles in several]).numpy()
        images, marks = _paths(folder, several[0].split)
        for path, values in ((images, pixels[..., 0]), (marks, labels)):
            with atomic(path) as partial:
                header = bytes([0, 0, BYTE, values.ndim]) + np.array(values.shape, ">u4").tobytes()
                partial.write_bytes(header + values.astype(np.uint8).tobytes())
        assert len(pixels) == count
        return [images, marks]

    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        return as_images(problem, HOLDERS).from_bytes(*_pair(*_paths(folder, split)), level, split)

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:  # noqa: ARG002
        """Pack images and labels into a store for `Images(source=folder)`; how many there are, and 0.

        Each of `files` is a file of images, whose labels are beside it, or a folder with such files. A damaged file is
        an error, whatever `skip` says: after the first wrong byte nothing in it can be trusted.
        """
        found = [one for path in files for one in (sorted(path.iterdir()) if path.is_dir() else [path])]
        images = [path for path in found if FILE.fullmatch(path.name)]
        if not images:
            raise UserError(
                f"There is no IDX file of images in {', '.join(map(str, files))}. Fashion-MNIST's are"
                " train-images-idx3-ubyte.gz and so on: get them from its site, or apt-get install"
                " dataset-fashion-mnist, which puts them into /usr/share/datasets/fashion-mnist."
            )
        blocks = [_block(path) for path in images]
        count = max(int(block.labels.max()) for block in blocks) + 1
        known = next((names for word, names in CLASSES.items() if word in str(images[0].absolute())), ())
        classes = known if len(known) == count else [str(number) for number in range(count)]
        return build(blocks, folder, classes, [path.name for path in images]), 0


def _block(path: Path) -> PictureBlock:
    match = FILE.fullmatch(path.name)
    assert match is not None
    labels = path.with_name(path.name.replace("-images", "-labels").replace("idx3", "idx1"))
    if not labels.exists():  # one of the two may be unpacked
        labels = labels.with_suffix("") if labels.suffix == ".gz" else labels.with_name(f"{labels.name}.gz")
    images, marks = _pair(path, labels)
    if path.name.startswith(ON_THEIR_SIDE):
        images = images.transpose(0, 2, 1, 3)
    return PictureBlock(PARTS[match["part"]], images, marks)


def _pair(images: Path, labels: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (N, H, W, 1) and labels (N,)."""
    pixels, marks = _load(images, 3), _load(labels, 1)
    if len(pixels) != len(marks):
        raise UserError(f"{images} has {len(pixels)} images, but {labels.name} has {len(marks)} labels.")
    return pixels[..., None], marks.astype(np.int64)


def _load(path: Path, axes: int) -> NDArray[np.uint8]:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read, or is cut short ({error}); get it again.") from error
    if content[:4] != bytes([0, 0, BYTE, axes]):
        raise UserError(f"{path} is no IDX file of bytes with {axes} axes.")
    shape = np.frombuffer(content, ">u4", axes, 4).astype(int) if len(content) >= 4 + 4 * axes else np.zeros(axes, int)
    if len(content) != 4 + 4 * axes + shape.prod():
        raise UserError(f"{path} should hold {' x '.join(map(str, shape))} bytes, and does not; get it again.")
    values: NDArray[Any] = np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)
    return values


def _paths(folder: Path, split: Split) -> tuple[Path, Path]:
    return folder / f"{WORDS[split]}-images-idx3-ubyte", folder / f"{WORDS[split]}-labels-idx1-ubyte"
