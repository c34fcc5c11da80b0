"""Lines, power laws and exponentials through measurements."""

import numpy as np
import pytest

from longthink.base.fits import exponential, line, power_law


@pytest.mark.parametrize("exponent", [-1.0, 0.5, 2.0])
def test_an_exact_power_law_is_found_without_error(exponent: float) -> None:
    sizes = np.array([1.0, 3.0, 10.0, 40.0])
    assert power_law(sizes, 5 * sizes**exponent) == pytest.approx((exponent, 0, 5, 1))


@pytest.mark.parametrize("base", [0.5, 2.0, 3.0])
def test_an_exact_exponential_is_found_without_error(base: float) -> None:
    sizes = np.array([2.0, 3.0, 5.0, 8.0])
    assert exponential(sizes, 7 * base**sizes) == pytest.approx((base, 0, 7, 1))


def test_the_error_is_that_of_the_slope() -> None:
    """y = 0, 1, 0 at x = 0, 1, 2: slope 0, squares that are left 2/3 with one degree of freedom, spread of x 2."""
    error = (1 / 3) ** 0.5
    assert line([0, 1, 2], [0, 1, 0]) == pytest.approx((0, error, 1 / 3, 0))
    assert power_law(np.exp([0, 1, 2]), np.exp([0, 1, 0])) == pytest.approx((0, error, np.exp(1 / 3), 0))
    assert exponential([0, 1, 2], np.exp([0, 1, 0])) == pytest.approx((1, error, np.exp(1 / 3), 0))


def test_a_line_is_that_of_numpy_and_says_which_share_of_the_variance_it_explains() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=20)
    y = 3 * x - 1 + rng.normal(size=20)
    found = line(x, y)
    (slope, start), covariance = np.polyfit(x, y, 1, cov=True)
    assert (found.slope, found.start) == pytest.approx((slope, start))
    assert found.error == pytest.approx(covariance[0, 0] ** 0.5)
    assert found.r_squared == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2)


def test_the_better_of_two_fits_explains_more() -> None:
    """What doubles is no power of the size, and what is squared no exponential."""
    sizes = np.arange(2.0, 9.0)
    assert exponential(sizes, 2**sizes).r_squared > 0.999 > power_law(sizes, 2**sizes).r_squared
    assert power_law(sizes, sizes**2).r_squared > 0.999 > exponential(sizes, sizes**2).r_squared


def test_two_measurements_have_no_error_and_one_size_or_none_no_fit() -> None:
    assert power_law([1, 2], [1, 4]) == pytest.approx((2, np.nan, 1, 1), nan_ok=True)
    for fit in (line, power_law, exponential):
        assert np.isnan(fit([8, 8, 8], [1, 2, 3])).all()
        assert np.isnan(fit([], [])).all()


def test_a_line_explains_all_where_nothing_varies() -> None:
    assert line([1, 2, 3], [4, 4, 4]) == (0, 0, 4, 1)
