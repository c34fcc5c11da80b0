"""Files as others publish them: alone, in folders, or as a data set of the hub; and the split that each is of."""

import re
from collections.abc import Sequence
from pathlib import Path

from longthink.base.errors import UserError
from longthink.base.hub import is_hub_name
from longthink.base.splits import Split

TABLES = (".csv", ".tsv", ".parquet")
PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
NAMES: dict[str, Split] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""What files and folders of a split are called."""
NO_FILES = ("__macosx", "thumbs.db", "desktop.ini")
"""What systems leave in folders, in lower case, besides files whose names begin with a dot."""


def is_hidden(path: Path) -> bool:
    """Whether a file or folder is there for a system or a program, and not for people.

    >>> [is_hidden(Path(name)) for name in (".ipynb_checkpoints", "__MACOSX", "Thumbs.db", "cat")]
    [True, True, True, False]
    """
    return path.name.startswith(".") or path.name.lower() in NO_FILES


def split_of(name: str) -> Split | None:
    """The split that a file or a folder is named by.

    >>> [split_of(name) for name in ("Train.csv", "test-00000-of-00001.parquet", "maze_data_test_13", "latest.csv")]
    ['train', 'test', 'test', None]
    """
    return next((NAMES[word] for word in re.split("[^a-z]+", name.lower()) if word in NAMES), None)


def kind_of(path: Path) -> str:
    """What the name of a file ends with, packed or not.

    >>> kind_of(Path("puzzles.CSV.gz"))
    '.csv'
    """
    return (path.with_suffix("") if path.suffix.lower() in PACKED else path).suffix.lower()


def local(paths: Sequence[Path], kinds: Sequence[str]) -> list[Path]:
    """Paths as they are; for names of data sets of the hub, folders with their files of some kinds, as they are there.

    Raises UserError for what is neither there nor a data set of the hub.
    """
    return [path if path.exists() else _downloaded(path, kinds) for path in paths]


def files_in(paths: Sequence[Path], *kinds: Sequence[str]) -> list[tuple[Path, Split | None]]:
    """Files that are named, and those in folders that are named, each with the split that it is of.

    That is told by its own name, or that of a folder below (or else of) the one that is named. Hidden files are left
    out.

    Args:
        paths: of files and folders.
        kinds: what names end with; in a folder, those of the first kinds are taken of which it has any.

    Raises:
        UserError: a path that is not there, a folder without such files.
    """
    found = list[tuple[Path, Split | None]]()
    for path in paths:
        if not path.exists():
            raise UserError(f"There is no file and no folder {path}.")
        inside = [path] if path.is_file() else _inside(path, kinds)
        if not inside:
            wanted = ", ".join(kind for some in kinds for kind in some)
            raise UserError(f"There are no files of the kinds {wanted} in {path}, packed or not.")
        for one in inside:
            names = [one.name, *(above.name for above in one.parents if above == path or path in above.parents)]
            found.append((one, next(filter(None, map(split_of, names)), None)))
    return found


def _inside(folder: Path, kinds: Sequence[Sequence[str]]) -> list[Path]:
    seen = [one for one in sorted(folder.rglob("*")) if one.is_file() and not _is_below_hidden(one, folder)]
    found = ([one for one in seen if kind_of(one) in some or one.name in some] for some in kinds)
    return next(filter(None, found), [])


def _is_below_hidden(path: Path, folder: Path) -> bool:
    return any(map(is_hidden, (path, *path.relative_to(folder).parents[:-1])))


def _downloaded(path: Path, kinds: Sequence[str]) -> Path:
    if not is_hub_name(path):
        raise UserError(f"There is no file {path}.")
    from huggingface_hub import snapshot_download

    wanted = [f"*{kind}{packed}" for kind in kinds for packed in ("", *PACKED)]
    try:
        return Path(snapshot_download(path.as_posix(), repo_type="dataset", allow_patterns=wanted))
    except (OSError, ValueError) as error:
        told = " ".join(str(error).split())
        raise UserError(f"There is no file {path}, and the hub gave no data set of this name: {told}") from error
