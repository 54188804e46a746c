"""Identification of a polynomial vector field from samples, without estimating derivatives.

Three estimators of the coefficients of dX/dt = Xi theta(X), for any dimension d and degree:

* `WeakFormRegressor` moves the derivative onto a smooth test function: linear, fast, tolerates
  noise, exact as long as the samples resolve the signal.
* `FlowMapRegressor` asks that the flow carries each sample onto the next: exact at any step.
* `MultipleShootingRegressor` estimates the true states together with the coefficients: the maximum
  likelihood for noisy observations, to be held against `cramer_rao_bound`.

The field is in `polynomials`, the numerics in `shooting`.
"""

import numpy as np
from sklearn.base import BaseEstimator

from lorenz_utils.polynomials import COARSE, FINE, PolynomialField
from lorenz_utils.regression import polynomial_library, true_coefficients
from lorenz_utils.shooting import (
    ROUNDING,
    SOFTNESS,
    arrow_step,
    bump_function,
    check_coef,
    check_ensemble,
    check_independent,
    drop_insignificant,
    gauss_newton,
    integrals_against,
    levenberg_marquardt,
    link,
    objective,
    one_step,
    restrict,
    threshold_coefficients,
    warn_unconverged,
)
from lorenz_utils.system import LorenzParameters, check_count, check_positive

# Above this sum of squared one-step errors, scaled, the integrator's own are negligible.
COARSE_IS_ENOUGH = 1e-6


class _Identifier(BaseEstimator):
    """What the three estimators share: the library, the checks, the fitted field."""

    def _check(self, data, dt, *, window=2):
        data, dt = check_ensemble(data), check_positive(dt, "dt")
        library = polynomial_library(check_count(self.degree, "degree"), self.include_bias)
        library.fit(data[0, :1])
        self.powers_ = library.powers_
        n_terms = len(self.powers_)
        if data.shape[1] < window or data.shape[0] * (data.shape[1] - 1) < 2 * n_terms:
            raise ValueError(
                f"series must have at least {window} samples and {2 * n_terms} sample pairs in all "
                f"to fit {n_terms} terms, got {data.shape[0]} series of {data.shape[1]} samples"
            )
        return data, dt

    def _field(self, coef=None):
        return PolynomialField(self.coef_ if coef is None else coef, self.powers_)

    @property
    def parameters_(self):
        """The Lorenz parameters read from their own terms; sigma is the mean of its two.

        Raises
        ------
        AttributeError
            If the library is not that of Lorenz: three coordinates, degree 2.
        """
        if self.powers_.shape[1] != 3 or self.degree != 2:
            raise AttributeError("parameters_ needs three coordinates and degree 2")
        linear = self.coef_[:, self.include_bias :]
        return LorenzParameters(
            sigma=float(linear[0, 1] - linear[0, 0]) / 2,
            rho=float(linear[1, 0]),
            beta=float(-linear[2, 2]),
        )

    def vector_field(self, state):
        """Velocity by the identified equations, (..., d) -> (..., d)."""
        return self._field()(state)

    def jacobian(self, state):
        """Derivative of the identified vector field, (..., d) -> (..., d, d)."""
        return self._field().jacobian(state)

    def simulate(self, initial_state, dt, n_steps):
        """Sample the identified system's orbits, (..., d) -> (..., n_steps, d), from the start on.

        An orbit that the equations send to infinity is NaN from there on.
        """
        initial = np.asarray(initial_state, dtype=float)
        d = self.powers_.shape[1]
        if initial.ndim == 0 or initial.shape[-1] != d or not np.isfinite(initial).all():
            raise ValueError(f"initial_state must be finite, shape (..., {d}), got {initial.shape}")
        dt, n_steps = check_positive(dt, "dt"), check_count(n_steps, "n_steps")
        orbit = self._field().simulate(initial.reshape(-1, d), dt, n_steps)
        return orbit.reshape(*initial.shape[:-1], n_steps, d)


class WeakFormRegressor(_Identifier):
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
        Half the support of the test functions, in time units. By default the larger of 0.5 and
        10 samples.
    threshold : float
        Coefficients smaller than this are set to zero and the others refitted, until none is.

    Attributes
    ----------
    coef_ : ndarray, shape (d, n_terms)
    parameters_ : LorenzParameters

    References
    ----------
    Messenger & Bortz, Weak SINDy, Multiscale Model. Simul. 19 (2021), 1474-1497.
    """

    def __init__(self, degree=2, *, include_bias=False, radius=None, threshold=0.1):
        self.degree = degree
        self.include_bias = include_bias
        self.radius = radius
        self.threshold = threshold

    def fit(self, data, dt):
        """Estimate the coefficients from a series (length, d) or ensemble (n, length, d)."""
        dt = check_positive(dt, "dt")
        radius = max(0.5, 10 * dt) if self.radius is None else check_positive(self.radius, "radius")
        half = max(2, round(radius / dt))
        data, dt = self._check(data, dt, window=2 * half + 1)
        phi, slope = bump_function(half, dt)
        theta = self._field(np.eye(data.shape[2], len(self.powers_))).terms(data)
        matrix = integrals_against(theta, phi, half)
        target = integrals_against(data, -slope, half)
        scale = np.linalg.norm(matrix, axis=0)
        self.coef_ = threshold_coefficients(matrix / scale, target, self.threshold * scale) / scale
        return self


class FlowMapRegressor(_Identifier):
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
        scale = after.std(0)
        starts = _cold_starts(data, dt, self)
        if self.start is not None:
            starts.append(check_coef(self.start, starts[0].shape, "start"))
        coef = min(
            starts, key=lambda c: one_step(self._field(c), before, after, dt, scale)[1]
        ).copy()
        support = np.ones(coef.shape, dtype=bool)
        self.n_iter_ = 0
        while True:
            for length in (COARSE, FINE):
                coef, covariance = self._descend(coef, support, before, after, dt, scale, length)
                if one_step(self._field(coef), before, after, dt, scale)[1] > COARSE_IS_ENOUGH:
                    break
            kept, values = drop_insignificant(coef[support], covariance, self.n_sigma)
            trial, smaller = restrict(coef, support, kept, values)
            cost = one_step(self._field(trial), before, after, dt, scale, FINE)[1]
            if kept.all() or not np.isfinite(cost):
                break
            coef, support = trial, smaller
            if not support.any():
                break
        self.coef_ = coef
        self.standard_errors_ = np.zeros(coef.shape)
        if support.any():
            self.standard_errors_[support] = np.sqrt(np.diag(covariance))
        residual = one_step(self._field(), before, after, dt, scale, FINE)[0] * scale
        self.residual_ = float(np.sqrt((residual**2).mean()))
        return self

    def _descend(self, coef, support, before, after, dt, scale, length):
        """Descend at one length of the integrator's step; returns coefficients and covariance."""
        coef, covariance, n_iter, converged = levenberg_marquardt(
            self.powers_, coef, support, before, after, dt, scale, length, self.tol, self.max_iter
        )
        self.n_iter_ += n_iter
        if not converged:
            warn_unconverged(self.max_iter)
        return coef, covariance


class MultipleShootingRegressor(_Identifier):
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
        ends = [(link(self._field(c), data, dt)[0], c) for c in _cold_starts(data, dt, self)]
        end, coef = min(ends, key=lambda pair: objective(pair[0], data, data, scale, 1.0))
        noise = np.sqrt(((end - data[:, 1:]) ** 2).mean((0, 1))) / 2
        support, states = np.ones(coef.shape, dtype=bool), data.copy()
        self.n_iter_ = 0
        for softness in SOFTNESS:
            coef, states, information = self._descend(
                coef, support, states, data, dt, noise, softness
            )
            noise = np.maximum(np.sqrt(((data - states) ** 2).mean((0, 1))), ROUNDING * scale)
        while True:
            covariance = np.linalg.inv(information)
            kept, values = drop_insignificant(coef[support], covariance, self.n_sigma)
            trial, smaller = restrict(coef, support, kept, values)
            end = link(self._field(trial), states, dt)[0]
            if kept.all() or not np.isfinite(end).all():
                break
            coef, support = trial, smaller
            if not support.any():
                break
            coef, states, information = self._descend(
                coef, support, states, data, dt, noise, SOFTNESS[-1]
            )
        self.coef_, self.states_, self.noise_std_ = coef, states, noise
        self.standard_errors_ = np.zeros(coef.shape)
        if support.any():
            self.standard_errors_[support] = np.sqrt(np.diag(covariance))
        return self

    def _descend(self, coef, support, states, data, dt, noise, softness):
        """One stage; returns coefficients, states, Fisher information."""
        last = softness == SOFTNESS[-1]
        tol = self.tol if last else 1e-3
        coef, states, information, n_iter, converged = gauss_newton(
            self.powers_, coef, support, states, data, dt, noise, softness, tol, self.max_iter
        )
        self.n_iter_ += n_iter
        if last and not converged:
            warn_unconverged(self.max_iter)
        return coef, states, information


def cramer_rao_bound(
    series, dt, *, noise_std, coef=None, degree=2, include_bias=False, support=None
):
    """Covariance that no unbiased estimator of the coefficients can go below.

    The observations are the series plus independent Gaussian noise; unknown are the coefficients
    and the initial state. The Fisher information of both is the sum of squared tangent-linear
    sensitivities along the orbit. These grow like exp(0.9 t), so the initial state is eliminated
    without forming them: its best response to a change of the coefficients solves a banded system.

    Parameters
    ----------
    series : array_like, shape (length, d) or (n_series, length, d)
        The noise-free orbit.
    dt : float
    noise_std : float or array_like, shape (d,)
        Standard deviation of the noise of each coordinate.
    coef : array_like, shape (d, n_terms), optional
        The true coefficients; by default those of Lorenz-63.
    degree, include_bias
        The library of `coef`.
    support : array_like of bool, shape (d, n_terms), optional
        Terms to estimate, the others are known to be zero; by default all.

    Returns
    -------
    ndarray, shape (d * n_terms, d * n_terms)
        In the order of ``coef.ravel()``; zero outside the support. The bound of the root mean
        square error over all coefficients is ``sqrt(trace / (d * n_terms))``.
    """
    data, dt = check_ensemble(series), check_positive(dt, "dt")
    library = polynomial_library(check_count(degree, "degree"), include_bias).fit(data[0, :1])
    expected = (data.shape[2], library.n_output_features_)
    coef = check_coef(true_coefficients() if coef is None else coef, expected, "coef")
    support = check_coef(np.ones(expected) if support is None else support, expected, "support")
    support = support.astype(bool)
    noise = np.broadcast_to(np.asarray(noise_std, dtype=float), data.shape[2:])
    if not ((noise > 0) & np.isfinite(noise)).all():
        raise ValueError(f"noise_std must be positive and finite, got {noise_std}")
    _, *slopes = link(PolynomialField(coef, library.powers_), data, dt)
    zero = np.zeros_like(data)
    information = arrow_step(*slopes, zero[:, 1:], zero, noise, 0.0, support.ravel())[2]
    bound = np.zeros((coef.size, coef.size))
    bound[np.ix_(support.ravel(), support.ravel())] = np.linalg.inv(information)
    return bound


def _cold_starts(data, dt, estimator):
    """Coefficients to start a descent from, from the data alone."""
    options = {"degree": estimator.degree, "include_bias": estimator.include_bias}
    starts = []
    for radius in (10 * dt, 6 * dt, max(0.5, 10 * dt)):
        if data.shape[1] > 2 * round(radius / dt) + 10:
            weak = WeakFormRegressor(**options, threshold=0.0, radius=radius)
            starts.append(weak.fit(data, dt).coef_)
    zero = np.zeros((data.shape[2], len(estimator.powers_)))
    theta = estimator._field(zero).terms(data)[:, 1:-1]
    if data.shape[1] > 2:
        velocity = (data[:, 2:] - data[:, :-2]) / (2 * dt)
        theta, velocity = (a.reshape(-1, a.shape[2]) for a in (theta, velocity))
        starts.append(np.linalg.lstsq(theta, velocity, rcond=None)[0].T)
    return [*starts, zero]
