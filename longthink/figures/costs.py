"""What it costs to solve a puzzle, against how large it is."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from longthink.base.fits import power_law
from longthink.figures._parts import entitle, legend, save, subplots


def cost_against_size(rows: pd.DataFrame, path: Path | str) -> Path:
    """Seconds to solve a puzzle against its positions, and iterations against the length of its path; log scales.

    Each problem has a line of panels. A point is a puzzle, and a line the power law through the points of a series,
    with its exponent in the legend.

    Args:
        rows: one for each series and puzzle: `problem`, `series`, `level`, `puzzle`, `positions`, `seconds`,
            `path_length` and `iterations`, which is not a number where the net was told how long to think.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> sizes = {"level": [32, 64], "positions": [32, 64], "path_length": [32, 64]}
    >>> costs = {"seconds": [0.1, 0.4], "iterations": [5, 10]}
    >>> rows = pd.DataFrame({"problem": "prefix_sums", "series": "net", "puzzle": 0, **sizes, **costs})
    >>> cost_against_size(rows, Path(tempfile.mkdtemp()) / "cost.png").name
    'cost.png'
    """
    problems = list(rows["problem"].unique())
    figure, axes = subplots(len(problems), 2, figsize=(10.4, 3.6 * len(problems)), squeeze=False)
    colours = {series: f"C{number}" for number, series in enumerate(rows["series"].unique())}
    for problem, (time, thought) in zip(problems, axes, strict=True):
        of_problem = rows[rows["problem"] == problem]
        for series, group in of_problem.groupby("series", sort=False):
            _power_law(time, group, "positions", "seconds", str(series), colours[series])
            settled = group.dropna(subset=["iterations"])
            if len(settled):
                _power_law(thought, settled, "path_length", "iterations", str(series), colours[series])
        name = str(problem).replace("_", " ")
        time.set(xlabel=f"positions ({name})", ylabel="seconds to solve a puzzle")
        thought.set(xlabel=f"length of the path ({name})", ylabel="iterations until nothing moves")
    for axis in axes.flat:
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.spines[["top", "right"]].set_visible(False)
        legend(axis, [axis], fontsize="small")
    entitle(figure, "what solving costs against size", rows, always="points: puzzles, lines: power laws with exponents")
    return save(figure, path)


def _power_law(axis: Axes, rows: pd.DataFrame, size: str, cost: str, name: str, colour: str) -> None:
    """Points, and the line through them."""
    exponent, error, factor, _ = power_law(rows[size], rows[cost])
    ends = np.array([rows[size].min(), rows[size].max()])
    certain = "" if np.isnan(error) else f" ± {error:.2f}"
    axis.plot(rows[size], rows[cost], "o", color=colour, ms=4)
    axis.plot(ends, factor * ends**exponent, color=colour, label=f"{name}: {exponent:.2f}{certain}")
