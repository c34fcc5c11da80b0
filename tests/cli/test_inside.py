"""Nets looked into as a user types it."""

from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from longthink.cli import main
from longthink.measuring.inside import feature_pictures
from longthink.study import evaluators as readings


def test_decisions_of_a_net_beside_known_algorithms() -> None:
    assert main(["decisions", "mazes", "--level", "9", "--count", "10", "--iterations", "100", "--out", "found"]) == 0
    rows = pd.read_csv("found/decisions.csv")
    assert rows["solved"].all()
    assert (rows["dead_end_filling_agreement"] > rows["breadth_first_agreement"].fillna(-1)).mean() >= 0.8
    assert Path("found/decisions.png").stat().st_size > 1000


def test_perturb_and_dynamics(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--index", "3", "--level", "20", "--count", "5", "--at", "30", "--iterations", "80", "--out", "found"]
    assert main(["perturb", "prefix_sums", "--with", "bit-flip", *arguments]) == 0
    rows = pd.read_csv("found/perturb-bit_flip.csv")
    assert rows["perturbation"].unique().tolist() == ["none", "bit_flip"]
    assert (rows["iteration"].max(), rows["at"].max(), rows["puzzle"].nunique()) == (80, 30, 5)
    assert Path("found/perturb-bit_flip.png").stat().st_size > 1000
    assert (
        main(["dynamics", "prefix_sums", "--level", "20", "--count", "5", "--iterations", "90", "--out", "found"]) == 0
    )
    assert "fixed point" in capsys.readouterr().out
    assert len(pd.read_csv("found/dynamics.csv")) == 5


def test_a_net_is_looked_into(image_run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", image_run, "--train", "60", "--count", "30", "--iterations", "2"]) == 0
    assert list(pd.read_csv("runs/small-0/probe.csv")["place"]) == [1, 2]
    assert main(["probe", image_run, "--train", "60", "--count", "30", "--layer", "last.1"]) == 0
    assert "last.1" in capsys.readouterr().out
    assert main(["similarity", image_run, image_run, "--count", "64", "--iterations", "2"]) == 0
    rows = pd.read_csv("runs/small-0/similarity.csv")
    assert rows[rows["place"] == rows["other_place"]]["cka"].tolist() == pytest.approx([1, 1])
    assert main(["reuse", image_run, "--count", "20"]) == 0
    assert pd.read_csv("runs/small-0/reuse.csv")["iteration"].tolist() == [1, 2, 3, 4]
    for name in ("probe", "similarity", "reuse"):
        assert Path(f"runs/small-0/{name}.png").stat().st_size > 1000
    assert main(["probe", image_run, "--layer", "inner.7"]) == 2
    assert "There is no layer 'inner.7' (did you mean 'inner.0'?)" in capsys.readouterr().err


def test_strings_are_probed_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "prefix_sums", "--level", "8", "--train", "20", "--count", "20", "--iterations", "2"]) == 0
    assert Path("runs/prefix_sums/probe.png").exists()
    assert main(["features", "prefix_sums"]) == 2
    assert "pictures" in capsys.readouterr().err


def test_what_filters_look_for(image_run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    few = partial(feature_pictures.feature_pictures, steps=2)
    monkeypatch.setattr(readings.features, "feature_pictures", few)
    assert main(["features", image_run, "--filters", "2", "--count", "10"]) == 0
    assert Path("runs/small-0/features.png").stat().st_size > 1000
