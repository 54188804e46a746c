"""The steps from samples to the next: of any durations, across no gap, under known inputs."""

from dataclasses import dataclass
from functools import cached_property

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
    inputs : ndarray, shape (n, 4 m)
        Inputs and their three derivatives at the start of each step.
    """

    powers: np.ndarray
    dt: float | np.ndarray
    inputs: np.ndarray

    def field(self, coef):
        """The field of states and inputs, and the duration of its steps."""
        (d, n_terms), total = coef.shape, coef.shape[0] + self.inputs.shape[1]
        links = np.eye(3 * (total - d) // 4)
        whole = np.zeros((total, n_terms + len(links)))
        whole[:d, :n_terms], whole[d : d + len(links), n_terms:] = coef, links
        powers = np.zeros(whole.T.shape, dtype=int)
        powers[:n_terms, : self.powers.shape[1]] = self.powers
        powers[n_terms:, total - len(links) :] = links
        if np.ndim(self.dt) == 0:
            return PolynomialField(whole, powers), self.dt
        return PolynomialField(whole * self.dt[:, None, None], powers), 1.0

    def states(self, before):
        """States (n, d) beside the inputs and their derivatives."""
        return np.hstack([before, self.inputs])

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
        d, (field, dt) = len(coef), self.field(coef)
        end, slope = field.flow_with_slope(self.states(before), dt, n_steps)
        return end[:, :d], slope[:, :d, :d]

    def sensitivities(self, coef, before, n_nodes):
        """As `PolynomialField.flow_with_sensitivities`, of states and free coefficients."""
        d, n_terms = coef.shape
        field, dt = self.field(coef)
        end, slope, by_coef = field.flow_with_sensitivities(self.states(before), dt, n_nodes)
        free = by_coef.reshape(*slope.shape, -1)[:, :d, :d, :n_terms]
        by_coef = free.reshape(len(end), d, -1)
        if np.ndim(self.dt):
            by_coef *= self.dt[:, None, None]
        return end[:, :d], slope[:, :d, :d], by_coef


@dataclass
class Samples:
    """Measured series, and the steps between their samples.

    Attributes
    ----------
    data : ndarray, shape (n_series, length, d + m)
        Coordinates and known inputs, NaN in gaps.
    times : float or ndarray, shape (n_series, length)
        The step where all are equal.
    lengths : list of int or None
        Of series of unequal lengths that follow each other in one, with a gap between them.
    d : int
    """

    data: np.ndarray
    times: float | np.ndarray
    lengths: list | None
    d: int

    @cached_property
    def seen(self):
        """Of each sample whether it was measured, (n_series, length)."""
        return np.isfinite(self.data).all(axis=2)

    @cached_property
    def linked(self):
        """Of each sample but the last whether a step leads to the next, (n_series, length - 1)."""
        pairs = self.seen[:, :-1] & self.seen[:, 1:]
        if np.ndim(self.times):
            pairs &= np.diff(self.times) <= GAP * self.step
        return pairs

    @cached_property
    def step(self):
        """The usual step."""
        return np.nanmedian(np.diff(self.times)) if np.ndim(self.times) else self.times

    @property
    def before(self):
        """The coordinates at the start of each step, (n, d)."""
        return self.data[:, :-1, : self.d][self.linked]

    @property
    def after(self):
        """The coordinates at the end of each step, (n, d)."""
        return self.data[:, 1:, : self.d][self.linked]

    def in_place(self, values, places=None):
        """Values (n, ...) where they belong, by default to steps; NaN elsewhere."""
        places = self.linked if places is None else places
        full = np.full((*places.shape, *values.shape[1:]), np.nan)
        full[places] = values
        return full

    def separate(self, values):
        """Series of unequal lengths as a list of as many values, others as they are."""
        if self.lengths is None:
            return values
        starts = np.cumsum([0, *np.add(self.lengths, 1)])
        missing = self.data.shape[1] - values.shape[1]
        pairs = zip(starts, self.lengths, strict=False)
        return [values[0, start : start + n - missing] for start, n in pairs]

    def splines(self):
        """Cubic splines through each stretch of linked samples, with its times."""
        clock = self.times if np.ndim(self.times) else self.times * np.arange(self.data.shape[1])
        for i, row in enumerate(self.linked):
            edges = np.flatnonzero(np.diff(np.r_[0, row, 0])).reshape(-1, 2)
            for part in (slice(first, last + 1) for first, last in edges):
                t = np.broadcast_to(clock, self.data.shape[:2])[i, part]
                yield CubicSpline(t, self.data[i, part]), t

    def even(self):
        """The data at equal steps: as they are, or a spline, NaN between two stretches."""
        if np.ndim(self.times) == 0:
            return self.data
        gap, half = np.full((1, self.data.shape[2]), np.nan), self.step / 2
        stretches = [s(np.arange(t[0], t[-1] + half, self.step)) for s, t in self.splines()]
        return np.concatenate([a for rows in stretches for a in (rows, gap)])[None]

    def steps(self, powers):
        """The `Steps` of a field with these exponents."""
        dt = np.diff(self.times)[self.linked] if np.ndim(self.times) else self.times
        inputs = [chain(s, t[:-1], self.d) for s, t in self.splines()]
        return Steps(powers, dt, np.concatenate(inputs))


def chain(spline, t, d):
    """What a spline's coordinates from the d-th on are at times t, with three derivatives."""
    return np.hstack([spline(t, order)[:, d:] for order in range(4)])
