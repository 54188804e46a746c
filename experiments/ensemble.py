"""The deck's 1000 x 1000 samples at dt = 0.1, by this book and by what a user would pick instead.

Run by ``python -m experiments.ensemble``; writes ``experiments/results/ensemble.json``.

Each solver gets the loosest of its tolerances with which no step of the series looked at is off by
more than 1e-9 in any coordinate. Where none does, the row says so. The loops integrate one series
after the other, so a few of them are timed and the time is scaled up; the others make all. Times
are of the processor, with one thread, and taken in turns. diffrax is timed once compiled.
"""

import os
import tracemalloc

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

import numpy as np
from scipy.integrate import solve_ivp

from experiments import stored
from lorenz_utils.system import LORENZ63, flow_map, sample_attractor, simulate, vector_field

N_SERIES, LENGTH, DT, ERROR, REPEATS = 1000, 1000, 0.1, 1e-9, 3
N_CHECKED = 5  # series whose errors are looked at, and which the loops are timed on
LENGTH_SEARCH = 200  # samples of these that the search for the tolerance makes
TOLERANCES = 10.0 ** -np.arange(7, 13.25, 0.5)
SIGMA, RHO, BETA = LORENZ63.sigma, LORENZ63.rho, LORENZ63.beta
OURS = "simulate"


def times(length):
    """When the samples are taken."""
    return DT * np.arange(length)


def ours(start, tolerance, length):
    """All series, at a looser tolerance than the default."""
    return simulate(start, DT, length, rtol=tolerance)


def ours_default(start, tolerance, length):
    """All series, as the book calls it."""
    return simulate(start, DT, length)


def velocity(_, state):
    """The equations as a user writes them for `solve_ivp`."""
    x, y, z = state
    return [SIGMA * (y - x), x * (RHO - z) - y, x * y - BETA * z]


def scipy_loop(method):
    """One call of `solve_ivp` a series."""

    def loop(start, tolerance, length):
        t = times(length)
        options = {"method": method, "rtol": tolerance, "atol": tolerance, "t_eval": t}
        return np.stack([solve_ivp(velocity, (0, t[-1]), s, **options).y.T for s in start])

    return loop


def scipy_batch(start, tolerance, length):
    """One call of `solve_ivp` for all series, as one long state."""
    t = times(length)
    solution = solve_ivp(
        lambda _, s: vector_field(s.reshape(-1, 3)).ravel(),
        (0, t[-1]), start.ravel(), "DOP853", t, rtol=tolerance, atol=tolerance,
    )  # fmt: skip
    return np.moveaxis(solution.y.reshape(-1, 3, length), 1, 2)


def torchdiffeq_batch(start, tolerance, length):
    """All series as one tensor; its steps end at the samples, since it interpolates coarsely."""
    import torch
    from torchdiffeq import odeint

    def field(_, state):
        x, y, z = state
        return torch.stack([SIGMA * (y - x), x * (RHO - z) - y, x * y - BETA * z])

    t = torch.tensor(times(length))
    options = {"method": "dopri8", "rtol": tolerance, "atol": tolerance, "options": {"step_t": t}}
    with torch.no_grad():
        return odeint(field, torch.tensor(start.T), t, **options).permute(2, 0, 1).numpy()


def diffrax_batch():
    """All series as one array, compiled, with as many equal steps a sample as needed."""
    import diffrax
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def field(t, state, _):
        x, y, z = state
        return jnp.stack([SIGMA * (y - x), x * (RHO - z) - y, x * y - BETA * z])

    def solve(start, n_steps, length):
        t = times(length)
        return diffrax.diffeqsolve(
            diffrax.ODETerm(field), diffrax.Dopri8(), 0.0, t[-1], DT / n_steps, start,
            saveat=diffrax.SaveAt(ts=t), max_steps=2 * n_steps * length,
        ).ys  # fmt: skip

    compiled = jax.jit(solve, static_argnums=(1, 2))

    def batch(start, tolerance, length):
        n_steps = int(np.ceil(1.2 * tolerance ** (-1 / 8)))  # order 8
        return np.asarray(compiled(start.T, n_steps, length)).transpose(2, 0, 1)

    return batch


# Name: function that makes the solver, and whether it makes all series at once.
SOLVERS = {
    OURS: (lambda: ours, True),
    f"{OURS}, default tolerance": (lambda: ours_default, True),
    "solve_ivp in a loop, DOP853": (lambda: scipy_loop("DOP853"), False),
    "solve_ivp in a loop, LSODA": (lambda: scipy_loop("LSODA"), False),
    "solve_ivp, one call for all": (lambda: scipy_batch, True),
    "torchdiffeq, dopri8": (lambda: torchdiffeq_batch, True),
    "diffrax, Dopri8": (diffrax_batch, True),
}


def one_step_error(ensemble):
    """Largest error of a step in any coordinate, over the first series."""
    states, successors = ensemble[:N_CHECKED, :-1], ensemble[:N_CHECKED, 1:]
    return float(np.abs(flow_map(states, DT, rtol=1e-14) - successors).max())


def loosest(solver, start, length, tolerances):
    """The first tolerance that keeps the error, and the error; the last if none does."""
    for tolerance in tolerances:
        error = one_step_error(solver(start, tolerance, length))
        if error <= ERROR:
            break
    return tolerance, error


def peak_memory(start):
    """Most memory in use while `simulate` runs, in sizes of its result."""
    tracemalloc.start()
    result = simulate(start, DT, LENGTH)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / result.nbytes


def main():
    """Print and store all rows."""
    start = sample_attractor(N_SERIES, rng=0)
    rows, calls = {}, {}
    for name, (make, at_once) in SOLVERS.items():
        solver, few = make(), start[:N_CHECKED]
        states = start if at_once else few
        tolerance, error = loosest(solver, few, min(LENGTH_SEARCH, LENGTH), TOLERANCES)
        stricter = TOLERANCES[TOLERANCES <= tolerance]  # a short search may miss the worst step
        tolerance, error = loosest(solver, states, LENGTH, stricter)
        rows[name] = {"solver": name, "tolerance": float(tolerance), "error": error}
        rows[name]["reached"] = error <= ERROR
        calls[name] = lambda f=solver, s=states, tol=tolerance: f(s, tol, LENGTH)
        print(rows[name], flush=True)
    for name, seconds in stored.time_in_turns(calls, REPEATS).items():
        scale = 1 if SOLVERS[name][1] else N_SERIES / N_CHECKED
        rows[name]["seconds"] = [round(scale * s, 3) for s in seconds]
        rows[name]["timed_series"] = round(N_SERIES / scale)
        print(rows[name], flush=True)
    memory = round(peak_memory(start), 3)
    print("peak memory over the result's", memory)
    context = {"n_series": N_SERIES, "length": LENGTH, "dt": DT, "allowed_error": ERROR}
    packages = ["torch", "torchdiffeq", "diffrax", "jax"]
    stored.save(
        "ensemble", list(rows.values()), packages=packages, peak_memory=memory, **context
    )  # fmt: skip


if __name__ == "__main__":
    stored.no_options(__doc__)
    main()
