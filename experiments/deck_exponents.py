"""The deck's own exponents: from two trajectories, and from one coordinate by Eckmann's method."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.spatial import cKDTree

from lorenz_utils.checks import check_coordinate, check_positive, check_shape
from lorenz_utils.system import simulate

SATURATION = 1.0  # unrelated states are about 20 apart: below 1 the growth is still linear


def divergence_exponent(initial_state, dt, *, separation=1e-8, duration=40.0, rng):
    """The deck's definition: fit |delta(t)| = |delta(0)| exp(lambda t) to two Lorenz trajectories.

    The second one starts `separation` away in a random direction. The slope of log |delta| against
    time is fitted by least squares from the start until |delta| first exceeds 1, where it begins
    to saturate.

    Parameters
    ----------
    initial_state : array_like, shape (..., 3)
        Where the first trajectories start; one pair for each.
    dt : float
        Sampling interval of the fit. The trajectories themselves are accurate for any.
    separation : float
        Initial distance, below 1.
    duration : float
        Longest time simulated.
    rng : int or numpy.random.Generator

    Returns
    -------
    ndarray, shape (...)
        One finite-time exponent a pair. They scatter: take their mean and its standard error.

    Raises
    ------
    ValueError
        If `separation` is not below 1, or a pair saturates within fewer than three samples.

    Examples
    --------
    >>> from lorenz_utils.system import sample_attractor
    >>> exponents = divergence_exponent(sample_attractor(200, rng=0), 0.1, rng=0)
    >>> print(f"{exponents.mean():.1f}")
    0.9
    """
    state = check_shape(initial_state, "initial_state", "(..., 3)")
    separation, dt = check_positive(separation, "separation"), check_positive(dt, "dt")
    n_steps = int(check_positive(duration, "duration") / dt) + 1
    if separation >= SATURATION:
        raise ValueError(f"separation must be below {SATURATION}, got {separation}")
    direction = np.random.default_rng(rng).normal(size=state.shape)
    direction *= separation / np.linalg.norm(direction, axis=-1, keepdims=True)
    first, second = simulate(np.stack([state, state + direction]), dt, n_steps)
    log_distance = np.log(np.linalg.norm(second - first, axis=-1))
    # 1 until the first crossing, 0 from there on.
    growing = np.logical_and.accumulate(log_distance < np.log(SATURATION), axis=-1)
    if growing.sum(-1).min() < 3:
        raise ValueError(
            f"dt must leave 3 samples before the distance saturates, got dt={dt} for "
            f"separation={separation} and duration={duration}"
        )
    weight = growing / growing.sum(-1, keepdims=True)
    time = dt * np.arange(n_steps)
    centred = time - (weight * time).sum(-1, keepdims=True)
    return (weight * centred * log_distance).sum(-1) / (weight * centred**2).sum(-1)


def eckmann_exponent(series, dt):
    """Largest exponent of one coordinate by Eckmann's method, as ``nolds.lyap_e`` does by default.

    Around each window of 10 samples its 8 nearest ones (by the largest difference) tell by least
    squares how 4 samples, 3 apart, continue; these matrices are composed by QR decomposition. The
    method is kept because the deck's results rest on it, and it overestimates: each matrix advances
    by 3 samples, and one is composed at every sample. It differs from nolds where more
    than two windows are at one distance: nolds then fits to all of them.

    Parameters
    ----------
    series : array_like, shape (length,)
    dt : float

    Returns
    -------
    float
        NaN where a direction never has any growth, as for a series that varies once.

    Raises
    ------
    TypeError, ValueError
        If `series` is not one finite, varying coordinate of sufficient length.

    References
    ----------
    Eckmann, Kamphorst, Ruelle & Ciliberto, Phys. Rev. A 34 (1986), 4971-4979.
    """
    series, dt = check_coordinate(series), check_positive(dt, "dt")
    d, lag, n_neighbors = 4, 3, 8
    spans = sliding_window_view(series, d * lag + 1)
    # Each window, and the samples of it that its matrix maps, with the one they lead to.
    windows, samples = spans[:, : (d - 1) * lag + 1], spans[:, ::lag]
    # Windows as far before a window as after it are at one distance: a ninth may be as near.
    distance, neighbors = cKDTree(windows).query(windows, n_neighbors + 2, p=np.inf)
    distance[neighbors == np.arange(len(windows))[:, None]] = np.inf
    near = distance <= np.sort(distance)[:, [n_neighbors - 1]]
    changes = (samples[neighbors] - samples[:, None]) * near[..., None]
    inverse = np.linalg.pinv(changes[..., :d], rcond=np.finfo(float).eps)
    matrices = np.tile(np.eye(d, k=1), (len(windows), 1, 1))
    matrices[:, -1] = (inverse @ changes[..., d:])[..., 0]
    growth, counts, q = np.zeros(d), np.zeros(d), np.eye(d)
    for matrix in matrices:
        q, r = np.linalg.qr(matrix @ q)
        # Where neighbours do not differ at all, a direction has no growth to be counted.
        factor = abs(r.diagonal())
        growth += np.log(np.where(factor > 0, factor, 1))
        counts += factor > 0
    return float((growth / counts).max() / (lag * dt)) if counts.all() else np.nan
