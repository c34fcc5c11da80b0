"""CIFAR-10 and CIFAR-100 in their binary version: for each picture its label, a byte, then 3 x 32 x 32 bytes.

data_batch_1.bin to data_batch_5.bin, test_batch.bin, batches.meta.txt      CIFAR-10
train.bin, test.bin, fine_label_names.txt                                   CIFAR-100, of two labels the second

Their version for Python, whose files have the same names without .bin, is brought in too (`_pickles`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from longthink.base.errors import UserError
from longthink.base.files import atomic
from longthink.base.published import is_hidden
from longthink.base.tables import read_lines
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.problems.images._pickles import read_names, read_pictures
from longthink.problems.images._pictures import as_images, refuse_others
from longthink.problems.images._store import BYTES, Part, PictureBlock, build
from longthink.registry import register

FILE = re.compile(r"(?:data_batch_\w+|(?P<test>test_batch)|(?P<fine>train|(?P<fine_test>test)))(?P<binary>\.bin)?")
WORDS: dict[Split, str] = {"train": "data_batch_1", "validation": "data_batch_validation", "test": "test_batch"}
NAMES = ("batches.meta.txt", "fine_label_names.txt", "batches.meta", "meta")
"""Where the names of the classes are: a line each, or a pickle."""
SHAPE = (3, 32, 32)
PIXELS = 3 * 32 * 32
AT_ONCE = 4096
"""Pictures that are in memory at a time."""
DEPTHS = ("*", "*/*")
HOLDERS = "CIFAR's files"
"""What a message calls such files."""


@register
class Cifar(Format):
    """CIFAR-10 and CIFAR-100, and other pictures of 32 x 32 with labels below 256 in files like those of CIFAR's."""

    def write(self, batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:  # noqa: ARG002
        rest = iter(batches)
        first = next(rest)
        problem, target = as_images(first.problem, HOLDERS), folder / f"{WORDS[first.split]}.bin"
        if problem.size != SHAPE[-1]:
            raise UserError(
                f"{HOLDERS} hold pictures of 32 x 32 pixels; set problem.size to 32, or use another format."
            )
        if problem.spec.outputs > BYTES:
            raise UserError(f"{HOLDERS} hold at most {BYTES} classes; use the format arrays.")
        with atomic(target) as partial, partial.open("wb") as out:
            for puzzles in chain([first], rest):
                pixels = problem.pixels(puzzles.x).transpose(0, 3, 1, 2).reshape(-1, PIXELS)
                labels = puzzles.y.numpy().astype(np.uint8)[:, None]
                out.write(np.concatenate([labels, pixels], 1).tobytes())
        return [target]

    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        blocks = [*_blocks(folder / f"{WORDS[split]}.bin")]
        images, labels = (np.concatenate([block[which] for block in blocks]) for which in (1, 2))
        return as_images(problem, HOLDERS).from_bytes(images, labels, level, split)

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:  # noqa: ARG002
        """Pack pictures and labels into a store for `Images(source=folder)`; how many there are, and 0.

        Each of `files` is one of CIFAR's, or a folder with those of one data set. A damaged file is an error, whatever
        `skip` says.
        """
        paths = [path for one in files for path in (_of_folder(one) if one.is_dir() else [one])]
        names = next((path.with_name(name) for path in paths for name in NAMES if path.with_name(name).is_file()), None)
        if names is None:
            highest = max(int(block.labels.max()) for path in paths for block in _blocks(path))
            classes = [str(label) for label in range(highest + 1)]
        else:
            lines = read_lines(names) if names.suffix == ".txt" else read_names(names)
            classes = [line.strip() for line in lines if line.strip()]
        blocks = chain.from_iterable(map(_blocks, paths))
        return build(blocks, folder, classes, [path.name for path in paths]), 0


def _of_folder(folder: Path) -> list[Path]:
    there = sorted(path for depth in DEPTHS for path in folder.glob(depth))
    found = [path for path in there if FILE.fullmatch(path.name) and path.is_file() and not is_hidden(path)]
    found = [path for path in found if path.parent == folder] or found
    if len({path.parent for path in found}) > 1:
        raise UserError(f"{folder} holds several data sets; name the folder of one.")
    if not found:
        refuse_others(folder)
        raise UserError(f"{folder} has none of CIFAR's files, which are data_batch_1.bin or data_batch_1 and so on.")
    return found


def _blocks(path: Path) -> Iterator[PictureBlock]:
    match = FILE.fullmatch(path.name)
    if match is None:
        refuse_others(path)
        raise UserError(f"{path} is not called like one of CIFAR's files, which is data_batch_1.bin or the like.")
    part: Part = "test" if match["test"] or match["fine_test"] else "train"
    if not match["binary"]:
        pixels, labels = read_pictures(path, PIXELS)
        yield PictureBlock(part, pixels.reshape(-1, *SHAPE).transpose(0, 2, 3, 1), labels)
        return
    record = (2 if match["fine"] else 1) + PIXELS
    try:
        length = path.stat().st_size
        if length == 0 or length % record:
            raise UserError(f"{path} has {length} bytes, which is no multiple of {record}; get it again.")
        with path.open("rb") as file:
            while content := file.read(AT_ONCE * record):
                rows: NDArray[np.uint8] = np.frombuffer(content, np.uint8).reshape(-1, record)
                images = rows[:, -PIXELS:].reshape(-1, *SHAPE).transpose(0, 2, 3, 1)
                yield PictureBlock(part, images, rows[:, -PIXELS - 1].astype(np.int64))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
