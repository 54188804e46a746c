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
from lorenz_utils.checks import check_positive
from lorenz_utils.derivatives import forward_difference
from lorenz_utils.regression import (
    LASSO_ADVICE,
    ISTALasso,
    LARSLasso,
    LinearRegressor,
    polynomial_library,
)
from lorenz_utils.solvers import admm, admm_penalty
from lorenz_utils.system import sample_attractor, simulate

GAP, ALPHA, DEGREES, REPEATS = 1e-8, 0.1, (2, 3, 4), 5
TOLERANCES = 10.0 ** -np.arange(2, 15, 0.5)
LIMIT = {"max_iter": 1_000_000}


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
        return self._iterate(self._iterates(A.T @ A, A.T @ b), LASSO_ADVICE + ", or change penalty")

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
