"""Sparse and constrained regression: scikit-learn estimators for polynomial vector fields.

Every linear estimator fits `y` ~ `X @ coef_.T` without intercept: the library's columns are all
there are. Several targets are fitted at once; `objective_` sums over them.
"""

from functools import partial
from itertools import islice
from warnings import warn

import numpy as np
from scipy.optimize import minimize
from scipy.spatial import cKDTree
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LassoLars
from sklearn.preprocessing import PolynomialFeatures
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted, validate_data

from lorenz_utils import solvers
from lorenz_utils.checks import check_count, check_positive, check_rank
from lorenz_utils.system import LORENZ63

LASSO_ADVICE = "increase max_iter, scale the columns of X, or raise alpha"


def polynomial_library(degree=2, include_bias=False):
    """All monomials up to `degree`, a scikit-learn transformer.

    For states x, y, z and degree 2 its columns are x, y, z, x^2, x y, x z, y^2, y z, z^2
    (`get_feature_names_out(["x", "y", "z"])`): 9 terms, so 27 coefficients for 3 equations.

    Examples
    --------
    >>> polynomial_library().fit([[1, 2, 3]]).get_feature_names_out(["x", "y", "z"]).tolist()
    ['x', 'y', 'z', 'x^2', 'x y', 'x z', 'y^2', 'y z', 'z^2']
    """
    return PolynomialFeatures(degree, include_bias=include_bias)


def true_coefficients(parameters=LORENZ63):
    """The Lorenz equations in `polynomial_library` order, shape (3, 9): one row an equation."""
    sigma, rho, beta = parameters.sigma, parameters.rho, parameters.beta
    #         x     y    z     x2  xy  xz  y2  yz  z2
    rows = [
        [-sigma, sigma, 0.0, 0, 0.0, 0.0, 0, 0, 0],
        [rho, -1.0, 0.0, 0, 0.0, -1.0, 0, 0, 0],
        [0.0, 0.0, -beta, 0, 1.0, 0.0, 0, 0, 0],
    ]
    return np.array(rows)


def coefficient_error(coef, reference=None):
    """Root mean square error over all coefficients, (..., n_targets, n_features) -> (...).

    With the Lorenz equations as `reference`, the default, it is the deck's "RMSE paramètres".
    """
    reference = true_coefficients() if reference is None else reference
    return np.sqrt(np.mean((np.asarray(coef) - reference) ** 2, axis=(-2, -1)))


class LinearRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Checks and compresses the data, keeps the result; subclasses write `_solve`.

    With A = R / sqrt(n) and b = Q'y / sqrt(n) from X = Q R, the mean square of y - X w is that of
    b - A w and a constant, twice `rest`: no solver sees the n samples again.
    ``_solve(A, b, rest)`` returns (coef (p, n_targets), n_iter).
    """

    def fit(self, X, y):
        """Fit `coef_`, (n_targets, n_features) or (n_features,), `objective_` and `n_iter_`.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)
        y : array_like, shape (n_samples,) or (n_samples, n_targets)

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            For NaN, unequal lengths, fewer than 2 samples, or a parameter out of its range.
        """
        X, y = _check_samples(self, X, y)
        targets = y.reshape(len(y), -1)
        Q, R = np.linalg.qr(X)
        b = Q.T @ targets
        rest = np.mean((targets - Q @ b) ** 2, axis=0) / 2
        A, b = R / np.sqrt(len(y)), b / np.sqrt(len(y))
        coef, self.n_iter_ = self._solve(A, b, rest)
        square = np.sum((b - A @ coef) ** 2, axis=0) / 2 + rest
        self.objective_ = float(np.sum(square))
        self.objective_ += getattr(self, "alpha", 0.0) * float(np.abs(coef).sum())
        self.coef_ = coef.T if y.ndim == 2 else coef[:, 0]
        return self

    def predict(self, X):
        """Values `X @ coef_.T`, shape (n_samples,) or (n_samples, n_targets)."""
        check_is_fitted(self)
        return validate_data(self, X, dtype=np.float64, reset=False) @ self.coef_.T

    def _iterate(self, iterates, advice):
        """Last of the pairs (result, converged), and how many it took; warns at `max_iter`."""
        max_iter = check_count(self.max_iter, "max_iter")
        for n_iter, (result, converged) in enumerate(islice(iterates, max_iter), start=1):
            if converged:
                return result, n_iter
        if advice:
            message = f"{type(self).__name__} stopped at max_iter={max_iter}: {advice}"
            warn(message, ConvergenceWarning, stacklevel=4)
        return result, n_iter


def _check_samples(estimator, X, y):
    options = {"dtype": np.float64, "multi_output": True, "y_numeric": True}
    X, y = validate_data(estimator, X, y, ensure_min_samples=2, **options)
    return X, np.asarray(y, dtype=np.float64)


class ISTALasso(LinearRegressor):
    """Lasso by iterative shrinkage-thresholding: min |y - X w|^2 / (2 n) + alpha |w|_1.

    Parameters
    ----------
    alpha : float
        Weight of the l1 norm, on scikit-learn's scale.
    accelerated : bool
        FISTA.
    max_iter : int
    tol : float
        Stop once every target's duality gap is below `tol` times its objective.

    After Daubechies, Defrise & De Mol (2004); Beck & Teboulle (2009) for FISTA; O'Donoghue & Candès
    (2015) for its restart.
    """

    def __init__(self, alpha=0.1, *, accelerated=False, max_iter=100_000, tol=1e-6):
        self.alpha = alpha
        self.accelerated = accelerated
        self.max_iter = max_iter
        self.tol = tol

    def _solve(self, A, b, rest):
        return self._iterate(self._iterates(A, b, rest), LASSO_ADVICE)

    def _iterates(self, A, b, rest):
        alpha, tol = check_positive(self.alpha, "alpha"), check_positive(self.tol, "tol")
        iterates = solvers.proximal_gradient(A.T @ A, A.T @ b, alpha, accelerated=self.accelerated)
        for n_iter, coef in enumerate(iterates, start=1):
            if n_iter % 10 and n_iter > 10:  # the gap costs as much as a step
                yield coef, False
                continue
            objective, gap = solvers.duality_gap(A, b, rest, coef, alpha)
            yield coef, (gap <= tol * objective).all()


class LARSLasso(LinearRegressor):
    """Lasso by least angle regression: scikit-learn's `LassoLars` behind this module's interface.

    It follows the solution, piecewise linear in alpha, from the empty model down to `alpha` (as in
    `ISTALasso`). `n_iter_` counts the pieces.

    After Efron, Hastie, Johnstone & Tibshirani, *Annals of Statistics* 32 (2004), 407-499.
    """

    def __init__(self, alpha=0.1):
        self.alpha = alpha

    def _solve(self, A, b, rest):
        alpha = check_positive(self.alpha, "alpha") / len(A)  # A's rows are not the n samples
        path = LassoLars(alpha, fit_intercept=False).fit(A, b)
        return path.coef_.reshape(b.shape[1], -1).T, int(np.max(path.n_iter_))


class STLSQ(LinearRegressor):
    """Sequentially thresholded least squares: fit, drop the small coefficients, fit again.

    Parameters
    ----------
    threshold : float
        Coefficients below it in absolute value are set to 0.
    max_iter : int

    After Brunton, Proctor & Kutz, *PNAS* 113 (2016), 3932-3937.
    """

    def __init__(self, threshold=0.1, *, max_iter=20):
        self.threshold = threshold
        self.max_iter = max_iter

    def _solve(self, A, b, rest):
        check_rank(A, "X")
        fits = solvers.thresholded_least_squares(A, b, check_positive(self.threshold, "threshold"))
        return self._iterate(fits, "increase max_iter or change threshold")


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
            for population, values in solvers.jaya(objective, *box, population_size=size, rng=rng)
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
        self.X_, self.y_ = _check_samples(self, X, y)
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
    reach = np.maximum(distance[:, -1:], solvers.TINY) * (1 + 1e-9)  # equal distances keep a weight
    root = np.sqrt((1 - (distance / reach) ** 3) ** 3)[..., None]
    design = root * np.concatenate([np.ones_like(root), offsets], axis=-1)
    intercept = np.linalg.pinv(design)[:, 0] * root[..., 0]
    return np.einsum("nk,nk...->n...", intercept, values)
