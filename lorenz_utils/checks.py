"""What functions ask of their arguments. Each error names the argument, and what it was given."""

import warnings
from numbers import Integral, Real

import numpy as np

# A step between two times that is longer than so many usual ones is a gap.
GAP = 5.0


class ModelWarning(UserWarning):
    """A model was fitted, and something says that it is not that of the data."""


def warn_model(text, *, stacklevel=2):
    """Give a `ModelWarning` that points at the caller of the function that calls this one."""
    warnings.warn(text, ModelWarning, stacklevel=stacklevel + 1)


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


def check_finite(values, name, *, gaps=False):
    """Return `values` as a float64 array of any shape, or raise an error that names the argument.

    Raises
    ------
    TypeError
        If the values are not real numbers.
    ValueError
        If one is infinite, or NaN where there may be no gaps, or if rows differ in length.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must have rows of one length, got others: {error}") from None
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {array.dtype}")
    if np.isinf(array).any() or not (gaps or np.isfinite(array).all()):
        raise ValueError(f"{name} must be finite, got NaN or infinite values")
    return array.astype(np.float64, copy=False)


def check_shape(values, name, *shapes, **least):
    """Return `values` as a float64 array of one of these shapes, or raise naming the argument.

    Parameters
    ----------
    values : array_like
    name : str
        The argument's name, for the message.
    *shapes : str
        As in a docstring: ``"(n, length, 3)"`` has a number for a length that is given and a word
        for any other, ``"(..., 3)"`` any number of axes in front.
    **least : int
        The least length of an axis by its word, ``length=2``; 1 without.

    Raises
    ------
    TypeError, ValueError
        As `check_finite`, and if the shape is another one or an axis is empty.
    """
    array = check_finite(values, name)
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    if not any(_fits(array.shape, shape, least) for shape in shapes):
        expected = " or ".join(shapes) + "".join(f", {axis} >= {n}" for axis, n in least.items())
        raise ValueError(f"{name} must have shape {expected}, got {array.shape}")
    return array


def _fits(shape, expected, least):
    axes = expected.strip("(),").split(", ")
    if axes[0] == "...":
        del axes[0]
        shape = shape[-len(axes) :]
    return len(shape) == len(axes) and all(
        n == int(axis) if axis.isdigit() else n >= least.get(axis, 1)
        for n, axis in zip(shape, axes, strict=True)
    )


def check_ensemble(ensemble, name="ensemble", *, d="d", ordered=False, **least):
    """Return an ensemble (n_series, length, d) as floats, or raise as `check_shape`.

    If it has to be `ordered` in time, a `ModelWarning` is given where axis 1 does not look like it.
    """
    ensemble = check_shape(ensemble, name, f"(n_series, length, {d})", **least)
    if ordered:
        _check_order(ensemble, name)
    return ensemble


def check_series(series, *shapes, **least):
    """Return a series of one of these shapes in which no time is repeated, or raise."""
    series = check_shape(series, "series", *shapes, **least)
    check_no_repeats(series)
    return series


def check_coordinate(series):
    """One coordinate that varies, as a float array (length,) of at least 100 samples."""
    series = check_shape(series, "series", "(length,)", length=100)
    if np.ptp(series) == 0:
        raise ValueError(f"series must vary, got the constant {series[0]}")
    return series


def check_samples(series, dt):
    """Measured series as one array, NaN where nothing was measured, with their times.

    Parameters
    ----------
    series : array_like, shape (length, d) or (n_series, length, d), or a list of (length, d)
        Arrays, masked arrays or DataFrames. A row with a NaN or a masked value is a gap.
    dt : float or array_like, shape (length,) or (n_series, length), or a list of (length,)
        The step between samples, or their times.

    Returns
    -------
    data : ndarray, shape (n_series, length, d)
        Series of unequal lengths follow each other in one, with a row of NaN between them.
    times : float or ndarray, shape (n_series, length)
        The step where all are equal.
    lengths : list of int or None
        Of series of unequal lengths.
    names : list of str
        Columns of a DataFrame, otherwise empty.

    Raises
    ------
    TypeError, ValueError
        For what holds no real numbers, is infinite, constant, nowhere finite, of another shape or
        in another order of axes, and for times that do not increase.
    """
    listed = isinstance(series, list | tuple) and len(series) > 0 and np.ndim(series[0]) == 2
    parts = [_measured(part) for part in (series if listed else [series])]
    if parts[0].ndim not in (2, 3) or len({part.shape[-1:] for part in parts}) > 1:
        raise ValueError(
            "series must have shape (length, d) or (n_series, length, d), or be a list of "
            f"(length, d) with one d, got {', '.join(str(part.shape) for part in parts[:5])}"
        )
    data = _joined(parts) if listed else parts[0].reshape(-1, *parts[0].shape[-2:])
    lengths = [len(part) for part in (parts if listed else data)]
    d, longest = data.shape[2], max(lengths)
    swapped = len(data) > longest > 1 and _jump(data, 0) < 0.1 and _jump(data, 1) > 0.5
    if d > longest or swapped:
        raise ValueError(
            "series must have shape (length, d) or (n_series, length, d) with more samples than "
            f"coordinates, got {data.shape} with time along another axis: transpose?"
        )
    if not np.isfinite(data).any():
        raise ValueError("series must be finite somewhere, got gaps alone")
    names = [str(name) for name in getattr(series[0] if listed else series, "columns", ())]
    return data, _times(dt, lengths), lengths if len(data) < len(lengths) else None, names


def _measured(values):
    """Values as floats, NaN in each row that has a gap."""
    if np.ma.isMaskedArray(values) and values.dtype.kind in "iuf":
        values = values.astype(float).filled(np.nan)
    array = check_finite(values, "series", gaps=True)
    gap = np.isnan(array).any(axis=-1, keepdims=True)
    return np.where(gap, np.nan, array) if gap.any() else array


def _joined(parts):
    """Series or times as one array: in one series, with a NaN between two, if lengths differ."""
    if len({len(part) for part in parts}) == 1:
        return np.stack(parts)
    gap = np.full_like(parts[0][:1], np.nan)
    return np.concatenate([a for part in parts for a in (part, gap)][:-1])[None]


def _check_order(ensemble, name):
    """Warn where series jump along axis 1, which is time, and are smooth along another one."""
    part = ensemble[:100, :100, :100]
    n_series, length, d = ensemble.shape

    def smooth(axis, least):
        return _jump(part, 1) > max(least, 2 * _jump(part, axis))

    across = n_series >= 10 and length > 1 and smooth(0, 0.5)
    if across or (d > max(10, length) and length > 1 and smooth(2, 0.25)):
        warn_model(
            f"{name} jumps along axis 1, which is time in (n_series, length, d), and is smooth "
            f"along another, got shape {ensemble.shape}: transpose? Or are all series alike?",
            stacklevel=4,
        )


def _jump(data, axis):
    """Half the mean square of a step in standard deviations: 1 from one state to any other."""
    scale = np.nanstd(data, (0, 1))
    data = (data - np.nanmean(data, (0, 1))) / np.where(scale > 0, scale, 1)
    return np.nanmean(np.diff(data, axis=axis) ** 2) / 2


def _times(dt, lengths):
    """The step, or times (n_series, length) if steps are unequal."""
    if isinstance(dt, str) or not np.iterable(dt):
        return check_positive(dt, "dt")
    clocks = dt if np.ndim(next(iter(dt), 0)) == 1 else [dt] * len(lengths)
    clocks = [check_finite(t, "dt") for t in clocks]
    if [t.shape for t in clocks] != [(n,) for n in lengths]:
        got = ", ".join(str(t.shape) for t in clocks[:5])
        raise ValueError(f"dt must be a step or a time for each of {lengths} samples, got {got}")
    if any((np.diff(t) <= 0).any() for t in clocks):
        raise ValueError(
            "dt must be increasing times, got some that are not: sort, keep one of two"
        )
    step = sum(t[-1] - t[0] for t in clocks) / max(1, sum(lengths) - len(lengths))
    errors = [np.abs(t - t[0] - step * np.arange(len(t))).max() for t in clocks]
    return float(step) if max(errors) <= 1e-4 * step else _joined(clocks)


def check_no_repeats(series):
    """Raise where a state stays for a sample and then moves: a time was sampled twice.

    A system without outer influence that stays at a state stays there for ever. A sensor that
    rounds its values shows them more than once, and may repeat.

    Parameters
    ----------
    series : ndarray, shape (..., length, d)
        NaN in gaps.
    """
    change = np.abs(np.diff(series, axis=-2))
    size = np.nanmax(np.abs(series), axis=tuple(range(series.ndim - 1)))
    stays, moves = (change == 0).all(axis=-1), (change > 1e-9 * size).any(axis=-1)
    repeated = np.argwhere(stays[..., :-1] & moves[..., 1:])
    if not len(repeated):
        return
    rows = series.reshape(-1, series.shape[-1])
    if max(len(np.unique(a)) for a in rows.T) >= 0.99 * (len(rows) - stays.sum()):
        first = int(repeated[0, -1])
        raise ValueError(
            f"series must not hold a time twice, but samples {first} and {first + 1} are equal "
            f"and the next is not ({len(repeated)} such places): remove one of the two, "
            "or make fill values NaN"
        )


def check_rank(matrix, name, *, rtol=None):
    """Raise unless all columns are linearly independent: coefficients would be free.

    Parameters
    ----------
    matrix : ndarray, shape (..., n_columns)
        Rows are samples.
    name : str
    rtol : float, optional
        Of singular values, the columns having norm 1; by default that of `matrix_rank`.

    Raises
    ------
    ValueError
    """
    rows = matrix.reshape(-1, matrix.shape[-1])
    scale = np.linalg.norm(rows, axis=0)
    rank = np.linalg.matrix_rank(rows / np.where(scale > 0, scale, 1.0), rtol=rtol)
    if rank < len(scale):
        raise ValueError(
            f"{name} must give {len(scale)} linearly independent columns, got rank {rank}: one "
            "is a combination of the others on these samples (too few, or a constant series?)"
        )
