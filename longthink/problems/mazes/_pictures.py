"""A maze out of any picture of one, and the answer drawn back onto it.

Walls are dark, open cells light, one end is red, the other green. Cells may have any number of pixels, walls may be as
thick as the ways or thin lines, the border and a margin around it as they like, and colours only near.
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
from longthink.problems.mazes._kernels import Cells

Ends = tuple[tuple[float, float], tuple[float, float]]
"""(x, y) of the start and of the exit, in pixels of the picture from its top left."""
COLOURFUL = 0.25
"""How much more red (green) than anything else a pixel of the red (green) end is, of 1."""
MISFIT = 0.1
"""The largest share of pixels that may differ between a picture and the maze found in it."""
MARKER = 0.3
"""A cell belongs to an end if it has at least this share of the most pixels of that colour in any cell."""
ALIKE = 0.25
"""Runs that differ by this share or less have the same thickness."""
COMMON = 0.2
"""A thickness is common if it weighs at least this share of what the commonest one does."""
WRONG_PIXEL = 20
"""How many cells more a maze may have to explain one pixel more."""
NOTHING = "The picture shows no maze: nothing in it lies between walls."
PATH_COLOUR = (40, 110, 235)


@dataclass(frozen=True)
class MazePicture:
    """A picture (H, W, 3) and where the maze's cells (rows, columns) are in it.

    Row r of the cells is pixels rows[r]..rows[r+1] - 1, and so for columns.
    """

    pixels: NDArray[np.uint8]
    cells: Cells
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]

    def scene(self, values: NDArray[np.float64], scale: int = 1) -> Scene:
        """The picture, enlarged, with open cells tinted by values (rows, columns) in 0..1."""
        height, width = self.pixels.shape[:2]
        tints = np.empty((*self.cells.shape, 4), np.uint8)
        tints[..., :3] = PATH_COLOUR
        tints[..., 3] = np.where(self.cells == kernels.OPEN, np.round(255 * values.clip(0, 1)), 0)
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
    classes = classify(pixels)
    if ends is None:
        for colour, name in ((kernels.RED, "red"), (kernels.GREEN, "green")):
            if not (classes == colour).any():
                raise UserError(f"The picture has no {name} end; mark one end of the maze red and the other green.")
    walls = classes == kernels.WALL
    if not walls.any():
        raise UserError("The picture has no dark walls, so it shows no maze.")
    rows, columns, walls_of_cells = _fit(walls)
    cells = np.where(walls_of_cells, kernels.WALL, kernels.OPEN).astype(np.uint8)
    for index, (colour, name) in enumerate(((kernels.GREEN, "green"), (kernels.RED, "red"))):
        if ends is None:
            cell = _end(_count(classes == colour, rows, columns), walls_of_cells, name)
        else:
            x, y = ends[index]
            row, column = int(np.searchsorted(rows, y, "right")) - 1, int(np.searchsorted(columns, x, "right")) - 1
            if not (0 <= row < cells.shape[0] and 0 <= column < cells.shape[1]):
                raise UserError(f"({x:g}, {y:g}) lies outside of the maze.")
            cell = row, column
        cells[cell] = colour
    kept = [_without_empty_edges(cells != kernels.WALL, axis) for axis in (0, 1)]
    cells = np.ascontiguousarray(cells[kept[0], kept[1]])
    found = MazePicture(
        pixels, cells, rows[kept[0].start : kept[0].stop + 1], columns[kept[1].start : kept[1].stop + 1]
    )
    check_solvable(found.cells)
    return found


def check_solvable(cells: Cells) -> None:
    """Raises UserError where an end stands on a wall or no path joins the ends."""
    padded = np.pad(cells, 1)
    for colour, name in ((kernels.RED, "red"), (kernels.GREEN, "green")):
        row, column = np.argwhere(padded == colour)[0]
        around = padded[[row - 1, row + 1, row, row], [column, column, column - 1, column + 1]]
        if not (around != kernels.WALL).any():
            raise UserError(f"The {name} end stands on a wall; put it on a way.")
    if kernels.shortest_path(cells, np.empty_like(cells)) == 0:
        raise UserError("No path joins the red and the green end of this maze.")


def classify(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Wall, open, green or red for each pixel of (H, W, 3)."""
    red, green, blue = (pixels[..., channel].astype(np.float32) / 255 for channel in range(3))
    value = np.maximum(np.maximum(red, green), blue)
    classes = np.where(value > (value.min() + value.max()) / 2, kernels.OPEN, kernels.WALL).astype(np.uint8)
    classes[red - np.maximum(green, blue) > COLOURFUL] = kernels.RED
    classes[green - np.maximum(red, blue) > COLOURFUL] = kernels.GREEN
    return classes


def _fit(walls: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """The rows and columns of cells that fit a picture's walls (H, W) best, and which cells are wall."""
    maze, (top, left) = _without_margin(walls)
    best = None
    for down, across in _possible_thicknesses(maze):
        rows, columns = _bands(maze, *down), _bands(maze.T, *across)
        if rows is None or columns is None:
            continue
        heights, widths = np.diff(rows), np.diff(columns)
        walls_of_cells = _count(maze, rows, columns) > np.outer(heights, widths) / 2
        redrawn = walls_of_cells.repeat(heights, 0).repeat(widths, 1)
        wrong = redrawn != maze[rows[0] : rows[-1], columns[0] : columns[-1]]
        cost = WRONG_PIXEL * int(wrong.sum()) + walls_of_cells.size
        if best is None or cost < best:  # the simplest maze that explains the pixels
            best, misfit, found = cost, float(wrong.mean()), (top + rows, left + columns, walls_of_cells)
    if best is None:
        raise UserError(NOTHING)
    if misfit > MISFIT:
        raise UserError(
            f"The picture shows no maze on a grid: {misfit:.0%} of its pixels do not fit any."
            " Walls should be dark, straight and of one thickness, ways light."
        )
    return found


def _possible_thicknesses(maze: NDArray[np.bool_]) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """(way, wall) down and (way, wall) across that a picture may have, the likelier first.

    Short runs are common in small mazes, and noise where pixels are blurred: both are tried. Each axis is taken by its
    own measure, for stretched pictures, then both by the lesser, for mazes too small to show it.
    """
    for by_pixels, common in ((False, COMMON), (True, COMMON), (False, COMMON / 10)):
        way_down, way_across, wall_down, wall_across = (
            _thickness(lines, by_pixels, common) for lines in (~maze, ~maze.T, maze, maze.T)
        )
        ways = [size for size in (way_down, way_across) if size is not None]
        if not ways:
            raise UserError(NOTHING)
        way = min(ways)
        wall = min((size for size in (wall_down, wall_across) if size is not None), default=way)
        yield (way_down or way, wall_down or wall), (way_across or way, wall_across or wall)
        yield (way, wall), (way, wall)


def _without_margin(walls: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], tuple[int, int]]:
    """What is inside the outermost walls, and where that begins."""
    rows, columns = np.flatnonzero(walls.any(1)), np.flatnonzero(walls.any(0))
    return walls[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], (int(rows[0]), int(columns[0]))


def _bands(maze: NDArray[np.bool_], way: float, wall: float) -> NDArray[np.int64] | None:
    """Where each row of cells begins, and the last one ends, in pixels; the outer walls are rows of their own.

    None where there are no borders between rows.

    A border between rows is where many pixels turn from wall to way or back. Ways have one thickness and walls one,
    maybe another, and they alternate: so a border that shows nowhere is found from its neighbours.
    """
    blur = int(min(way, wall) / 3)
    top, bottom = _blurred(maze, blur), len(maze) - _blurred(maze[::-1], blur)
    maze = maze[top:bottom]
    turns = np.append(0, (maze[1:] != maze[:-1]).sum(1))
    inner = _peaks(turns, max(1.0, way / 2), blur)
    if len(inner) < 2:
        return None
    edges: list[float] = []
    first, last = inner[0], inner[-1]
    starts_open = not maze[:first].mean() > 0.5  # there is no outer wall on this side
    ends_open = not maze[last:].mean() > 0.5
    borders = [*([0] if starts_open else []), *inner, *([len(maze)] if ends_open else [])]
    splits = _split(np.diff(borders).tolist(), way, wall)
    for border, parts in zip(borders, splits, strict=False):
        edges += [border + part for part in parts]
    edges.append(borders[-1])
    outer = [*([] if starts_open else [0.0]), *edges, *([] if ends_open else [float(len(maze))])]
    return top + np.round(outer).astype(np.int64)


def _blurred(maze: NDArray[np.bool_], blur: int) -> int:
    """How many of the first lines only show the outer wall beginning: not yet as dark as what soon follows."""
    dark = maze[: 2 * blur + 1].sum(1)
    begun = (line for line in range(blur) if dark[line] >= 0.95 * dark[line : line + blur + 1].max())
    return next(begun, blur)


def _split(gaps: list[int], way: float, wall: float) -> list[list[float]]:
    """For each gap between borders, where in it bands begin: ways and walls in turn, one or more in a gap.

    Which comes first is what makes the thicknesses fit best.
    """
    best: tuple[float, list[list[float]]] = (np.inf, [])
    for first in (0, 1):
        kind, error, found = first, 0.0, []
        for gap in gaps:
            sizes = [(way, wall)[(kind + band) % 2] for band in range(int(gap / min(way, wall)) + 2)]
            ends = np.cumsum(sizes)
            count = int(np.abs(ends - gap).argmin()) + 1
            error += abs(float(ends[count - 1]) - gap)
            found.append([0.0, *(ends[: count - 1] * gap / ends[count - 1]).tolist()])
            kind = (kind + count) % 2
        if error < best[0]:
            best = error, found
    return best[1]


def _thickness(inside: NDArray[np.bool_], by_pixels: bool, share: float) -> float | None:
    """The thickness of the thinnest bands along the first axis that are common: runs of True that end on both sides.

    Common: by the number of runs, or of pixels in them, at least this `share` of the commonest. None: no such runs.
    """
    turns = np.diff(inside.astype(np.int8), axis=0).T
    starts, ends = np.argwhere(turns == 1), np.argwhere(turns == -1)
    # In each line, the first end may belong to a run that began outside, and the last start to one that goes on.
    began = np.flatnonzero(inside[0])
    ends = _without_one_each(ends, began, last=False)
    starts = _without_one_each(starts, np.flatnonzero(inside[-1]), last=True)
    runs = ends[:, 1] - starts[:, 1]
    if len(runs) == 0:
        return None
    lengths, counts = np.unique(runs, return_counts=True)
    weights = counts * lengths if by_pixels else counts
    common = lengths[weights >= share * weights.max()][0]
    near = runs[np.abs(runs - common) <= ALIKE * common]
    return float(near.mean())


def _without_one_each(turns: NDArray[np.int64], lines: NDArray[np.int64], last: bool) -> NDArray[np.int64]:
    """Sorted (line, position) pairs without the first, or last, one of each of some lines, where it has one."""
    side = np.searchsorted(turns[:, 0], lines, "right") - 1 if last else np.searchsorted(turns[:, 0], lines)
    side = side[(side >= 0) & (side < len(turns))]
    return np.delete(turns, side[np.isin(turns[side, 0], lines)], axis=0)


def _peaks(counts: NDArray[np.int64], least: float, reach: int) -> list[int]:
    """Positions whose count is at least `least` and the highest within `reach`."""
    peaks: list[int] = []
    for position in np.flatnonzero(counts >= least).tolist():
        if peaks and position - peaks[-1] <= reach:
            if counts[position] > counts[peaks[-1]]:
                peaks[-1] = position
        else:
            peaks.append(position)
    return peaks


def _count(mask: NDArray[np.bool_], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many pixels of the mask (H, W) are in each cell: (rows, columns)."""
    inside = mask[rows[0] : rows[-1], columns[0] : columns[-1]].astype(np.int64)
    by_row = np.add.reduceat(inside, rows[:-1] - rows[0], axis=0)
    return np.add.reduceat(by_row, columns[:-1] - columns[0], axis=1)


def _end(counts: NDArray[np.int64], walls: NDArray[np.bool_], name: str) -> tuple[int, int]:
    """The cell with the most pixels of an end, on a way if it touches one. Raises UserError if there are two ends."""
    marked = counts >= max(1, MARKER * counts.max())
    if (marked & ~walls).any():
        marked &= ~walls
    cells = {(int(row), int(column)) for row, column in np.argwhere(marked)}
    best = max(cells, key=lambda cell: counts[cell])
    reached: set[tuple[int, int]] = set()
    pending = [best]
    while pending:
        row, column = pending.pop()
        if (row, column) in cells - reached:
            reached.add((row, column))
            pending += [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
    if reached != cells:
        raise UserError(f"The picture has more than one {name} end; mark only one cell {name}.")
    return best


def _without_empty_edges(open_cells: NDArray[np.bool_], axis: int) -> slice:
    """The rows (axis 0) or columns from the first to the last that are not all wall."""
    used = np.flatnonzero(open_cells.any(1 - axis))
    return slice(int(used[0]), int(used[-1]) + 1)
