"""Tensors in files: read as they were written, and nothing else is."""

from pathlib import Path

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


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no file .*none.pt"):
        load_tensors(tmp_path / "none.pt")
