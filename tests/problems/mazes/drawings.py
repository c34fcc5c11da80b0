"""Pictures of mazes in the styles that people draw, scan and photograph, and of what is no maze on a grid."""

import math
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._cells import to_cells
from longthink.problems.mazes.problem import Mazes

Colour = tuple[int, int, int]
BLACK, WHITE, GREEN, RED = (0, 0, 0), (255, 255, 255), (0, 200, 0), (220, 0, 0)


@dataclass(frozen=True)
class Style:
    """How a maze is drawn, then scanned. Sizes in pixels before it is scaled, angles in degrees."""

    way: int = 8
    wall: int = 8
    border: int = 8
    margin: int = 0
    paper: Colour = WHITE
    ink: Colour = BLACK
    ends: tuple[Colour, Colour] | None = (GREEN, RED)
    """None: the ends are openings in the border."""
    dots: bool = False
    """Ends are dots in their cells, instead of whole cells."""
    in_border: bool = False
    """Ends are openings in the border that are painted."""
    scale: float = 1.0
    angle: float = 0.0
    blur: float = 0.0
    shadow: float = 0.0
    """How much of the light is lost at the darkest corner."""
    noise: float = 0.0
    """The standard deviation of what is added to each pixel, of 255."""
    jpeg: int | None = None


def square_maze(level: int, seed: int, openings: float = 0.0) -> np.ndarray:
    """Cells (level, level) with GREEN and RED ends, as the problem draws them."""
    return to_cells(Mazes(openings=openings).sample(level, 1, seed).x[0])


def with_openings(cells: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Ends moved to the edge: cells whose ends touch the border, and their frame's cells with an opening at each."""
    size = len(cells)
    cells = np.where(cells == kernels.WALL, kernels.WALL, kernels.OPEN).astype(np.uint8)
    ring = [(0, at, -1, 0) for at in range(0, size, 2)] + [(size - 1, at, 1, 0) for at in range(0, size, 2)]
    ring += [(at, 0, 0, -1) for at in range(0, size, 2)] + [(at, size - 1, 0, 1) for at in range(0, size, 2)]
    chosen = [ring[index] for index in rng.permutation(len(ring))]
    first, second = chosen[0], next(one for one in chosen if one[:2] != chosen[0][:2])
    framed = np.pad(cells, 1)
    cells[first[:2]], cells[second[:2]] = kernels.GREEN, kernels.RED
    framed[first[0] + 1 + first[2], first[1] + 1 + first[3]] = kernels.GREEN
    framed[second[0] + 1 + second[2], second[1] + 1 + second[3]] = kernels.RED
    return cells, framed


def drawn(cells: np.ndarray, style: Style, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A picture (H, W, 3) of a maze (rows, columns), and the cells that are to be found in it."""
    rng = np.random.default_rng(seed)
    if style.in_border or style.ends is None:
        cells, framed = with_openings(cells, rng)
    else:
        framed = np.pad(cells, 1)
    heights, widths = (
        [style.border, *[style.way, style.wall] * (size // 2), style.way, style.border] for size in cells.shape
    )
    is_wall = (framed == kernels.WALL).repeat(heights, 0).repeat(widths, 1)
    pixels = np.where(is_wall[..., None], style.ink, style.paper).astype(np.uint8)
    if style.ends is not None:
        y, x = np.mgrid[: sum(heights), : sum(widths)]
        for kind, colour in zip((kernels.GREEN, kernels.RED), style.ends, strict=True):
            row, column = np.argwhere(framed == kind)[0]
            top, left = sum(heights[:row]), sum(widths[:column])
            if style.dots:
                middle = top + heights[row] / 2 - 0.5, left + widths[column] / 2 - 0.5
                pixels[np.hypot(y - middle[0], x - middle[1]) < 0.3 * style.way] = colour
            else:
                pixels[top : top + heights[row], left : left + widths[column]] = colour
    margin = ((style.margin, style.margin), (style.margin, style.margin))
    channels = [np.pad(pixels[..., c], margin, constant_values=style.paper[c]) for c in range(3)]
    return scanned(np.stack(channels, -1), style, rng), cells


def scanned(pixels: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    """A picture scaled, turned, blurred, in a shadow, with noise, packed: what of these its style says."""
    image = Image.fromarray(pixels)
    if style.scale != 1:
        image = image.resize(
            (round(image.width * style.scale), round(image.height * style.scale)), Image.Resampling.BICUBIC
        )
    if style.angle:
        image = image.rotate(style.angle, Image.Resampling.BICUBIC, expand=True, fillcolor=style.paper)
    if style.blur:
        image = image.filter(ImageFilter.GaussianBlur(style.blur))
    values = np.asarray(image).astype(np.float64)
    if style.shadow:
        y, x = np.mgrid[: image.height, : image.width] / max(image.size)
        direction = rng.uniform(0, 2 * math.pi)
        along = x * math.cos(direction) + y * math.sin(direction)
        along = (along - along.min()) / (along.max() - along.min())
        values *= (1 - style.shadow * along)[..., None]
    if style.noise:
        values += rng.normal(0, style.noise, values.shape)
    pixels = values.clip(0, 255).round().astype(np.uint8)
    if style.jpeg is None:
        return pixels
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=style.jpeg)
    return np.asarray(Image.open(file).convert("RGB"))


# ------------------------------------------------------------------------------------- what is no maze on a grid


def _dots(pen: ImageDraw.ImageDraw, one: tuple[float, float], other: tuple[float, float], radius: float) -> None:
    for (x, y), colour in ((one, RED), (other, GREEN)):
        pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=colour)


def round_maze(seed: int, size: int = 300, rings: int = 7, line: int = 2) -> np.ndarray:
    """Rings with gaps and spokes between them."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (size, size), WHITE)
    pen = ImageDraw.Draw(image)
    step = (size - 20) / 2 / rings
    middle = size / 2
    for ring in range(1, rings + 1):
        gap = rng.uniform(0, 360)
        width = min(300, 60 * step / (ring * step) * 1.2)
        radius = ring * step
        pen.arc(
            [middle - radius, middle - radius, middle + radius, middle + radius], gap, gap + 360 - width, BLACK, line
        )
        for spoke in rng.uniform(0, 2 * math.pi, rng.integers(0, ring + 1)):
            near, far = radius - step, radius
            ends = [middle + r * f(spoke) for r in (near, far) for f in (math.cos, math.sin)]
            pen.line(ends, BLACK, line)
    _dots(pen, (middle, middle), (middle + (rings - 0.5) * step, middle), step / 4)
    return np.asarray(image)


def tiled_maze(
    seed: int, sides: int, size: int = 320, edge: float = 14, line: int = 2, kept: float = 0.6
) -> np.ndarray:
    """The edges of a tiling of hexagons (6) or triangles (3), a share of them drawn."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (size, size), WHITE)
    pen = ImageDraw.Draw(image)
    high = edge * math.sqrt(3) / 2
    edges = set()
    middles = []
    for row in range(1, int(size / high) - 1):
        for column in range(1, int(size / edge) - 1):
            x, y = (column + row % 2 / 2) * edge, row * high
            at = round(x, 3), round(y, 3)
            around = [
                (round(x + edge * math.cos(a * math.pi / 3), 3), round(y + edge * math.sin(a * math.pi / 3), 3))
                for a in range(6)
            ]
            middles.append(at)
            if sides == 3:
                edges |= {tuple(sorted((at, other))) for other in around}
            elif (column - row // 2 + 2 * row) % 3 == 0:
                edges |= {tuple(sorted((one, two))) for one, two in zip(around, around[1:] + around[:1], strict=True)}
    for one, two in sorted(edges):
        if rng.random() < kept:
            pen.line([*one, *two], BLACK, line)
    first, last = middles[len(middles) // 9], middles[-len(middles) // 7]
    _dots(pen, (first[0], first[1] + edge / 3), (last[0], last[1] + edge / 3), edge / 5)
    return np.asarray(image)


def noise(seed: int, size: int = 300, grain: int = 1, ends: bool = True) -> np.ndarray:
    """Grey grains, smooth where they are larger than a pixel, with two dots."""
    rng = np.random.default_rng(seed)
    grains = Image.fromarray(rng.integers(0, 256, (size // grain, size // grain), dtype=np.uint8))
    image = grains.resize((size, size), Image.Resampling.BICUBIC).convert("RGB")
    if ends:
        _dots(ImageDraw.Draw(image), (size / 5, size / 4), (size * 0.8, size * 0.7), size / 40)
    return np.asarray(image)


def text_page(seed: int, size: int = 320) -> np.ndarray:
    """Lines of letters with two dots."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (size, size), WHITE)
    pen = ImageDraw.Draw(image)
    for y in range(10, size - 20, 14):
        pen.text((10, y), "".join(chr(97 + code) if code < 26 else " " for code in rng.integers(0, 31, 45)), BLACK)
    _dots(pen, (20, 20), (size - 30, size - 40), 5)
    return np.asarray(image)
