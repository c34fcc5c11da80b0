"""Pictures as others publish them, as bytes of one size."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from longthink.base.errors import UserError
from longthink.base.pictures import MOST_PIXELS, on_white, open_picture
from longthink.problems.images._store import Part, PictureBlock
from longthink.problems.images.problem import Images
from longthink.registry import name_of

SMALL = 64
"""Pictures of at most so many pixels along each axis are taken as they are."""
SHORTER_SIDE, CUT = 256, 224
"""Larger ones are scaled to a shorter side of this, and the middle is cut out: the usual way with ImageNet."""
AT_ONCE = 512
"""Pictures that are in memory at a time."""
PICKLES = ("data_batch_1", "test_batch")
"""Files of CIFAR's version for Python; those of CIFAR-100 are called meta, train and test."""
OTHER_KINDS = (".npz", ".pkl", ".pickle", ".h5", ".hdf5", ".tfrecord", ".tfrecords", ".pt", ".pth")
"""What files of pictures that are not read end with."""


def refuse_others(path: Path) -> None:
    """Raises UserError for a file, or a folder with files, of the kinds of data sets that are not read."""
    names = {one.name for one in path.iterdir()} if path.is_dir() else {path.name}
    if names & {*PICKLES}:
        raise UserError(f"{path} holds CIFAR's version for Python; bring it in with --format cifar.")
    matlab = next((name for name in sorted(names) if name.lower().endswith(".mat")), None)
    if matlab is not None:
        raise UserError(f"{path} holds {matlab}; SVHN and EMNIST for MATLAB are brought in with --format mat.")
    kind = next((name for name in sorted(names) if name.lower().endswith(OTHER_KINDS)), None)
    if kind is not None:
        raise UserError(
            f"{path} holds {kind}, of a kind that is not read; get the data set as parquet or from the hub"
            " (--format image-table)."
        )


def load_picture(source: Path | IO[bytes], called: str = "") -> NDArray[np.uint8]:
    """The picture in a file, (H, W, 3) in the size that a store keeps. Raises UserError as `open_picture` does."""
    return as_bytes(open_picture(source, called), called or str(source))


def as_bytes(picture: Image.Image, called: str = "This picture") -> NDArray[np.uint8]:
    """(H, W, 3), in the size that a store keeps; what is transparent is white.

    Raises UserError for a picture so narrow that it would have more than MOST_PIXELS when it is scaled.

    >>> as_bytes(Image.new("L", (28, 28))).shape, as_bytes(Image.new("RGB", (500, 300))).shape
    ((28, 28, 3), (224, 224, 3))
    """
    picture = on_white(picture).convert("RGB")
    if max(picture.size) > SMALL:
        scale = SHORTER_SIDE / min(picture.size)
        width, height = (max(SHORTER_SIDE, round(side * scale)) for side in picture.size)
        if width * height > MOST_PIXELS:
            raise UserError(f"{called} has {picture.width} x {picture.height} pixels, too narrow to be cut; cut it.")
        left, top = (width - CUT) // 2, (height - CUT) // 2
        picture = picture.resize((width, height), Image.Resampling.BILINEAR).crop((left, top, left + CUT, top + CUT))
    return np.asarray(picture)


def stacked(pictures: Sequence[NDArray[np.uint8]], where: Path) -> NDArray[np.uint8]:
    """Pictures (H, W, 3) as one array (N, H, W, 3). Raises UserError if those that are there differ in size."""
    sizes = sorted({pixels.shape[:2] for pixels in pictures})
    if len(sizes) > 1:
        raise UserError(f"{where} has pictures of different sizes, like {sizes[0]} and {sizes[-1]}; make them equal.")
    return np.stack(pictures)


def blocks_of(part: Part, examples: Iterable[tuple[NDArray[np.uint8], int]]) -> Iterator[PictureBlock]:
    """Pictures (H, W, 3) and their classes, some at a time; those of one block are of one size."""
    rest = iter(examples)
    while some := list(islice(rest, AT_ONCE)):
        for shape in dict.fromkeys(pixels.shape for pixels, _ in some):
            same = [one for one in some if one[0].shape == shape]
            yield PictureBlock(
                part, np.stack([pixels for pixels, _ in same]), np.array([label for _, label in same], np.int64)
            )


def as_images(problem: Any, what: str) -> Images:
    """The problem, if it is of images. Raises UserError, which says `what` does not hold others."""
    if not isinstance(problem, Images):
        raise UserError(f"{what} hold no {name_of(type(problem))}; use the format arrays.")
    return problem
