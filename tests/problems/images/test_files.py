"""Folders of pictures and tables of pictures, brought in as others publish them."""

from pathlib import Path

import datasets
import numpy as np
import pytest
from PIL import Image

from longthink.base.errors import UserError
from longthink.problems.images._store import ImageStore
from longthink.problems.images.image_folder import ImageFolder
from longthink.problems.images.image_table import ImageTable

CLASSES = ["cat", "dog"]


def picture(number: int, size: tuple[int, int] = (8, 8)) -> Image.Image:
    rng = np.random.default_rng(number)
    return Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), np.uint8))


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    for part, first, count in (("train", 0, 20), ("val", 100, 6)):
        for number in range(count):
            path = tmp_path / "pets" / part / CLASSES[number % 2] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture(first + number).save(path)
    return tmp_path / "pets"


def test_folders_of_classes_become_a_store(folders: Path, tmp_path: Path) -> None:
    assert ImageFolder().import_files([folders], tmp_path / "store") == (26, 0)
    store = ImageStore(tmp_path / "store")
    assert store.classes == ("cat", "dog")
    assert len(store.labels["train"]) == 20
    assert len(store.labels["test"]) == 6
    images = {image.tobytes(): label for image, label in zip(store.images["train"], store.labels["train"], strict=True)}
    assert images == {np.asarray(picture(number)).tobytes(): number % 2 for number in range(20)}


def test_large_pictures_are_scaled_and_cut(tmp_path: Path) -> None:
    for number, size in enumerate([(300, 500), (700, 260), (224, 224)]):
        path = tmp_path / "pets" / "cat" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(number, size).save(path)
    ImageFolder().import_files([tmp_path / "pets"], tmp_path / "store")
    assert ImageStore(tmp_path / "store").images["train"].shape == (3, 224, 224, 3)


def test_what_is_no_picture_is_told_or_left_out(folders: Path, tmp_path: Path) -> None:
    (folders / "train" / "cat" / "notes.txt").write_text("not a picture")
    with pytest.raises(UserError, match=r"notes.txt is not a picture.*--skip"):
        ImageFolder().import_files([folders], tmp_path / "store")
    assert not (tmp_path / "store").exists()
    assert ImageFolder().import_files([folders], tmp_path / "store", skip=True) == (26, 1)
    with pytest.raises(UserError, match="is no folder"):
        ImageFolder().import_files([tmp_path / "nowhere"], tmp_path / "other")


def table(
    count: int, first: int = 0, label: str = "label", named: bool = True, unlabelled: bool = False
) -> datasets.Dataset:
    kind = datasets.ClassLabel(names=CLASSES) if named else datasets.Value("int64")
    features = datasets.Features({"id": datasets.Value("string"), "img": datasets.Image(), label: kind})
    columns = {
        "id": [str(number) for number in range(count)],
        "img": [picture(first + number) for number in range(count)],
        label: [-1 if unlabelled else number % 2 for number in range(count)],
    }
    return datasets.Dataset.from_dict(columns, features=features)


@pytest.mark.parametrize(("label", "named"), [("label", True), ("fine_label", False)])
def test_parquet_files_become_a_store(tmp_path: Path, label: str, named: bool) -> None:
    files = [tmp_path / "train-00000.parquet", tmp_path / "test-00000.parquet"]
    for path, count, first in zip(files, (20, 6), (0, 100), strict=True):
        table(count, first, label, named).to_parquet(str(path))
    assert ImageTable().import_files(files, tmp_path / "store") == (26, 0)
    store = ImageStore(tmp_path / "store")
    assert store.classes == (("cat", "dog") if named else ("0", "1"))
    assert np.array_equal(store.images["test"][3], np.asarray(picture(103)))
    assert store.labels["train"].tolist() == [0, 1] * 10


def test_a_copy_of_a_hub_data_set_is_read_and_tests_without_labels_are_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "data_set"
    folder.mkdir()
    for split, count, unlabelled in (("train", 10, False), ("validation", 4, False), ("test", 5, True)):
        table(count, 10 * count, named=False, unlabelled=unlabelled).to_parquet(str(folder / f"{split}.parquet"))
    assert ImageTable().import_files([folder], tmp_path / "store") == (14, 0)
    assert len(ImageStore(tmp_path / "store").labels["test"]) == 4


def test_tables_that_are_none_are_told(tmp_path: Path) -> None:
    damaged, other = tmp_path / "damaged.parquet", tmp_path / "other.parquet"
    table(20).to_parquet(str(damaged))
    damaged.write_bytes(damaged.read_bytes()[:-100])
    datasets.Dataset.from_dict({"text": ["a"], "label": [1]}).to_parquet(str(other))
    for path, message in (
        (damaged, "damaged"),
        (other, "no column of pictures"),
        (tmp_path / "nowhere.parquet", "no table of pictures"),
    ):
        with pytest.raises(UserError, match=message):
            ImageTable().import_files([path], tmp_path / "store")
        assert not (tmp_path / "store").exists()
