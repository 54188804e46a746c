"""The integrator as machine code, by numba: the same sums in the same order as `integration`.

Imported where an orbit is computed, and only there: numba takes half a second to load. Without
`fastmath` it neither reorders a sum nor fuses a product with it, so that orbits are the same bytes
on every processor, and the same as NumPy's. Code is kept on disk after its first compilation.

One row a coordinate and one column an orbit, in blocks of `WIDTH` columns: the innermost loops run
over the block, so that they use the processor's vector units.
"""

from itertools import chain

import numpy as np
from numba import njit

from lorenz_utils.dormand_prince import MOST_STEPS, TABLEAU

WIDTH = 64  # three coordinates and their twelve stages fit the first cache
STAGE, WEIGHT = (np.array(a) for a in zip(*chain(*TABLEAU), strict=True))
ROW = np.cumsum([0, *map(len, TABLEAU)])


def _machine_code(function):
    try:
        return njit(function, error_model="numpy", cache=True)
    except RuntimeError:  # neither beside the module nor in the user's folder may a file be written
        return njit(function, error_model="numpy")


def _weighted(row, stage):
    """The sum of a row of the tableau as an expression."""
    return " + ".join(f"{weight!r} * {stage.format(j)}" for j, weight in row)


def _lorenz_source():
    """Straight-line code from the tableau: twice as fast as loops over it."""
    lines = [
        "def lorenz_steps(x, y, z, step, n_steps, sigma, rho, beta):",
        " for _ in range(n_steps):",
    ]
    lines += [f"  for i in range({WIDTH}):", "   p, q, r = x[i], y[i], z[i]"]
    for s, row in enumerate(TABLEAU):
        lines.append(f"   u{s}, v{s}, w{s} = sigma * (q - p), p * (rho - r) - q, p * q - beta * r")
        for name, start, stage in (("p", "x", "u{}"), ("q", "y", "v{}"), ("r", "z", "w{}")):
            lines.append(f"   {name} = {start}[i] + step * ({_weighted(row, stage)})")
    return "\n".join([*lines, "   x[i], y[i], z[i] = p, q, r"])


# Compiled as if it stood in this file, beside which numba keeps it.
exec(compile(_lorenz_source(), __file__, "exec"))
_lorenz_steps = _machine_code(lorenz_steps)  # noqa: F821


@_machine_code
def _n_steps(x, y, z, dt, floor, ball, length):
    distance = np.sqrt(x * x + y * y + z * z)
    count = np.ceil(dt * (floor + max(ball, 3 * distance - 2 * ball)) / length)
    return int(count) if count < MOST_STEPS else -1


@_machine_code
def lorenz_orbits(first, dt, n_samples, sigma, rho, beta, floor, ball, length):
    """Sample Lorenz orbits from states (n, 3): (n, n_samples, 3); `system.simulate` says more."""
    n = len(first)
    orbits = np.empty((n, n_samples, 3))
    orbits[:, 0] = first
    x, y, z = np.empty(WIDTH), np.empty(WIDTH), np.empty(WIDTH)
    p, q, r = np.empty(WIDTH), np.empty(WIDTH), np.empty(WIDTH)
    counts = np.empty(WIDTH, np.int64)
    for begin in range(0, n, WIDTH):
        for i in range(WIDTH):  # a block that is not full repeats its last orbit
            x[i], y[i], z[i] = first[min(begin + i, n - 1)]
        for t in range(1, n_samples):
            for i in range(WIDTH):
                counts[i] = _n_steps(x[i], y[i], z[i], dt, floor, ball, length)
            # On the attractor all take the same number of steps; elsewhere, each its own.
            for count in np.unique(counts):
                p[:], q[:], r[:] = x, y, z
                _lorenz_steps(p, q, r, dt / count, count, sigma, rho, beta)
                if count < 0:
                    p[:], q[:], r[:] = np.nan, np.nan, np.nan
                for i in range(WIDTH):
                    if counts[i] == count:
                        x[i], y[i], z[i] = p[i], q[i], r[i]
            for i in range(min(WIDTH, n - begin)):
                orbits[begin + i, t] = x[i], y[i], z[i]
    return orbits


@_machine_code
def _velocity(values, width, first, lower, factor, start, column, coef, out):
    """`integration.Polynomials.velocity` of one block; `values` has a row a monomial."""
    d = len(start) - 1
    for m in range(len(lower)):
        a, b, c = lower[m] * WIDTH, factor[m] * WIDTH, (d + 1 + m) * WIDTH
        for i in range(width):
            values[c + i] = values[a + i] * values[b + i]
    for e in range(d):
        o = e * WIDTH
        for i in range(width):
            out[o + i] = 0.0
        for t in range(start[e], start[e + 1]):
            q = column[t] * WIDTH
            if coef.shape[1] == 1:
                c = coef[t, 0]
                for i in range(width):
                    out[o + i] += c * values[q + i]
            else:
                for i in range(width):
                    out[o + i] += coef[t, first + i] * values[q + i]


@_machine_code
def _combine(begin, end, stages, total):
    """Weighted sum of the stages by one row of the tableau."""
    weight, stage = WEIGHT[begin], stages[STAGE[begin]]
    for i in range(len(total)):
        total[i] = weight * stage[i]
    for entry in range(begin + 1, end):
        weight, stage = WEIGHT[entry], stages[STAGE[entry]]
        for i in range(len(total)):
            total[i] += weight * stage[i]


@_machine_code
def polynomial_steps(state, step, n_steps, lower, factor, start, column, coef):
    """Advance a polynomial system, (d, n) -> (d, n); see `integration.Polynomials`."""
    d, n = state.shape
    end, stages = np.empty_like(state), np.zeros((12, d * WIDTH))
    values = np.ones((1 + d + len(lower)) * WIDTH)
    x, y = np.zeros(d * WIDTH), values[WIDTH : (d + 1) * WIDTH]
    for first in range(0, n, WIDTH):
        width = min(WIDTH, n - first)
        for e in range(d):
            for i in range(width):
                x[e * WIDTH + i] = state[e, first + i]
        for _ in range(n_steps):
            y[:] = x
            for s in range(12):
                _velocity(values, width, first, lower, factor, start, column, coef, stages[s])
                _combine(ROW[s], ROW[s + 1], stages, y)
                for i in range(len(x)):
                    y[i] = x[i] + step * y[i]
            x[:] = y
        for e in range(d):
            for i in range(width):
                end[e, first + i] = x[e * WIDTH + i]
    return end
