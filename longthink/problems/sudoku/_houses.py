"""Rows, columns and boxes of a sudoku board of any size: its houses, each of which holds every symbol once.

A board whose boxes are r rows high and c columns wide has n = r c symbols and n x n cells, numbered row by row.
"""

from functools import lru_cache
from math import isqrt

import numpy as np
from numpy.typing import NDArray


def most_square(symbols: int) -> tuple[int, int]:
    """Rows and columns of the most nearly square box of so many cells, no higher than wide.

    >>> [most_square(symbols) for symbols in (4, 6, 9, 25)]
    [(2, 2), (2, 3), (3, 3), (5, 5)]
    """
    rows = next(rows for rows in range(isqrt(symbols), 0, -1) if symbols % rows == 0)
    return rows, symbols // rows


@lru_cache(maxsize=16)
def houses(box: tuple[int, int]) -> NDArray[np.int64]:
    """The cells of all rows, then of all columns, then of all boxes: (3 n, n).

    >>> houses((2, 2))[[1, 5, 9]].tolist()
    [[4, 5, 6, 7], [1, 5, 9, 13], [2, 3, 6, 7]]
    """
    rows, columns = box
    symbols = rows * columns
    cells = np.arange(symbols * symbols).reshape(symbols, symbols)
    boxes = cells.reshape(columns, rows, rows, columns).swapaxes(1, 2).reshape(symbols, symbols)
    return np.concatenate([cells, cells.T, boxes])
