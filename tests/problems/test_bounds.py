"""Every compiled kernel on extreme and damaged inputs, with each index checked, which numba leaves out by default.

That is the code as it is compiled otherwise: plain Python in its place (NUMBA_DISABLE_JIT) would reckon with other
integers. What is compiled so is kept apart, in this folder's __pycache__.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("bounds_checked.py")


@pytest.mark.parametrize("parts", [["chess"], pytest.param(["grids", "sudoku", "tiles"], marks=pytest.mark.slow)])
def test_no_kernel_leaves_its_arrays(parts: list[str]) -> None:
    cache = SCRIPT.parent / "__pycache__" / "bounds-checked"
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run([sys.executable, SCRIPT, *parts], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
