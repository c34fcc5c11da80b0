"""CIFAR's binary version, and its version for Python, of which nothing is run."""

import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from longthink.base.errors import UserError
from longthink.problems.images._store import ImageStore
from longthink.problems.images.cifar import Cifar
from longthink.problems.images.idx import Idx
from longthink.problems.images.image_folder import ImageFolder
from longthink.problems.images.image_table import ImageTable


def rows(labels: list[list[int]], seed: int = 0) -> bytes:
    """Records of CIFAR: labels (N, 1 or 2), then 3 planes of 32 x 32."""
    pixels = np.random.default_rng(seed).integers(0, 256, (len(labels), 3072), np.uint8)
    return np.concatenate([np.array(labels, np.uint8), pixels], 1).tobytes()


def planes(count: int, seed: int = 0) -> np.ndarray:
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 3072), np.uint8)
    return pixels.reshape(-1, 3, 32, 32)


def test_cifar_10_becomes_a_store(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    (folder / "data_batch_1.bin").write_bytes(rows([[0], [1], [2]]))
    (folder / "data_batch_2.bin").write_bytes(rows([[1]], 1))
    (folder / "test_batch.bin").write_bytes(rows([[2], [0]], 2))
    (folder / "batches.meta.txt").write_text("airplane\nautomobile\nbird\n\n")
    assert Cifar().import_files([tmp_path / "data"], tmp_path / "store") == (6, 0)
    store = ImageStore(tmp_path / "store")
    assert store.classes == ("airplane", "automobile", "bird")
    assert store.labels["train"].tolist() == [0, 1, 2, 1]
    assert store.labels["test"].tolist() == [2, 0]
    assert np.array_equal(store.images["train"][:3], planes(3).transpose(0, 2, 3, 1))


def test_of_cifar_100_the_fine_label_counts(tmp_path: Path) -> None:
    (tmp_path / "train.bin").write_bytes(rows([[7, 0], [7, 2]]))
    (tmp_path / "test.bin").write_bytes(rows([[7, 1]], 1))
    assert Cifar().import_files([tmp_path], tmp_path / "store") == (3, 0)
    store = ImageStore(tmp_path / "store")
    assert store.classes == ("0", "1", "2")
    assert store.labels["train"].tolist() == [0, 2]
    assert np.array_equal(store.images["test"], planes(1, 1).transpose(0, 2, 3, 1))


def test_damaged_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "data_batch_1.bin"
    for content, message in ((rows([[0]])[:-1], "no multiple of 3073"), (b"", "0 bytes"), (rows([[5]]), "class 5")):
        path.write_bytes(content)
        (tmp_path / "batches.meta.txt").write_text("airplane\n")
        with pytest.raises(UserError, match=message):
            Cifar().import_files([path], tmp_path / "store")
        assert not (tmp_path / "store").exists()


# ------------------------------------------------------------------------------------------------ for Python


def pickled(value: Any) -> bytes:
    """A value as Python 2 pickled it in CIFAR's files: protocol 2, whose texts are bytes."""
    return b"\x80\x02" + _pickled(value) + b"."


def _pickled(value: Any) -> bytes:
    if isinstance(value, dict):
        items = b"".join(_pickled(name.encode()) + _pickled(content) for name, content in value.items())
        return b"}(" + items + b"u"
    if isinstance(value, list):
        return b"](" + b"".join(map(_pickled, value)) + b"e"
    if isinstance(value, str):
        return _pickled(value.encode())
    if isinstance(value, bytes):
        return b"T" + len(value).to_bytes(4, "little") + value
    if isinstance(value, int):
        return b"J" + value.to_bytes(4, "little", signed=True)
    kind = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    begun = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    shape = b"".join(map(_pickled, value.shape)) + b"\x86"
    return begun + b"(K\x01" + shape + kind + b"\x89" + _pickled(value.tobytes()) + b"tb"


def batch(labels: list[int], seed: int = 0, called: str = "labels") -> bytes:
    """One of CIFAR's files for Python."""
    named = [f"picture_{index}.png" for index in range(len(labels))]
    return pickled(
        {
            "batch_label": "training batch 1 of 5",
            called: labels,
            "data": planes(len(labels), seed).reshape(-1, 3072),
            "filenames": named,
        }
    )


def test_pickles_of_this_test_are_those_of_python() -> None:
    content = pickle.loads(batch([3, 9]), encoding="bytes")
    assert content[b"labels"] == [3, 9]
    assert np.array_equal(content[b"data"], planes(2).reshape(-1, 3072))


def test_cifar_10_for_python_becomes_the_same_store(tmp_path: Path) -> None:
    classes = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    for_python, binary = tmp_path / "cifar-10-batches-py", tmp_path / "cifar-10-batches-bin"
    for folder in (for_python, binary):
        folder.mkdir()
    for number in range(1, 6):
        labels = [number - 1, number + 4]
        (for_python / f"data_batch_{number}").write_bytes(batch(labels, number))
        (binary / f"data_batch_{number}.bin").write_bytes(rows([[label] for label in labels], number))
    (for_python / "test_batch").write_bytes(batch([9, 0, 3], 6))
    (binary / "test_batch.bin").write_bytes(rows([[9], [0], [3]], 6))
    (for_python / "batches.meta").write_bytes(
        pickled({"num_cases_per_batch": 10000, "label_names": classes, "num_vis": 3072})
    )
    (binary / "batches.meta.txt").write_text("\n".join([*classes, "", ""]))
    (for_python / "readme.html").write_text("<meta>")
    for folder in (for_python, binary):
        assert Cifar().import_files([folder], tmp_path / f"store of {folder.name}") == (13, 0)
    one, other = (ImageStore(tmp_path / f"store of {folder.name}") for folder in (for_python, binary))
    assert one.classes == other.classes == tuple(classes)
    for part, labels in (("train", [0, 5, 1, 6, 2, 7, 3, 8, 4, 9]), ("test", [9, 0, 3])):
        assert one.labels[part].tolist() == other.labels[part].tolist() == labels
        assert np.array_equal(one.images[part], other.images[part])
    assert np.array_equal(one.images["test"], planes(3, 6).transpose(0, 2, 3, 1))


def test_cifar_100_for_python_has_fine_labels(tmp_path: Path) -> None:
    (tmp_path / "train").write_bytes(batch([0, 2], called="fine_labels"))
    (tmp_path / "test").write_bytes(batch([1], 1, called="fine_labels"))
    (tmp_path / "meta").write_bytes(
        pickled({"fine_label_names": ["apple", "bear", "bee"], "coarse_label_names": ["a"]})
    )
    assert Cifar().import_files([tmp_path], tmp_path / "store") == (3, 0)
    assert ImageStore(tmp_path / "store").classes == ("apple", "bear", "bee")
    assert ImageStore(tmp_path / "store").labels["train"].tolist() == [0, 2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"cos\nsystem\n(S'touch ran'\ntR.", "names os.system, which is not run"),
        (b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.", "names builtins.eval, which is not run"),
        (batch([1, 2])[:-40], "or damaged"),
        (b"", "or damaged"),
        (b"\x80\x02}r\xff\xff\xff\x7f.", "no data and labels"),
        (pickled([1, 2]), "which holds a dictionary"),
        (pickled({"labels": [1], "data": "x"}), "no data and labels"),
        (pickled({"labels": ["x"], "data": planes(1).reshape(1, 3072)}), "no numbers below 256"),
        (pickled({"labels": [1, 300], "data": planes(2).reshape(2, 3072)}), "no numbers below 256"),
        (pickled({"labels": [1, 1], "data": planes(1).reshape(1, 3072)}), "3072 bytes for each of its 2 labels"),
        (pickled({"labels": [1], "data": planes(1).reshape(1, 3072)}).replace(b"u1", b"O8"), "3072 bytes for each"),
    ],
)
def test_pickles_of_another_kind_are_told_and_nothing_in_them_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data_batch_1").write_bytes(content)
    with pytest.raises(UserError, match=re.escape(message)):
        Cifar().import_files([tmp_path], tmp_path / "store")
    assert [path.name for path in tmp_path.iterdir()] == ["data_batch_1"]


@pytest.mark.parametrize("made", [Idx(), ImageFolder(), ImageTable()], ids=lambda made: type(made).__name__)
def test_other_formats_say_which_one_is_for_these_files(tmp_path: Path, made: Idx | ImageFolder | ImageTable) -> None:
    for name, message in (("data_batch_1", "--format cifar"), ("train_32x32.mat", "--format mat")):
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        (folder / name).write_bytes(b"")
        with pytest.raises(UserError, match=message):
            made.import_files([folder], tmp_path / "store")
