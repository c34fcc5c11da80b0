"""Pictures as others publish them, as bytes of one size."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from longthink.base.errors import UserError
from longthink.problems.images._store import Part, PictureBlock
from longthink.problems.images.problem import Images
from longthink.registry import name_of

SMALL = 64
"""Pictures of at most so many pixels along each axis are taken as they are."""
SHORTER_SIDE, CUT = 256, 224
"""Larger ones are scaled to a shorter side of this, and the middle is cut out: the usual way with ImageNet."""
AT_ONCE = 512
"""Pictures that are in memory at a time."""


def as_bytes(picture: Image.Image) -> NDArray[np.uint8]:
    """(H, W, 3), in the size that a store keeps.

    >>> as_bytes(Image.new("L", (28, 28))).shape, as_bytes(Image.new("RGB", (500, 300))).shape
    ((28, 28, 3), (224, 224, 3))
    """
    picture = picture.convert("RGB")
    if max(picture.size) > SMALL:
        scale = SHORTER_SIDE / min(picture.size)
        width, height = (max(SHORTER_SIDE, round(side * scale)) for side in picture.size)
        left, top = (width - CUT) // 2, (height - CUT) // 2
        picture = picture.resize((width, height), Image.Resampling.BILINEAR).crop((left, top, left + CUT, top + CUT))
    return np.asarray(picture)


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
