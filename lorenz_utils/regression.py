"""Sparse and constrained regression: scikit-learn estimators for polynomial vector fields.

Every linear estimator fits `y` ~ `X @ coef_.T` without intercept: the library's columns are all
there are. Several targets are fitted at once; `objective_` sums over them.
"""

from itertools import islice
from warnings import warn

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LassoLars
from sklearn.preprocessing import PolynomialFeatures
from sklearn.utils.validation import check_is_fitted, validate_data

from lorenz_utils.checks import check_count, check_positive, check_rank
from lorenz_utils.system import LORENZ63


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
        options = {"dtype": np.float64, "multi_output": True, "y_numeric": True}
        X, y = validate_data(self, X, y, ensure_min_samples=2, **options)
        y = np.asarray(y, dtype=np.float64)
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


class LARSLasso(LinearRegressor):
    """Lasso by least angle regression: scikit-learn's `LassoLars` behind this module's interface.

    It follows the solution, piecewise linear in alpha, from the empty model down to `alpha`, the
    weight of the l1 norm on scikit-learn's scale. `n_iter_` counts the pieces.

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
        fits = thresholded_least_squares(A, b, check_positive(self.threshold, "threshold"))
        return self._iterate(fits, "increase max_iter or change threshold")


def thresholded_least_squares(A, b, threshold):
    """Yield the fits of sequentially thresholded least squares, and whether the last one is found.

    Each drops, for good, the coefficients of the fit before that are below the threshold.

    Parameters
    ----------
    A : ndarray, shape (n, p)
    b : ndarray, shape (n, n_targets)
    threshold : float or ndarray, shape (p, 1)

    Yields
    ------
    coef : ndarray, shape (p, n_targets)
    done : bool
    """
    support = np.ones((A.shape[1], b.shape[1]), dtype=bool)
    while True:
        coef = np.zeros(support.shape)
        for target, kept in enumerate(support.T):
            coef[kept, target] = np.linalg.lstsq(A[:, kept], b[:, target])[0]
        small = support & (np.abs(coef) < threshold)
        yield coef, not small.any()
        support &= ~small
