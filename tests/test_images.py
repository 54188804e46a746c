"""Folding into images: round trip, order of the samples, padding, bad input."""

import numpy as np
import pytest

from experiments.images import Scaling, images_to_series, padding_mask, series_to_images
from lorenz_utils.system import make_ensemble


@pytest.fixture(scope="module")
def ensemble():
    return make_ensemble(5, 1000, 0.1, rng=0)


@pytest.mark.parametrize("length", [1, 31, 1000, 1024])
def test_round_trip_is_exact_up_to_rounding(length):
    series = np.random.default_rng(0).normal(size=(3, length, 3))
    scaling = Scaling((0.1, -0.3, 24.0), (20.0, 27.0, 23.0))
    images = series_to_images(series, scaling)
    assert images.shape == (3, 3, 32, 32)
    restored = images_to_series(images, scaling, length=length)
    # One rounding each of the subtraction, division, product and sum, at the size of the centre.
    np.testing.assert_allclose(restored, series, rtol=0, atol=4 * np.finfo(float).eps * 27)


def test_pixels_run_along_rows_and_channels_are_coordinates():
    unit = Scaling((0, 0, 0), (1, 1, 1))
    series = np.arange(1024 * 3.0).reshape(1, 1024, 3)
    images = series_to_images(series, unit)
    for i, j, channel in [(0, 0, 0), (0, 31, 1), (1, 0, 2), (31, 31, 0)]:
        assert images[0, channel, i, j] == series[0, 32 * i + j, channel]


def test_scaling_sends_the_range_to_the_unit_interval(ensemble):
    unit = Scaling.fit(ensemble).to_unit(ensemble)
    np.testing.assert_allclose(unit.min((0, 1)), -1)
    np.testing.assert_allclose(unit.max((0, 1)), 1)


def test_padding_is_zero_and_masked(ensemble):
    images = series_to_images(ensemble, Scaling.fit(ensemble))
    mask = padding_mask(1000)
    assert mask.sum() == 1000
    assert (images[:, :, ~mask] == 0).all()


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (np.zeros((2, 10, 2)), ValueError, r"ensemble must have shape \(n_series, length, 3\)"),
        (np.zeros((10, 3)), ValueError, r"got \(10, 3\)"),
        (np.zeros((2, 0, 3)), ValueError, "ensemble must not be empty"),
        (np.full((2, 10, 3), np.inf), ValueError, "ensemble must be finite"),
        (np.zeros((2, 10, 3), complex), TypeError, "ensemble must hold real numbers"),
        (np.zeros((2, 1025, 3)), ValueError, "length must be at most 1024"),
    ],
)
def test_bad_ensembles_are_named(bad, error, message):
    with pytest.raises(error, match=message):
        series_to_images(bad, Scaling((0, 0, 0), (1, 1, 1)))


def test_constant_coordinates_and_wrong_images_are_refused():
    with pytest.raises(ValueError, match="constant coordinate"):
        Scaling.fit(np.zeros((2, 10, 3)))
    with pytest.raises(ValueError, match=r"images must have shape \(n, 3, 32, 32\)"):
        images_to_series(np.zeros((2, 32, 32, 3)), Scaling((0, 0, 0), (1, 1, 1)))
