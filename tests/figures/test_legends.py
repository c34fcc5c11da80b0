"""Figures say what they show: a title, how many puzzles and which seeds, and a legend with every line."""

import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from longthink import figures

SEEDS = (100, 101, 102)
DECILES = {f"decile_{tenth}": tenth / 10 for tenth in range(1, 10)}


def crossed(**columns: object) -> pd.DataFrame:
    """Rows with all combinations of the values of columns; one value need not be a list."""
    lists = [values if isinstance(values, list | tuple | range) else [values] for values in columns.values()]
    return pd.MultiIndex.from_product(lists, names=list(columns)).to_frame(index=False)


THINKING = crossed(series=["a", "b"], level=[16, 32], seed=SEEDS, iteration=range(1, 9), regime=4, puzzles=1000)
THINKING["accuracy"] = THINKING["iteration"] / 8 - THINKING["seed"] % 3 / 90
DISTURBED = crossed(level=[16, 32], perturbation=["none", "zeros"], at=3, iteration=range(1, 9), puzzle=range(5))
DRAWN: dict[str, tuple[Callable[[pd.DataFrame, Path], Path], pd.DataFrame, tuple[str, ...]]] = {
    "accuracy": (
        figures.accuracy_over_iterations,
        THINKING,
        ("Puzzles solved", "1,000 puzzles of each level", "3 seeds, 100 to 102", "band: one standard error"),
    ),
    "one series": (
        figures.accuracy_over_iterations,
        THINKING[(THINKING["series"] == "a") & (THINKING["level"] == 16) & (THINKING["seed"] != 101)],
        ("a: puzzles solved", "1,000 puzzles;", "2 seeds, 100, 102", "band: one standard error"),
    ),
    "change": (figures.change_over_iterations, THINKING.assign(change=0.1), ("changes the state", "3 seeds")),
    "recovery": (
        figures.recovery_by_index,
        crossed(series=["a", "b"], seed=SEEDS, index=[1, 40], recovered=9.0),
        ("Recovery", "3 seeds", "bars: one standard error"),
    ),
    "stopped": (
        figures.accuracy_at_the_stop,
        pd.concat(
            [
                THINKING.merge(pd.DataFrame({"exit": ["default", "max_confidence"]}), how="cross"),
                crossed(
                    series=["a", "b"], level=[16, 32], seed=SEEDS, rule=["settled", "at rest"], used=4.5, accuracy=1
                ),
            ]
        ),
        ("Nets that stop by themselves", "3 seeds", "means over seeds", "dashed: the most confident answer"),
    ),
    "many rules": (
        figures.accuracy_at_the_stop,
        pd.concat(
            [
                crossed(series=[f"net {one}" for one in range(11)], level=16, seed=SEEDS, iteration=[1, 9]).assign(
                    exit="default", accuracy=0.5
                ),
                crossed(series="net 3", level=16, seed=SEEDS, rule=[f"rule {one}" for one in range(14)]).assign(
                    used=4.5, accuracy=1
                ),
            ]
        ),
        ("ets that stop by themselves", "3 seeds"),
    ),
    "attempts": (
        figures.accuracy_over_attempts,
        crossed(series="net", level=[16, 32], seed=SEEDS, choice=[f"choice {one}" for one in range(11)]).merge(
            pd.DataFrame({"attempts": [1, 2], "iterations": [4.0, 9.0], "accuracy": [0.5, 0.7], "any": [0.5, 0.9]}),
            how="cross",
        ),
        ("several attempts at each puzzle", "3 seeds", "dashed: any of the attempts is right"),
    ),
    "levels": (figures.iterations_by_level, THINKING, ("until 99% of the puzzles", "3 seeds", "points: every seed")),
    "cost": (
        figures.cost_of_thinking,
        crossed(series="net", solved=[True, False], decided=[9, 12], scan=[8, 16]).assign(scan_agreement=0.9),
        ("net: when the net decides", "8 puzzles"),
    ),
    "size": (
        figures.cost_against_size,
        crossed(problem=["mazes", "prefix_sums"], series=["a", "b"], level=[16, 32], puzzle=[0, 1]).assign(
            positions=lambda rows: rows["level"] ** 2,
            path_length=lambda rows: rows["level"] + rows["puzzle"],
            iterations=lambda rows: rows["level"].where(rows["series"] == "a"),
            seconds=lambda rows: rows["level"] ** 2 / 100,
        ),
        ("What solving costs", "2 puzzles of each level", "power laws"),
    ),
    "perturbed": (
        figures.perturbed,
        DISTURBED.assign(solved=True, change=0.5, series="net"),
        ("net: a net that is disturbed", "5 puzzles of each level"),
    ),
    "depth": (
        figures.accuracy_over_depth,
        crossed(series=["recurrent, 3", "layered, 3"], seed=SEEDS, level=[1], regime=1, iteration=1)
        .assign(depth=3, puzzles=500)
        .assign(accuracy=lambda rows: rows["seed"] / 200),
        ("Puzzles solved by nets of each depth", "500 puzzles", "3 seeds", "bars: one standard error"),
    ),
    "probes": (
        figures.probes_over_iterations,
        crossed(series=["a", "b"], seed=SEEDS, iteration=[1, 2], accuracy=0.6, train_accuracy=0.9),
        ("linear probe", "3 seeds"),
    ),
    "activity": (
        figures.activity_of_filters,
        crossed(series="a", evaluator="level 1", iteration=[1, 2]).assign(**DECILES),
        ("a: how active",),
    ),
    "staircases": (
        figures.staircases,
        crossed(series="C3", seed=SEEDS, iteration=[0, 9], loss=0.5, plateaus="1 0").assign(**{"learned 1'": 0.5}),
        ("C3: how a group is learned", "3 seeds, 100 to 102"),
    ),
    "width": (
        figures.width_to_learn,
        crossed(group="C3", order=3, level=[2, 3], width=[6, 12], seed=SEEDS, learned=0.5),
        ("left to learn", "3 seeds", "points: every seed"),
    ),
    "times": (
        figures.times_of_steps,
        crossed(
            group="C3", level=2, optimiser="flow", nth=[1, 2], scale=[1e-4, 1e-3, 1e-2], seed=SEEDS, slope=2.0
        ).assign(time=lambda rows: 1 - 2 * rows["nth"] * rows["scale"].map(math.log)),
        ("When a group", "3 seeds", "points: every seed"),
    ),
    "parts": (
        figures.parts_of_nets,
        crossed(series=["a", "b"], seed=SEEDS).assign(
            **{f"{what}{part}": 0.5 for what in ("power", "accuracy") for part in ("", "_together", "_rest")}
        ),
        ("What composes the elements", "3 seeds", "means over seeds"),
    ),
    "growth of width": (
        figures.width_to_learn,
        crossed(group="C3", order=3, level=[2, 3, 4, 5], width=[4, 8, 16, 32], seed=SEEDS).assign(
            learned=lambda rows: (rows["width"] >= 2 ** rows["level"]).astype(float)
        ),
        ("left to learn", "3 seeds"),
    ),
    "similarity": (
        figures.similarity_of_nets,
        crossed(series=["a", "b"], other=["a", "b"], seed=SEEDS, cka=0.5),
        ("How alike", "3 seeds"),
    ),
}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Every figure that is saved."""
    found: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, **_: (found.append(figure), Path(path).touch()))
    return found


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_says_what_it_shows_and_has_every_line_in_a_legend(
    name: str, drawn: list[Figure], tmp_path: Path
) -> None:
    draw, rows, told = DRAWN[name]
    draw(rows, tmp_path / "figure.png")
    (figure,) = drawn
    assert figure.get_suptitle()
    for part in told:
        assert part in figure.get_suptitle()
    explained = set().union(*map(colours, [*figure.legends, *filter(None, (one.get_legend() for one in figure.axes))]))
    for axis in figure.axes:
        for artist in [*axis.get_lines(), *axis.collections]:
            assert colours(artist) <= explained


def colours(artist: Artist) -> set[str]:
    """Of all lines and points that an artist has."""
    lines = {to_hex(line.get_color()) for line in artist.findobj(Line2D)}
    return lines | {to_hex(colour) for points in artist.findobj(PathCollection) for colour in points.get_facecolor()}


def test_a_legend_has_what_only_some_panels_show(drawn: list[Figure], tmp_path: Path) -> None:
    rows = THINKING[(THINKING["series"] == "a") | (THINKING["level"] == 32)]
    figures.accuracy_over_iterations(rows, tmp_path / "figure.png")
    (legend,) = drawn[0].legends
    assert [text.get_text() for text in legend.get_texts()] == ["a", "iterations in training", "b"]
    axes: list[Axes] = drawn[0].axes
    assert [len(axis.get_lines()) for axis in axes] == [1, 2]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("times", ["step 1: slope 2 ± 0, theory 2, R² 1.0000", "step 2: slope 4 ± 0, theory 2, R² 1.0000"]),
        (
            "growth of width",
            ["smallest width", "times 2 ± 0 per element, R² 1.000", "k to the power 2.24 ± 0.2, R² 0.982"],
        ),
    ],
)
def test_a_fit_says_its_numbers(name: str, told: list[str], drawn: list[Figure], tmp_path: Path) -> None:
    draw, rows, _ = DRAWN[name]
    draw(rows, tmp_path / "figure.png")
    legend = drawn[0].axes[-1].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == told


def test_one_seed_has_no_band(drawn: list[Figure], tmp_path: Path) -> None:
    figures.accuracy_over_iterations(THINKING[THINKING["seed"] == 100], tmp_path / "figure.png")
    assert drawn[0].get_suptitle() == "Puzzles solved after each iteration\n1,000 puzzles of each level; seed 100"
