"""Curves through measurements."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class PowerLaw(NamedTuple):
    """cost = factor * size ** exponent."""

    exponent: float
    error: float
    """The standard error of the exponent; not a number for fewer than three measurements."""
    factor: float


def power_law(sizes: ArrayLike, costs: ArrayLike) -> PowerLaw:
    """The power law through measurements: least squares on their logarithms. All of them are above 0.

    Where all sizes are the same there is no exponent, and it is not a number.

    >>> power_law([1, 10, 100], [3, 30, 300])
    PowerLaw(exponent=1.0, error=0.0, factor=3.0)
    """
    x, y = np.log(np.asarray(sizes, float)), np.log(np.asarray(costs, float))
    away = x - x.mean()
    spread = float((away**2).sum())
    if spread == 0:
        return PowerLaw(np.nan, np.nan, np.nan)
    slope = float((away * y).sum() / spread)
    rest = y - y.mean() - slope * away
    error = float(np.sqrt((rest**2).sum() / (len(x) - 2) / spread)) if len(x) > 2 else np.nan
    rounded = (round(value, 12) for value in (slope, error, float(np.exp(y.mean() - slope * x.mean()))))
    return PowerLaw(*rounded)
