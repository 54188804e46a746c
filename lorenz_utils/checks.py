"""What functions ask of their arguments. Each error names the argument, and what it was given."""

from numbers import Integral, Real

import numpy as np


class ModelWarning(UserWarning):
    """A model or estimate that answers a wrong question; the text names what was seen."""


def check_positive(value, name):
    """Return `value` as a positive finite float, or raise an error that names the argument."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a real number, got {type(value).__name__}")
    if not 0 < value < np.inf:
        raise ValueError(f"{name} must be positive and finite, got {value}")
    return float(value)


def check_count(value, name, *, minimum=1):
    """Return `value` as an int of at least `minimum`, or raise an error that names the argument."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value}")
    return int(value)


def check_choice(value, name, allowed):
    """Return `value` if it is one of those `allowed`, or raise an error that names the argument."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
    return value


def check_finite(values, name):
    """Return `values` as a float64 array of any shape, or raise an error that names the argument.

    Raises
    ------
    TypeError
        If the values are not real numbers.
    ValueError
        If one is NaN or infinite.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {array.dtype}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got NaN or infinite values")
    return array.astype(np.float64, copy=False)


def check_shape(values, name, *shapes):
    """Return `values` as a float64 array of one of these shapes, or raise naming the argument.

    Parameters
    ----------
    values : array_like
    name : str
        The argument's name, for the message.
    *shapes : str
        As in a docstring: ``"(n, length, 3)"`` has a number for a length that is given and a word
        for any other, ``"(..., 3)"`` any number of axes in front.

    Raises
    ------
    TypeError, ValueError
        As `check_finite`, and if the shape is another one or an axis is empty.
    """
    array = check_finite(values, name)
    if not any(_fits(array.shape, shape) for shape in shapes):
        raise ValueError(f"{name} must have shape {' or '.join(shapes)}, got {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    return array


def _fits(shape, expected):
    axes = expected.strip("(),").split(", ")
    if axes[0] == "...":
        del axes[0]
        shape = shape[-len(axes) :]
    pairs = zip(shape, axes, strict=False)
    return len(shape) == len(axes) and all(not x.isdigit() or int(x) == n for n, x in pairs)


def check_ensemble(ensemble, name="ensemble", *, n_series=1, length=1):
    """Return a Lorenz ensemble of at least so many series and samples as floats, or raise."""
    ensemble = check_shape(ensemble, name, "(n_series, length, 3)")
    if len(ensemble) < n_series or ensemble.shape[1] < length:
        raise ValueError(
            f"{name} must hold at least {n_series} series of {length} samples, "
            f"got shape {ensemble.shape}"
        )
    return ensemble


def check_series(series, *, minimum):
    """Return a series of any dimension, (length, d), of at least `minimum` samples, or raise."""
    array = check_shape(series, "series", "(length, d)")
    if len(array) < minimum:
        raise ValueError(f"series must have at least {minimum} samples, got {len(array)}")
    check_no_repeats(array)
    return array


def check_orbits(series):
    """Return a series or ensemble of any dimension as (n_series, length, d), or raise."""
    array = check_shape(series, "series", "(length, d)", "(n_series, length, d)")
    array = array.reshape(-1, *array.shape[-2:])
    if (np.ptp(array, axis=(0, 1)) == 0).any():
        raise ValueError("series must vary in each coordinate, got a constant one")
    check_no_repeats(array)
    return array


def check_no_repeats(series):
    """Raise where a state stays for a sample and then moves: a time was sampled twice.

    A system without outer influence that stays at a state stays there for ever.

    Parameters
    ----------
    series : ndarray, shape (..., length, d)
    """
    stays = (np.diff(series, axis=-2) == 0).all(axis=-1)
    repeated = np.argwhere(stays[..., :-1] & ~stays[..., 1:])
    if len(repeated):
        first = int(repeated[0, -1])
        raise ValueError(
            f"series must not hold a time twice, but samples {first} and {first + 1} are equal "
            f"and the next is not ({len(repeated)} such places): remove one of the two"
        )


def check_independent(series):
    """Raise if a coordinate is a linear combination of the others: coefficients are then free.

    Parameters
    ----------
    series : ndarray, shape (..., d)
    """
    rows = series.reshape(-1, series.shape[-1])
    if np.linalg.matrix_rank(rows / np.linalg.norm(rows, axis=0), rtol=1e-11) < rows.shape[1]:
        raise ValueError(
            "series must have linearly independent coordinates, got a coordinate that is a "
            "linear combination of the others"
        )


def check_coefficients(coef, shape, name):
    """Return coefficients as finite floats of this shape, or raise."""
    coef = np.asarray(coef, dtype=float)
    if coef.shape != shape or not np.isfinite(coef).all():
        raise ValueError(f"{name} must be finite with shape {shape}, got shape {coef.shape}")
    return coef


def check_rank(matrix):
    """Raise a ValueError unless the columns of a library X are linearly independent."""
    scale = np.linalg.norm(matrix, axis=0)
    rank = np.linalg.matrix_rank(matrix / np.where(scale > 0, scale, 1.0))
    if rank < matrix.shape[1]:
        raise ValueError(
            f"X must determine all {matrix.shape[1]} coefficients, got rank {rank}: its columns "
            "are linearly dependent on these samples (too few, or a constant series?)"
        )
