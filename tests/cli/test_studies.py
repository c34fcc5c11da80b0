"""Experiments carried out as a user types it; the work itself is in `study/test_reproduce.py`."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from longthink.cli import main
from longthink.study.experiment import Experiment
from longthink.study.reproduce import NothingCameThrough, Outcome


def test_all_experiments_are_those_of_the_dissertation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    carried_out: list[str] = []

    def stop(experiment: Experiment, *_: object) -> Outcome:
        carried_out.append(experiment.title)
        return Outcome(pd.DataFrame(), [], [])

    monkeypatch.setattr("longthink.study.reproduce.carry_out", stop)
    monkeypatch.setattr("longthink.study.report.report", lambda *_: tmp_path)
    monkeypatch.setattr("longthink.study.report.contents", lambda *_: tmp_path)
    assert main(["reproduce", "all"]) == 0
    assert any(title.startswith("Table 5.2") for title in carried_out)
    assert not any(title.startswith("Stabilisers") for title in carried_out)


def test_seeds_begin_where_no_recipe_was_tuned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[list[int]] = []

    def stop(_: Experiment, seeds: Sequence[int], *__: object) -> Outcome:
        asked.append([*seeds])
        return Outcome(pd.DataFrame(), [], [])

    monkeypatch.setattr("longthink.study.reproduce.carry_out", stop)
    monkeypatch.setattr("longthink.study.report.report", lambda *_: tmp_path)
    assert main(["reproduce", "table-5.2"]) == 0
    assert main(["reproduce", "table-5.2", "--seeds", "2", "--first-seed", "0"]) == 0
    assert asked == [[100, 101, 102], [0, 1]]
    assert main(["reproduce", "table-5.2", "--seeds", "0"]) == 2


def test_an_experiment_of_one_scale_has_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "table-5.2", "staircases", "--scale", "bare"]) == 2
    assert capsys.readouterr().err == "longthink: staircases is the same at every scale; take --scale laptop.\n"


def test_an_experiment_that_comes_to_nothing_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def first_fails(experiment: Experiment, *_: object) -> Outcome:
        if experiment.title.startswith("Table 4.1"):
            raise NothingCameThrough("Nothing came through; the first failure: no memory")
        return Outcome(pd.DataFrame(), [], [])

    monkeypatch.setattr("longthink.study.reproduce.carry_out", first_fails)
    monkeypatch.setattr("longthink.study.report.report", lambda *rest: tmp_path / rest[2])
    assert main(["reproduce", "table-4.1", "table-5.2"]) == 2
    told = capsys.readouterr()
    assert "table_5_2" in told.out
    assert told.err == "longthink: table-4.1: Nothing came through; the first failure: no memory\n"


def test_what_is_finished_is_told_when_experiments_are_broken_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def second_is_broken_off(experiment: Experiment, *_: object) -> Outcome:
        if experiment.title.startswith("Table 5.2"):
            raise KeyboardInterrupt
        return Outcome(pd.DataFrame(), ["a seed diverged"], [])

    monkeypatch.setattr("longthink.study.reproduce.carry_out", second_is_broken_off)
    monkeypatch.setattr("longthink.study.report.report", lambda *rest: rest[-1])
    assert main(["reproduce", "table-4.1", "table-5.2"]) == 130
    told = capsys.readouterr()
    assert told.out.splitlines() == ["failed: a seed diverged", "reports/table_4_1"]
    assert "interrupted; the same command goes on" in told.err
    assert told.err.endswith("and 1 finished pages in reports.\n")
