"""What is dark, light and in colour in a picture, whether it is shadowed, and by what angle it is turned."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

COLOURFUL = 64
"""How much more red (green, ...) than anything else a pixel in colour is, of 255; how far it is from paper and ink."""
OVERSHOOT = 0.3
"""How much darker than ink and lighter than paper pixels may be, where pictures were packed or sharpened."""
TINGED = 40
"""How much more of one channel than of another paper or ink in colour has, of 255."""
MANY = 100_000
"""Pixels that tell a median."""
HUES = ("", "red", "green", "blue", "yellow", "magenta", "cyan")
"""By number; 0 is no colour."""
STEEPEST = 7.0
"""Degrees by which a picture may be turned."""
BLOCKS, LEAST_BLOCK = 16, 16
"""So many blocks along a side, of so many pixels at least, have a shade of their own."""
EDGES = 40_000
"""As many pixels beside an edge of a wall tell the angle."""


def lightness_and_hues(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Of a picture (H, W, 3): how light each pixel is (H, W), and its hue's number in HUES (H, W).

    Mazes are drawn in greys, or in two colours, one for paper and one for ink. What has neither's colour, nor a mixture
    of both, has a hue.
    """
    red, green, blue = (pixels[..., channel].astype(np.int16) for channel in range(3))
    lightest = np.maximum(np.maximum(red, green), blue)
    coloured = lightest - np.minimum(np.minimum(red, green), blue) > COLOURFUL
    lightness = lightest.astype(np.uint8)
    light = is_light(lightness, 0.5)
    if light.any() and not light.all():
        dark_one, light_one = (_median_colour(pixels, part) for part in (~light, light))
        if max(np.ptp(dark_one), np.ptp(light_one)) > TINGED:
            lightness, coloured = _between(pixels, dark_one, light_one)
    hues = np.zeros(coloured.shape, np.uint8)
    red, green, blue = red[coloured], green[coloured], blue[coloured]
    first = np.stack([red - np.maximum(green, blue), green - np.maximum(red, blue), blue - np.maximum(red, green)])
    mixed = np.stack([np.minimum(red, green) - blue, np.minimum(red, blue) - green, np.minimum(green, blue) - red])
    clear = first.max(0, initial=0) > COLOURFUL
    hues[coloured] = np.where(clear, 1 + first.argmax(0), 1 + np.concatenate([first, mixed]).argmax(0))
    return lightness, hues


def _median_colour(pixels: NDArray[np.uint8], part: NDArray[np.bool_]) -> NDArray[np.float32]:
    colours = pixels[part]
    median: NDArray[np.float32] = np.median(colours[:: 1 + len(colours) // MANY], 0).astype(np.float32)
    return median


def _between(
    pixels: NDArray[np.uint8], dark: NDArray[np.float32], light: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """How near each pixel (H, W) is to the lighter of two colours, 0 to 255, and which have the colour of neither."""
    way = light - dark
    at = (pixels - dark) @ (way / (way @ way))
    mixed = at.clip(-OVERSHOOT, 1 + OVERSHOOT)
    coloured = np.linalg.norm(pixels - dark - mixed[..., None] * way, axis=-1) > COLOURFUL
    return (255 * at.clip(0, 1)).astype(np.uint8), coloured


def is_light(lightness: NDArray[np.uint8], share: float) -> NDArray[np.bool_]:
    """Which pixels (H, W) are lighter than a share of the way from the darkest to the lightest."""
    darkest, lightest = int(lightness.min()), int(lightness.max())
    light: NDArray[np.bool_] = lightness > darkest + share * (lightest - darkest)
    return light


def evened(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture (H, W, 3) without shadows: as light everywhere as the lightest around it is made to be white."""
    height, width = pixels.shape[:2]
    side = max(LEAST_BLOCK, max(height, width) // BLOCKS)
    rows, columns = -(-height // side), -(-width // side)
    smooth = np.asarray(Image.fromarray(pixels).filter(ImageFilter.BoxBlur(1))).max(2)
    padded = np.pad(smooth, ((0, rows * side - height), (0, columns * side - width)), mode="edge")
    lightest = np.pad(padded.reshape(rows, side, columns, side).max((1, 3)), 1, mode="edge")
    lightest = np.maximum(np.maximum(lightest[:-2], lightest[1:-1]), lightest[2:])
    lightest = np.maximum(np.maximum(lightest[:, :-2], lightest[:, 1:-1]), lightest[:, 2:])
    shade = Image.fromarray(lightest.astype(np.float32)).resize(
        (columns * side, rows * side), Image.Resampling.BILINEAR
    )
    scale = 255 / np.maximum(np.asarray(shade)[:height, :width], 1)
    evenly_lit: NDArray[np.uint8] = np.minimum(pixels * scale[..., None], 255).astype(np.uint8)
    return evenly_lit


def turned(walls: NDArray[np.bool_]) -> float:
    """Degrees, counter-clockwise, by which the straight lines of walls (H, W) are turned, within STEEPEST; 0 if not.

    Seen along a line, its edge is in one place: that angle is taken at which the edges are in the fewest places.
    """
    down, across = np.argwhere(walls[1:] != walls[:-1]), np.argwhere(walls[:, 1:] != walls[:, :-1])
    pairs = [(down[:, 0], down[:, 1]), (across[:, 1], -across[:, 0])]
    pairs = [(at[:: 1 + len(at) // EDGES], along[:: 1 + len(at) // EDGES]) for at, along in pairs]

    def sharpness(degrees: float) -> float:
        sine, cosine = np.sin(np.deg2rad(degrees)), np.cos(np.deg2rad(degrees))
        total = 0.0
        for at, along in pairs:
            places = np.round(at * cosine + along * sine).astype(np.int64)
            total += float((np.bincount(places - places.min(initial=0)).astype(np.float64) ** 2).sum())
        return total

    best = 0.0
    for reach, step in ((STEEPEST, 0.25), (0.25, 0.05)):
        candidates = best + np.arange(-reach, reach + step / 2, step)
        scores = [sharpness(float(degrees)) for degrees in candidates]
        best = float(candidates[int(np.argmax(scores))])
    return best if abs(best) > 0.1 and sharpness(best) > 1.05 * sharpness(0) else 0.0
