"""The integrator as machine code, by numba: the same sums in the same order as `integration`.

Imported where an orbit is computed, and only there: numba takes half a second to load. Without
`fastmath` it neither reorders a sum nor fuses a product with it, so that orbits are the same bytes
on every processor, and the same as NumPy's. Code is kept on disk after its first compilation.

One row a coordinate and one column an orbit: the innermost loops run over the orbits, so that they
use the processor's vector units.
"""

from itertools import chain

import numpy as np
from numba import njit

from lorenz_utils.dormand_prince import MOST_STEPS, TABLEAU

WIDTH = 64  # orbits whose stages fit the first cache
STAGE, WEIGHT = (np.array(a) for a in zip(*chain(*TABLEAU), strict=True))
ROW = np.cumsum([0, *map(len, TABLEAU)])


def _machine_code(function):
    try:
        return njit(function, error_model="numpy", cache=True)
    except RuntimeError:  # neither beside the module nor in the user's folder may a file be written
        return njit(function, error_model="numpy")


def _lorenz_source():
    """Advance Lorenz states (3, n): straight-line code, twice as fast as loops over the tableau."""
    lines = [
        "def lorenz_steps(state, step, n_steps, sigma, rho, beta):",
        " end = state.copy()",
        " x, y, z = end[0], end[1], end[2]",
        " for _ in range(n_steps):",
        "  for i in range(len(x)):",
        "   p, q, r = x[i], y[i], z[i]",
    ]
    for s, row in enumerate(TABLEAU):
        lines.append(f"   u{s}, v{s}, w{s} = sigma * (q - p), p * (rho - r) - q, p * q - beta * r")
        for point, start, stage in ("pxu", "qyv", "rzw"):
            total = " + ".join(f"{weight!r} * {stage}{j}" for j, weight in row)
            lines.append(f"   {point} = {start}[i] + step * ({total})")
    return "\n".join([*lines, "   x[i], y[i], z[i] = p, q, r", " return end"])


# Compiled as if it stood in this file, beside which numba keeps it.
exec(compile(_lorenz_source(), __file__, "exec"))
lorenz_steps = _machine_code(lorenz_steps)  # noqa: F821


@_machine_code
def lorenz_orbits(start, dt, n_samples, floor, ball, length, sigma, rho, beta):
    """Sample Lorenz orbits from states (n, 3): (n, n_samples, 3); `system.simulate` says more."""
    orbits = np.empty((len(start), n_samples, 3))
    for first in range(0, len(start), WIDTH):
        block = slice(first, first + WIDTH)
        state = start[block].T.copy()
        orbits[block, 0] = state.T
        for t in range(1, n_samples):
            distance = np.sqrt(state[0] * state[0] + state[1] * state[1] + state[2] * state[2])
            count = np.ceil(dt * (floor + np.maximum(ball, 3 * distance - 2 * ball)) / length)
            count = np.where(count < MOST_STEPS, count, -1.0)
            # On the attractor all take the same number of steps; elsewhere, each its own.
            for n in np.unique(count):
                after = lorenz_steps(state, dt / n, int(n), sigma, rho, beta)
                if n < 0:
                    after[:] = np.nan
                for i in range(len(count)):
                    if count[i] == n:
                        state[:, i] = after[:, i]
            orbits[block, t] = state.T
    return orbits


@_machine_code
def _velocity(values, lower, factor, start, column, coef, out):
    """`integration.Polynomials.velocity`; `values` has a row a monomial, 1 and the state first."""
    for m in range(len(lower)):
        a, b, product = values[lower[m]], values[factor[m]], values[1 + len(out) + m]
        for i in range(len(product)):
            product[i] = a[i] * b[i]
    for e in range(len(out)):
        total = out[e]
        total[:] = 0.0
        for t in range(start[e], start[e + 1]):
            value, c = values[column[t]], coef[t]
            if len(c) == 1:
                for i in range(len(total)):
                    total[i] += c[0] * value[i]
            else:
                for i in range(len(total)):
                    total[i] += c[i] * value[i]


@_machine_code
def _combine(begin, end, stages, total):
    """Weighted sum of the stages by one row of the tableau."""
    total[:] = WEIGHT[begin] * stages[STAGE[begin]]
    for entry in range(begin + 1, end):
        weight, stage = WEIGHT[entry], stages[STAGE[entry]]
        for i in range(len(total)):
            total[i] += weight * stage[i]


@_machine_code
def _advance_block(state, step, n_steps, lower, factor, start, column, coef):
    """`polynomial_steps` of a few states, in their own place."""
    d, n = state.shape
    stages, values = np.empty((12, d, n)), np.ones((1 + d + len(lower), n))
    x, y, flat = state.ravel(), values[1 : d + 1].ravel(), stages.reshape(12, -1)
    for _ in range(n_steps):
        y[:] = x
        for s in range(12):
            _velocity(values, lower, factor, start, column, coef, stages[s])
            _combine(ROW[s], ROW[s + 1], flat, y)
            for i in range(len(x)):
                y[i] = x[i] + step * y[i]
        x[:] = y


@_machine_code
def polynomial_steps(state, step, n_steps, lower, factor, start, column, coef):
    """Advance a polynomial system, (d, n) -> (d, n); see `integration.Polynomials`."""
    end = np.empty_like(state)
    for first in range(0, state.shape[1], WIDTH):
        block = slice(first, first + WIDTH)
        part = state[:, block].copy()
        weights = coef if coef.shape[1] == 1 else coef[:, block].copy()
        _advance_block(part, step, n_steps, lower, factor, start, column, weights)
        end[:, block] = part
    return end
