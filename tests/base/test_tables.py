"""Texts and tables, packed and plain, with columns by name."""

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path

import pytest

from longthink.base.errors import UserError
from longthink.base.tables import LONGEST_LINE, read_lines, read_table

COLUMNS = {"question": ("question", "puzzle"), "answer": ("answer", "solution"), "rating": ("rating",)}
TABLE = "rating,puzzle,solution\n7,1.3.,1234\n,.2.4,4321\n"
ROWS = [(2, ("1.3.", "1234", "7")), (3, (".2.4", "4321", ""))]


def _zipped(data: bytes, path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("some.csv", data)


def _zstd(data: bytes, path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    half = len(data) // 2  # two frames, as Lichess has them
    path.write_bytes(b"".join(zstandard.ZstdCompressor().compress(part) for part in (data[:half], data[half:])))


PACKERS = {
    "gz": lambda data, path: path.write_bytes(gzip.compress(data)),
    "bz2": lambda data, path: path.write_bytes(bz2.compress(data)),
    "xz": lambda data, path: path.write_bytes(lzma.compress(data)),
    "zip": _zipped,
    "zst": _zstd,
    "plain": lambda data, path: path.write_bytes(data),
}


@pytest.mark.parametrize("packer", PACKERS)
def test_packed_as_it_may_be_a_table_reads_the_same_whatever_its_name(packer: str, tmp_path: Path) -> None:
    PACKERS[packer](TABLE.encode(), tmp_path / "some.csv")
    assert list(read_table(tmp_path / "some.csv", COLUMNS)) == ROWS


@pytest.mark.parametrize("packer", ["gz", "bz2", "xz", "zst"])
def test_a_packed_file_that_is_cut_short_is_refused(packer: str, tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    PACKERS[packer](TABLE.encode() * 50, path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UserError, match="cut short"):
        list(read_lines(path))


@pytest.mark.parametrize(
    "data",
    [
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        TABLE.replace("\n", "\r\n").encode(),
        TABLE.replace("\n", "\r").encode(),
        TABLE.replace(",", ";").encode(),
        TABLE.replace(",", "\t").encode(),
        TABLE.replace("puzzle", '" Puzzle "').replace("1.3.", '"1.3."').encode(),
        TABLE.replace("rating,", ",rating,").replace("7,", "0,7,").replace("\n,.2", "\n1,,.2").encode(),
        TABLE.rstrip("\n").encode(),
    ],
    ids=["byte-order mark", "utf-16", "crlf", "cr", "semicolons", "tabs", "quotes", "index", "no last line end"],
)
def test_a_table_is_read_as_the_programs_of_others_write_it(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_bytes(data)
    assert list(read_table(tmp_path / "some.csv", COLUMNS)) == ROWS


def test_line_ends_across_parts_that_are_read_at_a_time_are_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("longthink.base.tables.CHUNK", 4)
    (tmp_path / "some.txt").write_bytes(b"abc\r\ndef\r\n\r\nghi\r")
    assert list(read_lines(tmp_path / "some.txt")) == ["abc\n", "def\n", "\n", "ghi\n"]


def test_spaces_around_a_value_are_kept_where_they_mean_something(tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_text("puzzle,rating\n # ,1\n")
    assert list(read_table(tmp_path / "some.csv", COLUMNS, stripped=False)) == [(2, (" # ", "", "1"))]
    assert list(read_table(tmp_path / "some.csv", COLUMNS)) == [(2, ("#", "", "1"))]


def test_parquet_reads_like_text(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pyarrow.table({"solution": ["1234", "4321"], "rating": [7, None], "puzzle": ["1.3.", ".2.4"]})
    parquet.write_table(table, tmp_path / "some.parquet")
    assert list(read_table(tmp_path / "some.parquet", COLUMNS)) == [(1, ROWS[0][1]), (2, ROWS[1][1])]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"rating,solution\n7,1234\n", "no column 'question' \\(or puzzle\\) .* 'rating,solution'"),
        (b"\0\1\2\3", "no text"),
        (b"x" * (LONGEST_LINE + 1), "Line 1 of .* more than"),
        (b"puzzle\n" + b"x" * 150_000 + b"\n", "Line 2 of .* no row"),
        (b"x" * 150_000 + b"\n", "Line 1 of .* no row"),
        (b"PAR1 and so on", "damaged, or no table"),
        (b"PK\x03\x04 and so on", "damaged or cut short"),
    ],
    ids=["column", "binary", "long line", "long field", "long header", "parquet", "zip"],
)
def test_what_is_no_table_is_refused(data: bytes, told: str, tmp_path: Path) -> None:
    if data.startswith(b"PAR1"):
        pytest.importorskip("pyarrow")
    (tmp_path / "some.csv").write_bytes(data)
    with pytest.raises(UserError, match=told):
        list(read_table(tmp_path / "some.csv", COLUMNS))


def test_a_zip_of_two_files_and_a_file_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", TABLE)
        archive.writestr("b.csv", TABLE)
    with pytest.raises(UserError, match="holds 2 files"):
        list(read_lines(tmp_path / "two.zip"))
    with pytest.raises(UserError, match="no file .*none.csv"):
        list(read_table(tmp_path / "none.csv", COLUMNS))
