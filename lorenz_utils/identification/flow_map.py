"""The one-step flow map: nonlinear least squares on the step from each sample to the next."""

from dataclasses import dataclass

import numpy as np

from lorenz_utils.checks import check_coefficients
from lorenz_utils.identification.estimator import ROUNDING, Identifier
from lorenz_utils.identification.field import COARSE, FINE, PolynomialField
from lorenz_utils.identification.weak_form import cold_starts

# Above this sum of squared one-step errors, scaled, the integrator's own are negligible.
COARSE_IS_ENOUGH = 1e-6


class FlowMapRegressor(Identifier):
    """Least squares on one step of the flow: the coefficients that carry x_t onto x_{t+1}.

    Parameters
    ----------
    degree, include_bias
        The polynomial library.
    n_sigma : float
        A coefficient within this many standard errors of zero is dropped, smallest first.
    max_iter : int
        Levenberg-Marquardt iterations.
    tol : float
        Stop when a step can lower the sum of squares by no more than this part of it.
    start : array_like, shape (d, n_terms), optional
        A guess of the coefficients, tried beside the starts made from the data.

    Attributes
    ----------
    coef_, standard_errors_ : ndarray, shape (d, n_terms)
        Zero where the term is dropped.
    residual_ : float
        Root mean square of the one-step error.
    n_iter_ : int

    Notes
    -----
    The start is the best of the weak form, central differences and no motion at all, whichever
    predicts these samples best. A trial field that sends a sample to infinity is rejected like any
    step that does not lower the error. Noise in x_t biases the estimate: see
    `MultipleShootingRegressor`.
    """

    def __init__(
        self, degree=2, *, include_bias=False, n_sigma=4.0, max_iter=50, tol=1e-6, start=None
    ):
        self.degree = degree
        self.include_bias = include_bias
        self.n_sigma = n_sigma
        self.max_iter = max_iter
        self.tol = tol
        self.start = start

    def fit(self, data, dt):
        """Estimate the coefficients from a series (length, d) or ensemble (n, length, d)."""
        data, dt = self._check(data, dt)
        before, after = (a.reshape(-1, data.shape[2]) for a in (data[:, :-1], data[:, 1:]))
        problem = OneStep(self.powers_, before, after, dt, after.std(0))
        starts = cold_starts(data, dt, self.powers_)
        if self.start is not None:
            starts.append(check_coefficients(self.start, starts[0].shape, "start"))
        self.n_iter_ = 0

        def descend(coef, support):
            for length in (COARSE, FINE):
                coef, covariance, n_iter, converged = levenberg_marquardt(
                    problem, coef, support, length=length, tol=self.tol, max_iter=self.max_iter
                )
                self._count(n_iter, converged=converged)
                if problem.error(coef)[1] > COARSE_IS_ENOUGH:
                    break
            return coef, covariance

        start = min(starts, key=lambda coef: problem.error(coef)[1])
        self._fit_and_drop(descend, start, lambda c: np.isfinite(problem.error(c, FINE)[1]))
        residual = problem.error(self.coef_, FINE)[0] * problem.scale
        self.residual_ = float(np.sqrt((residual**2).mean()))
        return self


@dataclass(frozen=True)
class OneStep:
    """The errors of one step of the flow, as a function of the coefficients.

    Attributes
    ----------
    powers : ndarray, shape (n_terms, d)
    before, after : ndarray, shape (n, d)
        Samples, and those one `dt` later.
    dt : float
    scale : ndarray, shape (d,)
        Unit of the errors.
    """

    powers: np.ndarray
    before: np.ndarray
    after: np.ndarray
    dt: float
    scale: np.ndarray

    def error(self, coef, length=COARSE):
        """Scaled one-step residual and its sum of squares, infinite where the flow blows up."""
        field = PolynomialField(coef, self.powers)
        n_steps = field.n_steps(self.before, self.dt, length).max()
        residual = (self.after - field.flow(self.before, self.dt, n_steps)) / self.scale
        with np.errstate(all="ignore"):
            cost = float((residual**2).sum())
        return residual, cost if np.isfinite(cost) else np.inf

    def slope(self, coef):
        """Derivative of the scaled end points with respect to the coefficients, (n, d, n_coef)."""
        field = PolynomialField(coef, self.powers)
        n_nodes = field.n_steps(self.before, self.dt, COARSE).max()
        return field.flow_with_sensitivities(self.before, self.dt, n_nodes)[2] / self.scale[:, None]


def levenberg_marquardt(problem, coef, support, *, length, tol, max_iter):
    """Levenberg-Marquardt over the supported coefficients, on the scaled one-step errors.

    Parameters
    ----------
    problem : OneStep
    coef : ndarray, shape (d, n_terms)
    support : ndarray of bool, shape (d, n_terms)
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
    residual, cost = problem.error(coef, length)
    for n_iter in range(1, max_iter + 1):  # noqa: B007
        slope = problem.slope(coef)[..., columns].reshape(residual.size, -1)
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
            trial_residual, trial_cost = problem.error(trial, length)
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
