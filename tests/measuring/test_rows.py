"""Rows on disk: read again as they were written, and refused before the work where they could not be written."""

from pathlib import Path

import pandas as pd
import pytest

from longthink.base.errors import UserError
from longthink.measuring import rows as module
from longthink.measuring.rows import check_kind, save_rows

ROWS = pd.DataFrame({"series": ["a", "b, c", 'd "e"'], "iteration": [1, 2, 3], "accuracy": [0.1, 1 / 3, 1e-17]})


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_rows_are_read_again_as_they_were(suffix: str, tmp_path: Path) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    path = save_rows(ROWS, tmp_path / f"deep/rows.{suffix}")
    again = pd.read_csv(path) if suffix == "csv" else pd.read_parquet(path)
    pd.testing.assert_frame_equal(again, ROWS, rtol=1e-12)
    assert list(path.parent.iterdir()) == [path]


def test_what_is_there_stays_as_it_was_where_rows_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_rows(ROWS, tmp_path / "rows.csv")
    before = path.read_bytes()
    monkeypatch.setattr(pd.DataFrame, "to_csv", lambda rows, partial, index: partial.write_text("ha") and 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save_rows(ROWS, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["rows.xlsx", "rows", "rows.csv.gz"])
def test_files_of_another_kind_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"written as .csv or .parquet, not as '(.xlsx|.gz|)'"):
        save_rows(ROWS, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_parquet_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'longthink\[parquet\]'"):
        check_kind(Path("rows.parquet"))
    check_kind(Path("rows.csv"))
