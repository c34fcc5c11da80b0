"""Notebooks run from the first cell to the last, and say what they said when they were written."""

import os
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parent.parent.parent / "docs" / "notebooks").glob("*.ipynb"))
LINES = 40
"""Of the reader's own, as the notebook promises: all that is code before the cells `beyond those 40 lines`."""


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)


def lines_of_code(cells: list[nbformat.NotebookNode]) -> int:
    lines = [line for cell in cells if cell.cell_type == "code" for line in cell.source.splitlines()]
    return sum(bool(line.strip()) and not line.startswith("%%") for line in lines)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("default")  # of Jupyter's own
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv(
        "PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )  # as in an active .venv
    notebook = nbformat.read(path, 4)
    beyond = next(index for index, cell in enumerate(notebook.cells) if "Beyond those 40 lines" in cell.source)
    assert lines_of_code(notebook.cells[:beyond]) <= LINES
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    said = [printed(cell) for cell in notebook.cells if cell.cell_type == "code"]
    digits, _, answer = next(text for text in said if "backwards is" in text).partition(" backwards is ")
    assert digits.strip("[]").replace(",", "").split() == answer.split()[::-1]
    assert "({}," in said[-1]
    assert (tmp_path / "runs" / "backwards" / "accuracy.png").is_file()
