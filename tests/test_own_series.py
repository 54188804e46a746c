"""Series as people have them: what is right is found, what is wrong is heard, by all three."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from lorenz_utils.checks import ModelWarning
from lorenz_utils.identification import (
    FlowMapRegressor,
    MultipleShootingRegressor,
    WeakFormRegressor,
    doubt,
)
from lorenz_utils.identification.doubt import foretold, most_noise, noise_of
from lorenz_utils.identification.sampling import Samples
from lorenz_utils.regression import coefficient_error
from lorenz_utils.system import make_ensemble

PAGE = Path(__file__).parents[1] / "book" / "appendix" / "your_own_series.py"
REGRESSORS = [WeakFormRegressor, FlowMapRegressor, MultipleShootingRegressor]
STRUCTURE = "are no noise"
DT = 0.05
T = DT * np.arange(400)


@pytest.fixture(scope="module")
def series():
    return make_ensemble(1, 400, DT, rng=0)[0]


@pytest.fixture(scope="module")
def ensemble():
    return make_ensemble(5, 200, DT, rng=1)


def solved(field, start, dt, length):
    """An orbit by SciPy's own integrator, (length, d)."""
    t = dt * np.arange(length)
    return solve_ivp(field, (0, t[-1]), start, t_eval=t, rtol=1e-10, atol=1e-12).y.T


def heard(regressor, series, dt, **options):
    """A fitted model and the text of its warnings that it is wrong."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = regressor.fit(series, dt, **options)
    return model, " ".join(str(w.message) for w in caught if w.category is ModelWarning)


class Frame:
    """What a DataFrame is to NumPy: an array with columns."""

    def __init__(self, values, columns):
        self.values, self.columns, self.ndim = values, columns, 2

    def __array__(self, dtype=None, copy=None):
        return self.values

    def __len__(self):
        return len(self.values)


# What people have


def with_gaps(x):
    x = x.copy()
    x[100], x[250:255, 1] = np.nan, np.nan
    return x


def masked(x):
    x = np.ma.masked_array(x.copy())
    x[100], x[300, 2] = -9999, -9999
    x[100], x[300, 2] = np.ma.masked, np.ma.masked
    return x


@pytest.mark.parametrize("regressor", REGRESSORS)
@pytest.mark.parametrize(
    "given",
    [
        lambda x, e: ([e[0], e[1][:150], e[2][:90]], DT),
        lambda x, e: ([e[0], e[1][:150]], [T[:200], 7 + T[:150]]),
        lambda x, e: (with_gaps(x), DT),
        lambda x, e: (masked(x), DT),
        lambda x, e: (x, 3 + T),
        lambda x, e: (x.astype(np.float32), DT),
        lambda x, e: (x.astype(">f8")[:, :], np.float32(DT)),
        lambda x, e: (Frame(x, list("xyz")), T),
    ],
    ids=["lengths", "lengths and times", "NaN", "mask", "times", "float32", "endian", "frame"],
)
def test_series_as_people_have_them_give_the_equations(series, ensemble, regressor, given):
    model, said = heard(regressor(), *given(series, ensemble))
    assert coefficient_error(model.coef_) < 1e-4  # the weak form resolves the signal so far
    assert not said


@pytest.mark.parametrize("regressor", [FlowMapRegressor, MultipleShootingRegressor])
def test_unequal_times_are_used_as_they_are(series, regressor):
    # Dropped rows with the times of the others: steps of one, two, three dt.
    kept = np.random.default_rng(0).random(len(series)) > 0.1
    model, said = heard(regressor(), series[kept], T[kept])
    assert coefficient_error(model.coef_) < 1e-7 and not said


@pytest.mark.parametrize("regressor", REGRESSORS)
def test_nothing_is_said_of_a_long_gap_of_time(series, ensemble, regressor):
    # Two series one after the other, years apart: no step leads from one to the other.
    joined = np.concatenate([ensemble[0], ensemble[1]])
    model, _ = heard(regressor(), joined, np.r_[T[:200], 1e4 + T[:200]])
    assert coefficient_error(model.coef_) < 1e-4


def test_gaps_and_lists_leave_their_places_in_what_is_fitted(series, ensemble):
    lengths = [200, 150, 90]
    parts = [a[:n] for a, n in zip(ensemble, lengths, strict=False)]
    model = MultipleShootingRegressor().fit(parts, DT)
    for states, part in zip(model.states_, parts, strict=True):
        np.testing.assert_allclose(states, part, atol=1e-5)
    for end, part in zip(model.predict(parts, DT), parts, strict=True):
        np.testing.assert_allclose(end, part[1:], atol=1e-5)
    ends = model.predict(with_gaps(series), DT)
    gaps = np.flatnonzero(np.isnan(ends).any(axis=1))
    assert gaps.tolist() == [99, 100, 249, 250, 251, 252, 253, 254]


def duffing(t, s):
    return [s[1], -0.3 * s[1] + s[0] - s[0] ** 3 + 0.5 * np.cos(1.2 * t)]


@pytest.mark.parametrize("regressor", [FlowMapRegressor, MultipleShootingRegressor])
def test_known_inputs_are_used_and_not_modelled(regressor):
    t, names = 0.1 * np.arange(400), ["x", "v", "force"]
    data = np.column_stack([solved(duffing, [0.1, 0.1], 0.1, 400), np.cos(1.2 * t)])
    model, said = heard(regressor(3), data, 0.1, n_inputs=1, feature_names=names)
    assert not said and model.coef_.shape == (2, 19)
    found = dict(zip(model._names, model.coef_[1], strict=True))
    expected = {"x": 1, "v": -0.3, "force": 0.5, "x^3": -1}
    assert {k for k, v in found.items() if v} == set(expected)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-5)
    orbit = model.simulate(data[0, :2], 0.1, 100, inputs=data[:100, 2:])
    np.testing.assert_allclose(orbit, data[:100, :2], atol=1e-3)
    assert model.score(data, 0.1) > 1 - 1e-8
    with pytest.raises(TypeError, match="inputs must hold real numbers"):
        model.simulate(data[0, :2], 0.1, 100)
    # Without its phase the same system is no autonomous one, and that is heard.
    assert STRUCTURE in heard(FlowMapRegressor(3), data[:, :2], 0.1)[1]


def test_inputs_at_unequal_times_and_over_gaps():
    t = 0.1 * np.arange(400) + np.random.default_rng(0).uniform(0, 0.05, 400)
    s = solve_ivp(duffing, (0, 40), [0.1, 0.1], t_eval=t, rtol=1e-10, atol=1e-12).y.T
    data = np.column_stack([s, np.cos(1.2 * t)])
    data[200:203] = np.nan
    model = FlowMapRegressor(3).fit(data, t, n_inputs=1)
    assert {*model._names[model.coef_[1] != 0]} == {"x0", "x1", "x2", "x0^3"}


@pytest.mark.parametrize("quantum", [1.0, 0.5])
def test_a_sensor_that_rounds_may_show_a_value_twice(quantum):
    rounded = quantum * (make_ensemble(1, 2000, 0.01, rng=0)[0] / quantum).round()
    assert (np.diff(rounded, axis=0) == 0).all(axis=1).any()
    model, said = heard(WeakFormRegressor(), rounded, 0.01)
    assert coefficient_error(model.coef_) < 0.5 and not said


@pytest.mark.parametrize("regressor", REGRESSORS)
def test_integers_are_numbers(series, regressor):
    counts = (1000 * series).round().astype(int)
    units = regressor().fit(counts / 1000, DT).coef_
    coef = regressor().fit(counts, DT).coef_
    np.testing.assert_allclose(coef[:, :3], units[:, :3], rtol=1e-5)


# What is refused, before any work


@pytest.mark.parametrize("regressor", REGRESSORS)
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda x, e: x.T, ValueError, "transpose?"),
        (lambda x, e: e.transpose(0, 2, 1), ValueError, "transpose?"),
        (lambda x, e: e.transpose(1, 0, 2), ValueError, "transpose?"),
        (lambda x, e: x[:, None], ValueError, "transpose?"),
        (lambda x, e: x[:, 0], ValueError, "series must have shape"),
        (lambda x, e: [x[:, 0], x[:90, 0]], ValueError, "rows of one length"),
        (lambda x, e: [x, x[:, :2]], ValueError, r"with one d, got \(400, 3\), \(400, 2\)"),
        (lambda x, e: [], ValueError, "series must have shape"),
        (lambda x, e: x + 0j, TypeError, "real numbers, got dtype complex128"),
        (lambda x, e: x.astype(object), TypeError, "real numbers, got dtype object"),
        (lambda x, e: np.where(x > 15, np.inf, x), ValueError, "must be finite"),
        (lambda x, e: np.c_[x, 0 * T], ValueError, "a constant one: x3"),
        (lambda x, e: np.c_[x[:, :2], x[:, 0] + x[:, 1]], ValueError, "linearly independent"),
        (lambda x, e: x[:2], ValueError, r"series must"),
        (lambda x, e: np.where(T[:, None] % 0.1 < 0.04, x, np.nan), ValueError, "sample pairs"),
    ],
)
def test_other_series_are_refused_by_name(series, ensemble, regressor, change, error, message):
    with pytest.raises(error, match=message.replace("?", r"\?")):
        regressor().fit(change(series, ensemble), DT)


@pytest.mark.parametrize(
    ("times", "error", "message"),
    [
        (T[:30], ValueError, r"a time for each of \[400\] samples, got \(30,\)"),
        (T[::-1], ValueError, "dt must be increasing times"),
        (np.r_[T[:200], T[199:399]], ValueError, "dt must be increasing times"),
        (np.r_[np.nan, T[1:]], ValueError, "dt must be finite"),
        (np.datetime64("2020-01-01") + np.arange(400), TypeError, "dt must hold real numbers"),
    ],
)
def test_other_times_are_refused_by_name(series, times, error, message):
    with pytest.raises(error, match=message):
        FlowMapRegressor().fit(series, times)


def test_names_and_inputs_must_fit_the_columns(series):
    for options in ({"n_inputs": 3}, {"feature_names": ["x"]}):
        with pytest.raises(ValueError, match="n_inputs must leave a coordinate and feature_names"):
            FlowMapRegressor().fit(series, DT, **options)


@pytest.mark.parametrize("regressor", REGRESSORS)
def test_an_unfitted_model_says_so(series, regressor):
    model = regressor()
    for use in (
        lambda: model.predict(series, DT),
        lambda: model.score(series, DT),
        lambda: model.equations(),
        lambda: model.simulate(series[0], DT, 5),
        lambda: model.field_,
        lambda: model.parameters_,
    ):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            use()


# What a fit says of itself


def van_der_pol(t, s):
    return [s[1], 2 * (1 - s[0] ** 2) * s[1] - s[0]]


def michaelis_menten(t, s):
    return [0.6 - 1.5 * s[0] / (0.3 + s[0]) + 0.5 * s[1], 0.8 * s[0] / (1 + s[0]) - s[1]]


def iterated(step, start, length):
    states = [np.asarray(start, dtype=float)]
    for _ in range(length - 1):
        states.append(np.asarray(step(states[-1])))
    return np.array(states)


WRONG = {
    "degree": lambda: (solved(van_der_pol, [1.0, 1.0], 0.05, 500), 0.05, {}),
    "coarse degree": lambda: (solved(van_der_pol, [1.0, 1.0], 0.3, 300), 0.3, {}),
    "hidden variables": lambda: (make_ensemble(1, 600, 0.02, rng=0)[0][:, :1], 0.02, {}),
    "hidden variable": lambda: (make_ensemble(1, 600, 0.02, rng=0)[0][:, :2], 0.02, {}),
    "rational": lambda: (
        np.stack([solved(michaelis_menten, [a, 1.0], 0.1, 60) for a in (0.1, 1.0, 4.0)]),
        0.1,
        {"include_bias": True},
    ),
    "logistic map": lambda: (iterated(lambda x: 3.7 * x * (1 - x), [0.3], 300), 1.0, {}),
    "Henon map": lambda: (
        iterated(lambda s: (1 - 1.4 * s[0] ** 2 + s[1], 0.3 * s[0]), [0.1, 0.1], 300),
        1.0,
        {"include_bias": True},
    ),
    "fixed point off 0": lambda: (
        np.c_[1 + np.exp(-3 * T), 2 - np.exp(-2 * T)],
        DT,
        {},
    ),
    "one value without meaning": lambda: (
        np.where(np.arange(400)[:, None] == 100, -9999.0, make_ensemble(1, 400, DT, rng=0)[0]),
        DT,
        {},
    ),
}


@pytest.mark.parametrize("regressor", [WeakFormRegressor, FlowMapRegressor])
@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_model_is_never_silent(regressor, case):
    data, dt, options = WRONG[case]()
    try:
        model, said = heard(regressor(**options), data, dt)
    except ValueError as error:  # windows of the weak form are longer than the shortest series
        assert regressor is WeakFormRegressor and "give longer series or a smaller" in str(error)
        return
    assert said
    assert model.residual_.shape == model.noise_std_.shape == (data.shape[-1],)


@pytest.mark.parametrize("case", ["hidden variables", "rational", "fixed point off 0"])
def test_a_wrong_model_of_multiple_shooting_is_never_silent(case):
    data, dt, options = WRONG[case]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        assert heard(MultipleShootingRegressor(**options), data, dt)[1]


@pytest.mark.parametrize("regressor", [WeakFormRegressor, FlowMapRegressor])
def test_seams_and_lost_rows_are_placed(ensemble, regressor):
    _, said = heard(regressor(), ensemble.reshape(-1, 3), DT)
    assert "4 steps miss by far more than others, the first from series 0, sample 199" in said
    _, said = heard(regressor(), np.delete(ensemble[0], [60, 120], axis=0), DT)
    assert "steps miss by far more than others, the first from series 0, sample 59" in said


@pytest.mark.parametrize(
    ("regressor", "dt", "length"),
    [
        (WeakFormRegressor, 0.02, 1000),
        (FlowMapRegressor, 0.1, 150),
        (MultipleShootingRegressor, 0.1, 150),
    ],
)
@pytest.mark.parametrize("level", [0.0, 0.01, 0.2])
def test_noise_is_no_reason_to_doubt(regressor, dt, length, level):
    data = make_ensemble(1, length, dt, rng=7)[0]
    data = data + level * data.std(0) * np.random.default_rng(0).normal(size=data.shape)
    model, said = heard(regressor(), data, dt)
    assert not said
    if level:
        np.testing.assert_allclose(model.noise_std_, level * data.std(0), rtol=0.3)


def test_an_equation_without_a_term_is_named():
    rng = np.random.default_rng(0)
    data = np.c_[solved(lambda t, s: [s[1], -s[0]], [1.0, 0.0], 0.05, 400), rng.normal(size=400)]
    _, said = heard(WeakFormRegressor(1), data, 0.05, feature_names=["x", "v", "noise"])
    assert "no term was kept in the equation of noise" in said


def test_rows_out_of_order_are_no_series(series):
    shuffled = np.random.default_rng(0).permutation(series[:100])
    assert "this is no model of the series" in heard(FlowMapRegressor(1), shuffled, DT)[1]


def test_a_stiff_system_is_simulated_or_heard():
    model = FlowMapRegressor(1)
    model.coef_, model.powers_ = np.diag([-1000.0, -0.5]), np.eye(2, dtype=int)
    orbit = model.simulate([1.0, 1.0], 1.0, 4)
    np.testing.assert_allclose(orbit[:, 1], np.exp(-0.5 * np.arange(4)), rtol=1e-12)
    np.testing.assert_allclose(orbit[1:, 0], 0, atol=1e-12)
    model.coef_[0, 0] = -1e6
    with pytest.warns(ModelWarning, match="too stiff, or an escape; try a smaller dt"):
        assert np.isnan(model.simulate([1.0, 1.0], 1.0, 4)[1:]).all()


def test_what_decays_within_a_step_is_refused():
    k = np.arange(20)
    data = np.c_[np.exp(-0.5 * k) + (k == 0), np.exp(-0.5 * k) - 0.5 * (k == 0)]
    with pytest.raises(ValueError, match="none was found within 200 integrator steps"):
        FlowMapRegressor(1).fit(data, 1.0)
    with pytest.warns(ConvergenceWarning, match="a smaller dt"):
        MultipleShootingRegressor(1).fit(data, 1.0)


# Its parts


def test_noise_of_a_linear_map_is_found_from_one_step_errors():
    # Of x' = 2 x, y' = -0.5 y + x, seen with noise: errors have variance s^2 (1 + slope^2).
    rng, slope = np.random.default_rng(0), np.array([[2.0, 0.0], [1.0, -0.5]])
    noise = np.array([0.1, 0.7])
    seen = noise * rng.normal(size=(20_001, 2))
    errors = seen[1:] - seen[:-1] @ slope.T
    found, shares = noise_of(errors, np.broadcast_to(slope, (20_000, 2, 2)))
    np.testing.assert_allclose(found, noise, rtol=0.02)
    np.testing.assert_allclose(shares.std(0), noise, rtol=0.02)


def test_most_noise_is_that_of_white_noise_and_none_of_a_smooth_series():
    t, rng = 0.01 * np.arange(5000)[:, None], np.random.default_rng(0)
    data = np.hstack([np.sin(t), np.sin(t) + 0.3 * rng.normal(size=t.shape)])
    bound = most_noise(data[None])
    assert bound[0] < 1e-10 and bound[1] == pytest.approx(0.3, rel=0.05)


def test_noise_cannot_be_foretold_and_a_function_of_the_state_can():
    # Noise of samples is in the next error and in the state itself, which is on a thin curve.
    rng, t = np.random.default_rng(0), 0.1 * np.arange(2001)
    noise = 0.1 * rng.normal(size=(1, 2001, 2))
    circle = np.stack([np.cos(t), np.sin(t)], axis=1)[None]
    errors, before = noise[:, 1:] - noise[:, :-1], (circle + noise)[:, :-1]
    assert foretold(errors, before).max() < 0.03
    wrong = errors + 0.1 * circle[:, :-1] ** 3
    # The mean square of cos^3 is 5 / 16, that of the errors of the noise 2.
    np.testing.assert_allclose(foretold(wrong, before), 0.3125 / 2.3125, atol=0.04)


@pytest.mark.parametrize("level", [0.01, 0.1])
def test_a_noisy_cycle_is_no_reason_to_doubt(level):
    t = np.arange(0, 20, 0.05)
    data = np.stack([np.cos(t), -np.sin(t)], axis=1)
    data = data + level * np.random.default_rng(0).normal(size=data.shape)
    assert not heard(MultipleShootingRegressor(1), data, 0.05)[1]


def test_units_of_time_of_each_series_and_its_gaps():
    data = np.arange(12.0).reshape(1, 6, 2)
    data[0, 2] = np.nan
    samples = Samples(data, np.array([[0.0, 1, 2, 3, 4, 40]]), None, 1)
    assert samples.linked.tolist() == [[True, False, False, True, False]]
    assert samples.before.ravel().tolist() == [0.0, 6.0]
    assert samples.steps(np.eye(2)).inputs[:, :2].tolist() == [[1.0, 2.0], [7.0, 2.0]]


# What comes of a fit


def test_the_score_is_one_for_the_truth_and_none_for_standing_still(series, ensemble):
    model = FlowMapRegressor().fit(series, DT)
    assert model.score(ensemble, DT) > 1 - 1e-10
    model.coef_ = np.zeros((3, 9))
    assert model.score(ensemble, DT) == pytest.approx(0.0, abs=1e-12)
    model.coef_ = np.eye(3, 9, k=3) * 100
    assert model.score(ensemble, DT) == -np.inf
    with pytest.raises(ValueError, match="series must have columns x0, x1, x2, got 2 columns"):
        model.score(series[:, :2], DT)


def test_equations_have_the_users_names_and_standard_errors(series):
    frame = Frame(series, ["x", "y_1", "temp"])
    model = FlowMapRegressor().fit(frame, DT)
    model.standard_errors_[:] = 0.0123
    first, _, third = model.equations().splitlines()
    assert first == "dx/dt = (-10 ± 0.012) x + (10 ± 0.012) y_1"
    assert third == "dtemp/dt = (-2.66667 ± 0.012) temp + (1 ± 0.012) x y_1"
    model.standard_errors_[:] = 2e-9
    assert model.equations(latex=True).splitlines()[1] == (
        r"\dot{y_{1}} = (28 \pm 2 \times 10^{-9}) x + (-1 \pm 2 \times 10^{-9}) y_{1} + "
        r"(-1 \pm 2 \times 10^{-9}) x \mathrm{temp} \\"
    )
    weak = WeakFormRegressor().fit(frame, DT).equations()
    assert "±" not in weak and weak.startswith("dx/dt = -10 x + 10 y_1")


def test_the_page_explains_each_message():
    told = re.findall(
        r"(?m)^# \| `([^`|]+)` \| ", PAGE.read_text().partition("tab-own-messages\n")[2]
    )
    code = [path.read_text() for path in (PAGE.parents[2] / "lorenz_utils").rglob("*.py")]
    joined = re.sub(r'"\s+f?"', "", "\n".join(code))  # a message may be several literals
    assert len(told) > 10 and not [words for words in told if words not in joined]
    messages = (doubt.ESCAPES, doubt.EMPTY, doubt.JUMPS, doubt.STRUCTURE, doubt.STRANGE)
    for message in messages:
        assert any(words in message for words in told), message
