"""Checks: what is given comes back as floats, and what is not accepted is named with its value."""

import re

import numpy as np
import pytest

from lorenz_utils import checks


@pytest.mark.parametrize("dtype", [int, np.float32, np.float64])
def test_numbers_of_any_type_become_float64(dtype):
    values = checks.check_finite(np.arange(6, dtype=dtype).reshape(2, 3), "x")
    assert values.dtype == np.float64 and values.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("bad", [[1j, 0, 0], ["a", "b", "c"], [True, False, True], [None] * 3])
def test_what_is_no_real_number_is_named_with_its_type(bad):
    with pytest.raises(TypeError, match="series must hold real numbers, got dtype"):
        checks.check_finite(bad, "series")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(bad):
    with pytest.raises(ValueError, match="must be finite, got NaN or infinite values"):
        checks.check_shape([[1.0, 2.0, bad], [3.0, 4.0, 5.0]], "state", "(..., 3)")


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((3,), ["(..., 3)"]),
        ((4, 5, 3), ["(..., 3)"]),
        ((4, 5, 3), ["(n_series, length, 3)"]),
        ((7,), ["(d,)", "(n, d)"]),
        ((2, 7), ["(d,)", "(n, d)"]),
    ],
)
def test_shapes_are_read_as_a_docstring_writes_them(shape, expected):
    assert checks.check_shape(np.ones(shape), "x", *expected).shape == shape


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((), ["(..., 3)"]),
        ((3, 2), ["(..., 3)"]),
        ((5, 3), ["(n_series, length, 3)"]),
        ((4, 5, 30), ["(n_series, length, 3)"]),
        ((1, 2, 3), ["(d,)", "(n, d)"]),
    ],
)
def test_another_shape_is_named_beside_the_expected_ones(shape, expected):
    message = re.escape(f"x must have shape {' or '.join(expected)}, got {shape}")
    with pytest.raises(ValueError, match=message):
        checks.check_shape(np.ones(shape), "x", *expected)


def test_an_empty_axis_and_a_small_ensemble_are_named():
    with pytest.raises(ValueError, match=r"x must not be empty, got shape \(0, 3\)"):
        checks.check_shape(np.ones((0, 3)), "x", "(..., 3)")
    message = (
        "real must have shape (n_series, length, d), n_series >= 2, length >= 5, got (2, 4, 3)"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        checks.check_ensemble(np.ones((2, 4, 3)), "real", n_series=2, length=5)


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
