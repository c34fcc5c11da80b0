"""Images with labels packed into files: bytes of one size, memory-mapped.

{part}_images.npy   bytes (N, H, W, C), C 1 for grey or 3 for colour; part is train, or test if the source has one
{part}_labels.npy   the class of each (N,)
{part}_shares.npy   which of ten shares of all images it belongs to (N,); LEFT_OUT in train for what test has too
store.json          classes, mean and deviation of each channel (in 0..1, over train), what it was made from
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from longthink.base.arrays import GrowingArray, save_npy
from longthink.base.errors import UserError
from longthink.base.files import atomic_folder
from longthink.base.npy import load_npy
from longthink.contracts import Split

Part = Literal["train", "test"]
PARTS: tuple[Part, ...] = ("train", "test")
EQUAL_SHARES = 10
"""Equal shares of all images: without a part for it, the last one is for testing; the first is for validation."""
LEFT_OUT = 255
NAMES = ("images", "labels")
BYTES = 256
"""Values that a byte can have."""


class PictureBlock(NamedTuple):
    """Some images of one part: bytes (N, H, W, C), and their classes (N,)."""

    part: Part
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


def build(blocks: Iterable[PictureBlock], folder: Path, classes: Sequence[str], sources: Sequence[str]) -> int:
    """Write a store of all images; how many there are. Memory grows by 8 bytes an image.

    Raises UserError if there are none for training, if they differ in size, if a label is no class, or if the folder
    exists.
    """
    if folder.exists():
        raise UserError(f"{folder} exists already; choose another folder.")
    hashes: dict[Part, list[int]] = {"train": [], "test": []}
    with atomic_folder(folder) as partial, ExitStack() as stack:
        files: dict[Part, tuple[GrowingArray, GrowingArray]] = {}
        counts = np.zeros((0, BYTES), np.int64)
        for part, images, labels in blocks:
            if part not in files:
                of_images = GrowingArray(partial / f"{part}_images.npy", np.uint8, images.shape[1:])
                of_labels = GrowingArray(partial / f"{part}_labels.npy", np.int64, ())
                files[part] = stack.enter_context(of_images), stack.enter_context(of_labels)
            if images.shape[1:] != (size := files[part][0].row):
                raise UserError(f"Images are of one size; here are some of {size} and some of {images.shape[1:]}.")
            if labels.min() < 0 or labels.max() >= len(classes):
                wrong = labels[(labels < 0) | (labels >= len(classes))][0]
                raise UserError(f"There is an image of class {wrong}, and the classes are 0 to {len(classes) - 1}.")
            files[part][0].append(images)
            files[part][1].append(labels)
            hashes[part] += map(_hash, images)
            if part == "train":
                seen = [
                    np.bincount(images[..., channel].ravel(), minlength=BYTES) for channel in range(images.shape[3])
                ]
                counts = np.stack(seen) + (counts if len(counts) else 0)
        if not hashes["train"]:
            raise UserError(f"There is no image for training in {', '.join(sources)}.")
        shares = {part: np.array(hashes[part], np.uint64) for part in files}
        repeated = np.isin(shares["train"], shares.get("test", np.zeros(0, np.uint64)))
        for part, some in shares.items():
            share = (some % np.uint64(EQUAL_SHARES)).astype(np.uint8)
            kept = np.where(repeated, LEFT_OUT, share).astype(np.uint8) if part == "train" else share
            save_npy(partial / f"{part}_shares.npy", kept)
        values = np.arange(BYTES) / (BYTES - 1)
        mean = counts @ values / counts.sum(1)
        variance = counts @ values**2 / counts.sum(1) - mean**2
        one_value = (counts > 0).sum(1) == 1  # where there is nothing to divide by
        deviation = np.sqrt(np.where(one_value, 1, variance))
        header = {
            "classes": list(classes),
            "mean": mean.tolist(),
            "deviation": deviation.tolist(),
            "images": {part: len(hashes[part]) for part in files},
            "left out of train, since test has the same": int(repeated.sum()),
            "sources": list(sources),
        }
        (partial / "store.json").write_text(json.dumps(header, indent=2) + "\n")
    return sum(map(len, hashes.values()))


def _hash(image: NDArray[np.uint8]) -> int:
    """64 bits that equal images have in common."""
    return int.from_bytes(hashlib.blake2b(image.tobytes(), digest_size=8).digest(), "big")


class ImageStore:
    """A folder that `build` has written. Raises UserError if it is none, or damaged.

    Without a part for testing, a tenth of all images is for testing. A tenth of the others is for validation.
    """

    def __init__(self, folder: Path):
        try:
            header = json.loads((folder / "store.json").read_text())
            self.classes: tuple[str, ...] = tuple(map(str, header["classes"]))
            self.mean, self.deviation = (np.array(header[name], float) for name in ("mean", "deviation"))
            counts = dict(header["images"])
            parts = [part for part in PARTS if part in counts]
            self.images, self.labels, self.shares = (
                {part: load_npy(folder / f"{part}_{name}.npy", "r") for part in parts} for name in (*NAMES, "shares")
            )
            whole = self._is_whole(counts)
        except (OSError, ValueError, LookupError, TypeError, ArithmeticError, RecursionError) as error:
            raise UserError(
                f"{folder} holds no images, or damaged ones ({error}); bring some in with"
                " `longthink import FILES --format idx --out FOLDER`, or another format."
            ) from error
        if not whole:
            raise UserError(f"{folder} is damaged: its files do not fit together; make it again.")
        self.folder = folder

    def _is_whole(self, counts: dict[str, int]) -> bool:
        """Whether the files are what `build` writes, so many images in each part, each of a class that there is."""
        channels = self.mean.shape
        moments = (
            self.mean.shape == self.deviation.shape and np.isfinite(self.mean).all() and (self.deviation > 0).all()
        )
        if channels not in ((1,), (3,)) or not moments or set(counts) != set(self.images) or "train" not in counts:
            return False
        for part in self.images:
            count = counts[part]
            images, labels, shares = self.images[part], self.labels[part], self.shares[part]
            if images.dtype != np.uint8 or shares.dtype != np.uint8 or (images.ndim, images.shape[3:]) != (4, channels):
                return False
            if labels.dtype.kind not in "iu" or not (count,) == images.shape[:1] == labels.shape == shares.shape:
                return False
            if not 0 <= labels.min(initial=0) <= labels.max(initial=0) < len(self.classes):
                return False
        return True

    @property
    def side(self) -> int:
        """The longer one, in pixels."""
        return int(max(self.images["train"].shape[1:3]))

    @lru_cache(maxsize=8)  # noqa: B019  (a store lives as long as the process)
    def of_split(self, split: Split) -> tuple[Part, NDArray[np.int64]]:
        """The part that a split is in, and which of its rows are of the split."""
        if split == "test" and "test" in self.shares:
            return "test", np.arange(len(self.shares["test"]))
        shares = self.shares["train"]
        if split == "test":
            return "train", np.flatnonzero(shares == EQUAL_SHARES - 1)
        kept = shares != LEFT_OUT if "test" in self.shares else shares < EQUAL_SHARES - 1
        return "train", np.flatnonzero(kept & ((shares == 0) == (split == "validation")))


@lru_cache(maxsize=16)
def open_image_store(folder: Path) -> ImageStore:
    """The store in a folder, opened once."""
    return ImageStore(folder)
