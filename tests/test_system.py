import subprocess
import sys

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from lorenz_utils import system
from lorenz_utils.integration import integrate
from lorenz_utils.system import (
    LorenzParameters,
    flow_map,
    jacobian,
    make_ensemble,
    sample_attractor,
    simulate,
    transient_ensemble,
    vector_field,
)

MIRROR = np.array([-1.0, -1.0, 1.0])
OTHER = LorenzParameters(sigma=16.0, rho=45.92, beta=4.0)
# C+ of Lorenz 1963: x = y = sqrt(beta (rho - 1)), z = rho - 1.
FIXED_POINT = np.array([np.sqrt(72), np.sqrt(72), 27.0])


def random_states(n, size=30.0):
    return np.random.default_rng(0).normal(scale=size, size=(n, 3))


def by_scipy(state, dt, parameters):
    solution = solve_ivp(
        lambda _, s: vector_field(s, parameters), (0, dt), state, "DOP853", rtol=1e-13, atol=1e-13
    )
    return solution.y[:, -1]


@pytest.mark.parametrize("parameters", [system.LORENZ63, OTHER])
def test_mirror_symmetry_of_field_and_flow(parameters):
    states = random_states(50)
    np.testing.assert_allclose(
        vector_field(MIRROR * states, parameters), MIRROR * vector_field(states, parameters)
    )
    np.testing.assert_allclose(
        flow_map(MIRROR * states, 0.1, parameters=parameters),
        MIRROR * flow_map(states, 0.1, parameters=parameters),
        atol=1e-12,
    )


def test_divergence_is_minus_41_thirds_everywhere():
    trace = np.trace(jacobian(random_states(50)), axis1=-2, axis2=-1)
    np.testing.assert_allclose(trace, -41 / 3, rtol=1e-14)


def test_jacobian_is_the_derivative_of_the_field():
    # The field is quadratic: central differences are exact up to rounding.
    states, h = random_states(20), 1e-3
    for c, unit in enumerate(np.eye(3)):
        slope = (vector_field(states + h * unit) - vector_field(states - h * unit)) / (2 * h)
        np.testing.assert_allclose(jacobian(states)[..., c], slope, atol=1e-9)


def test_fixed_points_of_the_literature():
    for point in (FIXED_POINT, MIRROR * FIXED_POINT, np.zeros(3)):
        np.testing.assert_allclose(vector_field(point), 0, atol=1e-12)
        np.testing.assert_allclose(flow_map(point, 0.1), point, atol=1e-10)


@pytest.mark.parametrize("parameters", [system.LORENZ63, OTHER])
@pytest.mark.parametrize("dt", [0.01, 0.1])
@pytest.mark.parametrize("rtol", [1e-6, 1e-10])
@pytest.mark.parametrize("size", [1.0, 30.0, 300.0, 3000.0])
def test_flow_map_keeps_its_tolerance_against_scipy(parameters, dt, rtol, size):
    states = random_states(6, size)
    expected = np.array([by_scipy(s, dt, parameters) for s in states])
    error = np.linalg.norm(
        flow_map(states, dt, parameters=parameters, rtol=rtol) - expected, axis=-1
    )
    scale = np.maximum(1, np.linalg.norm(states, axis=-1))
    # 1e-12 allows for scipy's own error.
    assert (error / scale).max() < rtol + 1e-12


def test_flow_map_composes():
    states = sample_attractor(20, rng=0)
    twice = flow_map(flow_map(states, 0.05), 0.05)
    np.testing.assert_allclose(flow_map(states, 0.1), twice, atol=1e-9)


def test_integrate_converges_with_order_8():
    start = np.array([1.0, 2.0, 20.0])
    exact = by_scipy(start, 1.0, system.LORENZ63)
    n_steps = np.array([30, 40, 50, 60, 80])
    error = [np.linalg.norm(integrate(vector_field, start, 1.0, n) - exact) for n in n_steps]
    order = -np.polyfit(np.log(n_steps), np.log(error), 1)[0]
    assert 7.5 < order < 9.5


def test_integrate_backwards_returns():
    start = np.array([1.0, 2.0, 20.0])
    there = integrate(vector_field, start, 0.2, 100)
    np.testing.assert_allclose(integrate(vector_field, there, -0.2, 100), start, rtol=1e-10)


def test_an_orbit_does_not_depend_on_its_companions():
    states = sample_attractor(40, rng=0)
    together = simulate(states, 0.1, 50)
    for i in (0, 17):
        np.testing.assert_allclose(simulate(states[i], 0.1, 50), together[i], atol=1e-9)
    np.testing.assert_allclose(
        simulate(states.reshape(8, 5, 3), 0.1, 50), together.reshape(8, 5, 50, 3), atol=1e-9
    )


def test_simulate_starts_at_the_initial_state_and_follows_the_flow():
    start = sample_attractor(5, rng=0)
    orbit = simulate(start, 0.1, 20)
    assert orbit.shape == (5, 20, 3)
    np.testing.assert_array_equal(orbit[:, 0], start)
    np.testing.assert_allclose(flow_map(orbit[:, :-1], 0.1), orbit[:, 1:], atol=1e-9)


def test_ensemble_has_the_attractors_moments():
    ensemble = make_ensemble(200, 200, 0.1, rng=0)
    x, y, z = ensemble.reshape(-1, 3).T
    # Long-run values: mean z 23.55; standard deviations 7.925, 9.010, 8.618.
    assert abs(z.mean() - 23.55) < 0.1
    np.testing.assert_allclose([x.std(), y.std(), z.std()], [7.925, 9.010, 8.618], rtol=0.015)
    # Stationarity: <x^2> = <xy> = beta <z>.
    np.testing.assert_allclose([(x * x).mean(), (x * y).mean()], 8 / 3 * z.mean(), rtol=0.02)
    assert abs(np.corrcoef(ensemble[0, :, 0], ensemble[1, :, 0])[0, 1]) < 0.4


def test_seeds():
    one = make_ensemble(3, 10, 0.1, rng=1)
    np.testing.assert_array_equal(one, make_ensemble(3, 10, 0.1, rng=np.random.default_rng(1)))
    assert (one != make_ensemble(3, 10, 0.1, rng=2)).any()
    with pytest.raises(TypeError):
        make_ensemble(3, 10, 0.1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: flow_map([1.0, 2.0], 0.1), ValueError, r"state must have shape \(\.\.\., 3\)"),
        (lambda: flow_map(1.0, 0.1), ValueError, "state must have shape"),
        (lambda: flow_map([1.0, np.nan, 0.0], 0.1), ValueError, "state must be finite"),
        (lambda: flow_map(["a", "b", "c"], 0.1), TypeError, "state must hold real numbers"),
        (lambda: flow_map([1j, 0, 0], 0.1), TypeError, "state must hold real numbers"),
        (lambda: flow_map(np.empty((0, 3)), 0.1), ValueError, "state must not be empty"),
        (lambda: flow_map([1.0, 1, 1], 0), ValueError, "dt must be positive"),
        (lambda: flow_map([1.0, 1, 1], np.nan), ValueError, "dt must be positive"),
        (lambda: flow_map([1.0, 1, 1], "0.1"), TypeError, "dt must be a real number"),
        (lambda: flow_map([1.0, 1, 1], 0.1, rtol=-1), ValueError, "rtol must be positive"),
        (lambda: simulate([1.0, 1, 1], 0.1, 0), ValueError, "n_steps must be at least 1"),
        (lambda: simulate([1.0, 1, 1], 0.1, 2.5), TypeError, "n_steps must be an integer"),
        (lambda: simulate([1.0, 1, 1], 0.1, True), TypeError, "n_steps must be an integer"),
        (lambda: sample_attractor(0, rng=0), ValueError, "n_states must be at least 1"),
        (lambda: make_ensemble(2, 0, rng=0), ValueError, "length must be at least 1"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_imports_nothing_heavy():
    code = (
        "import sys, lorenz_utils.system; "
        "print({'torch', 'sklearn', 'matplotlib', 'nolds'} & set(sys.modules))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == "set()"


def test_transients_start_anywhere_and_follow_the_flow():
    series = transient_ensemble(2000, 3, 0.1, rng=0)
    start = series[:, 0]
    np.testing.assert_array_equal(series[:, 1], flow_map(start, 0.1))
    low, high = np.array([-25, -30, -5]), np.array([25, 30, 55])
    assert (start >= low).all() and (start <= high).all()
    # Uniform: mean and spread of each coordinate, within four standard errors.
    np.testing.assert_allclose(start.mean(0), [0, 0, 25], atol=4 * 17.4 / np.sqrt(2000))
    np.testing.assert_allclose(start.std(0), (high - low) / np.sqrt(12), rtol=0.05)
