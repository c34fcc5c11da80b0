"""Tables of pictures and labels: parquet files, or data sets of the Hugging Face hub (uoft-cs/cifar10 and others).

They are read through `datasets`. Columns are known by what they hold: pictures, and classes or whole numbers.
"""

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from longthink.base.errors import UserError
from longthink.base.files import atomic
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.problems.images._pictures import as_bytes, as_images, blocks_of
from longthink.problems.images._store import Part, build
from longthink.registry import register

HELD_OUT = ("test", "validation", "valid", "val")
"""Splits that a net may be tested on: the first of them that is there and has labels is."""
UNLABELLED = -1
LABELS = ("label", "labels", "fine_label", "class", "y")
"""What the column of labels is called, where there are several that could be it."""
HOLDERS = "Tables of pictures"
"""What a message calls such files."""


@register
class ImageTable(Format):
    """{split}.parquet with the columns image and label."""

    def write(self, batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:  # noqa: ARG002
        several = list(batches)
        problem, datasets = as_images(several[0].problem, HOLDERS), _datasets()
        columns: dict[str, list[Any]] = {"image": [], "label": []}
        for puzzles in several:
            for pixels, label in zip(problem.pixels(puzzles.x), puzzles.y.tolist(), strict=True):
                buffer = BytesIO()
                Image.fromarray(pixels).save(buffer, format="PNG")
                columns["image"].append({"bytes": buffer.getvalue(), "path": None})
                columns["label"].append(label)
        kinds = {"image": datasets.Image(), "label": datasets.ClassLabel(names=list(problem.store().classes))}
        table = datasets.Dataset.from_dict(columns, features=datasets.Features(kinds))
        target = folder / f"{several[0].split}.parquet"
        with atomic(target) as partial:
            table.to_parquet(str(partial))
        return [target]

    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        classes = as_images(problem, HOLDERS).store().classes
        (table,) = _tables(folder / f"{split}.parquet")
        if table.classes() != list(classes):
            raise UserError(f"{table.source} has other classes than the problem: {', '.join(table.classes())}.")
        examples = [*table.examples()]
        images, labels = np.stack([pixels for pixels, _ in examples]), np.array([label for _, label in examples])
        return as_images(problem, HOLDERS).from_bytes(images, labels, level, split)

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:  # noqa: ARG002
        """Pack tables into a store for `Images(source=folder)`; how many pictures there are, and 0.

        Each of `files` is a .parquet, which is for testing if its name says test or val, or a data set of the hub,
        NAME or NAME:CONFIGURATION, or a folder with a copy of one. Large pictures are cut as `ImageFolder` does.
        """
        tables = [table for path in files for table in _tables(path)]
        held_out = next(
            (name for name in HELD_OUT if any(table.split == name and table.labelled for table in tables)), ""
        )
        parts: list[tuple[Part, _Table]] = [
            ("test" if table.split == held_out else "train", table) for table in tables if table.labelled
        ]
        if not parts:
            raise UserError(f"There are no pictures with labels in {', '.join(map(str, files))}.")
        classes = parts[0][1].classes()
        blocks = chain.from_iterable(blocks_of(part, table.examples()) for part, table in parts)
        return build(blocks, folder, classes, [str(path) for path in files]), 0


class _Table(NamedTuple):
    """One split of a data set, and the names of its columns."""

    source: str
    split: str
    rows: Any
    picture: str
    label: str

    @property
    def labelled(self) -> bool:
        return bool(next(iter(self.rows.select_columns([self.label])))[self.label] != UNLABELLED)

    def classes(self) -> list[str]:
        """Their names; if there are none, their numbers."""
        names = getattr(self.rows.features[self.label], "names", None)
        if names is None:
            labels = (row[self.label] for row in self.rows.select_columns([self.label]))
            names = [str(number) for number in range(max(labels) + 1)]
        return list(names)

    def examples(self) -> Iterator[tuple[NDArray[np.uint8], int]]:
        try:
            for row in self.rows.select_columns([self.picture, self.label]):
                yield as_bytes(row[self.picture]), row[self.label]
        except (OSError, ValueError, SyntaxError) as error:
            raise UserError(f"{self.source} is damaged: {error}; get it again.") from error


def _tables(path: Path) -> list[_Table]:
    """The splits of a data set, or the one of a .parquet. Raises UserError if there is none, or no pictures in it."""
    datasets = _datasets()
    try:
        if path.suffix == ".parquet":
            split = next((name for name in HELD_OUT if name in path.stem), "train")
            found = {split: datasets.load_dataset("parquet", data_files=str(path), split="train", streaming=True)}
        else:
            name, _, configuration = str(path).partition(":")
            found = datasets.load_dataset(name, configuration or None, streaming=True)
        return [_table(str(path), split, rows) for split, rows in found.items()]
    except (OSError, ValueError, ConnectionError, datasets.exceptions.DatasetsError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"There is no table of pictures {path}, or it is damaged: {error}") from error


def _table(source: str, split: str, rows: Any) -> _Table:
    datasets = _datasets()
    kinds = rows.features or {}
    pictures = [name for name, kind in kinds.items() if isinstance(kind, datasets.Image)]
    labels = [
        name
        for name, kind in kinds.items()
        if isinstance(kind, datasets.ClassLabel) or getattr(kind, "dtype", "").startswith("int")
    ]
    if not pictures or not labels:
        raise UserError(f"{source} has no column of pictures and one of labels; it has {', '.join(kinds) or 'none'}.")
    return _Table(source, split, rows, pictures[0], next((name for name in LABELS if name in labels), labels[0]))


def _datasets() -> Any:
    try:
        import datasets
    except ImportError as error:
        raise UserError("Tables of pictures need datasets: pip install 'longthink[hub]'.") from error
    return datasets
