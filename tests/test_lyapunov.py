import subprocess
import sys
import tracemalloc
import warnings

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.signal import lfilter

from experiments.deck_exponents import divergence_exponent, eckmann_exponent
from lorenz_utils.checks import ModelWarning, check_ensemble
from lorenz_utils.lyapunov import (
    kaplan_yorke_dimension,
    lyapunov_spectrum,
    map_spectrum,
    rosenstein_exponent,
    state_space_spectrum,
)
from lorenz_utils.surrogates import phase_randomised, shuffled, with_noise
from lorenz_utils.system import (
    flow_map,
    jacobian,
    make_ensemble,
    sample_attractor,
    simulate,
    vector_field,
)

# Viswanath (1998) and Sprott, *Chaos and Time-Series Analysis* (2003).
LITERATURE = np.array([0.9056, 0.0, -14.572])
ENSEMBLE = make_ensemble(40, 1000, 0.1, rng=0)


def linear_system(matrix):
    matrix = np.array(matrix, dtype=float)
    return (
        lambda state: state @ matrix.T,
        lambda state: np.broadcast_to(matrix, (*state.shape, state.shape[-1])),
    )


# --- from the equations


def test_spectrum_of_the_literature_and_its_exact_sum():
    start = sample_attractor(60, rng=1)
    spectrum = lyapunov_spectrum(
        vector_field, jacobian, start, dt=0.02, duration=50.0, transient=5.0
    )
    # The sum is the mean divergence of the field, -(sigma + 1 + beta), on every orbit.
    assert abs(spectrum.value.sum() + 41 / 3) < 1e-7
    assert np.all(spectrum.standard_error < 0.01)
    assert np.all(np.abs(spectrum.value - LITERATURE) < 4 * spectrum.standard_error)


def test_spectrum_of_a_single_orbit_has_an_error_bar():
    start = sample_attractor(1, rng=1)[0]
    spectrum = lyapunov_spectrum(
        vector_field, jacobian, start, dt=0.02, duration=100.0, transient=5.0
    )
    assert np.all(np.abs(spectrum.value - LITERATURE) < 4 * spectrum.standard_error)
    assert np.all(spectrum.standard_error < 0.05)


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ([[-0.7]], [-0.7]),
        ([[-0.1, 5.0], [-5.0, -0.1]], [-0.1, -0.1]),
        ([[0.3, 1.0, 0, 0], [0, 0.1, 2, 0], [0, 0, -0.5, 1], [0, 0, 0, -2]], [0.3, 0.1, -0.5, -2]),
    ],
)
def test_linear_systems_have_the_real_parts_of_their_eigenvalues(matrix, expected):
    start = np.ones(len(matrix))
    spectrum = lyapunov_spectrum(
        *linear_system(matrix), start, dt=0.05, duration=200.0, transient=50.0
    )
    np.testing.assert_allclose(spectrum.value, expected, atol=2e-3)


def test_limit_cycle_has_exponents_0_and_minus_2():
    # Hopf normal form: r' = r (1 - r^2), phase' = 1; d(r')/dr = -2 at r = 1.
    def field(state):
        x, y = state[..., 0], state[..., 1]
        r2 = x**2 + y**2
        return np.stack([x * (1 - r2) - y, y * (1 - r2) + x], -1)

    def derivative(state):
        x, y = state[..., 0], state[..., 1]
        rows = [
            [1 - 3 * x**2 - y**2, -2 * x * y - 1],
            [1 - 2 * x * y, 1 - x**2 - 3 * y**2],
        ]
        return np.moveaxis(np.array(rows), (0, 1), (-2, -1))

    spectrum = lyapunov_spectrum(
        field, derivative, [[0.4, 0.3], [-1.0, 2.0]], dt=0.05, duration=100.0, transient=20.0
    )
    np.testing.assert_allclose(spectrum.value, [0, -2], atol=1e-8)


def test_an_orbit_that_escapes_makes_the_exponents_nan_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spectrum = lyapunov_spectrum(
            lambda s: s**2, lambda s: 2 * s[..., None], [[-1.0], [1.0]],
            dt=0.02, duration=5.0, transient=0,
        )  # fmt: skip
    assert np.isnan(spectrum.value).all()
    assert np.isnan(spectrum.standard_error).all()


@pytest.mark.parametrize(
    ("start", "options", "error", "message"),
    [
        (np.ones((2, 2, 3)), {}, ValueError, r"initial_state must have shape"),
        ([1.0, np.inf, 1], {}, ValueError, "initial_state must be finite"),
        (["a"], {}, TypeError, "initial_state must hold real numbers"),
        ([1.0, 1, 1], {"dt": 0}, ValueError, "dt must be positive"),
        ([1.0, 1, 1], {"duration": -1}, ValueError, "duration must be positive"),
        ([1.0, 1, 1], {"transient": -1}, ValueError, "transient must be positive"),
    ],
)
def test_bad_input_of_the_spectrum(start, options, error, message):
    options = {"dt": 0.1, "duration": 1.0, "transient": 0, **options}
    with pytest.raises(error, match=message):
        lyapunov_spectrum(vector_field, jacobian, start, **options)


# --- from pairs of trajectories


def test_divergence_from_the_origin_follows_its_unstable_eigenvalue():
    # x, y block [[-10, 10], [28, -1]] of the origin: (-11 + sqrt(1201)) / 2 = 11.83.
    exponent = divergence_exponent(np.zeros((20, 3)), 0.01, separation=1e-10, duration=5.0, rng=0)
    np.testing.assert_allclose(np.median(exponent), (-11 + np.sqrt(1201)) / 2, rtol=0.005)


@pytest.mark.parametrize("dt", [0.01, 0.1])
def test_divergence_on_the_attractor_is_near_the_literature(dt):
    start = sample_attractor(50, rng=2)
    exponent = divergence_exponent(start, dt, separation=1e-8, duration=30.0, rng=0)
    assert exponent.shape == (50,)
    # One fit lasts some 20 time units: finite-time exponents scatter by 0.07, and their mean is a
    # few hundredths low, because the first unit is spent turning to the growing direction.
    assert abs(exponent.mean() - LITERATURE[0]) < 0.06
    assert 0.03 < exponent.std() < 0.15


def test_divergence_of_one_state_is_a_scalar_that_its_seed_decides():
    start = [1.0, 1.0, 20.0]
    options = {"separation": 1e-3, "duration": 15.0}
    one = divergence_exponent(start, 0.1, rng=0, **options)
    assert np.shape(one) == ()
    assert one == divergence_exponent(start, 0.1, rng=0, **options)
    assert one != divergence_exponent(start, 0.1, rng=1, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"separation": 1.0}, "separation must be below"),
        ({"separation": 0}, "separation must be positive"),
        ({"separation": 0.5}, "dt must leave 3 samples"),
    ],
)
def test_bad_input_of_the_divergence(options, message):
    with pytest.raises(ValueError, match=message):
        divergence_exponent(np.zeros((5, 3)), 0.1, duration=2.0, rng=0, **options)


# --- from one coordinate


def test_eckmann_reproduces_the_decks_real_data_row():
    # Slide 34: 2.86, 3.05, 3.64 for x, y, z of data without burn-in. Three times the true
    # exponent: that is how the deck's estimator behaves, not what the system does.
    start = np.random.default_rng(0).normal(size=(2, 3))
    series = simulate(start, 0.1, 1000)
    exponents = [np.mean([eckmann_exponent(s[:, c], 0.1) for s in series]) for c in range(3)]
    np.testing.assert_allclose(exponents, [2.86, 3.05, 3.64], rtol=0.15)


def test_eckmann_is_what_nolds_does_by_default():
    import nolds

    rng = np.random.default_rng(0)
    surrogates = [shuffled(ENSEMBLE[:1], rng=rng), phase_randomised(ENSEMBLE[:1], rng=rng)]
    for series in [ENSEMBLE[0], *(s[0] for s in surrogates), ENSEMBLE[1].astype(np.float32)]:
        expected = [nolds.lyap_e(x.astype(float), tau=0.1).max() for x in series[:400].T]
        found = [eckmann_exponent(x, 0.1) for x in series[:400].T]
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_eckmann_leaves_out_where_nothing_grows():
    import nolds

    resting = np.concatenate([np.zeros(40), ENSEMBLE[0, :200, 0]])
    expected = nolds.lyap_e(resting, tau=0.1).max()
    assert eckmann_exponent(resting, 0.1) == pytest.approx(expected, rel=0.05)  # ties at rest


def lorenz(dt, n, coordinate=0):
    return make_ensemble(1, n, dt, rng=0)[0, :, coordinate]


def iterated(step, start, n):
    states = [start]
    for _ in range(n + 100):
        states.append(step(states[-1]))
    return np.array(states[-n:])


def henon(n):
    return iterated(lambda s: (1 - 1.4 * s[0] ** 2 + s[1], 0.3 * s[0]), (0.1, 0.1), n)[:, 0]


def logistic(n):
    return iterated(lambda x: 4 * x * (1 - x), 0.3123, n)


def roessler(n, dt):
    def field(_, s):
        return [-s[1] - s[2], s[0] + 0.2 * s[1], 0.2 + s[2] * (s[0] - 5.7)]

    times = 200 + dt * np.arange(n)
    orbit = solve_ivp(field, (0, times[-1]), [1.0, 1, 1], t_eval=times, rtol=1e-8, atol=1e-8)
    return orbit.y[0]


# Of Lorenz-63 as above, of Roessler's system, Henon's map: Sprott (2003), tables A.1 and A.3; of
# x -> 4 x (1 - x): log 2 (Ulam & von Neumann 1947).
KNOWN = {
    "Lorenz, dt = 0.005": (lambda: lorenz(0.005, 40_000), 0.005, 0.9056),
    "Lorenz, dt = 0.02": (lambda: lorenz(0.02, 10_000), 0.02, 0.9056),
    "Lorenz, z, dt = 0.02": (lambda: lorenz(0.02, 10_000, 2), 0.02, 0.9056),
    "Lorenz, dt = 0.05": (lambda: lorenz(0.05, 4000), 0.05, 0.9056),
    "Lorenz, y, dt = 0.1": (lambda: lorenz(0.1, 2000, 1), 0.1, 0.9056),
    "Lorenz, dt = 0.2": (lambda: lorenz(0.2, 2000), 0.2, 0.9056),
    "Lorenz, rounded": (lambda: lorenz(0.05, 4000).round(1), 0.05, 0.9056),
    "Lorenz, integers": (lambda: (1000 * lorenz(0.05, 4000)).astype(np.int16), 0.05, 0.9056),
    "Lorenz, 1 % noise": (
        lambda: with_noise(make_ensemble(1, 4000, 0.05, rng=0), 0.01, rng=0)[0, :, 0],
        0.05,
        0.9056,
    ),
    "Roessler, dt = 0.1": (lambda: roessler(8000, 0.1), 0.1, 0.0714),
    "Roessler, dt = 0.5": (lambda: roessler(4000, 0.5), 0.5, 0.0714),
    "Henon": (lambda: henon(2000), 1, 0.4192),
    "logistic": (lambda: logistic(1000), 1, np.log(2)),
}


@pytest.mark.parametrize("name", KNOWN)
def test_rosenstein_is_near_the_literature_at_any_sampling(name):
    make, dt, expected = KNOWN[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error", ModelWarning)
        found = rosenstein_exponent(make(), dt)
    assert found.value == pytest.approx(expected, rel=0.3)
    assert 0 < found.standard_error < 0.2 * expected
    # The straight part of the curve is what the exponent is the slope of.
    start, end = found.region
    shown = (found.time >= start) & (found.time <= end)
    slope = np.polyfit(found.time[shown], found.log_distance[shown], 1)[0]
    assert slope == pytest.approx(found.value) and shown.sum() >= 3


RNG = np.random.default_rng(0)
T = np.arange(3000.0)
NOT_CHAOTIC = {
    "sine": np.sin(0.08 * T),
    "sine, rounded": np.sin(0.08 * T).round(1),
    "sine, slowly": np.sin(0.02 * T),
    "sine, 5 samples a period": np.sin(2 * np.pi * T / 5),
    "noisy sine": np.sin(0.08 * T) + 0.2 * RNG.normal(size=3000),
    "two sines": np.sin(0.1 * T) + np.sin(0.1 * 2**0.5 * T),
    "square wave": np.sign(np.sin(0.08 * T)),
    "white noise": RNG.normal(size=3000),
    "integers at random": RNG.integers(0, 5, 3000),
    "coloured noise": lfilter([1], [1, -0.9], RNG.normal(size=3000)),
    "noisy oscillator": lfilter([1], [1, -1.9, 0.98], RNG.normal(size=3000)),
    "random walk": RNG.normal(size=3000).cumsum(),
    "trend": T,
    "decay": np.exp(-0.01 * T),
    "growth": np.exp(0.01 * T),
    "damped": np.exp(-0.002 * T) * np.sin(0.1 * T),
    "period 4": iterated(lambda x: 3.5 * x * (1 - x), 0.3, 1000),
    "Lorenz, phases randomised": phase_randomised(ENSEMBLE[:1], rng=0)[0, :, 0],
    "too short": lorenz(0.01, 300),
}


@pytest.mark.parametrize("name", NOT_CHAOTIC)
def test_no_exponential_growth_is_no_exponent(name):
    with pytest.warns(ModelWarning, match="series shows no exponential growth") as heard:
        found = rosenstein_exponent(NOT_CHAOTIC[name], 1.0)
    assert np.isnan(found.value) and np.isnan(found.region).all() and len(heard) == 1
    assert heard[0].filename == __file__
    assert len(found.time) == len(found.log_distance)


def test_rosenstein_takes_long_series():
    series = lorenz(0.02, 100_000)
    tracemalloc.start()
    found = rosenstein_exponent(series, 0.02)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.value == pytest.approx(0.9056, rel=0.1)
    assert peak < 1e9  # all distances would take 80 GB


@pytest.mark.parametrize("estimator", [eckmann_exponent, rosenstein_exponent])
def test_scalar_exponents_scale_with_time_and_not_with_units(estimator):
    series = ENSEMBLE[0, :, 2]
    exponent, faster, scaled = (
        getattr(found, "value", found)
        for found in (estimator(series, 0.1), estimator(series, 0.05), estimator(4 * series, 0.1))
    )
    assert faster == pytest.approx(2 * exponent)
    assert scaled == pytest.approx(exponent)


@pytest.mark.parametrize("estimator", [eckmann_exponent, rosenstein_exponent])
@pytest.mark.parametrize(
    ("series", "error", "message"),
    [
        (ENSEMBLE[0], ValueError, r"series must have shape \(length,\), .*got \(1000, 3\)"),
        (ENSEMBLE[:1, :, 0], ValueError, r"series must have shape \(length,\), .*got \(1, 1000\)"),
        ([1.0, 2.0], ValueError, r"series must have .*, length >= 100, got \(2,\)"),
        (
            np.arange(20.0),
            ValueError,
            r"series must have .*, length >= 100, got \(20,\)",
        ),
        (np.ones(500), ValueError, "series must vary"),
        (np.full(500, np.nan), ValueError, "series must be finite"),
        (np.full(500, "a"), TypeError, "series must hold real numbers"),
    ],
)
def test_bad_input_of_scalar_exponents(estimator, series, error, message):
    with pytest.raises(error, match=message):
        estimator(series, 0.1)


@pytest.mark.parametrize("estimator", [eckmann_exponent, rosenstein_exponent])
@pytest.mark.parametrize("dt", [0, -1.0, np.nan, np.inf])
def test_scalar_exponents_need_a_step_of_time(estimator, dt):
    with pytest.raises(ValueError, match="dt must be positive"):
        estimator(ENSEMBLE[0, :, 0], dt)


@pytest.mark.parametrize("estimator", [eckmann_exponent, rosenstein_exponent])
def test_a_series_that_varies_once_has_no_finite_exponent(estimator):
    series = np.zeros(200)
    series[-1] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        found = estimator(series, 0.1)
    assert not np.isfinite(getattr(found, "value", found))


# --- from the full state


def test_state_space_spectrum_recovers_the_literature():
    spectrum = state_space_spectrum(ENSEMBLE, 0.1)
    assert abs(spectrum.value[0] - LITERATURE[0]) < 0.03
    assert abs(spectrum.value[1]) < 0.03
    assert abs(spectrum.value[2] - LITERATURE[2]) < 0.5
    assert np.all(spectrum.standard_error < [0.02, 0.02, 0.1])


def test_state_space_spectrum_is_exact_for_linear_maps():
    # x -> A x with A = 0.9 rotation + 0.5: exponents log 0.9 twice and log 0.5.
    c, s = np.cos(1.0), np.sin(1.0)
    matrix = np.array([[0.9 * c, -0.9 * s, 0], [0.9 * s, 0.9 * c, 0], [0, 0, 0.5]])
    states = [np.random.default_rng(0).normal(size=(30, 3))]
    for _ in range(12):
        states.append(states[-1] @ matrix.T)
    ensemble = np.stack(states, axis=1)
    spectrum = state_space_spectrum(ensemble, 0.5, n_neighbors=20)
    expected = np.log([0.9, 0.9, 0.5]) / 0.5
    np.testing.assert_allclose(spectrum.value, expected, atol=1e-4)


def test_state_space_spectrum_is_exact_for_quadratic_maps():
    # x -> 4 x (1 - x) has the exponent log 2 (Ulam & von Neumann 1947); y and z only follow.
    state = np.random.default_rng(0).uniform(0.1, 0.9, size=(60, 3))
    states = []
    for _ in range(300):
        states.append(state)
        x, y, z = state.T
        state = np.stack([4 * x * (1 - x), 0.5 * y + x, 0.3 * z + y], -1)
    spectrum = state_space_spectrum(np.stack(states, 1)[:, 20:], 1.0)
    expected = np.log([2, 0.5, 0.3])
    assert np.all(np.abs(spectrum.value - expected) < 4 * spectrum.standard_error + 2e-3)


def test_state_space_spectrum_of_other_dimensions():
    def step(s):
        return np.stack([1 - 1.4 * s[:, 0] ** 2 + s[:, 1], 0.3 * s[:, 0]], 1)

    states = [np.random.default_rng(0).uniform(-0.1, 0.1, (40, 2))]
    for _ in range(300):
        states.append(step(states[-1]))
    plane = np.stack(states[20:], 1)
    found = state_space_spectrum(plane, 1).value
    # Sprott (2003), table A.1; the map contracts areas by 0.3.
    assert found[0] == pytest.approx(0.4192, abs=0.02)
    assert found.sum() == pytest.approx(np.log(0.3), abs=0.02)
    # Two maps side by side have each exponent twice.
    both = np.concatenate([plane[:20], plane[20:]], axis=2)
    twice = state_space_spectrum(both, 1).value
    np.testing.assert_allclose(twice, np.repeat(found, 2), atol=0.1)


UNEXPLAINED = {
    "axes exchanged": ENSEMBLE.transpose(1, 0, 2),
    "noise": np.random.default_rng(0).normal(size=(10, 300, 3)),
    "shuffled": shuffled(ENSEMBLE[:10, :300], rng=0),
    "phases randomised": phase_randomised(ENSEMBLE[:10, :300], rng=0),
    "one coordinate of three": ENSEMBLE[:10, :300, :1],
    "mostly noise": with_noise(ENSEMBLE[:10, :300], 0.3, rng=0),
}


@pytest.mark.parametrize("name", UNEXPLAINED)
def test_series_that_are_no_map_of_their_states_are_heard(name):
    with pytest.warns(ModelWarning, match="ensemble holds no map from state to state") as heard:
        state_space_spectrum(UNEXPLAINED[name], 0.1, n_orbits=3)
    assert [w.filename for w in heard] == [__file__] * len(heard)


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 2, 1), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("dt", [0.02, 0.1])
def test_axes_in_another_order_are_heard(order, dt):
    ensemble = make_ensemble(20, 200, dt, rng=0)
    with pytest.warns(ModelWarning, match="ensemble jumps along axis 1, .* transpose?"):
        check_ensemble(ensemble.transpose(order), ordered=True)


@pytest.mark.parametrize(
    "ensemble",
    [
        ENSEMBLE,
        ENSEMBLE[:1],
        ENSEMBLE[:, :2],
        make_ensemble(20, 200, 0.5, rng=0),
        shuffled(ENSEMBLE, rng=0),
        np.repeat(ENSEMBLE[:1], 20, axis=0),  # a generator whose series are all one
        np.ones((20, 200, 3)),
        ENSEMBLE[:, :1],
        np.random.default_rng(0).normal(size=(200, 100, 2)),
    ],
)
def test_axes_in_order_are_not(ensemble):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_ensemble(ensemble, ordered=True)


def test_following_fewer_orbits_is_compatible():
    ensemble = ENSEMBLE[:, :300]
    few, all_ = state_space_spectrum(ensemble, 0.1, n_orbits=8), state_space_spectrum(ensemble, 0.1)
    assert abs(few.value[0] - all_.value[0]) < 4 * few.standard_error[0]
    assert few.standard_error[0] > all_.standard_error[0]


def test_constant_series_have_no_finite_exponent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spectrum = state_space_spectrum(np.ones((3, 100, 3)), 0.1)
    assert not np.isfinite(spectrum.value).any()


@pytest.mark.parametrize(
    ("ensemble", "options", "message"),
    [
        (ENSEMBLE[0], {}, "ensemble must have shape"),
        (ENSEMBLE[:1], {}, "ensemble must have shape .* n_series >= 2, got"),
        (ENSEMBLE[:3, :10], {}, "ensemble must hold more than n_neighbors=40 samples"),
        (ENSEMBLE[:, :2], {}, "more than n_neighbors=40 samples, got shape"),
        (np.ones((3, 20, 10)), {}, "more than n_neighbors=264 samples, got shape"),
        (np.full((3, 100, 3), np.inf), {}, "ensemble must be finite"),
        (ENSEMBLE, {"n_neighbors": 5}, "n_neighbors must be at least 10"),
        (ENSEMBLE[..., :2], {"n_neighbors": 5}, "n_neighbors must be at least 6"),
        (ENSEMBLE, {"n_orbits": 1}, "n_orbits must be at least 2"),
    ],
)
def test_bad_input_of_the_state_space_spectrum(ensemble, options, message):
    with pytest.raises(ValueError, match=message):
        state_space_spectrum(ensemble, 0.1, **options)


# --- learned maps


def test_the_flow_map_as_a_map_has_the_exponents_of_the_flow():
    start = sample_attractor(20, rng=3)
    found = map_spectrum(lambda x: flow_map(x, 0.1), start, dt=0.1, duration=100, transient=10)
    reference = np.array([0.9056, 0.0, -14.5723])
    assert (abs(found.value - reference) < 5 * found.standard_error + 0.002).all()
    assert found.value.sum() == pytest.approx(-41 / 3, abs=1e-4)  # the divergence is constant
    assert found.standard_error[2] < 0.05


def test_exponents_of_a_map_do_not_depend_on_units():
    henon = lambda s: np.stack([1 - 1.4 * s[:, 0] ** 2 + s[:, 1], 0.3 * s[:, 0]], 1)  # noqa: E731
    start = np.random.default_rng(0).uniform(-0.1, 0.1, (10, 2))
    times = {"dt": 1.0, "duration": 2000.0, "transient": 100.0}
    found = map_spectrum(henon, start, **times)
    assert found.value[0] == pytest.approx(0.4192, abs=0.01)  # Sprott (2003), table A.1
    assert found.value.sum() == pytest.approx(np.log(0.3), abs=1e-6)
    scale = np.array([1e6, 1e-6])
    scaled = map_spectrum(lambda s: henon(s / scale) * scale, start * scale, **times)
    np.testing.assert_allclose(scaled.value, found.value, atol=0.01)


def test_a_map_that_escapes_has_no_exponents():
    found = map_spectrum(lambda x: x**3, np.array([[2.0], [3.0]]), dt=1, duration=20, transient=0)
    assert np.isnan(found.value).all()


def test_a_map_whose_orbits_collapse_keeps_the_exponents_of_where_they_end():
    start = np.random.default_rng(0).normal(size=(5, 2))
    times = {"dt": 1.0, "duration": 50, "transient": 200}
    found = map_spectrum(lambda x: x * [0.5, 0.25], start, **times)
    np.testing.assert_allclose(found.value, np.log([0.5, 0.25]), atol=1e-6)
    with np.errstate(divide="ignore"):
        assert map_spectrum(lambda x: 0 * x, start, **times).value[0] == -np.inf


def test_starts_that_do_not_differ_are_refused():
    with pytest.raises(ValueError, match="initial_state must differ between orbits"):
        map_spectrum(lambda x: x / 2, np.ones((3, 2)), dt=1, duration=10, transient=0)


@pytest.mark.parametrize(
    ("exponents", "dimension"),
    [
        ([0.5, 0.0, -1.0], 2.5),
        ([-1.0, -2.0], 0.0),
        ([0.0, -1.0], 1.0),
        ([0.3, -0.1], 2.0),
        ([-14.5723, 0.9056, 0.0], 2 + 0.9056 / 14.5723),
    ],
)
def test_kaplan_yorke_dimension(exponents, dimension):
    assert kaplan_yorke_dimension(exponents) == pytest.approx(dimension)


def test_kaplan_yorke_dimension_of_unknown_exponents_is_unknown():
    assert np.isnan(kaplan_yorke_dimension([1.0, np.nan, -2.0]))


# --- imports


def test_imports_nothing_heavy():
    heavy = "{'torch', 'sklearn', 'matplotlib', 'nolds'}"
    code = f"import sys, lorenz_utils.lyapunov; print({heavy} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
