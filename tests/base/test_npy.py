"""Arrays in .npy files: as they were saved, or refused in one line."""

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from longthink.base.npy import load_npy

Mapped = Literal["r", "c"] | None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    np.save(tmp_path / "file.npy", np.arange(6).reshape(2, 3))
    return tmp_path / "file.npy"


@pytest.mark.parametrize("mapped", [None, "r", "c"])
@pytest.mark.parametrize(
    "array",
    [np.arange(6).reshape(2, 3), np.array(3), np.zeros((0, 4)), np.zeros(2, [("a", "u1"), ("b", "<i4", 3)])],
    ids=["grid", "scalar", "empty", "rows"],
)
def test_an_array_is_as_it_was_saved(tmp_path: Path, mapped: Mapped, array: np.ndarray) -> None:
    np.save(tmp_path / "file.npy", array)
    found = load_npy(tmp_path / "file.npy", mapped)
    assert found.dtype == array.dtype
    assert np.array_equal(found, array)
    assert isinstance(found, np.memmap) == (mapped is not None)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000000,), }",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (4000000000000000000, 4), }",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (7,), }",
        "{'descr': '<i8', 'fortran_order': False, 'shape': ((((",
        "{'descr': '|O', 'fortran_order': False, 'shape': (6,), }",
        "{'descr': 'no', 'fortran_order': False, 'shape': (6,), }",
        "{'descr': [], 'fortran_order': False, 'shape': (6,), }",
        "{'descr': '<i8', 'shape': (6,), }",
        "[" * 3000,
        '"""',
        "\xb5 = 3",
        "1 +",
        "",
    ],
)
@pytest.mark.parametrize("mapped", [None, "r"])
def test_a_damaged_header_is_one_line(file: Path, header: str, mapped: Mapped) -> None:
    encoded = header.encode("latin1") + b"\n"
    file.write_bytes(b"\x93NUMPY\x01\x00" + len(encoded).to_bytes(2, "little") + encoded + bytes(48))
    with pytest.raises(ValueError, match=r"^file.npy is no array of numbers, or damaged \(.*\)$"):
        load_npy(file, mapped)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY", b"\x93NUMPY\x09\x09", b"hello" * 99])
def test_a_file_of_something_else_is_one_line(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"^file.npy is no array of numbers, or damaged \(.*\)$"):
        load_npy(file)


@pytest.mark.parametrize("mapped", [None, "r"])
def test_whatever_byte_is_damaged_it_is_read_or_refused_in_one_line(file: Path, mapped: Mapped) -> None:
    whole, refused, read = file.read_bytes(), 0, 0
    for place in range(len(whole) - 48):
        for value in (0, 10, 40, 255):
            file.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
            try:
                load_npy(file, mapped)
            except ValueError as error:
                refused += str(error).count("\n") == 0
            else:
                read += 1
    assert refused + read == 4 * (len(whole) - 48)
    assert refused > 100


def test_a_missing_file_is_an_error_of_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_npy(tmp_path / "none.npy")
