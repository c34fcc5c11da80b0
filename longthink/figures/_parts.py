"""What all pictures share."""

from pathlib import Path
from typing import Any, Literal

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from longthink.base.errors import UserError
from longthink.base.files import atomic

REGIME_COLOUR = "#e6e6e6"
"""Of what is only there for comparison, like the iterations in training."""


def subplots(
    lines: int = 1,
    columns: int = 1,
    *,
    figsize: tuple[float, float],
    layout: Literal["constrained"] | None = "constrained",
    **options: Any,
) -> tuple[Figure, Any]:
    """A figure and its axes, as of pyplot, which is left alone: no window is opened, and no backend changed."""
    figure = Figure(figsize=figsize, layout=layout)
    FigureCanvasAgg(figure)
    return figure, figure.subplots(lines, columns, **options)


def save(figure: Figure, path: Path | str) -> Path:
    """Write a figure. Raises UserError for a kind of file that matplotlib does not write."""
    path = Path(path)
    kinds = figure.canvas.get_supported_filetypes()
    if path.suffix.lstrip(".") not in kinds:
        raise UserError(f"A picture cannot be written as '{path.name}'; end its name in one of {', '.join(kinds)}.")
    with atomic(path) as partial:
        figure.savefig(partial, dpi=150, format=path.suffix.lstrip("."))
    return path
