"""Pictures and films of puzzles and answers."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from longthink.base.errors import UserError
from longthink.base.files import atomic
from longthink.figures.scene import Scene, as_json, pixels, svg

PICTURES = {".png": "PNG", ".jpg": "JPEG", ".svg": "SVG", ".json": "JSON"}
DRAWN = {kind: PICTURES[kind] for kind in (".png", ".jpg", ".svg")}
"""What several pictures side by side, or a diagram, are written as."""
FILMS = {".webp": "WEBP", ".gif": "GIF", ".mp4": "mp4"}
LAST_FRAME = 2000
"""Milliseconds that a film stands still at its end."""


def picture(scene: Scene, path: Path | str) -> Path:
    """A scene as an image file, or its parts as JSON. Raises UserError for a kind that is not one of PICTURES."""
    path = Path(path)
    if path.suffix not in PICTURES:
        raise UserError(f"A picture is written as one of {', '.join(PICTURES)}, not as '{path.suffix}'.")
    with atomic(path) as partial:
        if path.suffix == ".svg":
            partial.write_text(svg(scene), encoding="utf-8")
        elif path.suffix == ".json":
            partial.write_text(as_json(scene), encoding="utf-8")
        else:
            Image.fromarray(pixels(scene)).save(partial, format=PICTURES[path.suffix])
    return path


def strip(scenes: Mapping[str, Scene], path: Path | str) -> Path:
    """Scenes side by side, each under its title (figure 4.4)."""
    from longthink.figures._parts import save, subplots

    figure, axes = subplots(1, len(scenes), figsize=(2 * len(scenes), 2.3), squeeze=False)
    for axis, (title, scene) in zip(axes[0], scenes.items(), strict=True):
        axis.imshow(pixels(scene), interpolation="nearest")
        axis.set_title(title, fontsize=9)
        axis.set_axis_off()
    return save(figure, path)


def film(scenes: Sequence[Scene], path: Path | str, seconds: float = 6.0) -> Path:
    """Scenes of one size as an animation; the last one stands still for a while.

    Args:
        scenes: one for each frame.
        path: of the film, which ends in one of FILMS.
        seconds: how long it lasts, as far as a frame takes neither less than 20 nor more than 400 milliseconds.

    Returns:
        The path.

    Raises:
        UserError: a kind that is not one of FILMS, .mp4 without PyAV.

    >>> import tempfile
    >>> film([Scene.of_shares(np.array([[share]])) for share in (0.0, 1.0)], Path(tempfile.mkdtemp()) / "a.gif").name
    'a.gif'
    """
    path = Path(path)
    if path.suffix not in FILMS:
        raise UserError(f"A film is written as one of {', '.join(FILMS)}, not as '{path.suffix}'.")
    frames = [pixels(scene) for scene in scenes]
    duration = max(20, min(400, round(1000 * seconds / len(frames))))
    with atomic(path) as partial:
        if path.suffix == ".mp4":
            _write_mp4(frames, partial, duration)
        else:
            first, *others = map(Image.fromarray, frames)
            durations = [duration] * len(others) + [LAST_FRAME]
            options = {"lossless": True} if path.suffix == ".webp" else {}
            first.save(
                partial,
                format=FILMS[path.suffix],
                save_all=True,
                append_images=others,
                duration=durations,
                loop=0,
                **options,
            )
    return path


def _write_mp4(frames: Sequence[NDArray[np.uint8]], path: Path, duration: int) -> None:
    try:
        import av
    except ImportError as error:
        raise UserError("Films in .mp4 need PyAV: pip install 'longthink[film]'. Without it, take .webp.") from error
    height, width = (size + size % 2 for size in frames[0].shape[:2])
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(1000, duration), options={"crf": "18"})
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        for frame in [*frames, *[frames[-1]] * (LAST_FRAME // duration)]:
            even = np.pad(frame, ((0, height - frame.shape[0]), (0, width - frame.shape[1]), (0, 0)), mode="edge")
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        container.mux(stream.encode())
