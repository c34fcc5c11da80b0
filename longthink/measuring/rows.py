"""Rows on disk."""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from longthink.base.errors import UserError
from longthink.base.files import atomic


def check_kind(path: Path) -> None:
    """Raises UserError for a file that rows cannot be written to: neither .csv nor, with pyarrow, .parquet."""
    if path.suffix not in (".csv", ".parquet"):
        raise UserError(f"Rows are written as .csv or .parquet, not as '{path.suffix}'.")
    if path.suffix == ".parquet" and find_spec("pyarrow") is None:
        raise UserError("Parquet needs pyarrow: pip install 'longthink[parquet]'.")


def save_rows(rows: pd.DataFrame, path: Path) -> Path:
    """Write rows as .csv or .parquet. Raises as `check_kind` does."""
    check_kind(path)
    with atomic(path) as partial:
        if path.suffix == ".csv":
            rows.to_csv(partial, index=False)
        else:
            rows.to_parquet(partial, index=False)
    return path
