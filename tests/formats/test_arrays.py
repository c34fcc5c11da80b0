"""The library's own arrays."""

import json
from pathlib import Path

import numpy as np
import pytest

from longthink.base.errors import UserError
from longthink.formats.arrays import Arrays
from longthink.problems.prefix_sums.problem import PrefixSums


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Arrays().write(
        [PrefixSums().sample(16, 12, split="train"), PrefixSums().sample(16, 8, split="train")], 20, tmp_path
    )
    return tmp_path


def test_arrays_are_plain_npy_and_say_what_they_are(folder: Path) -> None:
    x = np.load(folder / "train_16" / "x.npy", mmap_mode="r")
    assert x.shape == (20, 1, 16)
    header = json.loads((folder / "train_16" / "puzzles.json").read_text())
    assert header == {"problem": {"name": "prefix_sums"}, "level": 16, "split": "train", "count": 20}


@pytest.mark.parametrize("name", ["x.npy", "y.npy", "puzzles.json"])
@pytest.mark.parametrize("keep", [None, 0, 60])
def test_missing_or_cut_files_are_refused(folder: Path, name: str, keep: int | None) -> None:
    path = folder / "train_16" / name
    content = path.read_bytes()
    path.unlink()
    if keep is not None:
        path.write_bytes(content[:keep])
    with pytest.raises(UserError):
        Arrays().read(PrefixSums(), 16, folder)


def test_another_level_is_refused(folder: Path) -> None:
    (folder / "train_16").rename(folder / "train_17")
    with pytest.raises(UserError, match="holds puzzles of prefix_sums, level 16"):
        Arrays().read(PrefixSums(), 17, folder)


def test_arrays_of_another_length_are_refused(folder: Path) -> None:
    np.save(folder / "train_16" / "y.npy", np.zeros((19, 16), dtype=np.int64))
    with pytest.raises(UserError, match="should hold 20 puzzles"):
        Arrays().read(PrefixSums(), 16, folder)
