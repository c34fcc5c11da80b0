"""SVHN and EMNIST in their published layouts for MATLAB."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from longthink.base.errors import UserError
from longthink.problems.images._store import ImageStore
from longthink.problems.images.idx import Idx
from longthink.problems.images.mat import Mat

scipy_io = pytest.importorskip("scipy.io")


def digits(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (32, 32, 3, count), np.uint8)


def svhn(path: Path, labels: list[int], seed: int = 0) -> None:
    scipy_io.savemat(path, {"X": digits(len(labels), seed), "y": np.array(labels, np.uint8)[:, None]})


def letters(count: int, seed: int) -> np.ndarray:
    """Upright (N, 28, 28)."""
    return np.random.default_rng(seed).integers(0, 256, (count, 28, 28), np.uint8)


def emnist(path: Path, train: list[int], test: list[int], mapping: list[list[int]]) -> None:
    """Pictures column by column, in a row each, as EMNIST has them."""
    parts = {
        part: {
            "images": letters(len(labels), seed).transpose(0, 2, 1).reshape(-1, 784),
            "labels": np.array(labels, np.uint8)[:, None],
            "writers": np.array(labels, np.uint16)[:, None],
        }
        for seed, (part, labels) in enumerate((("train", train), ("test", test)))
    }
    scipy_io.savemat(path, {"dataset": {**parts, "mapping": np.array(mapping, float)}}, do_compression=True)


BALANCED = [
    [label, ord(character)] for label, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt")
]


def test_svhn_becomes_a_store_in_which_ten_is_zero(tmp_path: Path) -> None:
    svhn(tmp_path / "train_32x32.mat", [1, 10, 9, 5])
    svhn(tmp_path / "test_32x32.mat", [10], seed=1)
    svhn(tmp_path / "extra_32x32.mat", [2, 3], seed=2)
    assert Mat().import_files([tmp_path], tmp_path / "store") == (5, 0)
    store = ImageStore(tmp_path / "store")
    assert store.classes == tuple("0123456789")
    assert store.labels["train"].tolist() == [1, 0, 9, 5]
    assert store.labels["test"].tolist() == [0]
    for part, pixels in (("train", digits(4)), ("test", digits(1, 1))):
        for index, image in enumerate(store.images[part]):
            assert np.array_equal(image, pixels[:, :, :, index])


def test_the_easier_digits_of_svhn_are_trained_on_where_they_are_named(tmp_path: Path) -> None:
    for name, labels in (("train", [1, 2]), ("extra", [3]), ("test", [4, 5])):
        svhn(tmp_path / f"{name}_32x32.mat", labels, seed=labels[0])
    paths = [tmp_path / f"{name}_32x32.mat" for name in ("train", "extra", "test")]
    Mat().import_files(paths, tmp_path / "store")
    assert ImageStore(tmp_path / "store").labels["train"].tolist() == [1, 2, 3]


def test_emnist_is_put_upright_and_its_classes_are_characters(tmp_path: Path) -> None:
    emnist(tmp_path / "emnist-balanced.mat", [46, 0, 10], [36, 1], BALANCED)
    assert Mat().import_files([tmp_path], tmp_path / "store") == (5, 0)
    store = ImageStore(tmp_path / "store")
    assert len(store.classes) == 47
    assert [store.classes[label] for label in store.labels["train"]] == ["t", "0", "A"]
    assert store.labels["test"].tolist() == [36, 1]
    assert np.array_equal(store.images["train"][..., 0], letters(3, 0))
    assert np.array_equal(store.images["test"][..., 0], letters(2, 1))


def test_letters_of_emnist_begin_with_the_first(tmp_path: Path) -> None:
    emnist(tmp_path / "emnist-letters.mat", [1, 3, 2], [2], [[1, 65, 97], [2, 66, 98], [3, 67, 99]])
    Mat().import_files([tmp_path / "emnist-letters.mat"], tmp_path / "store")
    store = ImageStore(tmp_path / "store")
    assert store.classes == ("Aa", "Bb", "Cc")
    assert store.labels["train"].tolist() == [0, 2, 1]


def test_emnist_in_both_layouts_is_the_same(tmp_path: Path) -> None:
    """The published idx files have pictures column by column too."""
    emnist(tmp_path / "emnist-balanced.mat", [46, 0, 10], [36, 1], BALANCED)
    folder = tmp_path / "gzip"
    folder.mkdir()
    for seed, (part, labels) in enumerate((("train", [46, 0, 10]), ("test", [36, 1]))):
        for kind, values in (
            ("images-idx3", letters(len(labels), seed).transpose(0, 2, 1)),
            ("labels-idx1", np.array(labels, np.uint8)),
        ):
            header = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
            path = folder / f"emnist-balanced-{part}-{kind}-ubyte.gz"
            path.write_bytes(gzip.compress(header + values.tobytes()))
    (folder / "emnist-balanced-mapping.txt").write_text("".join(f"{label} {code}\n" for label, code in BALANCED))
    Idx().import_files([folder], tmp_path / "of idx")
    Mat().import_files([tmp_path], tmp_path / "of mat")
    one, other = ImageStore(tmp_path / "of idx"), ImageStore(tmp_path / "of mat")
    assert one.classes == other.classes
    for part in ("train", "test"):
        assert np.array_equal(one.images[part], other.images[part])
        assert np.array_equal(one.labels[part], other.labels[part])
    assert np.array_equal(one.images["test"][..., 0], letters(2, 1))


def test_what_is_no_file_of_theirs_is_told(tmp_path: Path) -> None:
    def refused(path: Path, message: str) -> None:
        with pytest.raises(UserError, match=message):
            Mat().import_files([path], tmp_path / "store")
        assert not (tmp_path / "store").exists()

    refused(tmp_path / "train_32x32.mat", "There is no file")
    refused(tmp_path, "no MATLAB file in")
    svhn(tmp_path / "train_32x32.mat", [1, 2])
    whole = (tmp_path / "train_32x32.mat").read_bytes()
    for content in (b"", b"MATLAB 7.3 MAT-file", whole[:-3000], whole.replace(b"X", b"Z")):
        (tmp_path / "train_32x32.mat").write_bytes(content)
        refused(tmp_path, "no MATLAB file of SVHN or EMNIST, or damaged")
    scipy_io.savemat(tmp_path / "train_32x32.mat", {"X": digits(3), "y": np.array([[1], [2]])})
    refused(tmp_path, "3 pictures of uint8 and 2 labels")
    (tmp_path / "train_32x32.mat").unlink()
    for name in ("letters", "digits"):
        (tmp_path / f"emnist-{name}.mat").write_bytes(b"")
    refused(tmp_path, r"several data sets \(emnist-digits.mat, emnist-letters.mat\); name one")
