"""Multiple shooting: coefficients and true states by maximum likelihood.

The links between the states and the Gauss-Newton step, whose matrix is an arrow: a band for the
states, bordered by the coefficients. The Cramer-Rao bound is read off the same matrix.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import solve_banded

from lorenz_utils.identification.estimator import Identifier
from lorenz_utils.identification.field import COARSE, MAX_STEPS
from lorenz_utils.identification.sampling import Steps
from lorenz_utils.identification.selection import TRIAL_ITER, Fit, solve_within
from lorenz_utils.identification.weak_form import cold_starts

# Stages of the descent: how far, in units of the noise, a link may be missed.
SOFTNESS = (1.0, 0.03, 1e-3, 1e-4)
# The noise, in units of the data, and the change of the coefficients that count as none.
FLOOR, TINY = 1e-7, 1e-9


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
    sparse : bool
        Whether terms are chosen by their evidence (see `selection`); otherwise all are kept.
    max_iter : int
        Gauss-Newton steps for each of the stages of the descent.
    tol : float
        Stop when a step can lower the objective by no more than this part of it.

    Attributes
    ----------
    coef_, standard_errors_ : ndarray, shape (d, n_terms)
        Zero where the term is dropped. An error is infinite where the data cannot tell the term
        from others of the library, and valid if the model is: if a warning says that it lacks
        something, the errors are too small.
    null_directions_ : ndarray, shape (n_directions, d, n_terms)
        Changes of the coefficients that the data do not see.
    states_ : ndarray, shape (n_series, length, d), or a list of (length, d)
        The estimated true states, NaN in gaps; a list where series of unequal lengths were given.
    noise_std_ : ndarray, shape (d,)
        Standard deviation of the observation noise, estimated with the rest.
    residual_ : ndarray, shape (d,)
        Root mean square of the one-step errors, in standard deviations of the data.
    n_iter_ : int
    converged_ : bool

    Notes
    -----
    The flow's constraint is soft at first, of the size of the noise, and hardens in stages. A
    trial step that blows up or raises the objective is halved. States and time are measured in
    units of their own, so that yours do not matter.

    References
    ----------
    Bock, Recent advances in parameter identification for ODE, in Numerical Treatment of Inverse
    Problems in Differential and Integral Equations (Birkhauser, 1983), 95-121.
    """

    _estimates_noise = True

    def __init__(self, degree=2, *, include_bias=False, sparse=True, max_iter=30, tol=1e-6):
        self.degree = degree
        self.include_bias = include_bias
        self.sparse = sparse
        self.max_iter = max_iter
        self.tol = tol

    def _fit(self, samples):
        d = samples.d
        problem = Observations.of(samples, self.powers_, np.ones(d), 1.0)
        data, linked = problem.data, problem.linked
        starts = cold_starts(samples.even(), samples.step, self.powers_, d)
        ends = [(problem.link(coef, data)[0], coef) for coef in starts]
        end, coef = min(ends, key=lambda pair: problem.objective(pair[0], data))
        noise = np.sqrt(((end - data[1:])[linked] ** 2).mean(0)) / 2
        fastest = max(problem.n_nodes(start, data) for start in starts)  # `coef` may stand still
        problem = replace(problem, max_nodes=min(MAX_STEPS, 8 + 4 * fastest))

        def descend(support, near, softness=SOFTNESS[-1], tol=1e-4, max_iter=TRIAL_ITER):
            """The best fit of these terms, from another; None where its flow blows up."""
            stage = replace(problem, noise=noise, softness=softness)
            limits = {"tol": tol, "max_iter": min(max_iter, self.max_iter)}
            for coef in near.starts(support):
                fit, n_iter = gauss_newton(stage, coef, support, near.states, **limits)
                self.n_iter_ += n_iter
                if fit is not None:
                    break
            return fit

        def misfit(fit, n_parameters=0):
            squares = ((data - fit.states) ** 2).sum(0)
            return np.maximum(np.sqrt(squares / (data.size - n_parameters) * d), FLOOR)

        every = np.ones(coef.shape, dtype=bool)
        fit = Fit(coef, every, -np.inf, None, None, data)
        for softness in SOFTNESS:
            fit = descend(every, fit, softness, 1e-3, self.max_iter)
            noise = misfit(fit)
        end = problem.link(fit.coef, fit.states)[0]
        fit = self._select(descend, fit, fit.states[:-1][linked], end[linked], samples)
        # Each coefficient and the first state of each stretch has taken a degree of freedom.
        noise = misfit(fit, fit.support.sum() + (1 + (~linked).sum()) * d)
        fit = descend(fit.support, fit, tol=self.tol, max_iter=self.max_iter) or fit
        states = samples.in_place(fit.states * self.scale_[:d], samples.seen)
        self.states_, self.noise_std_ = samples.separate(states), noise * self.scale_[:d]
        return self._finish(fit)


@dataclass(frozen=True)
class Observations:
    """Noisy samples of states that the flow carries one onto the next, and how exactly.

    Attributes
    ----------
    steps : Steps
        Of the links.
    data : ndarray, shape (length, d)
        The samples of all series, one after the other.
    linked : ndarray of bool, shape (length - 1,)
        Which samples are linked to their next.
    noise : ndarray, shape (d,)
        Standard deviation of the samples' errors.
    softness : float
        How far, in units of the noise, a link may be missed.
    max_nodes : int
        A field that takes more nodes a link is rejected: no search shall wait for it.
    """

    steps: Steps
    data: np.ndarray
    linked: np.ndarray
    noise: np.ndarray
    softness: float
    max_nodes: int = MAX_STEPS

    @classmethod
    def of(cls, samples, powers, noise, softness):
        """Of `Samples` that a field with these exponents carries one onto the next."""
        linked = np.pad(samples.linked, ((0, 0), (1, 0)))[samples.seen][1:]
        data = samples.data[samples.seen][:, : samples.d]
        return cls(samples.steps(powers), data, linked, noise, softness)

    def link(self, coef, states):
        """Flow from each state to the next with its derivatives, (length - 1, ...)."""
        (n, d), n_nodes = states[1:].shape, self.n_nodes(coef, states)
        # Without a link there is no gap, and nothing acts on it.
        whole = states[1:].copy(), np.zeros((n, d, d)), np.zeros((n, d, coef.size))
        parts = [np.inf] * 3
        if n_nodes <= self.max_nodes:
            parts = self.steps.sensitivities(coef, states[:-1][self.linked], n_nodes)
            if not all(np.isfinite(a).all() for a in parts):
                parts[0][:] = np.inf  # a flow or tangent that blows up is rejected as a whole
        for values, part in zip(whole, parts, strict=True):
            values[self.linked] = part
        return whole

    def n_nodes(self, coef, states):
        """Integrator steps of the longest link."""
        return self.steps.n_steps(coef, states[:-1][self.linked], COARSE)

    def objective(self, end, states):
        """Squared misfit and squared gaps of the links, infinite where the flow blows up."""
        with np.errstate(all="ignore"):
            misfit = (((self.data - states) / self.noise) ** 2).sum()
            gaps = (end - states[1:]) / (self.softness * self.noise)
            value = float(misfit + (gaps**2).sum())
        return value if np.isfinite(value) else np.inf

    def step(self, state_slope, coef_slope, gap, misfit, support):
        """One Gauss-Newton step for the supported coefficients and the states.

        Minimises over dc and ds_t, in units of the noise,

            sum |misfit_t - ds_t|^2 + sum |ds_{t+1} - F_t ds_t - P_t dc - gap_t|^2 / softness^2.

        With a multiplier for each link, states and multipliers in turn form a banded matrix; the
        coefficients border it. For softness 0 the links hold exactly.

        Returns
        -------
        coef_step : ndarray, shape (d * n_terms,)
        state_step : ndarray, shape (length, d)
        information : ndarray, shape (d * n_terms, d * n_terms)
            Fisher information of all coefficients, states eliminated.
        pull : ndarray, shape (d * n_terms,)
            Gradient of the log-likelihood.
        objective : float
            The linearised objective after the step.
        """
        noise, softness = self.noise, self.softness
        length, d = misfit.shape
        right = np.zeros((length, 2, d, 1 + support.size))
        right[1:, 0, :, 0] = gap / noise
        right[1:, 0, :, 1:] = coef_slope / noise[:, None]
        right[:, 1, :, 0] = misfit / noise
        right = right.reshape(-1, right.shape[-1])
        width = 2 * d - 1
        bands = _link_bands(state_slope * noise / noise[:, None], softness, self.linked)
        solved = solve_banded((width, width), bands, right, check_finite=False)
        schur = right.T @ solved
        information, pull = -schur[1:, 1:], schur[1:, 0]
        coef_step = solve_within(information, pull, support.ravel())
        solution = (solved[:, 0] + solved[:, 1:] @ coef_step).reshape(length, 2, d)
        multipliers, state_step = solution[:, 0], solution[:, 1]
        left = ((misfit / noise - state_step) ** 2).sum()
        objective = left + softness**2 * (multipliers**2).sum()
        return coef_step, state_step * noise, information, pull, float(objective)


def _link_bands(slope, softness, linked):
    """Bands of the symmetric matrix for (multiplier_t, state_t), t = 0, 1, ...

    Its rows are ds_t - F_{t-1} ds_{t-1} - softness^2 m_t and ds_t + m_t - F_t' m_{t+1}. Where no
    link leads to a sample its multiplier is zero.
    """
    held, d = np.r_[False, linked].reshape(-1, 1, 1), slope.shape[1]
    width, multiplier = 2 * d - 1, 2 * d * np.arange(len(held)).reshape(-1, 1, 1)
    i, j, identity = np.arange(d)[:, None], np.arange(d), np.eye(d)
    bands = np.zeros((2 * width + 1, 2 * d * len(held)))

    def put(row, column, values):
        bands[width + row - column, np.broadcast_to(column, (row - column).shape)] = values

    put(multiplier + i, multiplier + j, np.where(held, -(softness**2), 1.0) * identity)
    put(multiplier + i, multiplier + d + j, held * identity)
    put(multiplier + d + i, multiplier + j, identity)
    put(multiplier + d + i, multiplier + d + j, identity)
    put(multiplier[1:] + i, multiplier[:-1] + d + j, -slope)
    put(multiplier[:-1] + d + j, multiplier[1:] + i, -slope)
    return bands


def gauss_newton(problem, coef, support, states, *, tol, max_iter):
    """Gauss-Newton with step halving over the supported coefficients and the states.

    Parameters
    ----------
    problem : Observations
    coef : ndarray, shape (d, n_terms)
    support : ndarray of bool, shape (d, n_terms)
    states : ndarray, shape (length, d)
        The first guess of the true states.
    tol : float
    max_iter : int

    Returns
    -------
    fit : Fit or None
        None where the first guess blows up.
    n_iter : int
    """
    end, *slopes = problem.link(coef, states)
    cost, converged = problem.objective(end, states), False
    if not np.isfinite(cost):
        return None, 0
    for n_iter in range(1, max_iter + 1):  # noqa: B007
        gap, misfit = end - states[1:], problem.data - states
        step, state_step, *shape, target = problem.step(*slopes, gap, misfit, support)
        step = step.reshape(coef.shape)
        converged = cost - target <= tol * cost or np.abs(step).max() <= TINY * np.abs(coef).max()
        if converged:
            break
        for fraction in 0.5 ** np.arange(12):
            trial, trial_states = coef + fraction * step, states + fraction * state_step
            end, *trial_slopes = problem.link(trial, trial_states)
            trial_cost = problem.objective(end, trial_states)
            if trial_cost < cost:
                break
        else:
            break
        coef, states, cost, slopes = trial, trial_states, trial_cost, trial_slopes
    squares = ((problem.data - states) ** 2).mean(0) + FLOOR**2
    likelihood = -np.log(squares).sum() * len(states) / 2
    return Fit(coef, support, likelihood, *shape, states, bool(converged)), n_iter
