"""Orbits are the same bytes on every machine, in any company, with and without numba.

The digests change with the integrator, and with nothing else.
"""

import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from lorenz_utils.identification import PolynomialField
from lorenz_utils.integration import compiled, integrate
from lorenz_utils.regression import polynomial_library, true_coefficients
from lorenz_utils.system import LorenzParameters, flow_map, sample_attractor, simulate

# Prints a digest a line: all that a chapter or a record starts from.
DIGESTS = """
import hashlib, sys
if sys.argv[1] == "without numba":
    sys.modules["numba"] = None
import numpy as np
from experiments.ablation import kicked_ensemble
from lorenz_utils import integration
from lorenz_utils.identification import PolynomialField
from lorenz_utils.system import *

assert (integration.compiled() is None) == (sys.argv[1] == "without numba")
near, far = (size * (np.random.default_rng(0).random((70, 3)) - 0.5) for size in (20, 400))
cubic = PolynomialField([[0, 1, 0, 0], [-1, 0.5, -1, -0.5]], [[1, 0], [0, 1], [3, 0], [2, 1]])
chaotic = PolynomialField(
    [[-10, 10, 0, 0, 0], [28, -1, 0, -1, 0], [0, 0, -8 / 3, 0, 1]],
    [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 0]],
)
identity = np.tile(np.eye(3).reshape(9, 1), 70)
for array in (
    sample_attractor(5, rng=0),
    simulate(near, 0.1, 200),
    simulate(far, 0.05, 20, parameters=LorenzParameters(16.0, 45.92, 4.0)),
    flow_map(far, 0.3, rtol=1e-6),
    make_ensemble(8, 300, 0.1, rng=5),
    kicked_ensemble(0.1, rng=0, n_series=20, length=20),
    chaotic.simulate(near, 0.1, 20),
    cubic.simulate(near[:, :2] / 10, 0.2, 20),
    chaotic.flow_with_tangent(np.concatenate([near.T, identity]), 0.1, 3),
    chaotic.jacobian(near),
):
    print(hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:12])
"""
EXPECTED = """
db5dab3961f4
9b201b9625bb
69129813c819
e5bfbbbdd824
c3f098b40cd6
5c340836b722
088612c92f05
39c42a7d7a94
9c49db285a23
2fe766530f94
"""
MACHINES = {
    "this one": {},
    "Sandybridge, no FMA": {
        "OPENBLAS_CORETYPE": "Sandybridge",
        "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL",
        "NUMBA_CPU_NAME": "sandybridge",
        "NUMBA_CPU_FEATURES": "+avx",
    },
    "no SIMD": {
        "OPENBLAS_CORETYPE": "Prescott",
        "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL",
        "NUMBA_CPU_NAME": "generic",
    },
    "without numba": {},
}


@pytest.mark.parametrize("machine", MACHINES)
def test_orbits_have_the_same_bytes_on_every_machine(machine, tmp_path):
    # Machine code for another CPU is kept apart.
    apart = {"NUMBA_CACHE_DIR": str(tmp_path)} if MACHINES[machine] else {}
    run = subprocess.run(
        [sys.executable, "-c", DIGESTS, machine],
        env=os.environ | MACHINES[machine] | apart, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.split() == EXPECTED.split()


def lorenz_field(rho=28.0):
    powers = polynomial_library().fit(np.zeros((1, 3))).powers_
    return PolynomialField(true_coefficients(LorenzParameters(rho=rho)), powers)


def test_an_orbit_is_the_same_bytes_in_any_company():
    states = np.concatenate([sample_attractor(65, rng=0), [[300.0, -200.0, 90.0], [0, 0, 1e4]]])
    together = simulate(states, 0.1, 100)
    for i in (0, 63, 64, 65, 66):
        np.testing.assert_array_equal(simulate(states[i], 0.1, 100), together[i])
        np.testing.assert_array_equal(flow_map(states[i], 0.1), together[i, 1])
    square = simulate(states[:64].reshape(8, 8, 3), 0.1, 100)
    np.testing.assert_array_equal(square[3, 2], together[26])
    together = lorenz_field().simulate(states[:66] / 3, 0.1, 30)
    for i in (0, 64, 65):
        alone = lorenz_field().simulate(states[i : i + 1] / 3, 0.1, 30)
        np.testing.assert_array_equal(alone[0], together[i])


def test_a_batch_of_systems_is_each_of_them_alone():
    states, rhos = sample_attractor(66, rng=0), np.linspace(20, 30, 66)
    single = [lorenz_field(rho) for rho in rhos]
    batch = PolynomialField([field.coef for field in single], single[0].powers)
    for i in (0, 65):
        one = states[i : i + 1]
        np.testing.assert_array_equal(batch(states)[i], single[i](one)[0])
        np.testing.assert_array_equal(batch.jacobian(states)[i], single[i].jacobian(one)[0])
        orbits = batch.simulate(states, 0.1, 30), single[i].simulate(one, 0.1, 30)
        np.testing.assert_array_equal(orbits[0][i], orbits[1][0])


def test_nothing_that_is_passed_is_written_to():
    states = sample_attractor(3, rng=0)
    kept = states.copy()
    for call in (simulate, lorenz_field().simulate):
        call(states, 0.1, 5)
        call(states[:1], 0.1, 5)
        np.testing.assert_array_equal(states, kept)


@pytest.mark.parametrize("code", ["numba", "NumPy"])
def test_polynomials_of_any_dimension_are_advanced_as_by_scipy(code, monkeypatch):
    if code == "NumPy":
        monkeypatch.setattr("lorenz_utils.integration.compiled", lambda: None)
    else:
        assert compiled() is not None
    rng = np.random.default_rng(0)
    library = polynomial_library(3, include_bias=True).fit(np.zeros((1, 4)))
    field = PolynomialField(0.3 * rng.normal(size=(4, library.n_output_features_)), library.powers_)
    state = rng.normal(size=4) / 2

    def velocity(_, s):
        return field.coef @ library.transform(s[None])[0]

    exact = solve_ivp(velocity, (0, 0.5), state, "DOP853", rtol=1e-13, atol=1e-13).y[:, -1]
    np.testing.assert_allclose(field.flow(state[None], 0.5, 20)[0], exact, atol=1e-11)


@pytest.mark.parametrize("code", ["numba", "NumPy"])
def test_what_no_number_of_steps_reaches_is_refused(code, monkeypatch):
    if code == "NumPy":
        monkeypatch.setattr("lorenz_utils.system.compiled", lambda: None)
        monkeypatch.setattr("lorenz_utils.integration.compiled", lambda: None)
    for state, dt in (([1e200, 1, 1], 0.1), ([1e15, 1, 1], 0.1), ([1, 1, 1], 1e30)):
        with pytest.raises(OverflowError, match="initial_state is too far away, or dt too long"):
            flow_map(state, dt)
    explosive = PolynomialField([[0.0, 1.0], [1.0, 0.0]], [[3, 0], [0, 3]])
    orbit = explosive.simulate(np.array([[1e160, 1e160], [0.1, 0.1]]), 0.1, 4)
    assert np.isnan(orbit[0, 1:]).all() and np.isfinite(orbit[1]).all()


def test_states_of_any_layout_and_type():
    states = sample_attractor(4, rng=0)
    locked = states.copy()
    locked.flags.writeable = False
    expected = simulate(states, 0.1, 5)
    for same in (locked, np.asfortranarray(states), np.repeat(states, 2, axis=0)[::2]):
        np.testing.assert_array_equal(simulate(same, 0.1, 5), expected)
    assert flow_map(states, 0.1).flags.c_contiguous
    integers = np.array([[1, 2, 20]])
    np.testing.assert_array_equal(simulate(integers, 0.1, 5), simulate(integers * 1.0, 0.1, 5))
    field = lorenz_field()
    assert field(np.empty((0, 3))).shape == (0, 3)
    assert field.jacobian(np.empty((0, 3))).shape == (0, 3, 3)
    assert field.simulate(np.empty((0, 3)), 0.1, 4).shape == (0, 4, 3)


def test_a_field_may_return_the_same_array_again():
    buffer = np.empty(2)

    def oscillator(state):
        buffer[:] = state[1], -state[0]
        return buffer

    np.testing.assert_allclose(integrate(oscillator, np.array([0.0, 1.0]), 1.0, 5)[0], np.sin(1.0))


def test_integrate_converges_with_order_8():
    # dx/dt = -2 t x with t as a coordinate: x(1) = exp(-1).
    def field(state):
        return np.array([np.ones_like(state[0]), -2 * state[0] * state[1]])

    n_steps = np.array([2, 3, 4, 5, 6])
    error = [abs(integrate(field, np.array([0.0, 1.0]), 1.0, n)[1] - np.exp(-1)) for n in n_steps]
    order = -np.polyfit(np.log(n_steps), np.log(error), 1)[0]
    assert 7.5 < order < 9.5


@pytest.mark.parametrize("code", ["compiled", "numpy"])
def test_states_of_another_system_are_refused(code, monkeypatch):
    if code == "numpy":
        monkeypatch.setattr("lorenz_utils.integration.compiled", lambda: None)
    field = lorenz_field()
    for shape in ((200, 2), (200, 4)):
        with pytest.raises(ValueError, match=r"state must have shape \(3, n\).*got \([24], 200\)"):
            field.flow(np.ones(shape), 0.1, 3)
    with pytest.raises(ValueError, match=r"state must have shape \(12, n\).*got \(3, 200\)"):
        field.flow_with_tangent(np.ones((3, 200)), 0.1, 3)
    with pytest.raises(ValueError, match="n_steps must be at least 1, got 0"):
        field.flow(np.ones((5, 3)), 0.1, 0)


@pytest.mark.parametrize("code", ["compiled", "numpy"])
def test_an_orbit_that_goes_to_infinity_is_the_same_nan_everywhere(code, monkeypatch):
    if code == "numpy":
        monkeypatch.setattr("lorenz_utils.system.compiled", lambda: None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        orbits = simulate(np.ones((2, 3)), 1.0, 20, parameters=LorenzParameters(10, 28, -60))
    lost = ~np.isfinite(orbits)
    assert lost.any() and set(orbits[lost].tobytes()) == set(np.array([np.nan]).tobytes())
