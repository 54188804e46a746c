"""The deck's regressions that only its own chapters use: Galerkin, LOESS, Jaya and Jaya-Powell.

`lorenz_utils.regression` has the library of terms, and what all of them share.
"""

from functools import partial
from warnings import warn

import numpy as np
from scipy.optimize import minimize
from scipy.spatial import cKDTree
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted, validate_data

from experiments.solvers import TINY
from lorenz_utils.checks import check_count, check_rank
from lorenz_utils.regression import LinearRegressor


class GalerkinRegressor(LinearRegressor):
    """Least squares under linear constraints, by its Karush-Kuhn-Tucker equations.

    Parameters
    ----------
    constraints : tuple (matrix, values), optional
        matrix @ coef_.ravel() = values, as `energy_preserving` gives them, or rows of the unit
        matrix for coefficients that are known; None is ordinary least squares.

    After Loiseau & Brunton, *Journal of Fluid Mechanics* 838 (2018), 42-67.
    """

    def __init__(self, constraints=None):
        self.constraints = constraints

    def _solve(self, A, b, rest):
        n_unknowns = A.shape[1] * b.shape[1]
        matrix, values = self.constraints or (np.zeros((0, n_unknowns)), np.zeros(0))
        if np.shape(matrix) != (len(values), n_unknowns):
            raise ValueError(
                f"constraints must be a matrix (m, {n_unknowns}) and values (m,) for {b.shape[1]} "
                f"targets of {A.shape[1]} features, got {np.shape(matrix)}, {np.shape(values)}"
            )
        return constrained_least_squares(A, b, matrix, values), 1


def energy_preserving(n_states=3):
    """Constraints C vec(coef) = 0 under which quadratic terms neither create nor destroy energy.

    The quadratic part q of the field obeys x . q(x) = 0 for every x: in this cubic polynomial the
    coefficients of each monomial x_i x_j x_k sum to 0.

    Parameters
    ----------
    n_states : int
        Dimension d of the state; the library is `polynomial_library(2)` with p = d + d(d + 1)/2.

    Returns
    -------
    matrix : ndarray, shape (d(d + 1)(d + 2)/6, d p)
    values : ndarray of zeros

    References
    ----------
    Loiseau & Brunton, *Journal of Fluid Mechanics* 838 (2018), 42-67.
    """
    pairs = [(i, j) for i in range(n_states) for j in range(i, n_states)]
    n_features = n_states + len(pairs)
    rows = {}
    for target in range(n_states):
        for column, pair in enumerate(pairs, start=n_states):
            row = rows.setdefault(tuple(sorted((target, *pair))), np.zeros((n_states, n_features)))
            row[target, column] = 1.0
    return np.array([row.ravel() for row in rows.values()]), np.zeros(len(rows))


def constrained_least_squares(A, b, matrix, values):
    """Minimise |b - A w|^2 subject to matrix @ w.T.ravel() = values.

    Parameters
    ----------
    A : ndarray, shape (n, p)
    b : ndarray, shape (n, n_targets)
    matrix : ndarray, shape (m, n_targets * p)
    values : ndarray, shape (m,)

    Returns
    -------
    ndarray, shape (p, n_targets)

    Raises
    ------
    ValueError
        If data and constraints leave a coefficient open, or the constraints contradict.
    """
    design = np.kron(np.eye(b.shape[1]), A)
    everything = np.vstack([design, matrix])
    check_rank(everything, "X")
    scale = np.linalg.norm(everything, axis=0)  # in these units the system is well conditioned
    unit, border = design / scale, matrix / scale
    # The gradient is a combination of the constraints' rows: with its multipliers as further
    # unknowns the solution is that of one linear system, of Karush, Kuhn and Tucker.
    system = np.block([[unit.T @ unit, border.T], [border, np.zeros((len(values), len(values)))]])
    right = np.r_[unit.T @ b.T.ravel(), values]
    flat = np.linalg.lstsq(system, right)[0][: len(scale)] / scale
    flat -= np.linalg.pinv(matrix) @ (matrix @ flat - values)  # the constraints' last digits
    if not np.allclose(matrix @ flat, values, rtol=1e-9, atol=1e-9):
        raise ValueError("constraints must not contradict each other, got no solution")
    return flat.reshape(b.shape[1], -1).T


def jaya(objective, lower, upper, *, population_size=50, rng):
    """Yield the generations of Jaya: candidates move towards the best and away from the worst.

    Parameters
    ----------
    objective : callable
        Maps candidates (n, d) to values (n,), to be minimised.
    lower, upper : array_like, shape (d,)
        The box that is searched.
    population_size : int
    rng : int or numpy.random.Generator

    Yields
    ------
    population : ndarray, shape (population_size, d)
    values : ndarray, shape (population_size,)

    References
    ----------
    Rao, *International Journal of Industrial Engineering Computations* 7 (2016), 19-34. Its two
    random numbers are drawn for each candidate and variable.
    """
    rng = np.random.default_rng(rng)
    lower, upper = np.asarray(lower), np.asarray(upper)
    # Not `uniform`, which some compilers round differently.
    population = lower + (upper - lower) * rng.random((population_size, len(lower)))
    values = objective(population)
    while True:
        yield population, values
        best, worst = population[values.argmin()], population[values.argmax()]
        pull, push = rng.random((2, *population.shape))
        size = np.abs(population)
        trial = population + pull * (best - size) - push * (worst - size)
        trial = np.clip(trial, lower, upper)
        trial_values = objective(trial)
        better = trial_values < values
        population = np.where(better[:, None], trial, population)
        values = np.where(better, trial_values, values)


class JayaRegressor(LinearRegressor):
    """Least squares by Jaya, a random search that knows the objective's values only.

    The squares of the targets add up, so each target's coefficients are searched on their own: 9
    unknowns for each Lorenz equation, none of them known to be 0, sigma, rho or beta.

    Parameters
    ----------
    bounds : tuple of float
        Lower and upper bound of every coefficient.
    population_size : int
    max_iter : int
        Generations.
    tol : float
        Stop once the worst candidate is within `tol` of the best, relative to its value.
    random_state : int, numpy.random.Generator or None

    After Rao, *International Journal of Industrial Engineering Computations* 7 (2016), 19-34.
    """

    advice = "increase max_iter, tighten bounds, or polish by Powell's method"

    def __init__(
        self, *, bounds=(-50, 50), population_size=50, max_iter=1000, tol=1e-6, random_state=None
    ):
        self.bounds = bounds
        self.population_size = population_size
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def _solve(self, A, b, rest):
        if not np.shape(self.bounds) == (2,) or not self.bounds[0] < self.bounds[1]:
            raise ValueError(f"bounds must be (lower, upper), lower < upper, got {self.bounds}")
        rng = np.random.default_rng(self.random_state)
        box = [np.full(A.shape[1], bound, dtype=float) for bound in self.bounds]
        objectives = [partial(_half_square, A, *column) for column in zip(b.T, rest, strict=True)]
        found = [self._search(objective, box, rng) for objective in objectives]
        return np.column_stack([coef for coef, _ in found]), max(n_iter for _, n_iter in found)

    def _search(self, objective, box, rng):
        """Coefficients (p,) of one target, and the number of iterations."""
        size = check_count(self.population_size, "population_size", minimum=2)
        iterates = (
            (population[values.argmin()], np.ptp(values) <= self.tol * values.min())
            for population, values in jaya(objective, *box, population_size=size, rng=rng)
        )
        return self._iterate(iterates, self.advice)


class JayaPowellRegressor(JayaRegressor):
    """Powell's conjugate directions (`scipy.optimize.minimize`), started from Jaya's optimum.

    Parameters and search space are `JayaRegressor`'s; Powell's method has no bounds and at most
    1000 iterations. `n_iter_` counts both.

    After Powell, *Computer Journal* 7 (1964), 155-162.
    """

    advice = ""  # Jaya need not converge: it is a start

    def _search(self, objective, box, rng):
        start, n_jaya = super()._search(objective, box, rng)
        options = {"xtol": 1e-6, "ftol": 1e-14, "maxiter": 1000}
        found = minimize(objective, start, method="Powell", options=options)
        if not found.success:
            warn(f"Powell's method failed: {found.message}", ConvergenceWarning, stacklevel=4)
        return found.x, n_jaya + found.nit


def _half_square(A, b, rest, coef):
    """Objective of one target for coefficients (..., p)."""
    return np.sum((b - coef @ A.T) ** 2, axis=-1) / 2 + rest


class LoessRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Local linear regression on the nearest samples, with tricube weights.

    Parameters
    ----------
    n_neighbors : int
        Samples in each local fit; all of them where there are fewer.

    After Cleveland & Devlin, *Journal of the American Statistical Association* 83 (1988), 596-610.
    """

    def __init__(self, n_neighbors=30):
        self.n_neighbors = n_neighbors

    def fit(self, X, y):
        """Store the samples X (n_samples, n_features), y (n_samples,) or (n_samples, n_targets)."""
        check_count(self.n_neighbors, "n_neighbors", minimum=2)
        options = {"dtype": np.float64, "multi_output": True, "y_numeric": True}
        self.X_, y = validate_data(self, X, y, ensure_min_samples=2, **options)
        self.y_ = np.asarray(y, dtype=np.float64)
        self.tree_ = cKDTree(self.X_)
        return self

    def predict(self, X):
        """Values of the local fits at X, shape (n_queries,) or (n_queries, n_targets)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        values, count = [], min(self.n_neighbors, len(self.X_))
        for batch in gen_batches(len(X), 1000):
            distance, index = self.tree_.query(X[batch], list(range(1, count + 1)))
            offsets = self.X_[index] - X[batch, None]
            values.append(local_linear(offsets, self.y_[index], distance))
        return np.concatenate(values)


def local_linear(offsets, values, distance):
    """Values at 0 of weighted linear fits: tricube weights, 0 at the farthest neighbour.

    Parameters
    ----------
    offsets : ndarray, shape (n, k, p)
        Position of each query's neighbours, sorted by distance, relative to the query.
    values : ndarray, shape (n, k) or (n, k, n_targets)
    distance : ndarray, shape (n, k)

    Returns
    -------
    ndarray, shape (n,) or (n, n_targets)
    """
    reach = np.maximum(distance[:, -1:], TINY) * (1 + 1e-9)  # equal distances keep a weight
    root = np.sqrt((1 - (distance / reach) ** 3) ** 3)[..., None]
    design = root * np.concatenate([np.ones_like(root), offsets], axis=-1)
    intercept = np.linalg.pinv(design)[:, 0] * root[..., 0]
    return np.einsum("nk,nk...->n...", intercept, values)
