"""Time of the taught LASSO solvers to a relative objective gap of 1e-8, beside scikit-learn's.

Run by ``python -m experiments.lasso_speed``; writes ``experiments/results/lasso_speed.json``.

The problems are the deck's: 10,000 forward differences at dt = 0.01, columns of unit spread, with
libraries of degree 2 (9 terms), 3 (19) and 4 (34). Each solver gets the loosest of its tolerances
that reaches the gap; the minimum is LARS's, which is exact. Each time is the best of several.
"""

import time
import warnings

import numpy as np
from sklearn.linear_model import Lasso

from experiments import stored
from experiments.solvers import TINY, admm, admm_penalty, proximal_gradient
from lorenz_utils.checks import check_positive
from lorenz_utils.derivatives import forward_difference
from lorenz_utils.regression import LARSLasso, LinearRegressor, polynomial_library
from lorenz_utils.system import sample_attractor, simulate

GAP, ALPHA, DEGREES, REPEATS = 1e-8, 0.1, (2, 3, 4), 5
TOLERANCES = 10.0 ** -np.arange(2, 15, 0.5)
LIMIT = {"max_iter": 1_000_000}
ADVICE = "increase max_iter, scale the columns of X, or raise alpha"


def duality_gap(A, b, rest, coef, alpha):
    """Lasso's objective, and a bound on its distance to the minimum, for each target.

    The objective is |b - A w|^2 / 2 + rest + alpha |w|_1. The dual point is the residual, shrunk
    until no column's correlation with it exceeds alpha.
    """
    residual = b - A @ coef
    square = np.sum(residual**2, axis=0) + 2 * rest
    correlation = np.abs(A.T @ residual).max(axis=0)
    shrink = np.minimum(1.0, alpha / np.maximum(correlation, TINY))
    dual = shrink * (np.sum(b * residual, axis=0) + 2 * rest) - shrink**2 * square / 2
    objective = square / 2 + alpha * np.abs(coef).sum(axis=0)
    return objective, objective - dual


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
        return self._iterate(self._iterates(A, b, rest), ADVICE)

    def _iterates(self, A, b, rest):
        alpha, tol = check_positive(self.alpha, "alpha"), check_positive(self.tol, "tol")
        iterates = proximal_gradient(A.T @ A, A.T @ b, alpha, accelerated=self.accelerated)
        for n_iter, coef in enumerate(iterates, start=1):
            if n_iter % 10 and n_iter > 10:  # the gap costs as much as a step
                yield coef, False
                continue
            objective, gap = duality_gap(A, b, rest, coef, alpha)
            yield coef, (gap <= tol * objective).all()


class ADMMLasso(LinearRegressor):
    """Lasso by the alternating direction method of multipliers.

    Parameters
    ----------
    alpha : float
        As in `ISTALasso`.
    penalty : float, optional
        Weight of the coupling between the two copies of the coefficients; by default the
        geometric mean of the Gram matrix's extreme eigenvalues (Ghadimi et al., 2015).
    max_iter : int
    tol : float
        Stop once primal and dual residual are below `tol` times the size of their terms.

    After Boyd et al., *Foundations and Trends in Machine Learning* 3 (2011), sections 3.3 and 6.4.
    """

    def __init__(self, alpha=0.1, *, penalty=None, max_iter=100_000, tol=1e-8):
        self.alpha = alpha
        self.penalty = penalty
        self.max_iter = max_iter
        self.tol = tol

    def _solve(self, A, b, rest):
        return self._iterate(self._iterates(A.T @ A, A.T @ b), ADVICE + ", or change penalty")

    def _iterates(self, gram, moment):
        alpha, tol = check_positive(self.alpha, "alpha"), check_positive(self.tol, "tol")
        penalty = admm_penalty(gram) if self.penalty is None else self.penalty
        check_positive(penalty, "penalty")
        # The dual variable is at most this large: a scale even where the solution is 0.
        dual_size = np.linalg.norm(moment, axis=0) / penalty
        previous = np.zeros_like(moment)
        for ridge, sparse, _ in admm(gram, moment, alpha, penalty):
            size = np.maximum(np.linalg.norm(ridge, axis=0), dual_size)
            primal = np.linalg.norm(ridge - sparse, axis=0)
            dual = np.linalg.norm(sparse - previous, axis=0)
            yield sparse, (np.maximum(primal, dual) <= tol * size).all()
            previous = sparse


SOLVERS = {
    "scikit-learn": lambda tol: Lasso(ALPHA, fit_intercept=False, tol=tol, **LIMIT),
    "scikit-learn, Gram matrix": lambda tol: Lasso(
        ALPHA, fit_intercept=False, tol=tol, precompute=True, **LIMIT
    ),
    "ISTA": lambda tol: ISTALasso(ALPHA, tol=tol, **LIMIT),
    "FISTA": lambda tol: ISTALasso(ALPHA, accelerated=True, tol=tol, **LIMIT),
    "ADMM": lambda tol: ADMMLasso(ALPHA, tol=tol, **LIMIT),
    "LARS": lambda tol: LARSLasso(ALPHA),
}


def problem(degree):
    """Scaled library (10000, p) and forward differences (10000, 3)."""
    states, velocity = forward_difference(
        simulate(sample_attractor(1, rng=0)[0], 0.01, 10_001), 0.01
    )
    library = polynomial_library(degree).fit_transform(states)
    return library / library.std(axis=0), velocity


def objective(X, y, coef):
    """The LASSO's, summed over the targets."""
    return np.sum((y - X @ coef.T) ** 2) / (2 * len(X)) + ALPHA * np.abs(coef).sum()


def measure(make, X, y, minimum):
    """The loosest tolerance that reaches the gap, and the time of the fit with it."""
    for tol in TOLERANCES:
        model = make(tol).fit(X, y)
        gap = objective(X, y, model.coef_) / minimum - 1
        if gap <= GAP:
            break
    times = []
    for _ in range(REPEATS):
        began = time.process_time()
        make(tol).fit(X, y)
        times.append(time.process_time() - began)
        if sum(times) > 20:
            break
    iterations = int(np.max(model.n_iter_))
    row = {"seconds": float(f"{min(times):.3g}"), "iterations": iterations, "gap": float(gap)}
    return row | {"reached": bool(gap <= GAP)}


def main():
    """Print and store all rows."""
    rows = []
    for degree in DEGREES:
        X, y = problem(degree)
        minimum = objective(X, y, LARSLasso(ALPHA).fit(X, y).coef_)
        for name, make in SOLVERS.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                row = measure(make, X, y, minimum)
            rows.append({"solver": name, "degree": degree, "terms": X.shape[1], **row})
            print(rows[-1], flush=True)
    stored.save("lasso_speed", rows, samples=len(X), alpha=ALPHA)


if __name__ == "__main__":
    stored.no_options(__doc__)
    main()
