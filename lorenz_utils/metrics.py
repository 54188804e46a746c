"""How far generated series are from real ones, of Lorenz-63 or of any other system.

A real and a generated ensemble are (n_series, length, d) with the same `dt`, arrays from anywhere.
What holds for one system alone is an argument: `LORENZ` is that of Lorenz-63. A number means
little on its own: `compare` puts each beside its floor, real data against real data, and beside
controls that lack what the metric is meant to see.
"""

import warnings
from functools import partial

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lorenz_utils import checks, lyapunov
from lorenz_utils.ledger import Estimate
from lorenz_utils.surrogates import aaft, phase_randomised, shuffled, with_noise
from lorenz_utils.system import LORENZ63, flow_map

FAR = 300.0  # the attractor lies within a norm of 55; from beyond, an orbit is not followed
WRONG_FLOW = 0.5  # standard deviations; unrelated points are 1.4 apart
BINS = 30
PSEUDOCOUNT = 1e-5
N_ORBITS = 20  # series followed for the full-state exponents


def lorenz_flow(states, dt):
    """The flow of Lorenz-63 to a relative error of 1e-6, (..., 3); infinite from beyond 300."""
    after = np.full_like(states, np.inf)
    near = np.linalg.norm(states, axis=-1) <= FAR
    if near.any():
        after[near] = flow_map(states[near], dt, rtol=1e-6)
    return after


def flow_residual(real, generated, dt, *, flow=lorenz_flow):
    """Error of each generated step against the system's flow, in standard deviations.

    e_t = |(Phi(x_t) - x_{t+1}) / s| / sqrt(d), with Phi the flow map over `dt` and s the standard
    deviation of each real coordinate. Zero for a solution, sqrt(2) for unrelated points.

    Parameters
    ----------
    real, generated : array_like, shape (n_series, length, d)
    dt : float
    flow : callable
        ``flow(states, dt)`` maps states (n, d) to those `dt` later. By default that of Lorenz-63;
        a `ModelWarning` says if the real series do not follow it.

    Returns
    -------
    ndarray, shape (n_series, length - 1)
        Infinite where the flow does not end at a finite state: that of Lorenz-63 is not followed
        from further than 300 from the origin, six times the attractor's size.

    Raises
    ------
    TypeError, ValueError
        For bad arrays or `dt`, fewer than two samples, or constant real data.

    Examples
    --------
    >>> from lorenz_utils.system import make_ensemble
    >>> from lorenz_utils.surrogates import shuffled
    >>> real = make_ensemble(4, 200, 0.1, rng=0)
    >>> bool(flow_residual(real, real, 0.1).max() < 1e-6)
    True
    >>> bool(np.median(flow_residual(real, shuffled(real, rng=0), 0.1)) > 1)
    True
    """
    real, generated = _pair(real, generated, length=2)
    scale, dt = _scale(real), checks.check_positive(dt, "dt")

    def residual(series):
        states = series[:, :-1].reshape(-1, len(scale))
        error = flow(states, dt).reshape(len(series), -1, len(scale)) - series[:, 1:]
        size = np.linalg.norm(error / scale, axis=-1) / np.sqrt(len(scale))
        return np.where(np.isfinite(size), size, np.inf)

    if (missed := np.median(residual(real[:10, :100]))) > WRONG_FLOW:
        checks.warn_model(
            f"flow misses the steps of real by {missed:.2f} standard deviations: is it that of "
            "another system, is dt right, is axis 1 time?"
        )
    return residual(generated)


def attractor_divergence(real, generated):
    """Kullback-Leibler divergence D_stsp of the generated from the real points in state space.

    KL(R, G) = sum of r log(r / g) over 30^3 equal bins that span the real data's range, widened
    by 0.1 standard deviations, and one more bin for all that lies outside; 1e-5 counts are added
    to each. Zero if both visit each bin equally often; the order in time does not matter. With
    fewer coordinates there are fewer bins; of more than three, the bins are along the three leading
    principal axes of the real data in standard deviations.

    Parameters
    ----------
    real, generated : array_like, shape (n_series, length, d)

    Returns
    -------
    float
        In nat. For finite data the floor is not zero but falls with the number of points.

    References
    ----------
    Koppe et al., PLoS Comput. Biol. 15 (2019), e1007263 (state-space divergence).
    """
    real, generated = _pair(real, generated)
    scale, mean = _scale(real), real.mean((0, 1))
    if len(scale) > 3:
        axes = np.linalg.svd(np.cov(((real - mean) / scale).reshape(-1, len(scale)).T))[0][:, :3]
        real, generated = (((part - mean) / scale) @ axes for part in (real, generated))
        scale = _standard_deviation(real)
    box = np.stack([real.min((0, 1)) - 0.1 * scale, real.max((0, 1)) + 0.1 * scale], axis=1)
    r, g = _occupation(real, box), _occupation(generated, box)
    return float(np.sum(r * np.log(r / g)))


def spectral_distance(real, generated):
    """Hellinger distance D_H between power spectra, averaged over the coordinates.

    For each coordinate the power spectra are averaged over the ensemble, freed of the zero
    frequency and normalised to sum 1: H = sqrt(1 - sum sqrt(p q)).

    Parameters
    ----------
    real, generated : array_like, shape (n_series, length, d)
        Of equal lengths.

    Returns
    -------
    float
        Between 0 and 1; constant series, which have no power, get 1.
    """
    real = checks.check_ensemble(real, "real", ordered=True)
    expected = "(n_series, {}, {})".format(*real.shape[1:])
    generated = checks.check_shape(generated, "generated", expected)
    overlap = np.sqrt(_normalised_power(real) * _normalised_power(generated)).sum(0)
    return float(np.sqrt(np.maximum(1 - overlap, 0)).mean())


def diversity(ensemble):
    """How much series differ at equal times: 1 for independent ones, 0 after mode collapse.

    The standard deviation across the series, averaged over time, relative to the standard
    deviation of all samples; averaged over the coordinates.

    Parameters
    ----------
    ensemble : array_like, shape (n_series, length, d)
        At least two series.

    Returns
    -------
    float

    Examples
    --------
    >>> collapsed = np.tile(np.random.default_rng(0).normal(size=(100, 3)), (5, 1, 1))
    >>> round(diversity(collapsed), 6)
    0.0
    """
    ensemble = checks.check_ensemble(ensemble, ordered=True, n_series=2)
    across, total = ensemble.std(axis=0, ddof=1).mean(0), _standard_deviation(ensemble)
    return float(np.divide(across, total, out=np.zeros_like(total), where=total > 0).mean())


def classifier_accuracy(real, generated, *, window=16, rng=0):
    """How often a fresh classifier tells windows of generated series from real ones.

    Gradient-boosted trees learn on all windows of one half of the series; their accuracy is that on
    windows of the other half. It is 1/2 where there is nothing to be told apart.

    Parameters
    ----------
    real, generated : array_like, shape (n_series, length, d)
        Equally many, at least four.
    window : int
        Consecutive samples that the classifier sees.
    rng : int
        Of the classifier, which keeps a tenth of its windows to know when to stop.

    Returns
    -------
    Estimate
        Mean over pairs of one real and one generated series.

    References
    ----------
    Lopez-Paz & Oquab, ICLR 2017 (classifier two-sample tests).
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    length = checks.check_count(window, "window", minimum=2)
    real = checks.check_ensemble(real, "real", n_series=4, length=length)
    same = f"({len(real)}, length, {real.shape[2]})"
    generated = checks.check_shape(generated, "generated", same, length=length)
    half = len(real) // 2
    seen = [sliding_window_view(ensemble, window, axis=1) for ensemble in (real, generated)]
    learned = [view[:half].reshape(-1, view[0, 0].size) for view in seen]
    labels = np.repeat([0, 1], [len(windows) for windows in learned])
    trees = HistGradientBoostingClassifier(max_iter=300, early_stopping=True, random_state=rng)
    trees.fit(np.concatenate(learned), labels)
    right = []
    for label, view in enumerate(seen):
        tested = view[half:, ::window]
        told = trees.predict(tested.reshape(-1, tested[0, 0].size)) == label
        right.append(told.reshape(tested.shape[:2]).mean(1))
    return Estimate.from_samples(np.mean(right, axis=0))


def moment_residuals(ensemble):
    """Relative violations of five identities that every stationary Lorenz-63 process obeys.

    Where the mean of dg/dt vanishes for g = x^2, z and y^2 + z^2, and by the symmetry
    (x, y) -> (-x, -y). They hold for an equal share of the two fixed points too: necessary, not
    sufficient.

    Parameters
    ----------
    ensemble : array_like, shape (n_series, length, 3)

    Returns
    -------
    dict of str to float
        The means of x and y in their standard deviations; the other identities' left side over
        the right side, minus 1. Infinite where the denominator is zero.
    """
    x, y, z = checks.check_ensemble(ensemble, d=3).reshape(-1, 3).T
    rho, beta = LORENZ63.rho, LORENZ63.beta
    height = beta * z.mean()
    energy = (y**2).mean() + beta * (z**2).mean()
    return {
        "<x> = 0": _ratio(x.mean(), x.std()),
        "<y> = 0": _ratio(y.mean(), y.std()),
        "<x²> = <xy>": _ratio((x**2).mean() - (x * y).mean(), (x * y).mean()),
        "<xy> = β<z>": _ratio((x * y).mean() - height, height),
        "<y²> + β<z²> = ρβ<z>": _ratio(energy - rho * height, rho * height),
    }


def compare(real, generated, dt, *, rng, flow=None, identities=None):
    """All metrics of the generated series, with their floor and controls, for a table.

    The real series are split: one half is the reference of all columns, the other half stands in
    for a perfect generator ("real") and is what the controls are made from. All columns hold
    equally many series, as many as the generated ensemble or half of the real one has: the
    floors of `attractor_divergence` and `spectral_distance` depend on it.

    Parameters
    ----------
    real, generated : array_like, shape (n_series, length, d)
        Independent series of equal lengths: at least four real and two generated ones.
    dt : float
    rng : int or numpy.random.Generator
        For the controls.
    flow, identities : callable, optional
        As in `measure`.

    Returns
    -------
    dict of str to dict of str to float
        ``table[metric][column]``, with columns generated, real, phase-randomised, AAFT, shuffled,
        1 % noise, 5 % noise. NaN or an infinity where a metric is undefined, as for constants.

    Raises
    ------
    TypeError, ValueError
        For bad arrays or `dt`, different lengths, or too few series or samples.
    """
    real, generated = _pair(real, generated, n_series=(4, 2), length=100)
    n_series = min(len(real) // 2, len(generated))
    reference, held_out = real[:n_series], real[n_series : 2 * n_series]
    rng = np.random.default_rng(rng)
    controls = {
        "phase-randomised": phase_randomised(held_out, rng=rng),
        "AAFT": aaft(held_out, rng=rng),
        "shuffled": shuffled(held_out, rng=rng),
        "1 % noise": with_noise(held_out, 0.01, rng=rng),
        "5 % noise": with_noise(held_out, 0.05, rng=rng),
    }
    column = partial(measure, reference, dt=dt, flow=flow, identities=identities)
    columns = {"generated": column(generated[:n_series]), "real": column(held_out)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", checks.ModelWarning)  # controls are no maps of their states
        columns |= {name: column(series) for name, series in controls.items()}
    return {metric: {name: columns[name][metric] for name in columns} for metric in columns["real"]}


def measure(real, generated, dt, *, flow=None, identities=None, n_orbits=N_ORBITS):
    """All metrics of one ensemble against real series: a column of `compare`.

    Parameters
    ----------
    real, generated : array_like, shape (n_series, length, d)
        Of any system and from any generator, sampled alike; of equal lengths.
    dt : float
    flow : callable, optional
        ``flow(states, dt)`` maps states (n, d) to those `dt` later, where the system is known:
        adds the rows of `flow_residual`.
    identities : callable, optional
        Maps an ensemble to a dict of relative violations of what holds for the system, as
        `moment_residuals`: adds the largest. ``**LORENZ`` gives both of Lorenz-63.
    n_orbits : int
        Series that the full-state exponents, three at most, are averaged over; 0 leaves these out.

    Returns
    -------
    dict of str to float
        NaN or an infinity where a metric is undefined, as for constants.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> real, generated = rng.normal(size=(2, 10, 200, 4))
    >>> print(round(measure(real, generated, 1.0, n_orbits=0)["diversity"], 1))
    1.0
    """
    real, generated = _pair(real, generated)
    dt, column = checks.check_positive(dt, "dt"), {}
    if flow is not None:
        residual = flow_residual(real, generated, dt, flow=flow)
        column = {
            "flow residual, median": float(np.median(residual)),
            "flow residual, rms": float(np.sqrt(np.mean(residual**2))),
            "flow residual, 99 %": float(np.quantile(residual, 0.99, method="lower")),
        }
    column |= {
        "D_stsp": attractor_divergence(real, generated),
        "D_H": spectral_distance(real, generated),
        "diversity": diversity(generated),
    }
    if identities is not None:
        column["largest moment residual"] = max(map(abs, identities(generated).values()))
    if n_orbits:
        n_orbits = min(n_orbits, len(generated))
        found = lyapunov.state_space_spectrum(generated, dt, n_orbits=n_orbits).value
        for order, exponent in zip(("largest", "second", "third"), found, strict=False):
            column[f"{order} exponent, full state"] = float(exponent)
        column["Kaplan-Yorke dimension"] = lyapunov.kaplan_yorke_dimension(found)
    return column


LORENZ = {"flow": lorenz_flow, "identities": moment_residuals}


def _pair(real, generated, *, n_series=(1, 1), length=1):
    """Both ensembles as floats, of one dimension and at least so many series and samples."""
    real = checks.check_ensemble(real, "real", n_series=n_series[0], length=length)
    options = {"d": real.shape[2], "n_series": n_series[1], "length": length}
    return real, checks.check_ensemble(generated, "generated", **options)


def _scale(real):
    """Standard deviation of each coordinate of the real series, none of them zero."""
    scale = _standard_deviation(real)
    if scale.min() == 0:
        raise ValueError("real must vary in every coordinate, got a constant one")
    return scale


def _standard_deviation(ensemble):
    """Standard deviation of each coordinate, shape (d,): exactly zero for a constant."""
    return (ensemble - ensemble[0, 0]).std(axis=(0, 1))


def _occupation(ensemble, box):
    """Share of the points in each bin of a box (d, 2), and outside of it."""
    counts = np.histogramdd(ensemble.reshape(-1, len(box)), BINS, box)[0].ravel()
    outside = ensemble.shape[0] * ensemble.shape[1] - counts.sum()
    counts = np.append(counts, outside) + PSEUDOCOUNT
    return counts / counts.sum()


def _normalised_power(ensemble):
    """Ensemble-mean power spectrum without the zero frequency, (n_frequencies, d), sum 1."""
    # Without its first sample's value a constant has no power at all, not even a rounded one.
    spectrum = np.fft.rfft(ensemble - ensemble[:, :1], axis=1)[:, 1:]
    power = (np.abs(spectrum) ** 2).mean(0)
    total = power.sum(0)
    return np.divide(power, total, out=np.zeros_like(power), where=total > 0)


def _ratio(numerator, denominator):
    return float(numerator / denominator) if denominator != 0 else np.inf
