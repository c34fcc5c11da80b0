"""Cells of mazes and the pixels that the problem has for each."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from longthink.base.errors import UserError
from longthink.problems.mazes import _kernels as kernels

Number = TypeVar("Number", bound=np.generic)
PIXELS = 2
"""Pixels along the side of a cell."""
BORDER = 3
"""Black pixels around the cells."""


def side_of(level: int) -> int:
    """Pixels along the side of a maze's picture. Raises UserError for a level that does not exist."""
    if level < 3 or level % 2 == 0:
        raise UserError(f"The size of a maze is an odd number of cells from 3 up; level {level} does not exist.")
    return PIXELS * level + 2 * BORDER


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


def means_of_cells(values: Tensor) -> NDArray[np.float64]:
    """Values of pixels (H, W) -> of cells (rows, columns), the mean over each one's pixels."""
    inside = values[BORDER:-BORDER, BORDER:-BORDER].double()
    means: NDArray[np.float64] = F.avg_pool2d(inside[None], PIXELS)[0].cpu().numpy()
    return means
