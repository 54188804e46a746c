"""Multiple shooting at a few levels of noise, for the page's slider: states and coefficients.

Run by ``python -m experiments.noise_levels``; writes ``experiments/results/noise_levels.json``.
"""

import warnings

import numpy as np

from experiments import stored
from experiments.bound import cramer_rao_bound
from experiments.contest import SUPPORT
from lorenz_utils.identification import MultipleShootingRegressor
from lorenz_utils.surrogates import with_noise
from lorenz_utils.system import sample_attractor, simulate

LEVELS = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
DT, LENGTH, SHOWN, DRAWS = 0.05, 400, 80, 12


def main():
    """Fit several draws of noise on one orbit, at each level."""
    stored.no_options(__doc__)
    orbit = simulate(sample_attractor(1, rng=0), DT, LENGTH)
    rows = []
    for level in LEVELS:
        fits, found = [], []
        for draw in range(DRAWS):
            noisy = with_noise(orbit, level, rng=draw)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                fits.append(MultipleShootingRegressor().fit(noisy, DT))
            found.append(fits[-1].coef_[SUPPORT])
        noise = level * orbit.std((0, 1))
        bound = cramer_rao_bound(orbit, DT, noise_std=noise, support=SUPPORT)
        exact = sum(((fit.coef_ != 0) == SUPPORT).all() for fit in fits)
        shown = {
            "noisy": with_noise(orbit, level, rng=0)[0, :SHOWN],
            "recovered": fits[0].states_[0, :SHOWN],
        }
        row = {"level": level, "exact": int(exact), "coef": np.round(found, 6).tolist()}
        row["bound"] = np.sqrt(np.diag(bound)[SUPPORT.ravel()]).round(8).tolist()
        rows.append(row | {key: np.round(value, 3).tolist() for key, value in shown.items()})
        print(level, exact, flush=True)
    start = orbit[0, 0].tolist()
    stored.save("noise_levels", rows, dt=DT, length=LENGTH, start=start)


if __name__ == "__main__":
    main()
