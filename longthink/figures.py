"""Pictures from rows alone: no net, no torch."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from longthink.errors import UserError
from longthink.files import atomic

PICTURES = {".png": "PNG", ".jpg": "JPEG"}
FILMS = {".webp": "WEBP", ".gif": "GIF", ".mp4": "mp4"}
LAST_FRAME = 2000
"""Milliseconds that a film stands still at its end."""
LEARNED = 0.99
"""The share of the power from which a net has learned a group."""
LEAST_LEFT = 1e-6
"""A share of the power that is as good as none."""
REGIME_COLOUR = "#e6e6e6"
STYLES = cycler(linestyle=["-", "--", ":"]) * cycler(color=matplotlib.color_sequences["tab10"])
"""Ten colours, then the same ones dashed, then dotted."""


def accuracy_over_iterations(rows: pd.DataFrame, path: Path) -> Path:
    """Share of puzzles solved against iterations; the line is the mean over seeds, the band one standard error.

    As figures 4.1, 5.3 and 5.9: one line for each series, or else each level. `rows` are those of `compare`, of `sweep`
    or of an experiment. With several series, every level (or reading) has a panel of its own. The training regime
    (column `regime`) is shaded.
    """
    figure, axes = _panels(rows, "accuracy", 100)
    for axis in axes:
        axis.set_ylim(-2, 102)
    axes[0].set_ylabel("puzzles solved (%)")
    return _save(figure, path)


def change_over_iterations(rows: pd.DataFrame, path: Path) -> Path:
    """Change of the state |s' - s| against iterations, mean over seeds (figures 5.8, 5.12 and 5.15).

    `rows` are those of an experiment.
    """
    figure, axes = _panels(rows, "change", 1)
    for axis in axes:
        axis.set_yscale("log")
    axes[0].set_ylabel("change of the state")
    return _save(figure, path)


def recovery_by_index(rows: pd.DataFrame, path: Path) -> Path:
    """Iterations that a net needs to recover from a flipped bit, against its index (figure 5.8).

    `rows` are those of an experiment whose readings flip bits. Nets that never recover have no point.
    """
    figure, axis = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    for series, group in rows.groupby("series"):
        by_index = group.groupby(["index", "seed"])["recovered"].first().groupby("index")
        axis.errorbar(by_index.mean().index, by_index.mean(), by_index.sem().fillna(0), marker="o", label=str(series))
    axis.set(xlabel="index of the flipped bit", ylabel="iterations to recover", ylim=(0, None))
    axis.legend(frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    return _save(figure, path)


def iterations_by_level(rows: pd.DataFrame, path: Path, solved: float = 0.99) -> Path:
    """Iterations until 0.99 of the puzzles are solved, against the level, for each seed that gets there; log scales.

    `rows` are those of an experiment; `solved` is another share. The line joins the medians over seeds.
    """
    figure, axis = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    axis.set_xscale("log", base=2)
    axis.set_yscale("log", base=2)
    axis.set(xlim=(rows["level"].min() / 1.2, rows["level"].max() * 1.2), ylim=(1, rows["iteration"].max() * 1.2))
    for series, group in rows.groupby("series", sort=False):
        reached = group[group["accuracy"] >= solved].groupby(["level", "seed"])["iteration"].min().reset_index()
        (line,) = axis.plot(reached.groupby("level")["iteration"].median(), label=str(series))
        axis.plot(reached["level"], reached["iteration"], "o", color=line.get_color(), ms=4)
    axis.set(xlabel="level", ylabel="iterations")
    axis.legend(frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    return _save(figure, path)


def iterations_by_form(rows: pd.DataFrame, path: Path) -> Path:
    """Iterations until 0.99 of the puzzles are solved against the level, where each level has a net of its own.

    `rows` are those of an experiment whose series are called FORM, ...: one line for each form.
    """
    return iterations_by_level(rows.assign(series=rows["series"].str.partition(",")[0]), path)


def accuracy_over_depth(rows: pd.DataFrame, path: Path) -> Path:
    """Share of puzzles solved against effective depth, mean over seeds and one standard error (figures 3.2 and 3.3).

    `rows` are those of an experiment whose series are called FORM, ...: one line for each form, in a panel for each
    reading. The difference of two forms is below, seed by seed: the mean and one standard deviation. Its title leaves
    out depths at which there is none with any seed: there both forms are the same net.
    """
    trained = rows[rows["iteration"] == rows["regime"]]
    trained = trained.assign(form=trained["series"].str.partition(",")[0])
    panels, forms = list(trained.groupby("reading", sort=False)), trained["form"].unique()
    depths = [set(trained.loc[trained["form"] == form, "depth"]) for form in forms]
    lines = 2 if len(forms) == 2 and depths[0] & depths[1] else 1
    figure, grid = plt.subplots(
        lines,
        len(panels),
        figsize=(max(6.4, 4.6 * len(panels)), 2 + 1.9 * lines),
        layout="constrained",
        sharex="col",
        sharey="row",
        squeeze=False,
        height_ratios=[2, 1][:lines],
    )
    for column, (name, panel) in zip(grid.T, panels, strict=True):
        for form in forms:
            by_depth = panel[panel["form"] == form].groupby("depth")["accuracy"]
            mean, error = by_depth.mean() * 100, by_depth.sem().fillna(0) * 100
            column[0].errorbar(mean.index, mean, error, marker="o", capsize=3, label=str(form))
        column[0].set_title(str(name) if len(panels) > 1 else "", fontsize="medium")
        if lines == 2:
            values = panel.pivot_table(index=["depth", "seed"], columns="form", values="accuracy") * 100
            gap = (values[forms[0]] - values[forms[1]]).dropna()
            apart = gap[gap.ne(0).groupby("depth").transform("any")]
            by_depth = gap.groupby("depth")
            column[1].axhline(0, color=REGIME_COLOUR, zorder=0)
            column[1].errorbar(
                by_depth.mean().index, by_depth.mean(), by_depth.std().fillna(0), marker="o", color="black", capsize=3
            )
            told = f"{apart.mean():.2f} ± {apart.std():.2f} over depths and seeds" if len(apart) else "none"
            column[1].set_title(f"{forms[0]} less {forms[1]}: {told}", fontsize="small")
        column[-1].set_xlabel("effective depth")
        column[-1].set_xticks(sorted(panel["depth"].unique()))
        for axis in column:
            axis.spines[["top", "right"]].set_visible(False)
    grid[0][0].set_ylabel("solved (%)")
    grid[0][0].legend(frameon=False)
    if lines == 2:
        grid[1][0].set_ylabel("points")
    return _save(figure, path)


def probes_over_iterations(rows: pd.DataFrame, path: Path) -> Path:
    """What linear probes read off the features after each iteration, mean over seeds (tables 3.5 and 3.6).

    `rows` are those of an experiment of probes. Dashed: accuracy on what a probe was trained on. A panel for each grid
    that features are averaged to (column `pool`).
    """
    panels = list(rows.groupby("pool", sort=False)) if "pool" in rows else [("", rows)]
    figure, axes = plt.subplots(
        1, len(panels), figsize=(max(6.4, 4.6 * len(panels)), 3.8), layout="constrained", sharey=True, squeeze=False
    )
    for axis, (pool, panel) in zip(axes[0], panels, strict=True):
        for series, group in panel.groupby("series", sort=False):
            means = group.groupby("iteration")[["accuracy", "train_accuracy"]].mean() * 100
            (line,) = axis.plot(means.index, means["accuracy"], marker="o", label=str(series))
            axis.plot(means.index, means["train_accuracy"], linestyle="--", color=line.get_color(), lw=1)
        axis.set(xlabel="iteration, or block", title=f"averaged to {pool!s} x {pool!s}" if len(panels) > 1 else "")
        axis.set_xticks(sorted(panel["iteration"].unique()))
        axis.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel("classified by a linear probe (%)")
    axes[0][0].legend(frameon=False)
    return _save(figure, path)


def similarity_of_nets(rows: pd.DataFrame, path: Path) -> Path:
    """Linear CKA between the features of nets, mean over seeds (section 3.5.1). `rows` are those of an experiment."""
    values = rows.groupby(["series", "other"], sort=False)["cka"].mean().unstack()
    values = values[[name for name in rows["series"].unique() if name in values]].loc[rows["series"].unique()]
    size = 1.8 + 0.55 * max(values.shape)
    figure, axis = plt.subplots(figsize=(size + 1.6, size), layout="constrained")
    image = axis.imshow(values, cmap="viridis")
    axis.set_xticks(range(values.shape[1]), values.columns, rotation=40, ha="right", fontsize="small")
    axis.set_yticks(range(values.shape[0]), values.index, fontsize="small")
    middle = (values.max().max() + values.min().min()) / 2
    for (down, across), value in np.ndenumerate(values.to_numpy()):
        colour = "white" if value < middle else "black"
        axis.text(across, down, f"{value:.2f}", ha="center", va="center", fontsize="x-small", color=colour)
    figure.colorbar(image, ax=axis, label="linear CKA", shrink=0.8)
    return _save(figure, path)


def staircases(rows: pd.DataFrame, path: Path) -> Path:
    """Loss of two-layer nets while they learn a group, each seed, and where plateaus are predicted (dashed).

    `rows` are those of an experiment; below, of the first seed, the share of each irrep that is learned.
    """
    panels = list(rows.groupby("series", sort=False))
    figure, grid = plt.subplots(
        2, len(panels), figsize=(1 + 2.9 * len(panels), 5), layout="constrained", sharex="col", squeeze=False
    )
    for (above, below), (name, panel) in zip(grid.T, panels, strict=True):
        for _, run in panel.groupby("seed"):
            above.plot(run["iteration"], run["loss"], lw=1)
        first = panel[panel["seed"] == panel["seed"].min()]
        for height in first["plateaus"].iloc[0].split():
            above.axhline(float(height), color=REGIME_COLOUR, ls="--", lw=0.8, zorder=0)
        learned = first.filter(regex="^learned ").dropna(axis=1)
        for column in learned:
            below.plot(first["iteration"], learned[column] * 100, lw=1, label=column.removeprefix("learned "))
        above.set_title(str(name), fontsize="medium")
        below.set(xlabel="step")
        below.legend(frameon=False, fontsize="x-small", ncols=2)
        for axis in (above, below):
            axis.spines[["top", "right"]].set_visible(False)
    grid[0][0].set_ylabel("loss")
    grid[1][0].set_ylabel("learned (% of power)")
    return _save(figure, path)


def width_to_learn(rows: pd.DataFrame, path: Path) -> Path:
    """What a two-layer net leaves unlearned of a group against its width, in units of 2^(k - 1) |G|, for each length k.

    `rows` are those of an experiment that reads `Learned`; a panel for each group, the mean over seeds and every seed.
    Where the theory holds, the lines for all k are one.
    """
    groups = list(rows.groupby("group", sort=False))
    figure, axes = plt.subplots(
        1, len(groups), figsize=(1.4 + 3.4 * len(groups), 3.6), layout="constrained", sharey=True, squeeze=False
    )
    for axis, (name, panel) in zip(axes[0], groups, strict=True):
        for k, some in panel.groupby("level"):
            neurons = 2.0 ** (some["level"] - 1) * some["order"]
            units = some.assign(unit=some["width"] / neurons, left=(1 - some["learned"]).clip(lower=LEAST_LEFT))
            (line,) = axis.plot(units.groupby("unit")["left"].mean(), label=f"k = {k}")
            axis.plot(units["unit"], units["left"], "o", ms=3, color=line.get_color())
        axis.set(xscale="log", yscale="log", title=str(name), xlabel="width / (2$^{k-1}$ |G|)")
        axis.axhline(1 - LEARNED, color=REGIME_COLOUR, zorder=0)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel("share of the power not learned")
    axes[0][0].legend(frameon=False)
    return _save(figure, path)


def activity_of_filters(rows: pd.DataFrame, path: Path) -> Path:
    """How active filters are in each iteration, compared with their most active one: deciles (figures 3.4 to 3.7).

    `rows` are those of an experiment of reuse. The line is the median, the bands are eight, six, four and two tenths of
    all pairs of puzzle and filter.
    """
    panels = list(rows.groupby("series", sort=False))
    figure, axes = plt.subplots(
        1, len(panels), figsize=(2.4 + 2.6 * len(panels), 3.6), layout="constrained", sharey=True, squeeze=False
    )
    for axis, (name, panel) in zip(axes[0], panels, strict=True):
        deciles = panel.groupby("iteration")[[f"decile_{tenth}" for tenth in range(1, 10)]].mean() * 100
        for low in range(1, 5):
            below, above = deciles[f"decile_{low}"], deciles[f"decile_{10 - low}"]
            axis.fill_between(deciles.index, below, above, color="tab:orange", alpha=0.2, lw=0)
        axis.plot(deciles["decile_5"], color="black", marker="o", ms=4)
        axis.set(xlabel="iteration", ylim=(0, 102))
        axis.set_title(str(name), fontsize="medium")
        axis.set_xticks(deciles.index)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel("activity (% of the most)")
    return _save(figure, path)


def pictures_of_features(rows: pd.DataFrame, path: Path) -> Path:
    """What filters are looking for after each iteration, of the first seed (figures 3.8 to 3.11).

    `rows` are the pixels of an experiment of feature pictures. One line for each net and filter.
    """
    rows = rows[rows["seed"] == rows["seed"].min()]
    lines = list(rows.groupby(["series", "filter"], sort=False))
    columns = sorted(rows["iteration"].unique())
    figure, axes = plt.subplots(
        len(lines), len(columns), figsize=(1.3 * len(columns) + 0.7, 1.3 * len(lines) + 0.3), squeeze=False
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
    figure.subplots_adjust(
        wspace=0.04,
        hspace=0.04,
        left=0.6 / (1.3 * len(columns) + 0.7),
        right=0.99,
        top=1 - 0.3 / (1.3 * len(lines) + 0.3),
        bottom=0.01,
    )
    return _save(figure, path)


def _panels(rows: pd.DataFrame, value: str, factor: float) -> tuple[Figure, list[Axes]]:
    """A value against iterations: with several series a panel for each reading, else one line for each level."""
    several = "series" in rows and rows["series"].nunique() > 1
    by, panel_by = ("series" if several else "level"), ("reading" if "reading" in rows else "level")
    panels = list(rows.groupby(panel_by, sort=False)) if several else [("", rows)]
    columns = 2 if len(panels) == 4 else min(3, len(panels))
    lines = -(-len(panels) // columns)
    size = (6.4, 3.8) if len(panels) == 1 else (4.6 * columns, 3.8 * lines + 0.6)
    figure, grid = plt.subplots(lines, columns, figsize=size, layout="constrained", sharey=True, squeeze=False)
    axes = list(grid.flat)
    for spare in axes[len(panels) :]:
        spare.remove()
    axes = axes[: len(panels)]
    for axis, (name, panel) in zip(axes, panels, strict=True):
        _panel(axis, panel, by, value, factor)
        if len(panels) > 1:
            axis.set_title(str(name) if panel_by == "reading" else "level " + str(name), fontsize="medium")
    handles, labels = axes[0].get_legend_handles_labels()
    if several:
        figure.legend(handles, labels, frameon=False, loc="outside lower center", ncols=3)
    else:
        axes[0].legend(frameon=False, loc="best")
    return figure, axes


def _panel(axis: Axes, rows: pd.DataFrame, by: str, value: str, factor: float) -> None:
    axis.set_prop_cycle(STYLES)
    for name, group in rows.groupby(by, sort=by == "level"):
        by_iteration = group.groupby("iteration")[value]
        mean, error = by_iteration.mean() * factor, by_iteration.sem().fillna(0) * factor
        label = "level " + str(name) if by == "level" else str(name)
        # A net of a fixed depth may have a single reading, which a line alone would not show.
        (line,) = axis.plot(mean.index, mean, label=label, marker="o" if len(mean) == 1 else None)
        axis.fill_between(mean.index, mean - error, mean + error, color=line.get_color(), alpha=0.2, lw=0)
    if "regime" in rows:
        thinks = rows.groupby(by)["iteration"].transform("nunique") > 1  # and is no net of a fixed depth
        longest = rows.loc[thinks if thinks.any() else slice(None), "regime"].max()
        axis.axvspan(0, longest, color=REGIME_COLOUR, zorder=0, label="iterations in training")
    axis.set(xlabel="iterations at test time", xlim=(0, rows["iteration"].max()))
    axis.spines[["top", "right"]].set_visible(False)


def confidence_over_iterations(rows: pd.DataFrame, path: Path) -> Path:
    """The probability of a 1 at each position after each iteration, between input and target (figure 4.2).

    With more than two classes it is the probability of the target, and symbols have a colour each. `rows` are those of
    `trace`.
    """
    grid = rows.pivot(index="position", columns="iteration", values="probability")
    first = rows[rows["iteration"] == rows["iteration"].min()].sort_values("position")
    height = min(10.0, 1.2 + 0.12 * len(grid))
    figure, axes = plt.subplots(1, 3, figsize=(6.4, height), layout="constrained", sharey=True, width_ratios=[1, 12, 1])
    classes = first["classes"].iloc[0]
    several = classes > 2
    likely: dict[str, Any] = {"vmin": 0, "vmax": 1, "cmap": "viridis"}
    symbols: dict[str, Any] = {"vmin": 0, "vmax": classes, "cmap": "hsv"} if several else likely
    given = first[["input"]].to_numpy() + (0 if several else 0.5)
    columns = (given, symbols), (grid.to_numpy(), likely), (first[["target"]].to_numpy(), symbols)
    for axis, (values, colours), name in zip(axes, columns, ("input", "iteration", "target"), strict=True):
        axis.imshow(values, aspect="auto", interpolation="nearest", **colours)
        axis.set_xlabel(name)
        axis.set_xticks([])
    iterations = grid.columns.to_numpy()
    ticks = range(0, len(iterations), max(1, len(iterations) // 10))
    axes[1].set_xticks(ticks, iterations[list(ticks)])
    axes[0].set_ylabel("position")
    label = "probability of the target" if several else "probability of a 1"
    figure.colorbar(axes[1].images[0], ax=axes, label=label, shrink=0.6)
    return _save(figure, path)


def cost_of_thinking(rows: pd.DataFrame, path: Path) -> Path:
    """What solving costs: the iteration of a net's last decision, and the rounds of known algorithms, for each puzzle.

    `rows` are those of `decisions`. Left: against the rounds of the first algorithm, which for mazes is the length of
    the path. Right: how well the order of the net's decisions agrees with each algorithm's, sorted; with the share of
    puzzles on which it agrees with that one best.
    """
    names = [str(name).removesuffix("_agreement") for name in rows.columns if str(name).endswith("_agreement")]
    figure, (cost, order) = plt.subplots(1, 2, figsize=(9.2, 3.8), layout="constrained")
    first = names[0]
    for solved, marker in ((True, "o"), (False, "x")):
        some = rows[rows["solved"] == solved]
        label = "the net" if solved else "the net, unsolved"
        if len(some):
            cost.scatter(some[first], some["decided"], s=14, marker=marker, label=label, color="black", zorder=3)
    for name in names:
        sizes = rows.sort_values(first)
        cost.scatter(sizes[first], sizes[name], s=8, label=name.replace("_", " "))
    cost.set(
        xlabel=f"rounds of {first.replace('_', ' ')}", ylabel="rounds, or iterations", ylim=(0, None), xlim=(0, None)
    )
    cost.legend(frameon=False)
    agreements = rows[[f"{name}_agreement" for name in names]]
    best = agreements.fillna(-1).to_numpy().argmax(1)
    for index, name in enumerate(names):
        share = (best == index).mean()
        values = agreements.iloc[:, index].sort_values().to_numpy()
        label = f"{name.replace('_', ' ')} (best on {share:.0%})"
        order.plot((np.arange(len(values)) + 0.5) / len(values) * 100, values, label=label)
    order.set(xlabel="puzzles, sorted (%)", ylabel="rank correlation with the net's decisions", ylim=(-1.02, 1.02))
    order.legend(frameon=False, loc="lower right")
    for axis in (cost, order):
        axis.spines[["top", "right"]].set_visible(False)
    return _save(figure, path)


def perturbed(rows: pd.DataFrame, path: Path) -> Path:
    """Puzzles solved and change of the state against iterations, with and without a perturbation (figures 5.8 to 5.14).

    `rows` are those of `dynamics.perturb`; several levels are told apart by the style of the line.
    """
    figure, (solved, change) = plt.subplots(1, 2, figsize=(9.2, 3.8), layout="constrained")
    for index, (level, of_level) in enumerate(rows.groupby("level")):
        for name, group in of_level.groupby("perturbation", sort=False):
            by_iteration = group.groupby("iteration")
            style = {"linestyle": ("-", "--", ":", "-.")[index % 4], "color": "black" if name == "none" else "tab:red"}
            label = f"{'undisturbed' if name == 'none' else str(name).replace('_', ' ')}, level {level}"
            solved.plot(by_iteration["solved"].mean() * 100, label=label, **style)
            change.plot(by_iteration["change"].mean(), **style)
    solved.set(ylabel="puzzles solved (%)", ylim=(-2, 102))
    change.set(ylabel="change of the state, |s' - s|", yscale="log")
    for axis in (solved, change):
        axis.axvline(rows["at"].max(), color=REGIME_COLOUR, zorder=0)
        axis.set(xlabel="iterations", xlim=(0, rows["iteration"].max()))
        axis.spines[["top", "right"]].set_visible(False)
    solved.legend(frameon=False, loc="lower right")
    return _save(figure, path)


def picture(pixels: NDArray[np.uint8], path: Path) -> Path:
    """An RGB array (height, width, 3) as an image file. Raises UserError for a kind that is not one of PICTURES."""
    if path.suffix not in PICTURES:
        raise UserError(f"A picture is written as one of {', '.join(PICTURES)}, not as '{path.suffix}'.")
    with atomic(path) as partial:
        Image.fromarray(pixels).save(partial, format=PICTURES[path.suffix])
    return path


def strip(pictures: Mapping[str, NDArray[np.uint8]], path: Path) -> Path:
    """Pictures (height, width, 3) side by side, each under its title (figure 4.4)."""
    figure, axes = plt.subplots(1, len(pictures), figsize=(2 * len(pictures), 2.3), layout="constrained", squeeze=False)
    for axis, (title, pixels) in zip(axes[0], pictures.items(), strict=True):
        axis.imshow(pixels, interpolation="nearest")
        axis.set_title(title, fontsize=9)
        axis.set_axis_off()
    return _save(figure, path)


def film(frames: Sequence[NDArray[np.uint8]], path: Path, seconds: float = 6.0) -> Path:
    """RGB arrays of one size as an animation; the last one stands still for a while.

    Raises UserError for a kind that is not one of FILMS, and for .mp4 without PyAV.
    """
    if path.suffix not in FILMS:
        raise UserError(f"A film is written as one of {', '.join(FILMS)}, not as '{path.suffix}'.")
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


def _save(figure: Figure, path: Path) -> Path:
    kinds = figure.canvas.get_supported_filetypes()
    if path.suffix.lstrip(".") not in kinds:
        plt.close(figure)
        raise UserError(f"A picture cannot be written as '{path.name}'; end its name in one of {', '.join(kinds)}.")
    with atomic(path) as partial:
        figure.savefig(partial, dpi=150, format=path.suffix.lstrip("."))
    plt.close(figure)
    return path
