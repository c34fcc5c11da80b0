"""The library's own arrays."""

import json
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

import longthink as lt
from longthink.base.errors import UserError
from longthink.formats.arrays import Arrays
from longthink.problems.chess.problem import ChessPuzzles
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


@pytest.mark.parametrize(
    ("name", "array", "sentence"),
    [
        ("y", np.full((20, 16), 2), "not below 2"),
        ("y", np.full((20, 16), -1), "not below 2"),
        ("y", np.zeros((20, 16)), "not below 2"),
        ("y", np.array(3), "should hold 20 puzzles"),
        ("y", np.zeros((20, 0), np.int64), "should hold 20 puzzles"),
        ("y", np.array([["a"] * 16] * 20), "holds no puzzles, or damaged ones"),
        ("mask", np.ones((20, 15), np.bool_), "mask"),
        ("mask", np.ones((20, 16)), "mask"),
    ],
)
def test_arrays_that_are_no_answers_are_refused(folder: Path, name: str, array: np.ndarray, sentence: str) -> None:
    np.save(folder / "train_16" / f"{name}.npy", array)
    with pytest.raises(UserError, match=sentence):
        Arrays().read(PrefixSums(), 16, folder)


def test_a_damaged_header_is_told(folder: Path) -> None:
    (folder / "train_16" / "x.npy").write_bytes(b"\x93NUMPY\x01\x00\x04\x00((((")
    with pytest.raises(UserError, match=r"damaged ones: x.npy is no array of numbers, or damaged \("):
        Arrays().read(PrefixSums(), 16, folder)


def test_further_tensors_survive(tmp_path: Path) -> None:
    puzzles = ChessPuzzles().sample(6, 12, split="train")
    assert set(puzzles.extras) > {"who_moves", "position"}
    Arrays().write([puzzles[:5], puzzles[5:]], 12, tmp_path)
    again = Arrays().read(ChessPuzzles(), 6, tmp_path)
    assert again.extras.keys() == puzzles.extras.keys()
    for name, tensor in puzzles.extras.items():
        assert torch.equal(again.extras[name], tensor)
        assert again.extras[name].dtype == tensor.dtype
    assert again.problem.correct(again.y, again).all()


class Coloured(NamedTuple):
    """Inputs of two parts."""

    size: Tensor
    colour: Tensor


class LargerAndRed(lt.Problem):
    """Is it larger than nothing, and red?"""

    spec: ClassVar[lt.Spec] = lt.Spec(inputs=1, outputs=2, positions="none", answers="one")
    easy: ClassVar[int] = 1
    hard: ClassVar[tuple[int, ...]] = (1,)

    def draw(self, level: int, count: int, split: str, key: int, repeats: bool) -> lt.Puzzles:
        rng = torch.Generator().manual_seed(key)
        x = Coloured(torch.randn(count, 1, generator=rng), torch.randint(0, 3, (count, level), generator=rng))
        return lt.Puzzles(self, level, x, ((x.size > 0) & (x.colour == 0))[:, 0].long(), split=split)


@pytest.fixture
def parted() -> lt.Puzzles:
    """Puzzles whose inputs are a NamedTuple."""
    lt.register(LargerAndRed)
    return LargerAndRed().sample(1, 9, split="train")


def test_inputs_of_several_named_parts_survive(parted: lt.Puzzles, tmp_path: Path) -> None:
    written = Arrays().write([parted[:4], parted[4:]], 9, tmp_path)
    assert [path.name for path in written] == ["puzzles.json", "x.colour.npy", "x.size.npy", "y.npy"]
    again = Arrays().read(LargerAndRed(), 1, tmp_path)
    assert type(again.x) is Coloured
    for before, after in zip(parted.x, again.x, strict=True):
        assert torch.equal(before, after)
        assert before.dtype == after.dtype


@pytest.mark.parametrize("name", ["x.size.npy", "x.colour.npy"])
def test_a_part_that_is_missing_or_too_short_is_refused(name: str, parted: lt.Puzzles, tmp_path: Path) -> None:
    Arrays().write([parted], 9, tmp_path)
    path = tmp_path / "train_1" / name
    np.save(path, np.load(path)[:8])
    with pytest.raises(UserError, match="should hold 9 puzzles"):
        Arrays().read(LargerAndRed(), 1, tmp_path)
    path.unlink()
    with pytest.raises(UserError, match="inputs of other parts than larger_and_red has"):
        Arrays().read(LargerAndRed(), 1, tmp_path)


def test_puzzles_with_one_input_are_not_read_as_parts(folder: Path) -> None:
    """Nor with parts that they have not."""
    (folder / "train_16" / "x.npy").rename(folder / "train_16" / "x.bits.npy")
    with pytest.raises(UserError, match="inputs of other parts than prefix_sums has"):
        Arrays().read(PrefixSums(), 16, folder)


def test_one_split_is_not_read_as_another(tmp_path: Path) -> None:
    puzzles = PrefixSums().sample(16, 3, split="validation")
    Arrays().write([puzzles, replace(puzzles)], 6, tmp_path)
    assert Arrays().read(PrefixSums(), 16, tmp_path, "validation").split == "validation"
    with pytest.raises(UserError, match="train_16 holds no puzzles"):
        Arrays().read(PrefixSums(), 16, tmp_path, "train")
