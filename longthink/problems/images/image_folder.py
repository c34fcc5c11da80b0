"""Pictures in a folder for each class: {train,test}/CLASS/NAME.png or CLASS/NAME.png, of any kind that Pillow reads."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from longthink.base.errors import UserError
from longthink.base.files import atomic_folder
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.problems.images._pictures import as_bytes, as_images, blocks_of
from longthink.problems.images._store import Part, build
from longthink.registry import register

PARTS: dict[str, Part] = {"train": "train", "test": "test", "val": "test", "validation": "test"}
"""What folders are called; ImageNet's val is what nets are tested on."""
HOLDERS = "Folders of classes"
"""What a message calls such files."""


@register
class ImageFolder(Format):
    """{split}/CLASS/NUMBER.png; in the names of classes - stands for /."""

    def write(self, batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:
        rest = iter(batches)
        first = next(rest)
        problem = as_images(first.problem, HOLDERS)
        names, target = [_as_name(name) for name in problem.store().classes], folder / first.split
        written, digits = list[Path](), len(str(count - 1))
        with atomic_folder(target) as partial:
            for puzzles in chain([first], rest):
                for pixels, label in zip(problem.pixels(puzzles.x), puzzles.y.tolist(), strict=True):
                    path = Path(names[label]) / f"{len(written):0{digits}}.png"
                    (partial / path).parent.mkdir(exist_ok=True)
                    Image.fromarray(pixels).save(partial / path)
                    written.append(target / path)
        return written

    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        names = [_as_name(name) for name in as_images(problem, HOLDERS).store().classes]
        paths = sorted(_pictures(folder / split), key=lambda path: path.name)
        if not paths:
            raise UserError(f"{folder / split} holds no folders of pictures.")
        unknown = {path.parent.name for path in paths} - set(names)
        if unknown:
            raise UserError(f"{folder / split} has a class '{min(unknown)}', and the problem has {', '.join(names)}.")
        images = np.stack([_load(path) for path in paths])
        labels = np.array([names.index(path.parent.name) for path in paths])
        return as_images(problem, HOLDERS).from_bytes(images, labels, level, split)

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:
        """Pack folders of pictures into a store for `Images(source=folder)`; how many there are, and were left out.

        Each of `files` is a folder with one for each class, or with train and test (or val), which have those. Pictures
        larger than 64 pixels are scaled to a shorter side of 256, and 224 x 224 are cut out of the middle. With `skip`,
        files that are no pictures are left out.
        """
        missing = [path for path in files if not path.is_dir()]
        if missing:
            raise UserError(f"{missing[0]} is no folder; give one that has a folder of pictures for each class.")
        parts = [(PARTS[one.name], one) for path in files for one in path.iterdir() if one.name in PARTS]
        parts = parts or [("train", path) for path in files]
        paths = [(part, path) for part, one in sorted(parts) for path in _pictures(one)]
        classes = sorted({path.parent.name for _, path in paths})
        left_out = 0

        def examples(part: Part) -> Iterator[tuple[NDArray[np.uint8], int]]:
            nonlocal left_out
            for its, path in paths:
                if its != part:
                    continue
                try:
                    yield _load(path), classes.index(path.parent.name)
                except UserError:
                    if not skip:
                        raise
                    left_out += 1

        blocks = chain.from_iterable(blocks_of(part, examples(part)) for part in ("train", "test"))
        return build(blocks, folder, classes, [path.name for path in files]), left_out


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*/*") if path.is_file())


def _load(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as picture:
            return as_bytes(picture)
    except (OSError, SyntaxError) as error:  # Pillow raises SyntaxError for some broken files
        raise UserError(f"{path} cannot be read as a picture ({error}); leave such files out with --skip.") from error


def _as_name(name: str) -> str:
    return name.replace("/", "-")
