"""The contest of the noise chapter: its draws, its trials, and what the stored ones reached."""

import json

import numpy as np
import pytest
from scipy.interpolate import make_smoothing_spline

from experiments import contest, stored
from lorenz_utils.derivatives import spline_derivative
from lorenz_utils.regression import true_coefficients
from lorenz_utils.system import sample_attractor, simulate, vector_field


@pytest.fixture(scope="module")
def short_orbit():
    return contest.orbit(1, 20)


def test_observation_noise_has_the_stated_size(short_orbit):
    true, noisy, noise_std = contest.observe(short_orbit, 0.1, 0.05, seed=3)
    assert true.shape == noisy.shape == (201, 3)
    np.testing.assert_array_equal(true, short_orbit[::10])
    np.testing.assert_allclose(noise_std, 0.05 * true.std(0))
    np.testing.assert_allclose((noisy - true).std(0), noise_std, rtol=0.2)


@pytest.mark.parametrize("method", contest.METHODS)
def test_a_trial_is_reproducible_and_json(short_orbit, method):
    first, second = (contest.trial(method, short_orbit, 0.1, 0.01, 5) for _ in range(2))
    assert {**first, "seconds": 0} == {**second, "seconds": 0}
    assert json.loads(json.dumps(first)) == first
    assert ("q" in first) == first["exact"]


def test_q_of_an_error_of_one_standard_deviation(short_orbit, monkeypatch):
    # An error along an eigenvector of the bound's covariance, one standard deviation long: e'C^-1 e
    # is 1, and over seven terms q = 1 / sqrt(7).
    true, _, noise_std = contest.observe(short_orbit, 0.1, 0.01, seed=0)
    covariance = contest.cramer_rao_bound(true, 0.1, noise_std=noise_std, support=contest.SUPPORT)
    inside = contest.SUPPORT.ravel()
    values, vectors = np.linalg.eigh(covariance[np.ix_(inside, inside)])
    coef = true_coefficients()
    coef[contest.SUPPORT] += np.sqrt(values[2]) * vectors[:, 2]
    monkeypatch.setitem(contest.METHODS, "weak form", lambda series, dt: coef)
    row = contest.trial("weak form", short_orbit, 0.1, 0.01, 0)
    assert row["q"] == pytest.approx(1 / np.sqrt(7), rel=1e-6)
    assert row["bound"] == pytest.approx(np.sqrt(values.sum() / 27))


def test_noise_targets_hold_in_the_stored_sweep():
    # The aims of this part: the terms exact up to 5 %, and in most draws at 10 %; where they are,
    # within 1.3 times the bound up to 5 % and twice at 10 %, at both steps, from ten draws or more.
    rows = [r for r in stored.load("noise")["rows"] if r["method"] == contest.SHOOTING]
    for dt in (0.01, 0.1):
        for level, allowed in ((0.001, 1.3), (0.01, 1.3), (0.05, 1.3), (0.1, 2.0)):
            draws = [r for r in rows if (r["dt"], r["level"]) == (dt, level)]
            assert len(draws) >= 10
            exact = [r for r in draws if r["exact"]]
            assert len(exact) >= (0.8 if level > 0.05 else 1.0) * len(draws)
            draws = exact
            squares = [np.mean(np.square([r[k] for r in draws])) for k in ("error", "bound")]
            assert np.sqrt(squares[0] / squares[1]) <= allowed


def test_smoothing_beats_interpolation_on_noise_and_denoises_the_states():
    clean = simulate(sample_attractor(1, rng=1)[0], 0.01, 1000)
    noise = np.random.default_rng(2).standard_normal(clean.shape) * 0.01 * clean.std(0)
    rms = {}
    for method in (spline_derivative, contest.smooth_derivative):
        states, velocity = method(clean + noise, 0.01)
        rms[method] = np.sqrt(np.mean((velocity - vector_field(clean)) ** 2))
    assert rms[contest.smooth_derivative] < rms[spline_derivative] / 3
    assert np.std(states - clean) < 0.7 * np.std(noise)


def test_smoothing_leaves_a_constant_series_alone():
    states, velocity = contest.smooth_derivative(np.ones((20, 3)), 0.1)
    np.testing.assert_allclose(states, 1, atol=1e-12)
    np.testing.assert_allclose(velocity, 0, atol=1e-10)


def test_gcv_penalty_smooths_as_well_as_scipys_slow_search():
    clean = simulate(sample_attractor(1, rng=1)[0], 0.02, 600)[:, 0]
    steps = np.arange(600.0)
    rng = np.random.default_rng(3)

    def errors_of_both():
        noisy = clean + 0.1 * clean.std() * rng.standard_normal(600)
        penalties = (contest.gcv_penalty(noisy), None)
        splines = [make_smoothing_spline(steps, noisy, lam=p) for p in penalties]
        return [np.std(spline(steps) - clean) for spline in splines]

    ours, scipys = np.mean([errors_of_both() for _ in range(5)], axis=0)
    assert ours < 1.1 * scipys
