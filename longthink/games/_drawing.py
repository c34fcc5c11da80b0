"""How boards look: colours, stones, and the shades of what a net thinks of its moves."""

import numpy as np
from numpy.typing import NDArray

from longthink.figures.scene import Cells, Colour, Line, Scene, Text

SIDE = 24.0
"""Of a cell."""
INK: Colour = (60, 60, 60)
EMPTY = np.array([238, 232, 213], np.uint8)
STONES: dict[int, Colour] = {1: (25, 105, 175), -1: (205, 70, 50)}
"""The first player's and the second's."""
DISCS = {1: "\u25cf", -1: "\u25cf"}
SHADE = np.array([80, 160, 70], np.float64)


def shaded(shares: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Numbers (R, C) in 0..1 as colours (R, C, 3), from that of an empty cell to a full green."""
    full = np.clip(shares, 0, 1)[..., None]
    colours: NDArray[np.uint8] = np.round(EMPTY * (1 - full) + SHADE * full).astype(np.uint8)
    return colours


def square_board(board: NDArray[np.int8], shares: NDArray[np.floating] | None, signs: dict[int, str]) -> Scene:
    """A board (R, C) of square cells, as the first player sees it, with a sign for each value."""
    rows, columns = board.shape
    colours = np.tile(EMPTY, (rows, columns, 1)) if shares is None else shaded(shares)
    cells = Cells.squares(colours, SIDE)
    width, height = SIDE * columns, SIDE * rows
    lines = [Line(0, SIDE * row, width, SIDE * row, INK) for row in range(rows + 1)]
    lines += [Line(SIDE * column, 0, SIDE * column, height, INK) for column in range(columns + 1)]
    texts = tuple(
        Text(SIDE * (column + 0.5), SIDE * (row + 0.5), signs[int(value)], SIDE * 0.9, STONES[int(value)], INK)
        for (row, column), value in np.ndenumerate(board)
        if value
    )
    return Scene(width, height, (cells,), tuple(lines), texts)
