"""Multiple shooting on the grid of ODR-BINDy: exactly the true terms, against noise and duration.

Resumable, one task a draw of the whole grid. Run by
``python -m experiments.odr_bindy [--draws 64] [--jobs 2]``; writes
``experiments/results/odr_bindy.json``. The published rates and their protocol are in
``experiments/published/odr_bindy.csv``; unlike there, the estimator is not told the noise.
"""

import argparse
import time
import warnings

import numpy as np
from scipy.stats import beta

from experiments import stored
from experiments.study import run_study
from lorenz_utils.identification import MultipleShootingRegressor
from lorenz_utils.regression import true_coefficients
from lorenz_utils.system import simulate

DT, START, LONGEST, ENTROPY = 0.01, (-8.0, 8.0, 27.0), 10, 2025
SUPPORT = np.pad(true_coefficients() != 0, ((0, 0), (1, 0)))


def published():
    """The published success rate of each (duration, noise)."""
    path = stored.ROOT / "experiments" / "published" / "odr_bindy.csv"
    table = np.genfromtxt(path, delimiter=",", skip_header=5)
    return {(float(T), float(noise)): float(rate) for T, noise, rate in table}


def observe(T, noise, draw):
    """True and noisy samples, (T / DT, 3), of one draw; its seed is spawned for it alone.

    The noise is a part of the standard deviation of all samples up to `LONGEST`, coordinates
    pooled.
    """
    orbit = simulate(np.array(START), DT, round(LONGEST / DT))
    cell = sorted(published()).index((T, noise))
    # The child that SeedSequence(ENTROPY).spawn(...)[draw].spawn(...)[cell] would be.
    rng = np.random.default_rng(np.random.SeedSequence(ENTROPY, spawn_key=(draw, cell)))
    true = orbit[: round(T / DT)]
    return true, true + noise * orbit.std() * rng.standard_normal(true.shape)


def trial(T, noise, draw):
    """Whether exactly the true terms are found, whether it converged, processor seconds."""
    _, noisy = observe(T, noise, draw)
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        model = MultipleShootingRegressor(include_bias=True).fit(noisy, DT)
    return {
        "exact": int(((model.coef_ != 0) == SUPPORT).all()),
        "converged": int(model.converged_),
        "seconds": round(time.process_time() - began, 2),
    }


def grid(draw, code):
    """One draw of each cell, in the order of `published`."""
    return {"cells": [trial(*cell, draw) for cell in sorted(published())]}


def interval(successes, draws, level=0.95):
    """The exact interval (Clopper and Pearson's) of a binomial rate."""
    tail = (1 - level) / 2
    low = beta.ppf(tail, successes, draws - successes + 1) if successes else 0.0
    high = beta.ppf(1 - tail, successes + 1, draws - successes) if successes < draws else 1.0
    return float(low), float(high)


def main():
    """Run what is missing, then store all, and print the rates beside the published ones."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=64, help="of each cell")
    parser.add_argument("--jobs", type=int, default=-1, help="processes, -1 for one a core")
    options = parser.parse_args()
    code = stored.fingerprint("experiments.odr_bindy")  # trials of other code count as missing
    tasks = {f"draw-{k}": {"draw": k, "code": code} for k in range(options.draws)}
    study = run_study(stored.ROOT / "_build" / "odr_bindy", grid, tasks, n_jobs=options.jobs)
    draws = [record["result"]["cells"] for record in study.values()]
    rows = []
    for ((T, noise), rate), *cells in zip(sorted(published().items()), *draws, strict=True):
        columns = {key: [cell[key] for cell in cells] for key in cells[0]}
        rows.append({"T": T, "noise": noise, "published": rate, **columns})
        print(f"T {T:g}, noise {noise:.3f}: {np.mean(columns['exact']):.2f}, published {rate:.2f}")
    stored.save("odr_bindy", rows, draws=options.draws, dt=DT)


if __name__ == "__main__":
    main()
