"""Integration by Dormand and Prince's order 8, with the same bytes on every machine.

Chaos amplifies the last bit of a sum, so each sum here has one order, whatever the processor, the
number of orbits and their company: elementwise products and sums, no BLAS, no reduction. `compiled`
does the same operations in the same order, many times faster; where numba is missing, NumPy does
them.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from lorenz_utils.dormand_prince import TABLEAU


@cache
def compiled():
    """The module of that name, or None where numba is not installed."""
    try:
        from lorenz_utils import compiled
    except ImportError:
        return None
    return compiled


def integrate(vector_field, state, duration, n_steps):
    """Advance any autonomous system by `n_steps` equal steps of Dormand and Prince's order 8.

    An orbit does not depend on its companions, bit for bit, if its velocity does not.

    Parameters
    ----------
    vector_field : callable
        Maps an array of the shape of `state` to its time derivative.
    state : ndarray, any shape
    duration : float
        Time to advance; negative integrates backwards.
    n_steps : int

    Returns
    -------
    ndarray, shape of `state`

    References
    ----------
    Hairer, Norsett & Wanner, *Solving Ordinary Differential Equations I*, section II.5; the
    coefficients are those of `scipy.integrate.DOP853`.
    """
    step = duration / n_steps
    state = np.asarray(state, dtype=float)
    for _ in range(n_steps):
        point, stages = state, []
        for (first, weight), *others in TABLEAU:
            # A copy: a field may return the same array again.
            stages.append(np.array(vector_field(point), dtype=float))
            total = weight * stages[first]
            for j, weight in others:
                total += weight * stages[j]
            point = state + step * total
        state = point
    return state


class Polynomials(NamedTuple):
    """Right-hand sides of a system of d polynomial equations, as tables of products and terms.

    The monomials are 1, the d variables, and then each the product of two earlier ones,
    ``lower[m]`` and ``factor[m]``. Equation e has the terms from ``start[e]`` to ``start[e + 1]``:
    monomial ``column[t]`` times ``multiplier[t]`` times coefficient ``source[t]`` of the field.
    """

    lower: np.ndarray
    factor: np.ndarray
    start: np.ndarray
    column: np.ndarray
    source: np.ndarray
    multiplier: np.ndarray

    def coefficients(self, coef):
        """A row a term, (n_terms, 1), from coefficients (d, K); (n_terms, n) from (n, d, K)."""
        flat = coef.reshape(-1, coef.shape[-2] * coef.shape[-1]).T
        return np.ascontiguousarray(flat[self.source] * self.multiplier[:, None])

    def velocity(self, state, coefficients):
        """Velocity of states (d, n)."""
        values = [np.ones_like(state[0]), *state]
        for a, b in zip(self.lower, self.factor, strict=True):
            values.append(values[a] * values[b])
        out = np.zeros((len(self.start) - 1, *state.shape[1:]))
        for e, row in enumerate(out):
            for t in range(self.start[e], self.start[e + 1]):
                row += coefficients[t] * values[self.column[t]]
        return out

    def advance(self, state, duration, n_steps, coefficients):
        """Advance states (d, n); what blows up becomes infinite or NaN, silently.

        Raises
        ------
        ValueError
            If the states are not of this system: compiled code would read beside them.
        """
        state = np.asarray(state)
        d, n_systems = len(self.start) - 1, coefficients.shape[1]
        if state.ndim != 2 or len(state) != d or n_systems not in (1, state.shape[1]):
            raise ValueError(
                f"state must have shape ({d}, n), n any number for one system and {n_systems} for "
                f"{n_systems}, got {state.shape}"
            )
        if n_steps < 1:
            raise ValueError(f"n_steps must be at least 1, got {n_steps}")
        if compiled():
            tables = self[:4]
            state = np.array(state, dtype=float, order="C")  # of one type: numba compiles each
            step = duration / n_steps
            return compiled().polynomial_steps(state, step, n_steps, *tables, coefficients)
        with np.errstate(all="ignore"):
            return integrate(lambda s: self.velocity(s, coefficients), state, duration, n_steps)


def polynomials(terms, n_variables):
    """Tables of a system of polynomial equations.

    Parameters
    ----------
    terms : sequence of sequence
        For each equation its terms, (source, multiplier, exponents), `exponents` being a tuple of
        an exponent a variable.
    n_variables : int

    Returns
    -------
    Polynomials
    """
    unit = np.eye(n_variables, dtype=int)
    row = {(0,) * n_variables: 0} | {tuple(u.tolist()): j for j, u in enumerate(unit, start=1)}
    lower, factor = [], []

    def place(exponents):
        if exponents not in row:
            # The last variable is split off: tangent vectors come last, and share what precedes.
            j = max(j for j, exponent in enumerate(exponents) if exponent)
            a = place(lowered(exponents, j))
            lower.append(a)
            factor.append(j + 1)
            row[exponents] = n_variables + len(lower)
        return row[exponents]

    flat = [(place(exponents), s, m) for equation in terms for s, m, exponents in equation]
    column, source, multiplier = zip(*flat, strict=True) if flat else ((), (), ())
    integers = [lower, factor, np.cumsum([0, *map(len, terms)]), column, source]
    return Polynomials(
        *(np.array(a, dtype=np.int64) for a in integers), np.array(multiplier, float)
    )


def lowered(exponents, j):
    """The exponents with one less in place `j`."""
    return (*exponents[:j], exponents[j] - 1, *exponents[j + 1 :])
