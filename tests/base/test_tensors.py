"""Tensors in files: read as they were written, and nothing else is."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from longthink.base.errors import UserError
from longthink.base.tensors import load_tensors


@pytest.fixture
def file(tmp_path: Path) -> Path:
    torch.save({"weights": torch.arange(6.0), "step": 3, "names": ["a"]}, tmp_path / "file.pt")
    return tmp_path / "file.pt"


@pytest.mark.parametrize("mapped", [False, True])
def test_tensors_and_plain_values_are_read(file: Path, mapped: bool) -> None:
    found = load_tensors(file, mapped)
    assert torch.equal(found["weights"], torch.arange(6.0))
    assert (found["step"], found["names"]) == (3, ["a"])


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("keep", [0, 1, 50, 500])
def test_a_file_that_is_cut_is_refused(file: Path, mapped: bool, keep: int) -> None:
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"file.pt is damaged, cut short, or holds more than tensors"):
        load_tensors(file, mapped)


@pytest.mark.parametrize("legacy", [False, True])
def test_whatever_is_damaged_in_a_file_is_one_sentence(tmp_path: Path, legacy: bool) -> None:
    path, rng = tmp_path / "file.pt", np.random.default_rng(0)
    torch.save({"weights": torch.arange(6.0), "names": ["a"]}, path, _use_new_zipfile_serialization=not legacy)
    whole, refused = path.read_bytes(), 0
    for _ in range(300):
        damaged = bytearray(whole)
        for place in rng.integers(len(whole), size=3):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            load_tensors(path)
        except UserError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    "unfolds", [torch.zeros(1).expand(10**12), torch.zeros(2, 1).expand(2, 10**6), torch.eye(9).to_sparse()]
)
def test_a_tensor_that_is_larger_than_its_file_is_refused(tmp_path: Path, unfolds: torch.Tensor) -> None:
    torch.save({"a": [unfolds]}, tmp_path / "file.pt")
    with pytest.raises(UserError, match="larger than the file"):
        load_tensors(tmp_path / "file.pt")
    torch.save({"a": [torch.zeros(4, 3).T[1:]]}, tmp_path / "file.pt")
    assert load_tensors(tmp_path / "file.pt")["a"][0].shape == (2, 4)


def test_an_archive_that_unpacks_to_more_is_refused(file: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(file) as packed, zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as bomb:
        for name in packed.namelist():
            bomb.writestr(name, packed.read(name))
        bomb.writestr("file/data/1", bytes(10**6))
    with pytest.raises(UserError, match="is damaged"):
        load_tensors(tmp_path / "bomb.pt")


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no file .*none.pt"):
        load_tensors(tmp_path / "none.pt")


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("keep", range(4000, 20_000, 1999))
def test_a_large_file_that_is_cut_is_refused(keep: int, mapped: bool, tmp_path: Path) -> None:
    torch.save({"weights": torch.zeros(5000)}, tmp_path / "large.pt")
    (tmp_path / "large.pt").write_bytes((tmp_path / "large.pt").read_bytes()[:keep])
    with pytest.raises(UserError, match="large.pt"):
        load_tensors(tmp_path / "large.pt", mapped)
