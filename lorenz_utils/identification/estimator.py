"""What the estimators share: the library and the fitted field, and the selection of terms."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning

from lorenz_utils.checks import check_count, check_ensemble, check_positive
from lorenz_utils.identification.field import PolynomialField
from lorenz_utils.regression import polynomial_library
from lorenz_utils.system import LorenzParameters

ROUNDING = 1e-11


class Identifier(BaseEstimator):
    """What the three estimators share: the library, the checks, the fitted field."""

    def _check(self, data, dt, *, window=2):
        data, dt = check_ensemble(data), check_positive(dt, "dt")
        library = polynomial_library(check_count(self.degree, "degree"), self.include_bias)
        library.fit(data[0, :1])
        self.powers_ = library.powers_
        n_terms = len(self.powers_)
        if data.shape[1] < window or data.shape[0] * (data.shape[1] - 1) < 2 * n_terms:
            raise ValueError(
                f"series must have at least {window} samples and {2 * n_terms} sample pairs in all "
                f"to fit {n_terms} terms, got {data.shape[0]} series of {data.shape[1]} samples"
            )
        return data, dt

    def _field(self, coef=None):
        return PolynomialField(self.coef_ if coef is None else coef, self.powers_)

    @property
    def parameters_(self):
        """The Lorenz parameters read from their own terms; sigma is the mean of its two.

        Raises
        ------
        AttributeError
            If the library is not that of Lorenz: three coordinates, degree 2.
        """
        if self.powers_.shape[1] != 3 or self.degree != 2:
            raise AttributeError("parameters_ needs three coordinates and degree 2")
        linear = self.coef_[:, self.include_bias :]
        return LorenzParameters(
            sigma=float(linear[0, 1] - linear[0, 0]) / 2,
            rho=float(linear[1, 0]),
            beta=float(-linear[2, 2]),
        )

    def vector_field(self, state):
        """Velocity by the identified equations, (..., d) -> (..., d)."""
        return self._field()(state)

    def jacobian(self, state):
        """Derivative of the identified vector field, (..., d) -> (..., d, d)."""
        return self._field().jacobian(state)

    def simulate(self, initial_state, dt, n_steps):
        """Sample the identified system's orbits, (..., d) -> (..., n_steps, d), from the start on.

        An orbit that the equations send to infinity is NaN from there on.
        """
        initial = np.asarray(initial_state, dtype=float)
        d = self.powers_.shape[1]
        if initial.ndim == 0 or initial.shape[-1] != d or not np.isfinite(initial).all():
            raise ValueError(f"initial_state must be finite, shape (..., {d}), got {initial.shape}")
        dt, n_steps = check_positive(dt, "dt"), check_count(n_steps, "n_steps")
        orbit = self._field().simulate(initial.reshape(-1, d), dt, n_steps)
        return orbit.reshape(*initial.shape[:-1], n_steps, d)


def drop_insignificant(values, covariance, n_sigma):
    """Drop estimates one by one, least significant first, conditioning the others on its zero.

    Returns
    -------
    kept : ndarray of bool
    values : ndarray
        The Gaussian estimate given that the dropped ones are zero.
    """
    values, covariance, kept = values.copy(), covariance.copy(), np.ones(len(values), dtype=bool)
    # Without noise the errors are those of rounding, which are no independent draws.
    floor = (ROUNDING * 100 * np.abs(values).max(initial=0.0)) ** 2
    while kept.any():
        variance = np.where(kept, np.maximum(np.diag(covariance), 0) + floor, 1.0)
        scores = np.where(kept, np.abs(values) / np.sqrt(variance), np.inf)
        k = int(scores.argmin())
        if scores[k] >= n_sigma:
            break
        gain = covariance[:, k] / variance[k]
        values -= gain * values[k]
        covariance -= np.outer(gain, covariance[k])
        kept[k] = False
    return kept, np.where(kept, values, 0.0)


def restrict(coef, support, kept, values):
    """Coefficients and support after a selection among the supported ones."""
    coef, smaller = np.zeros_like(coef), support.copy()
    coef[support], smaller[support] = values, kept
    return coef, smaller


def warn_unconverged(max_iter):
    """Warn the caller of `fit`, three calls up."""
    warnings.warn(
        f"no convergence within max_iter={max_iter}: raise it, give more or less noisy samples, "
        "a smaller dt, or a lower degree",
        ConvergenceWarning,
        stacklevel=4,
    )
