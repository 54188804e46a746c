"""Derivatives: convergence orders against the exact field, exactness on polynomials, bad input."""

import numpy as np
import pytest

from lorenz_utils.derivatives import central_difference, forward_difference, spline_derivative
from lorenz_utils.system import sample_attractor, simulate, vector_field

METHODS = [forward_difference, central_difference, spline_derivative]
STEPS = 0.02 / 2.0 ** np.arange(4)


@pytest.fixture(scope="module")
def orbit():
    """Two time units at the finest step; coarser ones are its subsamples."""
    return simulate(sample_attractor(1, rng=0)[0], STEPS[-1], round(2 / STEPS[-1]) + 1)


def errors(method, orbit, part=slice(None)):
    found = []
    for dt in STEPS:
        states, derivative = method(orbit[:: round(dt / STEPS[-1])], dt)
        found.append(np.abs(derivative - vector_field(states))[part].max())
    return np.array(found)


# Taylor: orders 1 and 2. Cubic spline interpolation: order 3 in its derivative at the ends, order
# 4 at inner knots (superconvergence, e.g. de Boor, A Practical Guide to Splines, chapter V).
@pytest.mark.parametrize(
    ("method", "part", "order"),
    [
        (forward_difference, slice(None), 1),
        (central_difference, slice(None), 2),
        (spline_derivative, slice(None), 3),
        (spline_derivative, slice(20, -20), 4),
    ],
)
def test_convergence_order(orbit, method, part, order):
    slope = np.polyfit(np.log(STEPS), np.log(errors(method, orbit, part)), 1)[0]
    assert abs(slope - order) < 0.15


@pytest.mark.parametrize(("method", "degree"), list(zip(METHODS, [1, 2, 3], strict=True)))
def test_exact_on_polynomials(method, degree):
    times = 0.1 * np.arange(30)
    series = np.column_stack([times**degree, 1 + times])  # any number of coordinates
    states, derivative = method(series, 0.1)
    assert states.shape == derivative.shape
    index = np.searchsorted(times, states[:, 1] - 1 - 1e-9)
    expected = np.column_stack([degree * times ** (degree - 1), np.ones(30)])[index]
    np.testing.assert_allclose(derivative, expected, atol=1e-11)


@pytest.mark.parametrize(
    ("method", "part"), list(zip(METHODS, [slice(-1), slice(1, -1), slice(None)], strict=True))
)
def test_states_are_the_samples_in_place(orbit, method, part):
    np.testing.assert_array_equal(method(orbit, 0.01)[0], orbit[part])


def test_constant_series_has_derivative_zero():
    states, derivative = spline_derivative(np.ones((20, 3)), 0.1)
    np.testing.assert_array_equal(states, 1)
    np.testing.assert_allclose(derivative, 0, atol=1e-10)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("series", "dt", "error", "message"),
    [
        (np.ones((1, 3)), 0.1, ValueError, "series must have shape .* length >="),
        (np.ones(10), 0.1, ValueError, r"shape \(length, d\)"),
        (np.full((10, 3), np.nan), 0.1, ValueError, "series must be finite"),
        (np.full((10, 3), "a"), 0.1, TypeError, "series must hold real numbers"),
        (np.ones((10, 3)), 0.0, ValueError, "dt must be positive"),
        (np.ones((10, 3)), "0.1", TypeError, "dt must be a real number"),
    ],
)
def test_bad_input(method, series, dt, error, message):
    with pytest.raises(error, match=message):
        method(series, dt)


@pytest.mark.parametrize("derivative", [forward_difference, central_difference, spline_derivative])
def test_a_time_recorded_twice_is_named(derivative):
    moving = np.arange(10.0)[:, None] ** [1, 2]
    with pytest.raises(ValueError, match="samples 4 and 5 are equal"):
        derivative(np.insert(moving, 4, moving[4], axis=0), 0.1)


def test_rest_is_no_time_recorded_twice():
    # An orbit that has arrived at a fixed point, and one coordinate that pauses for a sample.
    arrived = np.array([[2.0, 1], [1, 1], [0, 0], [0, 0], [0, 0]])
    np.testing.assert_array_equal(forward_difference(arrived, 1.0)[1][2:], 0)
    pausing = np.array([[0.0, 1], [1, 2], [1, 3], [2, 4]])
    assert forward_difference(pausing, 1.0)[1].shape == (3, 2)
