"""Tables of pictures and labels: parquet files, or data sets of the Hugging Face hub (uoft-cs/cifar10 and others).

They are read through `datasets`. Columns are known by what they hold: pictures, and classes or whole numbers; or
texts, if the column's name says that they are labels.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from longthink.base.errors import UserError
from longthink.base.files import atomic
from longthink.base.hub import each_row, is_hub_name
from longthink.base.pictures import DAMAGED
from longthink.base.published import split_of
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.problems.images._pictures import as_images, blocks_of, load_picture, refuse_others, stacked
from longthink.problems.images._store import Part, build
from longthink.registry import register

HELD_OUT = ("test", "validation", "valid", "val")
"""Splits that a net may be tested on: the first of them that is there and has labels is."""
UNLABELLED = -1
LABELS = ("label", "labels", "fine_label", "class", "category", "y")
"""What the column of labels is called, where there are several that could be it."""
WHOLE = re.compile("u?int")
"""What types of whole numbers begin with."""
MOST_CLASSES = 2**16
"""A data set of the hub: NAME or USER/NAME, and maybe a configuration."""
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
        if _classes([table]) != list(classes):
            raise UserError(f"{table.source} has other classes than the problem: {', '.join(_classes([table]))}.")
        examples = [*table.examples(classes)]
        if not examples:
            raise UserError(f"{table.source} has no rows.")
        images = stacked([pixels for pixels, _ in examples], Path(table.source))
        labels = np.array([label for _, label in examples])
        return as_images(problem, HOLDERS).from_bytes(images, labels, level, split)

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:
        """Pack tables into a store for `Images(source=folder)`; how many pictures there are, and were left out.

        Each of `files` is a .parquet, which is for testing if its name says test or val, or a data set of the hub,
        NAME or NAME:CONFIGURATION, or a folder with a copy of one. Large pictures are cut as `ImageFolder` does. With
        `skip`, rows without a label or a picture that can be read are left out.
        """
        tables = [table for path in files for table in _tables(path)]
        with_labels = [table for table in tables if table.labelled]
        held_out = next((name for name in HELD_OUT if any(table.split == name for table in with_labels)), "")
        parts: list[tuple[Part, _Table]] = [
            ("test" if table.split == held_out else "train", table) for table in with_labels
        ]
        if not parts:
            raise UserError(f"There are no pictures with labels in {', '.join(map(str, files))}.")
        classes = _classes(with_labels)
        left_out: list[str] | None = [] if skip else None
        blocks = chain.from_iterable(blocks_of(part, table.examples(classes, left_out)) for part, table in parts)
        return build(blocks, folder, classes, [str(path) for path in files]), len(left_out or ())


class _Table(NamedTuple):
    """One split of a data set, and the names of its columns."""

    source: str
    split: str
    rows: Any
    picture: str
    label: str

    @property
    def labelled(self) -> bool:
        """Whether the first row has a label; a table without rows has none."""
        return next(self.labels(), None) not in (None, UNLABELLED)

    @property
    def names(self) -> list[str] | None:
        """What the table calls its classes, if it does."""
        return getattr(self.rows.features[self.label], "names", None)

    def labels(self) -> Iterator[Any]:
        with _told(self.source):
            yield from (row[self.label] for row in each_row(self.rows.select_columns([self.label])))

    def examples(
        self, classes: Sequence[str], left_out: list[str] | None = None
    ) -> Iterator[tuple[NDArray[np.uint8], int]]:
        """Pictures (H, W, 3), and their classes by number. Why rows are left out is told to `left_out`, or raised."""
        numbers = {name: number for number, name in enumerate(classes)}
        with _told(self.source):
            rows = self.rows.select_columns([self.picture, self.label])
            if isinstance(rows.features[self.picture], _datasets().Image):
                rows = rows.cast_column(self.picture, _datasets().Image(decode=False))
            for number, row in enumerate(each_row(rows), 1):
                called, label = f"Picture {number} of {self.source}", row[self.label]
                try:
                    if label is None:
                        raise UserError(f"{called} has no label; leave such rows out with --skip.")
                    pixels = load_picture(_bytes_of(row[self.picture], self.source, called), called)
                except UserError as error:
                    if left_out is None:
                        raise
                    left_out.append(str(error))
                    continue
                yield pixels, numbers[label] if isinstance(label, str) else label


def _classes(tables: Sequence[_Table]) -> list[str]:
    """Their names, the same in all tables; if there are none, the texts that are labels, or numbers up to the highest.

    Raises UserError if the tables do not agree, or there are more than MOST_CLASSES.
    """
    names = tables[0].names
    if any(table.names != names for table in tables):
        sources = ", ".join(table.source for table in tables)
        raise UserError(f"The tables {sources} do not have the same classes; bring them in one by one.")
    if names is not None:
        return list(names)
    found: set[Any] = set()
    for label in chain.from_iterable(table.labels() for table in tables):
        found.add(label)
        if len(found) > MOST_CLASSES or (isinstance(label, int) and label >= MOST_CLASSES):
            raise UserError(
                f"{tables[0].source} has more than {MOST_CLASSES} classes, or labels beyond: {label!r:.80}."
            )
    found.discard(None)
    if all(isinstance(label, str) for label in found):
        return sorted(found)
    return [str(number) for number in range(max(found) + 1)]


def _bytes_of(value: Any, source: str, called: str) -> IO[bytes] | Path:
    """The file of a picture in a cell of a table. Nothing is fetched, nor opened outside the data set's folder."""
    content, path = (value.get("bytes"), value.get("path")) if isinstance(value, dict) else (value, None)
    if isinstance(content, bytes):
        return BytesIO(content)
    beside = Path(source).resolve()
    if isinstance(path, str) and Path(source).is_dir() and Path(path).resolve().is_relative_to(beside):
        return Path(path)
    where = f" but at {path:.80}" if isinstance(path, str) else ""
    raise UserError(f"{called} is not in the table{where}; get the data set with its pictures in it.")


def _tables(path: Path) -> list[_Table]:
    """The splits of a data set, or the one of a .parquet. Raises UserError if there is none, or no pictures in it."""
    datasets, name = _datasets(), str(path)
    of_hub = is_hub_name(Path(name.partition(":")[0]))
    if path.suffix != ".parquet" and (path.is_file() or not (path.is_dir() or of_hub)):
        refuse_others(path)
        raise UserError(f"{path} is no .parquet, no folder and no name of a data set of the hub, like uoft-cs/cifar10.")
    if path.is_dir():
        refuse_others(path)
    with _told(name):
        if path.suffix == ".parquet":
            split = split_of(path.stem) or "train"
            found = {split: datasets.load_dataset("parquet", data_files=name, split="train", streaming=True)}
        else:
            name, _, configuration = name.partition(":")
            found = datasets.load_dataset(name, configuration or None, streaming=True)
        return [_table(str(path), split, rows) for split, rows in found.items()]


@contextmanager
def _told(source: str) -> Iterator[None]:
    """Raises UserError for what `datasets` raises, and says itself, when a data set is missing or damaged."""
    import pyarrow  # which datasets needs

    datasets = _datasets()
    before = datasets.logging.get_verbosity()
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)
    try:
        yield
    except UserError:
        raise
    except (*DAMAGED, pyarrow.ArrowException, datasets.exceptions.DatasetsError) as error:
        first = str(error).strip().partition("\n")[0]
        raise UserError(f"There is no table of pictures {source}, or it is damaged ({first:.200}).") from error
    finally:
        datasets.logging.set_verbosity(before)


def _table(source: str, split: str, rows: Any) -> _Table:
    datasets, kinds = _datasets(), rows.features or {}
    pictures = [name for name, kind in kinds.items() if isinstance(kind, datasets.Image) or _holds_bytes(kind)]
    classes = [
        name
        for name, kind in kinds.items()
        if isinstance(kind, datasets.ClassLabel) or WHOLE.match(str(getattr(kind, "dtype", "")))
    ]
    texts = [name for name in LABELS if getattr(kinds.get(name), "dtype", "") in ("string", "large_string")]
    labels = [name for name in LABELS if name in (*classes, *texts)] or classes
    if not pictures or not labels:
        raise UserError(f"{source} has no column of pictures and one of labels; it has {', '.join(kinds) or 'none'}.")
    return _Table(source, split, rows, pictures[0], labels[0])


def _holds_bytes(kind: Any) -> bool:
    """Whether a column is of files, or of files and their names, which nothing says are pictures."""
    inner = kind.get("bytes") if isinstance(kind, dict) else kind
    return getattr(inner, "dtype", "") in ("binary", "large_binary")


def _datasets() -> Any:
    try:
        import datasets
    except ImportError as error:
        raise UserError("Tables of pictures need datasets: pip install 'longthink[hub]'.") from error
    return datasets
