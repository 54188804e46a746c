"""What one-step errors say about a fitted model: noise, or something that the model lacks."""

from math import comb

import numpy as np

from lorenz_utils.regression import polynomial_library

# Errors below this, in standard deviations of the data, are those of solvers and of rounding.
NEGLIGIBLE = 1e-5
# An error so many times the usual one is no noise; noise is at most so many times what the
# samples' smoothness allows; and less than this part of it can be foretold.
EXTREME, ROUGH, FORETOLD = 12.0, 3.0, 0.15


ESCAPES = "{} go to infinity in one step: give longer or cleaner series, a smaller dt or degree"
EMPTY = (
    "no term was kept in the equation of {}: its steps are noise, or follow from no column. Try a "
    "higher degree, include_bias=True or more samples"
)
JUMPS = (
    "{} steps miss by far more than others, the first from series {}, sample {}: seams, lost "
    "rows, fill values? Give series as a list, times as dt, NaN where nothing was measured"
)
STRUCTURE = (
    "one-step errors of {} are no noise, {}: the model lacks something, its standard errors are "
    "too small. Try a higher degree, more coordinates, known inputs (n_inputs) or a smaller dt"
)
STRANGE = (
    "{} would have noise of {:.2g} standard deviations, one-step errors say {:.2g}: this is no "
    "model of the series. Are rows in the order of time, and columns one whole system?"
)


def noise_of(errors, slope):
    """Noise of the samples that makes one-step errors of that size, (d,), and each one's share.

    A step carries the noise of its first sample to its end: e = noise' - slope noise.

    Parameters
    ----------
    errors : ndarray, shape (n, d)
    slope : ndarray, shape (n, d, d)
        Derivative of the flow over each step.

    Returns
    -------
    noise : ndarray, shape (d,)
    shares : ndarray, shape (n, d)
        Errors over the root of the variance that noise of standard deviation 1 would give them.
    """
    noise, shares = rms(errors), errors
    for _ in range(5):
        shares = errors / np.sqrt(1 + slope**2 @ noise**2 / noise**2)
        noise = rms(shares)
    return noise, shares


def rms(errors):
    """Root mean square over samples, (n, d) -> (d,), at least the smallest number."""
    return np.sqrt((errors**2).mean(axis=0)) + np.finfo(float).tiny ** 0.25


def most_noise(data):
    """White noise of the samples is at most this, (d,), for differences of any order contain it.

    Parameters
    ----------
    data : ndarray, shape (n_series, length, d)
        At equal steps, NaN in gaps.
    """
    bounds = [np.full(data.shape[2], np.inf)]
    for order in range(2, min(7, data.shape[1])):
        differences = np.diff(data, order, axis=1).reshape(-1, data.shape[2])
        differences = differences[np.isfinite(differences).all(axis=1)]
        if len(differences) > 20:
            bounds.append(rms(differences) / np.sqrt(comb(2 * order, order)))
    return np.min(bounds, axis=0)


def foretold(shares, before):
    """How far errors are foretold, (d,), by more than chance.

    Their correlation with those two to six steps earlier, and the part of their variance that a
    cubic of the sample before their step's explains: noise of samples reaches no further than to
    the next step.

    Parameters
    ----------
    shares : ndarray, shape (n_series, length, d)
        NaN in gaps.
    before : ndarray, shape (n_series, length, d)
        The samples at the start of each step.
    """
    parts = []
    for lag in range(2, min(7, shares.shape[1])):
        products = (shares[:, lag:] * shares[:, :-lag]).reshape(-1, shares.shape[2])
        products = products[np.isfinite(products).all(axis=1)]
        total, spread = products.sum(axis=0), np.sqrt((products**2).sum(axis=0))
        size = len(products) * np.nanmean(shares**2, axis=(0, 1))
        parts.append(np.where(np.abs(total) > 5 * spread, np.abs(total / size), 0.0))
    whole = np.isfinite(shares[:, 1:] + before[:, :-1]).all(axis=2)
    errors, states = shares[:, 1:][whole], before[:, :-1][whole]
    library = polynomial_library(3 if states.shape[1] <= 6 else 2, True)
    features = library.fit_transform(states) if len(states) else np.empty((0, 1))
    if len(errors) > 5 * features.shape[1]:
        features = np.linalg.qr(features / np.linalg.norm(features, axis=0))[0]
        part = ((features.T @ errors) ** 2).sum(axis=0) / (errors**2).sum(axis=0)
        parts.append(part - features.shape[1] / len(errors))
    return np.max(parts, axis=0) if parts else np.zeros(shares.shape[2])


def doubts(coef, shares, before, noise, own, spread, allowed):
    """What is seen against a fit, as pairs (message with a place for names, which coordinates).

    Parameters
    ----------
    coef : ndarray, shape (d, n_terms)
    shares : ndarray, shape (n_series, length - 1, d)
        As from `noise_of`, NaN in gaps.
    before : ndarray, shape (n_series, length - 1, d)
    noise, own, spread, allowed : ndarray, shape (d,)
        The noise of one-step errors, that of the fit, the data's standard deviation, `most_noise`.
    """
    if not np.isfinite(noise).all():
        yield ESCAPES, ~np.isfinite(noise)
        return
    least, size = NEGLIGIBLE * spread, np.abs(shares)
    usual = np.nanmedian(size, axis=(0, 1)) / 0.6745 + least
    far = (size > EXTREME * usual).any(axis=2)
    part, rough, some = foretold(shares, before), own / (allowed + least), own > least
    yield EMPTY, ~coef.any(axis=1)
    yield JUMPS.format(far.sum(), *next(iter(np.argwhere(far)), (0, 0))), far.any() & some
    why = f"but to {part.max():.0%} foretold"
    if (rough > ROUGH).any():
        why = f"which in series as smooth is at least {rough.max():.2g} times smaller"
    yield STRUCTURE.format("{}", why), some & ((part > FORETOLD) | (rough > ROUGH))
    size, strange = own / spread, np.abs(np.log(own / noise)) > 0.7
    message = STRANGE.format("{}", size.max(), (noise / spread).max())
    yield message, some & ((size > 0.5) | strange)
