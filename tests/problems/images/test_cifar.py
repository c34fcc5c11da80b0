"""CIFAR's binary version; its version for Python is refused."""

from pathlib import Path

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


@pytest.mark.parametrize("made", [Cifar(), Idx(), ImageFolder(), ImageTable()], ids=lambda made: type(made).__name__)
def test_pickles_are_never_opened(tmp_path: Path, made: Cifar | Idx | ImageFolder | ImageTable) -> None:
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name in ("batches.meta", "data_batch_1", "test_batch"):
        (folder / name).write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(UserError, match=r"Python pickles.*--format cifar"):
        made.import_files([folder], tmp_path / "store")


def test_files_of_svhn_for_matlab_are_refused(tmp_path: Path) -> None:
    (tmp_path / "train_32x32.mat").write_bytes(b"MATLAB 5.0 MAT-file")
    for path in (tmp_path, tmp_path / "train_32x32.mat"):
        with pytest.raises(UserError, match=r"train_32x32.mat, of a kind that is not read.*ufldl-stanford/svhn"):
            ImageFolder().import_files([path], tmp_path / "store")
