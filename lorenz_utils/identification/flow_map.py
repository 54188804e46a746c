"""The one-step flow map: nonlinear least squares on the step from each sample to the next."""

from dataclasses import dataclass, replace

import numpy as np

from lorenz_utils.checks import check_shape
from lorenz_utils.identification.estimator import ROUNDING, Identifier
from lorenz_utils.identification.field import COARSE, FINE, MAX_STEPS
from lorenz_utils.identification.sampling import Steps
from lorenz_utils.identification.selection import TRIAL_ITER, Fit
from lorenz_utils.identification.weak_form import cold_starts

# Above this sum of squared one-step errors, scaled, the integrator's own are negligible.
COARSE_IS_ENOUGH = 1e-6
# The error, in units of the data, that counts as none.
FLOOR = 1e-10


class FlowMapRegressor(Identifier):
    """Least squares on one step of the flow: the coefficients that carry x_t onto x_{t+1}.

    Parameters
    ----------
    degree, include_bias
        The polynomial library.
    sparse : bool
        Whether terms are chosen by their evidence (see `selection`); otherwise all are kept.
    max_iter : int
        Levenberg-Marquardt iterations.
    tol : float
        Stop when a step can lower the sum of squares by no more than this part of it.
    start : array_like, shape (d, n_terms), optional
        A guess of the coefficients, tried beside the starts made from the data.

    Attributes
    ----------
    coef_, standard_errors_ : ndarray, shape (d, n_terms)
        Zero where the term is dropped. An error is infinite where the data cannot tell the term
        from others of the library, and valid if the model is: if a warning says that it lacks
        something, the errors are too small.
    null_directions_ : ndarray, shape (n_directions, d, n_terms)
        Changes of the coefficients that the data do not see.
    residual_ : ndarray, shape (d,)
        Root mean square of the one-step errors, in standard deviations of the data.
    noise_std_ : ndarray, shape (d,)
        Noise of the samples that would make such errors.
    n_iter_ : int
    converged_ : bool

    Notes
    -----
    The start is the best of the weak form, central differences and no motion at all, whichever
    predicts these samples best. A trial field that sends a sample to infinity is rejected like any
    step that does not lower the error. Noise in x_t biases the estimate: see
    `MultipleShootingRegressor`.
    """

    def __init__(
        self, degree=2, *, include_bias=False, sparse=True, max_iter=50, tol=1e-6, start=None
    ):
        self.degree = degree
        self.include_bias = include_bias
        self.sparse = sparse
        self.max_iter = max_iter
        self.tol = tol
        self.start = start

    def _fit(self, samples):
        before, after = samples.before, samples.after
        problem = OneStep(samples.steps(self.powers_), before, after, after.std(0))
        starts = cold_starts(samples.even(), samples.step, self.powers_, samples.d)
        if self.start is not None:
            start = check_shape(self.start, "start", str(starts[0].shape))
            starts.append(start / self._coef_unit)
        coef = min(starts, key=lambda coef: problem.error(coef)[1])
        # Not the best start alone: no motion at all is the slowest of fields.
        fastest = max(problem.n_steps(start, FINE) for start in starts)
        problem = replace(problem, max_steps=min(MAX_STEPS, 8 + 4 * fastest))

        def descend(support, near, max_iter=TRIAL_ITER):
            """The best fit of these terms, from another; None where its flow blows up."""
            starts = near.starts(support)
            coef = min(starts, key=lambda coef: problem.error(coef)[1])
            for length in (COARSE, FINE):
                limits = {"tol": self.tol, "max_iter": min(max_iter, self.max_iter)}
                fit, n_iter = levenberg_marquardt(problem, coef, support, length=length, **limits)
                self.n_iter_ += n_iter
                if fit is None or problem.error(fit.coef)[1] > COARSE_IS_ENOUGH:
                    break
                coef = fit.coef
            return fit

        every = np.ones(coef.shape, dtype=bool)
        fit = descend(every, Fit(coef, every, -np.inf, None, None), self.max_iter)
        if fit is None:
            raise ValueError(
                "series must have a flow from sample to sample, but none was found within "
                f"{MAX_STEPS} integrator steps: give a smaller dt, or leave out what decays in one"
            )
        residual = problem.error(fit.coef)[0] * problem.scale
        fit = self._select(descend, fit, before, after - residual, samples)
        return self._finish(descend(fit.support, fit, self.max_iter) or fit)


@dataclass(frozen=True)
class OneStep:
    """The errors of one step of the flow, as a function of the coefficients.

    Attributes
    ----------
    steps : Steps
    before, after : ndarray, shape (n, d)
        Samples, and those one step later.
    scale : ndarray, shape (d,)
        Unit of the errors.
    max_steps : int
        A field that takes more integrator steps is rejected: no search shall wait for it.
    """

    steps: Steps
    before: np.ndarray
    after: np.ndarray
    scale: np.ndarray
    max_steps: int = MAX_STEPS

    def n_steps(self, coef, length):
        """Integrator steps of the fastest sample."""
        return self.steps.n_steps(coef, self.before, length)

    def error(self, coef, length=COARSE):
        """Scaled one-step residual and its sum of squares, infinite where the flow blows up."""
        n_steps = self.n_steps(coef, length)
        if n_steps > self.max_steps:
            return np.full(self.after.shape, np.inf), np.inf
        end = self.steps.flow(coef, self.before, n_steps)
        residual = (self.after - end) / self.scale
        with np.errstate(all="ignore"):
            cost = float((residual**2).sum())
        return residual, cost if np.isfinite(cost) else np.inf

    def slope(self, coef):
        """Derivative of the scaled end points with respect to the coefficients, (n, d, n_coef)."""
        n_nodes = self.n_steps(coef, COARSE)
        return self.steps.sensitivities(coef, self.before, n_nodes)[2] / self.scale[:, None]


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
    fit : Fit or None
        None where the flow of the first guess blows up.
    n_iter : int
    """
    damping, columns, converged = 1e-3, support.ravel(), False
    residual, cost = problem.error(coef, length)
    if not np.isfinite(cost):
        return None, 0
    for n_iter in range(1, max_iter + 1):  # noqa: B007
        every = problem.slope(coef).reshape(residual.size, -1)
        # Samples whose tangent blows up give no direction; the trial is judged by all.
        every[~(np.abs(every) < 1e12)] = 0.0
        slope = every[:, columns]
        norms = np.linalg.norm(slope, axis=0) + np.finfo(float).tiny
        u, s, vt = np.linalg.svd(slope / norms, full_matrices=False)
        pull = u.T @ residual.ravel()
        converged = pull @ pull <= tol * cost
        while not converged and damping < 1e12:
            step = vt.T @ (s / (s**2 + damping) * pull) / norms
            trial = coef.copy()
            trial[support] += step
            trial_residual, trial_cost = problem.error(trial, length)
            # At the floor of rounding errors no step lowers the cost any more.
            converged = np.abs(step).max() <= ROUNDING * np.abs(coef).max()
            if trial_cost < cost:
                break
            damping = max(10 * damping, 1e-8)
        if converged or damping >= 1e12:
            break
        coef, residual, cost = trial, trial_residual, trial_cost
        damping = 0.0 if damping < 1e-9 else damping / 100
    variance = max(cost / max(1, residual.size - columns.sum()), FLOOR**2)
    likelihood = -residual.size / 2 * np.log(cost / residual.size + FLOOR**2)
    information, pull = every.T @ every / variance, every.T @ residual.ravel() / variance
    return Fit(coef, support, likelihood, information, pull, None, bool(converged)), n_iter
