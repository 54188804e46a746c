"""Multiple shooting: coefficients and true states by maximum likelihood.

The links between the states and the Gauss-Newton step, whose matrix is an arrow: a band for the
states, bordered by the coefficients. The Cramer-Rao bound is read off the same matrix.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import solve_banded

from lorenz_utils.checks import check_independent
from lorenz_utils.identification.estimator import ROUNDING, Identifier
from lorenz_utils.identification.field import COARSE, PolynomialField
from lorenz_utils.identification.weak_form import cold_starts

# Stages of the descent: how far, in units of the noise, a link may be missed.
SOFTNESS = (1.0, 0.03, 1e-3, 1e-4)


class MultipleShootingRegressor(Identifier):
    """Maximum likelihood of coefficients and true states, given noisy samples of them.

    Minimises sum |y_t - s_t|^2 / noise^2 over coefficients and states s_t that the flow carries
    one onto the next, s_{t+1} = phi(s_t). The states make the problem nearly linear, where one
    initial state would have to act through all of a chaotic orbit. Each Gauss-Newton step solves
    one banded system, so that its cost is linear in the number of samples.

    Parameters
    ----------
    degree, include_bias
        The polynomial library.
    n_sigma : float
        A coefficient within this many standard errors (from the Fisher information) of zero is
        dropped, smallest first.
    max_iter : int
        Gauss-Newton steps for each of the stages of the descent.
    tol : float
        Stop when a step can lower the objective by no more than this part of it.

    Attributes
    ----------
    coef_, standard_errors_ : ndarray, shape (d, n_terms)
        Zero where the term is dropped.
    states_ : ndarray, shape (n_series, length, d)
        The estimated true states.
    noise_std_ : ndarray, shape (d,)
        Standard deviation of the observation noise, estimated with the rest.
    n_iter_ : int

    Notes
    -----
    The flow's constraint is soft at first, of the size of the noise, and hardens in stages. A
    trial step that blows up or raises the objective is halved.

    References
    ----------
    Bock, Recent advances in parameter identification for ODE, in Numerical Treatment of Inverse
    Problems in Differential and Integral Equations (Birkhauser, 1983), 95-121.
    """

    def __init__(self, degree=2, *, include_bias=False, n_sigma=4.0, max_iter=30, tol=1e-6):
        self.degree = degree
        self.include_bias = include_bias
        self.n_sigma = n_sigma
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, data, dt):
        """Estimate the coefficients from a series (length, d) or ensemble (n, length, d)."""
        data, dt = self._check(data, dt)
        check_independent(data)
        scale = data.std((0, 1))
        problem = Observations(self.powers_, data, dt, noise=scale, softness=1.0)
        starts = cold_starts(data, dt, self.powers_)
        ends = [(problem.link(coef, data)[0], coef) for coef in starts]
        end, coef = min(ends, key=lambda pair: problem.objective(pair[0], data))
        self.noise_std_ = np.sqrt(((end - data[:, 1:]) ** 2).mean((0, 1))) / 2
        self.states_, self.n_iter_ = data.copy(), 0

        def descend(coef, support, softness=SOFTNESS[-1]):
            last = softness == SOFTNESS[-1]
            stage = replace(problem, noise=self.noise_std_, softness=softness)
            tol = self.tol if last else 1e-3
            coef, self.states_, information, n_iter, converged = gauss_newton(
                stage, coef, support, self.states_, tol=tol, max_iter=self.max_iter
            )
            self._count(n_iter, converged=converged or not last)
            if support.all():  # the noise is estimated with all terms
                misfit = np.sqrt(((data - self.states_) ** 2).mean((0, 1)))
                self.noise_std_ = np.maximum(misfit, ROUNDING * scale)
            return coef, np.linalg.inv(information)

        for softness in SOFTNESS[:-1]:
            coef, _ = descend(coef, np.ones(coef.shape, dtype=bool), softness)
        self._fit_and_drop(
            descend, coef, lambda c: np.isfinite(problem.link(c, self.states_)[0]).all()
        )
        return self


@dataclass(frozen=True)
class Observations:
    """Noisy samples of states that the flow carries one onto the next, and how exactly.

    Attributes
    ----------
    powers : ndarray, shape (n_terms, d)
        Of the field's library.
    data : ndarray, shape (n_series, length, d)
        The samples.
    dt : float
    noise : ndarray, shape (d,)
        Standard deviation of the samples' errors.
    softness : float
        How far, in units of the noise, a link may be missed.
    """

    powers: np.ndarray
    data: np.ndarray
    dt: float
    noise: np.ndarray
    softness: float

    def link(self, coef, states):
        """Flow from each state to the next with its derivatives, (n_series, length - 1, ...)."""
        field = PolynomialField(coef, self.powers)
        before = states[:, :-1].reshape(-1, states.shape[2])
        n_nodes = field.n_steps(before, self.dt, COARSE).max()
        parts = field.flow_with_sensitivities(before, self.dt, n_nodes)
        if not all(np.isfinite(a).all() for a in parts):
            parts[0][:] = np.inf  # a field whose flow or tangent blows up is rejected as a whole
        return [a.reshape(len(states), -1, *a.shape[1:]) for a in parts]

    def objective(self, end, states):
        """Squared misfit and squared gaps of the links, infinite where the flow blows up."""
        with np.errstate(all="ignore"):
            misfit = (((self.data - states) / self.noise) ** 2).sum()
            gaps = (end - states[:, 1:]) / (self.softness * self.noise)
            value = float(misfit + (gaps**2).sum())
        return value if np.isfinite(value) else np.inf

    def step(self, state_slope, coef_slope, gap, misfit, columns):
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
        noise, softness = self.noise, self.softness
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
        left = ((misfit / noise - state_step) ** 2).sum()
        objective = left + softness**2 * (multipliers**2).sum()
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


def gauss_newton(problem, coef, support, states, *, tol, max_iter):
    """Gauss-Newton with step halving over the supported coefficients and the states.

    Parameters
    ----------
    problem : Observations
    coef : ndarray, shape (d, n_terms)
    support : ndarray of bool, shape (d, n_terms)
    states : ndarray, shape (n_series, length, d)
        The first guess of the true states.
    tol : float
    max_iter : int

    Returns
    -------
    coef, states : ndarray
    information : ndarray, shape (n_coef, n_coef)
        Fisher information of the supported coefficients.
    n_iter : int
    converged : bool
    """
    end, *slopes = problem.link(coef, states)
    cost = problem.objective(end, states)
    for n_iter in range(1, max_iter + 1):
        gap, misfit = end - states[:, 1:], problem.data - states
        step, state_step, information, target = problem.step(*slopes, gap, misfit, support.ravel())
        if cost - target <= tol * cost:
            return coef, states, information, n_iter, True
        for fraction in 0.5 ** np.arange(12):
            trial = coef.copy()
            trial[support] += fraction * step
            trial_states = states + fraction * state_step
            end, *slopes = problem.link(trial, trial_states)
            trial_cost = problem.objective(end, trial_states)
            if trial_cost < cost:
                break
        else:
            return coef, states, information, n_iter, True
        coef, states, cost = trial, trial_states, trial_cost
    return coef, states, information, n_iter, False
