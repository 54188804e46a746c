"""Controls: ensembles that share some property of the data but not its dynamics.

A metric that a control passes says nothing about the property the control lacks. All functions
return a new ensemble of the shape they got, and treat each series on its own.
"""

import numpy as np

from lorenz_utils.checks import check_ensemble


def phase_randomised(ensemble, *, rng):
    """Linear Gaussian noise with the power and cross spectra of each series.

    Every Fourier component is turned by a random angle, the same for all coordinates. What a linear
    model can know of a series is kept exactly: means, auto- and cross-correlations. Determinism
    is lost.

    Parameters
    ----------
    ensemble : array_like, shape (n_series, length, d)
    rng : int or numpy.random.Generator

    Returns
    -------
    ndarray, shape (n_series, length, d)

    Examples
    --------
    >>> from lorenz_utils.system import make_ensemble
    >>> real = make_ensemble(2, 100, 0.1, rng=0)
    >>> noise = phase_randomised(real, rng=0)
    >>> bool(np.allclose(noise.mean(1), real.mean(1)) and np.allclose(noise.std(1), real.std(1)))
    True

    References
    ----------
    Theiler et al., Physica D 58 (1992), 77-94; Prichard & Theiler, Phys. Rev. Lett. 73 (1994),
    951-954 (one set of phases for all coordinates).
    """
    ensemble = check_ensemble(ensemble)
    length = ensemble.shape[1]
    spectrum = np.fft.rfft(ensemble, axis=1)
    angles = np.random.default_rng(rng).uniform(0, 2 * np.pi, (len(ensemble), spectrum.shape[1], 1))
    angles[:, 0] = 0
    if length % 2 == 0:
        angles[:, -1] = 0  # the highest frequency of an even length must stay real
    return np.fft.irfft(spectrum * np.exp(1j * angles), length, axis=1)


def aaft(ensemble, *, rng):
    """Amplitude-adjusted Fourier transform surrogates: each coordinate keeps its own values.

    The series are mapped by rank to Gaussian ones, phase-randomised and mapped by rank back. The
    distribution of each coordinate is kept exactly, the spectra approximately.

    Parameters
    ----------
    ensemble : array_like, shape (n_series, length, d)
    rng : int or numpy.random.Generator

    Returns
    -------
    ndarray, shape (n_series, length, d)

    References
    ----------
    Theiler et al., Physica D 58 (1992), 77-94.
    """
    ensemble = check_ensemble(ensemble)
    rng = np.random.default_rng(rng)
    gaussian = np.sort(rng.normal(size=ensemble.shape), axis=1)
    randomised = phase_randomised(_with_ranks_of(ensemble, gaussian), rng=rng)
    return _with_ranks_of(randomised, np.sort(ensemble, axis=1))


def shuffled(ensemble, *, rng):
    """The states of each series in random order: the same points, no time left.

    Parameters
    ----------
    ensemble : array_like, shape (n_series, length, d)
    rng : int or numpy.random.Generator

    Returns
    -------
    ndarray, shape (n_series, length, d)
    """
    ensemble = check_ensemble(ensemble)
    order = np.random.default_rng(rng).permuted(
        np.broadcast_to(np.arange(ensemble.shape[1]), ensemble.shape[:2]), axis=1
    )
    return np.take_along_axis(ensemble, order[..., None], axis=1)


def with_noise(ensemble, level, *, rng):
    """The ensemble as observed with white Gaussian noise.

    Parameters
    ----------
    ensemble : array_like, shape (n_series, length, d)
    level : float
        Standard deviation of the noise, as a fraction of each coordinate's standard deviation
        over the whole ensemble: 0.01 is "1 % noise".
    rng : int or numpy.random.Generator

    Returns
    -------
    ndarray, shape (n_series, length, d)

    Raises
    ------
    ValueError
        If `level` is negative or not finite.

    Examples
    --------
    >>> from lorenz_utils.system import make_ensemble
    >>> real = make_ensemble(2, 100, 0.1, rng=0)
    >>> with_noise(real, 0.01, rng=0).shape
    (2, 100, 3)
    """
    ensemble = check_ensemble(ensemble)
    if not 0 <= level < np.inf:
        raise ValueError(f"level must be a finite fraction of at least 0, got {level}")
    noise = np.random.default_rng(rng).normal(size=ensemble.shape)
    return ensemble + level * ensemble.std(axis=(0, 1)) * noise


def _with_ranks_of(ensemble, ordered):
    """The values `ordered` along time, put in the order of rank that `ensemble` has."""
    ranks = ensemble.argsort(axis=1).argsort(axis=1)
    return np.take_along_axis(ordered, ranks, axis=1)
