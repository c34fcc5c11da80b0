"""Power laws through measurements."""

import numpy as np
import pytest

from longthink.base.fits import power_law


@pytest.mark.parametrize("exponent", [-1.0, 0.0, 0.5, 2.0])
def test_an_exact_power_law_is_found_without_error(exponent: float) -> None:
    sizes = np.array([1.0, 3.0, 10.0, 40.0])
    assert power_law(sizes, 5 * sizes**exponent) == pytest.approx((exponent, 0, 5))


def test_the_error_is_that_of_the_slope_in_logarithms() -> None:
    """y = 0, 1, 0 at x = 0, 1, 2: slope 0, squares that are left 2/3 with one degree of freedom, spread of x 2."""
    assert power_law(np.exp([0, 1, 2]), np.exp([0, 1, 0])) == pytest.approx((0, (1 / 3) ** 0.5, np.exp(1 / 3)))


def test_two_measurements_have_no_error_and_one_size_no_exponent() -> None:
    assert power_law([1, 2], [1, 4]) == pytest.approx((2, np.nan, 1), nan_ok=True)
    assert np.isnan(power_law([8, 8, 8], [1, 2, 3])).all()
