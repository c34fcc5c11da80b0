"""Folders of pictures as people have them: each tree of files, and the labels that are right."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from longthink.base.errors import UserError
from longthink.problems.images._store import ImageStore
from longthink.problems.images.image_folder import ImageFolder

JUNK = (".ipynb_checkpoints/a.png", ".DS_Store", "__MACOSX/cat/a.png", "Thumbs.db", "cat/.DS_Store", "cat/Thumbs.db")


def plant(root: Path, tree: dict[str, str]) -> None:
    """Files by path: those that end like pictures are some, each of its own colour; others have the text."""
    for number, (name, text) in enumerate(tree.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() in (".png", ".jpg", ".jpeg"):
            Image.new("RGB", (4, 4), (number, 0, 0)).save(path, "PNG")
        else:
            path.write_text(text)


def labels_of(folder: Path, tree: dict[str, str]) -> dict[str, str]:
    """Of each picture that is in the store, by its path: the part and the class."""
    store, names = ImageStore(folder), list(tree)
    return {
        names[image[0, 0, 0]]: f"{part} {store.classes[label]}"
        for part in store.labels
        for image, label in zip(store.images[part], store.labels[part], strict=True)
    }


CLASSES = {"cat/1.png": "train cat", "cat/2.png": "train cat", "dog/1.png": "train dog"}
TINY = {
    "train/n1/images/n1_0.JPEG": "train goldfish",
    "train/n2/images/n2_0.JPEG": "train crane (n2)",
    "train/n3/images/n3_0.JPEG": "train crane (n3)",
    "val/images/val_0.JPEG": "test crane (n3)",
    "val/images/val_1.JPEG": "test goldfish",
}
TINY_TEXTS = {
    "train/n1/n1_boxes.txt": "n1_0.JPEG\t0\t0\t4\t4\n",
    "val/val_annotations.txt": "val_0.JPEG\tn3\t0\t0\t4\t4\nval_1.JPEG\tn1\t0\t0\t4\t4\n",
    "wnids.txt": "n1\nn2\nn3\n",
    "words.txt": "n1\tgoldfish, Carassius auratus\nn2\tcrane\nn3\tcrane, some bird\nn4\tentity\n",
}
FLAT = {"train/1.png": "train cat", "train/2.png": "train dog"}
LAYOUTS: dict[str, tuple[dict[str, str], dict[str, str], int]] = {
    "classes": (CLASSES, {}, 0),
    "junk": (CLASSES, dict.fromkeys(JUNK, "junk"), 0),
    "in a folder": ({f"pets/{name}": label for name, label in CLASSES.items()}, {"__MACOSX/x": ""}, 0),
    "train and val": ({"train/a/1.png": "train a", "train/b/1.png": "train b", "val/a/1.png": "test a"}, {}, 0),
    "train in train": ({"seg_train/seg_train/a/1.jpg": "train a", "seg_test/seg_test/b/1.jpg": "test b"}, {}, 0),
    "a class called train": ({"bus/1.png": "train bus", "train/1.png": "train train"}, {}, 0),
    "tiny imagenet": (TINY, TINY_TEXTS, 0),
    "tiny imagenet with test": (TINY, TINY_TEXTS | {"test/images/test_0.JPEG": ""}, 1),
    "table of names without suffix": (FLAT, {"trainLabels.csv": "id,label\n1,cat\n2,dog\n"}, 0),
    "table inside": (FLAT, {"train/labels.csv": "file;label\n1.png;cat\n2.png;dog\n"}, 0),
    "labels.csv beside": (FLAT, {"labels.csv": "id,breed\n1,cat\n2,dog\n", "sample_submission.csv": "id,cat\n"}, 0),
    "table with paths": (FLAT, {"train.csv": "label,image_path\ncat,train/1.png\ndog,train/2.png\n"}, 0),
    "test without labels": (
        FLAT,
        {
            "train.csv": "\ufeffimage_id,label\r\n1.png,cat\r\n2.png,dog\r\n",
            "test/1.png": "",
            "test.csv": "image_id\n1.png\n",
        },
        1,
    ),
    "test with a table": (
        {
            "Train/cat/1.png": "train cat",
            "Test/1.png": "test cat",
            "Test/2.png": "test dog",
            "Train/dog/1.png": "train dog",
        },
        {"Test.csv": "Width,ClassId,Path\n4,cat,Test/1.png\n4,dog,Test/2.png\n", "Train.csv": "ClassId,Path\n"},
        0,
    ),
    "a folder of any name and a table": (
        {"Flowers/1.jpg": "train a", "Flowers/2.jpg": "train b"},
        {"labels.csv": "image_id,species\nFlowers/1.jpg,a\n2.jpg,b\n"},
        0,
    ),
    "pictures and a table": (
        {"images/1.jpg": "train a", "images/2.jpg": "train b"},
        {"x.csv": "file,label\n1,a\n2,b\n"},
        0,
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(tmp_path: Path, layout: str) -> None:
    pictures, others, left_out = LAYOUTS[layout]
    tree = pictures | others
    plant(tmp_path / "data", tree)
    assert ImageFolder().import_files([tmp_path / "data"], tmp_path / "store") == (len(pictures), left_out)
    assert labels_of(tmp_path / "store", tree) == pictures


REFUSED: dict[str, tuple[dict[str, str], str, tuple[int, int] | None]] = {
    "dogs and cats": (
        {"train/cat.0.jpg": "", "train/dog.0.jpg": ""},
        "2 pictures in .*cat.0.jpg, have no labels; give",
        None,
    ),
    "one without": (
        {**FLAT, "train.csv": "id,label\n1,cat\n"},
        "1 pictures in .*like 2.png, have no label; .*--skip",
        (1, 1),
    ),
    "one missing": ({**FLAT, "train.csv": "id,label\n1,a\n2,b\n../3,c\n"}, "1 pictures .*like ../3; .*--skip", (2, 1)),
    "two labels": ({**FLAT, "train.csv": "id,label\n1,a\n2,b\n1,b\n"}, "Line 4 .*calls 1 'b', which was 'a'", None),
    "no column": ({**FLAT, "train.csv": "number,label\n1,a\n"}, "has no column 'file'", None),
    "two tables": ({**FLAT, "train/a.csv": "id,label\n", "train/b.csv": "id,label\n"}, "a.csv or .*b.csv", None),
    "nothing": ({"readme.txt": ""}, "no picture for training with a label", None),
    "eps": (
        {"cat/1.png": "", "cat/2.ps": "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n"},
        "2.ps is not a picture",
        (1, 1),
    ),
}


@pytest.mark.parametrize("layout", REFUSED)
def test_layouts_that_are_refused_or_read_in_part(tmp_path: Path, layout: str) -> None:
    tree, message, with_skip = REFUSED[layout]
    plant(tmp_path / "data", tree)
    with pytest.raises(UserError, match=message):
        ImageFolder().import_files([tmp_path / "data"], tmp_path / "store")
    assert not (tmp_path / "store").exists()
    if with_skip is None:
        with pytest.raises(UserError, match=rf"{message}|no picture for training"):
            ImageFolder().import_files([tmp_path / "data"], tmp_path / "store", skip=True)
    else:
        assert ImageFolder().import_files([tmp_path / "data"], tmp_path / "store", skip=True) == with_skip


def test_grey_of_16_bits_is_scaled_and_what_is_transparent_is_white(tmp_path: Path) -> None:
    (tmp_path / "pets" / "cat").mkdir(parents=True)
    Image.fromarray(np.array([[0, 257 * 100], [2**16 - 1, 257]], np.uint16)).save(tmp_path / "pets/cat/1.png")
    Image.fromarray(np.array([[[9, 9, 9, 0], [1, 2, 3, 255]]] * 2, np.uint8)).save(tmp_path / "pets/cat/2.png")
    ImageFolder().import_files([tmp_path / "pets"], tmp_path / "store")
    grey, transparent = ImageStore(tmp_path / "store").images["train"]
    assert grey[..., 0].tolist() == [[0, 100], [255, 1]]
    assert transparent[0].tolist() == [[255, 255, 255], [1, 2, 3]]


def test_a_picture_that_would_be_scaled_beyond_bounds_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pets" / "cat").mkdir(parents=True)
    Image.new("1", (40_000, 1)).save(tmp_path / "pets/cat/1.png")
    with pytest.raises(UserError, match=r"40000 x 1 pixels, too narrow.*--skip"):
        ImageFolder().import_files([tmp_path / "pets"], tmp_path / "store")
