"""A maze out of any picture of one, and the answer drawn back onto it.

Walls are dark and ways light, or the reverse. Cells may have any number of pixels, walls may be as thick as the ways or
thin lines, the border and a margin around it as they like. The picture may be turned by a few degrees and in a shadow.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from longthink.base import pictures
from longthink.base.errors import UserError
from longthink.figures import scene
from longthink.figures.scene import Scene
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._ends import Found, NoEndsError, OnWallError, check_solvable, with_ends
from longthink.problems.mazes._grid import Grid, best_grid, explained_in_order
from longthink.problems.mazes._ink import STEEPEST, evened, is_light, lightness_and_hues, turned
from longthink.problems.mazes._kernels import Cells

__all__ = ["Ends", "MazePicture", "check_solvable", "find_maze", "open_picture"]

Ends = tuple[tuple[float, float], tuple[float, float]]
"""(x, y) of the start and of the exit, in pixels of the picture from its top left."""
LONGEST_SIDE = 2000
"""Pixels along the side of the largest picture that is looked at: larger ones are made smaller."""
STRIP = 256
"""Lines of a large picture that are dealt with at a time."""
FAINT = 0.7
"""The threshold at which thin lines are seen that blur has made pale."""
CLEAR_ENOUGH = 0.9
"""How clear a grid is for no other look to be better."""
CELLS_OF_LIGHT_WALLS = 40
"""Fewer cells do not show that what is light are the walls."""
HALF = 127
PATH_COLOUR = (40, 110, 235)
END_COLOURS = {kernels.GREEN: (0, 200, 0), kernels.RED: (230, 0, 0)}


@dataclass(frozen=True)
class MazePicture:
    """A picture (H, W, 3) and where the maze's cells (rows, columns) are in it.

    Row r of the cells is pixels rows[r]..rows[r+1] - 1, and so for columns. Where a user's picture was turned or very
    large, this one is straight, or smaller.
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
        blend: Literal["normal", "multiply"] = "multiply" if self._has_light_ways() else "normal"
        tinted = scene.Cells(scale * self.rows.astype(float), scale * self.columns.astype(float), tints, blend)
        return Scene(scale * width, scale * height, (tinted,), picture=self.pixels)

    def _has_light_ways(self) -> bool:
        rows, columns = ((edges[:-1] + edges[1:]) // 2 for edges in (self.rows, self.columns))
        ways = self.pixels[np.ix_(rows, columns)][self.cells == kernels.OPEN]
        return bool(ways.size == 0 or ways.mean() > HALF)


def open_picture(path: Path) -> NDArray[np.uint8]:
    """The pixels (H, W, 3) of an image file, upright, what is transparent on white. Raises UserError if it is none."""
    image = pictures.open_picture(path)
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode == "RGBA":
        paper = Image.new("RGB", image.size, "white")
        for top in range(0, image.height, STRIP):  # all at once would need another copy of all
            part = image.crop((0, top, image.width, min(top + STRIP, image.height)))
            paper.paste(part, (0, top), part)
        image = paper
    pixels = np.asarray(image)
    return pixels if pixels.ndim == 3 else pixels[..., None].repeat(3, 2)


def find_maze(pixels: NDArray[np.uint8], ends: Ends | None = None) -> MazePicture:
    """The maze in a picture (H, W, 3). Raises UserError if there is none, or its ends are missing or not clear.

    Args:
        pixels: the picture.
        ends: where the start and the exit are, for a picture that does not show them.
    """
    shrunk = -(-max(pixels.shape[:2]) // LONGEST_SIDE)
    if shrunk > 1:
        pixels = _made_smaller(pixels, shrunk)
    readings: list[_Reading] = []
    blocks: _Reading | None = None
    best = 0.0, 0.0
    for look in _looks(pixels):
        places = None if ends is None else [look.place(x / shrunk, y / shrunk) for x, y in ends]
        walls, hues = look.walls_and_hues()
        for one, are_dark in zip(walls, (True, False), strict=True):
            grid = best_grid(one)
            if grid is None:
                continue
            if grid.first_way is not None and (are_dark or grid.walls.size >= CELLS_OF_LIGHT_WALLS):
                readings.append(_Reading(_maze_or_error(grid, hues, places), are_dark, grid.quality, look.angle))
                if readings[-1].is_clear:
                    break
            elif grid.is_exact and are_dark and blocks is None:
                blocks = _Reading(_maze_or_error(grid, hues, places), are_dark, grid.quality, look.angle)
            best = max(best, (explained_in_order(one, grid), look.angle))
        if readings and readings[-1].is_clear:
            break
    if blocks is not None and not readings:
        readings = [blocks]
    if not readings:
        raise _no_grid(*best)
    reading = max(readings, key=lambda one: one.worth)
    if isinstance(reading.result, UserError):
        raise reading.result
    found = reading.result
    return MazePicture(turned_back(pixels, reading.angle), found.cells, found.rows, found.columns, found.painted)


def _maze_or_error(grid: Grid, hues: NDArray[np.uint8], ends: list[tuple[float, float]] | None) -> Found | UserError:
    try:
        return with_ends(grid, hues, ends)
    except UserError as error:
        return error


def _made_smaller(pixels: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """A picture (H, W, 3) with one pixel, the mean, for factor x factor ones; a strip at a time, to save memory."""
    strips = (pixels[top : top + factor * STRIP] for top in range(0, len(pixels), factor * STRIP))
    return np.concatenate([np.asarray(Image.fromarray(strip).reduce(factor)) for strip in strips])


def _no_grid(explained: float, angle: float) -> UserError:
    if explained == 0:
        return UserError("The picture shows no maze: nothing in it lies between walls.")
    turned_by = f", turned by {abs(angle):.1f} degrees," if angle else ""
    return UserError(
        f"The picture shows no maze on a grid: the best grid{turned_by} explains only {explained:.0%} of the pixels of"
        f" its walls. Walls should be straight, of one thickness and at right angles, turned by {STEEPEST:.0f} degrees"
        " at most, and clearly darker or lighter than the ways."
    )


@dataclass(frozen=True)
class _Reading:
    """What a grid says: a maze with its ends, or why it has none; the picture was turned back by `angle` degrees."""

    result: Found | UserError
    walls_are_dark: bool
    clear: float
    angle: float

    @property
    def worth(self) -> tuple[int, float]:
        """How much is right about it, then how clear it is: the best reading is believed, also where it is an error.

        Dark walls are common: that no path joins the ends is believed of them, and less of light ones. Ends in passages
        are so too where walls are taken for ways, and then the border of the maze is a way all around.
        """
        if isinstance(self.result, Found):
            return 4 if self.result.in_order else 1 if self.result.ringed else 3, self.clear
        if isinstance(self.result, OnWallError):
            return 0, self.clear
        if isinstance(self.result, NoEndsError):
            return 2, self.clear
        return 4 if self.walls_are_dark else 1, self.clear

    @property
    def is_clear(self) -> bool:
        return self.worth >= (4, CLEAR_ENOUGH)


@dataclass(frozen=True)
class _Look:
    """A picture (H, W, 3) as it is looked at, turned back by `angle` degrees, and its (height, width) before that."""

    pixels: NDArray[np.uint8]
    angle: float
    size: tuple[int, int]
    threshold: float = 0.5
    """Where dark walls end, as a share of the way from the darkest to the lightest; light ones from the lightest."""

    def walls_and_hues(self) -> tuple[list[NDArray[np.bool_]], NDArray[np.uint8]]:
        """The walls (H, W), if they are dark and if they are light, and the hue of each pixel."""
        lightness, hues = lightness_and_hues(self.pixels)
        plain = hues == 0
        dark_walls, light_walls = ~is_light(lightness, self.threshold), is_light(lightness, 1 - self.threshold)
        return [dark_walls & plain, light_walls & plain], hues

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a place of the picture is after it was turned back."""
        sine, cosine = np.sin(np.deg2rad(self.angle)), np.cos(np.deg2rad(self.angle))
        right, down = x - self.size[1] / 2, y - self.size[0] / 2
        height, width = self.pixels.shape[:2]
        return width / 2 + right * cosine - down * sine, height / 2 + right * sine + down * cosine


def _looks(pixels: NDArray[np.uint8]) -> Iterator[_Look]:
    """Turned back, where it is turned, before as it is; then without shadows, and for lines that are faint."""
    size = pixels.shape[0], pixels.shape[1]
    light = evened(pixels)
    angle = turned(_Look(light, 0.0, size).walls_and_hues()[0][0])
    if angle:
        straight = turned_back(light, angle)
        yield _Look(straight, angle, size)
        yield _Look(straight, angle, size, FAINT)
        yield _Look(turned_back(pixels, angle), angle, size)
    yield _Look(pixels, 0.0, size)
    yield _Look(light, 0.0, size)
    yield _Look(light, 0.0, size, FAINT)


def turned_back(pixels: NDArray[np.uint8], angle: float) -> NDArray[np.uint8]:
    """A picture (H, W, 3) that is turned by some degrees made straight, on paper of its edge's colour."""
    if not angle:
        return pixels
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    paper = tuple(np.median(edge, 0).astype(int).tolist())
    image = Image.fromarray(pixels).rotate(-angle, Image.Resampling.BICUBIC, expand=True, fillcolor=paper)
    return np.asarray(image)
