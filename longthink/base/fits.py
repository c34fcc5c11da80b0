"""Curves through measurements."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Line(NamedTuple):
    """y = start + slope * x."""

    slope: float
    error: float
    """The standard error of the slope; not a number for fewer than three measurements."""
    start: float
    r_squared: float
    """The share of the variance of y that the line explains."""


class PowerLaw(NamedTuple):
    """cost = factor * size ** exponent."""

    exponent: float
    error: float
    """The standard error of the exponent; not a number for fewer than three measurements."""
    factor: float
    r_squared: float
    """Of the logarithms of costs."""


class Exponential(NamedTuple):
    """cost = factor * base ** size."""

    base: float
    error: float
    """The standard error of the base, to first order; not a number for fewer than three measurements."""
    factor: float
    r_squared: float
    """Of the logarithms of costs, as a power law's: of the two, the one with the larger fits better, by AIC too."""


def line(x: ArrayLike, y: ArrayLike) -> Line:
    """The straight line through measurements: least squares.

    Where all x are the same there is no slope, and it is not a number.

    >>> line([0, 1, 2], [1, 3, 5])
    Line(slope=2.0, error=0.0, start=1.0, r_squared=1.0)
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    spread = float(np.square(x - x.mean()).sum()) if len(x) else 0.0
    if spread == 0:
        return Line(np.nan, np.nan, np.nan, np.nan)
    away, total = x - x.mean(), float(np.square(y - y.mean()).sum())
    slope = float((away * y).sum() / spread)
    rest = float(np.square(y - y.mean() - slope * away).sum())
    error = float(np.sqrt(rest / (len(x) - 2) / spread)) if len(x) > 2 else np.nan
    values = (slope, error, float(y.mean() - slope * x.mean()), 1 - rest / total if total else 1.0)
    return Line(*(round(value, 12) for value in values))


def power_law(sizes: ArrayLike, costs: ArrayLike) -> PowerLaw:
    """The power law through measurements: least squares on their logarithms. All of them are above 0.

    Where all sizes are the same there is no exponent, and it is not a number.

    >>> power_law([1, 10, 100], [3, 30, 300])
    PowerLaw(exponent=1.0, error=0.0, factor=3.0, r_squared=1.0)
    """
    slope, error, start, r_squared = line(np.log(np.asarray(sizes, float)), np.log(np.asarray(costs, float)))
    return PowerLaw(slope, error, round(float(np.exp(start)), 11), r_squared)


def exponential(sizes: ArrayLike, costs: ArrayLike) -> Exponential:
    """The exponential through measurements: least squares on the logarithms of costs, which are above 0.

    Where all sizes are the same there is no base, and it is not a number.

    >>> exponential([1, 2, 3], [6, 12, 24])
    Exponential(base=2.0, error=0.0, factor=3.0, r_squared=1.0)
    """
    slope, error, start, r_squared = line(sizes, np.log(np.asarray(costs, float)))
    base = float(np.exp(slope))
    return Exponential(round(base, 11), round(base * error, 11), round(float(np.exp(start)), 11), r_squared)
