"""Lyapunov exponents: from the equations, from any map, from observed series.

Exponents are in nat per time unit, the largest first.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.spatial import cKDTree

from lorenz_utils.checks import (
    check_coordinate,
    check_count,
    check_ensemble,
    check_positive,
    check_shape,
    warn_model,
)
from lorenz_utils.integration import integrate
from lorenz_utils.ledger import Estimate

N_BLOCKS = 10
SAMPLES_A_PERIOD = 64  # from twice as many on, a coordinate is thinned
N_REFERENCES = 5_000  # states whose nearest neighbours are followed
LEAST_RISE = 0.5  # e-folds that a straight line has to rise by
LEVELS = (1.5, 1.0)  # e-folds below the plateau, where distances cease to grow exponentially
THIN = 1e5  # amplification of errors; 5e3 with 40,000 samples of Lorenz-63, 1e6 of Roessler's
UNEXPLAINED = 0.25  # standard deviations of the step that a map of neighbours may miss
CHUNK = 20_000  # samples fitted at once: 100 MB


def lyapunov_spectrum(vector_field, jacobian, initial_state, *, dt, duration, transient):
    """All exponents of any system, by QR decomposition of its tangent flow.

    The derivative M of the flow over `dt` obeys dM/dt = J(x(t)) M. Composed with the vectors Q of
    the step before it is factored anew, M Q = Q' R; the exponents are the means of log |R_ii| / dt.

    Parameters
    ----------
    vector_field, jacobian : callable
        Map states (n, d) to velocities (n, d) and to their derivatives (n, d, d). A
        `PolynomialField` and its own `jacobian` are integrated by compiled code.
    initial_state : array_like, shape (d,) or (n_orbits, d)
    dt : float
        Time between factorisations, covered by one step of order 8: short against the system's
        fastest time. 0.02 does for Lorenz-63.
    duration : float
        Time of averaging for each orbit, rounded up to a multiple of `dt` (of 10 `dt` for fewer
        than ten orbits).
    transient : float
        Time left out before, in which states reach the attractor and tangent vectors align.

    Returns
    -------
    Estimate of arrays, shape (d,)
        Mean and standard error over orbits, which must be independent; over ten time blocks of
        each where there are fewer than ten orbits. NaN throughout if an orbit escapes to infinity:
        the exponents describe bounded motion only.

    Raises
    ------
    TypeError, ValueError
        For a bad `initial_state`, or times that are not positive (`transient` may be 0).

    Examples
    --------
    >>> def field(x):
    ...     return -x * [1.0, 3.0]
    >>> def jacobian(x):
    ...     return np.broadcast_to(np.diag([-1.0, -3.0]), (*x.shape, 2))
    >>> start = np.ones((10, 2))
    >>> spectrum = lyapunov_spectrum(field, jacobian, start, dt=0.1, duration=5, transient=1)
    >>> spectrum.value.round(6)
    array([-1., -3.])

    References
    ----------
    Benettin et al., Meccanica 15 (1980), 9-30; Shimada & Nagashima, Prog. Theor. Phys. 61 (1979),
    1605-1616.
    """
    state = np.atleast_2d(check_shape(initial_state, "initial_state", "(d,)", "(n_orbits, d)"))
    dt, duration = check_positive(dt, "dt"), check_positive(duration, "duration")
    transient = transient and check_positive(transient, "transient")
    n_orbits, d = state.shape
    n_blocks = 1 if n_orbits >= N_BLOCKS else N_BLOCKS
    block_length = int(np.ceil(duration / (n_blocks * dt)))
    n_transient = int(np.ceil(transient / dt))

    def tangent_field(rows):
        point = rows[:d].T
        slopes = np.moveaxis(np.asarray(jacobian(point)), 0, -1)
        tangent = rows[d:].reshape(d, d, -1)
        growth = sum(slopes[:, j, None] * tangent[j] for j in range(d))
        return np.concatenate([np.asarray(vector_field(point)).T, growth.reshape(d * d, -1)])

    advance = partial(integrate, tangent_field)
    if hasattr(vector_field, "flow_with_tangent") and jacobian == vector_field.jacobian:
        advance = vector_field.flow_with_tangent
    # One row a coordinate of the state, then one an entry of M; one column an orbit.
    identity = np.broadcast_to(np.eye(d).reshape(-1, 1), (d * d, n_orbits))

    def derivatives():
        point = state.T
        for _ in range(n_transient + n_blocks * block_length):
            rows = advance(np.concatenate([point, identity]), dt, 1)
            point, tangent = rows[:d], rows[d:].T.reshape(n_orbits, d, d)
            yield np.where(np.isfinite(point).all(axis=0)[:, None, None], tangent, np.nan)

    return _exponents(derivatives(), d, dt, n_transient, block_length)


def map_spectrum(step, initial_state, *, dt, duration, transient):
    """All exponents of a map x[t + 1] = step(x[t]), as a learned generator is one.

    The derivative is taken by central differences of 1e-5 of the starts' spread, which is exact to
    nine digits for a smooth map, and composed along each orbit by QR decomposition.

    Parameters
    ----------
    step : callable
        Maps states (n, d) to the next ones (n, d), in double precision.
    initial_state : array_like, shape (n_orbits, d)
        At least two independent starts, which differ in every coordinate.
    dt : float
        Time between two states.
    duration, transient : float
        Time of averaging for each orbit, and time left out before it.

    Returns
    -------
    Estimate of arrays, shape (d,)
        Mean and standard error over the orbits; NaN throughout if one escapes to infinity, -inf
        where the map has no derivative left, as a constant.

    Raises
    ------
    ValueError
        If the starts do not differ.

    Examples
    --------
    >>> start = np.random.default_rng(0).normal(size=(4, 2))
    >>> halves = map_spectrum(lambda x: x * [0.5, 0.25], start, dt=1.0, duration=20, transient=0)
    >>> print(halves.value.round(4))
    [-0.6931 -1.3863]
    """
    state = check_shape(initial_state, "initial_state", "(n_orbits, d)")
    dt, duration = check_positive(dt, "dt"), check_positive(duration, "duration")
    n_transient, n_steps = round(transient / dt), round(duration / dt)
    n_orbits, d = state.shape
    offsets = np.concatenate([np.zeros((1, d)), np.eye(d), -np.eye(d)])[:, None]
    size = 1e-5 * state.std(0)
    if not size.all():
        raise ValueError("initial_state must differ between orbits in every coordinate")

    def derivatives():
        point = state
        for _ in range(n_transient + n_steps):
            near = step((point + size * offsets).reshape(-1, d)).reshape(2 * d + 1, n_orbits, d)
            point, slopes = near[0], (near[1 : d + 1] - near[d + 1 :]) / (2 * size[:, None, None])
            yield np.moveaxis(slopes, 0, -1)

    return _exponents(derivatives(), d, dt, n_transient, n_steps)


def kaplan_yorke_dimension(exponents):
    """The dimension at which the volume of a small ball, carried by the flow, stays as it is.

    D = k + (lambda_1 + ... + lambda_k) / |lambda_{k+1}|, with k the most exponents, largest first,
    whose sum is not negative.

    Parameters
    ----------
    exponents : array_like, shape (d,)

    Returns
    -------
    float
        NaN where an exponent is not finite; d where no sum is negative.

    References
    ----------
    Kaplan & Yorke, Lecture Notes in Mathematics 730 (1979), 204-227.

    Examples
    --------
    >>> round(kaplan_yorke_dimension([0.9056, 0.0, -14.5723]), 4)
    2.0621
    """
    exponents = np.sort(np.asarray(exponents, dtype=float))[::-1]
    if not np.isfinite(exponents).all():
        return np.nan
    sums = np.concatenate([[0.0], np.cumsum(exponents)])
    k = int(np.flatnonzero(sums >= 0)[-1])
    return float(k + sums[k] / -exponents[k]) if k < len(exponents) else float(k)


@dataclass(frozen=True)
class ScalarExponent(Estimate):
    """An exponent from one coordinate with the curve that it is the slope of.

    Attributes
    ----------
    time, log_distance : ndarray
        The mean logarithm of the distance of neighbours, in ranges of the coordinate, over the time
        from where they were found; empty for a series too short to have a curve.
    region : tuple of float
        Start and end of the time in which the curve is straight; NaN where it never is.
    """

    time: np.ndarray = ()
    log_distance: np.ndarray = ()
    region: tuple = (np.nan, np.nan)


def rosenstein_exponent(series, dt):
    """Largest exponent of one coordinate by Rosenstein's method, in the data's own time scale.

    The scale is the period at the median of the power spectrum, T. States are five samples over
    T / 2; the nearest neighbour of each is at least T away in time. A straight line through the
    mean logarithm of their distance, from T / 4 on until 1.5 below where it levels off, or
    1 if that is too short.

    **A positive exponent is no sign of chaos.** Noise can have one too, as that of a phase that
    drifts: compare with `surrogates.phase_randomised` and `surrogates.aaft`, which share all that
    is linear with the series. On noise-free data the exponent is right to about a quarter.

    Parameters
    ----------
    series : array_like, shape (length,)
        Sampled at equal steps, at least ten times in a period where the system is a flow.
    dt : float
        Time between samples, 1 for a map.

    Returns
    -------
    ScalarExponent
        Slope, standard error over ten parts of the series, the curve and its straight region. NaN
        with a `ModelWarning` where distances do not grow exponentially for half an e-fold: noise,
        a periodic signal, one that decays or drifts, or too short a series.

    Raises
    ------
    TypeError, ValueError
        If `series` is not one finite, varying coordinate of sufficient length.

    References
    ----------
    Rosenstein, Collins & De Luca, Physica D 65 (1993), 117-134.

    Examples
    --------
    >>> x = [0.3]
    >>> for _ in range(2000):
    ...     x.append(4 * x[-1] * (1 - x[-1]))
    >>> bool(abs(rosenstein_exponent(x, dt=1).value - np.log(2)) < 0.05)
    True
    """
    series, dt = check_coordinate(series), check_positive(dt, "dt")
    series = (series - series.min()) / np.ptp(series)
    power = abs(np.fft.rfft((series - series.mean()) * np.hanning(len(series)))) ** 2
    period = len(series) / max(1, np.searchsorted(power.cumsum(), power.sum() / 2))
    thin = max(1, int(period // SAMPLES_A_PERIOD))
    series, dt, period = series[::thin], thin * dt, period / thin
    curves = _neighbor_distances(series, period)
    time, curve, start = dt * np.arange(curves.shape[1]), curves.mean(0), int(np.ceil(period / 4))
    plateau = np.median(curve[-(len(curve) // 4) :]) if len(curve) else np.nan
    for level in LEVELS:
        end = start + int(np.append(curve[start:] > plateau - level, True).argmax())
        if end - start < 3:
            continue
        middle = (start + end) // 2
        early, late, whole = (
            np.polyfit(time[part], curves[:, part].T, 1)[0]
            for part in (slice(start, middle + 1), slice(middle, end), slice(start, end))
        )
        rise = whole.mean() * (time[end - 1] - time[start])
        if rise > LEAST_RISE and late.mean() > early.mean() / 2:
            region = float(time[start]), float(time[end - 1])
            found = ScalarExponent.from_samples(whole)
            return replace(found, time=time, log_distance=curve, region=region)
    warn_model(
        f"series shows no exponential growth of distances over {len(series) / period:.1f} of its "
        f"periods of {period * dt:.3g} time units: noise, a periodic signal, a drift, too short or "
        "too coarse? Time and log_distance of the result hold the curve"
    )
    return ScalarExponent(np.nan, np.nan, None, time, curve)


def _neighbor_distances(series, period):
    """Log distance of neighbours over time for ten parts of a series, (10, n_times)."""
    lag, apart = max(1, round(period / 8)), int(np.ceil(period))
    horizon = min(20 * apart, len(series) // 4)
    states = sliding_window_view(series, 4 * lag + 1)[: len(series) - horizon - 4 * lag, ::lag]
    if len(states) < 4 * apart:
        return np.empty((10, 0))
    n_pairs = min(len(states), N_REFERENCES) // 10 * 10
    first = np.linspace(0, len(states) - 1, n_pairs).astype(int)
    # One more candidate than can be too near in time, so that one at least is not.
    nearest = cKDTree(states).query(states[first], 2 * apart + 2)[1]
    allowed = abs(nearest - first[:, None]) > apart
    second = nearest[np.arange(n_pairs), allowed.argmax(1)]
    least = np.diff(np.unique(series)).min() / 2  # rounded values may be equal
    ends = 4 * lag + np.arange(horizon + 1)
    curves = [np.log(np.maximum(abs(series[first + t] - series[second + t]), least)) for t in ends]
    return np.reshape(curves, (len(ends), 10, -1)).mean(2).T


def state_space_spectrum(ensemble, dt, *, n_neighbors=None, n_orbits=None):
    """All exponents of observed series of any dimension, without knowing the equations.

    Around each sample a parabola in the displacement is fitted to where its neighbours in state
    space go within `dt`. Its linear part estimates the derivative of the flow map, and the
    derivatives along each series are composed by QR decomposition. As with one coordinate, a
    positive exponent is no sign of chaos: see `surrogates`.

    Parameters
    ----------
    ensemble : array_like, shape (n_series, length, d)
    dt : float
    n_neighbors : int, optional
        Samples in each fit, the sample itself not among them. By default four times the parabola's
        coefficients, but at least 40.
    n_orbits : int, optional
        Follow only the first series; neighbours come from all of them.

    Returns
    -------
    Estimate of arrays, shape (d,)
        Mean and standard error over the series. -inf or NaN where the samples do not determine a
        map, as for constant series. A `ModelWarning` says where neighbours do not go to one place
        (noise, too long a `dt`, coordinates that are missing, axes in another order) and where all
        lie on one sheet, as those of a periodic signal or of Roessler's system.

    Raises
    ------
    ValueError
        With fewer than two series, or fewer samples than neighbours.

    References
    ----------
    Sano & Sawada, Phys. Rev. Lett. 55 (1985), 1082-1085; Brown, Bryant & Abarbanel, Phys. Rev. A
    43 (1991), 2787-2806 (higher-order maps).
    """
    ensemble = check_ensemble(ensemble, ordered=True, n_series=2)
    dt = check_positive(dt, "dt")
    n_series, length, d = ensemble.shape
    n_terms = (d + 1) * (d + 2) // 2
    n_neighbors = max(40, 4 * n_terms) if n_neighbors is None else n_neighbors
    check_count(n_neighbors, "n_neighbors", minimum=n_terms)
    if n_series * (length - 1) <= n_neighbors:
        expected = f"more than n_neighbors={n_neighbors} samples"
        raise ValueError(f"ensemble must hold {expected}, got shape {ensemble.shape}")
    n_orbits = n_series if n_orbits is None else check_count(n_orbits, "n_orbits", minimum=2)
    followed = ensemble[:n_orbits]
    queries = followed[:, :-1].reshape(-1, d)
    expected, derivatives, gain = _local_maps(ensemble, queries, n_neighbors)
    missed, scale = (expected - followed[:, 1:].reshape(-1, d)).std(0), ensemble.std((0, 1))
    missed = (missed / np.where(scale > 0, scale, np.inf)).max()
    if missed > UNEXPLAINED:
        warn_model(
            "ensemble holds no map from state to state: neighbours predict the next sample within "
            f"{missed:.2f} standard deviations. Noise, a missing coordinate, too long a dt?"
        )
    if np.quantile(gain, 0.9) > THIN:
        warn_model(
            "ensemble lies on a sheet so thin that neighbours do not determine the slope across: "
            "the exponents are not to be trusted, try other n_neighbors or more samples"
        )
    steps = derivatives.reshape(-1, length - 1, d, d).swapaxes(0, 1)
    n_transient = (length - 1) // 10
    return _exponents(steps, d, dt, n_transient, length - 1 - n_transient)


def _exponents(derivatives, d, dt, n_transient, block_length):
    """Exponents from the derivatives (n_orbits, d, d) of each step, composed by QR decomposition.

    Means and errors are over orbits and blocks of time, without the transient. All are NaN where an
    orbit is lost, which is an answer here and not a mishap.
    """
    tangent, growth = np.eye(d), []
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for t, derivative in enumerate(derivatives, start=-n_transient):
            if not np.isfinite(derivative).all():
                return Estimate(np.full(d, np.nan), np.full(d, np.nan))
            tangent, upper = np.linalg.qr(derivative @ tangent)
            if t >= 0 and t % block_length == 0:
                growth.append(0.0)
            if t >= 0:
                growth[-1] = growth[-1] + np.log(abs(upper.diagonal(axis1=1, axis2=2)))
    exponents = np.concatenate(growth) / (block_length * dt)
    if not np.isfinite(exponents).all():
        return Estimate(exponents.mean(0), np.full(d, np.nan))
    return Estimate.from_samples(exponents)


def _local_maps(ensemble, queries, n_neighbors):
    """The next sample after each query (n, d) by its neighbours, its derivative, the fit's gain."""
    d = ensemble.shape[-1]
    states, successors = ensemble[:, :-1].reshape(-1, d), ensemble[:, 1:].reshape(-1, d)
    tree, fits, gains = cKDTree(states), [], []
    for chunk in np.split(queries, range(CHUNK, len(queries), CHUNK)):
        # Each query is its own nearest neighbour, which tells nothing about a slope.
        neighbors = tree.query(chunk, n_neighbors + 1)[1][:, 1:]
        # Where distances overflow the tree finds none.
        found = (neighbors < len(states)).all(1)[:, None, None]
        neighbors = np.where(found[..., 0], neighbors, 0)
        displacement = states[neighbors] - chunk[:, None]
        fit, gain = _fit_parabola(displacement, successors[neighbors])
        fits.append(np.where(found, fit, np.nan))
        gains.append(gain)
    fits = np.concatenate(fits)
    return fits[:, 0], np.swapaxes(fits[:, 1:], 1, 2), np.concatenate(gains)


def _fit_parabola(displacement, image):
    """Value and slopes at 0 of least-squares parabolas: (n, k, d), (n, k, d) -> (n, 1 + d, d).

    And how much the slopes amplify an error of the images, (n,), in radii of the neighbourhood.
    """
    # Relative to the neighbourhood's radius, so that its squares are of the same size.
    radius = np.linalg.norm(displacement, axis=-1).max(-1)[:, None, None]
    scale = np.where(radius > 0, radius, 1)
    relative, d = displacement / scale, displacement.shape[-1]
    i, j = np.triu_indices(d)
    terms = [np.ones_like(relative[..., :1]), relative, relative[..., i] * relative[..., j]]
    inverse = np.linalg.pinv(np.concatenate(terms, -1), rcond=1e-12)
    coefficients, gain = inverse @ image, np.linalg.norm(inverse[:, 1 : d + 1], axis=(1, 2))
    return np.concatenate([coefficients[:, :1], coefficients[:, 1 : d + 1] / scale], axis=1), gain
