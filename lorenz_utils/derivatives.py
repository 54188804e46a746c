"""Time derivatives of a sampled series, by differences and a spline.

Every function maps (series, dt) to a pair (states, derivative) of equal shape (n, d): row i holds a
state and the derivative there. The series may have any number d of coordinates.
"""

import numpy as np
from scipy.interpolate import CubicSpline

from lorenz_utils.checks import check_positive, check_series


def forward_difference(series, dt):
    """Derivative (x[t + 1] - x[t]) / dt at x[t]: error O(dt), the deck's choice.

    Parameters
    ----------
    series : array_like, shape (length, d)
        At least 2 samples.
    dt : float
        Time between samples.

    Returns
    -------
    states, derivative : ndarray, shape (length - 1, d)

    Raises
    ------
    TypeError, ValueError
        For a series that is not a finite real (length, d) array or too short, or `dt` not positive.
    """
    series, dt = check_series(series, "(length, d)", length=2), check_positive(dt, "dt")
    return series[:-1], np.diff(series, axis=0) / dt


def central_difference(series, dt):
    """Derivative (x[t + 1] - x[t - 1]) / (2 dt) at x[t]: error O(dt^2).

    Parameters
    ----------
    series : array_like, shape (length, d)
        At least 3 samples.
    dt : float

    Returns
    -------
    states, derivative : ndarray, shape (length - 2, d)

    Raises
    ------
    TypeError, ValueError
        As `forward_difference`.

    Examples
    --------
    >>> time = np.arange(5.0)
    >>> states, derivative = central_difference((time**2)[:, None], dt=1.0)
    >>> derivative.ravel()  # exact for a parabola: 2 t at t = 1, 2, 3
    array([2., 4., 6.])
    """
    series, dt = check_series(series, "(length, d)", length=3), check_positive(dt, "dt")
    return series[1:-1], (series[2:] - series[:-2]) / (2 * dt)


def spline_derivative(series, dt):
    """Derivative of the cubic spline through the samples (`scipy.interpolate.CubicSpline`).

    Its error is O(dt^4) inside and O(dt^3) at the ends (not-a-knot), for data without noise.

    Parameters
    ----------
    series : array_like, shape (length, d)
        At least 5 samples.
    dt : float

    Returns
    -------
    states, derivative : ndarray, shape (length, d)
        At every sample.

    Raises
    ------
    TypeError, ValueError
        As `forward_difference`.
    """
    series, dt = check_series(series, "(length, d)", length=5), check_positive(dt, "dt")
    times = dt * np.arange(len(series))
    return series, CubicSpline(times, series)(times, 1)
