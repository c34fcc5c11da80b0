"""What all pictures share."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from matplotlib.axes import Axes
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


def entitle(figure: Figure, what: str, rows: pd.DataFrame, over_seeds: str = "", always: str = "") -> None:
    """Say over a figure what it shows; in a second line, of how many puzzles and which seeds.

    Args:
        figure: to write over.
        what: it shows. Where all rows are of one series, its name comes before.
        rows: that are drawn: if they have the columns `puzzles` or `puzzle`, and `seed`, these are told.
        over_seeds: what lines and bands are, if there are several seeds.
        always: what else there is to say of lines and bands.
    """
    names = list(rows["series"].unique()) if "series" in rows else []
    title = f"{names[0]}: {what}" if len(names) == 1 else what[0].upper() + what[1:]
    told = [_puzzles(rows), _seeds(rows), over_seeds if _number_of(rows, "seed") > 1 else "", always]
    figure.suptitle(f"{title}\n{'; '.join(filter(None, told))}".strip(), fontsize="small")


def _number_of(rows: pd.DataFrame, column: str) -> int:
    return rows[column].nunique() if column in rows else 0


def _puzzles(rows: pd.DataFrame) -> str:
    if "puzzles" in rows:
        counts = sorted(int(count) for count in rows["puzzles"].dropna().unique())
    else:
        counts = [_number_of(rows, "puzzle")]
    if not counts or counts[-1] == 0:
        return ""
    least, most = counts[0], counts[-1]
    number = f"{most:,}" if least == most else f"{least:,} to {most:,}"
    return f"{number} puzzle{'s' if most > 1 else ''}{' of each level' if _number_of(rows, 'level') > 1 else ''}"


def _seeds(rows: pd.DataFrame) -> str:
    if _number_of(rows, "seed") == 0:
        return ""
    seeds = sorted(int(seed) for seed in rows["seed"].unique())
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    in_a_row = seeds == [*range(seeds[0], seeds[-1] + 1)]
    return f"{len(seeds)} seeds, {f'{seeds[0]} to {seeds[-1]}' if in_a_row else ', '.join(map(str, seeds))}"


def legend(of: Figure | Axes, axes: Iterable[Axes], **options: Any) -> None:
    """A legend with all that is labelled in any of some axes, each label once; none if there is nothing."""
    pairs = (axis.get_legend_handles_labels() for axis in axes)
    named = {label: handle for handles, labels in pairs for handle, label in zip(handles, labels, strict=True)}
    if named:
        of.legend(list(named.values()), list(named), frameon=False, **options)


def save(figure: Figure, path: Path | str) -> Path:
    """Write a figure. Raises UserError for a kind of file that matplotlib does not write."""
    path = Path(path)
    kinds = figure.canvas.get_supported_filetypes()
    if path.suffix.lstrip(".") not in kinds:
        raise UserError(f"A picture cannot be written as '{path.name}'; end its name in one of {', '.join(kinds)}.")
    with atomic(path) as partial:
        figure.savefig(partial, dpi=150, format=path.suffix.lstrip("."))
    return path
