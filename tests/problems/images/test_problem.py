"""Images: the store, IDX files, padding, augmentation, and files that are none."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from longthink.base.errors import UserError
from longthink.problems.images._store import LEFT_OUT, ImageStore, PictureBlock, build
from longthink.problems.images.idx import Idx
from longthink.problems.images.problem import Images


def pictures(count: int, side: int = 6, channels: int = 1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, channels), np.uint8)


def labels(count: int) -> np.ndarray:
    return np.arange(count) % 3


def idx_bytes(values: np.ndarray) -> bytes:
    return bytes([0, 0, 8, values.ndim]) + b"".join(size.to_bytes(4, "big") for size in values.shape) + values.tobytes()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    train, test = pictures(60), pictures(20, seed=1)
    train[5] = test[7]
    blocks = [
        PictureBlock("train", train[:40], labels(60)[:40]),
        PictureBlock("test", test, labels(20)),
        PictureBlock("train", train[40:], labels(60)[40:]),
    ]
    build(blocks, tmp_path / "store", ["a", "b", "c"], ["here"])
    return tmp_path / "store"


@pytest.fixture
def idx_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "idx"
    folder.mkdir()
    for part, count, seed in (("train", 30, 0), ("t10k", 10, 1)):
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(
            gzip.compress(idx_bytes(pictures(count, seed=seed)[..., 0]))
        )
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(labels(count).astype(np.uint8)))
    return folder


def test_a_store_keeps_every_image_and_leaves_test_images_out_of_training(store: Path) -> None:
    opened = ImageStore(store)
    assert np.array_equal(opened.images["train"][:5], pictures(60)[:5])
    assert np.array_equal(opened.labels["train"], labels(60))
    assert opened.shares["train"][5] == LEFT_OUT
    splits = {split: opened.of_split(split) for split in ("train", "validation", "test")}
    assert {split: part for split, (part, _) in splits.items()} == {
        "train": "train",
        "validation": "train",
        "test": "test",
    }
    train, validation = (set(splits[split][1].tolist()) for split in ("train", "validation"))
    assert train | validation == set(range(60)) - {5}
    assert not train & validation
    values = opened.images["train"] / 255
    assert opened.mean == pytest.approx(values.mean())
    assert opened.deviation == pytest.approx(values.std())


def test_without_a_test_part_a_tenth_is_for_testing(tmp_path: Path) -> None:
    build([PictureBlock("train", pictures(300, channels=3), labels(300))], tmp_path / "store", ["a", "b", "c"], [])
    problem = Images(source=str(tmp_path / "store"), size=6)
    rows = [set(problem.store().of_split(split)[1].tolist()) for split in ("train", "validation", "test")]
    assert set.union(*rows) == set(range(300))
    assert sum(map(len, rows)) == 300
    assert all(15 < len(some) < 45 for some in rows[1:])


@pytest.mark.parametrize("blocks", [[(20, 4)], [(20, 4), (20, 5)], []], ids=["label", "size", "none"])
def test_a_store_is_whole_or_not_there(tmp_path: Path, blocks: list[tuple[int, int]]) -> None:
    made = [PictureBlock("train", pictures(count, side), labels(count)) for count, side in blocks]
    classes = ["a", "b"] if len(blocks) == 1 else ["a", "b", "c"]
    with pytest.raises(UserError, match=r"class 2, and the classes are 0 to 1|one size|no image for training"):
        build(made, tmp_path / "store", classes, ["there"])
    assert list(tmp_path.iterdir()) == []


def test_damaged_stores_are_told(store: Path) -> None:
    (store / "train_labels.npy").write_bytes((store / "train_labels.npy").read_bytes()[:-8])
    with pytest.raises(UserError, match="damaged"):
        ImageStore(store)
    with pytest.raises(UserError, match=r"holds no images.*`longthink import FILES --format idx --out FOLDER`"):
        Images(source=str(store / "nowhere")).sample(1, 1)


def test_images_are_normalised_and_put_in_the_middle(store: Path) -> None:
    problem = Images(source=str(store), size=10)
    puzzles = problem.sample(1, 20)
    opened = problem.store()
    assert puzzles.x.shape == (20, 3, 10, 10)
    back = problem.pixels(puzzles.x)
    assert (back[:, :2] == 0).all()
    assert (back[:, 8:] == 0).all()
    inside = {image.tobytes() for image in back[:, 2:8, 2:8, :1]}
    assert inside == {image.tobytes() for image in opened.images["test"]}
    values = (torch.from_numpy(back[:, 2:8, 2:8, 0]) / 255 - opened.mean[0]) / opened.deviation[0]
    assert torch.allclose(puzzles.x[:, 1, 2:8, 2:8], values.float(), atol=1e-6)


def test_augmentation_mirrors_and_shifts_training_images_alone(store: Path) -> None:
    plain = Images(source=str(store), size=6)
    for options, made in (({"mirror": True}, 2), ({"shift": 1}, 9)):
        other = plain.model_copy(update=options)
        assert torch.equal(other.sample(1, 20).x, plain.sample(1, 20).x)
        before, after = (
            problem.pixels(problem.sample(1, 400, split="train", repeats=True).x)[..., 0] for problem in (plain, other)
        )
        kinds = set()
        for image, changed in zip(before, after, strict=True):
            padded = np.pad(image, 1)
            options_of = {
                (down, across): padded[down : down + 6, across : across + 6] for down in range(3) for across in range(3)
            }
            options_of["mirrored"] = image[:, ::-1]
            (kind,) = [name for name, one in options_of.items() if np.array_equal(one, changed)]
            kinds.add(kind)
        assert len(kinds) == made


def test_idx_files_become_a_store(idx_folder: Path, tmp_path: Path) -> None:
    assert Idx().import_files([idx_folder], tmp_path / "store") == (40, 0)
    opened = ImageStore(tmp_path / "store")
    assert np.array_equal(opened.images["train"], pictures(30))
    assert np.array_equal(opened.labels["test"], labels(10))
    assert opened.classes == ("0", "1", "2")


def test_emnist_is_put_upright_and_fashion_mnist_has_names(idx_folder: Path, tmp_path: Path) -> None:
    for path in sorted(idx_folder.iterdir()):
        path.rename(idx_folder / f"emnist-letters-{path.name}")
    Idx().import_files([idx_folder], tmp_path / "store")
    assert np.array_equal(ImageStore(tmp_path / "store").images["train"], pictures(30).transpose(0, 2, 1, 3))
    assert Images().store().classes[7] == "Sneaker"


def test_damaged_idx_files_are_told(idx_folder: Path, tmp_path: Path) -> None:
    whole = (idx_folder / "train-images-idx3-ubyte.gz").read_bytes()
    out = tmp_path / "store"
    for content, message in (
        (whole[:-40], "cut short"),
        (b"nonsense", "with 3 axes"),
        (gzip.compress(idx_bytes(pictures(30)[..., 0])[:-1]), "more or fewer bytes than its header"),
        (gzip.compress(idx_bytes(labels(30).astype(np.uint8))), "with 3 axes"),
        (gzip.compress(idx_bytes(pictures(29)[..., 0])), "29 images, but 30 labels"),
    ):
        (idx_folder / "train-images-idx3-ubyte.gz").write_bytes(content)
        with pytest.raises(UserError, match=message):
            Idx().import_files([idx_folder], out)
        assert not out.exists()
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UserError, match="dataset-fashion-mnist"):
        Idx().import_files([empty], out)


def test_asking_for_what_there_is_not(store: Path, tmp_path: Path) -> None:
    problem = Images(source=str(store), size=6)
    with pytest.raises(UserError, match="20 test images, and 21"):
        problem.sample(1, 21)
    few = tmp_path / "few"
    build([PictureBlock("train", pictures(1), labels(1))], few, ["a"], [])
    with pytest.raises(UserError, match="has 0 "):
        for split in ("train", "validation", "test"):
            Images(source=str(few), size=6).sample(1, 1, split=split, repeats=True)
    with pytest.raises(UserError, match="one level, 1"):
        problem.sample(2, 1)
    with pytest.raises(UserError, match=r"up to 6 pixels; set problem.size"):
        Images(source=str(store), size=5).sample(1, 1)


def test_the_header_says_what_was_left_out(store: Path) -> None:
    header = json.loads((store / "store.json").read_text())
    assert header["images"] == {"train": 60, "test": 20}
    assert header["left out of train, since test has the same"] == 1


def test_images_of_one_value_are_not_divided_by_nothing(tmp_path: Path) -> None:
    images = np.full((40, 4, 4, 3), 77, np.uint8)
    images[..., 1] = pictures(40, 4)[..., 0]
    build([PictureBlock("train", images, labels(40))], tmp_path / "store", ["a", "b", "c"], [])
    x = Images(source=str(tmp_path / "store"), size=4).sample(1, 5, split="train", repeats=True).x
    assert torch.isfinite(x).all()
    assert x[:, 0].abs().max() < 1e-6


def _header(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        header = json.loads((folder / "store.json").read_text()) | changes
        (folder / "store.json").write_text(json.dumps(header))

    return change


def _array(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    return lambda folder: np.save(folder / name, change(np.load(folder / name)))


def _flipped(folder: Path) -> None:
    content = bytearray((folder / "train_images.npy").read_bytes())
    content[content.index(b"'shape'")] = ord("(")
    (folder / "train_images.npy").write_bytes(bytes(content))


@pytest.mark.parametrize(
    "damage",
    [
        _array("train_labels.npy", lambda values: values + 1),
        _array("train_labels.npy", lambda values: values - 1),
        _array("train_labels.npy", lambda values: values.astype(float)),
        _array("train_labels.npy", lambda values: values[:-1]),
        _array("train_images.npy", lambda values: values.astype(np.float32)),
        _array("train_images.npy", lambda values: values[..., 0]),
        _array("test_images.npy", lambda values: values.repeat(3, 3)),
        _array("train_shares.npy", lambda values: values.astype(np.int64)),
        _header(mean=[0.5, 0.5]),
        _header(mean="half"),
        _header(mean=[10**400]),
        _header(deviation=[0.0]),
        _header(deviation=[float("nan")]),
        _header(images={"train": 60, "../train": 60}),
        _header(images={"test": 20}),
        _header(images=7),
        _header(classes=3),
        _header(classes=["a"]),
        _flipped,
        lambda folder: (folder / "store.json").write_text("[]"),
        lambda folder: (folder / "store.json").write_bytes(bytes(range(256))),
        lambda folder: (folder / "train_images.npy").write_bytes(b"PK"),
    ],
)
def test_stores_that_do_not_fit_together_are_refused(store: Path, damage: Callable[[Path], object]) -> None:
    damage(store)
    with pytest.raises(UserError, match="damaged"):
        ImageStore(store)
