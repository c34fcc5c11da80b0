"""Files, folders and data sets of the hub, and the split that each file is of."""

from pathlib import Path

import pytest

from longthink.base.errors import UserError
from longthink.base.published import files_in, local, split_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    paths = (
        "test/a.txt",
        "b_train.TXT",
        ".c/test.txt",
        "__MACOSX/f.txt",
        "d.md",
        "e.txt.gz",
        "validation-00000-of-00001.csv",
    )
    for path in paths:
        (tmp_path / "data" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / path).touch()
    return tmp_path / "data"


def test_the_split_of_a_file_is_in_its_name_or_its_folders(folder: Path) -> None:
    names = ("test.csv", "train-00000-of-00001.parquet", "maze_data_validation_9", "latest.csv", "val.txt")
    assert [split_of(name) for name in names] == ["test", "train", "validation", None, "validation"]
    found = {path.name: split for path, split in files_in([folder], [".txt"])}
    assert found == {"a.txt": "test", "b_train.TXT": "train", "e.txt.gz": None}
    assert files_in([folder / "test" / "a.txt"], [".csv"]) == [(folder / "test" / "a.txt", None)]


def test_of_several_kinds_the_first_that_there_is_counts(folder: Path) -> None:
    assert [path.name for path, _ in files_in([folder], [".parquet"], [".csv"], [".txt"])] == [
        "validation-00000-of-00001.csv"
    ]
    with pytest.raises(UserError, match=r"no files of the kinds \.parquet, \.npy in .*data"):
        files_in([folder], [".parquet"], [".npy"])


def test_a_folder_that_is_not_there_is_not_looked_for_on_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: pytest.fail("it was asked"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="no file and no folder data/train_9"):
        files_in([Path("data/train_9")], [".png"])


@pytest.mark.parametrize("name", ["no/where.csv", "../none", "a b"])
def test_the_hub_is_not_asked_for_what_cannot_be_its(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: pytest.fail("it was asked"))
    with pytest.raises(UserError, match="There is no file"):
        local([Path(name)], [".csv"])
