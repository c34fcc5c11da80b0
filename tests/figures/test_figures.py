"""Figures, looked into as far as a test can."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from longthink import figures
from longthink.base.errors import UserError

ROWS = pd.DataFrame(
    [
        {
            "series": series,
            "level": level,
            "seed": seed,
            "iteration": i,
            "accuracy": min(1.0, i / level) * (1 if series == "a" else 0.5),
            "regime": 10,
        }
        for series in ("a", "b")
        for level in (16, 32)
        for seed in (0, 1)
        for i in range(1, 41)
    ]
)


def picture(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def test_a_panel_for_each_level_a_line_for_each_series_and_the_regime_shaded(tmp_path: Path) -> None:
    found = picture(figures.accuracy_over_iterations(ROWS, tmp_path / "all.png"))
    tab10 = [(31, 119, 180), (255, 127, 14), (44, 160, 44)]
    for half in np.array_split(found, 2, axis=1):
        colours = {tuple(colour) for colour in half.reshape(-1, 3)}
        assert all(colour in colours for colour in tab10[:2])
        assert tab10[2] not in colours
    assert (230, 230, 230) in colours  # the training regime
    one = picture(
        figures.accuracy_over_iterations(ROWS[ROWS["level"] == 16].drop(columns="regime"), tmp_path / "one.png")
    )
    assert tab10[2] not in {tuple(colour) for colour in one.reshape(-1, 3)}


def test_iterations_by_level_shows_who_gets_there(tmp_path: Path) -> None:
    def colours(rows: pd.DataFrame, name: str) -> set[tuple[int, ...]]:
        return {
            tuple(map(int, one)) for one in picture(figures.iterations_by_level(rows, tmp_path / name)).reshape(-1, 3)
        }

    halves = ROWS.assign(accuracy=ROWS["accuracy"] / 2)  # nobody solves 0.99
    points, none = colours(ROWS, "some.png"), colours(halves, "none.png")
    assert (31, 119, 180) in points
    assert (31, 119, 180) in none  # in the legend
    assert picture(tmp_path / "some.png").std() != picture(tmp_path / "none.png").std()


def test_the_confidence_picture(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        [
            {
                "iteration": t,
                "position": p,
                "input": p % 2 - 0.5,
                "target": p % 2,
                "probability": (p % 2) * t / 5,
                "classes": 2,
            }
            for t in range(1, 6)
            for p in range(8)
        ]
    )
    found = picture(figures.confidence_over_iterations(rows, tmp_path / "confidence.png"))
    assert found.std() > 20
    with pytest.raises(UserError, match="end its name in one of"):
        figures.confidence_over_iterations(rows, tmp_path / "confidence.xyz")
    assert [path.name for path in tmp_path.iterdir()] == ["confidence.png"]


def depths(*names: tuple[str, int]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "level": 1,
                "series": f"{form}, depth {depth}",
                "depth": depth,
                "seed": seed,
                "iteration": 2,
                "regime": 2,
                "accuracy": 0.5 + 0.01 * seed,
            }
            for form, depth in names
            for seed in range(2)
        ]
    )


def test_the_gap_between_two_forms_is_drawn_where_they_have_depths_in_common(tmp_path: Path) -> None:
    both = figures.accuracy_over_depth(depths(("a", 3), ("b", 3), ("a", 4), ("b", 4)), tmp_path / "both.png")
    apart = figures.accuracy_over_depth(depths(("a", 3), ("b", 4)), tmp_path / "apart.png")
    one = figures.accuracy_over_depth(depths(("a", 3), ("a", 4)), tmp_path / "one.png")
    heights = [len(picture(path)) for path in (both, apart, one)]
    assert heights[0] > heights[1] == heights[2]


def test_nets_of_several_levels_have_a_panel_each_and_other_measures_none(tmp_path: Path) -> None:
    rows = depths(("a", 3), ("b", 3))
    several = pd.concat([rows, rows.assign(level=2), rows.drop(columns=["accuracy", "depth"]).assign(cells=1.0)])
    sizes = [
        picture(figures.accuracy_over_depth(some, tmp_path / f"{name}.png")).shape
        for name, some in (("one", rows), ("several", several))
    ]
    assert sizes[1][0] == sizes[0][0]
    assert sizes[1][1] == pytest.approx(sizes[0][1] * 9.2 / 6.4, abs=3)


def test_activity_has_a_row_of_panels_for_each_layer(tmp_path: Path) -> None:
    deciles = {f"decile_{tenth}": tenth / 10 for tenth in range(1, 10)}
    rows = pd.DataFrame({"series": "net", "seed": 0, "iteration": [1, 2], **deciles})
    layers = pd.concat([rows.assign(evaluator=f"layer {layer}") for layer in range(3)])
    one = picture(figures.activity_of_filters(rows.assign(evaluator="layer 0"), tmp_path / "one.png"))
    three = picture(figures.activity_of_filters(layers, tmp_path / "three.png"))
    assert len(three) / len(one) == pytest.approx((1.2 + 3 * 2.4) / (1.2 + 2.4), rel=0.02)
