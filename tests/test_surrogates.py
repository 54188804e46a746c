import numpy as np
import pytest

from lorenz_utils.surrogates import aaft, phase_randomised, shuffled, with_noise
from lorenz_utils.system import make_ensemble

ENSEMBLE = make_ensemble(20, 400, 0.1, rng=0)
ALL = [
    phase_randomised,
    aaft,
    shuffled,
    lambda ensemble, *, rng: with_noise(ensemble, 0.01, rng=rng),
]


def cross_spectra(ensemble):
    spectrum = np.fft.rfft(ensemble, axis=1)
    return spectrum[..., :, None] * spectrum[..., None, :].conj()


@pytest.mark.parametrize("length", [400, 399])
def test_phase_randomised_keeps_all_power_and_cross_spectra(length):
    real = ENSEMBLE[:, :length]
    fake = phase_randomised(real, rng=1)
    scale = np.abs(cross_spectra(real)).max()
    np.testing.assert_allclose(cross_spectra(fake), cross_spectra(real), atol=1e-12 * scale)
    np.testing.assert_allclose(fake.mean(1), real.mean(1), atol=1e-12)


def test_phase_randomised_destroys_the_waveform():
    fake = phase_randomised(ENSEMBLE, rng=1)
    for c in range(3):
        assert abs(np.corrcoef(fake[..., c].ravel(), ENSEMBLE[..., c].ravel())[0, 1]) < 0.1
    # A sum of many independent phases is Gaussian: excess kurtosis 0; x of Lorenz-63 is flatter.
    standard = (fake - fake.mean(1, keepdims=True)) / fake.std(1, keepdims=True)
    assert abs((standard[..., 0] ** 4).mean() - 3) < 0.3


def test_aaft_keeps_each_coordinates_values():
    fake = aaft(ENSEMBLE, rng=1)
    np.testing.assert_array_equal(np.sort(fake, axis=1), np.sort(ENSEMBLE, axis=1))


def test_aaft_keeps_the_autocorrelation_of_gaussian_noise():
    # Theiler et al. 1992: consistent for rescaled linear Gaussian processes. An AR(1) process
    # with coefficient 0.9 has autocorrelation 0.9 at lag one.
    rng = np.random.default_rng(2)
    series = np.zeros((50, 1000, 3))
    for t in range(1, 1000):
        series[:, t] = 0.9 * series[:, t - 1] + rng.normal(size=(50, 3))
    fake = aaft(series, rng=1)[:, 100:]
    lag_one = (fake[:, 1:] * fake[:, :-1]).mean() / (fake**2).mean()
    assert abs(lag_one - 0.9) < 0.02


def test_shuffled_keeps_whole_states_in_an_order_of_its_own_for_each_series():
    index = np.broadcast_to(np.arange(400.0)[:, None], (20, 400, 3))
    fake = shuffled(index, rng=1)
    np.testing.assert_array_equal(fake[..., 0], fake[..., 1])
    np.testing.assert_array_equal(fake[..., 0], fake[..., 2])
    np.testing.assert_array_equal(np.sort(fake[..., 0], axis=1), index[..., 0])
    assert (fake[0] != fake[1]).any()
    assert abs(np.corrcoef(fake[:, 1:, 0].ravel(), fake[:, :-1, 0].ravel())[0, 1]) < 0.05


def test_noise_has_the_stated_level_relative_to_each_coordinate():
    fake = with_noise(ENSEMBLE, 0.05, rng=1)
    relative = (fake - ENSEMBLE).std((0, 1)) / ENSEMBLE.std((0, 1))
    # 8000 samples: the standard error of a standard deviation is 0.8 %.
    np.testing.assert_allclose(relative, 0.05, rtol=0.04)
    np.testing.assert_array_equal(with_noise(ENSEMBLE, 0, rng=1), ENSEMBLE)


def test_noise_is_as_large_on_a_quiet_series_as_on_a_lively_one():
    quiet, lively = np.zeros((1, 4000, 3)), np.random.default_rng(0).normal(size=(1, 4000, 3))
    both = np.concatenate([quiet, lively])
    noise = with_noise(both, 0.1, rng=1) - both
    # Of the whole ensemble the standard deviation is 1 / sqrt(2); that of 4000 samples is within
    # 1.1 % of its own, once in three times.
    np.testing.assert_allclose(
        noise.std(axis=1), 0.1 * both.std(axis=(0, 1)) * np.ones((2, 1)), rtol=0.05
    )


@pytest.mark.parametrize("surrogate", ALL)
def test_shape_seed_and_untouched_input(surrogate):
    before = ENSEMBLE.copy()
    fake = surrogate(ENSEMBLE, rng=1)
    assert fake.shape == ENSEMBLE.shape
    np.testing.assert_array_equal(ENSEMBLE, before)
    np.testing.assert_array_equal(fake, surrogate(ENSEMBLE, rng=np.random.default_rng(1)))
    assert (fake != surrogate(ENSEMBLE, rng=2)).any()


@pytest.mark.parametrize("surrogate", ALL)
def test_bad_ensembles_are_refused(surrogate):
    with pytest.raises(ValueError, match="ensemble must have shape"):
        surrogate(ENSEMBLE[0], rng=0)
    with pytest.raises(ValueError, match="ensemble must be finite"):
        surrogate(np.full((2, 10, 3), np.nan), rng=0)


@pytest.mark.parametrize("level", [-0.1, np.nan, np.inf])
def test_bad_noise_levels_are_refused(level):
    with pytest.raises(ValueError, match="level"):
        with_noise(ENSEMBLE, level, rng=0)
