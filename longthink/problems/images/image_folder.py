"""Pictures in folders: {train,test}/CLASS/NAME.png or CLASS/NAME.png, or with tables of names and labels."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from longthink.base.errors import UserError
from longthink.base.files import atomic_folder
from longthink.base.published import is_hidden
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.problems.images._layouts import called, labelled
from longthink.problems.images._pictures import as_images, blocks_of, load_picture, refuse_others, stacked
from longthink.problems.images._store import PARTS, Part, build
from longthink.registry import register

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
        images = stacked([load_picture(path) for path in paths], folder / split)
        labels = np.array([names.index(path.parent.name) for path in paths])
        return as_images(problem, HOLDERS).from_bytes(images, labels, level, split)

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:
        """Pack folders of pictures into a store for `Images(source=folder)`; how many there are, and were left out.

        Each of `files` is a folder that `_layouts.labelled` knows: with a folder for each class, or with a table of
        names and labels, or with train and test (or val), which have those. Pictures larger than 64 pixels are scaled
        to a shorter side of 256, and 224 x 224 are cut out of the middle. Pictures of test without labels are left out;
        with `skip`, also those of train, what a table names and is not there, and files that are no pictures.
        """
        missing = next((path for path in files if not path.is_dir()), None)
        if missing is not None:
            refuse_others(missing)
            raise UserError(f"{missing} is no folder; give one that has a folder of pictures for each class.")
        found = [labelled(path, skip) for path in files]
        pictures = [picture for one in found for picture in one.pictures]
        left_out = sum(one.left_out for one in found)
        labels = sorted({picture.label for picture in pictures})
        names = {name: label for one in found for name, label in one.names.items()}
        numbers = {label: number for number, label in enumerate(labels)}

        def examples(part: Part) -> Iterator[tuple[NDArray[np.uint8], int]]:
            nonlocal left_out
            for picture in pictures:
                if picture.part != part:
                    continue
                try:
                    yield load_picture(picture.path), numbers[picture.label]
                except UserError as error:
                    if not skip:
                        told = str(error).removesuffix(".")
                        raise UserError(f"{told}; or leave such files out with --skip.") from error
                    left_out += 1

        blocks = chain.from_iterable(blocks_of(part, examples(part)) for part in PARTS)
        return build(blocks, folder, called(labels, names), [path.name for path in files]), left_out


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*/*") if path.is_file() and not is_hidden(path))


def _as_name(name: str) -> str:
    return name.replace("/", "-")
