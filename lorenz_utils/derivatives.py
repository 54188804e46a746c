"""Time derivatives of a sampled series, by differences and splines.

Every function maps (series, dt) to a pair (states, derivative) of equal shape (n, d): row i holds a
state and the derivative there. The series may have any number d of coordinates.
"""

import numpy as np
from scipy.fft import dct
from scipy.interpolate import CubicSpline, make_smoothing_spline

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
    series, dt = check_series(series, minimum=2), check_positive(dt, "dt")
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
    series, dt = check_series(series, minimum=3), check_positive(dt, "dt")
    return series[1:-1], (series[2:] - series[:-2]) / (2 * dt)


def spline_derivative(series, dt, *, smooth=False):
    """Derivative of a cubic spline, at every sample.

    Parameters
    ----------
    series : array_like, shape (length, d)
        At least 5 samples.
    dt : float
    smooth : bool
        Interpolate by default (`scipy.interpolate.CubicSpline`, not-a-knot): derivative error
        O(dt^4) inside and O(dt^3) at the ends, for data without noise. Otherwise fit a smoothing
        spline (`scipy.interpolate.make_smoothing_spline`) to each coordinate, its penalty chosen
        by generalised cross-validation (`gcv_penalty`), for noisy data.

    Returns
    -------
    states, derivative : ndarray, shape (length, d)
        The spline's own values and slopes: the states are the samples, denoised where `smooth`.

    Raises
    ------
    TypeError, ValueError
        As `forward_difference`.
    """
    series, dt = check_series(series, minimum=5), check_positive(dt, "dt")
    times = dt * np.arange(len(series))
    if not smooth:
        return series, CubicSpline(times, series)(times, 1)
    steps = np.arange(len(series), dtype=float)
    splines = [make_smoothing_spline(steps, x, lam=gcv_penalty(x)) for x in series.T]
    states = np.column_stack([spline(steps) for spline in splines])
    return states, np.column_stack([spline(steps, 1) for spline in splines]) / dt


def gcv_penalty(values):
    """Penalty of a smoothing spline through equally spaced values, by cross-validation.

    The smoother (1 + penalty * D^2)^-1 with the discrete second difference D is diagonal in the
    cosine basis, so the score of every penalty costs O(length): SciPy's own search takes seconds
    for 10,000 samples.

    Parameters
    ----------
    values : ndarray, shape (length,)

    Returns
    -------
    float
        In units of the sample spacing cubed, the best of 57 between 1e-8 and 1e6.

    References
    ----------
    Garcia, *Computational Statistics & Data Analysis* 54 (2010), 1167-1178.
    """
    line = np.linspace(values[0], values[-1], len(values))  # else the ends' jump looks like noise
    power = dct(values - line, norm="ortho") ** 2
    curvature = (2 - 2 * np.cos(np.pi * np.arange(len(values)) / len(values))) ** 2
    penalties = np.logspace(-8, 6, 57)
    removed = 1 - 1 / (1 + penalties[:, None] * curvature)
    return penalties[np.argmin((removed**2 @ power) / removed.mean(axis=1) ** 2)]
