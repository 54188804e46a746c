"""What the estimators share: units, the library, the choice of terms, the fitted field."""

import re
import warnings

import numpy as np
from scipy.interpolate import CubicSpline
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from lorenz_utils import checks
from lorenz_utils.identification import doubt
from lorenz_utils.identification.field import COARSE, FINE, MAX_STEPS, MOST_STEPS, PolynomialField
from lorenz_utils.identification.field import library as library_of
from lorenz_utils.identification.sampling import Samples, Steps, chain
from lorenz_utils.identification.selection import (
    SEEN,
    SPREAD,
    Prior,
    improve,
    null_directions,
    price,
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

    _estimates_noise = False

    def fit(self, data, dt, *, n_inputs=0, feature_names=None):
        """Estimate the coefficients.

        Parameters
        ----------
        data : array_like, shape (length, d) or (n_series, length, d), or a list of (length, d)
            Arrays, masked arrays or DataFrames; rows with a NaN or a masked value are gaps. Steps
            go from each sample to the next of the same series, and over no gap.
        dt : float or array_like
            The step between samples, or their times: (length,), (n_series, length), or a list of
            those of each series. Over a step longer than five usual ones nothing is said.
        n_inputs : int
            The last so many columns are known inputs or phases, not modelled. Between samples
            they are cubic splines.
        feature_names : list of str, optional
            Of all columns; by default those of a DataFrame, or x0, x1, ...

        Returns
        -------
        self

        Warns
        -----
        ModelWarning
            If something says that the model is not that of the data. Of series of Lorenz-63 with
            steps of .01 to .1 and 0 to 20 % of noise, about one in a hundred is warned of, mostly
            where the fit is indeed a poor one.
        ConvergenceWarning
        """
        samples = self._check(data, dt, n_inputs, feature_names)
        with np.errstate(all="ignore"):
            self._judge(samples, self._fit(samples))
        for category, message in self._told:
            warnings.warn(message, category, stacklevel=2)
        return self

    def _tell(self, message, category=checks.ModelWarning):
        self._told.append((category, message))

    def _check(self, data, dt, n_inputs, feature_names):
        """The samples in units of their own; keeps what these are in the caller's."""
        data, times, lengths, names = checks.check_samples(data, dt)
        total = data.shape[2]
        d = total - checks.check_count(n_inputs, "n_inputs", minimum=0)
        names = list(feature_names or names or (f"x{i}" for i in range(total)))
        if d < 1 or len(names) != total:
            raise ValueError(
                f"n_inputs must leave a coordinate and feature_names name all {total} columns, "
                f"got n_inputs={n_inputs} and names {names}"
            )
        rows = data[np.isfinite(data).all(axis=2)]
        if (still := np.ptp(rows, axis=0) == 0).any():
            which = ", ".join(np.array(names)[still])
            raise ValueError(f"series must vary in each coordinate, got a constant one: {which}")
        if not n_inputs:
            checks.check_no_repeats(data)
        checks.check_rank(rows, "series", rtol=1e-11)
        terms = polynomial_library(checks.check_count(self.degree, "degree"), self.include_bias)
        self.powers_ = terms.fit(np.zeros((1, total))).powers_
        self.feature_names_in_ = np.array(names, dtype=object)
        self._names = terms.get_feature_names_out(names)
        self.n_iter_, self.converged_, self._told = 0, True, []
        samples, n_terms = Samples(data, times, lengths, d), len(self.powers_)
        if samples.linked.sum() < 2 * n_terms:
            raise ValueError(
                f"series must have at least 2 samples and {2 * n_terms} sample pairs in all "
                f"to fit {n_terms} terms, got {data.shape[0]} series of {data.shape[1]} samples"
            )
        largest = np.abs(rows).max(axis=0)
        self.scale_ = largest * np.sqrt(((rows / largest) ** 2).mean(axis=0))
        self._step = samples.step
        own = Samples(data / self.scale_, times / self._step, lengths, d)
        unit = samples_a_turn(own.even())
        size = np.exp(self.powers_ @ np.log(self.scale_))
        self._coef_unit = self.scale_[:d, None] / size / (unit * self._step)
        return Samples(own.data, own.times / unit, lengths, d)

    def _select(self, descend, fit, before, after, samples):
        """The fit of the terms with the most evidence, from that of all terms.

        Parameters
        ----------
        descend : callable
            From a support and the `Fit` to start from to a `Fit`, or None.
        fit : Fit
        before, after : ndarray, shape (n, d)
            Its states, and where its flow carries them in a step.
        samples : Samples
        """
        if not self.sparse:
            return fit
        speed = np.sqrt(((after - before) ** 2).mean(axis=0)) / samples.step
        states = np.hstack([before, samples.data[:, :-1, samples.d :][samples.linked]])
        size = np.sqrt((library_of(self.powers_)(states) ** 2).mean(axis=0))
        width = SPREAD * speed[:, None] / size
        prior = Prior(width, np.broadcast_to(price(self.powers_), width.shape))
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
        unknown = fit.support & (np.abs(null) > SEEN).any(axis=0).reshape(unit.shape)
        self.standard_errors_[unknown] = np.inf
        if not self.converged_:
            self._tell(
                f"no convergence within max_iter={self.max_iter}: raise it, give more or less "
                "noisy samples, a smaller dt, or a lower degree",
                ConvergenceWarning,
            )
        if unknown.any():
            names = [f"{self._names[k]} in equation {i + 1}" for i, k in np.argwhere(unknown)]
            self._tell(
                f"series must tell terms apart, but cannot tell {', '.join(names)} from others: "
                "their errors are infinite. Give more varied series or a lower degree"
            )
        return fit.coef

    def _judge(self, samples, coef):
        """Tell of all that says that a fit, in the data's units, is not the data's model."""
        d, steps, before = samples.d, samples.steps(self.powers_), samples.before
        spread, even = np.nanstd(samples.data[..., :d], axis=(0, 1)), samples.even()[..., :d]
        n_steps = steps.n_steps(coef, before, COARSE)
        end, slope = steps.flow_with_slope(coef, before, n_steps)
        errors = samples.after - end
        noise, shares = doubt.noise_of(errors, slope)
        own = self.noise_std_ / self.scale_[:d] if self._estimates_noise else noise
        self.residual_, self.noise_std_ = doubt.rms(errors) / spread, own * self.scale_[:d]
        placed, allowed = map(samples.in_place, (shares, before)), doubt.most_noise(even)
        for message, which in doubt.doubts(coef, *placed, noise, own, spread, allowed):
            if which.any():
                self._tell(message.format(", ".join(self.feature_names_in_[:d][which])))
        if n_steps >= MAX_STEPS:
            self._tell(f"the model is too stiff for {MAX_STEPS} steps over this dt: shorten it")

    def predict(self, data, dt):
        """Where one step of the identified flow carries each sample but the last.

        Parameters
        ----------
        data, dt
            As for `fit`, with the same columns.

        Returns
        -------
        ndarray, shape (..., length - 1, d), or a list of (length - 1, d)
            Predictions of ``data[..., 1:, :d]``, NaN where a step would lead over a gap.
        """
        samples, ends = self._predict(data, dt)
        ends = samples.separate(samples.in_place(ends))
        return ends[0] if samples.lengths is None and np.ndim(data) == 2 else ends

    def _predict(self, data, dt):
        check_is_fitted(self, "coef_")
        data, times, lengths, _ = checks.check_samples(data, dt)
        if data.shape[2] != self.powers_.shape[1]:
            columns = ", ".join(self.feature_names_in_)
            raise ValueError(f"series must have columns {columns}, got {data.shape[2]} columns")
        samples = Samples(data, times, lengths, len(self.coef_))
        steps, before = samples.steps(self.powers_), samples.before
        n_steps = steps.n_steps(self.coef_, before, FINE, MOST_STEPS)
        return samples, steps.flow(self.coef_, before, n_steps)

    def score(self, data, dt):
        """How much better than "as it is now" the next sample is predicted: 1 is exact, 0 as bad.

        One less the sum of squared one-step errors over that of the steps, each coordinate in its
        own unit. Noise of the samples lowers it, and the more the smaller the step. On samples that
        were not fitted it shows what is learned by heart.

        Parameters
        ----------
        data, dt
            As for `fit`, with the same columns.

        Returns
        -------
        float
            Minus infinity if a prediction is infinite.
        """
        samples, ends = self._predict(data, dt)
        with np.errstate(all="ignore"):
            errors = (samples.after - ends) / self.scale_[: samples.d]
            steps = (samples.after - samples.before) / self.scale_[: samples.d]
            value = 1 - (errors**2).sum() / (steps**2).sum()
        return float(value) if np.isfinite(value) else -np.inf

    def equations(self, *, latex=False):
        """The identified equations, one a line, with their standard errors.

        Parameters
        ----------
        latex : bool
            Whether to write them for LaTeX.

        Returns
        -------
        str
        """
        check_is_fitted(self, "coef_")
        names, power = self.feature_names_in_, "^{}"
        if latex:
            names, power = [_symbol(name) for name in names], "^{{{}}}"
        lines = []
        for row, errors, name in zip(self.coef_, self.standard_errors_, names, strict=False):
            terms = []
            for k in np.flatnonzero(row):
                number = f"{row[k]:.6g}"
                if not np.isnan(errors[k]):
                    number = f"({number} ± {errors[k]:.2g})"
                powers = zip(names, self.powers_[k].tolist(), strict=True)
                factors = [n + (power.format(p) if p > 1 else "") for n, p in powers if p]
                terms.append(" ".join([number, *factors]))
            left = rf"\dot{{{name}}}" if latex else f"d{name}/dt"
            lines.append(f"{left} = {' + '.join(terms) or 0}")
        if not latex:
            return "\n".join(lines)
        text = re.sub(r"e\+?(-?)0*(\d+)", r" \\times 10^{\1\2}", " \\\\\n".join(lines))
        return text.replace("±", r"\pm").replace("inf", r"\infty")

    @property
    def field_(self):
        """The identified vector field, a `PolynomialField`."""
        check_is_fitted(self, "coef_")
        return PolynomialField(self.coef_, self.powers_)

    @property
    def parameters_(self):
        """The Lorenz parameters read from their own terms; sigma is the mean of its two.

        Raises
        ------
        AttributeError
            If the library is not that of Lorenz: three coordinates, degree 2.
        """
        check_is_fitted(self, "coef_")
        if self.powers_.shape[1] != 3 or self.degree != 2:
            raise AttributeError("parameters_ needs three coordinates and degree 2")
        of_x, of_y, of_z = self.coef_[:, self.include_bias :].tolist()
        return LorenzParameters(sigma=(of_x[1] - of_x[0]) / 2, rho=of_y[0], beta=-of_z[2])

    def simulate(self, initial_state, dt, n_steps, inputs=None):
        """Sample the identified system's orbits, (..., d) -> (..., n_steps, d), from the start on.

        An orbit that the equations send to infinity is NaN from there on.

        Parameters
        ----------
        initial_state : array_like, shape (..., d)
        dt : float
        n_steps : int
        inputs : array_like, shape (n_steps, m), optional
            Known inputs at each sample, if the model has any.

        Warns
        -----
        ModelWarning
            If the equations are too stiff for `dt`.
        """
        check_is_fitted(self, "coef_")
        (d, _), total = self.coef_.shape, self.powers_.shape[1]
        initial = checks.check_shape(initial_state, "initial_state", f"(..., {d})")
        dt, n_steps = checks.check_positive(dt, "dt"), checks.check_count(n_steps, "n_steps")
        states, field, known = initial.reshape(-1, d), self.field_, None
        if d < total:
            inputs = checks.check_shape(inputs, "inputs", f"({n_steps}, {total - d})")
            t = dt * np.arange(n_steps)
            known = chain(CubicSpline(t, inputs), t, 0)
            steps = Steps(self.powers_, dt, np.tile(known[:1], (len(states), 1)))
            field, states = steps.field(self.coef_)[0], steps.states(states)
        orbit = field.simulate(states, dt, n_steps, known)[..., :d]
        return orbit.reshape(*initial.shape[:-1], n_steps, d)


def _symbol(name):
    """A name for LaTeX: x0 or x_0 as a letter with an index, a longer word upright."""
    if "\\" in name or len(name) == 1:
        return name
    if indexed := re.fullmatch(r"([A-Za-z])_?(\d+)", name):
        return "{}_{{{}}}".format(*indexed.groups())
    return rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}"


def samples_a_turn(data):
    """The data's own unit of time, in samples: how long a coordinate stays correlated by half.

    The autocorrelation is compared with that of neighbours, which noise lowers as well.

    Parameters
    ----------
    data : ndarray, shape (n_series, length, d)
    """
    data = data - np.nanmean(data, axis=(0, 1))
    least, seen = 1.0, ~np.isnan(data[..., 0])
    for lag in range(1, data.shape[1]):
        count = max(1, (seen[:, lag:] & seen[:, :-lag]).sum())
        products = np.nansum(data[:, lag:] * data[:, :-lag], axis=(0, 1)) / count
        least = products / 2 if lag == 1 else least
        if (products <= least).any():
            break
    return lag
