"""The numerics under the estimators of `identification`: arrays in, arrays out.

* Multiple shooting and the Cramer-Rao bound: the links between samples and the Gauss-Newton step,
  whose matrix is an arrow: a band for the states, bordered by the coefficients.
* Kernels of the others: the descent on one-step errors, integrals against test functions,
  thresholded least squares.
* The selection of terms by significance, and the checks of the data.
"""

import warnings

import numpy as np
from scipy.linalg import solve_banded
from sklearn.exceptions import ConvergenceWarning

from lorenz_utils.derivatives import check_no_repeats
from lorenz_utils.polynomials import COARSE, PolynomialField

ROUNDING = 1e-11
# Stages of multiple shooting: how far, in units of the noise, a link may be missed.
SOFTNESS = (1.0, 0.03, 1e-3, 1e-4)


def gauss_newton(powers, coef, support, states, data, dt, noise, softness, tol, max_iter):
    """Gauss-Newton with step halving over the supported coefficients and the states.

    Parameters
    ----------
    powers : ndarray, shape (n_terms, d)
    coef : ndarray, shape (d, n_terms)
    support : ndarray of bool, shape (d, n_terms)
    states, data : ndarray, shape (n_series, length, d)
        The first guess of the true states, and the samples.
    dt : float
    noise : ndarray, shape (d,)
    softness, tol : float
    max_iter : int

    Returns
    -------
    coef, states : ndarray
    information : ndarray, shape (n_coef, n_coef)
        Fisher information of the supported coefficients.
    n_iter : int
    converged : bool
    """
    columns = support.ravel()
    end, *slopes = link(PolynomialField(coef, powers), states, dt)
    cost = objective(end, states, data, noise, softness)
    for n_iter in range(1, max_iter + 1):
        step, state_step, information, target = arrow_step(
            *slopes, end - states[:, 1:], data - states, noise, softness, columns
        )
        if cost - target <= tol * cost:
            return coef, states, information, n_iter, True
        for fraction in 0.5 ** np.arange(12):
            trial = coef.copy()
            trial[support] += fraction * step
            trial_states = states + fraction * state_step
            end, *slopes = link(PolynomialField(trial, powers), trial_states, dt)
            trial_cost = objective(end, trial_states, data, noise, softness)
            if trial_cost < cost:
                break
        else:
            return coef, states, information, n_iter, True
        coef, states, cost = trial, trial_states, trial_cost
    return coef, states, information, n_iter, False


def link(field, states, dt):
    """Flow from each sample to the next with its derivatives, (n_series, length - 1, ...)."""
    before = states[:, :-1].reshape(-1, states.shape[2])
    parts = field.flow_with_sensitivities(before, dt, field.n_steps(before, dt, COARSE).max())
    if not all(np.isfinite(a).all() for a in parts):
        parts[0][:] = np.inf  # a field whose flow or tangent blows up is rejected as a whole
    return [a.reshape(len(states), -1, *a.shape[1:]) for a in parts]


def objective(end, states, data, noise, softness):
    """Squared misfit and squared gaps of the links, infinite where the flow blows up."""
    with np.errstate(all="ignore"):
        misfit = (((data - states) / noise) ** 2).sum()
        value = float(misfit + (((end - states[:, 1:]) / (softness * noise)) ** 2).sum())
    return value if np.isfinite(value) else np.inf


def arrow_step(state_slope, coef_slope, gap, misfit, noise, softness, columns):
    """One Gauss-Newton step for coefficients and states.

    Minimises over dc and ds_t, in units of the noise,

        sum |misfit_t - ds_t|^2 + sum |ds_{t+1} - F_t ds_t - P_t dc - gap_t|^2 / softness^2.

    With a multiplier for each link, states and multipliers in turn form a banded matrix; the
    coefficients border it. For softness 0 the links hold exactly.

    Returns
    -------
    coef_step : ndarray, shape (n_coef,)
    state_step : ndarray, shape (n_series, length, d)
    information : ndarray, shape (n_coef, n_coef)
        Fisher information of the coefficients, states eliminated.
    objective : float
        The linearised objective after the step.
    """
    n, length, d = misfit.shape
    right = np.zeros((n, length, 2, d, 1 + columns.sum()))
    right[:, 1:, 0, :, 0] = gap / noise
    right[:, 1:, 0, :, 1:] = coef_slope[..., columns] / noise[:, None]
    right[:, :, 1, :, 0] = misfit / noise
    right = right.reshape(-1, right.shape[-1])
    width = 2 * d - 1
    bands = _link_bands(state_slope * noise / noise[:, None], softness)
    solved = solve_banded((width, width), bands, right)
    schur = right.T @ solved
    information = -schur[1:, 1:]
    try:
        coef_step = np.linalg.solve(information, schur[1:, 0])
    except np.linalg.LinAlgError as error:
        raise ValueError(
            "series must tell the coefficients apart, but some terms are dependent on it: "
            "give longer or more varied series, or a lower degree"
        ) from error
    solution = (solved[:, 0] + solved[:, 1:] @ coef_step).reshape(n, length, 2, d)
    multipliers, state_step = solution[:, :, 0], solution[:, :, 1]
    objective = ((misfit / noise - state_step) ** 2).sum() + softness**2 * (multipliers**2).sum()
    return coef_step, state_step * noise, information, float(objective)


def _link_bands(slope, softness):
    """Bands of the symmetric matrix for (multiplier_t, state_t), t = 0, 1, ..., of every series.

    Its rows are ds_t - F_{t-1} ds_{t-1} - softness^2 m_t and ds_t + m_t - F_t' m_{t+1}.
    """
    n, links, d, _ = slope.shape
    width = 2 * d - 1
    multiplier = 2 * d * np.arange(n * (links + 1)).reshape(n, -1, 1, 1)
    i, j = np.arange(d)[:, None], np.arange(d)
    bands = np.zeros((2 * width + 1, 2 * d * n * (links + 1)))

    def put(row, column, values):
        bands[width + row - column, np.broadcast_to(column, (row - column).shape)] = values

    put(multiplier + i, multiplier + j, -(softness**2) * np.eye(d))
    put(multiplier + i, multiplier + d + j, np.eye(d))
    put(multiplier + d + i, multiplier + j, np.eye(d))
    put(multiplier + d + i, multiplier + d + j, np.eye(d))
    put(multiplier[:, 1:] + i, multiplier[:, :-1] + d + j, -slope)
    put(multiplier[:, :-1] + d + j, multiplier[:, 1:] + i, -slope)
    # No link leads to a first sample: its multiplier is zero.
    put(multiplier[:, :1] + i, multiplier[:, :1] + d + j, 0.0)
    put(multiplier[:, :1] + i, multiplier[:, :1] + j, np.eye(d))
    return bands


def levenberg_marquardt(powers, coef, support, before, after, dt, scale, length, tol, max_iter):
    """Levenberg-Marquardt over the supported coefficients, on the scaled one-step errors.

    Parameters
    ----------
    powers : ndarray, shape (n_terms, d)
    coef : ndarray, shape (d, n_terms)
    support : ndarray of bool, shape (d, n_terms)
    before, after : ndarray, shape (n, d)
        Samples, and those one `dt` later.
    dt : float
    scale : ndarray, shape (d,)
    length : float
        Of the integrator's step, as for `PolynomialField.n_steps`.
    tol : float
    max_iter : int

    Returns
    -------
    coef : ndarray, shape (d, n_terms)
    covariance : ndarray, shape (n_coef, n_coef)
        Of the supported coefficients.
    n_iter : int
    converged : bool
    """
    damping, columns, converged = 1e-3, support.ravel(), False
    residual, cost = one_step(PolynomialField(coef, powers), before, after, dt, scale, length)
    for n_iter in range(1, max_iter + 1):  # noqa: B007
        field = PolynomialField(coef, powers)
        n_nodes = field.n_steps(before, dt, COARSE).max()
        slope = field.flow_with_sensitivities(before, dt, n_nodes)[2][..., columns]
        slope = (slope / scale[:, None]).reshape(residual.size, -1)
        # Samples whose tangent blows up give no direction; the trial is judged by all.
        slope[~(np.abs(slope) < 1e12)] = 0.0
        norms = np.linalg.norm(slope, axis=0) + np.finfo(float).tiny
        u, s, vt = np.linalg.svd(slope / norms, full_matrices=False)
        pull = u.T @ residual.ravel()
        converged = pull @ pull <= tol * cost
        while not converged:
            step = vt.T @ (s / (s**2 + damping) * pull) / norms
            trial = coef.copy()
            trial[support] += step
            trial_residual, trial_cost = one_step(
                PolynomialField(trial, powers), before, after, dt, scale, length
            )
            # At the floor of rounding errors no step lowers the cost any more.
            converged = damping > 1e12 or np.abs(step).max() <= ROUNDING * np.abs(coef).max()
            if trial_cost < cost:
                break
            damping = max(10 * damping, 1e-8)
        if converged:
            break
        coef, residual, cost = trial, trial_residual, trial_cost
        damping = 0.0 if damping < 1e-9 else damping / 100
    variance = cost / max(1, residual.size - columns.sum())
    return coef, variance * (vt.T / s**2) @ vt / np.outer(norms, norms), n_iter, converged


def one_step(field, before, after, dt, scale, length=COARSE):
    """Scaled one-step residual and its sum of squares, infinite where the flow blows up."""
    end = field.flow(before, dt, field.n_steps(before, dt, length).max())
    residual = (after - end) / scale
    with np.errstate(all="ignore"):
        cost = float((residual**2).sum())
    return residual, cost if np.isfinite(cost) else np.inf


def bump_function(half, dt):
    """Bump (1 - (t/r)^2)^p on 2 half + 1 samples, r = half dt, and its derivative; times dt."""
    t = np.arange(-half, half + 1) / half
    p = 10
    bump = (1 - t**2) ** p
    slope = -2 * p * t * (1 - t**2) ** (p - 1) / (half * dt)
    return bump * dt, slope * dt


def integrals_against(data, weights, half):
    """Integrals of (n, length, k) against every shifted test function: (n_tests, k)."""
    windows = np.lib.stride_tricks.sliding_window_view(data, len(weights), axis=1)
    windows = windows[:, :: max(1, half // 8)]
    return (windows @ weights).reshape(-1, data.shape[2])


def threshold_coefficients(matrix, target, threshold):
    """Sequentially thresholded least squares; one row of coefficients for each target."""
    coef = np.linalg.lstsq(matrix, target, rcond=None)[0].T
    for _ in range(matrix.shape[1]):
        small = np.abs(coef) < threshold
        if (coef[small] == 0).all():
            break
        for i, keep in enumerate(~small):
            coef[i] = 0
            coef[i, keep] = np.linalg.lstsq(matrix[:, keep], target[:, i], rcond=None)[0]
    return coef


def drop_insignificant(values, covariance, n_sigma):
    """Drop estimates one by one, least significant first, conditioning the others on its zero.

    Returns
    -------
    kept : ndarray of bool
    values : ndarray
        The Gaussian estimate given that the dropped ones are zero.
    """
    values, covariance, kept = values.copy(), covariance.copy(), np.ones(len(values), dtype=bool)
    # Without noise the errors are those of rounding, which are no independent draws.
    floor = (ROUNDING * 100 * np.abs(values).max(initial=0.0)) ** 2
    while kept.any():
        variance = np.where(kept, np.maximum(np.diag(covariance), 0) + floor, 1.0)
        scores = np.where(kept, np.abs(values) / np.sqrt(variance), np.inf)
        k = int(scores.argmin())
        if scores[k] >= n_sigma:
            break
        gain = covariance[:, k] / variance[k]
        values -= gain * values[k]
        covariance -= np.outer(gain, covariance[k])
        kept[k] = False
    return kept, np.where(kept, values, 0.0)


def restrict(coef, support, kept, values):
    """Coefficients and support after a selection among the supported ones."""
    coef, smaller = np.zeros_like(coef), support.copy()
    coef[support], smaller[support] = values, kept
    return coef, smaller


def check_ensemble(data):
    """Return data as (n_series, length, d) floats, or raise."""
    array = np.asarray(data)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"series must hold real numbers, got dtype {array.dtype}")
    if array.ndim not in (2, 3) or array.size == 0:
        raise ValueError(
            f"series must have shape (length, d) or (n_series, length, d), got {array.shape}"
        )
    if not np.isfinite(array).all():
        raise ValueError("series must be finite, got NaN or infinite values")
    array = array.astype(float).reshape(-1, *array.shape[-2:])
    if (np.ptp(array, axis=(0, 1)) == 0).any():
        raise ValueError("series must vary in each coordinate, got a constant one")
    check_no_repeats(array)
    return array


def check_independent(data):
    """Raise if a coordinate is a linear combination of the others: coefficients are then free."""
    rows = data.reshape(-1, data.shape[2])
    values = np.linalg.svd(rows / np.linalg.norm(rows, axis=0), compute_uv=False)
    if values[-1] <= ROUNDING * values[0]:
        raise ValueError(
            "series must have linearly independent coordinates, got a coordinate that is a "
            "linear combination of the others"
        )


def check_coef(coef, shape, name):
    """Return coef as finite floats of this shape, or raise."""
    coef = np.asarray(coef, dtype=float)
    if coef.shape != shape or not np.isfinite(coef).all():
        raise ValueError(f"{name} must be finite with shape {shape}, got shape {coef.shape}")
    return coef


def warn_unconverged(max_iter):
    """Warn the caller of `fit`, three calls up."""
    warnings.warn(
        f"no convergence within max_iter={max_iter}: raise it, give more or less noisy samples, "
        "a smaller dt, or a lower degree",
        ConvergenceWarning,
        stacklevel=4,
    )
