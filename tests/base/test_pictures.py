"""Pictures of others, opened within bounds."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from longthink.base.errors import UserError
from longthink.base.pictures import open_picture


def _png(width: int, height: int) -> bytes:
    """A picture whose header promises this many pixels, and has none of them."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_grey_of_16_bits_is_scaled(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 257, 257 * 128, 65535]], np.uint16)).save(tmp_path / "grey.png")
    picture = open_picture(tmp_path / "grey.png")
    assert (picture.mode, np.asarray(picture).tolist()) == ("L", [[0, 1, 128, 255]])


@pytest.mark.parametrize(
    ("mode", "read"), [("1", "L"), ("L", "L"), ("P", "RGB"), ("RGB", "RGB"), ("RGBA", "RGBA"), ("LA", "RGBA")]
)
def test_channels_have_8_bits(mode: str, read: str, tmp_path: Path) -> None:
    Image.new("RGB", (2, 2), "white").convert(mode).save(tmp_path / "white.png")
    picture = open_picture(tmp_path / "white.png")
    assert picture.mode == read
    assert np.asarray(picture).min() == 255


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (_png(20_000, 20_000), "pixels"),
        (_png(1, 2**26), "pixels"),
        (_png(8_000, 8_000), "cut short"),
        (_png(3, 3), "damaged"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "kind that is read"),
        (b"no picture", "kind that is read"),
        (b"", "kind that is read"),
    ],
    ids=["square", "high", "short", "empty", "eps", "text", "nothing"],
)
def test_what_is_no_picture_or_too_large_is_refused(data: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "some.png").write_bytes(data)
    with pytest.raises(UserError, match=told):
        open_picture(tmp_path / "some.png")
    with pytest.raises(UserError, match=f"it .*{told}"):
        open_picture(io.BytesIO(data), "it")


@pytest.mark.parametrize(("dtype", "told"), [(np.int32, "32 bits"), (np.float32, "fractions")])
def test_numbers_that_are_no_colours_are_refused(dtype: type, told: str, tmp_path: Path) -> None:
    Image.fromarray(np.full((2, 2), 70_000, dtype)).save(tmp_path / "some.tiff")
    with pytest.raises(UserError, match=told):
        open_picture(tmp_path / "some.tiff")


def test_a_picture_that_is_not_there_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no picture .*none"):
        open_picture(tmp_path / "none.png")
    with pytest.raises(UserError, match="directory"):
        open_picture(tmp_path)
