"""The interactive figures in a browser: their numbers are Python's, and everyone can use them."""

import json
import warnings

import numpy as np
import pytest
import torch
from browsing import AXE, AXE_RUN, CONTRAST, NARROW, PAGES, ROOT, SITE, Visit, need

from experiments import steps, stored
from experiments.models import load_or_train
from lorenz_utils.checks import ModelWarning
from lorenz_utils.identification import (
    MultipleShootingRegressor,
    PolynomialField,
    cramer_rao_bound,
)
from lorenz_utils.metrics import flow_residual
from lorenz_utils.networks import SeriesGenerator
from lorenz_utils.regression import polynomial_library, true_coefficients
from lorenz_utils.surrogates import with_noise
from lorenz_utils.system import (
    LorenzParameters,
    flow_map,
    jacobian,
    sample_attractor,
    simulate,
)
from publishing.pdf import STILL, pages_with_figures
from publishing.sphinx.interactive import MODEL, SCRIPTS, STORED, export

PAGE, STEP_PAGE = "book/play.html", "book/02_parametric/large_steps.html"
PLACES = {
    "attractor": PAGE,
    "generator": PAGE,
    "step": STEP_PAGE,
    "chaos": "book/01_introduction.html",
    "real": "book/04_generation/faithful_generator.html",
    "noise": "book/02_parametric/noise.html",
    "film": "book/03_concepts/adversarial_training.html",
}
FOLDER = ROOT / "book" / "_static" / "interactive"
FIGURE = "name => document.getElementById(`interactive-${name}`)"
FEED = """latent => {
  const figure = document.getElementById("interactive-generator").figure;
  figure.draw(latent);
  return figure.state();
}"""


@pytest.fixture
def laboratory(browser):
    """An empty page with the figures' scripts."""
    page = browser.new_page()
    for name in ("lorenz.js", "network.js"):
        page.add_script_tag(path=str(FOLDER / name))
    yield page
    page.close()


def start(visit, name):
    """Press the figure's button, by the keyboard."""
    visit.page.locator(f"#interactive-{name} .interactive-start").press("Enter")
    visit.page.wait_for_function(f"name => ({FIGURE})(name).figure", arg=name)


# --- the integrator -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "longest"),
    [((10, 28, 8 / 3), 1e-3), ((10, 160, 8 / 3), 1e-4), ((4, 0.5, 1.0), 1e-3)],
)
def test_the_pages_flow_is_the_flow_map(laboratory, parameters, longest):
    states = np.random.default_rng(0).normal(scale=10, size=(50, 3)) + np.array([0, 0, 25])
    given = dict(zip(("sigma", "rho", "beta"), parameters, strict=True))
    flow = "([states, p, step]) => states.map((state) => Lorenz.flow(state, 0.1, p, step))"
    found = np.array(laboratory.evaluate(flow, [states.tolist(), given, longest]))
    expected = flow_map(states, 0.1, parameters=LorenzParameters(**given))
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_the_pages_step_is_of_fourth_order(laboratory):
    state = [1.0, 2.0, 20.0]
    expected = flow_map(state, 0.1)
    errors = []
    for count in (10, 20, 40):
        run = "([s, n]) => { for (let i = 0; i < n; i++) s = Lorenz.step(s, 0.1 / n); return s; }"
        errors.append(np.linalg.norm(laboratory.evaluate(run, [state, count]) - expected))
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    np.testing.assert_allclose(orders, 4, atol=0.3)


def test_the_running_exponent_is_that_of_two_simulated_orbits(browser, site):
    with Visit(browser, site + PAGE, inside=site) as visit:
        start(visit, "attractor")
        run = f"""() => {{
          const {{ figure }} = ({FIGURE})("attractor");
          figure.advance(1400);
          return [figure.exponent(), figure.start];
        }}"""
        found, begin = visit.page.evaluate(run)
    first = np.array([begin["x"], begin["y"], begin["z"]])
    pair = np.stack([first, first + np.array([10 ** begin["separation"], 0, 0])])
    distance = np.linalg.norm(np.subtract(*simulate(pair, 0.005, 1401)), axis=-1)
    assert distance.max() < 1, "the orbits stay near each other for as long as the test looks"
    assert found == pytest.approx(np.log(distance[-1] / distance[0]) / 7, abs=1e-3)


# --- the generator ------------------------------------------------------------------------------


def test_the_generator_of_the_page_is_the_trained_one(browser, site):
    generator = load_or_train("faithful-generator")[0]
    latent = generator.sample_latent(1, 1000, rng=7)
    expected = generator.series_from(latent)
    std = generator.scale.numpy()
    real = np.stack([std, -std])[None]  # has this standard deviation
    with Visit(browser, site + PAGE, inside=site) as visit:
        assert not any("weights.js" in url for url in visit.requests), "loaded before asked for"
        start(visit, "generator")
        assert sum("weights.js" in url for url in visit.requests) == 1
        state = visit.page.evaluate(FEED, latent[0].T.tolist())
        assert not visit.problems, "\n".join(visit.problems)
    series, residual = np.array(state["series"]), np.array(state["residual"])
    assert series.shape == (1000, 3)
    # Rounding grows by a factor e in eleven samples: after the burn-in and 80 samples the two
    # still agree, far later no two machines do.
    np.testing.assert_allclose(series[:80], expected[0, :80], atol=1e-5)
    here = flow_residual(real, series[None], 0.1)[0]
    # The two integrate the flow with an error of 1e-7 of a step, near the smallest residuals.
    np.testing.assert_allclose(residual, here, rtol=1e-4, atol=1e-6)
    assert np.median(residual) == pytest.approx(np.median(here), rel=1e-4)
    same_latent = np.median(flow_residual(real, expected[:, :80], 0.1))
    assert np.median(residual[:79]) == pytest.approx(same_latent, rel=1e-4)
    assert state["control"] > 0.5 > 10 * np.median(residual)


@pytest.mark.parametrize("latent_dim", [0, 1, 3])
def test_generators_of_any_size_are_exported(laboratory, latent_dim):
    torch.manual_seed(latent_dim)
    generator = SeriesGenerator((1, 2, 3), (4, 5, 6), latent_dim=latent_dim, width=16)
    latent = generator.sample_latent(1, 20, rng=0)
    tensors = {name: t.numpy() for name, t in generator.state_dict().items()}
    script = export(tensors, SeriesGenerator.BURN_IN)
    laboratory.add_script_tag(content=script)
    run = "latent => new SeriesGenerator(window.generatorWeights).seriesFrom(latent)"
    found = laboratory.evaluate(run, latent[0].T.tolist())
    np.testing.assert_allclose(found, generator.series_from(latent)[0], rtol=1e-9)


def test_the_record_tells_how_many_samples_the_generator_drops():
    record = json.loads((ROOT / MODEL).with_suffix(".json").read_text())
    assert record["burn_in"] == SeriesGenerator.BURN_IN


def test_a_network_that_the_page_cannot_run_is_not_exported():
    generator = SeriesGenerator((0, 0, 0), (1, 1, 1), width=8)
    tensors = {name: t.numpy() for name, t in generator.state_dict().items()}
    with pytest.raises(ValueError, match=r"got also \['gate'\]"):
        export({**tensors, "gate": np.zeros(3)}, SeriesGenerator.BURN_IN)


def test_the_true_series_beside_it_is_one_of_the_equations(browser, site):
    with Visit(browser, site + PAGE, inside=site) as visit:
        start(visit, "generator")
        truth = visit.page.evaluate(f"() => ({FIGURE})('generator').figure.state().truth")
    truth = np.array(truth)
    np.testing.assert_allclose(truth[1:], flow_map(truth[:-1], 0.1), atol=1e-4)
    # On the attractor from the first sample on, not on the way to it.
    assert np.ptp(truth[:, 0]) > 25 and np.abs(truth[:, 2] - 25).max() < 26


# --- the step -----------------------------------------------------------------------------------


def slide(visit, **setting):
    """The state of the figure of the step at a setting."""
    run = f"setting => {{ const {{ figure }} = ({FIGURE})('step'); figure.set(setting); "
    return visit.page.evaluate(run + "return figure.state(); }", setting)


def equations(dt, found):
    """The field that is stored for a step and a method."""
    (row,) = (r for r in stored.load("steps")["rows"] if (r["dt"], r["found"]) == (dt, found))
    powers = polynomial_library().fit(np.zeros((1, 3))).powers_
    return PolynomialField(np.reshape(row["coef"], (3, 9)), powers)


@pytest.mark.parametrize(("found", "dt"), [("differences", 0.01), ("flow", 0.1)])
def test_the_equations_of_a_step_are_those_that_the_method_finds(found, dt):
    orbits = simulate(sample_attractor(steps.N_SERIES, rng=0), steps.FINE, steps.LENGTH)
    again = steps.METHODS[found](orbits[:, :: round(dt / steps.FINE)], dt)
    np.testing.assert_allclose(equations(dt, found).coef, again, rtol=1e-6, atol=1e-8)


def test_the_page_runs_the_equations_as_python_does(browser, site):
    with Visit(browser, site + STEP_PAGE, inside=site) as visit:
        assert not any("steps.js" in url for url in visit.requests), "loaded before asked for"
        start(visit, "step")
        exact = slide(visit, dt=0.1, found="flow", by="accurate")
        dead = slide(visit, dt=0.01, found="differences", by="accurate")
        alive = slide(visit, dt=0.01, found="differences", by="euler")
        lost = slide(visit, dt=0.1, found="flow", by="euler")
        assert not visit.problems, "\n".join(visit.problems)
    # Found through the flow map: Lorenz' orbit, and its exponent up to what 200 time units leave.
    begin = np.array(exact["points"][0])
    np.testing.assert_allclose(exact["points"][:301], simulate(begin, 0.01, 301), atol=1e-4)
    assert exact["fate"] == "chaos" and exact["exponent"] == pytest.approx(0.9056, abs=0.1)
    # By forward differences, run accurately: at rest, with the exponent of the fixed point.
    field = equations(0.01, "differences")
    orbit = field.simulate(begin[None], 0.01, 301)[0]
    np.testing.assert_allclose(dead["points"][:301], orbit, atol=1e-4)
    spiral = np.linalg.eigvals(field.jacobian(np.array(dead["end"]))).real.max()
    assert dead["fate"] == "rest" and dead["exponent"] == pytest.approx(spiral, abs=0.01)
    # The same equations by Euler's steps.
    states = [begin]
    for _ in range(300):
        states.append(states[-1] + 0.01 * field(states[-1]))
    np.testing.assert_allclose(alive["points"][:301], states, atol=1e-6)
    assert alive["fate"] == "chaos" and alive["exponent"] > 0.5
    # The true equations by Euler's steps of 0.1 leave the attractor at once.
    assert lost["fate"] == "gone" and len(lost["points"]) < 20


# --- ten thousand starts ------------------------------------------------------------------------


def test_the_cloud_and_its_ellipsoid_are_those_of_the_flow(browser, site):
    with Visit(browser, site + PLACES["chaos"], inside=site) as visit:
        start(visit, "chaos")
        count = visit.page.evaluate(f"() => ({FIGURE})('chaos').figure.count")
        assert count == 10_000
        ball = np.random.default_rng(0).uniform(-0.5, 0.5, size=(count, 3))
        run = f"""(ball) => {{
          const {{ figure }} = ({FIGURE})("chaos");
          figure.restart(ball);
          const before = figure.state();
          figure.advance(200);
          return [before, figure.state()];
        }}"""
        before, after = visit.page.evaluate(run, ball.ravel().tolist())
        assert not visit.problems, "\n".join(visit.problems)
    centre, radius = np.array(before["matrix"][:3]), before["radius"]
    states = np.reshape(after["states"], (-1, 3))
    assert after["time"] == pytest.approx(1)
    np.testing.assert_allclose(np.reshape(before["states"], (-1, 3)), centre + radius * ball)
    np.testing.assert_allclose(states, flow_map(centre + radius * ball, 1.0), atol=1e-5)
    # The columns of the matrix are the flow's derivatives.
    columns = np.reshape(after["matrix"][3:], (3, 3))
    h = 1e-4 * np.eye(3)
    derivative = (flow_map(centre + h, 1.0) - flow_map(centre - h, 1.0)) / 2e-4
    np.testing.assert_allclose(columns, derivative, atol=1e-4)
    # After a short time Benettin's exponents are the diagonal of R; their sum is the divergence.
    diagonal = np.abs(np.diag(np.linalg.qr(columns.T)[1]))
    np.testing.assert_allclose(after["exponents"], np.log(diagonal), atol=1e-3)
    assert sum(after["exponents"]) == pytest.approx(np.trace(jacobian(centre)), abs=1e-4)
    cloud, ellipsoid = (sizes[-1] for sizes in after["sizes"])
    assert cloud == pytest.approx(np.sqrt(states.var(0).sum()), rel=1e-9)
    assert ellipsoid == pytest.approx(radius * np.linalg.norm(columns) / np.sqrt(5), rel=1e-9)


def test_a_phone_gets_fewer_starts_that_go_on_at_a_key(browser, site):
    with Visit(browser, site + PLACES["chaos"], inside=site, viewport=NARROW) as visit:
        start(visit, "chaos")
        state = f"() => ({FIGURE})('chaos').figure.state()"
        assert len(visit.page.evaluate(state)["states"]) == 3 * 3000
        visit.page.get_by_role("button", name="Half a time unit ahead").press("Enter")
        assert visit.page.evaluate(state)["time"] == pytest.approx(0.5)
        visit.page.locator("#slider-radius").press("Home")
        found = visit.page.evaluate(state)
        assert found["radius"] == pytest.approx(0.01) and found["time"] == 0


# --- real or not? -------------------------------------------------------------------------------


def test_the_game_deals_a_network_and_the_equations_and_counts(browser, site):
    std = load_or_train("faithful-generator")[0].scale.numpy()
    real = np.stack([std, -std])[None]  # has this standard deviation
    kept = [row["series"] for row in stored.load("deck_series")["rows"]]
    seen = []
    with Visit(browser, site + PLACES["real"], inside=site) as visit:
        assert not any("deck_series.js" in url for url in visit.requests), "loaded before asked for"
        start(visit, "real")
        page, place = visit.page, visit.page.locator("#interactive-real")
        rounds = page.evaluate(f"() => ({FIGURE})('real').figure.rounds")
        assert rounds == 3 * ["deck"] + 7 * ["book"]
        for turn, kind in enumerate(rounds):
            state = page.evaluate(f"() => ({FIGURE})('real').figure.state()")
            seen.append(state["answer"])
            own, true = (np.array(state["series"][i]) for i in (seen[-1], 1 - seen[-1]))
            assert (state["round"], state["kind"], own.shape) == (turn, kind, true.shape)
            for series, found in zip(state["series"], state["residuals"], strict=True):
                here = flow_residual(real, np.array(series)[None], 0.1)[0]
                np.testing.assert_allclose(found, here, rtol=1e-3, atol=1e-6)
            assert flow_residual(real, true[None], 0.1).max() < 1e-6
            residual = np.median(flow_residual(real, own[None], 0.1))
            assert 1e-5 < residual < 0.01 if kind == "book" else residual > 0.05
            assert kind == "book" or own.tolist() in kept
            # The network's curve by the keyboard, but for the wrong one in the last round.
            chosen = seen[-1] if turn < 9 else 1 - seen[-1]
            page.get_by_role("button", name=f"{'AB'[chosen]} is the network’s").press("Enter")
            said = place.locator(".interactive-verdict").inner_text()
            assert said.startswith("Right" if turn < 9 else "No")
            assert ("corners and jumps" in said) == (kind == "deck")
            if turn < 9:
                page.get_by_role("button", name="Next round").press("Enter")
        assert "9 of 10 right: 3 of 3" in said and "6 of 7" in said and "3.5" in said
        page.get_by_role("button", name="Play again").press("Enter")
        again = page.evaluate(f"() => ({FIGURE})('real').figure.state()")
        assert again["round"] == 0 and again["right"] == {"deck": 0, "book": 0}
        assert not visit.problems, "\n".join(visit.problems)


# --- noise --------------------------------------------------------------------------------------


def test_the_pages_intervals_are_those_of_the_fits_and_the_bound(browser, site):
    record = stored.load("noise_levels")
    orbit = simulate(np.array(record["start"]), record["dt"], record["length"])
    seven = true_coefficients() != 0
    true = true_coefficients()[seven]
    states = []
    with Visit(browser, site + PLACES["noise"], inside=site) as visit:
        assert not any("noise_levels" in url for url in visit.requests), "loaded before asked for"
        start(visit, "noise")
        for _ in record["rows"]:
            states.append(visit.page.evaluate(f"() => ({FIGURE})('noise').figure.state()"))
            visit.page.locator("#slider-level").press("ArrowRight")
        cells = visit.page.locator("#interactive-noise tbody tr").count()
        assert not visit.problems, "\n".join(visit.problems)
    assert cells == 7
    for state, row in zip(states, record["rows"], strict=True):
        assert state["level"] == row["level"]
        errors = np.array(row["coef"]) / true - 1
        np.testing.assert_allclose(state["errors"], errors, atol=1e-12)
        np.testing.assert_allclose(state["scatter"], np.sqrt((errors**2).mean(0)), rtol=1e-9)
        noise = row["level"] * orbit.std(0)
        covariance = cramer_rao_bound(orbit, record["dt"], noise_std=noise, support=seven)
        bound = np.sqrt(np.diag(covariance)[seven.ravel()])
        np.testing.assert_allclose(state["bounds"], bound / np.abs(true), rtol=1e-3)
        shown = orbit[: len(row["noisy"])]
        for name, key in (("measured", "noisy"), ("recovered", "recovered")):
            distance = np.sqrt(np.square(row[key] - shown).mean())
            assert state[name] == pytest.approx(distance, rel=1e-2)
        assert state["recovered"] < 0.5 * state["measured"]
    widths = np.array([state["scatter"] for state in states])
    assert (widths[-1] < 0.1 * widths[0]).all(), "the intervals shrink with the noise"


def test_a_stored_fit_of_the_noise_is_found_again():
    record = stored.load("noise_levels")
    row = next(row for row in record["rows"] if row["level"] == 0.01)
    orbit = simulate(np.array(record["start"]), record["dt"], record["length"])
    noisy = with_noise(orbit[None], 0.01, rng=0)
    np.testing.assert_allclose(noisy[0, : len(row["noisy"])], row["noisy"], atol=1e-3)
    again = MultipleShootingRegressor().fit(noisy, record["dt"])
    found = again.coef_[true_coefficients() != 0]
    np.testing.assert_allclose(found, row["coef"][0], rtol=1e-2)


# --- the training film --------------------------------------------------------------------------


def test_each_frame_of_the_film_is_its_checkpoint(browser, site):
    rows = stored.load("training_film")["rows"]
    std = load_or_train("faithful-generator")[0].scale.numpy()
    real = np.stack([std, -std])[None]  # has this standard deviation
    states = []
    with Visit(browser, site + PLACES["film"], inside=site) as visit:
        assert not any("training_film" in url for url in visit.requests), "loaded before asked for"
        start(visit, "film")
        for name in ("deck", "book"):
            visit.page.locator(f"#network-{name}").press("Space")
            for _ in range(sum(row["network"] == name for row in rows)):
                states.append(visit.page.evaluate(f"() => ({FIGURE})('film').figure.state()"))
                visit.page.locator("#slider-frame").press("ArrowRight")
        assert not visit.problems, "\n".join(visit.problems)
    by_checkpoint = {(row["network"], row["step"]): row for row in rows}
    assert {(state["network"], state["step"]) for state in states} == by_checkpoint.keys()
    for state in states:
        row = by_checkpoint[state["network"], state["step"]]
        told = np.mean(np.array(row["real"]) > np.array(row["generated"]))
        assert state["told"] == pytest.approx(told)
        series = np.array(row["series"])
        if np.abs(series).max() < 100:  # else both leave the flow out
            with warnings.catch_warnings(action="ignore", category=ModelWarning):
                residual = np.median(flow_residual(real, series[None], 0.1))
            assert state["residual"] == pytest.approx(residual, rel=1e-3)


# --- use ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["step", "chaos", "real", "noise", "film"])
@pytest.mark.parametrize("options", [{}, {"viewport": NARROW, "theme": "dark"}])
def test_a_chapters_figure_works_by_keyboard_in_both_themes(browser, site, name, options):
    with Visit(browser, site + PLACES[name], inside=site, **options) as visit:
        start(visit, name)
        page, place = visit.page, visit.page.locator(f"#interactive-{name}")
        for input in place.locator("input").all():
            input.press("ArrowRight" if input.get_attribute("type") == "range" else "Space")
        view = place.locator("canvas[tabindex]").first
        picture = "canvas => canvas.toDataURL()"
        before = view.evaluate(picture)
        view.press("ArrowLeft")
        assert before != view.evaluate(picture)
        assert page.url.endswith(PLACES[name]), "an arrow key left the page"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.add_script_tag(path=str(AXE))
        for theme in ("light", "dark"):
            visit.set_theme(theme)
            visit.problems += page.evaluate(AXE_RUN, CONTRAST if theme == "dark" else None)
        assert not visit.problems, "\n".join(visit.problems)


def test_each_figure_has_one_place_and_a_still_for_paper(browser):
    need(PAGES, "the site is not built: run make book")
    assert SCRIPTS.keys() == PLACES.keys()
    pages = {str(page.relative_to(SITE)) for page in pages_with_figures(SITE)}
    assert pages == set(PLACES.values())
    for name, place in PLACES.items():
        with Visit(browser, (SITE / place).as_uri(), inside=SITE.as_uri()) as visit:
            still = visit.page.evaluate(STILL, name)
            assert still.startswith("data:image/png") and len(still) > 10_000
            assert not visit.problems, "\n".join(visit.problems)


def test_what_a_figure_loads_is_small():
    need(PAGES, "the site is not built: run make book")
    folder = SITE / "_static" / "interactive"
    for name in SCRIPTS:
        files = [folder / f"{script}.js" for script in ("lorenz", *SCRIPTS[name])]
        assert sum(file.stat().st_size for file in files) < 1_000_000
    assert {*STORED} <= {script for scripts in SCRIPTS.values() for script in scripts}


@pytest.mark.parametrize("options", [{}, {"viewport": NARROW, "theme": "dark"}])
def test_figures_work_by_keyboard_and_on_a_phone(browser, site, options):
    with Visit(browser, site + PAGE, inside=site, **options) as visit:
        page = visit.page
        for name in ("attractor", "generator"):
            start(visit, name)
        state = f"() => ({FIGURE})('generator').figure.state()"
        before = page.evaluate(state)
        page.get_by_role("button", name="Another series").press("Enter")
        after = page.evaluate(state)
        assert before["series"] != after["series"]
        page.locator("#slider-noise").press("End")  # ten per cent
        noisy = page.evaluate(state)["residual"]
        assert 0.05 < np.median(noisy) and 10 * np.median(after["residual"]) < np.median(noisy)
        page.locator("summary", has_text="Starting points").press("Enter")
        for slider, moved in (("x", "-11.9"), ("separation", "3e-5")):
            page.locator(f"#slider-{slider}").press("ArrowRight")
            assert page.locator(f"output[for=slider-{slider}]").inner_text() == moved
        view = page.locator("#interactive-attractor canvas").first
        picture = "canvas => canvas.toDataURL()"
        old = view.evaluate(picture)
        page.get_by_role("button", name="Five time units ahead").press("Enter")
        moved = view.evaluate(picture)
        view.press("ArrowLeft")
        assert len({old, moved, view.evaluate(picture)}) == 3
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.add_script_tag(path=str(AXE))
        for theme in ("light", "dark"):
            visit.set_theme(theme)
            visit.problems += page.evaluate(AXE_RUN)
        assert not visit.problems, "\n".join(visit.problems)


def test_figures_start_from_a_disk(browser):
    need(PAGES, "the site is not built: run make book")
    with Visit(browser, (SITE / PAGE).as_uri(), inside=SITE.as_uri()) as visit:
        for name in ("attractor", "generator"):
            start(visit, name)
        assert not visit.problems, "\n".join(visit.problems)
