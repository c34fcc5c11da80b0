"""IDX files, the format of MNIST and of its successors: Fashion-MNIST, EMNIST, KMNIST; plain or .gz.

{train,t10k}-images-idx3-ubyte and {train,t10k}-labels-idx1-ubyte, or with other words before: two zero bytes, the type
(8: bytes), the number of axes, then each axis's length, big-endian, then the bytes.
"""

import gzip
import math
import re
import string
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, cast

import numpy as np
import torch
from numpy.typing import NDArray

from longthink.base.errors import UserError
from longthink.base.files import atomic
from longthink.base.pictures import MOST_PIXELS
from longthink.base.published import is_hidden
from longthink.base.tables import GZIP, read_lines
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.problems.images._pictures import as_images, refuse_others
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
    ),
    "letters": tuple(f"{letter}{letter.lower()}" for letter in string.ascii_uppercase),
}
"""What the classes are called, if the path says which data set it is; else they are called by their numbers."""
BYTE = 8
MOST_PACKED = 1032
"""Bytes that one byte of a .gz can become."""
AT_ONCE = 2**24
"""Bytes of a file that are in memory at a time."""
DEPTHS = ("*", "*/*", "*/*/*")
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
        images, labels = _paths(folder, split)
        pixels, marks = _load(images, 3), _load(labels, 1)
        if len(pixels) != len(marks):
            raise UserError(f"{images} has {len(pixels)} images, but {labels.name} has {len(marks)} labels.")
        return as_images(problem, HOLDERS).from_bytes(pixels[..., None], marks.astype(np.int64), level, split)

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:  # noqa: ARG002
        """Pack images and labels into a store for `Images(source=folder)`; how many there are, and 0.

        Each of `files` is a file of images, whose labels are beside it, or a folder with those of one data set, which
        may be in a folder below it. What is there packed and unpacked is read once. Where the lowest label is not 0, as
        in EMNIST's letters, classes begin with it. A damaged file is an error, whatever `skip` says: after the first
        wrong byte nothing in it can be trusted.
        """
        paths = _once([path for one in files for path in (_of_folder(one) if one.is_dir() else [one])])
        parts = [(path, _labels_of(path)) for path in paths]
        for path, labels in parts:
            count = _shape(path, 3)[0]
            if count != len(labels):
                raise UserError(f"{path} has {count} images, but {len(labels)} labels are beside it.")
        some = [labels for _, labels in parts if len(labels)]
        if not some:
            raise UserError(f"There are 0 images in {', '.join(map(str, files))}.")
        first, last = min(int(labels.min()) for labels in some), max(int(labels.max()) for labels in some)
        blocks = chain.from_iterable(_blocks(path, labels.astype(np.int64) - first) for path, labels in parts)
        return build(blocks, folder, _classes(paths[0], first, last), [path.name for path in paths]), 0


def _of_folder(folder: Path) -> list[Path]:
    """The files of images in a folder; if there are none, in the one folder below it (MNIST/raw) that has some."""
    there = sorted(path for depth in DEPTHS for path in folder.glob(depth))
    found = [path for path in there if FILE.fullmatch(path.name) and path.is_file()]
    found = [path for path in found if not any(map(is_hidden, (path, *path.relative_to(folder).parents[:-1])))]
    found = [path for path in found if path.parent == folder] or found
    sets = {path.parent / _match(path)["stem"] for path in _once(found)}
    if len(sets) > 1:
        raise UserError(
            f"{folder} holds several data sets ({', '.join(map(str, sorted(sets)))}); name the files of one."
        )
    if not found:
        refuse_others(folder)
        raise UserError(
            f"There is no IDX file of images in {folder}. Fashion-MNIST's are train-images-idx3-ubyte.gz and so on: get"
            " them from its site, or apt-get install dataset-fashion-mnist, which puts them into"
            " /usr/share/datasets/fashion-mnist."
        )
    return found


def _once(paths: Sequence[Path]) -> list[Path]:
    """Without the packed ones of what is there unpacked too."""
    kept: dict[tuple[Path, str, str], Path] = {}
    for path in sorted(paths, key=lambda path: path.suffix == ".gz"):
        match = _match(path)
        kept.setdefault((path.parent, match["stem"], match["part"]), path)
    return sorted(kept.values())


def _match(path: Path) -> re.Match[str]:
    match = FILE.fullmatch(path.name)
    if match is None:
        raise UserError(f"{path} is not called like an IDX file of images, such as train-images-idx3-ubyte.")
    return match


def _labels_of(path: Path) -> NDArray[np.uint8]:
    """The labels (N,) beside a file of images."""
    name = path.name.removesuffix(".gz").replace("-images", "-labels").replace("idx3", "idx1")
    others = [path.with_name(f"{name}{packed}") for packed in ("", ".gz")]  # one of the two may be unpacked
    labels = next((other for other in others if other.is_file()), None)
    if labels is None:
        raise UserError(f"There are no labels beside {path}: neither {others[0].name} nor {others[1].name} is there.")
    return _load(labels, 1)


def _classes(path: Path, first: int, last: int) -> Sequence[str]:
    """What the labels from the first to the last are called: as a mapping beside the images says, or else by number."""
    characters = _mapping(path.with_name(f"{_match(path)['stem'].rstrip('-')}-mapping.txt"))
    if set(characters) >= set(range(first, last + 1)):
        return [characters[label] for label in range(first, last + 1)]
    names = next((names for word, names in CLASSES.items() if word in str(path.absolute())), ())
    return names if len(names) == last - first + 1 else [str(label) for label in range(first, last + 1)]


def _mapping(path: Path) -> dict[int, str]:
    """EMNIST's table of labels and the codes of their characters, of which letters have two; empty if there is none."""
    if not path.is_file():
        return {}
    try:
        rows = [[int(word) for word in line.split()] for line in read_lines(path) if line.strip()]
        return {label: "".join(map(chr, codes)) for label, *codes in rows if codes}
    except (ValueError, OverflowError) as error:
        raise UserError(f"{path} is no table of labels and codes of characters ({error}).") from error


def _blocks(path: Path, labels: NDArray[np.int64]) -> Iterator[PictureBlock]:
    part = PARTS[_match(path)["part"]]
    with _opened(path, 3) as (file, shape):
        step = max(1, AT_ONCE // math.prod(shape[1:]))
        for begin in range(0, len(labels), step):
            some = labels[begin : begin + step]
            images = _read(file, (len(some), *shape[1:]), path)
            if path.name.startswith(ON_THEIR_SIDE):
                images = images.transpose(0, 2, 1)
            yield PictureBlock(part, images[..., None], some)
        _check_end(file, path)


def _shape(path: Path, axes: int) -> tuple[int, ...]:
    with _opened(path, axes) as (_, shape):
        return shape


def _load(path: Path, axes: int) -> NDArray[np.uint8]:
    with _opened(path, axes) as (file, shape):
        values = _read(file, shape, path)
        _check_end(file, path)
        return values


@contextmanager
def _opened(path: Path, axes: int) -> Iterator[tuple[IO[bytes], tuple[int, ...]]]:
    """The file at its first number, and its shape, which the file may be long enough for."""
    begin = 4 + 4 * axes
    try:
        with path.open("rb") as raw, ExitStack() as stack:
            packed = raw.read(2) == GZIP
            raw.seek(0)
            file = stack.enter_context(cast(IO[bytes], gzip.GzipFile(fileobj=raw))) if packed else raw
            header = file.read(begin)
            if header[:4] != bytes([0, 0, BYTE, axes]) or len(header) < begin:
                raise UserError(f"{path} is no IDX file of bytes with {axes} axes.")
            shape = tuple(np.frombuffer(header, ">u4", axes, 4).tolist())
            if not 0 < math.prod(shape[1:]) <= MOST_PIXELS:
                raise UserError(
                    f"{path} says that its images have {' x '.join(map(str, shape[1:]))} pixels; get it again."
                )
            if begin + math.prod(shape) > path.stat().st_size * (MOST_PACKED if packed else 1):
                raise _of_other_length(path)
            yield file, shape
    except FileNotFoundError as error:
        raise UserError(f"There is no file {path}.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read, or is cut short ({error}); get it again.") from error


def _read(file: IO[bytes], shape: tuple[int, ...], path: Path) -> NDArray[np.uint8]:
    content = file.read(math.prod(shape))
    if len(content) < math.prod(shape):
        raise _of_other_length(path)
    return np.frombuffer(content, np.uint8).reshape(shape)


def _check_end(file: IO[bytes], path: Path) -> None:
    if file.read(1):
        raise _of_other_length(path)


def _of_other_length(path: Path) -> UserError:
    return UserError(f"{path} holds more or fewer bytes than its header says; get it again.")


def _paths(folder: Path, split: Split) -> tuple[Path, Path]:
    return folder / f"{WORDS[split]}-images-idx3-ubyte", folder / f"{WORDS[split]}-labels-idx1-ubyte"
