"""Pictures of chapter 3: recurrent against feed-forward nets, and what their features are like."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from longthink.figures._parts import REGIME_COLOUR, entitle, legend, save, subplots


def accuracy_over_depth(rows: pd.DataFrame, path: Path | str) -> Path:
    """Share of puzzles solved against effective depth, mean over seeds and one standard error (figures 3.2 and 3.3).

    There is one line for each form, in a panel for each level. The difference of two forms is below, seed by seed:
    the mean and its standard error. Its title leaves out depths at which there is none with any seed: there both
    forms are the same net.

    Args:
        rows: those of an experiment whose series are called FORM, ...: `series`, `seed`, `level`, `regime`,
            `iteration` (that of `regime` counts), `depth`, `accuracy`; rows without these last two are left out.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> series = {"series": ["recurrent, 3", "recurrent, 4", "layered, 3", "layered, 4"], "depth": [3, 4, 3, 4]}
    >>> others = {"seed": 0, "level": 1, "regime": 1, "iteration": 1, "accuracy": [0.7, 0.8, 0.7, 0.9]}
    >>> accuracy_over_depth(pd.DataFrame({**series, **others}), Path(tempfile.mkdtemp()) / "depth.png").name
    'depth.png'
    """
    trained = rows[rows["iteration"] == rows["regime"]].dropna(subset=["depth", "accuracy"])
    trained = trained.assign(form=trained["series"].str.partition(",")[0])
    panels, forms = list(trained.groupby("level")), trained["form"].unique()
    depths = [set(trained.loc[trained["form"] == form, "depth"]) for form in forms]
    lines = 2 if len(forms) == 2 and depths[0] & depths[1] else 1
    figure, grid = subplots(
        lines,
        len(panels),
        figsize=(max(6.4, 4.6 * len(panels)), 2 + 1.9 * lines),
        sharex="col",
        sharey="row",
        squeeze=False,
        height_ratios=[2, 1][:lines],
    )
    for column, (level, panel) in zip(grid.T, panels, strict=True):
        for form in forms:
            by_depth = panel[panel["form"] == form].groupby("depth")["accuracy"]
            mean, error = by_depth.mean() * 100, by_depth.sem().fillna(0) * 100
            column[0].errorbar(mean.index, mean, error, marker="o", capsize=3, label=str(form))
        column[0].set_title(f"level {level}" if len(panels) > 1 else "", fontsize="medium")
        if lines == 2:
            values = panel.pivot_table(index=["depth", "seed"], columns="form", values="accuracy") * 100
            gap = (values[forms[0]] - values[forms[1]]).dropna()
            apart = gap[gap.ne(0).groupby("depth").transform("any")]
            by_depth = gap.groupby("depth")
            column[1].axhline(0, color=REGIME_COLOUR, zorder=0, label="no difference")
            column[1].errorbar(
                by_depth.mean().index,
                by_depth.mean(),
                by_depth.sem().fillna(0),
                marker="o",
                color="black",
                capsize=3,
                label="difference, one standard error",
            )
            told = f"{apart.mean():.2f} in the mean over depths and seeds" if len(apart) else "none"
            column[1].set_title(f"{forms[0]} less {forms[1]}: {told}", fontsize="small")
        column[-1].set_xlabel("effective depth")
        column[-1].set_xticks(sorted(panel["depth"].unique()))
        for axis in column:
            axis.spines[["top", "right"]].set_visible(False)
    grid[0][0].set_ylabel("solved (%)")
    legend(grid[0][0], grid[0])
    if lines == 2:
        grid[1][0].set_ylabel("points")
        legend(grid[1][0], grid[1], fontsize="x-small")
    entitle(
        figure, "puzzles solved by nets of each depth", trained, "points: mean over seeds, bars: one standard error"
    )
    return save(figure, path)


def probes_over_iterations(rows: pd.DataFrame, path: Path | str) -> Path:
    """What linear probes read off the features after each iteration, mean over seeds (tables 3.5 and 3.6).

    Dashed is the accuracy on what a probe was trained on.

    Args:
        rows: those of an experiment of probes: `series`, `iteration`, `accuracy`, `train_accuracy`; with `pool`, there
            is a panel for each grid that features are averaged to.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> rows = pd.DataFrame({"series": "net", "iteration": [1, 2], "accuracy": [0.6, 0.8], "train_accuracy": 0.9})
    >>> probes_over_iterations(rows, Path(tempfile.mkdtemp()) / "probes.png").name
    'probes.png'
    """
    panels = list(rows.groupby("pool", sort=False)) if "pool" in rows else [("", rows)]
    figure, axes = subplots(1, len(panels), figsize=(max(6.4, 4.6 * len(panels)), 3.8), sharey=True, squeeze=False)
    for axis, (pool, panel) in zip(axes[0], panels, strict=True):
        for series, group in panel.groupby("series", sort=False):
            means = group.groupby("iteration")[["accuracy", "train_accuracy"]].mean() * 100
            (line,) = axis.plot(means.index, means["accuracy"], marker="o", label=str(series))
            axis.plot(
                means.index,
                means["train_accuracy"],
                linestyle="--",
                color=line.get_color(),
                lw=1,
                label=f"{series}, on what the probe was trained on",
            )
        axis.set(xlabel="iteration, or block", title=f"averaged to {pool!s} x {pool!s}" if len(panels) > 1 else "")
        axis.set_xticks(sorted(panel["iteration"].unique()))
        axis.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel("classified by a linear probe (%)")
    legend(axes[0][0], axes[0], fontsize="small")
    entitle(figure, "what a linear probe reads off the features", rows, "lines: means over seeds")
    return save(figure, path)


def similarity_of_nets(rows: pd.DataFrame, path: Path | str) -> Path:
    """Linear CKA between the features of nets, mean over seeds (section 3.5.1).

    Args:
        rows: those of an experiment that compares nets: `series`, `other`, `cka`.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> rows = pd.DataFrame({"series": ["a", "a", "b", "b"], "other": ["a", "b"] * 2, "cka": [1.0, 0.5, 0.4, 1.0]})
    >>> similarity_of_nets(rows, Path(tempfile.mkdtemp()) / "similarity.png").name
    'similarity.png'
    """
    values = rows.groupby(["series", "other"], sort=False)["cka"].mean().unstack()
    values = values[[name for name in rows["series"].unique() if name in values]].loc[rows["series"].unique()]
    size = 1.8 + 0.55 * max(values.shape)
    figure, axis = subplots(figsize=(size + 1.6, size))
    image = axis.imshow(values, cmap="viridis")
    axis.set_xticks(range(values.shape[1]), values.columns, rotation=40, ha="right", fontsize="small")
    axis.set_yticks(range(values.shape[0]), values.index, fontsize="small")
    middle = (values.max().max() + values.min().min()) / 2
    for (down, across), value in np.ndenumerate(values.to_numpy()):
        colour = "white" if value < middle else "black"
        axis.text(across, down, f"{value:.2f}", ha="center", va="center", fontsize="x-small", color=colour)
    figure.colorbar(image, ax=axis, label="linear CKA", shrink=0.8)
    entitle(figure, "how alike features are", rows.drop(columns="series"), "means over seeds")
    return save(figure, path)


def activity_of_filters(rows: pd.DataFrame, path: Path | str) -> Path:
    """How active filters are in each iteration, compared with their most active one: deciles (figures 3.4 to 3.7).

    The line is the median, the bands are eight, six, four and two tenths of all pairs of puzzle and filter. There is a
    column of panels for each net, and a row for each evaluator.

    Args:
        rows: those of an experiment of reuse: `series`, `iteration`, `decile_1` to `decile_9`, and where there are
            several `evaluator`.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> deciles = {f"decile_{tenth}": tenth / 10 for tenth in range(1, 10)}
    >>> rows = pd.DataFrame({"series": "net", "iteration": [1, 2], **deciles})
    >>> activity_of_filters(rows, Path(tempfile.mkdtemp()) / "activity.png").name
    'activity.png'
    """
    rows = rows if "evaluator" in rows else rows.assign(evaluator="")
    names, evaluators = rows["series"].unique(), rows["evaluator"].unique()
    figure, axes = subplots(
        len(evaluators),
        len(names),
        figsize=(2.4 + 2.6 * len(names), 1.2 + 2.4 * len(evaluators)),
        sharey=True,
        squeeze=False,
    )
    for axis, (evaluator, name) in zip(axes.flat, product(evaluators, names), strict=True):
        panel = rows[(rows["series"] == name) & (rows["evaluator"] == evaluator)]
        deciles = panel.groupby("iteration")[[f"decile_{tenth}" for tenth in range(1, 10)]].mean() * 100
        for low in range(1, 5):
            below, above = deciles[f"decile_{low}"], deciles[f"decile_{10 - low}"]
            label = "8, 6, 4 and 2 tenths of all pairs" if low == 1 else None
            axis.fill_between(deciles.index, below, above, color="tab:orange", alpha=0.2, lw=0, label=label)
        axis.plot(deciles["decile_5"], color="black", marker="o", ms=4, label="median")
        axis.set(xlabel="iteration", ylim=(0, 102))
        axis.set_title(name if len(evaluators) == 1 else f"{name}, {evaluator}", fontsize="small")
        axis.set_xticks(deciles.index)
        axis.spines[["top", "right"]].set_visible(False)
    for row in axes:
        row[0].set_ylabel("activity (% of the most)")
    legend(axes[0][0], axes[0], fontsize="x-small")
    entitle(figure, "how active filters are in each iteration", rows, "means over seeds")
    return save(figure, path)


def pictures_of_features(rows: pd.DataFrame, path: Path | str) -> Path:
    """What filters are looking for after each iteration, of the first seed (figures 3.8 to 3.11).

    There is one line for each net and filter.

    Args:
        rows: the pixels of an experiment of feature pictures: `series`, `seed`, `filter`, `iteration`, `y`, `x`, `red`,
            `green`, `blue`.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> pixel = {"series": "net", "seed": 0, "filter": 5, "iteration": [1, 2], "y": 0, "x": 0}
    >>> rows = pd.DataFrame({**pixel, "red": 255, "green": 0, "blue": 0})
    >>> pictures_of_features(rows, Path(tempfile.mkdtemp()) / "features.png").name
    'features.png'
    """
    rows = rows[rows["seed"] == rows["seed"].min()]
    lines = list(rows.groupby(["series", "filter"], sort=False))
    columns = sorted(rows["iteration"].unique())
    figure, axes = subplots(
        len(lines),
        len(columns),
        figsize=(1.3 * len(columns) + 0.7, 1.3 * len(lines) + 0.7),
        layout=None,
        squeeze=False,
    )
    for row, ((series, unit), some) in zip(axes, lines, strict=True):
        for axis, iteration in zip(row, columns, strict=True):
            axis.set_xticks([])
            axis.set_yticks([])
            one = some[some["iteration"] == iteration]
            if one.empty:
                axis.set_visible(False)
                continue
            pixels = np.zeros((one["y"].max() + 1, one["x"].max() + 1, 3), np.uint8)
            pixels[one["y"], one["x"]] = one[["red", "green", "blue"]]
            axis.imshow(pixels, interpolation="nearest")
        row[0].set_ylabel(f"{series}\nfilter {unit}", fontsize=7)
    for axis, iteration in zip(axes[0], columns, strict=True):
        axis.set_title(f"iteration {iteration}", fontsize=8)
    entitle(figure, "what filters are looking for", rows)
    figure.subplots_adjust(
        wspace=0.04,
        hspace=0.04,
        left=0.6 / (1.3 * len(columns) + 0.7),
        right=0.99,
        top=1 - 0.7 / (1.3 * len(lines) + 0.7),
        bottom=0.01,
    )
    return save(figure, path)
