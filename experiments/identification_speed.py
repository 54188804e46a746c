"""Processor time of the identifiers: a cold start on 1000 samples, and growth with their number.

Run by ``python -m experiments.identification_speed``; writes
``experiments/results/identification_speed.json``.
"""

import time

import numpy as np

from experiments import contest, stored
from lorenz_utils.identification import FlowMapRegressor, MultipleShootingRegressor
from lorenz_utils.regression import coefficient_error
from lorenz_utils.surrogates import with_noise
from lorenz_utils.system import make_ensemble

DT, LENGTH, NOISE, REPEATS = 0.1, 1000, 0.01, 5
N_SERIES = (1, 3, 10, 30, 100)


def timed(regressor, data):
    """Seconds on the clock and of the processor, error, and iterations of one fit."""
    clock, processor = time.perf_counter(), time.process_time()
    regressor.fit(data, DT)
    return {
        "seconds": round(time.perf_counter() - clock, 4),
        "processor_seconds": round(time.process_time() - processor, 4),
        "error": float(f"{coefficient_error(regressor.coef_):.3g}"),
        "iterations": regressor.n_iter_,
    }


def main():
    """Print and store all rows."""
    rows = []
    ensemble = make_ensemble(max(N_SERIES), LENGTH, DT, rng=0)
    for series in ensemble[:REPEATS]:
        row = {"method": "flow map", "samples": LENGTH, **timed(FlowMapRegressor(), series)}
        rows.append(row)
        print(row)
    noisy = with_noise(ensemble, NOISE, rng=1)
    for n in N_SERIES:
        row = {"method": contest.SHOOTING, "samples": n * LENGTH}
        rows.append(row | timed(MultipleShootingRegressor(), noisy[:n]))
        print(rows[-1])
    shooting = [row for row in rows if row["method"] == contest.SHOOTING]
    per_step = [row["processor_seconds"] / row["iterations"] for row in shooting]
    growth = np.polyfit(np.log([row["samples"] for row in shooting]), np.log(per_step), 1)[0]
    print(f"cost of an iteration ~ samples^{growth:.2f}")
    stored.save("identification_speed", rows, dt=DT, noise=NOISE)


if __name__ == "__main__":
    stored.no_options(__doc__)
    main()
