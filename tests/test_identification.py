"""Identification: exact recovery without noise, the Cramer-Rao floor with it, and bad input."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from lorenz_utils.identification import (
    FlowMapRegressor,
    MultipleShootingRegressor,
    PolynomialField,
    WeakFormRegressor,
    cramer_rao_bound,
)
from lorenz_utils.identification.sampling import Samples
from lorenz_utils.identification.selection import Fit, Prior, neighbours, null_directions
from lorenz_utils.identification.shooting import Observations, gauss_newton
from lorenz_utils.regression import coefficient_error, polynomial_library, true_coefficients
from lorenz_utils.system import (
    integrate,
    jacobian,
    sample_attractor,
    simulate,
    vector_field,
)

REGRESSORS = [WeakFormRegressor, FlowMapRegressor, MultipleShootingRegressor]
SUPPORT = true_coefficients() != 0


def powers(d, degree=2, include_bias=False):
    return polynomial_library(degree, include_bias).fit(np.zeros((1, d))).powers_


def lorenz_series(dt, length, *, n_series=1, seed=0):
    """Orbits with an error of one step near the rounding of floats."""
    n_inner = max(2, round(240 * dt))
    orbit = [sample_attractor(n_series, rng=seed)]
    for _ in range(length - 1):
        orbit.append(integrate(vector_field, orbit[-1], dt, n_inner))
    return np.stack(orbit, axis=1)[0 if n_series == 1 else slice(None)]


def sampled(field, start, dt, length, burn_in):
    """An orbit of any system by the module-independent order-8 integrator."""
    orbit = [integrate(field, np.asarray(start, dtype=float), burn_in, 4000)]
    for _ in range(length - 1):
        orbit.append(integrate(field, orbit[-1], dt, 20))
    return np.array(orbit)


@pytest.fixture(scope="module")
def clean():
    return {0.01: lorenz_series(0.01, 1000, n_series=10), 0.1: lorenz_series(0.1, 1000)}


# The field and its sensitivities


def test_polynomial_field_is_lorenz():
    field, states = PolynomialField(true_coefficients(), powers(3)), sample_attractor(50, rng=0)
    np.testing.assert_allclose(field(states), vector_field(states), atol=1e-12)
    np.testing.assert_allclose(field.jacobian(states), jacobian(states), atol=1e-12)


def test_cubic_field_and_jacobian_of_one_monomial():
    # f = x^2 y has gradient (2 x y, x^2).
    exponents = powers(2, degree=3, include_bias=True)
    coef = np.zeros((2, len(exponents)))
    coef[0, [tuple(p) for p in exponents].index((2, 1))] = 1.0
    field = PolynomialField(coef, exponents)
    np.testing.assert_allclose(field(np.array([3.0, 5.0])), [45.0, 0.0])
    np.testing.assert_allclose(field.jacobian(np.array([3.0, 5.0])), [[30.0, 9.0], [0.0, 0.0]])


def test_sensitivities_of_a_linear_equation():
    # x' = a x: x = x0 e^{a t}, dx/dx0 = e^{a t}, dx/da = t x.
    field = PolynomialField([[-0.7]], powers(1, degree=1))
    start = np.array([[2.0], [-1.0]])
    end, state_slope, coef_slope = field.flow_with_sensitivities(start, 0.5, 6)
    np.testing.assert_allclose(end, start * np.exp(-0.35), rtol=1e-12)
    np.testing.assert_allclose(state_slope[:, 0, 0], np.exp(-0.35), rtol=1e-12)
    np.testing.assert_allclose(coef_slope[:, :, 0], 0.5 * end, rtol=1e-12)


def test_sensitivities_agree_with_central_differences():
    start, shift, k = sample_attractor(20, rng=1), 1e-5, 13
    coef = true_coefficients()
    field = PolynomialField(coef, powers(3))
    slope = field.flow_with_sensitivities(start, 0.1, 16)[2][..., k]
    ends = []
    for sign in (1, -1):
        moved = coef.copy()
        moved.flat[k] += sign * shift
        ends.append(PolynomialField(moved, powers(3)).flow(start, 0.1, 40))
    np.testing.assert_allclose((ends[0] - ends[1]) / (2 * shift), slope, atol=1e-6)


# Without noise: the equations, to rounding


@pytest.mark.parametrize(("dt", "tolerance"), [(0.01, 1e-10), (0.1, 1e-9)])
def test_flow_map_recovers_lorenz_from_a_cold_start(clean, dt, tolerance):
    model = FlowMapRegressor().fit(clean[dt], dt)
    assert coefficient_error(model.coef_) <= tolerance
    assert ((model.coef_ != 0) == SUPPORT).all()
    found = model.parameters_
    np.testing.assert_allclose([found.sigma, found.rho, found.beta], [10, 28, 8 / 3], atol=1e-9)


def test_flow_map_recovers_every_coefficient_without_thresholding(clean):
    model = FlowMapRegressor(sparse=False).fit(clean[0.1], 0.1)
    assert np.count_nonzero(model.coef_) == 27
    assert coefficient_error(model.coef_) <= 1e-9


def test_flow_map_at_half_a_time_unit_from_a_guess():
    series = simulate(sample_attractor(20, rng=0), 0.5, 51)
    guess = true_coefficients() * (1 + 0.1 * np.random.default_rng(0).standard_normal((3, 9)))
    assert coefficient_error(FlowMapRegressor(start=guess).fit(series, 0.5).coef_) < 1e-8


def test_weak_form_is_exact_where_samples_resolve_the_signal(clean):
    assert coefficient_error(WeakFormRegressor().fit(clean[0.01], 0.01).coef_) < 1e-12


def test_multiple_shooting_without_noise(clean):
    model = MultipleShootingRegressor().fit(clean[0.1][:300], 0.1)
    assert coefficient_error(model.coef_) < 1e-5


def test_roessler_with_a_constant_term():
    a, b, c = 0.2, 0.2, 5.7

    def field(s):
        x, y, z = s
        return np.array([-y - z, x + a * y, b + z * (x - c)])

    series = sampled(field, [1.0, 1.0, 1.0], 0.1, 1500, 100.0)
    truth = np.zeros((3, 10))  # 1, x, y, z, x^2, x y, x z, y^2, y z, z^2
    truth[0, [2, 3]] = -1
    truth[1, [1, 2]] = 1, a
    truth[2, [0, 3, 6]] = b, -c, 1
    model = FlowMapRegressor(include_bias=True).fit(series, 0.1)
    np.testing.assert_allclose(model.coef_, truth, atol=1e-8)
    noisy = series + 0.01 * series.std(0) * np.random.default_rng(0).normal(size=series.shape)
    shot = MultipleShootingRegressor(include_bias=True).fit(noisy, 0.1)
    assert ((shot.coef_ != 0) == (truth != 0)).all()


def test_four_dimensional_lorenz_stenflo():
    # Stenflo, Phys. Scr. 53 (1996) 83: Lorenz with a fourth variable for the Coriolis force.
    sigma, rho, beta, s = 1.0, 26.0, 0.7, 1.5

    def field(state):
        x, y, z, w = state
        return np.array(
            [sigma * (y - x) + s * w, x * (rho - z) - y, x * y - beta * z, -x - sigma * w]
        )

    series = sampled(field, [1.0, 1.0, 10.0, 0.0], 0.1, 1500, 50.0)
    truth = np.zeros((4, 14))  # x, y, z, w, x^2, x y, x z, ...
    truth[0, [0, 1, 3]] = -sigma, sigma, s
    truth[1, [0, 1, 6]] = rho, -1, -1
    truth[2, [2, 5]] = -beta, 1
    truth[3, [0, 3]] = -1, -sigma
    model = FlowMapRegressor().fit(series, 0.1)
    np.testing.assert_allclose(model.coef_, truth, atol=1e-8)
    with pytest.raises(AttributeError, match="three coordinates"):
        _ = model.parameters_


def test_mirrored_data_give_the_mirrored_equations(clean):
    # (x, y, z) -> (-x, -y, z) is a symmetry of the equations.
    noisy = clean[0.1] + 0.1 * np.random.default_rng(0).normal(size=clean[0.1].shape)
    for regressor in (WeakFormRegressor(threshold=0), FlowMapRegressor(sparse=False)):
        coef = regressor.fit(noisy, 0.1).coef_
        mirrored = regressor.fit(noisy * [-1, -1, 1], 0.1).coef_
        parity = np.array([-1, -1, 1, 1, 1, -1, 1, -1, 1]) * np.array([[-1], [-1], [1]])
        np.testing.assert_allclose(mirrored, coef * parity, atol=1e-5)


def test_simulate_follows_the_identified_equations(clean):
    model = FlowMapRegressor().fit(clean[0.1], 0.1)
    start = sample_attractor(4, rng=2)
    orbit = model.simulate(start, 0.1, 11)
    assert orbit.shape == (4, 11, 3)
    np.testing.assert_allclose(orbit, simulate(start, 0.1, 11), atol=1e-7)


def test_simulate_of_an_escaping_orbit_is_nan_and_silent():
    model = WeakFormRegressor().fit(simulate(sample_attractor(5, rng=0), 0.01, 500), 0.01)
    model.coef_ = np.eye(3, 9, k=3)  # x' = x^2 and the like
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        orbit = model.simulate([5.0, 5.0, 5.0], 0.5, 8)
    assert np.isnan(orbit[-1]).all()


# With noise: the bound


def test_bound_of_exponential_decay_in_closed_form():
    # Y_t = x0 e^{a t} + noise: information for (a, x0) from t x and e^{a t}, eliminated by hand.
    a, x0, dt, noise = -0.3, 2.0, 0.2, 0.1
    t = dt * np.arange(40)
    by_a, by_x0 = t * x0 * np.exp(a * t), np.exp(a * t)
    information = by_a @ by_a - (by_a @ by_x0) ** 2 / (by_x0 @ by_x0)
    series = (x0 * np.exp(a * t))[:, None]
    found = cramer_rao_bound(series, dt, noise_std=noise, coef=[[a]], degree=1)
    np.testing.assert_allclose(found, noise**2 / information, rtol=1e-8)


def test_bound_and_shooting_meet_on_a_linear_problem():
    # Monte Carlo on a damped rotation; with many samples maximum likelihood attains the bound.
    matrix = np.array([[-0.1, -2.0], [2.0, -0.1]])
    series = sampled(lambda s: matrix @ s, [1.0, 0.5], 0.1, 120, 0.1)
    noise, rng = np.array([0.02, 0.05]), np.random.default_rng(0)
    covariance = cramer_rao_bound(series, 0.1, noise_std=noise, coef=matrix, degree=1)
    regressor = MultipleShootingRegressor(degree=1, sparse=False)
    coef = [
        regressor.fit(series + noise * rng.standard_normal(series.shape), 0.1).coef_.ravel()
        for _ in range(100)
    ]
    scores = (np.array(coef) - matrix.ravel()) / np.sqrt(np.diag(covariance))
    # The standard deviation of 100 draws scatters by 7 %, their mean by 0.1.
    np.testing.assert_allclose(scores.std(0), 1.0, atol=0.25)
    np.testing.assert_allclose(scores.mean(0), 0.0, atol=0.35)


def test_bound_scales_with_noise_and_shrinks_with_knowledge(clean):
    series = clean[0.1][:300]
    one, two = (cramer_rao_bound(series, 0.1, noise_std=s) for s in (0.1, 0.2))
    np.testing.assert_allclose(two, 4 * one, rtol=1e-6, atol=1e-12 * np.abs(one).max())
    known = cramer_rao_bound(series, 0.1, noise_std=0.1, support=SUPPORT)
    inside = SUPPORT.ravel()
    assert (np.diag(known)[inside] < np.diag(one)[inside]).all()
    assert not known[~inside].any()


def test_bound_agrees_with_brute_force_over_a_short_time():
    series = lorenz_series(0.1, 15, seed=3)
    field, columns = PolynomialField(true_coefficients(), powers(3)), SUPPORT.ravel()
    state_slope, coef_slope = np.eye(3), np.zeros((3, 27))
    information = np.zeros((10, 10))
    for t in range(15):
        full = np.hstack([coef_slope[:, columns], state_slope])
        information += full.T @ full
        _, f, p = field.flow_with_sensitivities(series[t : t + 1], 0.1, 16)
        state_slope, coef_slope = f[0] @ state_slope, f[0] @ coef_slope + p[0]
    expected = np.linalg.inv(information)[:7, :7]
    found = cramer_rao_bound(series, 0.1, noise_std=1.0, support=SUPPORT)[np.ix_(columns, columns)]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize(("level", "allowed"), [(0.01, 1.3), (0.1, 2.0)])
def test_multiple_shooting_reaches_the_bound(clean, level, allowed):
    # T = 100 in ten short orbits: one long orbit would be another one on another processor.
    series, rng = clean[0.01][:, ::10], np.random.default_rng(0)
    noise = level * series.std((0, 1))
    covariance = cramer_rao_bound(series, 0.1, noise_std=noise, support=SUPPORT)
    squares = []
    for _ in range(5):
        model = MultipleShootingRegressor().fit(series + noise * rng.normal(size=series.shape), 0.1)
        assert ((model.coef_ != 0) == SUPPORT).all()
        np.testing.assert_allclose(model.noise_std_, noise, rtol=0.15)
        squares.append(coefficient_error(model.coef_) ** 2)
    assert np.sqrt(np.mean(squares)) <= allowed * np.sqrt(np.trace(covariance) / 27)


def test_weak_form_finds_the_terms_in_noise(clean):
    noise = 0.01 * clean[0.01].std((0, 1)) * np.random.default_rng(0).normal(size=clean[0.01].shape)
    model = WeakFormRegressor().fit(clean[0.01] + noise, 0.01)
    assert ((model.coef_ != 0) == SUPPORT).all()


def test_degrees_of_freedom_are_counted():
    # Each of 60 series of 3 samples gives up its first state: a third of all observations.
    matrix, rng = np.array([[-0.1, -2.0], [2.0, -0.1]]), np.random.default_rng(3)
    starts = rng.normal(size=(60, 2))
    orbits = [starts]
    for _ in range(2):
        orbits.append(integrate(lambda s: matrix @ s, orbits[-1].T, 0.2, 20).T)
    series, noise = np.stack(orbits, axis=1), 0.05
    regressor = MultipleShootingRegressor(degree=1, sparse=False)
    found = [
        regressor.fit(series + noise * rng.normal(size=series.shape), 0.2).noise_std_
        for _ in range(20)
    ]
    # 40 estimates from some 118 degrees of freedom each: a standard error of 1 %.
    assert np.sqrt(np.mean(np.square(found))) == pytest.approx(noise, rel=0.04)


# The choice of terms


def gaussian_model(seed, n=60, n_terms=7):
    """A linear regression as a `Fit`, and its exact log-evidence for any terms."""
    rng = np.random.default_rng(seed)
    X, price = rng.normal(size=(n, n_terms)), np.linspace(0, 2, n_terms)[None]
    y = X @ np.where(np.arange(n_terms) < 3, 0.5, 0.0) + rng.normal(size=n)
    prior = Prior(np.full((1, n_terms), 2.0), price)

    def evidence(kept):
        covariance = np.eye(n) + 4 * X[:, kept] @ X[:, kept].T
        quadratic = y @ np.linalg.solve(covariance, y)
        return -(quadratic + np.linalg.slogdet(covariance)[1]) / 2 - price[0, kept].sum()

    kept = np.arange(n_terms) % 2 == 0
    coef = np.zeros((1, n_terms))
    coef[0, kept] = np.linalg.lstsq(X[:, kept], y)[0]
    residual = y - X @ coef[0]
    fit = Fit(coef, kept[None], -(residual @ residual) / 2, X.T @ X, X.T @ residual)
    return fit, prior, evidence


def test_gains_are_differences_of_the_exact_evidence_of_a_linear_model():
    fit, prior, evidence = gaussian_model(0)
    kept = fit.support[0]
    gains = prior.gains(*prior.quadratic(fit), kept)
    for k, gain in enumerate(gains):
        toggled = kept.copy()
        toggled[k] ^= True
        assert gain == pytest.approx(evidence(toggled) - evidence(kept), abs=1e-9)


def test_the_best_neighbour_is_first():
    fit, _, evidence = gaussian_model(1)
    prior = gaussian_model(1)[1]
    promised = [evidence(support[0]) for support in neighbours(fit, prior, margin=np.inf)]
    assert promised == sorted(promised, reverse=True)
    kept, best = fit.support[0], -np.inf
    for i in range(len(kept)):
        for j in range(len(kept)):
            if i == j or kept[i] != kept[j]:
                moved = kept.copy()
                moved[[i, j]] ^= True
                moved[i] = not kept[i]
                best = max(best, evidence(moved))
    assert promised[0] == pytest.approx(best)


@pytest.mark.parametrize("regressor", REGRESSORS)
def test_units_do_not_matter(regressor):
    series = simulate(sample_attractor(1, rng=0)[0], 0.05, 400)
    series = series + 0.02 * series.std(0) * np.random.default_rng(0).normal(size=series.shape)
    found = regressor().fit(series, 0.05)
    assert np.count_nonzero(found.coef_)
    for scale, time in (([1e-9] * 3, 1e6), ([1e9, 1e-9, 1.0], 1e-6), ([3.0, 1e-4, 1e5], 7.0)):
        scaled = regressor().fit(series * scale, 0.05 * time)
        coef = scaled.coef_ * np.exp(scaled.powers_ @ np.log(scale)) / np.c_[scale] * time
        np.testing.assert_allclose(coef, found.coef_, rtol=1e-6)


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_terms_that_the_data_cannot_tell_apart_are_named_and_the_simplest_kept(noise):
    # On the unit circle x^2 + y^2 = 1, so that y^3 + x^2 y = y.
    t = np.arange(0, 20, 0.05)
    series = np.stack([np.cos(t), -np.sin(t)], axis=1)
    series = series + noise * np.random.default_rng(0).normal(size=series.shape)
    with pytest.warns(UserWarning, match="cannot tell x1 in equation 1, x0 in equation 2 from"):
        model = MultipleShootingRegressor(degree=3).fit(series, 0.05)
    assert [tuple(a) for a in np.argwhere(model.coef_)] == [(0, 1), (1, 0)]
    assert np.isinf(model.standard_errors_[model.coef_ != 0]).all()
    assert len(model.null_directions_)


def test_null_directions_of_a_singular_information():
    slope = np.random.default_rng(0).normal(size=(30, 4)) * [1e-6, 1.0, 1e4, 1.0]
    slope[:, 3] = slope[:, 0] * 1e6 - slope[:, 1]
    (null,) = null_directions(slope.T @ slope)
    size = np.linalg.norm(slope, axis=0)
    np.testing.assert_allclose(slope @ (null / size), 0, atol=1e-7)
    assert not len(null_directions(slope[:, :3].T @ slope[:, :3]))


# Trouble


class Uphill(Observations):
    """An objective that no step lowers."""

    def objective(self, end, states):
        return 1e9


def test_a_failed_line_search_is_no_convergence(clean):
    data = clean[0.1][:50] + np.random.default_rng(0).normal(size=(50, 3))
    problem = Uphill.of(Samples(data[None], 0.1, None, 3), powers(3), np.ones(3), softness=1.0)
    fit, n_iter = gauss_newton(problem, true_coefficients(), SUPPORT, data, tol=1e-6, max_iter=5)
    assert n_iter == 1 and not fit.converged


def test_a_field_that_would_take_too_long_is_rejected_unseen(clean, monkeypatch):
    samples = Samples(clean[0.1][None], 0.1, None, 3)
    problem = replace(Observations.of(samples, powers(3), np.ones(3), 1.0), max_nodes=20)
    end = problem.link(true_coefficients(), problem.data)[0]
    assert np.isfinite(problem.objective(end, problem.data))
    monkeypatch.setattr(PolynomialField, "flow_with_sensitivities", None)
    end = problem.link(20 * true_coefficients(), problem.data)[0]
    assert problem.objective(end, problem.data) == np.inf


@pytest.mark.parametrize("regressor", [FlowMapRegressor, MultipleShootingRegressor])
def test_data_no_polynomial_explains_give_a_finite_field(regressor):
    series = np.random.default_rng(0).normal(size=(60, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = regressor(max_iter=5).fit(series, 0.1)
    assert np.isfinite(model.coef_).all()
    # Multiple shooting starts from its own states, the flow map from the samples.
    states = getattr(model, "states_", series[None])[0]
    one_step = model.field_.flow(states[:-1], 0.1, 400)
    assert np.isfinite(one_step).all()


def test_a_guess_that_blows_up_is_not_used(clean):
    guess = np.full((3, 9), 50.0)
    model = FlowMapRegressor(start=guess).fit(clean[0.1], 0.1)
    assert coefficient_error(model.coef_) <= 1e-9


@pytest.mark.parametrize("regressor", [FlowMapRegressor, MultipleShootingRegressor])
def test_too_few_iterations_warn_and_say_what_to_try(clean, regressor):
    with pytest.warns(ConvergenceWarning, match="max_iter=1: raise it"):
        regressor(max_iter=1, sparse=False).fit(clean[0.1] + 0.01, 0.1)


@pytest.mark.parametrize("regressor", REGRESSORS)
@pytest.mark.parametrize(
    ("series", "dt", "error", "message"),
    [
        (np.zeros((100, 3)), 0.1, ValueError, "must vary in each coordinate"),
        (np.full((100, 3), np.nan), 0.1, ValueError, "must be finite"),
        (np.random.default_rng(0).normal(size=(8, 3)), 0.1, ValueError, "samples"),
        (np.random.default_rng(0).normal(size=100), 0.1, ValueError, "shape"),
        (np.array([["a", "b"]]), 0.1, TypeError, "real numbers"),
        (np.random.default_rng(0).normal(size=(100, 3)), 0.0, ValueError, "dt must be positive"),
        (np.random.default_rng(0).normal(size=(100, 3)), "1", TypeError, "dt must be a real"),
    ],
)
def test_bad_input_is_named(regressor, series, dt, error, message):
    with pytest.raises(error, match=message):
        regressor().fit(series, dt)


@pytest.mark.parametrize("regressor", REGRESSORS)
def test_a_time_recorded_twice_is_named(clean, regressor):
    series = np.insert(clean[0.1], 40, clean[0.1][40], axis=0)
    with pytest.raises(ValueError, match="samples 40 and 41 are equal"):
        regressor().fit(series, 0.1)


@pytest.mark.parametrize("regressor", REGRESSORS)
def test_a_series_too_short_for_the_library_is_named(clean, regressor):
    with pytest.raises(
        ValueError, match="18 sample pairs in all to fit 9 terms, got 1 series of 12"
    ):
        regressor().fit(clean[0.1][:12], 0.1)


@pytest.mark.parametrize("third", [lambda x, y: 2 * x, lambda x, y: x + y])
def test_collinear_coordinates_are_named(clean, third):
    x, y = clean[0.1][:, 0], clean[0.1][:, 1]
    with pytest.raises(ValueError, match="series must give 3 linearly independent columns"):
        MultipleShootingRegressor().fit(np.stack([x, y, third(x, y)], axis=1), 0.1)


def test_series_that_cannot_tell_terms_apart_are_named():
    # x' = -x, y' = -y from the diagonal: y = x for ever, so that their coefficients are free.
    series = np.exp(-0.1 * np.arange(50))[:, None] * np.ones(2)
    with pytest.raises(ValueError, match="series must tell the coefficients apart"):
        cramer_rao_bound(series, 0.1, noise_std=0.1, coef=-np.eye(2), degree=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"noise_std": 0.0}, "noise_std must be positive"),
        ({"noise_std": 1.0, "coef": np.zeros((3, 4))}, "coef must have shape"),
        ({"noise_std": 1.0, "support": np.ones(9)}, "support must have shape"),
    ],
)
def test_bad_bound_arguments(clean, options, message):
    with pytest.raises(ValueError, match=message):
        cramer_rao_bound(clean[0.1], 0.1, **options)
