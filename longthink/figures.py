"""Pictures from rows alone: no net, no torch."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from longthink.errors import UserError
from longthink.files import atomic

REGIME_COLOUR = "#e6e6e6"


def accuracy_over_iterations(rows: pd.DataFrame, path: Path, title: str = "") -> Path:
    """Share of puzzles solved against iterations (figures 4.1, 5.3), one line for each series and level.

    `rows` are those of `compare`, or of `sweep`. Where there are several seeds, the line is their mean and the band one
    standard error. The training regime (column `regime`) is shaded.
    """
    figure, axes = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    keys = [key for key in ("series", "level") if key in rows and rows[key].nunique() > 1]
    for label, group in rows.groupby(keys) if keys else [((), rows)]:
        by_iteration = group.groupby("iteration")["accuracy"]
        mean, error = by_iteration.mean() * 100, by_iteration.sem().fillna(0) * 100
        (line,) = axes.plot(mean.index, mean, label=_label(keys, label))
        axes.fill_between(mean.index, mean - error, mean + error, color=line.get_color(), alpha=0.25, lw=0)
    if "regime" in rows:
        axes.axvspan(0, rows["regime"].max(), color=REGIME_COLOUR, zorder=0, label="iterations in training")
    axes.set(xlabel="iterations at test time", ylabel="puzzles solved (%)", title=title, ylim=(-2, 102))
    axes.set_xlim(0, rows["iteration"].max())
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, loc="center right")
    axes.spines[["top", "right"]].set_visible(False)
    return _save(figure, path)


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


def _label(keys: list[str], values: object) -> str | None:
    if not keys:
        return None
    parts = values if isinstance(values, tuple) else (values,)
    return ", ".join(f"level {part}" if key == "level" else str(part) for key, part in zip(keys, parts, strict=True))


def _save(figure: Figure, path: Path) -> Path:
    kinds = figure.canvas.get_supported_filetypes()
    if path.suffix.lstrip(".") not in kinds:
        plt.close(figure)
        raise UserError(f"A picture cannot be written as '{path.name}'; end its name in one of {', '.join(kinds)}.")
    with atomic(path) as partial:
        figure.savefig(partial, dpi=150, format=path.suffix.lstrip("."))
    plt.close(figure)
    return path
