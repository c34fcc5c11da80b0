"""A maze out of any picture of one, and the answer drawn back onto it.

Walls are dark and ways light, or the reverse. Cells may have any number of pixels, walls may be as thick as the ways or thin
lines, the border and a margin around it as they like. The picture may be turned by a few degrees, and in a shadow.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from longthink.base import pictures
from longthink.base.errors import UserError
from longthink.figures import scene
from longthink.figures.scene import Scene
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._ends import Found, NoEndsError, check_solvable, with_ends
from longthink.problems.mazes._grid import Grid, best_grid
from longthink.problems.mazes._ink import is_light, is_light_nearby, lightness_and_hues, turned
from longthink.problems.mazes._kernels import Cells

__all__ = ["Ends", "MazePicture", "check_solvable", "find_maze", "open_picture"]

Ends = tuple[tuple[float, float], tuple[float, float]]
"""(x, y) of the start and of the exit, in pixels of the picture from its top left."""
LONGEST_SIDE = 2500
"""Pixels along the side of the largest picture that is looked at: larger ones are made smaller."""
CELLS_OF_LIGHT_WALLS = 40
"""Fewer cells do not show that what is light are the walls."""
PATH_COLOUR = (40, 110, 235)
END_COLOURS = {kernels.GREEN: (0, 200, 0), kernels.RED: (230, 0, 0)}


@dataclass(frozen=True)
class MazePicture:
    """A picture (H, W, 3) and where the maze's cells (rows, columns) are in it.

    Row r of the cells is pixels rows[r]..rows[r+1] - 1, and so for columns. Where a user's picture was turned or very large,
    this one is straight, or smaller.
    """

    pixels: NDArray[np.uint8]
    cells: Cells
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    painted: bool = True
    """Whether the picture shows the ends in their cells."""

    def scene(self, values: NDArray[np.float64], scale: int = 1) -> Scene:
        """The picture, enlarged, with open cells tinted by values (rows, columns) in 0..1, and ends that it lacks."""
        height, width = self.pixels.shape[:2]
        tints = np.empty((*self.cells.shape, 4), np.uint8)
        tints[..., :3] = PATH_COLOUR
        tints[..., 3] = np.where(self.cells == kernels.OPEN, np.round(255 * values.clip(0, 1)), 0)
        if not self.painted:
            for end, colour in END_COLOURS.items():
                tints[self.cells == end] = (*colour, 255)
        tinted = scene.Cells(scale * self.rows.astype(float), scale * self.columns.astype(float), tints, "multiply")
        return Scene(scale * width, scale * height, (tinted,), picture=self.pixels)


def open_picture(path: Path) -> NDArray[np.uint8]:
    """The pixels (H, W, 3) of an image file, upright, what is transparent on white. Raises UserError if it is none."""
    image = ImageOps.exif_transpose(pictures.open_picture(path))
    if image.mode == "RGBA":
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image)
        image = paper
    return np.asarray(image.convert("RGB"))


def find_maze(pixels: NDArray[np.uint8], ends: Ends | None = None) -> MazePicture:
    """The maze in a picture (H, W, 3). Raises UserError if there is none, or its ends are missing or not clear.

    Args:
        pixels: the picture.
        ends: where the start and the exit are, for a picture that does not show them.
    """
    shrunk = -(-max(pixels.shape[:2]) // LONGEST_SIDE)
    if shrunk > 1:
        pixels = np.asarray(Image.fromarray(pixels).reduce(shrunk))
    best, angle = 0.0, 0.0
    for look in _looks(pixels):
        grids = [grid for walls in look.walls() if (grid := best_grid(walls)) is not None]
        mazes = [grid for grid in grids if grid.is_maze and (grid is grids[0] or grid.walls.size >= CELLS_OF_LIGHT_WALLS)]
        if mazes:
            places = None if ends is None else [look.place(x / shrunk, y / shrunk) for x, y in ends]
            found = _first_with_ends(mazes, look.hues, places)
            return MazePicture(look.straight(pixels), found.cells, found.rows, found.columns, found.painted)
        for grid in grids:
            if grid.explained > best:
                best, angle = grid.explained, look.angle
    if best == 0:
        raise UserError("The picture shows no maze: nothing in it lies between walls.")
    raise UserError(
        f"The picture shows no maze on a grid: the best grid explains only {best:.0%} of the pixels of its walls"
        f"{f', turned by {angle:.1f} degrees' if angle else ''}. Walls should be straight and of one thickness, at right"
        " angles, and clearly darker or lighter than the ways."
    )


def _first_with_ends(mazes: list[Grid], hues: NDArray[np.uint8], ends: list[tuple[float, float]] | None) -> Found:
    """The first of the grids, with dark walls or with light ones, on whose ways the ends are."""
    refused: NoEndsError | None = None
    for grid in mazes:
        try:
            return with_ends(grid, hues, ends)
        except NoEndsError as error:
            refused = refused or error
    assert refused is not None
    raise refused


@dataclass(frozen=True)
class _Look:
    """One way to look at a picture: what is light in it and has which hue (H, W), after it was straightened."""

    light: NDArray[np.bool_]
    hues: NDArray[np.uint8]
    angle: float
    size: tuple[int, int]
    """Height and width of the picture before it was straightened."""

    def walls(self) -> Iterator[NDArray[np.bool_]]:
        """The walls (H, W), if they are dark, and if they are light."""
        plain = self.hues == 0
        yield ~self.light & plain
        yield self.light & plain

    def straight(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture (H, W, 3), turned back."""
        if not self.angle:
            return pixels
        return np.asarray(_turned_back(Image.fromarray(pixels), self.angle, Image.Resampling.BICUBIC, "white"))

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a place of the picture is after it was straightened."""
        sine, cosine = np.sin(np.deg2rad(self.angle)), np.cos(np.deg2rad(self.angle))
        right, down = x - self.size[1] / 2, y - self.size[0] / 2
        height, width = self.light.shape
        return width / 2 + right * cosine - down * sine, height / 2 + right * sine + down * cosine


def _looks(pixels: NDArray[np.uint8]) -> Iterator[_Look]:
    """Straightened before as it is, by what is light in the whole picture before by what is light nearby."""
    lightness, hues = lightness_and_hues(pixels)
    size = lightness.shape
    nearby = is_light_nearby(lightness)
    masks = (is_light(lightness), nearby)
    angle = turned(~nearby & (hues == 0))
    if angle:
        straight_hues = np.asarray(_turned_back(Image.fromarray(hues), angle, Image.Resampling.NEAREST, 0))
        for light in masks:
            edge = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
            paper = 255 if edge.mean() > 0.5 else 0
            shades = Image.fromarray(light.astype(np.uint8) * 255)
            turned_light = np.asarray(_turned_back(shades, angle, Image.Resampling.BILINEAR, paper)) > 127
            yield _Look(turned_light, straight_hues, angle, size)
    for light in masks:
        yield _Look(light, hues, 0.0, size)


def _turned_back(image: Image.Image, angle: float, how: Image.Resampling, fill: str | int) -> Image.Image:
    return image.rotate(-angle, how, expand=True, fillcolor=fill)
