"""The weak form: integrals of the data against smooth test functions, and linear regression."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lorenz_utils.checks import check_positive
from lorenz_utils.identification.estimator import Identifier
from lorenz_utils.identification.field import library
from lorenz_utils.identification.selection import price
from lorenz_utils.regression import thresholded_least_squares


class WeakFormRegressor(Identifier):
    """Sparse regression on integrals of the data against test functions.

    Multiplying dX/dt = Xi theta(X) by a smooth phi of compact support and integrating by parts,
    -int phi' X dt = Xi int phi theta(X) dt: no derivative of the data is taken.

    Parameters
    ----------
    degree : int
        Of the polynomial library.
    include_bias : bool
        Whether the library has a constant term.
    radius : float, optional
        Half the support of the test functions, in time units. By default the larger of three times
        that in which a coordinate's correlation halves, and 10 samples.
    threshold : float
        Coefficients smaller than this are set to zero and the others refitted, until none is: in
        the data's own units, in which each coordinate has root mean square one and that time is
        one, for a linear term; exp(2) times as much for each factor more, or less.

    Attributes
    ----------
    coef_ : ndarray, shape (d, n_terms)
    standard_errors_ : ndarray, shape (d, n_terms)
        NaN: the equations share their noise.
    residual_ : ndarray, shape (d,)
        Root mean square of the one-step errors, in standard deviations of the data.
    noise_std_ : ndarray, shape (d,)
        Noise of the samples that would make such errors.
    parameters_ : LorenzParameters

    References
    ----------
    Messenger & Bortz, Weak SINDy, Multiscale Model. Simul. 19 (2021), 1474-1497.
    """

    def __init__(self, degree=2, *, include_bias=False, radius=None, threshold=0.025):
        self.degree = degree
        self.include_bias = include_bias
        self.radius = radius
        self.threshold = threshold

    def _fit(self, samples):
        own_dt = samples.step
        half = half_support(default_radius(own_dt), own_dt)
        if self.radius is not None:
            half = half_support(check_positive(self.radius, "radius"), self._step)
        even, d = samples.even(), samples.d
        matrix, target, scale = weak_equations(even, self.powers_, half, own_dt, d)
        if len(matrix) < len(scale):
            raise ValueError(
                f"series must hold {len(scale)} stretches of {2 * half + 1} samples without a gap, "
                f"got {len(matrix)}: give longer series or a smaller radius"
            )
        threshold = (self.threshold * np.exp(price(self.powers_)) * scale)[:, None]
        fits = thresholded_least_squares(matrix, target, threshold)
        coef = next(coef for coef, done in fits if done).T / scale
        self.coef_ = coef * self._coef_unit
        self.standard_errors_ = np.full(coef.shape, np.nan)
        return coef


def weak_equations(data, powers, half, dt, d):
    """The linear equations Xi int phi theta dt = -int phi' X dt, columns of unit length.

    The test functions are bumps, phi = (1 - (t / r)^2)^10 with r = half dt, and zero beyond.

    Parameters
    ----------
    data : ndarray, shape (n, length, d)
        NaN in gaps, over which there is no equation.
    powers : ndarray, shape (n_terms, d)
        Of the library theta.
    half : int
        Samples on each side of a test function's centre.
    dt : float
    d : int
        Coordinates that have an equation.

    Returns
    -------
    matrix : ndarray, shape (n_tests, n_terms)
    target : ndarray, shape (n_tests, d)
    scale : ndarray, shape (n_terms,)
        The lengths of the columns: a solution over them is one of coefficients.
    """
    t = np.arange(-half, half + 1) / half
    phi, slope = (1 - t**2) ** 10, -20 * t * (1 - t**2) ** 9 / (half * dt)

    def integrals(values, weights):
        windows = sliding_window_view(values, len(t), axis=1)[:, :: max(1, half // 8)]
        return (windows @ (weights * dt)).reshape(-1, values.shape[2])

    if data.shape[1] < len(t):
        return np.empty((0, len(powers))), np.empty((0, d)), np.ones(len(powers))
    matrix, target = integrals(library(powers)(data), phi), integrals(data[..., :d], -slope)
    whole = np.isfinite(target).all(axis=1)
    matrix, target = matrix[whole], target[whole]
    scale = np.linalg.norm(matrix, axis=0)
    return matrix / scale, target, scale


def half_support(radius, dt):
    """Samples on each side of the centre of a test function of that radius, at least two."""
    return max(2, round(radius / dt))


def default_radius(dt):
    """Three of the data's own units of time, or ten samples if that is more."""
    return max(3.0, 10 * dt)


def cold_starts(data, dt, powers, d):
    """Coefficients to start a descent from, from the data alone.

    Weak forms of several radii, central differences, and no motion at all.

    Parameters
    ----------
    data : ndarray, shape (n, length, d + m)
        NaN in gaps.
    dt : float
    powers : ndarray, shape (n_terms, d + m)
        Of the library.
    d : int
        Coordinates that have an equation.

    Returns
    -------
    list of ndarray, shape (d, n_terms)
    """
    starts = []
    for radius in (10 * dt, 6 * dt, default_radius(dt)):
        if data.shape[1] > 2 * round(radius / dt) + 10:
            matrix, target, scale = weak_equations(data, powers, half_support(radius, dt), dt, d)
            if len(matrix):
                starts.append(np.linalg.lstsq(matrix, target)[0].T / scale)
    if data.shape[1] > 2:
        velocity = ((data[:, 2:, :d] - data[:, :-2, :d]) / (2 * dt)).reshape(-1, d)
        theta = library(powers)(data[:, 1:-1]).reshape(len(velocity), -1)
        whole = np.isfinite(velocity).all(axis=1) & np.isfinite(theta).all(axis=1)
        starts.append(np.linalg.lstsq(theta[whole], velocity[whole])[0].T)
    return [*starts, np.zeros((d, len(powers)))]
