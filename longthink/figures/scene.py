"""A puzzle as a drawing: coloured cells, lines and text, maybe on a picture; and what draws it.

A `Scene` says what is where, in units that are the pixels of the picture at scale 1, from the top left. It knows no
puzzle: a problem's view makes one, and `pixels`, `svg` and `as_json` draw any of them.
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from html import escape
from io import BytesIO
from math import floor
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""
SIDE = 24
"""Of a cell of shares."""
FONT = "DejaVu Sans"
"""Which comes with matplotlib and has chess pieces."""


@dataclass(frozen=True)
class Cells:
    """A grid of coloured cells: cell (r, c) reaches from rows[r] to rows[r + 1] and columns[c] to columns[c + 1]."""

    rows: NDArray[np.float64]
    """(R + 1,)"""
    columns: NDArray[np.float64]
    """(C + 1,)"""
    colours: NDArray[np.uint8]
    """Red, green, blue and opacity, (R, C, 4)."""
    blend: Literal["normal", "multiply"] = "normal"
    """multiply: as ink on what is behind, so that what is black there stays black."""

    @classmethod
    def squares(cls, colours: NDArray[np.uint8], side: float, left: float = 0, top: float = 0) -> "Cells":
        """Cells of one size from colours (R, C, 3); the first one's corner is at (left, top).

        >>> Cells.squares(np.zeros((1, 2, 3), np.uint8), side=10, left=1).columns.tolist()
        [1.0, 11.0, 21.0]
        """
        height, width = colours.shape[:2]
        opaque = np.full((height, width, 1), 255, np.uint8)
        rows, columns = top + side * np.arange(height + 1.0), left + side * np.arange(width + 1.0)
        return cls(rows, columns, np.concatenate([colours, opaque], -1))


@dataclass(frozen=True)
class Line:
    """A straight line from (x, y) to (to_x, to_y)."""

    x: float
    y: float
    to_x: float
    to_y: float
    colour: Colour = (0, 0, 0)
    thickness: float = 1.0


@dataclass(frozen=True)
class Text:
    """Some text, its middle at (x, y), `size` high; with an `edge`, outlined."""

    x: float
    y: float
    text: str
    size: float
    colour: Colour = (0, 0, 0)
    edge: Colour | None = None


@dataclass(frozen=True)
class Scene:
    """What is drawn, in this order: the picture over the whole area, cells, lines, texts."""

    width: float
    height: float
    cells: tuple[Cells, ...] = ()
    lines: tuple[Line, ...] = ()
    texts: tuple[Text, ...] = ()
    picture: NDArray[np.uint8] | None = None
    """(h, w, 3), stretched over the whole area without smoothing; None for white paper."""

    @classmethod
    def of_shares(cls, shares: NDArray[np.float64], side: float = SIDE) -> "Scene":
        """A grid of grey cells from numbers (R, C) in 0..1: 0 is black, 1 is white.

        >>> Scene.of_shares(np.array([[0.0, 1.0]]), side=10).width
        20.0
        """
        cells = Cells.squares(greys(shares), side)
        return cls(float(cells.columns[-1]), float(cells.rows[-1]), (cells,))


def greys(shares: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Numbers (R, C) in 0..1 as colours (R, C, 3), from black to white.

    >>> greys(np.array([[0.0, 0.5, 1.0]]))[0, :, 0].tolist()
    [0, 128, 255]
    """
    return np.round(shares * 255).astype(np.uint8)[:, :, None].repeat(3, 2)


# ------------------------------------------------------------------------------------------------ drawing


def pixels(scene: Scene, scale: float = 1.0) -> NDArray[np.uint8]:
    """A scene as RGB bytes (H, W, 3), of `scale` pixels for each of its units.

    >>> pixels(Scene.of_shares(np.array([[0.0, 1.0]]), side=2))[0, :, 0].tolist()
    [0, 0, 255, 255]
    >>> pixels(Scene(width=40, height=30), scale=0.5).shape
    (15, 20, 3)
    """
    height, width = (max(1, round(size * scale)) for size in (scene.height, scene.width))
    if scene.picture is None:
        drawn = np.full((height, width, 3), 255, np.uint8)
    else:
        lines, columns = (_nearest(*sizes) for sizes in zip((height, width), scene.picture.shape, strict=False))
        drawn = scene.picture[np.ix_(lines, columns)]
    for cells in scene.cells:
        _paint(cells, drawn, scale)
    if not scene.lines and not scene.texts:
        return drawn
    image = Image.fromarray(drawn)
    pen = ImageDraw.Draw(image)
    for line in scene.lines:
        thickness = max(1, round(line.thickness * scale))
        before = 0 if thickness % 2 else 0.5  # an even one has its middle between two pixels, of which the first counts
        ends = [floor(end * scale - before) for end in (line.x, line.y, line.to_x, line.to_y)]
        pen.line(ends, line.colour, thickness)
    for text in scene.texts:
        pen.text(
            (text.x * scale, text.y * scale),
            text.text,
            text.colour,
            _font(text.size * scale),
            anchor="mm",
            stroke_width=0 if text.edge is None else max(1, round(scale)),
            stroke_fill=text.edge,
        )
    return np.array(image)


def svg(scene: Scene) -> str:
    """A scene as an SVG picture that needs no other file.

    >>> "<rect" in svg(Scene.of_shares(np.zeros((3, 4)))), "&lt;" in svg(Scene(9, 9, texts=(Text(4, 4, "<", 8),)))
    (True, True)
    """
    width, height = _number(scene.width), _number(scene.height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f'<path fill="#ffffff" d="M0 0H{width}V{height}H0Z"/>',
    ]
    if scene.picture is not None:
        parts.append(
            f'<image width="{width}" height="{height}" preserveAspectRatio="none" style="image-rendering:pixelated"'
            f' href="data:image/png;base64,{_png(scene.picture)}"/>'
        )
    for cells in scene.cells:
        style = ' style="mix-blend-mode:multiply"' if cells.blend == "multiply" else ""
        parts += [f'<g shape-rendering="crispEdges"{style}>', *_rects(cells), "</g>"]
    for line in scene.lines:
        x, y, to_x, to_y, thickness = map(_number, (line.x, line.y, line.to_x, line.to_y, line.thickness))
        ends = f'x1="{x}" y1="{y}" x2="{to_x}" y2="{to_y}"'
        parts.append(f'<line {ends} stroke="{_hex(line.colour)}" stroke-width="{thickness}"/>')
    for text in scene.texts:
        place = f'x="{_number(text.x)}" y="{_number(text.y)}" text-anchor="middle" dominant-baseline="central"'
        font = f'font-family="{FONT}, sans-serif" font-size="{_number(text.size)}" fill="{_hex(text.colour)}"'
        edge = "" if text.edge is None else f' stroke="{_hex(text.edge)}" stroke-width="2" paint-order="stroke"'
        parts.append(f"<text {place} {font}{edge}>{escape(text.text)}</text>")
    return "\n".join([*parts, "</svg>\n"])


def as_json(scene: Scene) -> str:
    """The parts of a scene, by their names, as lists; a picture as the base64 of a PNG.

    >>> json.loads(as_json(Scene.of_shares(np.zeros((1, 2)), side=10)))["cells"][0]["columns"]
    [0.0, 10.0, 20.0]
    """
    plain = {
        "width": scene.width,
        "height": scene.height,
        "picture": None if scene.picture is None else _png(scene.picture),
        "cells": [
            {
                "rows": cells.rows.tolist(),
                "columns": cells.columns.tolist(),
                "colours": cells.colours.tolist(),
                "blend": cells.blend,
            }
            for cells in scene.cells
        ],
        "lines": [asdict(line) for line in scene.lines],
        "texts": [asdict(text) for text in scene.texts],
    }
    return json.dumps(plain) + "\n"


def _nearest(size: int, old_size: int) -> NDArray[np.int64]:
    """Which of the old places is nearest to each of the new ones, (size,)."""
    places: NDArray[np.int64] = (2 * np.arange(size) + 1) * old_size // (2 * size)
    return places


def _paint(cells: Cells, drawn: NDArray[np.uint8], scale: float) -> None:
    """Lay cells over what is drawn already (H, W, 3)."""
    rows, columns = (
        np.clip(np.floor(edges * scale + 0.5).astype(np.int64), 0, size)
        for edges, size in ((cells.rows, drawn.shape[0]), (cells.columns, drawn.shape[1]))
    )
    area = drawn[rows[0] : rows[-1], columns[0] : columns[-1]]
    ink, opacity = cells.colours[..., :3].astype(np.float32), cells.colours[..., 3:] / np.float32(255)

    def spread(values: NDArray[np.floating]) -> NDArray[np.floating]:
        return values.repeat(np.diff(rows), 0).repeat(np.diff(columns), 1)

    if cells.blend == "multiply":
        area[:] = np.round(area * spread(1 - opacity + opacity * ink / 255))
    else:
        area[:] = np.round(area * spread(1 - opacity) + spread(opacity * ink))


def _rects(cells: Cells) -> Iterator[str]:
    """The cells that can be seen, each as an element of an SVG picture."""
    heights, widths = np.diff(cells.rows), np.diff(cells.columns)
    for row, column in np.argwhere(cells.colours[..., 3]).tolist():
        red, green, blue, opacity = cells.colours[row, column].tolist()
        place = f'x="{_number(cells.columns[column])}" y="{_number(cells.rows[row])}"'
        size = f'width="{_number(widths[column])}" height="{_number(heights[row])}"'
        through = "" if opacity == 255 else f' fill-opacity="{opacity / 255:.3g}"'
        yield f'<rect {place} {size} fill="{_hex((red, green, blue))}"{through}/>'


def _png(picture: NDArray[np.uint8]) -> str:
    """(h, w, 3) as a PNG file in base64."""
    content = BytesIO()
    Image.fromarray(picture).save(content, "PNG")
    return b64encode(content.getvalue()).decode()


def _hex(colour: Colour) -> str:
    return f"#{bytes(colour).hex()}"


def _number(value: float) -> str:
    return f"{value:.10g}"


@cache
def _font(size: float) -> ImageFont.FreeTypeFont:
    import matplotlib

    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), size)
