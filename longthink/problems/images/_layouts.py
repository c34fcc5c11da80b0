"""How people lay out folders of pictures, and where the labels are then.

CLASS/*.png or CLASS/images/*.JPEG          the folder's name
*.png or images/*.png, and a table          a .csv among or beside them, or Tiny ImageNet's val_annotations.txt
{train,test,val,...}/ with one of these     ImageNet's val is what nets are tested on

What classes are called may be in a list beside these folders, like Tiny ImageNet's words.txt.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from longthink.base.errors import UserError
from longthink.base.pictures import SUFFIXES
from longthink.base.published import is_hidden
from longthink.base.tables import read_lines, read_table
from longthink.problems.images._pictures import refuse_others
from longthink.problems.images._store import Part

OF_PART = re.compile(r"(?:seg_)?(train|test|val)(?:ing|id|idation)?(?:[_-]?(?:images|imgs|set|jpg))?")
"""What folders of parts are called, in lower case."""
TOGETHER = ("images", "image", "imgs", "img", "jpg")
"""What folders are called that hold pictures of any class."""
ANNOTATIONS = "val_annotations.txt"
"""Names and labels of pictures, without a first line that says so."""
NAMES_OF_CLASSES = ("words.txt", "LOC_synset_mapping.txt")
"""A label and its synonyms in each line."""
TABLES = (".csv", ".tsv")
COLUMNS = {
    "file": (
        *("file", "filename", "file_name", "image", "image_id", "image_name", "imagename", "image_path", "img"),
        *("path", "filepath", "picture", "name", "id"),
    ),
    "label": (
        "label",
        "labels",
        "class",
        "class_id",
        "classid",
        "class_name",
        "category",
        "breed",
        "species",
        "target",
    ),
}
"""What the columns of tables are called."""


WANTED = "give a folder for each class, or beside the pictures a labels.csv with the columns file and label"


class Picture(NamedTuple):
    """A file, and what the data set says of it."""

    part: Part
    path: Path
    label: str


class Layout(NamedTuple):
    """What is in a folder: its pictures, how many were left out, and what labels are called."""

    pictures: Sequence[Picture]
    left_out: int
    names: Mapping[str, str]


class _Found(NamedTuple):
    """In one part: the label of each picture, pictures that have none, and names in a table that no picture has."""

    labels: Mapping[Path, str]
    without_label: Sequence[Path] = ()
    missing: Sequence[str] = ()

    def check(self, folder: Path, part: Part) -> None:
        """Raises UserError if something would be left out, other than a whole part for testing without labels."""
        some, count = self.without_label[:1], len(self.without_label)
        if self.missing:
            others = f"{len(self.missing)} pictures that are not in {folder}, like {self.missing[0]}"
            raise UserError(f"The table of {folder} names {others}; get them, or leave them out with --skip.")
        if some and self.labels:
            raise UserError(
                f"{count} pictures in {folder}, like {some[0].name}, have no label; leave them out with --skip."
            )
        if some and part == "train":
            raise UserError(f"The {count} pictures in {folder}, like {some[0].name}, have no labels; {WANTED}.")


def labelled(folder: Path, skip: bool = False) -> Layout:
    """The pictures in a folder, with their labels.

    Pictures for testing that have none are left out; those for training are with `skip`, as are the names in a table
    that no picture has. Raises UserError for these otherwise, and if there is no picture with a label.
    """
    root = _unwrapped(folder)
    pictures, left_out = list[Picture](), 0
    for part, inside in _parts(root):
        found = _found(inside, root)
        if not skip:
            found.check(inside, part)
        pictures += [Picture(part, path, label) for path, label in found.labels.items()]
        left_out += len(found.without_label) + len(found.missing)
    if not any(picture.part == "train" for picture in pictures):
        refuse_others(root)
        raise UserError(f"{folder} has no picture for training with a label; {WANTED}.")
    return Layout(pictures, left_out, _names(root))


def called(labels: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """What classes are called: their labels, or the names that these have; what is called the same, by both.

    >>> called(["n1", "n2", "n3"], {"n1": "crane", "n2": "crane", "n3": "goldfish"})
    ['crane (n1)', 'crane (n2)', 'goldfish']
    """
    known = [names.get(label, label) for label in labels]
    return [f"{name} ({label})" if known.count(name) > 1 else name for name, label in zip(known, labels, strict=True)]


def _unwrapped(folder: Path) -> Path:
    """The folder itself, or the one in it that has everything, as archives leave it."""
    inside = _folders(folder)
    if len(inside) != 1 or _part_of(inside[0]) or _tables(folder) or not _folders(inside[0]):
        return folder
    return folder if inside[0].name.lower() in TOGETHER or _together(inside[0]) else _unwrapped(inside[0])


def _parts(folder: Path) -> list[tuple[Part, Path]]:
    """Folders for training and testing; if there are none, all is for training."""
    inside = _folders(folder)
    parts = [(part, _once(one)) for one in inside for part in [_part_of(one)] if part]
    of_classes = [one for one in inside if not _part_of(one) and one.name.lower() not in TOGETHER and _pictures(one)]
    if not parts or (of_classes and not any(map(_folders, inside))):  # a train may be what is in the pictures
        return [("train", folder)]
    return sorted(parts)


def _part_of(folder: Path) -> Part | None:
    match = OF_PART.fullmatch(folder.name.lower())
    if match is None:
        return None
    return "train" if match[1] == "train" else "test"


def _once(folder: Path) -> Path:
    """train of train/train."""
    inside = _folders(folder)
    return _once(inside[0]) if [one.name for one in inside] == [folder.name] and not _pictures(folder) else folder


def _found(folder: Path, root: Path) -> _Found:
    together = _together(folder)
    of_classes = [one for one in _folders(folder) if one != together and one.name.lower() not in TOGETHER]
    if of_classes:
        return _Found({path: one.name for one in of_classes for path in _files(_together(one) or one)})
    pictures = _pictures(folder) or _pictures(together or folder)
    labels = _table(folder, root)
    found, without_label = dict[Path, str](), list[Path]()
    for path in pictures:
        keys = (path.name, path.stem, *(path.relative_to(above).as_posix() for above in (folder, root)))
        label = labels.pop(next((key for key in keys if key in labels), ""), "")
        if label:
            found[path] = label
        else:
            without_label.append(path)
    return _Found(found, without_label, [name for name, label in labels.items() if label])


def _together(folder: Path) -> Path | None:
    """The folder in it that holds pictures of any class: it is called so, or is the only one, beside a table."""
    inside = _folders(folder)
    only = inside[0] if len(inside) == 1 and _tables(folder) else None
    return next((one for one in inside if one.name.lower() in TOGETHER), only)


def _table(folder: Path, root: Path) -> dict[str, str]:
    """The label of each name in the table of a folder of pictures; empty if there is none."""
    if (folder / ANNOTATIONS).is_file():
        rows = (line.split("\t") for line in read_lines(folder / ANNOTATIONS) if line.strip())
        return {row[0]: row[1].strip() for row in rows if len(row) > 1}
    tables = _tables(folder)
    if not tables and folder != root:
        word = OF_PART.fullmatch(folder.name.lower())
        part = "" if word is None else word[1]
        named = [table for table in _tables(root) if table.name.lower().startswith(part)]
        tables = named or [table for table in _tables(root) if table.stem.lower() == "labels" and part == "train"]
    if len(tables) > 1:
        tables = [table for table in tables if "label" in table.stem.lower()] or tables
    if len(tables) > 1:
        raise UserError(f"Labels may be in {' or '.join(map(str, tables))}; take away what has none.")
    return _labels(tables[0]) if tables else {}


def _labels(table: Path) -> dict[str, str]:
    labels: dict[str, str] = {}
    for line, (name, label) in read_table(table, COLUMNS):
        if labels.setdefault(name, label) != label:
            raise UserError(f"Line {line} of {table} calls {name} '{label}', which was '{labels[name]}' before.")
    return labels


def _names(root: Path) -> dict[str, str]:
    """What labels are called, the first of their synonyms."""
    path = next((root / name for name in NAMES_OF_CLASSES if (root / name).is_file()), None)
    if path is None:
        return {}
    rows = (line.split(maxsplit=1) for line in read_lines(path))
    return {row[0]: row[1].partition(",")[0].strip() for row in rows if len(row) > 1}


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not is_hidden(path))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and not is_hidden(path))


def _pictures(folder: Path) -> list[Path]:
    return [path for path in _files(folder) if path.suffix.lower() in SUFFIXES]


def _tables(folder: Path) -> list[Path]:
    return [path for path in _files(folder) if path.suffix.lower() in TABLES]
