"""Image classification (dissertation, chapter 3): one label for a picture. There is one level only.

x is (B, 3, size, size): grey images three times over, as the dissertation has them; normalised to mean 0 and deviation
1 over the training images, channel by channel. y is (B,). There are no positions: an answer is a class.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from longthink.base.errors import UserError
from longthink.base.seeds import generator_of
from longthink.contracts import Problem, Puzzles, Spec, Split
from longthink.problems.images._store import ImageStore, open_image_store
from longthink.problems.images.view import ImageView
from longthink.registry import PACKAGE, register

SHIPPED = PACKAGE / "puzzles" / "images"
"""The store that comes with the package: some of Fashion-MNIST."""
COLOURS = 3


@register
class Images(Problem):
    """Say what is in a picture.

    `source` is a folder that `longthink import` has written from pictures; without one, 1,200 pictures of Fashion-MNIST
    that come with the package, to try things with. Smaller images are put in the middle of `size` by `size` pixels.
    Augmentation, of training images alone: with `mirror` half of them are mirrored; with `shift` they are moved by up
    to so many pixels along both axes (crops of a padded image).

    >>> puzzles = Images().sample(level=1, count=2)
    >>> puzzles.x.shape, puzzles.y.shape, Images().spec.outputs
    (torch.Size([2, 3, 32, 32]), torch.Size([2]), 10)
    """

    easy: ClassVar[int] = 1
    hard: ClassVar[tuple[int, ...]] = (1,)

    source: str = ""
    size: Annotated[int, Field(ge=1)] = 32
    mirror: bool = False
    shift: Annotated[int, Field(ge=0)] = 0

    @property
    def spec(self) -> Spec:  # type: ignore[override]  # here it depends on the source
        return Spec(COLOURS, len(self.store().classes), positions="grid", answers="one", size=self.size)

    @property
    def view(self) -> ImageView:
        return ImageView(self)

    def draw(self, level: int, count: int, split: Split, key: int, repeats: bool) -> Puzzles:
        if level != 1:
            raise UserError(f"Images have one level, 1; level {level} does not exist.")
        store = self.store()
        part, rows = store.of_split(split)
        if len(rows) == 0 or (count > len(rows) and not repeats):
            raise UserError(f"{store.folder.name} has {len(rows)} {split} images, and {count} are asked for.")
        raw = generator_of(key).bit_generator.random_raw
        if repeats:
            chosen = rows[raw(count) % np.uint64(len(rows))]
        else:
            chosen = rows[np.argsort(raw(len(rows)), kind="stable")[:count]]
        puzzles = self.from_bytes(store.images[part][chosen], store.labels[part][chosen], level, split)
        if split == "train":
            puzzles = replace(puzzles, x=self._augmented(puzzles.x, raw(count), raw(2 * count)))
        return puzzles

    def from_bytes(self, images: NDArray[np.uint8], labels: NDArray[np.int64], level: int, split: Split) -> Puzzles:
        """Images (B, H, W, 1 or 3) and labels (B,) as puzzles; what is around smaller images is black."""
        x = torch.zeros(len(images), COLOURS, self.size, self.size)
        height, width = images.shape[1:3]
        if max(height, width) > self.size:
            raise UserError(f"These images have {height} x {width} pixels; set problem.size to {max(height, width)}.")
        top, left = (self.size - height) // 2, (self.size - width) // 2
        values = torch.tensor(images).permute(0, 3, 1, 2).float() / 255
        x[:, :, top : top + height, left : left + width] = values
        mean, deviation = self._moments()
        return Puzzles(self, level, (x - mean) / deviation, torch.tensor(labels, dtype=torch.long), split=split)

    def pixels(self, x: Tensor) -> NDArray[np.uint8]:
        """Normalised images (B, 3, H, W) back as bytes (B, H, W, 3)."""
        mean, deviation = self._moments()
        values = (x.detach().cpu() * deviation + mean).clamp(0, 1) * 255
        return values.round().to(torch.uint8).permute(0, 2, 3, 1).numpy()

    def store(self) -> ImageStore:
        store = open_image_store(Path(self.source) if self.source else SHIPPED)
        if store.side > self.size:
            raise UserError(f"The images of {store.folder} have up to {store.side} pixels; set problem.size to that.")
        return store

    def _moments(self) -> tuple[Tensor, Tensor]:
        """Mean and deviation of each channel (3, 1, 1)."""
        store = self.store()
        mean, deviation = (torch.from_numpy(values).float().view(-1, 1, 1) for values in (store.mean, store.deviation))
        return mean.expand(COLOURS, 1, 1), deviation.expand(COLOURS, 1, 1)

    def _augmented(self, x: Tensor, flips: NDArray[np.uint64], shifts: NDArray[np.uint64]) -> Tensor:
        if self.mirror:
            x = torch.where(torch.from_numpy(flips % np.uint64(2) == 1).view(-1, 1, 1, 1), x.flip(3), x)
        if self.shift:
            around = [self.shift] * 4
            mean, deviation = self._moments()
            padded = torch.nn.functional.pad(x * deviation + mean, around)  # with black
            places = torch.from_numpy((shifts % np.uint64(2 * self.shift + 1)).astype(np.int64)).view(2, -1, 1)
            down, across = places + torch.arange(self.size)
            which = torch.arange(len(x)).view(-1, 1, 1)
            moved = padded.movedim(1, 3)[which, down.unsqueeze(2), across.unsqueeze(1)]
            x = (moved.movedim(3, 1) - mean) / deviation
        return x
