"""Identification of a polynomial vector field from samples, without estimating derivatives.

Three estimators of the coefficients of dX/dt = Xi theta(X), for any dimension d and degree:

* `WeakFormRegressor` moves the derivative onto a smooth test function: linear, fast, tolerates
  noise, exact as long as the samples resolve the signal.
* `FlowMapRegressor` asks that the flow carries each sample onto the next: exact at any step.
* `MultipleShootingRegressor` estimates the true states together with the coefficients: the maximum
  likelihood for noisy observations, to be held against `cramer_rao_bound`.
"""

import warnings

import numpy as np
from scipy.linalg import solve_banded
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning

from lorenz_utils.regression import polynomial_library, true_coefficients
from lorenz_utils.system import LorenzParameters, check_count, check_positive, integrate

# Length of an integrator step times the norm of the Jacobian. On the Lorenz attractor FINE leaves
# an error near the rounding of floats, COARSE one of 1e-9: enough for derivatives and noisy data.
FINE, COARSE = 0.12, 0.4
MAX_STEPS = 200
# Above this sum of squared one-step errors, scaled, the integrator's own are negligible.
COARSE_IS_ENOUGH = 1e-6
ROUNDING = 1e-11
# Stages of multiple shooting: how far, in units of the noise, a link may be missed.
SOFTNESS = (1.0, 0.03, 1e-3, 1e-4)


class PolynomialField:
    """The vector field dX_i/dt = sum_k coef[i, k] theta_k(X) and its derivatives.

    Parameters
    ----------
    coef : ndarray, shape (d, n_terms)
    powers : ndarray, shape (n_terms, d)
        Exponents of each term, as scikit-learn's `PolynomialFeatures.powers_`.

    Notes
    -----
    Inside, the state is on the *first* axis, (d, n): NumPy is fast on long rows.
    """

    def __init__(self, coef, powers):
        self.coef, self.powers = np.asarray(coef, dtype=float), np.asarray(powers)
        d = self.powers.shape[1]
        # Monomials of degree 0, then each as a lower one times a coordinate.
        library = polynomial_library(max(1, int(self.powers.sum(1).max())), include_bias=True)
        self._all = library.fit(np.zeros((1, d))).powers_
        index = {tuple(p): k for k, p in enumerate(self._all)}
        self._factors = []
        for power in self._all[1:]:
            j = int(np.flatnonzero(power)[0])
            self._factors.append((index[tuple(power - np.eye(d, dtype=int)[j])], j))
        self._columns = [index[tuple(p)] for p in self.powers]
        # d theta_k / d x_j = p_kj * (monomial p_k - e_j): the Jacobian is linear in the monomials.
        self._slopes = np.zeros((d, d, len(self._all)))
        for k, power in enumerate(self.powers):
            for j in np.flatnonzero(power):
                lower = index[tuple(power - np.eye(d, dtype=int)[j])]
                self._slopes[:, j, lower] += power[j] * self.coef[:, k]
        self._wide = np.zeros((d, len(self._all)))
        self._wide[:, self._columns] = self.coef

    def __call__(self, state):
        """Velocity of states (..., d)."""
        state = np.asarray(state, dtype=float)
        rows = state.reshape(-1, state.shape[-1]).T
        return (self._wide @ self._monomials(rows)).T.reshape(state.shape)

    def jacobian(self, state):
        """Derivative of the velocity, (..., d) -> (..., d, d)."""
        state = np.asarray(state, dtype=float)
        d = state.shape[-1]
        monomials = self._monomials(state.reshape(-1, d).T)
        return (self._slopes.reshape(d * d, -1) @ monomials).T.reshape(*state.shape, d)

    def terms(self, state):
        """The library theta(X), (..., d) -> (..., n_terms)."""
        rows = state.reshape(-1, state.shape[-1]).T
        return self._monomials(rows)[self._columns].T.reshape(*state.shape[:-1], -1)

    def flow(self, state, dt, n_steps):
        """Advance states (n, d) by `dt`; what blows up becomes infinite or NaN, silently."""
        with np.errstate(all="ignore"):
            velocity = lambda rows: self._wide @ self._monomials(rows)  # noqa: E731
            return integrate(velocity, np.ascontiguousarray(state.T), dt, n_steps).T

    def flow_with_sensitivities(self, state, dt, n_nodes):
        """The flow map and its derivatives with respect to state and coefficients.

        The first is the variational equation S' = J S. The second is its forced version, solved by
        variation of constants: P = integral of S(dt, t) (I kron theta(x(t))) dt, by Gauss-Legendre
        quadrature, marching from node to node.

        Parameters
        ----------
        state : ndarray, shape (n, d)
        dt : float
        n_nodes : int

        Returns
        -------
        end : ndarray, shape (n, d)
        state_sensitivity : ndarray, shape (n, d, d)
        coef_sensitivity : ndarray, shape (n, d, d * n_terms)
            Coefficients in the order of ``coef.ravel()``.
        """
        n, d = state.shape
        nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
        gaps = np.diff(np.concatenate([[-1.0], nodes, [1.0]])) * dt / 2
        identity = np.broadcast_to(np.eye(d)[:, :, None], (d, d, n)).reshape(d * d, n)
        position, total = np.ascontiguousarray(state.T), np.broadcast_to(np.eye(d), (n, d, d))
        forced = np.zeros((n, d, d, len(self.powers)))
        with np.errstate(all="ignore"):
            for gap, weight in zip(gaps, [*(weights * dt / 2), 0.0], strict=True):
                augmented = integrate(self._variational, np.vstack([position, identity]), gap, 1)
                position = augmented[:d]
                step = np.ascontiguousarray(augmented[d:].T).reshape(n, d, d)
                total = step @ total
                forced = (step @ forced.reshape(n, d, -1)).reshape(forced.shape)
                if weight:
                    theta = weight * self._monomials(position)[self._columns].T
                    for i in range(d):
                        forced[:, i, i] += theta
        return position.T, total, forced.reshape(n, d, -1)

    def n_steps(self, state, dt, length):
        """Number of integrator steps over `dt`, each `length` over the largest Jacobian norm."""
        rate = np.sqrt((self.jacobian(state) ** 2).sum((-2, -1)).max())
        return int(np.clip(np.ceil(dt * rate / length), 2, MAX_STEPS))

    def _monomials(self, rows):
        values = np.empty((len(self._all), *rows.shape[1:]))
        values[0] = 1.0
        for k, (lower, j) in enumerate(self._factors, start=1):
            np.multiply(values[lower], rows[j], out=values[k])
        return values

    def _variational(self, augmented):
        d = len(self.coef)
        monomials = self._monomials(augmented[:d])
        slope = (self._slopes.reshape(d * d, -1) @ monomials).reshape(d, d, -1)
        tangent = augmented[d:].reshape(d, d, -1)
        out = np.empty_like(augmented)
        out[:d] = self._wide @ monomials
        out[d:] = np.einsum("ijn,jkn->ikn", slope, tangent).reshape(d * d, -1)
        return out


class _Identifier(BaseEstimator):
    """What the three estimators share: the library, the checks, the fitted field."""

    def _check(self, data, dt, *, window=2):
        data, dt = _check_ensemble(data), check_positive(dt, "dt")
        library = polynomial_library(check_count(self.degree, "degree"), self.include_bias)
        library.fit(data[0, :1])
        self.powers_ = library.powers_
        self.feature_names_ = library.get_feature_names_out(
            list("xyzwuv")[: data.shape[2]] if data.shape[2] <= 6 else None
        )
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
        field, rows = self._field(), initial.reshape(-1, d)
        n_inner = field.n_steps(rows, dt, FINE)
        orbit = [rows]
        for _ in range(n_steps - 1):
            finite = np.isfinite(orbit[-1]).all(1)
            n_inner = (
                max(n_inner, field.n_steps(orbit[-1][finite], dt, FINE)) if finite.any() else 1
            )
            orbit.append(np.where(finite[:, None], field.flow(orbit[-1], dt, n_inner), np.nan))
        return np.stack(orbit, axis=1).reshape(*initial.shape[:-1], n_steps, d)


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
        matrix = _against(theta, phi, half)
        target = _against(data, -slope, half)
        scale = np.linalg.norm(matrix, axis=0)
        self.coef_ = _threshold(matrix / scale, target, self.threshold * scale) / scale
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
            starts.append(_check_coef(self.start, starts[0].shape, "start"))
        coef = min(
            starts, key=lambda c: _one_step(self._field(c), before, after, dt, scale)[1]
        ).copy()
        support = np.ones(coef.shape, dtype=bool)
        self.n_iter_ = 0
        while True:
            for length in (COARSE, FINE):
                coef, covariance = self._descend(coef, support, before, after, dt, scale, length)
                if _one_step(self._field(coef), before, after, dt, scale)[1] > COARSE_IS_ENOUGH:
                    break
            kept, values = _drop_insignificant(coef[support], covariance, self.n_sigma)
            trial, smaller = _restrict(coef, support, kept, values)
            cost = _one_step(self._field(trial), before, after, dt, scale, FINE)[1]
            if kept.all() or not np.isfinite(cost):
                break
            coef, support = trial, smaller
            if not support.any():
                break
        self.coef_ = coef
        self.standard_errors_ = np.zeros(coef.shape)
        if support.any():
            self.standard_errors_[support] = np.sqrt(np.diag(covariance))
        residual = _one_step(self._field(), before, after, dt, scale, FINE)[0] * scale
        self.residual_ = float(np.sqrt((residual**2).mean()))
        return self

    def _descend(self, coef, support, before, after, dt, scale, length):
        """Levenberg-Marquardt over the supported coefficients; returns them and covariance."""
        damping, columns = 1e-3, support.ravel()
        residual, cost = _one_step(self._field(coef), before, after, dt, scale, length)
        for _ in range(self.max_iter):
            self.n_iter_ += 1
            field = self._field(coef)
            n_nodes = field.n_steps(before, dt, COARSE)
            slope = field.flow_with_sensitivities(before, dt, n_nodes)[2][..., columns]
            slope = (slope / scale[:, None]).reshape(residual.size, -1)
            # Samples whose tangent blows up give no direction; the trial is judged by all.
            slope[~(np.abs(slope) < 1e12)] = 0.0
            norms = np.linalg.norm(slope, axis=0) + np.finfo(float).tiny
            u, s, vt = np.linalg.svd(slope / norms, full_matrices=False)
            pull = u.T @ residual.ravel()
            if pull @ pull <= self.tol * cost:
                break
            while True:
                step = vt.T @ (s / (s**2 + damping) * pull) / norms
                trial = coef.copy()
                trial[support] += step
                trial_residual, trial_cost = _one_step(
                    self._field(trial), before, after, dt, scale, length
                )
                # At the floor of rounding errors no step lowers the cost any more.
                stuck = damping > 1e12 or np.abs(step).max() <= ROUNDING * np.abs(coef).max()
                if trial_cost < cost or stuck:
                    break
                damping = max(10 * damping, 1e-8)
            if stuck:
                break
            coef, residual, cost = trial, trial_residual, trial_cost
            damping = 0.0 if damping < 1e-9 else damping / 100
        else:
            _warn(self.max_iter)
        variance = cost / max(1, residual.size - columns.sum())
        return coef, variance * (vt.T / s**2) @ vt / np.outer(norms, norms)


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
        scale = data.std((0, 1))
        ends = [(_link(self._field(c), data, dt)[0], c) for c in _cold_starts(data, dt, self)]
        end, coef = min(ends, key=lambda pair: _objective(pair[0], data, data, scale, 1.0))
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
            kept, values = _drop_insignificant(coef[support], covariance, self.n_sigma)
            trial, smaller = _restrict(coef, support, kept, values)
            end = _link(self._field(trial), states, dt)[0]
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
        """Gauss-Newton with step halving; returns coefficients, states, Fisher information."""
        columns = support.ravel()
        tol = self.tol if softness == SOFTNESS[-1] else 1e-3
        end, *slopes = _link(self._field(coef), states, dt)
        cost = _objective(end, states, data, noise, softness)
        for _ in range(self.max_iter):
            self.n_iter_ += 1
            step, state_step, information, target = _arrow_step(
                *slopes, end - states[:, 1:], data - states, noise, softness, columns
            )
            if cost - target <= tol * cost:
                break
            for fraction in 0.5 ** np.arange(12):
                trial = coef.copy()
                trial[support] += fraction * step
                trial_states = states + fraction * state_step
                end, *slopes = _link(self._field(trial), trial_states, dt)
                trial_cost = _objective(end, trial_states, data, noise, softness)
                if trial_cost < cost:
                    break
            else:
                break
            coef, states, cost = trial, trial_states, trial_cost
        else:
            if softness == SOFTNESS[-1]:
                _warn(self.max_iter)
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
    data, dt = _check_ensemble(series), check_positive(dt, "dt")
    library = polynomial_library(check_count(degree, "degree"), include_bias).fit(data[0, :1])
    expected = (data.shape[2], library.n_output_features_)
    coef = _check_coef(true_coefficients() if coef is None else coef, expected, "coef")
    support = _check_coef(np.ones(expected) if support is None else support, expected, "support")
    support = support.astype(bool)
    noise = np.broadcast_to(np.asarray(noise_std, dtype=float), data.shape[2:])
    if not ((noise > 0) & np.isfinite(noise)).all():
        raise ValueError(f"noise_std must be positive and finite, got {noise_std}")
    _, *slopes = _link(PolynomialField(coef, library.powers_), data, dt)
    zero = np.zeros_like(data)
    information = _arrow_step(*slopes, zero[:, 1:], zero, noise, 0.0, support.ravel())[2]
    bound = np.zeros((coef.size, coef.size))
    bound[np.ix_(support.ravel(), support.ravel())] = np.linalg.inv(information)
    return bound


def _link(field, states, dt):
    """Flow from each sample to the next with its derivatives, (n_series, length - 1, ...)."""
    before = states[:, :-1].reshape(-1, states.shape[2])
    parts = field.flow_with_sensitivities(before, dt, field.n_steps(before, dt, COARSE))
    if not all(np.isfinite(a).all() for a in parts):
        parts[0][:] = np.inf  # a field whose flow or tangent blows up is rejected as a whole
    return [a.reshape(len(states), -1, *a.shape[1:]) for a in parts]


def _objective(end, states, data, noise, softness):
    """Squared misfit and squared gaps of the links, infinite where the flow blows up."""
    with np.errstate(all="ignore"):
        misfit = (((data - states) / noise) ** 2).sum()
        value = float(misfit + (((end - states[:, 1:]) / (softness * noise)) ** 2).sum())
    return value if np.isfinite(value) else np.inf


def _arrow_step(state_slope, coef_slope, gap, misfit, noise, softness, columns):
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
    coef_step = np.linalg.solve(information, schur[1:, 0])
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


def _one_step(field, before, after, dt, scale, length=COARSE):
    """Scaled one-step residual and its sum of squares, infinite where the flow blows up."""
    end = field.flow(before, dt, field.n_steps(before, dt, length))
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


def _against(data, weights, half):
    """Integrals of (n, length, k) against every shifted test function: (n_tests, k)."""
    windows = np.lib.stride_tricks.sliding_window_view(data, len(weights), axis=1)
    windows = windows[:, :: max(1, half // 8)]
    return (windows @ weights).reshape(-1, data.shape[2])


def _threshold(matrix, target, threshold):
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


def _drop_insignificant(values, covariance, n_sigma):
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


def _restrict(coef, support, kept, values):
    """Coefficients and support after a selection among the supported ones."""
    coef, smaller = np.zeros_like(coef), support.copy()
    coef[support], smaller[support] = values, kept
    return coef, smaller


def _check_ensemble(data):
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
    return array


def _check_coef(coef, shape, name):
    coef = np.asarray(coef, dtype=float)
    if coef.shape != shape or not np.isfinite(coef).all():
        raise ValueError(f"{name} must be finite with shape {shape}, got shape {coef.shape}")
    return coef


def _warn(max_iter):
    warnings.warn(
        f"no convergence within max_iter={max_iter}: raise it, give more or less noisy samples, "
        "a smaller dt, or a lower degree",
        ConvergenceWarning,
        stacklevel=4,
    )
