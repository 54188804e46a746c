"""The equations that forward differences and the flow map find at each step, for the page's slider.

Run by ``python -m experiments.steps``; writes ``experiments/results/steps.json``.
"""

import numpy as np

from experiments import stored
from lorenz_utils.derivatives import forward_difference
from lorenz_utils.identification import FlowMapRegressor
from lorenz_utils.regression import coefficient_error, polynomial_library
from lorenz_utils.system import sample_attractor, simulate

FINE, STRIDES = 0.001, (1, 2, 5, 10, 15, 20, 30, 40, 50, 60, 80, 100, 120, 150, 200)
N_SERIES, LENGTH = 10, 10_001


def by_differences(series, dt):
    """Least squares of the forward difference on the library; coefficients (3, 9)."""
    states, velocity = np.concatenate([forward_difference(one, dt) for one in series], axis=1)
    return np.linalg.lstsq(polynomial_library().fit_transform(states), velocity)[0].T


def by_flow_map(series, dt):
    """Coefficients whose flow carries each sample onto the next, (3, 9), none dropped."""
    return FlowMapRegressor(sparse=False).fit(series, dt).coef_


METHODS = {"differences": by_differences, "flow": by_flow_map}


def main():
    """Fit both at every step to the same ten orbits of ten time units, without noise."""
    stored.no_options(__doc__)
    orbits = simulate(sample_attractor(N_SERIES, rng=0), FINE, LENGTH)
    rows = []
    for stride in STRIDES:
        dt = round(stride * FINE, 3)
        for name, method in METHODS.items():
            found = method(orbits[:, ::stride], dt)
            error = float(f"{coefficient_error(found):.3g}")
            rows.append({"dt": dt, "found": name, "error": error, "coef": found.ravel().tolist()})
    stored.save("steps", rows, n_series=N_SERIES, duration=FINE * (LENGTH - 1))


if __name__ == "__main__":
    main()
