"""Pictures from rows alone: no net, no torch."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from longthink.errors import UserError
from longthink.files import atomic

REGIME_COLOUR = "#e6e6e6"


def accuracy_over_iterations(rows: pd.DataFrame, path: Path) -> Path:
    """Share of puzzles solved against iterations (figures 4.1, 5.3), one line for each series, or else each level.

    `rows` are those of `compare`, or of `sweep`. With several series, every level has a panel of its own. Where there
    are several seeds, the line is their mean and the band one standard error. The training regime (column `regime`) is
    shaded.
    """
    several = "series" in rows and rows["series"].nunique() > 1
    by = "series" if several else "level"
    panels = [panel for _, panel in rows.groupby("level")] if several else [rows]
    size = (6.4, 3.8) if len(panels) == 1 else (4.6 * len(panels), 4.4)
    figure, axes = plt.subplots(1, len(panels), figsize=size, layout="constrained", sharey=True, squeeze=False)
    for axis, panel in zip(axes[0], panels, strict=True):
        _accuracy_panel(axis, panel, by)
        if len(panels) > 1:
            axis.set_title(f"level {panel['level'].iloc[0]}")
    axes[0, 0].set_ylabel("puzzles solved (%)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    if several:
        figure.legend(handles, labels, frameon=False, loc="outside lower center", ncols=3)
    else:
        axes[0, 0].legend(frameon=False, loc="center right")
    return _save(figure, path)


def _accuracy_panel(axis: Axes, rows: pd.DataFrame, by: str) -> None:
    for value, group in rows.groupby(by):
        by_iteration = group.groupby("iteration")["accuracy"]
        mean, error = by_iteration.mean() * 100, by_iteration.sem().fillna(0) * 100
        label = f"level {value}" if by == "level" else str(value)
        # A net of a fixed depth may have a single reading, which a line alone would not show.
        (line,) = axis.plot(mean.index, mean, label=label, marker="o" if len(mean) == 1 else None)
        axis.fill_between(mean.index, mean - error, mean + error, color=line.get_color(), alpha=0.2, lw=0)
    if "regime" in rows:
        axis.axvspan(0, rows["regime"].max(), color=REGIME_COLOUR, zorder=0, label="iterations in training")
    axis.set(xlabel="iterations at test time", ylim=(-2, 102), xlim=(0, rows["iteration"].max()))
    axis.spines[["top", "right"]].set_visible(False)


def confidence_over_iterations(rows: pd.DataFrame, path: Path) -> Path:
    """The probability of a 1 at each position after each iteration, between input and target (figure 4.2).

    `rows` are those of `trace`.
    """
    grid = rows.pivot(index="position", columns="iteration", values="probability")
    first = rows[rows["iteration"] == rows["iteration"].min()].sort_values("position")
    height = min(10.0, 1.2 + 0.12 * len(grid))
    figure, axes = plt.subplots(1, 3, figsize=(6.4, height), layout="constrained", sharey=True, width_ratios=[1, 12, 1])
    columns = [first[["input"]].to_numpy() + 0.5, grid.to_numpy(), first[["target"]].to_numpy()]
    for axis, values, name in zip(axes, columns, ("input", "iteration", "target"), strict=True):
        image = axis.imshow(values, aspect="auto", vmin=0, vmax=1, cmap="viridis", interpolation="nearest")
        axis.set_xlabel(name)
        axis.set_xticks([])
    iterations = grid.columns.to_numpy()
    ticks = range(0, len(iterations), max(1, len(iterations) // 10))
    axes[1].set_xticks(ticks, iterations[list(ticks)])
    axes[0].set_ylabel("position")
    figure.colorbar(image, ax=axes, label="probability of a 1", shrink=0.6)
    return _save(figure, path)


def _save(figure: Figure, path: Path) -> Path:
    kinds = figure.canvas.get_supported_filetypes()
    if path.suffix.lstrip(".") not in kinds:
        plt.close(figure)
        raise UserError(f"A picture cannot be written as '{path.name}'; end its name in one of {', '.join(kinds)}.")
    with atomic(path) as partial:
        figure.savefig(partial, dpi=150, format=path.suffix.lstrip("."))
    plt.close(figure)
    return path
