"""Lyapunov exponents from equal data: this book's functions beside nolds and NeuroKit2.

Run by ``python -m experiments.exponents``; writes ``experiments/results/exponents.json``.

The data are ensembles of series at dt = 0.1, drawn anew for each repeat. A method that takes one
coordinate gets x of each series and its exponents are averaged; `state_space_spectrum` takes the
ensemble as it is. `lyapunov_spectrum` knows the equations and follows the same orbits. NeuroKit2
gives exponents per sample, which we divide by dt. Times are of the processor, in turns.
"""

import time
import warnings

import numpy as np

from experiments import stored
from lorenz_utils.lyapunov import lyapunov_spectrum, state_space_spectrum
from lorenz_utils.system import jacobian, make_ensemble, vector_field

REFERENCE = 0.9056  # Viswanath; see the book's first chapter
N_SERIES, LENGTH, DT, REPEATS = 20, 1000, 0.1, 5
OURS = "state_space_spectrum"


def from_equations(ensemble):
    """All exponents along the orbits themselves, from their equations."""
    duration = DT * (ensemble.shape[1] - 1)
    options = {"dt": 0.02, "duration": 0.9 * duration, "transient": 0.1 * duration}
    return lyapunov_spectrum(vector_field, jacobian, ensemble[:, 0], **options).value[0]


def from_states(ensemble):
    """All exponents from all three coordinates."""
    return state_space_spectrum(ensemble, DT).value[0]


def each(exponent):
    """The mean of an exponent of x over the series."""
    return lambda ensemble: np.mean([exponent(series[:, 0]) for series in ensemble])


def lyap_e(series):
    """The exponent by nolds itself, of which `eckmann_exponent` has the values."""
    import nolds

    return nolds.lyap_e(series, tau=DT).max()


def lyap_r(series):
    """The exponent by nolds: windows of ten samples, a line through the first twenty steps."""
    import nolds

    return nolds.lyap_r(series, emb_dim=10, lag=1, min_tsep=10, tau=DT, fit="poly")


def neurokit(method, **options):
    """An exponent by NeuroKit2, with 10 consecutive samples as embedding."""

    def exponent(series):
        import neurokit2

        per_sample, _ = neurokit2.complexity_lyapunov(
            series, delay=1, dimension=10, method=method, **options
        )
        return per_sample / DT

    return exponent


METHODS = {
    OURS: from_states,
    "lyapunov_spectrum (knows the equations)": from_equations,
    "nolds, lyap_r": each(lyap_r),
    "nolds, lyap_e": each(lyap_e),
    "NeuroKit2, Rosenstein": each(neurokit("rosenstein1993", separation=10)),
    "NeuroKit2, Makowski": each(neurokit("makowski", separation=10)),
}


def main():
    """Print and store all rows."""
    rows = []
    for seed in range(REPEATS):
        ensemble = make_ensemble(N_SERIES, LENGTH, DT, rng=seed)
        for name, method in METHODS.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if seed == 0:
                    method(ensemble[:2])  # imports are not counted
                began = time.process_time()
                value = float(method(ensemble))
                seconds = time.process_time() - began
            rows.append({"method": name, "seed": seed, "exponent": round(value, 5)})
            rows[-1]["seconds"] = round(seconds, 4)
            print(rows[-1], flush=True)
    context = {"n_series": N_SERIES, "length": LENGTH, "dt": DT, "reference": REFERENCE}
    stored.save("exponents", rows, packages=["nolds", "neurokit2"], **context)


if __name__ == "__main__":
    stored.no_options(__doc__)
    main()
