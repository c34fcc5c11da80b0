"""Files and texts damaged at random, half of the time inside what they pack, so that they still unpack."""

import contextlib
import gzip
import io
import json
import random
import re
import struct
import zipfile
import zlib
from pathlib import Path

ODD_NUMBERS = ("0", "-1", "1", "2", "255", "256", "65536", "2147483648", "1000000000000", "9" * 30, "9" * 5000, "1.5")
ODD_TEXTS = (
    "\0", "\ufeff", "²", "٣", "é", "\r\n", "\n\n", '"', ",", ";", "\t", " ", "#", "-", "|", "null", "nan", "1e400",
    "..", "/", "x" * 300, "0" * 200_000,
)  # fmt: skip
ODD_VALUES = (None, True, -1, 0, 1, 2**31, 10**12, 10**400, 0.5, 1e308, float("nan"), "", "x" * 300, "²", [], {}, [[]])
ODD_BYTES = (b"\0", b"\xff", b"\x80", b"\x7f", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\xff" * 8)


NOT_PACKED_SO = (
    ValueError,
    OSError,
    EOFError,
    LookupError,
    AttributeError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)
"""What reading a file as what its beginning says may end in."""


def damage(data: bytes, path: Path, rng: random.Random) -> bytes:
    """A file's bytes with a few faults; half of the time inside what the file packs, so that it still unpacks."""
    if rng.random() < 0.5:
        with contextlib.suppress(*NOT_PACKED_SO):
            return _inside(data, path, rng)
    return _bytes_of(data, rng)


def _inside(data: bytes, path: Path, rng: random.Random) -> bytes:
    if data.startswith(b"\x1f\x8b"):
        return gzip.compress(damage(gzip.decompress(data), path.with_suffix(""), rng))
    if data.startswith(b"\x89PNG"):
        return _png(data, rng)
    if zipfile.is_zipfile(io.BytesIO(data)):
        return _zip(data, rng)
    if path.suffix in (".json", ".jsonl"):
        lines = data.decode().splitlines() if path.suffix == ".jsonl" else [data.decode()]
        chosen = rng.randrange(len(lines))
        lines[chosen] = json.dumps(_tree(json.loads(lines[chosen]), rng))
        return "\n".join(lines).encode()
    if path.suffix == ".safetensors":
        length = struct.unpack("<Q", data[:8])[0]
        header = json.dumps(_tree(json.loads(data[8 : 8 + length]), rng)).encode()
        return struct.pack("<Q", len(header)) + header + data[8 + length :]
    return _text_of(data.decode(), rng).encode(errors="surrogateescape")


def _png(data: bytes, rng: random.Random) -> bytes:
    """One chunk of a PNG damaged, with a checksum that fits."""
    chunks, at = [], 8
    while at < len(data):
        length = struct.unpack(">I", data[at : at + 4])[0]
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    chosen = rng.randrange(len(chunks))
    kind, inside = chunks[chosen]
    if kind == b"IDAT" and rng.random() < 0.5:
        inside = zlib.compress(_bytes_of(zlib.decompress(inside), rng))
    else:
        inside = _bytes_of(inside, rng)
    chunks[chosen] = kind, inside
    packed = (
        struct.pack(">I", len(one)) + kind + one + struct.pack(">I", zlib.crc32(kind + one)) for kind, one in chunks
    )
    return data[:8] + b"".join(packed)


def _zip(data: bytes, rng: random.Random) -> bytes:
    """One member of an archive damaged, such as the pickle of a checkpoint."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        members = old.namelist()
        chosen = rng.choice(members)
        for name in members:
            inside = old.read(name)
            new.writestr(name, _bytes_of(inside, rng) if name == chosen else inside)
    return out.getvalue()


def _tree(tree: object, rng: random.Random) -> object:
    """JSON with one value changed, a key lost or another one there."""
    if isinstance(tree, dict) and tree and rng.random() < 0.9:
        key = rng.choice(sorted(tree))
        what = rng.random()
        if what < 0.1:
            return {name: value for name, value in tree.items() if name != key}
        if what < 0.2:
            return {**tree, rng.choice(ODD_TEXTS)[:50]: rng.choice(ODD_VALUES)}
        return {**tree, key: _tree(tree[key], rng)}
    if isinstance(tree, list) and tree and rng.random() < 0.8:
        place = rng.randrange(len(tree))
        return [*tree[:place], _tree(tree[place], rng), *tree[place + 1 :]]
    return rng.choice(ODD_VALUES)


def _text_of(text: str, rng: random.Random) -> str:
    """A text with a number, a line or a few letters changed."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        place = rng.randrange(len(text) + 1)
        kind = rng.randrange(6)
        if kind == 0 and (numbers := [*re.finditer(r"\d+", text)]):
            found = rng.choice(numbers)
            text = text[: found.start()] + rng.choice(ODD_NUMBERS) + text[found.end() :]
        elif kind == 1:
            text = text[:place] + rng.choice(ODD_TEXTS) + text[place:]
        elif kind == 2:
            lines = text.splitlines(keepends=True) or [""]
            line = rng.choice(lines)
            text = "".join(lines) + line * rng.choice((1, 1, 1 + 100_000 // max(1, len(line))))
        elif kind == 3:
            text = text[:place] + text[place + rng.choice((1, 1, 5, 100)) :]
        elif kind == 4 and text:
            other = rng.randrange(len(text))
            text = text[:place] + text[other : other + rng.choice((1, 3, 20))] + text[place + 1 :]
        else:
            letter = rng.choice("0123456789abcdefghxyzKQRBNPSGEO#. -+|/,;:=")
            text = text[:place] + letter + text[place + 1 :]
    return text


def _bytes_of(data: bytes, rng: random.Random) -> bytes:
    """Bytes flipped, lost, doubled, put in or cut off."""
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        # Headers are at the beginning, and there most faults count.
        place = rng.randrange(min(len(data), 200) + 1) if rng.random() < 0.6 else rng.randrange(len(data) + 1)
        length = rng.choice((1, 1, 2, 4, 8, 100, 5000))
        kind = rng.randrange(6)
        if kind == 0 and place < len(data):
            data = data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]
        elif kind == 1:
            odd = rng.choice(ODD_BYTES)
            data = data[:place] + odd + data[place + len(odd) :]
        elif kind == 2:
            data = data[:place] + data[place + length :]
        elif kind == 3:
            data = data[:place] + data[place : place + length] * 2 + data[place + length :]
        elif kind == 4:
            data = data[:place] + rng.randbytes(length) + data[place:]
        else:
            data = data[:place]
    return data
