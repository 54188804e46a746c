"""Series folded into small RGB images, as the deck does, and back."""

from dataclasses import dataclass

import numpy as np

from lorenz_utils.checks import check_count, check_ensemble

SIDE = 32


@dataclass(frozen=True)
class Scaling:
    """An affine map per coordinate from physical units to [-1, 1] and back.

    Attributes
    ----------
    centre, half_range : tuple of 3 floats
    """

    centre: tuple
    half_range: tuple

    @classmethod
    def fit(cls, ensemble):
        """The scaling that sends the range of each coordinate of `ensemble` to [-1, 1].

        Raises
        ------
        ValueError
            If `ensemble` is not (n_series, length, 3), finite, or a coordinate is constant.
        """
        ensemble = check_ensemble(ensemble, d=3)
        low, high = ensemble.min(axis=(0, 1)), ensemble.max(axis=(0, 1))
        if not (high > low).all():
            raise ValueError("ensemble must vary in each coordinate, got a constant coordinate")
        return cls(tuple(((low + high) / 2).tolist()), tuple(((high - low) / 2).tolist()))

    def to_unit(self, states):
        """Physical units to [-1, 1], shape (..., 3)."""
        return (states - np.array(self.centre)) / np.array(self.half_range)

    def to_physical(self, states):
        """[-1, 1] to physical units, shape (..., 3)."""
        return states * np.array(self.half_range) + np.array(self.centre)


def series_to_images(ensemble, scaling):
    """Fold each series, row by row, into a 32 x 32 image with x, y, z as red, green, blue.

    Parameters
    ----------
    ensemble : array_like, shape (n_series, length, 3)
        At most 1024 samples a series; a shorter one leaves the last pixels at 0.
    scaling : Scaling

    Returns
    -------
    ndarray, shape (n_series, 3, 32, 32)
        See `padding_mask` for the pixels that hold no data.

    Examples
    --------
    >>> from lorenz_utils.system import make_ensemble
    >>> series = make_ensemble(2, 1000, 0.1, rng=0)
    >>> scaling = Scaling.fit(series)
    >>> images = series_to_images(series, scaling)
    >>> images.shape
    (2, 3, 32, 32)
    >>> bool(np.allclose(images_to_series(images, scaling), series))
    True
    """
    ensemble = check_ensemble(ensemble, d=3)
    n_series, length, _ = ensemble.shape
    n_pixels = padding_mask(length).sum()
    pixels = np.zeros((n_series, SIDE * SIDE, 3))
    pixels[:, :n_pixels] = scaling.to_unit(ensemble)
    return pixels.reshape(n_series, SIDE, SIDE, 3).transpose(0, 3, 1, 2)


def images_to_series(images, scaling, *, length=1000):
    """Unfold images into series: the inverse of `series_to_images`.

    Parameters
    ----------
    images : array_like, shape (n_series, 3, 32, 32)
    scaling : Scaling
    length : int
        Samples to keep; the padding after them is dropped.

    Returns
    -------
    ndarray, shape (n_series, length, 3)
    """
    images = np.asarray(images, dtype=float)
    if images.ndim != 4 or images.shape[1:] != (3, SIDE, SIDE):
        raise ValueError(f"images must have shape (n, 3, {SIDE}, {SIDE}), got {images.shape}")
    n_pixels = padding_mask(length).sum()
    pixels = images.reshape(len(images), 3, SIDE * SIDE)[:, :, :n_pixels]
    return scaling.to_physical(np.ascontiguousarray(pixels.transpose(0, 2, 1)))


def padding_mask(length=1000):
    """Which pixels hold data for a series of `length` samples, bool of shape (32, 32)."""
    length = check_count(length, "length")
    if length > SIDE * SIDE:
        raise ValueError(f"length must be at most {SIDE * SIDE} to fit the image, got {length}")
    return (np.arange(SIDE * SIDE) < length).reshape(SIDE, SIDE)


def units(module):
    """The map to physical units that a generator of images keeps with its weights."""
    return Scaling(tuple(module.offset.tolist()), tuple(module.scale.tolist()))
