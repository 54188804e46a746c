"""Regression: agreement with scikit-learn, exact constraints, known minima, bad input."""

import warnings
from itertools import islice

import numpy as np
import pytest
from scipy.linalg import null_space
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, LinearRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from experiments.deck_methods import (
    GalerkinRegressor,
    JayaPowellRegressor,
    JayaRegressor,
    LoessRegressor,
    energy_preserving,
    jaya,
)
from experiments.lasso_speed import ADMMLasso, ISTALasso
from experiments.solvers import soft_threshold
from lorenz_utils.derivatives import forward_difference
from lorenz_utils.regression import (
    STLSQ,
    LARSLasso,
    coefficient_error,
    polynomial_library,
    true_coefficients,
)
from lorenz_utils.system import LORENZ63, sample_attractor, simulate, vector_field

LASSOS = [
    ISTALasso(tol=1e-10, max_iter=400_000),
    ISTALasso(accelerated=True, tol=1e-10),
    ADMMLasso(tol=1e-10),
    LARSLasso(),
]
LINEAR = [*LASSOS[1:], STLSQ(), GalerkinRegressor(), JayaPowellRegressor(random_state=0)]
ALL = [*LINEAR, ISTALasso(), JayaRegressor(random_state=0, max_iter=5), LoessRegressor()]


# scikit-learn's checks fit tiny random data with few iterations: not converging is expected there.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    [
        ISTALasso(),
        ISTALasso(accelerated=True),
        ADMMLasso(),
        LARSLasso(),
        STLSQ(),
        GalerkinRegressor(),
        LoessRegressor(),
        JayaRegressor(),
        JayaPowellRegressor(),
    ]
)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def orbit():
    return simulate(sample_attractor(1, rng=0)[0], 0.05, 1000)


@pytest.fixture(scope="module")
def exact(orbit):
    """The library and the exact velocity."""
    return polynomial_library().fit_transform(orbit), vector_field(orbit)


@pytest.fixture(scope="module")
def differenced(orbit):
    """The library with columns of unit spread, and forward differences."""
    states, velocity = forward_difference(orbit, 0.05)
    library = polynomial_library().fit_transform(states)
    return library / library.std(axis=0), velocity


def lasso_objective(X, y, coef, alpha):
    """scikit-learn's, from its documentation, summed over the targets."""
    return np.sum((y - X @ coef.T) ** 2) / (2 * len(X)) + alpha * np.abs(coef).sum()


def test_library_and_truth_are_the_lorenz_equations(exact):
    library, velocity = exact
    np.testing.assert_allclose(library @ true_coefficients().T, velocity, rtol=1e-12, atol=1e-12)
    names = polynomial_library().fit(np.zeros((1, 3))).get_feature_names_out(["x", "y", "z"])
    assert list(names) == ["x", "y", "z", "x^2", "x y", "x z", "y^2", "y z", "z^2"]


def test_coefficient_error_is_a_root_mean_square():
    assert coefficient_error(true_coefficients()) == 0
    batch = true_coefficients() + np.array([0.0, 3.0])[:, None, None]
    np.testing.assert_allclose(coefficient_error(batch), [0, 3])


def test_soft_threshold_is_the_proximal_map_of_the_absolute_value():
    values = np.linspace(-3, 3, 25)
    grid = np.linspace(-4, 4, 80_001)
    cost = (grid - values[:, None]) ** 2 / 2 + 0.7 * np.abs(grid)
    np.testing.assert_allclose(soft_threshold(values, 0.7), grid[cost.argmin(1)], atol=1e-4)


@pytest.mark.parametrize("alpha", [0.01, 0.3, 10.0])
@pytest.mark.parametrize("estimator", LASSOS, ids=lambda e: f"{e}"[:24])
def test_lasso_solvers_agree_with_scikit_learn(differenced, estimator, alpha):
    X, y = differenced
    reference = Lasso(alpha, fit_intercept=False, tol=1e-14, max_iter=1_000_000).fit(X, y)
    fitted = clone(estimator).set_params(alpha=alpha).fit(X, y)
    minimum = lasso_objective(X, y, reference.coef_, alpha)
    assert lasso_objective(X, y, fitted.coef_, alpha) == pytest.approx(minimum, rel=1e-10)
    assert fitted.objective_ == pytest.approx(minimum, rel=1e-10)
    # A term may enter the path within rounding of this penalty.
    np.testing.assert_array_equal(abs(fitted.coef_) > 1e-6, abs(reference.coef_) > 1e-6)


def test_acceleration_saves_steps(differenced):
    counts = [ISTALasso(accelerated=a, tol=1e-6).fit(*differenced).n_iter_ for a in (False, True)]
    assert counts[1] < counts[0] / 5


def test_penalty_above_the_largest_correlation_gives_zero(differenced):
    X, y = differenced
    alpha = 1.001 * np.abs(X.T @ y).max() / len(X)  # where the LARS path starts
    for estimator in LASSOS:
        assert not clone(estimator).set_params(alpha=alpha).fit(X, y).coef_.any()


def test_unpenalised_estimators_are_least_squares(differenced):
    X, y = differenced
    reference = LinearRegression(fit_intercept=False).fit(X, y).coef_
    for estimator in (GalerkinRegressor(), STLSQ(1e-12), JayaPowellRegressor(random_state=0)):
        np.testing.assert_allclose(estimator.fit(X, y).coef_, reference, atol=1e-4)


def test_stlsq_recovers_the_equations_and_their_support(exact):
    coef = STLSQ(0.5).fit(*exact).coef_
    np.testing.assert_allclose(coef, true_coefficients(), atol=1e-10)
    np.testing.assert_array_equal(coef != 0, true_coefficients() != 0)


def test_energy_constraints_hold_for_lorenz_and_only_for_conserving_fields():
    matrix, values = energy_preserving()
    assert matrix.shape == (10, 27)  # the cubic monomials of three variables
    np.testing.assert_array_equal(matrix @ true_coefficients().ravel(), values)
    rng = np.random.default_rng(0)
    states = rng.normal(size=(50, 3))
    library = polynomial_library().fit_transform(states)
    library[:, :3] = 0  # the quadratic part alone
    power = lambda flat: np.sum(states * (library @ flat.reshape(3, 9).T), axis=1)  # noqa: E731
    inside = null_space(matrix)
    flat = inside @ rng.normal(size=inside.shape[1])
    assert np.abs(power(flat)).max() < 1e-12
    assert np.abs(power(flat + matrix[0])).max() > 0.1


@pytest.mark.parametrize(
    "constraints",
    [
        energy_preserving(),
        (np.eye(27)[:2], [-LORENZ63.sigma, LORENZ63.sigma]),
    ],
    ids=["energy", "sigma"],
)
def test_constrained_minimum_satisfies_its_kkt_conditions(orbit, constraints):
    states, velocity = forward_difference(orbit, 0.05)
    library = polynomial_library().fit_transform(states)
    coef = GalerkinRegressor(constraints).fit(library, velocity).coef_
    matrix, values = constraints
    np.testing.assert_allclose(matrix @ coef.ravel(), values, rtol=1e-15, atol=1e-14)
    gradient = ((library @ coef.T - velocity).T @ library).ravel()
    free = null_space(matrix).T @ gradient  # along directions that the constraints allow
    assert np.abs(free).max() < 1e-9 * np.abs(library.T @ velocity).max()


def test_constraints_that_are_true_leave_exact_data_alone(exact):
    coef = GalerkinRegressor(energy_preserving()).fit(*exact).coef_
    np.testing.assert_allclose(coef, true_coefficients(), atol=1e-9)


def test_loess_is_exact_on_linear_functions_and_of_second_order_on_smooth_ones():
    rng = np.random.default_rng(0)
    X, queries = rng.uniform(size=(500, 2)), rng.uniform(0.2, 0.8, size=(50, 2))
    slopes = np.array([[1.0, -2.0], [0.5, 3.0]])
    found = LoessRegressor(15).fit(X, 1 + X @ slopes).predict(queries)
    np.testing.assert_allclose(found, 1 + queries @ slopes, atol=1e-12)
    # Equally spaced points, k fixed: halving the spacing divides the bias by 4.
    errors = []
    for n in (201, 401):
        grid = np.linspace(0, 1, n)[:, None]
        model = LoessRegressor(11).fit(grid, np.sin(6 * grid[:, 0]))
        errors.append(abs(model.predict([[0.3]])[0] - np.sin(1.8)))
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.05)


def test_loess_follows_scikit_learn_neighbours_with_duplicates():
    X = np.repeat([[0.0], [1.0], [2.0]], 4, axis=0)
    found = LoessRegressor(4).fit(X, X[:, 0] * 5).predict([[0.0], [1.0], [2.0]])
    np.testing.assert_allclose(found, [0, 5, 10], atol=1e-9)


def sphere(w):
    return np.sum(w**2, axis=-1)


def rosenbrock(w):
    a, b = w[..., 0], w[..., 1]
    return 100 * (b - a**2) ** 2 + (1 - a) ** 2


# Known minima: 0 at the origin, 0 at (1, 1). Rao (2016) uses both as benchmarks.
@pytest.mark.parametrize(("function", "minimiser"), [(sphere, 0.0), (rosenbrock, 1.0)])
@pytest.mark.parametrize("seed", range(3))
def test_jaya_finds_known_minima(function, minimiser, seed):
    generations = jaya(function, [-30, -30], [30, 30], rng=seed)
    population, values = next(islice(generations, 2000, None))
    np.testing.assert_allclose(population[values.argmin()], minimiser, atol=1e-5)


def test_jaya_never_loses_its_best_and_stays_in_the_box():
    best = np.inf
    for population, values in islice(jaya(sphere, [2, 2], [3, 5], rng=0), 50):
        assert (population >= 2).all() and (population <= [3, 5]).all()
        np.testing.assert_array_equal(values, sphere(population))
        assert values.min() <= best
        best = values.min()
    assert best == pytest.approx(8)  # the corner nearest to the origin


# Jaya nears the minimum slowly at last and uses all its iterations: the error below is the test.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_jaya_regressor_solves_a_well_conditioned_problem():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    coef = np.array([[3.0, -1.0], [0.5, 20.0]])
    found = JayaRegressor(random_state=1, tol=1e-3).fit(
        X, X @ coef.T + 0.1 * rng.normal(size=(200, 2))
    )
    np.testing.assert_allclose(found.coef_, coef, atol=0.05)


@pytest.mark.parametrize("estimator", LINEAR, ids=lambda e: f"{e}"[:24])
def test_several_targets_are_single_targets_side_by_side(differenced, estimator):
    X, y = differenced
    together = clone(estimator).fit(X, y)
    assert together.coef_.shape == (3, 9)
    alone = [clone(estimator).fit(X, column) for column in y.T]
    np.testing.assert_allclose(together.coef_, [one.coef_ for one in alone], atol=1e-3)
    assert together.objective_ == pytest.approx(sum(one.objective_ for one in alone))


@pytest.mark.parametrize("estimator", ALL, ids=lambda e: f"{e}"[:24])
def test_fit_leaves_parameters_alone(differenced, estimator):
    fitted = clone(estimator)
    before = str(fitted.get_params())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted.fit(*differenced)
    assert str(fitted.get_params()) == before


@pytest.mark.parametrize(
    ("estimator", "advice"),
    [
        (ISTALasso(max_iter=3), "increase max_iter, scale the columns"),
        (ADMMLasso(max_iter=3), "change penalty"),
        (STLSQ(0.5, max_iter=1), "change threshold"),
        (JayaRegressor(max_iter=3, random_state=0), "tighten bounds"),
    ],
)
def test_non_convergence_warns_with_advice(differenced, estimator, advice):
    with pytest.warns(ConvergenceWarning, match=advice):
        estimator.fit(*differenced)


@pytest.mark.parametrize("estimator", ALL, ids=lambda e: f"{e}"[:24])
def test_nan_and_single_samples_are_refused(differenced, estimator):
    X, y = differenced
    with pytest.raises(ValueError, match="NaN"):
        clone(estimator).fit(np.where(X == X[0, 0], np.nan, X), y)
    with pytest.raises(ValueError, match="minimum of 2"):
        clone(estimator).fit(X[:1], y[:1])


@pytest.mark.parametrize("estimator", [STLSQ(), GalerkinRegressor()])
def test_constant_series_is_refused_where_it_leaves_coefficients_open(estimator):
    states, velocity = forward_difference(np.ones((50, 3)), 0.1)
    with pytest.raises(ValueError, match="got rank"):
        estimator.fit(polynomial_library().fit_transform(states), velocity)


@pytest.mark.parametrize("estimator", [STLSQ(), GalerkinRegressor()])
def test_fewer_samples_than_terms_are_refused(differenced, estimator):
    X, y = differenced
    with pytest.raises(
        ValueError, match=r"X must give \d+ linearly independent columns, got rank .*too few"
    ):
        estimator.fit(X[:6], y[:6])


@pytest.mark.parametrize("estimator", LASSOS, ids=lambda e: f"{e}"[:24])
def test_lasso_accepts_a_constant_series(estimator):
    X, y = np.ones((50, 9)), np.full((50, 3), 2.0)
    fitted = clone(estimator).fit(X, y)
    # Each target's minimum over the sum s of coefficients: (2 - s)^2 / 2 + 0.1 s, at s = 1.9.
    np.testing.assert_allclose(fitted.coef_.sum(axis=1), 1.9, rtol=1e-5)


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (ISTALasso(alpha=0.0), "alpha must be positive"),
        (ISTALasso(max_iter=0), "max_iter must be at least 1"),
        (ADMMLasso(penalty=-1.0), "penalty must be positive"),
        (LARSLasso(alpha=-1.0), "alpha must be positive"),
        (STLSQ(threshold=0.0), "threshold must be positive"),
        (GalerkinRegressor((np.ones((1, 4)), np.ones(1))), r"constraints must be a matrix"),
        (
            GalerkinRegressor((np.eye(27)[[0, 0]], np.array([1.0, 2.0]))),
            "constraints must not contradict",
        ),
        (JayaRegressor(bounds=(1, 0)), "bounds must be"),
        (JayaRegressor(population_size=1), "population_size must be at least 2"),
        (LoessRegressor(0), "n_neighbors must be at least"),
    ],
)
def test_bad_parameters_are_named(differenced, estimator, message):
    with pytest.raises(ValueError, match=message):
        estimator.fit(*differenced)
