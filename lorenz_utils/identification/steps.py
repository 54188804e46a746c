"""The steps from samples to the next: of any durations, across no gap, under known inputs."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from lorenz_utils.checks import GAP
from lorenz_utils.identification.field import MAX_STEPS, PolynomialField


@dataclass(frozen=True)
class Steps:
    """The flow of a field over the step from each sample to the next.

    Between samples inputs are cubic splines: with their three derivatives they are coordinates of
    a larger polynomial field, u' = v, v' = w, w' = const. A field's coefficients times a duration
    are those of a field over the time 1, so that steps may be of any duration.

    Attributes
    ----------
    powers : ndarray, shape (n_terms, d + m)
        Of the library of d coordinates and m inputs.
    dt : float or ndarray, shape (n,)
    inputs : ndarray, shape (n, 4 m), optional
        Inputs and their three derivatives at the start of each step.
    """

    powers: np.ndarray
    dt: float | np.ndarray
    inputs: np.ndarray | None = None

    def field(self, coef):
        """The field of states and inputs, and the duration of its steps."""
        powers = self.powers
        if self.inputs is not None:
            (d, n_terms), chain = coef.shape, 3 * self.inputs.shape[1] // 4
            coef, own = np.zeros((d + self.inputs.shape[1], n_terms + chain)), coef
            coef[:d, :n_terms], coef[d : d + chain, n_terms:] = own, np.eye(chain)
            powers = np.zeros((n_terms + chain, len(coef)), dtype=int)
            powers[:n_terms, : self.powers.shape[1]] = self.powers
            powers[n_terms:, -chain:] = np.eye(chain, dtype=int)
        if np.ndim(self.dt) == 0:
            return PolynomialField(coef, powers), self.dt
        return PolynomialField(coef * self.dt[:, None, None], powers), 1.0

    def states(self, before):
        """States (n, d) beside the inputs and their derivatives."""
        return before if self.inputs is None else np.hstack([before, self.inputs])

    def n_steps(self, coef, before, length, most=MAX_STEPS):
        """Integrator steps of the fastest sample."""
        field, dt = self.field(coef)
        return field.n_steps(self.states(before), dt, length, most).max()

    def flow(self, coef, before, n_steps):
        """Where the flow carries states (n, d)."""
        field, dt = self.field(coef)
        return field.flow(self.states(before), dt, n_steps)[:, : len(coef)]

    def flow_with_slope(self, coef, before, n_steps):
        """The same, and its derivative with respect to the states, (n, d, d)."""
        d, (field, dt), states = len(coef), self.field(coef), self.states(before)
        n, total = states.shape
        identity = np.tile(np.eye(total).reshape(-1, 1), n)
        rows = field.flow_with_tangent(np.vstack([states.T, identity]), dt, n_steps)
        return rows[:d].T, rows[total:].T.reshape(n, total, total)[:, :d, :d]

    def sensitivities(self, coef, before, n_nodes):
        """As `PolynomialField.flow_with_sensitivities`, of states and free coefficients."""
        d, n_terms = coef.shape
        field, dt = self.field(coef)
        end, slope, by_coef = field.flow_with_sensitivities(self.states(before), dt, n_nodes)
        if self.inputs is not None:
            by_coef = by_coef.reshape(*slope.shape, -1)[:, :d, :d, :n_terms].reshape(len(end), d, -1)
        if np.ndim(self.dt):
            by_coef *= self.dt[:, None, None]
        return end[:, :d], slope[:, :d, :d], by_coef


def links(data, times):
    """Of each sample but the last whether the next is its neighbour, (n_series, length - 1)."""
    seen = np.isfinite(data).all(axis=2)
    linked = seen[:, :-1] & seen[:, 1:]
    if np.ndim(times):
        steps = np.diff(times)
        linked &= steps <= GAP * np.nanmedian(steps)
    return linked


def splines(data, times, linked):
    """Cubic splines through each stretch of linked samples, with its times."""
    for series, clock, row in zip(data, times, linked, strict=True):
        edges = np.flatnonzero(np.diff(np.r_[0, row, 0]))
        for first, last in edges.reshape(-1, 2):
            t = clock[first : last + 1]
            yield CubicSpline(t, series[first : last + 1]), t


def on_even_times(data, times, linked, step):
    """The samples at equal steps, (1, length, d), with a row of NaN between two stretches."""
    rows = []
    for spline, t in splines(data, times, linked):
        rows += [spline(np.arange(t[0], t[-1] + step / 2, step)), np.full((1, data.shape[2]), np.nan)]
    return np.concatenate(rows)[None]


def with_derivatives(inputs, times, linked):
    """Inputs and their three derivatives at the start of each linked step, (n, 4 m)."""
    parts = [
        np.hstack([spline(t[:-1], order) for order in range(4)])
        for spline, t in splines(inputs, times, linked)
    ]
    return np.concatenate(parts)


@dataclass(frozen=True)
class Samples:
    """Samples in units of their own, and the steps between them.

    Attributes
    ----------
    data : ndarray, shape (n_series, length, d + m)
        Coordinates and known inputs, NaN in gaps.
    lengths : list of int or None
        Of series of unequal lengths that follow each other in one, with a gap between them.
    linked : ndarray of bool, shape (n_series, length - 1)
    even : ndarray, shape (n', length', d + m)
        At equal steps `own_dt`: the data, or their splines.
    d : int
    step, own_dt : float
        The usual step in the caller's unit of time and in the data's own.
    steps : Steps
    """

    data: np.ndarray
    lengths: list | None
    linked: np.ndarray
    even: np.ndarray
    d: int
    step: float
    own_dt: float
    steps: Steps

    @property
    def before(self):
        """The coordinates at the start of each step, (n, d)."""
        return self.of_links(self.data[:, :-1, : self.d])

    @property
    def after(self):
        """The coordinates at the end of each step, (n, d)."""
        return self.of_links(self.data[:, 1:, : self.d])

    def of_links(self, values):
        """What belongs to the linked samples of (n_series, length - 1, ...), (n, ...)."""
        if self.linked.all():
            return values.reshape(self.linked.size, *values.shape[2:])
        return values[self.linked]


def over_gaps(values, linked):
    """Values of links (n, ...) in their places, (n_series, length - 1, ...), NaN elsewhere."""
    full = np.full((*linked.shape, *values.shape[1:]), np.nan)
    full[linked] = values
    return full


def separate(values, lengths):
    """Series of unequal lengths (1, sum of lengths and gaps, ...) as a list; others as they are."""
    if lengths is None:
        return values
    ends = np.cumsum(np.add(lengths, 1))
    return [values[0, end - n - 1 : end - 1] for n, end in zip(lengths, ends, strict=True)]
