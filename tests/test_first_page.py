"""The first page: its picture moves when it may, its cards are the ledger's, its code runs."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from browsing import PAGES, ROOT, SITE, Visit, need
from docutils import nodes

from lorenz_utils import ledger
from lorenz_utils.system import simulate
from publishing import addresses
from publishing.site import hide_pdf, pdf_name
from publishing.sphinx import first
from publishing.words import WORDS

EDITIONS = {"en": "book/index.html", "fr": "fr/book/index.html"}
WIDTHS = (390, 768, 1024, 1440)
SOURCE = (ROOT / "book" / "index.md").read_text(encoding="utf8")
FIGURE = "document.querySelector('.moving').figure"
MOST_BYTES, MOST_SHIFT = 1_000_000, 0.02
MOVING = {"reduced_motion": "no-preference"}


def begin(visit):
    """Wait until the script has taken over the picture."""
    visit.page.wait_for_function(f"() => {FIGURE}")


def time_passes(visit, frames=10):
    """Both orbits, before and after some frames."""
    state = f"() => JSON.stringify({FIGURE}.state())"
    later = (
        "frames => new Promise((done) => { const next = () =>"
        " frames-- ? requestAnimationFrame(next) : done(); next(); })"
    )
    before = visit.page.evaluate(state)
    visit.page.evaluate(later, frames)
    return before, visit.page.evaluate(state)


# --- the picture --------------------------------------------------------------------------------


def test_the_orbits_of_the_picture_are_those_of_the_module(browser, site):
    with Visit(browser, site + EDITIONS["en"], inside=site) as visit:
        begin(visit)
        run = f"() => {{ {FIGURE}.restart(); {FIGURE}.advance(1000); return {FIGURE}.state(); }}"
        found = np.array(visit.page.evaluate(run))
    start = np.array([[-12.0, -15.0, 28.0], [-12.0 + 1e-4, -15.0, 28.0]])
    # Chaos makes a thousand of one in seven units of time; Runge-Kutta errs by 1e-6 a unit.
    np.testing.assert_allclose(found, simulate(start, 0.005, 1001)[:, -1], atol=1e-3)


def test_the_orbits_part_and_come_together_again(browser, site):
    distances = f"""() => {{
      {FIGURE}.restart();
      const found = [];
      for (let i = 0; i < 100; i++) {{
        {FIGURE}.advance(100);
        found.push(Lorenz.distance(...{FIGURE}.state()));
      }}
      return found;
    }}"""
    with Visit(browser, site + EDITIONS["en"], inside=site) as visit:
        begin(visit)
        found = np.array(visit.page.evaluate(distances))
    assert found[0] < 0.01 and found.max() > 10
    assert found[np.argmax(found > 10) :].min() < 0.01


def test_the_picture_moves_while_it_is_seen_and_nobody_has_paused_it(browser, site):
    with Visit(browser, site + EDITIONS["en"], inside=site, **MOVING) as visit:
        begin(visit)
        page, running = visit.page, f"{FIGURE}.running()"
        page.wait_for_function(running)
        before, after = time_passes(visit)
        assert before != after
        page.evaluate("document.querySelector('#cite-it').scrollIntoView()")
        page.wait_for_function(f"!{running}")
        before, after = time_passes(visit)
        assert before == after, "out of view it rests"
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_function(running)
        hide = """hidden => {
          Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
        page.evaluate(hide, True)
        assert not page.evaluate(running), "in a hidden tab it rests"
        page.evaluate(hide, False)
        assert page.evaluate(running)
        button = page.get_by_role("button", name=WORDS["en"]["first"]["pause"])
        assert button.is_visible()
        button.press("Enter")
        before, after = time_passes(visit)
        assert before == after and not page.evaluate(running)
        page.get_by_role("button", name=WORDS["en"]["first"]["run"]).press("Space")
        assert page.evaluate(running)
        assert page.evaluate("performance.getEntries().reduce((sum, e) => sum"
                             " + (e.encodedBodySize || 0), 0)") < MOST_BYTES  # fmt: skip
        assert not visit.problems, "\n".join(visit.problems)


def test_where_motion_is_unwanted_nothing_moves_until_it_is_asked_for(browser, site):
    with Visit(browser, site + EDITIONS["fr"], inside=site, theme="dark") as visit:
        begin(visit)
        before, after = time_passes(visit)
        assert before == after
        assert visit.page.evaluate(f"Lorenz.distance(...{FIGURE}.state())") > 1, "they have parted"
        visit.page.get_by_role("button", name=WORDS["fr"]["first"]["run"]).press("Enter")
        before, after = time_passes(visit)
        assert before != after


def test_without_scripts_the_picture_is_there_and_said(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + EDITIONS["en"])
    still = page.locator(".moving svg[role=img]")
    assert still.is_visible() and len(still.get_attribute("aria-label")) > 60
    assert page.locator(".moving canvas, .moving button").count() == 0
    context.close()


@pytest.mark.parametrize("edition", EDITIONS)
def test_on_a_phone_the_picture_comes_first_and_is_large(browser, site, edition):
    phone = {"width": 390, "height": 844}
    with Visit(browser, site + EDITIONS[edition], inside=site, viewport=phone) as visit:
        begin(visit)
        box = visit.page.locator(".moving canvas").bounding_box()
        text = visit.page.locator(".bd-article p:not(.reading-time)").first.bounding_box()
        assert box["width"] > 0.85 * phone["width"] and box["height"] > 0.6 * box["width"]
        assert box["y"] + box["height"] < min(text["y"] + 1, phone["height"])


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("name", ["index", "05_conclusions"])
def test_the_page_fits_each_width_and_does_not_jump(browser, site, edition, name):
    address = site + EDITIONS[edition].replace("index", name)
    late = ["first.js", "lorenz.js", "scorecard.js", "pydata-sphinx-theme.js"]
    for width in WIDTHS:
        with Visit(
            browser, address, inside=site, viewport={"width": width, "height": 900}, late=late
        ) as visit:
            page = visit.page
            if name == "index":
                begin(visit)
            assert page.evaluate("window.shift") < MOST_SHIFT, width
            page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
            wide, room = page.evaluate(
                "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
            )
            assert wide <= room, width
            assert not visit.problems, "\n".join(visit.problems)


# --- what it says -------------------------------------------------------------------------------


def test_each_card_shows_the_ledgers_verdict():
    need(PAGES, "the site is not built: run make book")
    named = re.findall(r"\{verdict\} (\S+)", SOURCE)
    assert 3 <= len(named) <= 5
    page = (SITE / EDITIONS["en"]).read_text(encoding="utf8")
    cards = re.split(r'<div class="verdict-card[ "]', page)[1:]
    rows = {row["id"]: row for row in ledger.verdicts()}
    assert len(cards) == len(named)
    for name, card in zip(named, cards, strict=True):
        badge = re.search(r'<span class="badge [^>]*>(.*?)</em>', card)[1]
        assert re.sub(r"<[^>]+>", "", badge) == rows[name]["verdict"]
        assert f"(slide {rows[name]['slide']})" in card and "<svg" in card and "<a " in card


def test_no_verdict_is_typed_into_the_first_page():
    for verdict in (ledger.REPRODUCED, ledger.DOES_NOT_IMPLY, ledger.UNDECIDED):
        assert verdict not in SOURCE


def test_noise_stands_beside_no_noise():
    need(PAGES, "the site is not built: run make book")
    page = re.sub(r"<[^>]+>", "", (SITE / EDITIONS["en"]).read_text(encoding="utf8"))
    page = page.replace("\N{NO-BREAK SPACE}", " ")
    for name in ("forward-difference", "multiple-shooting"):
        ours = ledger.recall(f"noise/{name}-dt-0.1")
        assert format(ours, ".4f" if name.startswith("m") else ".2f") in page


def test_the_code_for_ones_own_data_runs(tmp_path, monkeypatch, capsys):
    code = re.search(r"```python\n(.*?)```", SOURCE, re.S)[1]
    monkeypatch.chdir(tmp_path)
    series = simulate(np.array([-5.0, -6.0, 22.0]), 0.1, 120)
    np.savetxt("series.csv", series, delimiter=",")
    exec(code, names := {})
    np.testing.assert_allclose(names["model"].parameters_.rho, 28, rtol=1e-3)
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    ("remote", "launch", "repository"),
    [
        ("https://github.com/someone/lorenz", True, True),
        ("https://gitlab.example.org/someone/lorenz", False, True),
        ("", False, False),
    ],
)
def test_what_needs_an_address_is_said_only_where_there_is_one(remote, launch, repository):
    app = SimpleNamespace(addresses=addresses.find(remote))
    state = SimpleNamespace(
        document=SimpleNamespace(settings=SimpleNamespace(env=SimpleNamespace(app=app))),
        nested_parse=lambda content, offset, node: node.append(nodes.Text(content[0])),
    )

    def said(what, builder="html"):
        app.builder = SimpleNamespace(name=builder)
        given = ("where-known", [what], {}, ["So."], 1, 0, "")
        return first.WhereKnown(*given, state, SimpleNamespace(reporter=None)).run() != []

    assert said("launch") == launch and said("repository") == repository
    assert said("launch", "gettext"), "translations are asked for everywhere"


def test_the_built_page_speaks_of_the_rocket_where_there_is_one():
    need(PAGES, "the site is not built: run make book")
    said = "rocket" in re.sub(r"<[^>]+>", "", (SITE / EDITIONS["en"]).read_text(encoding="utf8"))
    assert said == bool(addresses.known().binder("book/index"))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_way_to_the_pdf_is_hidden_until_it_is_printed(language):
    name = pdf_name(language)
    way = f'<li><p><a class="reference external" href="../{name}">The book</a></p></li>'
    other = '<li><p><a class="reference internal" href="play.html">Play</a></p></li>'
    assert hide_pdf(f"<ul>{other}\n{way}</ul>", language) == f"<ul>{other}\n<!--PDF{way}PDF--></ul>"
