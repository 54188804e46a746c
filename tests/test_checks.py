"""Checks: what is given comes back as floats, and what is not accepted is named with its value."""

import numpy as np
import pytest

from lorenz_utils import checks


@pytest.mark.parametrize("dtype", [int, np.float32, np.float64])
def test_numbers_of_any_type_become_float64(dtype):
    values = checks.check_finite(np.arange(6, dtype=dtype).reshape(2, 3), "x")
    assert values.dtype == np.float64 and values.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("bad", [[1j, 0, 0], ["a", "b", "c"], [True, False, True], [None] * 3])
def test_what_is_no_real_number_is_named_with_its_type(bad):
    for check in (lambda x: checks.check_finite(x, "series"), lambda x: checks.check_ensemble([x])):
        with pytest.raises(TypeError, match="series must hold real numbers, got dtype"):
            check(bad)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(bad):
    for check in (checks.check_states, checks.check_ensemble):
        with pytest.raises(ValueError, match="must be finite, got NaN or infinite values"):
            check([[1.0, 2.0, bad], [3.0, 4.0, 5.0]])


@pytest.mark.parametrize(
    ("value", "error"),
    [(0, ValueError), (-1.0, ValueError), (np.inf, ValueError), ("1", TypeError)],
)
def test_positive_numbers(value, error):
    with pytest.raises(error, match="dt must be"):
        checks.check_positive(value, "dt")
    assert checks.check_positive(np.float32(0.5), "dt") == 0.5


@pytest.mark.parametrize(("value", "error"), [(1, ValueError), (2.0, TypeError), (True, TypeError)])
def test_counts(value, error):
    with pytest.raises(error, match="n must be"):
        checks.check_count(value, "n", minimum=2)
    assert checks.check_count(np.int64(2), "n", minimum=2) == 2


def test_a_single_series_is_an_ensemble_of_one():
    series = np.random.default_rng(0).normal(size=(5, 4))
    np.testing.assert_array_equal(checks.check_ensemble(series), series[None])
    np.testing.assert_array_equal(checks.check_ensemble(series[None]), series[None])
