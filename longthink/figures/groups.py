"""Pictures of two-layer nets that learn a group."""

from pathlib import Path

import pandas as pd

from longthink.figures._parts import REGIME_COLOUR, entitle, legend, save, subplots

ALL_LEARNED = 0.99
"""The share of the power from which a net has learned a whole group."""
LEAST_LEFT = 1e-6
"""A share of the power that is as good as none."""


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


def width_to_learn(rows: pd.DataFrame, path: Path | str) -> Path:
    """What a two-layer net leaves unlearned of a group against its width, in units of 2^(k - 1) |G|, for each length k.

    There is a panel for each group, with the mean over seeds and every seed. Where the theory holds, the lines for all
    k are one.

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
    figure, axes = subplots(1, len(groups), figsize=(1.4 + 3.4 * len(groups), 3.6), sharey=True, squeeze=False)
    for axis, (name, panel) in zip(axes[0], groups, strict=True):
        for k, some in panel.groupby("level"):
            neurons = 2.0 ** (some["level"] - 1) * some["order"]
            units = some.assign(unit=some["width"] / neurons, left=(1 - some["learned"]).clip(lower=LEAST_LEFT))
            (line,) = axis.plot(units.groupby("unit")["left"].mean(), label=f"k = {k}")
            axis.plot(units["unit"], units["left"], "o", ms=3, color=line.get_color())
        axis.set(xscale="log", yscale="log", title=str(name), xlabel="width / (2$^{k-1}$ |G|)")
        axis.axhline(1 - ALL_LEARNED, color=REGIME_COLOUR, zorder=0, label=f"{ALL_LEARNED:.0%} learned")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel("share of the power not learned")
    legend(axes[0][0], axes[0])
    entitle(figure, "what is left to learn of a group", rows, "lines: means over seeds, points: every seed")
    return save(figure, path)
