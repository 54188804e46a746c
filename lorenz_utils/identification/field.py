"""A polynomial vector field: values, derivatives, flow, and the flow's sensitivities.

`PolynomialField` is dX/dt = Xi theta(X) for any dimension and degree, with the lengths of the
integrator's step, `FINE` and `COARSE`, that its flow is asked for.
"""

from functools import lru_cache
from warnings import warn

import numpy as np

from lorenz_utils.checks import ModelWarning
from lorenz_utils.integration import lowered, polynomials

# Length of an integrator step times the norm of the Jacobian. On the Lorenz attractor FINE leaves
# an error near the rounding of floats, COARSE one of 1e-9: enough for derivatives and noisy data.
FINE, COARSE = 0.12, 0.4
# At most so many steps from sample to sample: in a fit, and in a simulation.
MAX_STEPS, MOST_STEPS = 200, 20_000


class PolynomialField:
    """The vector field dX_i/dt = sum_k coef[i, k] theta_k(X) and its derivatives.

    Its orbits are the same bytes on every machine, whatever their company: see `integration`. Only
    where a value overflows do several systems meet: each has the terms of all, some times 0.

    Parameters
    ----------
    coef : ndarray, shape (d, n_terms) or (n, d, n_terms)
        With a leading axis, the coefficients of as many systems, one for each state.
    powers : ndarray, shape (n_terms, d)
        Exponents of each term, as scikit-learn's `PolynomialFeatures.powers_`.

    Notes
    -----
    Inside, the state is on the *first* axis, (d, n): long rows are fast.
    """

    def __init__(self, coef, powers):
        self.coef, self.powers = np.asarray(coef, dtype=float), np.asarray(powers)
        nonzero = self.coef.reshape(-1, *self.coef.shape[-2:]).any(axis=0)
        self._structure = tuple(tuple(map(tuple, a.tolist())) for a in (self.powers, nonzero))

    def __call__(self, state):
        """Velocity of states (..., d)."""
        return self._values("velocity", state)

    def jacobian(self, state):
        """Derivative of the velocity, (..., d) -> (..., d, d)."""
        state = np.asarray(state, dtype=float)
        return self._values("jacobian", state).reshape(*state.shape, state.shape[-1])

    def flow(self, state, dt, n_steps):
        """Advance states (n, d) by `dt`; what blows up becomes infinite or NaN, silently.

        Parameters
        ----------
        state : ndarray, shape (n, d)
        dt : float
        n_steps : int or ndarray of int, shape (n,)
        """
        end = np.empty(state.shape)
        counts = np.broadcast_to(n_steps, len(state))
        for count in np.unique(counts):
            chosen = counts == count
            tables, coefficients = self._of(chosen)._tables("velocity")
            end[chosen] = tables.advance(state[chosen].T, dt, int(count), coefficients).T
        return end

    def flow_with_tangent(self, rows, dt, n_steps):
        """Advance states and tangent vectors by the variational equation, S' = J S.

        Parameters
        ----------
        rows : ndarray, shape (d + d * d, n)
            Each column a state and its matrix S, row by row.
        """
        tables, coefficients = self._tables("tangent")
        return tables.advance(rows, dt, n_steps, coefficients)

    def flow_with_slope(self, state, dt, n_steps):
        """Where states (n, d) go, and the derivative of that with respect to them, (n, d, d)."""
        n, d = state.shape
        identity = np.tile(np.eye(d).reshape(-1, 1), n)
        rows = self.flow_with_tangent(np.vstack([state.T, identity]), dt, n_steps)
        return rows[:d].T, np.ascontiguousarray(rows[d:].T).reshape(n, d, d)

    def simulate(self, state, dt, n_samples, known=None):
        """Orbits from states (n, d), these included: (n, n_samples, d); NaN from a blow-up on.

        Warns where more than `MOST_STEPS` integrator steps a sample were needed.

        Parameters
        ----------
        state : ndarray, shape (n, d)
        dt : float
        n_samples : int
        known : ndarray, shape (n_samples, m), optional
            The last m coordinates, where their values at each sample are known.
        """
        orbit = np.full((len(state), n_samples, state.shape[1]), np.nan)
        orbit[:, 0] = state
        alive, counts = np.arange(len(state)), self.n_steps(state, dt, FINE, MOST_STEPS)
        for t in range(1, n_samples):
            end = self._of(alive).flow(orbit[alive, t - 1], dt, counts)
            if known is not None:
                end[:, -known.shape[1] :] = known[t]
            finite = np.isfinite(end).all(axis=1)
            if (counts[~finite] == MOST_STEPS).any():
                message = f"more than {MOST_STEPS} integrator steps over dt={dt}: too stiff, or an "
                warn(message + "escape; try a smaller dt", ModelWarning, stacklevel=3)
            if not finite.any():
                break
            alive, end = alive[finite], end[finite]
            orbit[alive, t] = end
            fresh = self._of(alive).n_steps(end, dt, FINE, MOST_STEPS)
            counts = np.maximum(counts[finite], fresh)
        return orbit

    def flow_with_sensitivities(self, state, dt, n_nodes):
        """The flow map and its derivatives with respect to state and coefficients.

        The first is the variational equation S' = J S. The second is its forced version, solved by
        variation of constants: P = integral of S(dt, t) (I kron theta(x(t))) dt, by Gauss-Legendre
        quadrature, marching from node to node.

        Parameters
        ----------
        state : ndarray, shape (n, d)
        dt : float
        n_nodes : int

        Returns
        -------
        end : ndarray, shape (n, d)
        state_sensitivity : ndarray, shape (n, d, d)
        coef_sensitivity : ndarray, shape (n, d, d * n_terms)
            Coefficients in the order of ``coef.ravel()``.
        """
        n, d = state.shape
        nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
        gaps = np.diff(np.concatenate([[-1.0], nodes, [1.0]])) * dt / 2
        total, terms = np.broadcast_to(np.eye(d), (n, d, d)), library(self.powers)
        forced = np.zeros((n, d, d, len(self.powers)))
        with np.errstate(all="ignore"):
            for gap, weight in zip(gaps, [*(weights * dt / 2), 0.0], strict=True):
                state, step = self.flow_with_slope(state, gap, 1)
                # By BLAS, which rounds differently elsewhere: sensitivities lead a fit, and no
                # orbit goes on from them. The state has the same bytes everywhere.
                total = step @ total
                forced = (step @ forced.reshape(n, d, -1)).reshape(forced.shape)
                if weight:
                    theta = weight * terms(state)
                    for i in range(d):
                        forced[:, i, i] += theta
        return state, total, forced.reshape(n, d, -1)

    def n_steps(self, state, dt, length, most=MAX_STEPS):
        """Integrator steps over `dt` from each state, `length` over its Jacobian's norm, (n,)."""
        with np.errstate(all="ignore"):
            slopes = self._values("jacobian", state).T
            count = np.ceil(dt * np.sqrt(sum(slope * slope for slope in slopes)) / length)
        return np.clip(np.where(np.isnan(count), most, count), 2, most).astype(int)

    def _tables(self, kind):
        """Tables of one right-hand side, with their coefficients."""
        tables = _tables(kind, *self._structure)
        return tables, tables.coefficients(self.coef)

    def _values(self, kind, state):
        tables, coefficients = self._tables(kind)
        state = np.asarray(state, dtype=float)
        rows = np.ascontiguousarray(state.reshape(-1, state.shape[-1]).T)
        values = tables.velocity(rows, coefficients)
        return values.T.reshape(*state.shape[:-1], len(values))

    def _of(self, chosen):
        """The field of some of the states; the same where they share one."""
        return self if self.coef.ndim == 2 else PolynomialField(self.coef[chosen], self.powers)


def library(powers):
    """The terms theta of these exponents as a field, (..., d) -> (..., n_terms)."""
    return PolynomialField(np.eye(len(powers)), powers)


@lru_cache(maxsize=256)
def _tables(kind, powers, nonzero):
    """Tables of a field with these exponents, where these coefficients (d, n_terms) are not zero.

    `kind` is "velocity", "jacobian" (d * d equations) or "tangent" (the variational equation beside
    the field).
    """
    d, n_terms = len(powers[0]), len(powers)
    velocity = [
        [(i * n_terms + k, 1.0, p) for k, p in enumerate(powers) if there[k]]
        for i, there in enumerate(nonzero)
    ]

    def derivative(i, j):
        # d theta_k / d x_j = p_kj * (monomial p_k - e_j)
        return [(s, float(p[j]), lowered(p, j)) for s, _, p in velocity[i] if p[j]]

    def beside(vector, terms):
        unit = tuple(int(v == vector) for v in range(d * d))
        return [(s, m, p + unit) for s, m, p in terms]

    if kind == "velocity":
        return polynomials(velocity, d)
    if kind == "jacobian":
        return polynomials([derivative(i, j) for i in range(d) for j in range(d)], d)
    tangent = [
        [term for j in range(d) for term in beside(j * d + k, derivative(i, j))]
        for i in range(d)
        for k in range(d)
    ]
    return polynomials([beside(None, terms) for terms in velocity] + tangent, d + d * d)
