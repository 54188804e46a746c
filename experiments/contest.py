"""The contest of the noise chapter: five methods on the same noisy orbit, beside the bound.

One `trial` is one method on one draw of orbit and noise. `experiments.noise` runs them all and
stores them; the chapter shows what is stored and runs some again.
"""

import time
import warnings

import numpy as np
from scipy.fft import dct
from scipy.interpolate import make_smoothing_spline

from experiments.bound import cramer_rao_bound
from lorenz_utils.checks import ModelWarning
from lorenz_utils.derivatives import forward_difference
from lorenz_utils.identification import (
    FlowMapRegressor,
    MultipleShootingRegressor,
    WeakFormRegressor,
)
from lorenz_utils.regression import STLSQ, coefficient_error, polynomial_library, true_coefficients
from lorenz_utils.surrogates import with_noise
from lorenz_utils.system import sample_attractor, simulate

SUPPORT = true_coefficients() != 0
SHOOTING = "multiple shooting"


def forward_ols(series, dt):
    """The deck's derivative and ordinary least squares."""
    states, velocity = forward_difference(series, dt)
    return np.linalg.lstsq(polynomial_library().fit_transform(states), velocity)[0].T


def spline_stlsq(series, dt):
    """A smoothing spline, then sequentially thresholded least squares."""
    states, velocity = smooth_derivative(series, dt)
    return STLSQ(0.1).fit(polynomial_library().fit_transform(states), velocity).coef_


def smooth_derivative(series, dt):
    """States and slopes of smoothing splines through noisy samples (length, d), at every sample.

    `scipy.interpolate.make_smoothing_spline` for each coordinate, its penalty by `gcv_penalty`.
    """
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


def weak_form(series, dt):
    """Integrals against test functions."""
    return WeakFormRegressor().fit(series, dt).coef_


def fit_flow_map(series, dt):
    """Each sample carried onto the next."""
    return FlowMapRegressor().fit(series, dt).coef_


def multiple_shooting(series, dt):
    """Coefficients and true states by maximum likelihood."""
    return MultipleShootingRegressor().fit(series, dt).coef_


METHODS = {
    "forward difference": forward_ols,
    "spline + STLSQ": spline_stlsq,
    "weak form": weak_form,
    "one-step flow map": fit_flow_map,
    SHOOTING: multiple_shooting,
}


def orbit(seed, duration):
    """A noise-free orbit on the attractor, (100 * duration + 1, 3), sampled every 0.01."""
    return simulate(sample_attractor(1, rng=seed)[0], 0.01, round(duration / 0.01) + 1)


def observe(orbit, dt, level, seed):
    """Samples of an orbit (length, 3) every `dt`: true, noisy, and the noise's std (3,)."""
    true = orbit[:: round(dt / 0.01)]
    return true, with_noise(true[None], level, rng=seed)[0], level * true.std(axis=0)


def trial(method, orbit, dt, level, seed):
    """One method on one draw.

    Parameters
    ----------
    method : str
        A key of `METHODS`.
    orbit : ndarray, shape (length, 3)
        Noise-free, sampled every 0.01; the same for all methods.
    dt, level : float
        Sampling step, a multiple of 0.01; noise as a part of each coordinate's spread.
    seed : int
        Of the noise.

    Returns
    -------
    dict
        ``error`` is RMSE27 and ``bound`` the Cramer-Rao bound of its root mean square for the
        seven true terms; ``exact`` whether just these were found, ``q`` then the error measured
        by the bound's covariance, 1 in the root mean square if the bound is attained, and the same
        of the best known combination of the coefficients and of the other six; ``seconds`` is
        processor time.
    """
    true, noisy, noise_std = observe(orbit, dt, level, seed)
    began = time.process_time()
    with warnings.catch_warnings():  # where a method goes wrong is what is asked
        warnings.simplefilter("ignore", ModelWarning)
        coef = METHODS[method](noisy, dt)
    seconds = time.process_time() - began
    covariance = cramer_rao_bound(true, dt, noise_std=noise_std, support=SUPPORT)
    row = {"method": method, "dt": dt, "level": level, "seed": seed}
    row |= {
        "error": float(coefficient_error(coef)),
        "bound": float(np.sqrt(np.trace(covariance) / SUPPORT.size)),
        "exact": bool(((coef != 0) == SUPPORT).all()),
        "seconds": round(seconds, 3),
    }
    if row["exact"]:
        z = along_axes((coef - true_coefficients())[SUPPORT], covariance)
        row["q"] = float(np.sqrt(np.mean(z**2)))
        row["q, sharpest"], row["q, others"] = abs(z[0]), float(np.sqrt(np.mean(z[1:] ** 2)))
    return row


def along_axes(error, covariance):
    """The error of the true terms along the principal axes of a bound, in its standard deviations.

    Parameters
    ----------
    error : ndarray, shape (7,)
    covariance : ndarray, shape (27, 27)
        Of all coefficients, in the order of ``coef.ravel()``. Its axes are those of the
        correlations, so that they do not depend on the coefficients' units.

    Returns
    -------
    ndarray, shape (7,)
        The best known combination first. Normal with variance one if the bound is attained.
    """
    inside = covariance[np.ix_(SUPPORT.ravel(), SUPPORT.ravel())]
    size = np.sqrt(np.diag(inside))
    variances, axes = np.linalg.eigh(inside / np.outer(size, size))
    return axes.T @ (error / size) / np.sqrt(variances)
