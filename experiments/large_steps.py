"""How far apart the samples may lie: identification without noise from dt = 0.1 to a Lyapunov time.

Resumable. Run by ``python -m experiments.large_steps [--jobs 2]``; writes
``experiments/results/large_steps.json``.
"""

import argparse
import time
import warnings

import numpy as np

from experiments import contest, stored
from experiments.study import run_study
from lorenz_utils.identification import FlowMapRegressor, MultipleShootingRegressor
from lorenz_utils.regression import coefficient_error, true_coefficients
from lorenz_utils.surrogates import with_noise
from lorenz_utils.system import sample_attractor, simulate

SEEDS, N_SERIES, LENGTH, SHOOTING_NOISE = range(5), 20, 51, 0.001
# (method, relative error of the guess of the seven terms; 0 is a cold start) and steps.
PLAN = [
    ("flow map", 0.0, (0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)),
    ("flow map", 0.1, (0.3, 0.5, 0.7, 0.9, 1.1)),
    ("flow map", 0.01, (0.7, 0.9, 1.1)),
    (contest.SHOOTING, 0.0, (0.1, 0.2, 0.3)),
]


def trial(method, guess_error, dt, seed, code):
    """Error, iterations and processor time of one fit to 20 short orbits."""
    states, guess, noise = np.random.SeedSequence(seed).spawn(3)  # independent of each other
    series = simulate(sample_attractor(N_SERIES, rng=states), dt, LENGTH)
    wrong = guess_error * np.random.default_rng(guess).standard_normal((3, 9))
    if method == contest.SHOOTING:
        model = MultipleShootingRegressor(max_iter=15)
        series = with_noise(series, SHOOTING_NOISE, rng=noise)
    else:
        start = true_coefficients() * (1 + wrong) if guess_error else None
        model = FlowMapRegressor(max_iter=15, start=start)
    began = time.process_time()
    with warnings.catch_warnings():  # where it does not converge is what is asked
        warnings.simplefilter("ignore", UserWarning)
        model.fit(series, dt)
    row = {"method": method, "guess": guess_error, "dt": dt, "seed": seed}
    return row | {
        "error": float(f"{coefficient_error(model.coef_):.3g}"),
        "exact": bool(((model.coef_ != 0) == contest.SUPPORT).all()),
        "iterations": model.n_iter_,
        "seconds": round(time.process_time() - began, 2),
    }


def main():
    """Run what is missing, then store all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=-1, help="processes, -1 for one a core")
    code = stored.fingerprint("experiments.contest")  # trials of other code count as missing
    tasks = {
        f"{method}-{guess_error}-{dt}-{seed}".replace(" ", "-"): {
            "method": method,
            "guess_error": guess_error,
            "dt": dt,
            "seed": seed,
            "code": code,
        }
        for method, guess_error, steps in PLAN
        for dt in steps
        for seed in SEEDS
    }
    directory = stored.ROOT / "_build" / "large_steps"
    study = run_study(directory, trial, tasks, n_jobs=parser.parse_args().jobs)
    rows = [record["result"] for record in study.values()]
    settings = {"n_series": N_SERIES, "length": LENGTH, "noise": SHOOTING_NOISE}
    stored.save("large_steps", rows, **settings)


if __name__ == "__main__":
    main()
