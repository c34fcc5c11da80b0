"""Every compiled kernel on extreme and damaged inputs, with each index checked, which numba leaves out by default.

That is the code as it is compiled otherwise: plain Python in its place (NUMBA_DISABLE_JIT) would reckon with other
integers. What is compiled so is kept apart, in this folder's __pycache__.
"""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from longthink.base.errors import UserError
from longthink.problems.mazes.problem import Mazes
from longthink.problems.sudoku.problem import Sudoku

SCRIPT = Path(__file__).with_name("bounds_checked.py")


@pytest.mark.parametrize(
    "parts", [["chess"], pytest.param(["grids", "sudoku", "positions", "games"], marks=pytest.mark.slow)]
)
def test_no_kernel_leaves_its_arrays(parts: list[str]) -> None:
    cache = SCRIPT.parent / "__pycache__" / "bounds-checked"
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run([sys.executable, SCRIPT, *parts], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_boards_of_another_size_than_their_problem_says_are_refused() -> None:
    small = replace(Sudoku(box=(2, 2)).sample(5, 1, split="train"), problem=Sudoku())
    for measure in (small.problem.baselines, small.problem.guesses):
        with pytest.raises(UserError, match="no boards of 9 x 9"):
            measure(small)


def test_paths_of_another_shape_than_their_mazes_are_refused() -> None:
    cells = np.ones((2, 5, 5), np.uint8)
    with pytest.raises(UserError, match="not of one shape"):
        Mazes().from_cells(cells, cells[:, :3])
