"""What the estimators share: units, the library, the choice of terms, the fitted field."""

import re
import warnings

import numpy as np
from scipy.interpolate import CubicSpline
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from lorenz_utils.checks import (
    ModelWarning,
    check_count,
    check_independent,
    check_no_repeats,
    check_positive,
    check_samples,
    check_shape,
)
from lorenz_utils.identification.doubt import (
    EXTREME,
    FORETOLD,
    NEGLIGIBLE,
    ROUGH,
    foretold,
    most_noise,
    noise_of,
    rms,
)
from lorenz_utils.identification.field import (
    COARSE,
    FINE,
    MAX_STEPS,
    MOST_STEPS,
    PolynomialField,
    library,
)
from lorenz_utils.identification.selection import (
    SEEN,
    Prior,
    improve,
    null_directions,
    scaled,
    thin,
)
from lorenz_utils.identification.steps import (
    Samples,
    Steps,
    links,
    on_even_times,
    over_gaps,
    separate,
    with_derivatives,
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
            If something says that the model is not that of the data.
        ConvergenceWarning
        """
        samples = self._check(data, dt, n_inputs, feature_names)
        self._told = []
        with np.errstate(all="ignore"):
            self._judge(samples, self._fit(samples))
        for category, message in self._told:
            warnings.warn(message, category, stacklevel=2)
        return self

    def _tell(self, message, category=ModelWarning):
        self._told.append((category, message))

    def _check(self, data, dt, n_inputs, feature_names):
        """The samples in units of their own; keeps what these are in the caller's."""
        data, times, names, lengths = check_samples(data, dt)
        total = data.shape[2]
        d = total - check_count(n_inputs, "n_inputs", minimum=0)
        names = list(feature_names or names or (f"x{i}" for i in range(total)))
        if d < 1 or len(names) != total:
            raise ValueError(
                f"n_inputs must leave a coordinate, and feature_names name all {total} columns, "
                f"got n_inputs={n_inputs} and names {names}"
            )
        if (still := np.nanmax(data, axis=(0, 1)) == np.nanmin(data, axis=(0, 1))).any():
            which = ", ".join(np.array(names)[still])
            raise ValueError(f"series must vary in each coordinate, got a constant one: {which}")
        if not n_inputs:
            check_no_repeats(data)
        terms = polynomial_library(check_count(self.degree, "degree"), self.include_bias)
        self.powers_ = terms.fit(np.zeros((1, total))).powers_
        self.feature_names_in_ = np.array(names, dtype=object)
        self._names = terms.get_feature_names_out(names)
        self.n_iter_, self.converged_ = 0, True
        n_terms, linked = len(self.powers_), links(data, times)
        if linked.sum() < 2 * n_terms:
            raise ValueError(
                f"series must have at least 2 samples and {2 * n_terms} sample pairs in all "
                f"to fit {n_terms} terms, got {data.shape[0]} series of {data.shape[1]} samples "
                f"with {linked.sum()} pairs"
            )
        seen = np.isfinite(data).all(axis=2)
        rows = data if seen.all() else data[seen][None]
        check_independent(rows)
        largest = np.abs(rows).max((0, 1))
        self.scale_ = largest * np.sqrt(((rows / largest) ** 2).mean((0, 1)))
        data, even = data / self.scale_, data / self.scale_
        step, clock = times, np.broadcast_to(np.arange(data.shape[1]), data.shape[:2])
        if np.ndim(times):
            step = np.nanmedian(np.diff(times))
            clock = times / step
            even = on_even_times(data, clock, linked, 1.0)
        unit = samples_a_turn(even)
        inputs = with_derivatives(data[..., d:], clock / unit, linked) if n_inputs else None
        own = np.diff(clock)[linked] / unit if np.ndim(times) else 1 / unit
        size = np.exp(self.powers_ @ np.log(self.scale_))
        self._coef_unit = self.scale_[:d, None] / size / (unit * step)
        steps = Steps(self.powers_, own, inputs)
        return Samples(data, lengths, linked, even, d, step, 1 / unit, steps)

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
        speed = np.sqrt(((after - before) ** 2).mean(axis=0)) / samples.own_dt
        states = np.hstack([before, samples.of_links(samples.data[:, :-1, samples.d :])])
        size = np.sqrt((library(self.powers_)(states) ** 2).mean(axis=0))
        prior = Prior.of(speed, size, self.powers_)
        fit, self.converged_ = improve(descend, thin(descend, fit, prior), prior)
        return fit

    @staticmethod
    def _found(fit):
        if fit is None:
            raise ValueError(
                "series must have a flow from sample to sample, but none was found within "
                f"{MAX_STEPS} integrator steps: give a smaller dt, or leave out what decays in one"
            )
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
            message = (
                f"no convergence within max_iter={self.max_iter}: raise it, give more or less "
                "noisy samples, a smaller dt, or a lower degree"
            )
            self._tell(message, ConvergenceWarning)
        if unknown.any():
            terms = [f"{self._names[k]} in equation {i + 1}" for i, k in np.argwhere(unknown)]
            self._tell(
                f"series must tell the terms apart, but cannot tell {', '.join(terms)} from others "
                "of the library: their errors are infinite. Give more varied series or a lower "
                "degree"
            )
        return fit.coef

    def _judge(self, samples, coef):
        """Tell of all that says that a fit, in the data's units, is not the data's model."""
        before, d, names = samples.before, samples.d, self.feature_names_in_[: samples.d]
        spread = np.nanstd(samples.data[..., :d], axis=(0, 1))
        n_steps = samples.steps.n_steps(coef, before, COARSE)
        end, slope = samples.steps.flow_with_slope(coef, before, n_steps)
        errors = samples.after - end
        noise, shares = noise_of(errors, slope)
        own = self.noise_std_ / self.scale_[:d] if self._estimates_noise else noise
        self.residual_, self.noise_std_ = rms(errors) / spread, own * self.scale_[:d]

        def of(which):
            return ", ".join(names[which])

        empty = ~coef.any(axis=1)
        if empty.any():
            self._tell(
                f"no term was kept in the equation of {of(empty)}: its steps are noise or follow "
                "from none of the columns. Try a higher degree, include_bias=True, more samples, "
                "or leave the column out"
            )
        if not np.isfinite(shares).all():
            self._tell(
                "the equations send samples to infinity in one step: give longer series, less "
                "noisy samples, a smaller dt or a lower degree"
            )
            return
        if n_steps >= MAX_STEPS:
            self._tell(
                f"a step of the equations takes all {MAX_STEPS} steps that the integrator has: "
                "they are too stiff for this dt. Try a smaller one"
            )
        least = NEGLIGIBLE * spread
        usual = np.median(np.abs(shares), axis=0) / 0.6745 + least
        far = over_gaps((np.abs(shares) > EXTREME * usual).any(axis=1), samples.linked)
        if (places := np.argwhere(far == 1)).size:
            i, t = places[0]
            self._tell(
                f"{len(places)} of {len(shares)} steps miss by more than {EXTREME:g} times the "
                f"usual error, the first from sample {t} of series {i}: a seam between series, "
                "dropped rows, a fill value, a jump? Give several series as a list, times as dt, "
                "and NaN where nothing was measured"
            )
        shares = over_gaps(shares, samples.linked)
        part, rough = foretold(shares, before), own / (most_noise(samples.even[..., :d]) + least)
        if (which := (own > least) & ((part > FORETOLD) | (rough > ROUGH))).any():
            self._tell(
                f"one-step errors of {of(which)} are no noise of the samples: {part.max():.0%} of "
                f"their variance can be foretold, and they are {rough.max():.2g} times what noise "
                "can be in series as smooth. The equations lack something, and their errors are "
                "too small. Try a higher degree, further coordinates, known inputs as last columns "
                "(n_inputs), a smaller dt, or more accurate samples"
            )
        ratio = np.abs(np.log(own / noise))
        if (which := (own > least) & ((own > 0.5 * spread) | (ratio > 0.7))).any():
            self._tell(
                f"{of(which)} would have noise of {(own / spread).max():.2g} standard deviations, "
                "while one-step errors are those of noise of "
                f"{(noise / spread).max():.2g}: the equations are not those of these series. Are "
                "rows in the order of time, and columns all coordinates of one system?"
            )

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
        data, lengths, ends = self._predict(data, dt)
        return separate(ends, lengths) if lengths or len(ends) > 1 else ends[0]

    def _predict(self, data, dt):
        check_is_fitted(self, "coef_")
        data, times, _, lengths = check_samples(data, dt)
        (d, _), total = self.coef_.shape, self.powers_.shape[1]
        if data.shape[2] != total:
            raise ValueError(f"data must have the {total} columns of fit, got {data.shape[2]}")
        linked = links(data, times)
        clock = times if np.ndim(times) else times * np.arange(data.shape[1])
        clock = np.broadcast_to(clock, data.shape[:2])
        inputs = with_derivatives(data[..., d:], clock, linked) if d < total else None
        steps = Steps(self.powers_, np.diff(clock)[linked] if np.ndim(times) else times, inputs)
        before = data[:, :-1, :d][linked]
        n_steps = steps.n_steps(self.coef_, before, FINE, MOST_STEPS)
        return data, lengths, over_gaps(steps.flow(self.coef_, before, n_steps), linked)

    def score(self, data, dt):
        """How much better than "as it is now" the next sample is predicted: 1 is exact, 0 no better.

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
        data, _, ends = self._predict(data, dt)
        d, linked = ends.shape[2], ~np.isnan(data[:, :-1] + data[:, 1:]).any(axis=2)
        step = np.diff(data[..., :d], axis=1) / self.scale_[:d]
        error = (data[:, 1:, :d] - ends) / self.scale_[:d]
        with np.errstate(all="ignore"):
            value = 1 - (error[linked] ** 2).sum() / (step[linked] ** 2).sum()
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
        errors = getattr(self, "standard_errors_", None)
        names = [_symbol(name) if latex else name for name in self.feature_names_in_]
        power = "^{{{}}}" if latex else "^{}"
        lines = []
        for i, row in enumerate(self.coef_):
            terms = []
            for k in np.flatnonzero(row):
                number = f"{row[k]:.6g}"
                if errors is not None:
                    number = f"({number} ± {errors[i, k]:.2g})"
                powers = zip(names, self.powers_[k].tolist(), strict=True)
                factors = [name + (power.format(p) if p > 1 else "") for name, p in powers if p]
                terms.append(" ".join([number, *factors]))
            left = rf"\dot{{{names[i]}}}" if latex else f"d{names[i]}/dt"
            lines.append(f"{left} = {' + '.join(terms) or 0}".replace("+ -", "- "))
        text = "\n".join(lines)
        if latex:
            text = re.sub(r"e([+-])0*(\d+)", r" \\times 10^{\1\2}", text).replace("^{+", "^{")
            text = text.replace("±", r"\pm").replace("inf", r"\infty").replace("\n", " \\\\\n")
        return text

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
        initial = check_shape(initial_state, "initial_state", f"(..., {d})")
        dt, n_steps = check_positive(dt, "dt"), check_count(n_steps, "n_steps")
        states, field, known = initial.reshape(-1, d), self.field_, None
        if d < total:
            inputs = check_shape(inputs, "inputs", f"({n_steps}, {total - d})")
            t = dt * np.arange(n_steps + 1)  # a spline needs two times
            spline = CubicSpline(t, np.vstack([inputs, inputs[-1:]]))
            known = np.hstack([spline(t[:-1], order) for order in range(4)])
            steps = Steps(self.powers_, dt, np.tile(known[:1], (len(states), 1)))
            field, states = steps.field(self.coef_)[0], steps.states(states)
        orbit = field.simulate(states, dt, n_steps, known)[..., :d]
        return orbit.reshape(*initial.shape[:-1], n_steps, d)


def _symbol(name):
    """A name for LaTeX: x0 or x_0 as a letter with an index, a longer word upright."""
    if "\\" in name or len(name) == 1:
        return name
    if match := re.fullmatch(r"([A-Za-z])_?(\w+)", name) if re.search(r"_|\d$", name) else None:
        return f"{match[1]}_{{{match[2]}}}"
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
