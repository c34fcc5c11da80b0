"""Pictures of two-layer nets that learn a group."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from longthink.base.fits import exponential, line, power_law
from longthink.figures._parts import REGIME_COLOUR, entitle, legend, save, subplots

ALL_LEARNED = 0.99
"""The share of the power from which a net has learned a whole group."""
LEAST_LEFT = 1e-6
"""A share of the power that is as good as none."""
VANISHING = 0.01
"""Scales of the first weights up to which the theory's lines are fitted."""
LEAST_TO_FIT = 3
"""Points, for a fit with a standard error."""


def staircases(rows: pd.DataFrame, path: Path | str) -> Path:
    """Loss of two-layer nets while they learn a group, each seed, and where plateaus are predicted (dashed).

    Below is the share of each irrep that is learned, of the first seed.

    Args:
        rows: those of an experiment that measures `Stepped`: `series`, `seed`, `iteration`, `loss`, `plateaus`, and
            `learned NAME` for each irrep.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> rows = {"series": "C3", "seed": 0, "iteration": [0, 9], "loss": [1, 0], "plateaus": "1 0", "learned 1'": 0.5}
    >>> staircases(pd.DataFrame(rows), Path(tempfile.mkdtemp()) / "staircases.png").name
    'staircases.png'
    """
    panels = list(rows.groupby("series", sort=False))
    figure, grid = subplots(2, len(panels), figsize=(1 + 2.9 * len(panels), 5), sharex="col", squeeze=False)
    for (above, below), (name, panel) in zip(grid.T, panels, strict=True):
        for seed, run in panel.groupby("seed"):
            above.plot(run["iteration"], run["loss"], lw=1, label=f"seed {seed}")
        first = panel[panel["seed"] == panel["seed"].min()]
        for height in first["plateaus"].iloc[0].split():
            above.axhline(float(height), color=REGIME_COLOUR, ls="--", lw=0.8, zorder=0, label="predicted")
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
    legend(grid[0][0], grid[0], fontsize="x-small")
    entitle(figure, "how a group is learned, irrep by irrep", rows, "below: the first seed")
    return save(figure, path)


def times_of_steps(rows: pd.DataFrame, path: Path | str) -> Path:
    """When two-layer nets take the steps of a staircase, against how small their first weights are, every seed.

    For the flow, whose neurons have rates of their own, times are fitted by a line over log(1 / scale), at scales up to
    0.01, and stand beside theory's slope; for other optimisers by a power of the scale, on two logarithmic axes.

    Args:
        rows: those of an experiment that measures `Timed`: `group`, `level`, `optimiser`, `nth`, `scale`, `time` and
            `slope`.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> rows = {"group": "C3", "level": 2, "optimiser": "flow", "nth": 1, "scale": [0.001, 0.01], "time": [7.0, 5.0]}
    >>> times_of_steps(pd.DataFrame({**rows, "slope": 1.0}), Path(tempfile.mkdtemp()) / "times.png").name
    'times.png'
    """
    panels = list(rows.dropna(subset=["time"]).groupby(["group", "level", "optimiser"], sort=False))
    figure, axes = subplots(1, len(panels), figsize=(1 + 3.6 * len(panels), 3.8), squeeze=False)
    for axis, ((group, k, optimiser), panel) in zip(axes[0], panels, strict=True):
        for nth, some in panel.groupby("nth"):
            (points,) = axis.plot(1 / some["scale"], some["time"], "o", ms=3)
            _fit_times(axis, some, f"step {nth:g}", optimiser == "flow", points.get_color())
        axis.set(xscale="log", xlabel="1 / scale of the first weights", title=f"{group}, k = {k:g}, {optimiser}")
        axis.set_yscale("linear" if optimiser == "flow" else "log")
        axis.legend(frameon=False, fontsize="x-small")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel("time (steps times learning rate)")
    entitle(figure, "when a group's first irreps are learned", rows, "points: every seed")
    return save(figure, path)


def _fit_times(axis: Axes, rows: pd.DataFrame, step: str, flow: bool, colour: str) -> None:
    """A step's line, with its numbers as a label; just its name for too few scales."""
    small = rows[rows["scale"] <= VANISHING] if flow else rows
    if small["scale"].nunique() < LEAST_TO_FIT:
        axis.plot([], [], color=colour, label=step)
        return
    ends = np.array([small["scale"].min(), small["scale"].max()])
    if flow:
        law = line(-np.log(small["scale"]), small["time"])
        heights, r_squared = law.start - law.slope * np.log(ends), law.r_squared
        label = f"{step}: slope {law.slope:.3g} ± {law.error:.1g}, theory {rows['slope'].iloc[0]:.3g}"
    else:
        power = power_law(small["scale"], small["time"])
        heights, r_squared = power.factor * ends**power.exponent, power.r_squared
        label = f"{step}: scale to the power {power.exponent:.3g} ± {power.error:.1g}"
    axis.plot(1 / ends, heights, lw=1, color=colour, label=f"{label}, R² {r_squared:.4f}")


def parts_of_nets(rows: pd.DataFrame, path: Path | str) -> Path:
    """What of nets' functions multiplies all elements, f(x), and what misses one, f(+): their power and accuracy.

    Bars are means over seeds.

    Args:
        rows: those of an experiment that measures `Parts`.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> shares = {f"{what}{part}": 0.5 for what in ("power", "accuracy") for part in ("", "_together", "_rest")}
    >>> parts_of_nets(pd.DataFrame([{"series": "C3", **shares}]), Path(tempfile.mkdtemp()) / "parts.png").name
    'parts.png'
    """
    parts = {"": "all", "_together": "f(x), all elements multiplied", "_rest": "f(+), the rest"}
    means = rows.groupby("series", sort=False).mean(numeric_only=True)
    figure, axes = subplots(1, 2, figsize=(9, 1.4 + 0.42 * len(means)), sharey=True)
    for axis, what, label in zip(
        axes, ("power", "accuracy"), ("power (% of the target's)", "accuracy (%)"), strict=True
    ):
        for place, (suffix, name) in enumerate(parts.items()):
            axis.barh(np.arange(len(means)) + 0.25 * (place - 1), means[what + suffix] * 100, 0.25, label=name)
        axis.set(xlabel=label)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_yticks(np.arange(len(means)), list(means.index), fontsize="small")
    axes[0].invert_yaxis()
    legend(axes[1], [axes[1]], fontsize="x-small")
    entitle(figure, "what composes the elements", rows, "means over seeds")
    return save(figure, path)


def least_widths(rows: pd.DataFrame) -> "pd.Series[float]":
    """The smallest width with which a group is learned, by its length; lengths that no width learns are left out.

    Args:
        rows: `level` (the length k), `width` and `learned`, of one group. Of several with the same width, as of several
            seeds, all must have learned it.

    >>> rows = pd.DataFrame({"level": [2, 2, 2, 3], "width": [4, 4, 8, 8], "learned": [1.0, 0.9, 1.0, 0.5]})
    >>> least_widths(rows).to_dict()
    {2: 8}
    """
    worst = rows.groupby(["level", "width"], as_index=False)["learned"].min()
    least: pd.Series[float] = worst[worst["learned"] >= ALL_LEARNED].groupby("level")["width"].min()
    return least


def width_to_learn(rows: pd.DataFrame, path: Path | str) -> Path:
    """What a two-layer net leaves unlearned of a group against its width, in units of 2^(k - 1) |G|, for each length k.

    There is a panel for each group, with the mean over seeds and every seed. Where the theory holds, the lines for all
    k are one. Below is the smallest width with which every seed learns, against k, with an exponential and a power law.

    Args:
        rows: those of an experiment that measures `Learned`: `group`, its `order`, `level` (k), `width`, `learned`.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> rows = pd.DataFrame({"group": "C3", "order": 3, "level": 2, "width": [6, 12], "learned": [0.5, 1.0]})
    >>> width_to_learn(rows, Path(tempfile.mkdtemp()) / "width.png").name
    'width.png'
    """
    groups = list(rows.groupby("group", sort=False))
    figure, axes = subplots(2, len(groups), figsize=(1.4 + 3.4 * len(groups), 6.8), sharey="row", squeeze=False)
    for axis, below, (name, panel) in zip(axes[0], axes[1], groups, strict=True):
        _growth_of_width(below, least_widths(panel))
        for k, some in panel.groupby("level"):
            neurons = 2.0 ** (some["level"] - 1) * some["order"]
            units = some.assign(unit=some["width"] / neurons, left=(1 - some["learned"]).clip(lower=LEAST_LEFT))
            (line,) = axis.plot(units.groupby("unit")["left"].mean(), label=f"k = {k}")
            axis.plot(units["unit"], units["left"], "o", ms=3, color=line.get_color())
        axis.set_xscale("log", base=2)
        axis.set(yscale="log", title=str(name), xlabel="width / (2$^{k-1}$ |G|)")
        axis.axhline(1 - ALL_LEARNED, color=REGIME_COLOUR, zorder=0, label=f"{ALL_LEARNED:.0%} learned")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel("share of the power not learned")
    axes[1][0].set_ylabel("smallest width that learns")
    legend(figure, axes[0], loc="outside lower center", ncols=4)
    entitle(figure, "what is left to learn of a group", rows, "lines: means over seeds, points: every seed")
    return save(figure, path)


def _growth_of_width(axis: Axes, widths: "pd.Series[float]") -> None:
    """Widths against lengths, and for three or more of them two fits."""
    ks = widths.index.to_numpy()
    axis.plot(ks, widths, "o", color="black", ms=4, label="smallest width")
    if len(ks) >= LEAST_TO_FIT:
        grown, power, fine = exponential(ks, widths), power_law(ks, widths), np.linspace(ks[0], ks[-1])
        label = f"times {grown.base:.3g} ± {grown.error:.1g} per element, R² {grown.r_squared:.3f}"
        axis.plot(fine, grown.factor * grown.base**fine, label=label)
        label = f"k to the power {power.exponent:.3g} ± {power.error:.1g}, R² {power.r_squared:.3f}"
        axis.plot(fine, power.factor * fine**power.exponent, ls="--", label=label)
    axis.legend(frameon=False, fontsize="x-small")
    axis.set(yscale="log", xlabel="length k", xticks=ks)
    axis.spines[["top", "right"]].set_visible(False)
