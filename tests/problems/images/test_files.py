"""Folders of pictures and tables of pictures, brought in as others publish them."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow
import pytest
from PIL import Image
from pyarrow import parquet

from longthink.base.errors import UserError
from longthink.problems.images._store import ImageStore
from longthink.problems.images.image_folder import ImageFolder
from longthink.problems.images.image_table import ImageTable
from longthink.problems.images.problem import Images

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


def test_a_table_is_for_testing_if_a_word_of_its_name_says_so(tmp_path: Path) -> None:
    table(4, 10).to_parquet(str(tmp_path / "train.parquet"))
    for name, part, count in (("latest", "train", 10), ("my_test", "test", 6)):
        table(6, 20).to_parquet(str(tmp_path / f"{name}.parquet"))
        files = [tmp_path / "train.parquet", tmp_path / f"{name}.parquet"]
        ImageTable().import_files(files, tmp_path / name)
        assert len(ImageStore(tmp_path / name).labels[part]) == count


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


def png(number: int) -> bytes:
    file = io.BytesIO()
    picture(number).save(file, "PNG")
    return file.getvalue()


def plain_table(path: Path, pictures: list[Any], labels: list[Any], says_so: bool = False) -> Path:
    """A .parquet as other libraries write it; as `datasets` does, if it says so that it holds pictures."""
    in_struct = pyarrow.struct({"bytes": pyarrow.binary(), "path": pyarrow.string()})
    if says_so:
        pictures = [cell if isinstance(cell, dict) else {"bytes": cell, "path": None} for cell in pictures]
    kind = in_struct if any(isinstance(cell, dict) for cell in pictures) else None
    rows = pyarrow.table({"image": pyarrow.array(pictures, kind), "label": labels})
    if says_so:
        features = {"image": {"_type": "Image"}, "label": {"dtype": "int64", "_type": "Value"}}
        rows = rows.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    parquet.write_table(rows, path)
    return path


@pytest.mark.parametrize("in_struct", [True, False])
def test_tables_that_do_not_say_that_they_hold_pictures_are_read_too(tmp_path: Path, in_struct: bool) -> None:
    cells = [{"bytes": png(number), "path": None} if in_struct else png(number) for number in range(3)]
    path = plain_table(tmp_path / "train.parquet", cells, ["dog", "cat", "dog"])
    assert ImageTable().import_files([path], tmp_path / "store") == (3, 0)
    store = ImageStore(tmp_path / "store")
    assert store.classes == ("cat", "dog")
    assert store.labels["train"].tolist() == [1, 0, 1]
    assert np.array_equal(store.images["train"][2], np.asarray(picture(2)))


def test_classes_are_those_of_all_tables(tmp_path: Path) -> None:
    files = [
        plain_table(tmp_path / "train.parquet", [png(0), png(1)], [0, 1]),
        plain_table(tmp_path / "test.parquet", [png(2)], [4]),
    ]
    ImageTable().import_files(files, tmp_path / "store")
    assert ImageStore(tmp_path / "store").classes == ("0", "1", "2", "3", "4")
    table(2).to_parquet(str(tmp_path / "validation.parquet"))
    with pytest.raises(UserError, match="do not have the same classes"):
        ImageTable().import_files([files[0], tmp_path / "validation.parquet"], tmp_path / "other")


URL = "http://127.0.0.1:9/cat.png"
ROWS: dict[str, tuple[list[Any], list[Any], str]] = {
    "label of 10^12": ([png(0), png(1)], [0, 10**12], r"more than 65536 classes, or labels beyond: 1000000000000"),
    "negative label": ([png(0), png(1)], [1, -5], "class -5, and the classes are 0 to 1"),
    "no label": ([png(0), png(1)], [1, None], "Picture 2 of .* has no label"),
    "url": ([{"bytes": None, "path": URL}], [0], rf"Picture 1 of .* is not in the table but at {URL}"),
    "file": ([{"bytes": None, "path": "/etc/passwd"}], [0], "is not in the table but at /etc/passwd"),
    "no picture": ([None, png(0)], [0, 1], "Picture 1 of .* is not in the table; get"),
    "no picture's bytes": (
        [b"%!PS-Adobe-3.0 EPSF-3.0"],
        [0],
        "Picture 1 of .* is not a picture of a kind that is read",
    ),
    "cut short": ([png(0)[:-30]], [0], "Picture 1 of .* is damaged"),
    "texts": (["cat"], [0], "no column of pictures"),
    "no rows": ([], [], "no column of pictures|no pictures with labels"),
}


@pytest.mark.parametrize("says_so", [False, True], ids=["plain", "with features"])
@pytest.mark.parametrize("rows", ROWS)
def test_rows_that_are_refused(tmp_path: Path, rows: str, says_so: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures, labels, message = ROWS[rows]
    path = plain_table(tmp_path / "train.parquet", pictures, labels, says_so and rows != "texts")
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("nothing is fetched"))
    with pytest.raises(UserError, match=message):
        ImageTable().import_files([path], tmp_path / "store")
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("name", ["pictures.zip", "nowhere/at/all", "../here", "rows.csv"])
def test_the_hub_is_not_asked_for_names_that_are_none_of_its(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("image,label")
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: pytest.fail("the hub was asked"))
    with pytest.raises(UserError, match=r"no .parquet, no folder and no name of a data set of the hub"):
        ImageTable().import_files([Path(name)], tmp_path / "store")


@pytest.mark.parametrize("made", [ImageFolder(), ImageTable()], ids=lambda made: type(made).__name__)
def test_pictures_of_different_sizes_are_told_when_they_are_read_as_puzzles(
    tmp_path: Path, made: ImageFolder | ImageTable
) -> None:
    problem = Images()
    puzzles = problem.sample(1, 3, split="train")
    made.write([puzzles], 3, tmp_path)
    if isinstance(made, ImageFolder):
        picture(0, (8, 9)).save(next(tmp_path.glob("train/*/*.png")))
    else:
        features = datasets.Features(
            {"image": datasets.Image(), "label": datasets.ClassLabel(names=list(problem.store().classes))}
        )
        cells = {"image": [picture(0), picture(1, (8, 9))], "label": [0, 1]}
        datasets.Dataset.from_dict(cells, features=features).to_parquet(str(tmp_path / "train.parquet"))
    with pytest.raises(UserError, match=r"pictures of different sizes, like \(\d+, \d+\) and"):
        made.read(problem, 1, tmp_path)


def test_rows_that_cannot_be_read_are_left_out_on_demand(tmp_path: Path) -> None:
    cells = [png(0), png(1)[:-30], None, png(3), {"bytes": None, "path": URL}]
    path = plain_table(tmp_path / "train.parquet", cells, [0, 1, 1, None, 0], says_so=True)
    assert ImageTable().import_files([path], tmp_path / "store", skip=True) == (1, 4)
    assert np.array_equal(ImageStore(tmp_path / "store").images["train"][0], np.asarray(picture(0)))


def test_a_process_that_breaks_off_reading_a_table_ends_well(tmp_path: Path) -> None:
    path = plain_table(tmp_path / "train.parquet", [png(0), png(1)], [0, 10**12])
    command = [sys.executable, "-m", "longthink.cli", "import", str(path), "--format", "image-table"]
    for number in range(2):  # threads of the reader aborted it two times out of three
        done = subprocess.run([*command, "--out", str(tmp_path / f"{number}")], capture_output=True, text=True)
        assert done.returncode == 2, done.stderr
        assert len(done.stderr.splitlines()) == 1
