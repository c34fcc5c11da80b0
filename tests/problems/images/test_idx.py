"""IDX files as they lie in people's folders."""

import gzip
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from longthink.base.errors import UserError
from longthink.problems.images._store import ImageStore
from longthink.problems.images.idx import Idx


def idx_bytes(values: np.ndarray) -> bytes:
    return bytes([0, 0, 8, values.ndim]) + b"".join(size.to_bytes(4, "big") for size in values.shape) + values.tobytes()


def pictures(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 4, 3), np.uint8)


def write(folder: Path, stem: str, labels: list[int], packed: str = "", seed: int = 0) -> None:
    """{stem}-images-idx3-ubyte and its labels; `packed` says as what: '', 'gz', or 'both'."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in (
        (f"{stem}-images-idx3-ubyte", pictures(len(labels), seed)),
        (f"{stem}-labels-idx1-ubyte", np.array(labels, np.uint8)),
    ):
        content = idx_bytes(values)
        if packed != "gz":
            (folder / name).write_bytes(content)
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))


@pytest.mark.parametrize("below", [".", "raw", "MNIST/raw"])
@pytest.mark.parametrize("packed", ["", "gz", "both"])
def test_what_lies_there_packed_and_unpacked_is_read_once(tmp_path: Path, below: str, packed: str) -> None:
    folder = tmp_path / "data" / below
    write(folder, "train", [0, 1, 2] * 4, packed)
    write(folder, "t10k", [2, 0], packed, seed=1)
    write(folder / ".ipynb_checkpoints", "train", [0, 1])
    (folder / "._train-images-idx3-ubyte").write_bytes(b"what a Mac leaves")
    assert Idx().import_files([tmp_path / "data"], tmp_path / "store") == (14, 0)
    store = ImageStore(tmp_path / "store")
    assert np.array_equal(store.images["train"][..., 0], pictures(12))
    assert store.labels["test"].tolist() == [2, 0]


def test_files_that_are_named_packed_and_unpacked_are_read_once_too(tmp_path: Path) -> None:
    write(tmp_path, "train", [0, 1, 2], "both")
    paths = [tmp_path / f"train-images-idx3-ubyte{packed}" for packed in (".gz", "")]
    assert Idx().import_files(paths, tmp_path / "store") == (3, 0)


@pytest.mark.parametrize(
    ("mapping", "classes"),
    [("1 65 97\n2 66 98\n3 67 99\n", ("Aa", "Bb", "Cc")), ("", ("1", "2", "3"))],
    ids=["mapping", "numbers"],
)
def test_labels_that_begin_with_1_leave_no_class_empty(tmp_path: Path, mapping: str, classes: tuple[str, ...]) -> None:
    write(tmp_path, "emnist-letters-train", [1, 2, 3, 2])
    write(tmp_path, "emnist-letters-test", [3])
    if mapping:
        (tmp_path / "emnist-letters-mapping.txt").write_text(mapping)
    Idx().import_files([tmp_path], tmp_path / "store")
    store = ImageStore(tmp_path / "store")
    assert store.classes == classes
    assert store.labels["train"].tolist() == [0, 1, 2, 1]
    assert store.labels["test"].tolist() == [2]
    assert np.array_equal(store.images["train"][..., 0], pictures(4).transpose(0, 2, 1))


def test_all_letters_have_names_without_a_mapping(tmp_path: Path) -> None:
    write(tmp_path, "emnist-letters-train", [*range(1, 27)])
    Idx().import_files([tmp_path], tmp_path / "store")
    assert ImageStore(tmp_path / "store").classes[::25] == ("Aa", "Zz")


def test_several_data_sets_in_a_folder_are_not_mixed(tmp_path: Path) -> None:
    for stem in ("emnist-letters", "emnist-digits"):
        write(tmp_path / "raw", f"{stem}-train", [1, 2])
    with pytest.raises(UserError, match=r"several data sets \(.*emnist-digits-, .*emnist-letters-\); name the files"):
        Idx().import_files([tmp_path], tmp_path / "store")
    assert Idx().import_files([tmp_path / "raw" / "emnist-letters-train-images-idx3-ubyte"], tmp_path / "store") == (
        2,
        0,
    )


@pytest.mark.parametrize(
    ("shape", "packed", "message"),
    [
        ((2**32 - 1, 28, 28), False, "more or fewer bytes"),
        ((2**32 - 1, 28, 28), True, "more or fewer bytes"),
        ((2**20, 4, 4), True, "more or fewer bytes"),
        ((1, 2**31, 2**31), False, "pixels; get it again"),
        ((3, 0, 28), False, "pixels; get it again"),
    ],
)
def test_a_header_that_promises_too_much_takes_no_memory(
    tmp_path: Path, shape: tuple[int, ...], packed: bool, message: str
) -> None:
    write(tmp_path, "train", [0, 1, 2])
    content = bytes([0, 0, 8, 3]) + b"".join(size.to_bytes(4, "big") for size in shape) + bytes(1000)
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(gzip.compress(content) if packed else content)
    tracemalloc.start()
    with pytest.raises(UserError, match=rf"{message}|3 labels are beside it"):
        Idx().import_files([path], tmp_path / "store")
    assert tracemalloc.get_traced_memory()[1] < 10**7
    tracemalloc.stop()
    assert not (tmp_path / "store").exists()


def test_zeros_without_end_are_not_unpacked_beyond_what_is_promised(tmp_path: Path) -> None:
    write(tmp_path, "train", [0, 1, 2])
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(gzip.compress(idx_bytes(pictures(3)) + bytes(5 * 10**7)))
    tracemalloc.start()
    with pytest.raises(UserError, match="more or fewer bytes"):
        Idx().import_files([path], tmp_path / "store")
    assert tracemalloc.get_traced_memory()[1] < 10**7
    tracemalloc.stop()


@pytest.mark.parametrize("mapping", ["1 65\n2 x\n", "1 99999999999\n"])
def test_a_mapping_that_is_none_is_told(tmp_path: Path, mapping: str) -> None:
    write(tmp_path, "emnist-letters-train", [1, 2])
    (tmp_path / "emnist-letters-mapping.txt").write_text(mapping)
    with pytest.raises(UserError, match="no table of labels"):
        Idx().import_files([tmp_path], tmp_path / "store")


def test_files_that_are_missing_or_called_otherwise_are_told(tmp_path: Path) -> None:
    write(tmp_path, "train", [0, 1])
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    for path, message in (
        (tmp_path, "no labels beside"),
        (tmp_path / "pictures.bin", "not called like an IDX file"),
    ):
        with pytest.raises(UserError, match=message):
            Idx().import_files([path], tmp_path / "store")
