"""Cells of mazes and the pixels that the problem has for each."""

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from longthink.base.errors import UserError
from longthink.contracts import Puzzles
from longthink.problems.mazes import _kernels as kernels

Number = TypeVar("Number", bound=np.generic)
PIXELS = 2
"""Pixels along the side of a cell."""
BORDER = 3
"""Black pixels around the cells."""


def side_of(level: int) -> int:
    """Pixels along the side of the picture of a maze of nodes. Raises UserError for a level that does not exist."""
    if level < 3 or level % 2 == 0:
        raise UserError(
            f"The size of a maze of nodes is an odd number of cells from 3 up; level {level} does not exist."
        )
    return PIXELS * level + 2 * BORDER


def walls_around(rows: int, columns: int, pad_to: int) -> list[tuple[int, int]]:
    """Cells of wall to put before and after the rows, and the columns, so that a picture has `pad_to` pixels a side.

    >>> walls_around(9, 9, 32), walls_around(13, 13, 32), walls_around(8, 9, 32)
    ([(2, 2), (2, 2)], [(0, 0), (0, 0)], [(2, 3), (2, 2)])
    """
    least = -(-(pad_to - 2 * BORDER) // PIXELS)
    missing = [max(0, least - size) for size in (rows, columns)]
    return [(some // 2, some - some // 2) for some in missing]


def cut(cells: NDArray[Number], rows: int, columns: int) -> NDArray[Number]:
    """So many rows and columns from the middle of cells (R, C) that have `walls_around` them, or of fewer all."""
    top, left = (max(0, have - wanted) // 2 for have, wanted in zip(cells.shape, (rows, columns), strict=True))
    return cells[top : top + rows, left : left + columns]


def to_pixels(cells: NDArray[Number]) -> NDArray[Number]:
    """(N, rows, columns) of cells -> (N, H, W): PIXELS a cell and BORDER zeros around."""
    count, rows, columns = cells.shape
    pixels = np.zeros((count, PIXELS * rows + 2 * BORDER, PIXELS * columns + 2 * BORDER), cells.dtype)
    inside = pixels[:, BORDER:-BORDER, BORDER:-BORDER]
    for down in range(PIXELS):
        for right in range(PIXELS):
            inside[:, down::PIXELS, right::PIXELS] = cells
    return pixels


def to_cells(x: Tensor) -> NDArray[np.uint8]:
    """A picture (3, H, W) -> its cells (rows, columns), the reverse of `Mazes.from_cells`."""
    red, green, blue = (x[:, BORDER:-BORDER:PIXELS, BORDER:-BORDER:PIXELS] > 0.5).cpu().numpy()
    cells = np.full(red.shape, kernels.WALL, np.uint8)
    cells[red & green & blue] = kernels.OPEN
    cells[green & ~red] = kernels.GREEN
    cells[red & ~green] = kernels.RED
    return cells


def cells_of(puzzles: Puzzles) -> Iterator[NDArray[np.uint8]]:
    """The cells of each maze, without the walls that its problem puts around it."""
    for x in puzzles.x:
        yield cut(to_cells(x), puzzles.level, puzzles.level)


def means_of_cells(values: Tensor) -> NDArray[np.float64]:
    """Values of pixels (H, W) -> of cells (rows, columns), the mean over each one's pixels."""
    inside = values[BORDER:-BORDER, BORDER:-BORDER].double()
    means: NDArray[np.float64] = F.avg_pool2d(inside[None], PIXELS)[0].cpu().numpy()
    return means
