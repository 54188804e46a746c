"""What the estimators share: units, the library, the choice of terms, the fitted field."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning

from lorenz_utils.checks import check_count, check_orbits, check_positive, check_shape
from lorenz_utils.identification.field import PolynomialField, library
from lorenz_utils.identification.selection import (
    SEEN,
    Prior,
    improve,
    null_directions,
    scaled,
    thin,
)
from lorenz_utils.regression import polynomial_library
from lorenz_utils.system import LorenzParameters

ROUNDING = 1e-11


class Identifier(BaseEstimator):
    """What the three estimators share: units, library, checks, the choice of terms, the field.

    Inside, states are measured by their root mean square and time by the data's own unit, so that
    the units of the caller are those of the result and of nothing else.
    """

    def _check(self, data, dt):
        """The data and the step in units of their own, and what they are in the caller's."""
        data, dt = check_orbits(data), check_positive(dt, "dt")
        terms = polynomial_library(check_count(self.degree, "degree"), self.include_bias)
        self.powers_ = terms.fit(data[0, :1]).powers_
        self._names = terms.get_feature_names_out()
        self.n_iter_, self.converged_ = 0, True
        n_terms = len(self.powers_)
        if data.shape[1] < 2 or data.shape[0] * (data.shape[1] - 1) < 2 * n_terms:
            raise ValueError(
                f"series must have at least 2 samples and {2 * n_terms} sample pairs in all "
                f"to fit {n_terms} terms, got {data.shape[0]} series of {data.shape[1]} samples"
            )
        largest = np.abs(data).max((0, 1))
        self.scale_ = largest * np.sqrt(((data / largest) ** 2).mean((0, 1)))
        data = data / self.scale_
        unit = samples_a_turn(data)
        size = np.exp(self.powers_ @ np.log(self.scale_))
        self._coef_unit = self.scale_[:, None] / size / (unit * dt)
        return data, 1 / unit

    def _select(self, descend, fit, before, after, dt):
        """The fit of the terms with the most evidence, from that of all terms.

        Parameters
        ----------
        descend : callable
            From a support and the `Fit` to start from to a `Fit`, or None.
        fit : Fit
        before, after : ndarray, shape (..., d)
            Its states, and where its flow carries them within `dt`.
        """
        if not self.sparse:
            return fit
        before, after = (a.reshape(-1, a.shape[-1]) for a in (before, after))
        speed = np.sqrt(((after - before) ** 2).mean(axis=0)) / dt
        size = np.sqrt((library(self.powers_)(before) ** 2).mean(axis=0))
        prior = Prior.of(speed, size, self.powers_)
        fit, self.converged_ = improve(descend, thin(descend, fit, prior), prior)
        return fit

    def _finish(self, fit):
        """Take over a fit, in the caller's units, and tell what it cannot know."""
        kept, unit = fit.support.ravel(), self._coef_unit
        null = null_directions(fit.information)
        information, size = scaled(fit.information)
        self.coef_, self.standard_errors_ = fit.coef * unit, np.zeros(unit.shape)
        self.null_directions_ = (null / size).reshape(-1, *unit.shape) * unit
        covariance = np.linalg.pinv(information[np.ix_(kept, kept)], hermitian=True)
        self.standard_errors_[fit.support] = np.sqrt(np.diag(covariance)) / size[kept]
        self.standard_errors_ *= unit
        self.converged_ &= fit.converged
        if not self.converged_:
            message = (
                f"no convergence within max_iter={self.max_iter}: raise it, give more or less "
                "noisy samples, a smaller dt, or a lower degree"
            )
            warnings.warn(message, ConvergenceWarning, stacklevel=3)  # at the caller of `fit`
        unknown = fit.support & (np.abs(null) > SEEN).any(axis=0).reshape(unit.shape)
        self.standard_errors_[unknown] = np.inf
        if unknown.any():
            names = [f"{self._names[k]} in equation {i + 1}" for i, k in np.argwhere(unknown)]
            message = (
                f"series must tell the terms apart, but cannot tell {', '.join(names)} from others "
                "of the library: their errors are infinite. Give more varied series or a lower "
                "degree"
            )
            warnings.warn(message, UserWarning, stacklevel=3)

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


def samples_a_turn(data):
    """The data's own unit of time, in samples: how long a coordinate stays correlated by half.

    The autocorrelation is compared with that of neighbours, which noise lowers as well.

    Parameters
    ----------
    data : ndarray, shape (n_series, length, d)
    """
    data = data - data.mean((0, 1))
    least = 1.0
    for lag in range(1, data.shape[1]):
        products = (data[:, lag:] * data[:, :-lag]).mean((0, 1))
        least = products / 2 if lag == 1 else least
        if (products <= least).any():
            break
    return lag
