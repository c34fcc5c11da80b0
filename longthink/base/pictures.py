"""Pictures from files of others, opened within bounds: of kinds that are named, no larger than the memory allows."""

import struct
import warnings
import zlib
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, UnidentifiedImageError

from longthink.base.errors import UserError

KINDS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
"""What Pillow calls the kinds that are read. Others are not even tried: some of its readers start other programs."""
SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm")
"""What the names of pictures of these kinds end with, in lower case."""
MOST_PIXELS = 2**26
LONGEST_SIDE = 2**16
PIXELS_PER_BYTE = 8 * 1032
"""Of a PNG at most: what its packing can make of a byte, at one bit a pixel."""
WORD, BYTE = 2**16 - 1, 2**8 - 1
DAMAGED = (
    OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, EOFError, OverflowError, MemoryError,
    struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip
"""What Pillow raises for damaged pictures."""


def open_picture(source: Path | IO[bytes], called: str = "") -> Image.Image:
    """The (first) picture in a file, with 8 bits for each of its channels, in the mode L, RGB or RGBA.

    Grey of 16 bits is scaled; what is transparent stays so.

    Args:
        source: a path, or a file that is open.
        called: what messages call it; by default its path.

    Raises:
        UserError: there is no such file, it is no picture of KINDS, has more than MOST_PIXELS, or is damaged.

    >>> import io
    >>> file = io.BytesIO()
    >>> Image.new("1", (3, 2), 1).save(file, "PNG")
    >>> picture = open_picture(file, "a picture in memory")
    >>> picture.mode, picture.size
    ('L', (3, 2))
    """
    called = called or str(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(source, formats=KINDS) as image:
                _check_size(image, source, called)
                return _with_bytes(image, called)
    except FileNotFoundError as error:
        raise UserError(f"There is no picture {called}.") from error
    except UnidentifiedImageError as error:
        raise UserError(f"{called} is not a picture of a kind that is read; {', '.join(KINDS)} are.") from error
    except Image.DecompressionBombError as error:
        raise UserError(f"{called} has more than the {MOST_PIXELS} pixels that are opened; make it smaller.") from error
    except UserError:
        raise
    except DAMAGED as error:
        raise UserError(f"{called} is damaged, cut short or cannot be read ({error}).") from error


def on_white(picture: Image.Image) -> Image.Image:
    """The same, what is transparent shown on white paper.

    >>> on_white(Image.new("RGBA", (1, 1), (200, 0, 0, 0))).getpixel((0, 0))
    (255, 255, 255)
    """
    if picture.mode != "RGBA":
        return picture
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def _check_size(image: Image.Image, source: Path | IO[bytes], called: str) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS or max(image.size) > LONGEST_SIDE:
        raise UserError(
            f"{called} has {width} x {height} pixels; {MOST_PIXELS} in all, and {LONGEST_SIDE} along a side, are the"
            " most that are opened; make it smaller."
        )
    if image.format == "PNG" and width * height > PIXELS_PER_BYTE * _length(source):
        raise UserError(f"{called} is cut short: its few bytes cannot hold {width} x {height} pixels.")


def _length(source: Path | IO[bytes]) -> int:
    if isinstance(source, Path):
        return source.stat().st_size
    here = source.tell()
    length = source.seek(0, 2)
    source.seek(here)
    return length


def _with_bytes(image: Image.Image, called: str) -> Image.Image:
    if image.mode.startswith("I"):  # numbers of 16 bits, also where Pillow keeps them in 32
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > WORD:
            raise UserError(f"{called} has numbers of 32 bits for pixels; save it with 8 or 16.")
        return Image.fromarray((values * BYTE // WORD).astype(np.uint8))
    if image.mode == "F":
        raise UserError(f"{called} has fractions for pixels; save it with 8 or 16 bits.")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")
