"""What all pictures share."""

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from longthink.errors import UserError
from longthink.files import atomic

plt.switch_backend("Agg")  # no window is ever opened
REGIME_COLOUR = "#e6e6e6"
"""Of what is only there for comparison, like the iterations in training."""


def save(figure: Figure, path: Path) -> Path:
    """Write and close a figure. Raises UserError for a kind of file that matplotlib does not write."""
    kinds = figure.canvas.get_supported_filetypes()
    if path.suffix.lstrip(".") not in kinds:
        plt.close(figure)
        raise UserError(f"A picture cannot be written as '{path.name}'; end its name in one of {', '.join(kinds)}.")
    with atomic(path) as partial:
        figure.savefig(partial, dpi=150, format=path.suffix.lstrip("."))
    plt.close(figure)
    return path
