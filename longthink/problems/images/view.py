"""Images read, named and drawn."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from torch import Tensor

from longthink.base.pictures import on_white, open_picture
from longthink.contracts import Puzzles, View
from longthink.figures.scene import Cells, Scene

if TYPE_CHECKING:
    from longthink.problems.images.problem import Images

ENLARGED = 8
"""Pixels of a picture for one of the image, along each axis, of small images."""
SMALL = 64
COLOURS = 3
BAR, GREEN = 4, (40, 160, 60)
"""The bar below a picture, which shows a confidence: its height in pixels of the image, its colour."""


class ImageView(View):
    """Picture files, and names of classes."""

    problem: "Images"

    def parse(self, text: str) -> Puzzles:
        """A picture file of any size, and after it, if it is known, the name of its class: shoe.png Sneaker."""
        problem, store = self.problem, self.problem.store()
        named = max((name for name in store.classes if text.endswith(f" {name}")), key=len, default=None)
        path = Path(text.removesuffix(f" {named}"))
        picture = on_white(open_picture(path)).convert("RGB" if len(store.mean) == COLOURS else "L")
        side = min(problem.size, store.side)
        pixels = np.asarray(picture.resize((side, side), Image.Resampling.BOX)).reshape(1, side, side, -1)
        label = np.array([0 if named is None else store.classes.index(named)])
        return replace(problem.from_bytes(pixels, label, 1, "test"), known=named is not None)

    def write(self, answers: Tensor, puzzles: Puzzles) -> str:  # noqa: ARG002
        """The name of the class."""
        return self.problem.store().classes[int(answers[0])]

    def scene(self, puzzles: Puzzles, values: Tensor | None = None) -> Scene:
        """The picture; with a confidence, which is one number, a bar of that length below it."""
        (pixels,) = self.problem.pixels(puzzles.x[:1])
        size = len(pixels)
        times = ENLARGED if size <= SMALL else 1
        if values is None or not values.is_floating_point():
            return Scene(size * times, size * times, picture=pixels)
        below = np.full((BAR, size, 3), 255, np.uint8)
        rows, columns = np.array([size + 1.0, size + BAR]), np.array([0.0, min(size, round(float(values) * size))])
        bar = Cells(rows * times, columns * times, np.array([[[*GREEN, 255]]], np.uint8))
        return Scene(size * times, (size + BAR) * times, (bar,), picture=np.concatenate([pixels, below]))
