"""Text and tables from files as people have them: packed or not, with a byte-order mark or not, columns by name."""

import bz2
import codecs
import csv
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast

from longthink.base.errors import UserError

CHUNK = 2**20
"""Bytes that are read at a time."""
PACKED_CHUNK = 2**14
"""Bytes of a .zst that are unpacked at a time, so that no file can fill the memory with one of them."""
LONGEST_LINE = 2**20
"""Characters. No puzzle is longer, and a file without line ends should not fill the memory."""
ROWS = 2**14
"""Of a .parquet that are read at a time."""
DELIMITERS = ",;\t"
GZIP, BZIP2, XZ, ZSTD, ZIP, PARQUET = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PAR1"
"""What files of these kinds begin with."""
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
READ = "text, plain or as .gz, .bz2, .xz, .zst or a .zip of one file"
"""What can be read, for messages."""


def read_bytes(path: Path) -> Iterator[bytes]:
    """The bytes of a file, a part at a time, unpacked if it is packed: what a file is, its first bytes say.

    Raises UserError for a file that is missing, may not be read, is damaged or cut short.
    """
    try:
        with path.open("rb") as file, ExitStack() as stack:
            begin = file.read(6)
            file.seek(0)
            if begin.startswith(ZSTD):
                yield from _unpacked_zstd(file, path)
                return
            plain = _unpacked(file, begin, path, stack)
            while chunk := plain.read(CHUNK):
                yield chunk
    except UserError:
        raise
    except FileNotFoundError as error:
        raise UserError(f"There is no file {path}.") from error
    except (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} is damaged or cut short ({error}); get it again.") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def _unpacked(file: IO[bytes], begin: bytes, path: Path, stack: ExitStack) -> IO[bytes]:
    if begin.startswith(GZIP):
        return stack.enter_context(cast(IO[bytes], gzip.GzipFile(fileobj=file)))
    if begin.startswith(BZIP2):
        return stack.enter_context(cast(IO[bytes], bz2.BZ2File(file)))
    if begin.startswith(XZ):
        return stack.enter_context(cast(IO[bytes], lzma.LZMAFile(file)))
    if begin.startswith(ZIP):
        archive = stack.enter_context(zipfile.ZipFile(file))
        members = [one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX/")]
        if len(members) != 1:
            raise UserError(f"{path} holds {len(members)} files; unpack it, and name the one that is meant.")
        if members[0].flag_bits & 1:
            raise UserError(f"{path} is locked with a password; unpack it first.")
        return stack.enter_context(archive.open(members[0]))
    if begin.startswith(PARQUET):
        raise UserError(f"{path} is a table in parquet, and {READ} is read here.")
    return file


def _unpacked_zstd(file: IO[bytes], path: Path) -> Iterator[bytes]:
    try:
        import zstandard
    except ImportError as error:
        raise UserError("Files in .zst need zstandard: pip install 'longthink[chess]'.") from error
    frame = None
    try:
        while chunk := file.read(PACKED_CHUNK):
            while chunk:
                frame = frame or zstandard.ZstdDecompressor().decompressobj()
                yield frame.decompress(chunk)
                chunk = frame.unused_data if frame.eof else b""
                frame = None if frame.eof else frame
    except zstandard.ZstdError as error:
        raise UserError(f"{path} is no .zst file, or damaged ({error}); get it again.") from error
    if frame is not None:
        raise UserError(f"{path} is cut short; get it again.")


def read_lines(path: Path) -> Iterator[str]:
    r"""The lines of a text, each with its end, which is \n whatever the file has; a byte-order mark is left out.

    Bytes that are not UTF-8, as in remarks of old files, are read as the replacement character.
    Raises UserError as `read_bytes` does, for a file that is no text, and for a line longer than LONGEST_LINE.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "some.csv"
    >>> _ = path.write_bytes(codecs.BOM_UTF8 + b"one\r\ntwo")
    >>> list(read_lines(path))
    ['one\n', 'two']
    """
    rest, number, after_return = "", 0, False
    for text in _decoded(read_bytes(path), path):
        if after_return and text.startswith("\n"):  # the other half of a line's end
            text = text[1:]
        after_return = text.endswith("\r")
        *lines, rest = (rest + text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
        for line in lines:
            number += 1
            yield line + "\n"
        if len(rest) > LONGEST_LINE:
            raise UserError(f"Line {number + 1} of {path} has more than {LONGEST_LINE} characters, so it is no puzzle.")
    if rest:
        yield rest


def _decoded(chunks: Iterator[bytes], path: Path) -> Iterator[str]:
    first = next(chunks, b"")
    encoding = "utf-16" if first.startswith(UTF_16) else "utf-8-sig"
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in chain([first], chunks):
        text = decoder.decode(chunk)
        if "\0" in text:
            raise UserError(f"{path} is no text: {READ} is read here.")
        yield text
    yield decoder.decode(b"", True)


def read_table(
    path: Path, columns: Mapping[str, Sequence[str]], needed: int = 1, stripped: bool = True
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Rows of a .csv (commas, semicolons or tabs; packed or not) or a .parquet, each with its number in the file.

    Args:
        path: the file. Its first line has the names of the columns, in any order; others than these are passed over.
        columns: for each column that is wanted, the names that it may have, in lower case.
        needed: how many of these, the first ones, must be there.
        stripped: without the spaces around a value.

    Yields:
        The number of the line that the row ends on (of the row, in a .parquet, from 1), and its values: a text for each
        of `columns`, empty where there is none.

    Raises:
        UserError: as `read_lines` does; a column that is needed is missing; a row that is damaged.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "some.csv"
    >>> _ = path.write_text(",Solutions,quizzes" + chr(10) + "0,1234,1.3.")
    >>> list(read_table(path, {"question": ("question", "quizzes"), "answer": ("answer", "solutions")}))
    [(2, ('1.3.', '1234'))]
    """
    if is_parquet(path):
        yield from _read_parquet(path, columns, needed, stripped)
        return
    lines = read_lines(path)
    header = next((line for line in lines if line.strip()), "")
    delimiter = max(DELIMITERS, key=header.count)
    rows = csv.reader(lines, delimiter=delimiter)
    try:
        places = _places(next(csv.reader([header], delimiter=delimiter), []), path, columns, needed)
        last = max(place for place in places if place is not None)
        for row in rows:
            if not row:
                continue
            row += [""] * (last + 1 - len(row))
            values = ("" if place is None else row[place] for place in places)
            yield rows.line_num + 1, tuple(value.strip() if stripped else value for value in values)
    except csv.Error as error:
        raise UserError(f"Line {rows.line_num + 1} of {path} is no row of a table ({error}).") from error


def _places(header: Sequence[str], path: Path, columns: Mapping[str, Sequence[str]], needed: int) -> list[int | None]:
    """Where in a row each of the columns is."""
    names = {name.strip().casefold(): place for place, name in reversed([*enumerate(header)])}
    places = [next((names[one] for one in known if one in names), None) for known in columns.values()]
    for wanted, known, place in list(zip(columns, columns.values(), places, strict=True))[:needed]:
        if place is None:
            others = f" (or {', '.join(one for one in known if one != wanted)})" if len(known) > 1 else ""
            raise UserError(
                f"{path} has no column '{wanted}'{others} in its first line; that is '{','.join(header):.120}'."
            )
    return places


def is_parquet(path: Path) -> bool:
    """Whether a file begins as a .parquet does."""
    try:
        with path.open("rb") as file:
            return file.read(len(PARQUET)) == PARQUET
    except OSError:
        return False  # what is wrong, the reading of it says


def _read_parquet(
    path: Path, columns: Mapping[str, Sequence[str]], needed: int, stripped: bool
) -> Iterator[tuple[int, tuple[str, ...]]]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise UserError("Tables in .parquet need pyarrow: pip install 'longthink[parquet]'.") from error
    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            header = file.schema_arrow.names
            places = _places(header, path, columns, needed)
            wanted = [header[place] for place in places if place is not None]
            for batch in file.iter_batches(ROWS, columns=wanted):
                found = {name: map(_as_text, batch.column(name).to_pylist()) for name in wanted}
                empty = [""] * len(batch)
                texts = (empty if place is None else found[header[place]] for place in places)
                for values in zip(*texts, strict=True):
                    number += 1
                    yield number, tuple(value.strip() if stripped else value for value in values)
    except UserError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise UserError(f"{path} is damaged, or no table of texts: {error}.") from error


def _as_text(value: Any) -> str:
    """A value of a parquet column; a list of words with spaces between."""
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "" if value is None else str(value)
