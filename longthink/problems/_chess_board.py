"""A chess board as a picture."""

from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from longthink.problems import _chess_rules as rules

SIDE = 60
"""Pixels along the side of a square."""
MARGIN = 22
"""Pixels around the board, with the names of files and ranks."""
LIGHT, DARK = (240, 222, 196), (186, 148, 110)
LIT = np.array([70, 190, 90])
PAPER, INK = (255, 255, 255), (90, 90, 90)
FIGURES = "♚♛♝♞♜♟"
"""King to pawn."""


def draw_board(position: rules.Position, values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """A position (67,), White below, with each square as green as its value (8, 8) in 0..1: (height, width, 3)."""
    size = 8 * SIDE + 2 * MARGIN
    image = Image.new("RGB", (size, size), PAPER)
    draw = ImageDraw.Draw(image)
    for square in range(64):
        rank, file = divmod(square, 8)
        left, top = MARGIN + file * SIDE, MARGIN + (7 - rank) * SIDE
        plain = np.array(LIGHT if (rank + file) % 2 else DARK)
        value = float(np.clip(values[rank, file], 0, 1))
        colour = tuple(int(part) for part in (1 - value) * plain + value * LIT)
        draw.rectangle((left, top, left + SIDE - 1, top + SIDE - 1), fill=colour)
        piece = int(position[square])
        if piece:
            fill, edge = ("white", "black") if piece > 0 else ("black", "white")
            draw.text(
                (left + SIDE / 2, top + SIDE / 2),
                FIGURES[abs(piece) - 1],
                fill,
                _font(SIDE * 3 // 4),
                anchor="mm",
                stroke_width=1,
                stroke_fill=edge,
            )
    for index in range(8):
        middle = MARGIN + index * SIDE + SIDE / 2
        for place in (MARGIN / 2, size - MARGIN / 2):
            draw.text((middle, place), rules.FILES[index], INK, _font(MARGIN * 2 // 3), anchor="mm")
            draw.text((place, size - middle), rules.RANKS[index], INK, _font(MARGIN * 2 // 3), anchor="mm")
    return np.asarray(image)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which has chess pieces and comes with matplotlib."""
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", size)
