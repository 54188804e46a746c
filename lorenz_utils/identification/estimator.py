"""What the estimators share: the library and the fitted field, and the selection of terms."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning

from lorenz_utils.checks import check_count, check_orbits, check_positive, check_shape
from lorenz_utils.identification.field import PolynomialField
from lorenz_utils.regression import polynomial_library
from lorenz_utils.system import LorenzParameters

ROUNDING = 1e-11


class Identifier(BaseEstimator):
    """What the three estimators share: the library, the checks, the fitted field."""

    def _check(self, data, dt, *, window=2):
        data, dt = check_orbits(data), check_positive(dt, "dt")
        library = polynomial_library(check_count(self.degree, "degree"), self.include_bias)
        self.powers_ = library.fit(data[0, :1]).powers_
        n_terms = len(self.powers_)
        if data.shape[1] < window or data.shape[0] * (data.shape[1] - 1) < 2 * n_terms:
            raise ValueError(
                f"series must have at least {window} samples and {2 * n_terms} sample pairs in all "
                f"to fit {n_terms} terms, got {data.shape[0]} series of {data.shape[1]} samples"
            )
        return data, dt

    def _fit_and_drop(self, descend, coef, stays_finite):
        """Fit, drop insignificant terms and fit the others again, until all that are left count.

        Parameters
        ----------
        descend : callable
            From coefficients and a support, both (d, n_terms), to fitted coefficients and the
            covariance of the supported ones.
        coef : ndarray, shape (d, n_terms)
            The start.
        stays_finite : callable
            Whether the flow with these coefficients does: otherwise they are not dropped.
        """
        support = np.ones(coef.shape, dtype=bool)
        while support.any():
            coef, covariance = descend(coef, support)
            fewer, kept = drop_insignificant(coef, support, covariance, self.n_sigma)
            if (kept == support).all() or not stays_finite(fewer):
                break
            coef, support = fewer, kept
        self.coef_, self.standard_errors_ = coef, np.zeros(coef.shape)
        if support.any():
            self.standard_errors_[support] = np.sqrt(np.diag(covariance))

    def _count(self, n_iter, *, converged):
        self.n_iter_ += n_iter
        if not converged:
            message = (
                f"no convergence within max_iter={self.max_iter}: raise it, give more or less "
                "noisy samples, a smaller dt, or a lower degree"
            )
            warnings.warn(message, ConvergenceWarning, stacklevel=5)  # at the caller of `fit`

    @property
    def field_(self):
        """The identified vector field, a `PolynomialField`."""
        return PolynomialField(self.coef_, self.powers_)

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
        of_x, of_y, of_z = self.coef_[:, self.include_bias :].tolist()
        return LorenzParameters(sigma=(of_x[1] - of_x[0]) / 2, rho=of_y[0], beta=-of_z[2])

    def simulate(self, initial_state, dt, n_steps):
        """Sample the identified system's orbits, (..., d) -> (..., n_steps, d), from the start on.

        An orbit that the equations send to infinity is NaN from there on.
        """
        d = self.powers_.shape[1]
        initial = check_shape(initial_state, "initial_state", f"(..., {d})")
        dt, n_steps = check_positive(dt, "dt"), check_count(n_steps, "n_steps")
        orbit = self.field_.simulate(initial.reshape(-1, d), dt, n_steps)
        return orbit.reshape(*initial.shape[:-1], n_steps, d)


def drop_insignificant(coef, support, covariance, n_sigma):
    """Drop estimates one by one, least significant first, conditioning the others on its zero.

    Parameters
    ----------
    coef, support : ndarray, shape (d, n_terms)
    covariance : ndarray
        Of the supported coefficients.
    n_sigma : float
        An estimate within so many standard errors of zero is dropped.

    Returns
    -------
    coef, support : ndarray, shape (d, n_terms)
        The Gaussian estimate given that the dropped ones are zero, and which are left.
    """
    values, covariance, kept = coef[support], covariance.copy(), np.ones(support.sum(), dtype=bool)
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
    coef, left = np.zeros(coef.shape), support.copy()
    coef[support], left[support] = np.where(kept, values, 0.0), kept
    return coef, left
