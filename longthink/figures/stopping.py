"""Pictures of nets that stop thinking by themselves."""

from itertools import cycle
from pathlib import Path

import matplotlib
import pandas as pd

from longthink.figures._parts import entitle, legend, save, subplots

MARKERS = "osD^v*Pp<>hX"


def accuracy_at_the_stop(rows: pd.DataFrame, path: Path | str) -> Path:
    """Puzzles solved against iterations: lines without a stop rule, and a point for each rule, at its mean iterations.

    Means over seeds; a panel for each level. Dashed lines are the answers of the most confident iteration so far.

    Args:
        rows: those of an experiment with sweeps and with nets that stop: `series`, `level`, `iteration`, `accuracy`,
            `exit`, `rule`, `used`.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> swept = pd.DataFrame({"series": "net", "level": 9, "iteration": [1, 9], "accuracy": [0, 1], "exit": "default"})
    >>> stopped = pd.DataFrame({"series": "net", "level": 9, "accuracy": 1, "rule": "settled", "used": [4.5]})
    >>> accuracy_at_the_stop(pd.concat([swept, stopped]), Path(tempfile.mkdtemp()) / "stop.png").name
    'stop.png'
    """
    levels = list(rows["level"].unique())
    figure, grid = subplots(1, len(levels), figsize=(max(6.4, 4.6 * len(levels)), 4.4), sharey=True, squeeze=False)
    axes = list(grid.flat)
    colours = dict(zip(rows["series"].unique(), cycle(matplotlib.color_sequences["tab10"]), strict=False))
    markers = dict(zip(rows["rule"].dropna().unique(), cycle(MARKERS), strict=False))
    for axis, level in zip(axes, levels, strict=True):
        of_level = rows[rows["level"] == level]
        for (series, rule), group in of_level.groupby(["series", "exit"], sort=False):
            style = {"linestyle": "-", "label": str(series)} if rule == "default" else {"linestyle": "--"}
            axis.plot(group.groupby("iteration")["accuracy"].mean() * 100, color=colours[series], lw=0.8, **style)
        for (series, rule), group in of_level.groupby(["series", "rule"], sort=False):
            point = group["used"].mean(), group["accuracy"].mean() * 100
            axis.plot(*point, markers[rule], color=colours[series], ms=7, alpha=0.7)
        for rule, marker in markers.items():
            axis.plot([], [], marker, color="black", label=f"until {rule}")
        axis.set(xlabel="iterations", ylim=(-4, 104), title=f"level {level}")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("puzzles solved (%)")
    lines = "lines: without a rule; dashed: the most confident answer so far"
    entitle(figure, "nets that stop by themselves", rows, "means over seeds", lines)
    legend(figure, axes, loc="outside lower center", ncols=2)
    return save(figure, path)


def accuracy_over_attempts(rows: pd.DataFrame, path: Path | str) -> Path:
    """Puzzles solved against iterations of all attempts taken together: a point for 1, 2, 4, ... attempts.

    Means over seeds; a panel for each level. Dashed lines are the puzzles that any of the attempts solves.

    Args:
        rows: those of `compare_attempts` or of the evaluator `attempted`: `series`, `seed`, `level`, `choice`,
            `attempts`, `accuracy`, `any`, `iterations`.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> rows = pd.DataFrame({"series": "net", "seed": 0, "level": 9, "attempts": [1, 2], "iterations": [4.0, 6.0]})
    >>> rows = rows.assign(choice="settled", accuracy=[0.5, 0.7], any=[0.5, 0.9])
    >>> accuracy_over_attempts(rows, Path(tempfile.mkdtemp()) / "attempts.png").name
    'attempts.png'
    """
    levels = list(rows["level"].unique())
    figure, grid = subplots(1, len(levels), figsize=(max(6.4, 4.6 * len(levels)), 4.4), sharey=True, squeeze=False)
    axes = list(grid.flat)
    lines = rows[["series", "choice"]].drop_duplicates().itertuples(index=False, name=None)
    colours = dict(zip(lines, cycle(matplotlib.color_sequences["tab10"]), strict=False))
    for axis, level in zip(axes, levels, strict=True):
        of_level = rows[rows["level"] == level]
        for (series, choice), group in of_level.groupby(["series", "choice"], sort=False):
            means = group.groupby("attempts")[["iterations", "accuracy", "any"]].mean()
            means[["accuracy", "any"]] *= 100
            colour = colours[series, choice]
            axis.plot(means["iterations"], means["accuracy"], "o-", color=colour, ms=4, label=f"{series}, {choice}")
            axis.plot(means["iterations"], means["any"], "--", color=colour, lw=0.8)
            for attempts, at in means.drop_duplicates("iterations").iterrows():
                point = at["iterations"], at["accuracy"]
                axis.annotate(str(attempts), point, (3, -10), textcoords="offset points")
        axis.set(xlabel="iterations of all attempts", xlim=(0, None), ylim=(-4, 104), title=f"level {level}")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("puzzles solved (%)")
    entitle(figure, "several attempts at each puzzle", rows, "means over seeds", "dashed: any of the attempts is right")
    legend(figure, axes, loc="outside lower center", ncols=2)
    return save(figure, path)
