"""PySINDy 2.x beside this book's estimators, on the same series in the same run.

Needs the benchmark extras (``make bench`` installs them). Run by
``python -m experiments.pysindy_comparison``; writes
``experiments/results/pysindy_comparison.json``.

PySINDy is run as its documentation shows it. *Defaults* is ``SINDy()``: polynomials of degree 2
with a constant, central differences, STLSQ with threshold 0.1 and ridge 0.05. *Smoothed*
differentiates a Savitzky-Golay smoothing. *Ensemble* bags 20 such fits. *Weak form* has the default
100 test functions of a twentieth of the series each; *weak form, tuned* has 2000 of our own radius,
0.5 or 10 samples, and steeper ones.
"""

import time
import warnings

import numpy as np
import pysindy as ps
from pysindy.feature_library import WeakPDELibrary

from experiments import contest, stored
from lorenz_utils.regression import coefficient_error

SEEDS, STEPS, LEVELS, DURATION = range(10), (0.01, 0.1), (0.0, 0.01, 0.1), 100


def defaults(series, dt):
    """SINDy with nothing chosen."""
    return _terms(ps.SINDy().fit(series, t=dt))


def smoothed(series, dt):
    """Derivatives of a smoothed series."""
    model = ps.SINDy(differentiation_method=ps.SmoothedFiniteDifference())
    return _terms(model.fit(series, t=dt))


def ensemble(series, dt):
    """The median of fits to resampled data."""
    model = ps.SINDy(optimizer=ps.EnsembleOptimizer(ps.STLSQ(), bagging=True))
    return _terms(model.fit(series, t=dt))


def weak(series, dt, **options):
    """Integrals against test functions at random places."""
    library = WeakPDELibrary(
        function_library=ps.PolynomialLibrary(degree=2, include_bias=False),
        spatiotemporal_grid=dt * np.arange(len(series)),
        **options,
    )
    return _terms(ps.SINDy(feature_library=library).fit(series, t=dt))


def weak_tuned(series, dt):
    """More and narrower test functions, of our own radius."""
    return weak(series, dt, K=2000, H_xt=max(0.5, 10 * dt), p=8)


METHODS = {
    "PySINDy, defaults": defaults,
    "PySINDy, smoothed": smoothed,
    "PySINDy, ensemble": ensemble,
    "PySINDy, weak form": weak,
    "PySINDy, weak form, tuned": weak_tuned,
    **{name: contest.METHODS[name] for name in list(contest.METHODS)[2:]},
}


def _terms(model):
    """Coefficients (3, 9), or (3, 10) with the constant last."""
    coef = model.coefficients()
    return np.roll(coef, -1, axis=1) if coef.shape[1] == 10 else coef


def trial(method, series, dt):
    """Error over the 27 common coefficients, whether the terms are right, processor time."""
    np.random.seed(0)  # noqa: NPY002 - PySINDy draws from NumPy's global generator
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        coef = METHODS[method](series, dt)
    seconds = time.process_time() - began
    support = np.pad(contest.SUPPORT, ((0, 0), (0, coef.shape[1] - 9)))
    return {
        "error": float(f"{coefficient_error(coef[:, :9]):.4g}"),
        "exact": bool(((coef != 0) == support).all()),
        "seconds": round(seconds, 5),
    }


def main():
    """Every method on every series."""
    rows = []
    for seed in SEEDS:
        orbit = contest.orbit(seed, DURATION)
        for dt in STEPS:
            for level in LEVELS:
                series = contest.observe(orbit, dt, level, seed)[1]
                for method in METHODS:
                    row = {"method": method, "dt": dt, "level": level, "seed": seed}
                    rows.append(row | trial(method, series, dt))
        print(f"seed {seed} done", flush=True)
    stored.save("pysindy_comparison", rows, packages=["pysindy"], duration=DURATION)


if __name__ == "__main__":
    main()
