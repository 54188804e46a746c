"""The contest of the noise chapter over all methods, steps, levels and draws: T = 100.

Resumable. Run by ``python -m experiments.noise [--jobs 2]``; writes
``experiments/results/noise.json``.
"""

import argparse
from dataclasses import replace

from experiments import contest, stored
from experiments.study import run_study
from lorenz_utils.identification import MultipleShootingRegressor
from lorenz_utils.identification.sampling import Samples
from lorenz_utils.identification.shooting import SOFTNESS, Observations, gauss_newton
from lorenz_utils.regression import true_coefficients

SEEDS, STEPS, LEVELS, DURATION = range(20), (0.01, 0.1), (0.001, 0.01, 0.05, 0.1, 0.2), 100


def trials(seed, dt, level, code):
    """All methods on one draw; at the large step also the ``excess`` of multiple shooting."""
    orbit = contest.orbit(seed, DURATION)
    rows = [contest.trial(method, orbit, dt, level, seed) for method in contest.METHODS]
    if dt == max(STEPS):
        observed = contest.observe(orbit, dt, level, seed)
        rows[list(contest.METHODS).index(contest.SHOOTING)]["excess"] = excess(*observed, dt)
    return {"rows": rows}


def excess(true, noisy, noise_std, dt):
    """Objective found by multiple shooting less the best that an oracle of the terms finds.

    The oracle descends with the true terms in the same stages as the search, once from the true
    states and once from the samples. Positive where the search has missed a better minimum,
    negative where wrong terms fit better than the true ones.
    """
    model = MultipleShootingRegressor().fit(noisy, dt)
    samples = Samples(noisy[None], dt, None, 3)
    problem = Observations.of(samples, model.powers_, noise_std, SOFTNESS[-1])

    def minimum(coef, support, states, stages):
        for softness in stages:
            stage = replace(problem, softness=softness)
            fit, _ = gauss_newton(stage, coef, support, states, tol=1e-9, max_iter=100)
            coef, states = fit.coef, fit.states
        return problem.objective(problem.link(coef, states)[0], states)

    found = minimum(model.coef_, model.coef_ != 0, model.states_[0], SOFTNESS[-1:])
    known = true_coefficients(), contest.SUPPORT
    return found - min(minimum(*known, start, SOFTNESS) for start in (true, noisy))


def main():
    """Run what is missing, then store all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=-1, help="processes, -1 for one a core")
    code = stored.fingerprint("experiments.contest")  # trials of other code count as missing
    tasks = {
        f"{seed}-{dt}-{level}": {"seed": seed, "dt": dt, "level": level, "code": code}
        for seed in SEEDS
        for dt in STEPS
        for level in LEVELS
    }
    directory = stored.ROOT / "_build" / "noise"
    study = run_study(directory, trials, tasks, n_jobs=parser.parse_args().jobs)
    rows = [_short(row) for record in study.values() for row in record["result"]["rows"]]
    rows.sort(key=lambda row: (row["method"], row["dt"], row["level"], row["seed"]))
    stored.save("noise", rows, duration=DURATION)


def _short(row):
    return {k: float(f"{v:.5g}") if isinstance(v, float) else v for k, v in row.items()}


if __name__ == "__main__":
    main()
