import subprocess
import sys
import warnings

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from experiments.parametric_probe import parametric_probe
from lorenz_utils import metrics
from lorenz_utils.checks import ModelWarning
from lorenz_utils.integration import integrate
from lorenz_utils.surrogates import phase_randomised, shuffled, with_noise
from lorenz_utils.system import LorenzParameters, make_ensemble, simulate, vector_field

DT = 0.1
REAL = make_ensemble(40, 500, DT, rng=0)
HELD_OUT = make_ensemble(40, 500, DT, rng=1)
MIRROR = np.array([-1.0, -1.0, 1.0])
FIXED_POINT = np.array([np.sqrt(72), np.sqrt(72), 27.0])


def constant(state, n_series=5, length=200):
    return np.broadcast_to(np.asarray(state, dtype=float), (n_series, length, 3))


# --- flow residual


def test_flow_residual_vanishes_on_scipys_solution_and_the_fixed_point():
    times = DT * np.arange(100)
    solution = solve_ivp(
        lambda _, s: vector_field(s), (0, 10), [1, 2, 20], "DOP853", times, rtol=1e-12, atol=1e-12
    )
    assert metrics.flow_residual(REAL, solution.y.T[None], DT).max() < 1e-6
    assert metrics.flow_residual(REAL, constant(FIXED_POINT), DT).max() < 1e-6


def test_flow_residual_is_the_displacement_in_standard_deviations():
    series = REAL[:5].copy()
    # From the last sample nothing starts: only the last residual changes.
    series[:, -1] += 0.3 * REAL.std((0, 1)) * [1, -2, 2]
    residual = metrics.flow_residual(REAL, series, DT)
    assert residual.shape == (5, 499)
    np.testing.assert_allclose(residual[:, -1], 0.3 * 3 / np.sqrt(3), rtol=1e-6)
    assert residual[:, :-1].max() < 1e-6


def test_flow_residual_knows_the_symmetry():
    fake = phase_randomised(REAL[:5], rng=0)
    np.testing.assert_allclose(
        metrics.flow_residual(REAL, MIRROR * fake, DT), metrics.flow_residual(REAL, fake, DT)
    )


def test_flow_residual_is_finite_near_and_infinite_far_away():
    series = REAL[:3, :50].copy()
    series[0, 10], series[1, 10] = 150.0, 1e6
    residual = metrics.flow_residual(REAL, series, DT)
    assert np.isfinite(residual[[0, 2]]).all()
    assert residual[1, 10] == np.inf
    assert np.isinf(residual).sum() == 1


# --- distributions and spectra


def test_attractor_divergence_of_two_clusters():
    # KL((1/2, 1/2), (3/4, 1/4)) = log(2 / sqrt(3)).
    points = np.repeat([[0.0, 0, 0], [1.0, 1, 1]], 400, axis=0)
    real = points[None]
    fake = np.repeat([[0.0, 0, 0], [1.0, 1, 1]], [600, 200], axis=0)[None]
    assert metrics.attractor_divergence(real, fake) == pytest.approx(
        np.log(2 / np.sqrt(3)), abs=1e-2
    )
    assert metrics.attractor_divergence(real, real) == 0


def test_attractor_divergence_ignores_order_and_sees_place():
    same = metrics.attractor_divergence(REAL, HELD_OUT)
    assert metrics.attractor_divergence(REAL, shuffled(HELD_OUT, rng=0)) == pytest.approx(same)
    assert same < 0.3
    # Nothing where it should be: nearly log(counts / 1e-5) of some 20 000 points.
    assert metrics.attractor_divergence(REAL, HELD_OUT + 1000) > 10
    # Half the points outside, the rest as the real ones: log 2 more.
    half = np.concatenate([REAL, REAL + 1000])
    assert metrics.attractor_divergence(REAL, half) == pytest.approx(np.log(2), abs=0.02)


def test_attractor_divergence_floor_falls_with_the_number_of_points():
    floor = [metrics.attractor_divergence(REAL[:n], HELD_OUT[:n]) for n in (5, 20, 40)]
    assert floor[0] > 2 * floor[1] > 2 * floor[2]


def test_spectral_distance_knows_power_and_not_phase():
    assert metrics.spectral_distance(REAL, phase_randomised(REAL, rng=0)) < 1e-6
    assert metrics.spectral_distance(REAL, 3 * REAL + 1) < 1e-6
    time = np.arange(200)[None, :, None] * np.ones(3)
    slow, fast = np.cos(2 * np.pi * 5 * time / 200), np.cos(2 * np.pi * 50 * time / 200)
    assert metrics.spectral_distance(slow, fast) == pytest.approx(1, abs=1e-6)
    # Spectra (1, 0) and (1/2, 1/2): H = sqrt(1 - sqrt(1/2)).
    half = metrics.spectral_distance(slow, slow + fast)
    assert half == pytest.approx(np.sqrt(1 - np.sqrt(0.5)), abs=1e-6)
    assert metrics.spectral_distance(REAL[:, :200], constant([0.1, 0.2, 0.3])) == 1


def test_spectral_distance_needs_equal_lengths():
    with pytest.raises(ValueError, match=r"generated must have shape \(n_series, 500, 3\)"):
        metrics.spectral_distance(REAL, REAL[:, :400])


def test_diversity_is_0_after_collapse_and_1_for_independent_series():
    assert metrics.diversity(np.repeat(REAL[:1], 10, axis=0)) < 1e-12
    assert metrics.diversity(constant([0.1, 0.2, 0.3])) == 0
    noise = np.random.default_rng(0).normal(size=(50, 500, 3))
    # A standard deviation of 50 draws is low by 1 / (4 * 49) on average.
    assert metrics.diversity(noise) == pytest.approx(1 - 1 / 196, abs=0.005)
    assert metrics.diversity(REAL) > 0.95
    collapsed = 0.995 * REAL[:1] + 0.1 * REAL  # correlation .99: std ratio about 0.1
    assert metrics.diversity(collapsed) == pytest.approx(0.1, abs=0.03)


# --- moments and parameters


def test_moment_identities_hold_on_the_attractor_and_at_the_symmetric_fixed_points():
    both = np.concatenate([constant(FIXED_POINT), constant(MIRROR * FIXED_POINT)])
    for residual in metrics.moment_residuals(both).values():
        assert abs(residual) < 1e-12
    ensemble = np.concatenate([REAL, MIRROR * REAL])
    residuals = metrics.moment_residuals(ensemble)
    assert len(residuals) == 5
    # Boundary terms of 40 series of 50 time units: a few parts in a thousand.
    assert max(map(abs, residuals.values())) < 0.01


def test_moment_residuals_are_relative():
    residuals = metrics.moment_residuals(np.concatenate([REAL, MIRROR * REAL]) * [1.1, 1, 1])
    # <x^2> grows by 1.21 and <xy> by 1.1.
    assert residuals["<x²> = <xy>"] == pytest.approx(0.1, abs=0.01)
    assert residuals["<xy> = β<z>"] == pytest.approx(0.1, abs=0.01)
    assert metrics.moment_residuals(constant([0, 0, 0]))["<xy> = β<z>"] == np.inf


@pytest.mark.parametrize("truth", [(10, 28, 8 / 3), (14, 35, 2)])
def test_parametric_probe_recovers_the_parameters(truth):
    ensemble = simulate(REAL[:4, 0], DT, 200, parameters=LorenzParameters(*truth))
    probe = parametric_probe(ensemble, DT)
    np.testing.assert_allclose([probe.sigma, probe.rho, probe.beta], truth, rtol=1e-6)


@pytest.mark.parametrize("ensemble", [constant([0.1, 0.2, 0.3]), constant([0, 0, 0]), 1e5 * REAL])
def test_parametric_probe_gives_nan_where_nothing_is_determined(ensemble):
    probe = parametric_probe(ensemble, DT)
    assert np.isnan([probe.sigma, probe.rho, probe.beta]).all()


# --- compare


@pytest.fixture(scope="module")
def table():
    generated = with_noise(make_ensemble(10, 500, DT, rng=2), 0.2, rng=3)
    return metrics.compare(REAL[:20], generated, DT, rng=0, **metrics.LORENZ)


def test_compare_has_every_column_for_every_metric(table):
    columns = [
        "generated",
        "real",
        "phase-randomised",
        "AAFT",
        "shuffled",
        "1 % noise",
        "5 % noise",
    ]
    assert len(table) == 11
    for row in table.values():
        assert list(row) == columns
        assert all(isinstance(value, float) for value in row.values())


def test_controls_pass_exactly_the_metrics_that_cannot_see_them(table):
    # By construction: shuffling keeps the points, phase randomisation the spectrum.
    points, power = table["D_stsp"], table["D_H"]
    assert points["shuffled"] == pytest.approx(points["real"])
    assert power["phase-randomised"] == pytest.approx(power["real"])
    assert power["shuffled"] > 3 * power["real"]
    assert points["phase-randomised"] > 3 * points["real"]
    residual = table["flow residual, rms"]
    assert residual["real"] < 1e-6
    for control in ("phase-randomised", "AAFT", "shuffled"):
        assert residual[control] > 0.5
    assert residual["1 % noise"] < residual["5 % noise"] < residual["generated"]
    # Unrelated points differ by sqrt(2) standard deviations.
    assert residual["shuffled"] == pytest.approx(np.sqrt(2), rel=0.03)


def test_noise_residual_is_the_noise_through_the_tangent_map(table):
    # E e^2 = level^2 (1 + mean |S^-1 D Phi S|_F^2 / 3), by finite differences of the flow.
    states, h = REAL[:, ::10].reshape(-1, 3), 1e-4
    scale = REAL.std((0, 1))
    squares = 0
    for unit in np.eye(3):
        ends = [simulate(states + k * h * unit * scale, DT, 2)[:, 1] for k in (-1, 1)]
        squares += (((ends[1] - ends[0]) / (2 * h * scale)) ** 2).sum(-1).mean()
    expected = 0.01 * np.sqrt(1 + squares / 3)
    assert table["flow residual, rms"]["1 % noise"] == pytest.approx(expected, rel=0.05)


def test_compare_finds_exponent_and_parameters_of_real_data(table):
    assert table["largest exponent, full state"]["real"] == pytest.approx(0.9056, abs=0.1)
    assert table["largest exponent, full state"]["phase-randomised"] > 1.5


def test_compare_finds_the_contraction_of_real_data(table):
    assert table["third exponent, full state"]["real"] == pytest.approx(-14.57, rel=0.05)
    assert table["Kaplan-Yorke dimension"]["real"] == pytest.approx(2.062, abs=0.02)


def test_a_classifier_tells_what_differs_and_nothing_else():
    same = metrics.classifier_accuracy(REAL, HELD_OUT)
    assert abs(same.value - 0.5) < 4 * same.standard_error + 0.01
    noisy = with_noise(HELD_OUT, 0.1, rng=0)
    assert metrics.classifier_accuracy(REAL, noisy).value > 0.9
    mixed = shuffled(HELD_OUT, rng=0)
    assert metrics.classifier_accuracy(REAL, mixed).value > 0.99


@pytest.mark.parametrize(
    ("generated", "options", "message"),
    [
        (HELD_OUT[:10], {}, r"generated must have shape \(40, length, 3\), .* got \(10, 500, 3\)"),
        (HELD_OUT, {"window": 501}, "real must have shape .* n_series >= 4, length >= 501"),
        (HELD_OUT, {"window": 1}, "window must be at least 2"),
    ],
)
def test_bad_input_of_the_classifier(generated, options, message):
    with pytest.raises(ValueError, match=message):
        metrics.classifier_accuracy(REAL, generated, **options)


def test_compare_gives_constants_no_plausible_number():
    constants = constant([5, 5, 20], 2, 150)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = metrics.compare(REAL[:4, :150], constants, DT, rng=0, **metrics.LORENZ)
    generated = {metric: row["generated"] for metric, row in table.items()}
    assert generated["D_H"] == 1
    assert generated["diversity"] == 0
    assert generated["D_stsp"] > 10
    assert generated["largest moment residual"] == np.inf
    for metric in generated:
        if "exponent" in metric:
            assert not np.isfinite(generated[metric])


def test_measure_is_the_column_of_compare(table):
    column = metrics.measure(REAL[:10], REAL[10:20], DT, **metrics.LORENZ)
    short = metrics.measure(REAL[:10], REAL[10:20], DT, n_orbits=0, **metrics.LORENZ)
    assert len(column) - len(short) == 4 and not [metric for metric in short if "state" in metric]
    for metric, value in column.items():
        assert value == pytest.approx(table[metric]["real"], rel=1e-12), metric


# --- any system


def roessler_flow(states, dt):
    def field(s):
        return np.stack([-s[1] - s[2], s[0] + 0.2 * s[1], 0.2 + s[2] * (s[0] - 5.7)])

    return integrate(field, states.T, dt, max(1, round(dt / 0.05))).T


def roessler(n_series=8, length=200, dt=0.2):
    states = [
        roessler_flow(np.random.default_rng(0).uniform(-5, 5, (n_series, 3)) * [1, 1, 0], 100)
    ]
    for _ in range(length - 1):
        states.append(roessler_flow(states[-1], dt))
    return np.stack(states, 1)


def test_another_system_is_measured_by_its_own_laws_or_by_none():
    ensemble = roessler()
    with pytest.warns(ModelWarning, match="ensemble lies on a sheet so thin"):
        found = metrics.measure(ensemble, ensemble, 0.2)
    assert not [name for name in found if "residual" in name or "fitted" in name]
    assert found["D_stsp"] == 0 and found["D_H"] < 1e-6

    def identities(states):  # of the mean of dy/dt
        return {"<x> = -a <y>": states[..., 0].mean() + 0.2 * states[..., 1].mean()}

    known = {"flow": roessler_flow, "identities": identities, "n_orbits": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = metrics.measure(ensemble, ensemble, 0.2, **known)
    assert found["flow residual, 99 %"] < 1e-6
    # The boundary term of 80 time units, with y within 12.
    assert found["largest moment residual"] < 24 / 80
    column = metrics.measure(ensemble, shuffled(ensemble, rng=0), 0.2, **known)
    assert column["flow residual, median"] > 0.5


@pytest.mark.parametrize(
    ("real", "dt"),
    [
        (roessler(), 0.2),
        (REAL[:5], 1.0),
        (1000 * REAL[:5], DT),  # in other units
        (REAL.transpose(1, 0, 2)[:40], DT),
        (shuffled(REAL[:5], rng=0), DT),
    ],
)
def test_a_flow_that_is_not_that_of_the_data_is_heard(real, dt):
    with pytest.warns(ModelWarning, match="flow misses the steps of real by") as heard:
        metrics.flow_residual(real, real, dt)
    assert heard[0].filename == __file__


def test_noise_on_the_data_is_no_other_flow():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metrics.flow_residual(with_noise(REAL, 0.1, rng=0), HELD_OUT, DT)


@pytest.mark.parametrize("d", [1, 2, 4, 7])
def test_metrics_have_any_dimension(d):
    rng = np.random.default_rng(0)
    real, same, other = rng.normal(size=(3, 10, 200, d)) * 10.0 ** np.arange(d)
    other = 0.5 * other + 10.0 ** np.arange(d)
    near, far = (metrics.measure(real, fake, 1.0, n_orbits=0) for fake in (same, other))
    assert near["diversity"] == pytest.approx(1, abs=0.05)
    # Clouds a standard deviation apart in each coordinate.
    assert near["D_stsp"] < far["D_stsp"] / (1 if d == 7 else 1.5) and far["D_stsp"] > 0.5
    assert metrics.attractor_divergence(real, real[:, ::-1]) == pytest.approx(0, abs=1e-9)
    if d == 2:
        table = metrics.compare(real, same.tolist(), 1.0, rng=0)
        assert table["D_H"]["phase-randomised"] == pytest.approx(table["D_H"]["real"])
    assert abs(metrics.classifier_accuracy(real, same, window=3).value - 0.5) < 0.1


def test_the_divergence_sees_a_difference_of_any_pair_of_coordinates():
    # Equal distributions of each coordinate, another correlation: along principal axes it shows.
    rng = np.random.default_rng(0)
    real, same, other = rng.normal(size=(3, 20, 500, 5))
    for states, sign in ((real, 1), (same, 1), (other, -1)):
        states[..., 4] = sign * states[..., 0] + 0.1 * states[..., 4]
    divergence = metrics.attractor_divergence
    assert divergence(real, other) > divergence(real, same) + 1


@pytest.mark.parametrize(
    ("real", "generated", "dt", "message"),
    [
        (REAL, HELD_OUT[..., :2], DT, r"generated must have shape \(n_series, length, 3\), .*got"),
        (REAL[..., 0], HELD_OUT, DT, r"real must have shape \(n_series, length, d\)"),
        (REAL, HELD_OUT, 0, "dt must be positive"),
        (REAL, HELD_OUT[:, :200], DT, r"generated must have shape \(n_series, 500, 3\), got"),
        (REAL, HELD_OUT[:1], DT, "ensemble must have shape .* n_series >= 2"),
        (REAL, np.where(HELD_OUT > 40, np.inf, HELD_OUT), DT, "generated must be finite"),
        (REAL * [1, 1, 0], HELD_OUT, DT, "real must vary in every coordinate"),
        (
            REAL,
            HELD_OUT.transpose(1, 0, 2),
            DT,
            r"generated must have shape \(n_series, \d+, 3\), got",
        ),
    ],
)
def test_bad_input_of_measure(real, generated, dt, message):
    with pytest.raises(ValueError, match=message):
        metrics.measure(real, generated, dt)


def test_axes_in_another_order_are_heard():
    square = make_ensemble(100, 100, DT, rng=0)
    with pytest.warns(ModelWarning, match="ensemble jumps along axis 1.*transpose"):
        metrics.measure(square, square.transpose(1, 0, 2), DT, n_orbits=0)
    with pytest.warns(ModelWarning, match="real jumps along axis 1.*transpose"):
        metrics.measure(square.transpose(1, 0, 2), square, DT, n_orbits=0)


@pytest.mark.parametrize(
    ("real", "generated", "message"),
    [
        (REAL[:3], HELD_OUT[:3], "real must have shape .* n_series >= 4"),
        (REAL[:4], HELD_OUT[:1], "generated must have shape .* n_series >= 2"),
        (REAL[:4], HELD_OUT[:4, :50], "generated must have shape .* n_series >= 2, length >= 100"),
        (REAL[:4], HELD_OUT[:4, :200], r"generated must have shape \(n_series, \d+, 3\), got"),
        (REAL[:4], np.full((4, 500, 3), np.nan), "generated must be finite"),
        (REAL[:4], HELD_OUT[0], "generated must have shape"),
        (constant([1, 2, 3], 4), HELD_OUT[:4, :200], "real must vary"),
    ],
)
def test_bad_input_of_compare(real, generated, message):
    with pytest.raises(ValueError, match=message):
        metrics.compare(real, generated, DT, rng=0)


def test_imports_nothing_heavy():
    code = (
        "import sys, lorenz_utils.metrics; "
        "print({'torch', 'sklearn', 'matplotlib', 'nolds'} & set(sys.modules))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == "set()"
