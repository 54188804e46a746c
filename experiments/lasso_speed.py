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
from lorenz_utils.derivatives import forward_difference
from lorenz_utils.regression import ADMMLasso, ISTALasso, LARSLasso, polynomial_library
from lorenz_utils.system import sample_attractor, simulate

GAP, ALPHA, DEGREES, REPEATS = 1e-8, 0.1, (2, 3, 4), 5
TOLERANCES = 10.0 ** -np.arange(2, 15, 0.5)
LIMIT = {"max_iter": 1_000_000}
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
