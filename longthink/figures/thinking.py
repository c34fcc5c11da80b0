"""Pictures of nets that think: against iterations, and what they cost."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from longthink.figures._parts import REGIME_COLOUR, entitle, legend, save, subplots

STYLES = cycler(linestyle=["-", "--", ":"]) * cycler(color=matplotlib.color_sequences["tab10"])
"""Ten colours, then the same ones dashed, then dotted."""
MEANS = "lines: means over puzzles"
BAND = "line: mean over seeds, band: one standard error"


def accuracy_over_iterations(rows: pd.DataFrame, path: Path | str) -> Path:
    """Share of puzzles solved against iterations; the line is the mean over seeds, the band one standard error.

    As figures 4.1, 5.3 and 5.9: one line for each series, or else each level. With several series, every level (or
    evaluator) has a panel of its own. The training regime is shaded.

    Args:
        rows: those of `compare`, of `sweep` or of an experiment: `level`, `iteration`, `accuracy`, and where they are
            known `series`, `seed`, `evaluator`, `regime`.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> rows = pd.DataFrame({"level": [32, 32, 64, 64], "iteration": [1, 2, 1, 2], "accuracy": [0.5, 1.0, 0.0, 0.5]})
    >>> accuracy_over_iterations(rows, Path(tempfile.mkdtemp()) / "accuracy.png").name
    'accuracy.png'
    """
    figure, axes = _panels(rows, "accuracy", 100)
    entitle(figure, "puzzles solved after each iteration", rows, BAND)
    for axis in axes:
        axis.set_ylim(-2, 102)
    axes[0].set_ylabel("puzzles solved (%)")
    return save(figure, path)


def change_over_iterations(rows: pd.DataFrame, path: Path | str) -> Path:
    """Change of the state |s' - s| against iterations, mean over seeds (figures 5.8, 5.12 and 5.15).

    Args:
        rows: those of an experiment: `level`, `iteration`, `change`, and more as in `accuracy_over_iterations`.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> rows = pd.DataFrame({"level": 32, "iteration": [1, 2], "change": [1.0, 0.1]})
    >>> change_over_iterations(rows, Path(tempfile.mkdtemp()) / "change.png").name
    'change.png'
    """
    figure, axes = _panels(rows, "change", 1)
    entitle(figure, "how much each iteration changes the state", rows, BAND)
    for axis in axes:
        axis.set_yscale("log")
    axes[0].set_ylabel("change of the state")
    return save(figure, path)


def recovery_by_index(rows: pd.DataFrame, path: Path | str) -> Path:
    """Iterations that a net needs to recover from a flipped bit, against its index (figure 5.8).

    Nets that never recover have no point.

    Args:
        rows: those of an experiment whose evaluators flip bits: `series`, `seed`, `index`, `recovered`.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> rows = pd.DataFrame({"series": "net", "seed": 0, "index": [1, 40], "recovered": [9.0, 3.0]})
    >>> recovery_by_index(rows, Path(tempfile.mkdtemp()) / "recovery.png").name
    'recovery.png'
    """
    figure, axis = subplots(figsize=(6.4, 3.8))
    for series, group in rows.groupby("series"):
        by_index = group.groupby(["index", "seed"])["recovered"].first().groupby("index")
        axis.errorbar(by_index.mean().index, by_index.mean(), by_index.sem().fillna(0), marker="o", label=str(series))
    axis.set(xlabel="index of the flipped bit", ylabel="iterations to recover", ylim=(0, None))
    entitle(figure, "recovery from a flipped bit", rows, "points: mean over seeds, bars: one standard error")
    legend(axis, [axis])
    axis.spines[["top", "right"]].set_visible(False)
    return save(figure, path)


def iterations_by_level(rows: pd.DataFrame, path: Path | str, solved: float = 0.99) -> Path:
    """Iterations until so many puzzles are solved, against the level, for each seed that gets there; log scales.

    The line joins the medians over seeds.

    Args:
        rows: those of an experiment: `series`, `seed`, `level`, `iteration`, `accuracy`.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.
        solved: the share of the puzzles.

    Returns:
        The path.

    >>> import tempfile
    >>> rows = pd.DataFrame({"series": "net", "seed": 0, "level": [32, 64], "iteration": [5, 6], "accuracy": 1.0})
    >>> iterations_by_level(rows, Path(tempfile.mkdtemp()) / "iterations.png").name
    'iterations.png'
    """
    figure, axis = subplots(figsize=(6.4, 3.8))
    axis.set_xscale("log", base=2)
    axis.set_yscale("log", base=2)
    axis.set(xlim=(rows["level"].min() / 1.2, rows["level"].max() * 1.2), ylim=(1, rows["iteration"].max() * 1.2))
    for series, group in rows.groupby("series", sort=False):
        reached = group[group["accuracy"] >= solved].groupby(["level", "seed"])["iteration"].min().reset_index()
        (line,) = axis.plot(reached.groupby("level")["iteration"].median(), label=str(series))
        axis.plot(reached["level"], reached["iteration"], "o", color=line.get_color(), ms=4)
    axis.set(xlabel="level", ylabel="iterations")
    drawn = "line: median over seeds, points: every seed that gets there"
    entitle(figure, f"iterations until {solved:.0%} of the puzzles are solved", rows, drawn)
    legend(axis, [axis])
    axis.spines[["top", "right"]].set_visible(False)
    return save(figure, path)


def iterations_by_form(rows: pd.DataFrame, path: Path | str) -> Path:
    """Iterations until 0.99 of the puzzles are solved against the level, where each level has a net of its own.

    There is one line for each form.

    Args:
        rows: those of `iterations_by_level`, of an experiment whose series are called FORM, ....
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> forms = ["recurrent, 32", "recurrent, 64"]
    >>> rows = pd.DataFrame({"series": forms, "seed": 0, "level": [32, 64], "iteration": [5, 6], "accuracy": 1.0})
    >>> iterations_by_form(rows, Path(tempfile.mkdtemp()) / "forms.png").name
    'forms.png'
    """
    return iterations_by_level(rows.assign(series=rows["series"].str.partition(",")[0]), path)


def confidence_over_iterations(rows: pd.DataFrame, path: Path | str) -> Path:
    """The probability of a 1 at each position after each iteration, between input and solution (figure 4.2).

    With more than two classes it is the probability of the solution, and symbols have a colour each.

    Args:
        rows: those of `trace`: `iteration`, `position`, `classes`, `input`, `target`, `probability`.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> two = {"iteration": [1, 1, 2, 2], "position": [0, 1, 0, 1], "probability": [0.5, 0.5, 1.0, 0.0]}
    >>> rows = pd.DataFrame({**two, "classes": 2, "input": 0.5, "target": [1, 0, 1, 0]})
    >>> confidence_over_iterations(rows, Path(tempfile.mkdtemp()) / "thinking.png").name
    'thinking.png'
    """
    grid = rows.pivot(index="position", columns="iteration", values="probability")
    first = rows[rows["iteration"] == rows["iteration"].min()].sort_values("position")
    height = min(10.0, 1.2 + 0.12 * len(grid))
    figure, axes = subplots(1, 3, figsize=(6.4, height), sharey=True, width_ratios=[1, 12, 1])
    classes = first["classes"].iloc[0]
    several = classes > 2
    likely: dict[str, Any] = {"vmin": 0, "vmax": 1, "cmap": "viridis"}
    symbols: dict[str, Any] = {"vmin": 0, "vmax": classes, "cmap": "hsv"} if several else likely
    given = first[["input"]].to_numpy() + (0 if several else 0.5)
    columns = (given, symbols), (grid.to_numpy(), likely), (first[["target"]].to_numpy(), symbols)
    for axis, (values, colours), name in zip(axes, columns, ("input", "iteration", "solution"), strict=True):
        axis.imshow(values, aspect="auto", interpolation="nearest", **colours)
        axis.set_xlabel(name)
        axis.set_xticks([])
    iterations = grid.columns.to_numpy()
    ticks = range(0, len(iterations), max(1, len(iterations) // 10))
    axes[1].set_xticks(ticks, iterations[list(ticks)])
    axes[0].set_ylabel("position")
    label = "probability of the solution" if several else "probability of a 1"
    figure.suptitle("What the net says at each position after each iteration", fontsize="medium")
    figure.colorbar(axes[1].images[0], ax=axes, label=label, shrink=0.6)
    return save(figure, path)


def cost_of_thinking(rows: pd.DataFrame, path: Path | str) -> Path:
    """What solving costs: the iteration of a net's last decision, and the rounds of known algorithms, for each puzzle.

    Left: against the rounds of the first algorithm, which for mazes is the length of the path. Right: how well the
    order of the net's decisions agrees with each algorithm's, sorted; with the share of puzzles on which it agrees with
    that one best.

    Args:
        rows: those of `decisions`: `solved`, `decided`, and for each algorithm NAME and NAME_agreement.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> rows = pd.DataFrame({"solved": True, "decided": [9, 12], "scan": [8, 16], "scan_agreement": [0.9, 1.0]})
    >>> cost_of_thinking(rows, Path(tempfile.mkdtemp()) / "cost.png").name
    'cost.png'
    """
    names = [str(name).removesuffix("_agreement") for name in rows.columns if str(name).endswith("_agreement")]
    figure, (cost, order) = subplots(1, 2, figsize=(9.2, 3.8))
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
    legend(cost, [cost])
    agreements = rows[[f"{name}_agreement" for name in names]]
    best = agreements.fillna(-1).to_numpy().argmax(1)
    for index, name in enumerate(names):
        share = (best == index).mean()
        values = agreements.iloc[:, index].sort_values().to_numpy()
        label = f"{name.replace('_', ' ')} (best on {share:.0%})"
        order.plot((np.arange(len(values)) + 0.5) / len(values) * 100, values, label=label)
    order.set(xlabel="puzzles, sorted (%)", ylabel="rank correlation with the net's decisions", ylim=(-1.02, 1.02))
    legend(order, [order], loc="lower right")
    counted = rows.assign(puzzles=len(rows)).drop(columns="level", errors="ignore")
    entitle(figure, "when the net decides, beside known algorithms", counted)
    for axis in (cost, order):
        axis.spines[["top", "right"]].set_visible(False)
    return save(figure, path)


def perturbed(rows: pd.DataFrame, path: Path | str) -> Path:
    """Puzzles solved and change of the state against iterations, with and without a perturbation (figures 5.8 to 5.14).

    Several levels are told apart by the style of the line.

    Args:
        rows: those of `dynamics.perturb`: `level`, `perturbation`, `at`, `iteration`, `solved`, `change`.
        path: of the picture; what it ends in says of which kind it is, like .png or .svg.

    Returns:
        The path.

    >>> import tempfile
    >>> rows = {"level": 32, "perturbation": "none", "at": 1, "iteration": [1, 2], "solved": True, "change": [1.0, 0.1]}
    >>> perturbed(pd.DataFrame(rows), Path(tempfile.mkdtemp()) / "perturbed.png").name
    'perturbed.png'
    """
    figure, (solved, change) = subplots(1, 2, figsize=(9.2, 3.8))
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
        axis.axvline(rows["at"].max(), color=REGIME_COLOUR, zorder=0, label="the disturbance")
        axis.set(xlabel="iterations", xlim=(0, rows["iteration"].max()))
        axis.spines[["top", "right"]].set_visible(False)
    legend(solved, [solved], loc="lower right")
    entitle(figure, "a net that is disturbed while it thinks", rows.drop(columns="seed", errors="ignore"), always=MEANS)
    return save(figure, path)


def _panels(rows: pd.DataFrame, value: str, factor: float) -> tuple[Figure, list[Axes]]:
    """A value against iterations: with several series a panel for each evaluator, else one line for each level."""
    several = "series" in rows and rows["series"].nunique() > 1
    by, panel_by = ("series" if several else "level"), ("evaluator" if "evaluator" in rows else "level")
    panels = list(rows.groupby(panel_by, sort=False)) if several else [("", rows)]
    columns = 2 if len(panels) == 4 else min(3, len(panels))
    lines = -(-len(panels) // columns)
    size = (6.4, 3.8) if len(panels) == 1 else (4.6 * columns, 3.8 * lines + 0.6)
    figure, grid = subplots(lines, columns, figsize=size, sharey=True, squeeze=False)
    axes = list(grid.flat)
    for spare in axes[len(panels) :]:
        spare.remove()
    axes = axes[: len(panels)]
    for axis, (name, panel) in zip(axes, panels, strict=True):
        _panel(axis, panel, by, value, factor)
        if len(panels) > 1:
            axis.set_title(str(name) if panel_by == "evaluator" else "level " + str(name), fontsize="medium")
    if several:
        legend(figure, axes, loc="outside lower center", ncols=3)
    else:
        legend(axes[0], axes, loc="best")
    return figure, axes


def _panel(axis: Axes, rows: pd.DataFrame, by: str, value: str, factor: float) -> None:
    axis.set_prop_cycle(STYLES)
    for name, group in rows.groupby(by, sort=by == "level"):
        by_iteration = group.groupby("iteration")[value]
        mean, error = by_iteration.mean() * factor, by_iteration.sem().fillna(0) * factor
        label = "level " + str(name) if by == "level" else str(name)
        # A net of a fixed depth may have a single measurement, which a line alone would not show.
        (line,) = axis.plot(mean.index, mean, label=label, marker="o" if len(mean) == 1 else None)
        axis.fill_between(mean.index, mean - error, mean + error, color=line.get_color(), alpha=0.2, lw=0)
    if "regime" in rows:
        thinks = rows.groupby(by)["iteration"].transform("nunique") > 1  # and is no net of a fixed depth
        longest = rows.loc[thinks if thinks.any() else slice(None), "regime"].max()
        axis.axvspan(0, longest, color=REGIME_COLOUR, zorder=0, label="iterations in training")
    axis.set(xlabel="iterations at test time", xlim=(0, rows["iteration"].max()))
    axis.spines[["top", "right"]].set_visible(False)
