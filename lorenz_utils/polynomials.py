"""A polynomial vector field: values, derivatives, flow, and the flow's sensitivities.

`PolynomialField` is dX/dt = Xi theta(X) for any dimension and degree, with the lengths of the
integrator's step, `FINE` and `COARSE`, that its flow is asked for.
"""

import numpy as np

from lorenz_utils.regression import polynomial_library
from lorenz_utils.system import integrate

# Length of an integrator step times the norm of the Jacobian. On the Lorenz attractor FINE leaves
# an error near the rounding of floats, COARSE one of 1e-9: enough for derivatives and noisy data.
FINE, COARSE = 0.12, 0.4
MAX_STEPS = 200


class PolynomialField:
    """The vector field dX_i/dt = sum_k coef[i, k] theta_k(X) and its derivatives.

    Parameters
    ----------
    coef : ndarray, shape (d, n_terms)
    powers : ndarray, shape (n_terms, d)
        Exponents of each term, as scikit-learn's `PolynomialFeatures.powers_`.

    Notes
    -----
    Inside, the state is on the *first* axis, (d, n): NumPy is fast on long rows.
    """

    def __init__(self, coef, powers):
        self.coef, self.powers = np.asarray(coef, dtype=float), np.asarray(powers)
        d = self.powers.shape[1]
        # Monomials of degree 0, then each as a lower one times a coordinate.
        library = polynomial_library(max(1, int(self.powers.sum(1).max())), include_bias=True)
        self._all = library.fit(np.zeros((1, d))).powers_
        index = {tuple(p): k for k, p in enumerate(self._all)}
        self._factors = []
        for power in self._all[1:]:
            j = int(np.flatnonzero(power)[0])
            self._factors.append((index[tuple(power - np.eye(d, dtype=int)[j])], j))
        self._columns = [index[tuple(p)] for p in self.powers]
        # d theta_k / d x_j = p_kj * (monomial p_k - e_j): the Jacobian is linear in the monomials.
        self._slopes = np.zeros((d, d, len(self._all)))
        for k, power in enumerate(self.powers):
            for j in np.flatnonzero(power):
                lower = index[tuple(power - np.eye(d, dtype=int)[j])]
                self._slopes[:, j, lower] += power[j] * self.coef[:, k]
        self._wide = np.zeros((d, len(self._all)))
        self._wide[:, self._columns] = self.coef

    def __call__(self, state):
        """Velocity of states (..., d)."""
        state = np.asarray(state, dtype=float)
        rows = state.reshape(-1, state.shape[-1]).T
        return (self._wide @ self._monomials(rows)).T.reshape(state.shape)

    def jacobian(self, state):
        """Derivative of the velocity, (..., d) -> (..., d, d)."""
        state = np.asarray(state, dtype=float)
        d = state.shape[-1]
        monomials = self._monomials(state.reshape(-1, d).T)
        return (self._slopes.reshape(d * d, -1) @ monomials).T.reshape(*state.shape, d)

    def terms(self, state):
        """The library theta(X), (..., d) -> (..., n_terms)."""
        rows = state.reshape(-1, state.shape[-1]).T
        return self._monomials(rows)[self._columns].T.reshape(*state.shape[:-1], -1)

    def flow(self, state, dt, n_steps):
        """Advance states (n, d) by `dt`; what blows up becomes infinite or NaN, silently."""
        with np.errstate(all="ignore"):
            velocity = lambda rows: self._wide @ self._monomials(rows)  # noqa: E731
            return integrate(velocity, np.ascontiguousarray(state.T), dt, n_steps).T

    def simulate(self, state, dt, n_samples):
        """Orbits from states (n, d), these included: (n, n_samples, d); NaN from a blow-up on."""
        n_inner = self.n_steps(state, dt, FINE)
        orbit = [state]
        for _ in range(n_samples - 1):
            finite = np.isfinite(orbit[-1]).all(1)
            n_inner = max(n_inner, self.n_steps(orbit[-1][finite], dt, FINE)) if finite.any() else 1
            orbit.append(np.where(finite[:, None], self.flow(orbit[-1], dt, n_inner), np.nan))
        return np.stack(orbit, axis=1)

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
        identity = np.broadcast_to(np.eye(d)[:, :, None], (d, d, n)).reshape(d * d, n)
        position, total = np.ascontiguousarray(state.T), np.broadcast_to(np.eye(d), (n, d, d))
        forced = np.zeros((n, d, d, len(self.powers)))
        with np.errstate(all="ignore"):
            for gap, weight in zip(gaps, [*(weights * dt / 2), 0.0], strict=True):
                augmented = integrate(self._variational, np.vstack([position, identity]), gap, 1)
                position = augmented[:d]
                step = np.ascontiguousarray(augmented[d:].T).reshape(n, d, d)
                total = step @ total
                forced = (step @ forced.reshape(n, d, -1)).reshape(forced.shape)
                if weight:
                    theta = weight * self._monomials(position)[self._columns].T
                    for i in range(d):
                        forced[:, i, i] += theta
        return position.T, total, forced.reshape(n, d, -1)

    def n_steps(self, state, dt, length):
        """Number of integrator steps over `dt`, each `length` over the largest Jacobian norm."""
        rate = np.sqrt((self.jacobian(state) ** 2).sum((-2, -1)).max())
        return int(np.clip(np.ceil(dt * rate / length), 2, MAX_STEPS))

    def _monomials(self, rows):
        values = np.empty((len(self._all), *rows.shape[1:]))
        values[0] = 1.0
        for k, (lower, j) in enumerate(self._factors, start=1):
            np.multiply(values[lower], rows[j], out=values[k])
        return values

    def _variational(self, augmented):
        d = len(self.coef)
        monomials = self._monomials(augmented[:d])
        slope = (self._slopes.reshape(d * d, -1) @ monomials).reshape(d, d, -1)
        tangent = augmented[d:].reshape(d, d, -1)
        out = np.empty_like(augmented)
        out[:d] = self._wide @ monomials
        out[d:] = np.einsum("ijn,jkn->ikn", slope, tangent).reshape(d * d, -1)
        return out
