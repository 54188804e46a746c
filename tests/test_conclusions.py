"""The verdicts of this machine, and of every machine whose results agree with the accepted ones."""

import html
import itertools
import re
from collections import Counter

import pytest
import yaml
from browsing import AXE, AXE_RUN, NARROW, SITE, Visit, need
from docutils import nodes
from docutils.utils import new_document

from book.figures.conclusions import by_question
from lorenz_utils import ledger, plotting
from publishing import __main__ as command
from publishing import contents, freshness, repeatability
from publishing.sphinx.scorecard import SHOWN, Fold, FoldClaims, slug

EXPECTED = repeatability.expected()
OPEN = "for (const fold of document.querySelectorAll('details.question')) fold.open = true"
CLAIMS = {claim["id"]: claim for claim in ledger.claims()}


def accepted(name, shift=0.0, spread=0.0):
    """An accepted result, moved by shares of what it and its error may be off elsewhere."""
    entry = EXPECTED[name]
    value, error = entry["value"] + shift * entry["tolerance"], entry["standard_error"]
    if entry["amplified"]:
        error *= 1.25**spread  # that of twenty repeats itself scatters by a sixth
    elif entry["n"]:
        error = max(error + spread * repeatability.error_tolerance(entry), 0.0)
    return ledger.Estimate(value, error, entry["n"])


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_each_verdict_is_the_same_wherever_the_results_agree(claim):
    """Within the tolerance of each value, and of each standard error."""
    steps = (-1.0, -0.5, 0.0, 0.5, 1.0)
    theirs = list(itertools.product(steps, steps)) if "control" in claim else [(0.0, 0.0)]
    verdicts = {
        ledger.judge(
            claim,
            accepted(claim["result"], *mine),
            accepted(claim["control"], *control) if "control" in claim else None,
        )
        for mine, control in itertools.product(itertools.product(steps, steps), theirs)
    }
    assert len(verdicts) == 1, f"{verdicts}: more repeats, or a threshold further away"
    assert verdicts == set(claim["reason"]), "reasons belong to the one verdict that can be reached"


@pytest.fixture
def built():
    """Verdicts on what `make book` recorded on this machine."""
    stale = [page for page in contents.chapters() if freshness.reasons(page)]
    need(not stale, f"make book first: {len(stale)} chapters are stale")
    return {row["id"]: row for row in ledger.verdicts()}


def test_this_machine_judges_each_claim_as_accepted_and_with_a_reason(built):
    for name, row in built.items():
        control = accepted(row["control"]) if "control" in row else None
        assert row["verdict"] == ledger.judge(row, accepted(row["result"]), control), name
        assert row["reason"] != ledger.NO_REASON, name


def test_the_built_pages_count_these_verdicts(built):
    open_ones = [row for row in built.values() if not row.get("trivial")]
    a, b, c, d, e = (
        sum(row["verdict"] == verdict for row in open_ones) for verdict in ledger.VERDICTS
    )
    page = freshness.executed("book/05_conclusions")
    outputs = (output for cell in page.cells for output in cell.get("outputs", []))
    said = " ".join(" ".join(o.get("data", {}).get("text/markdown", "") for o in outputs).split())
    assert (
        f"Of the {len(open_ones)} claims that could have turned out otherwise, {a} are reproduced "
        f"and {b} reproduced in part; {c} are not reproduced, {d} hold but do not imply what is "
        f"claimed, and {e} are undecided. {len(built) - len(open_ones)} more are trivial."
    ) in said


# --- the scorecard ------------------------------------------------------------------------------


def test_each_claim_belongs_to_one_question_and_none_is_lost():
    claims = list(CLAIMS.values())
    assert len(claims) == len(ledger.claims()), "ids are unique"
    groups = by_question(claims)
    assert 12 <= len(groups) <= 18
    assert all(question.endswith("?") and len(question) < 80 for question in groups)
    placed = [claim["id"] for group in groups.values() for claim in group]
    assert sorted(placed) == sorted(CLAIMS)


def test_some_claims_are_trivial_and_most_are_not():
    trivial = [claim for claim in CLAIMS.values() if claim.get("trivial")]
    assert 5 < len(trivial) < len(CLAIMS) / 3
    # By the criterion of claims.yml no experiment decides: no repeats, no draws of the deck's.
    assert {claim["rule"] for claim in trivial} <= {"equals", "less", "greater"}


def scorecard(rows, headers=("Is it so?", "asked", "ours", "verdict", "why", "computed in")):
    """A notebook's cell with the table of a question, as MyST-NB makes it, folded."""
    text = plotting.table(headers, rows).data
    document = new_document("page")
    cell = nodes.container("", cell_metadata={"tags": ["scorecard"]})
    bundle = nodes.container("", mime_type="text/markdown")
    table = nodes.table("", nodes.tgroup("", nodes.thead(), nodes.tbody()))
    for number, line in enumerate(line for line in text.splitlines() if "---" not in line):
        row = nodes.row()
        for part in line.strip("| ").split(" | "):
            verdict = re.fullmatch(r"\*(.*?)\*(.*)", part)
            words = [nodes.emphasis("", verdict[1]), nodes.Text(verdict[2])] if verdict else []
            row += nodes.entry("", nodes.paragraph(part, "", *(words or [nodes.Text(part)])))
        table[0][min(number, 1)] += row
    document += cell
    cell += bundle
    bundle += table
    FoldClaims(document).apply()
    return document


def test_a_table_of_claims_folds_under_its_question():
    trivial = f"*{ledger.NOT_REPRODUCED}* (trivial)"
    document = scorecard([
        ["A.", "above 1", "2", f"*{ledger.REPRODUCED}*", "Since.", "there"],
        ["B.", "above 1", "0", trivial, "So.", "here"],
    ])  # fmt: skip
    assert not list(document.findall(nodes.table))
    (fold,) = document.findall(Fold)
    summary, claims = fold
    assert summary.astext().split("\n\n")[0].startswith("Is it so?")
    badges = [badge.astext() for badge in summary.findall(nodes.inline) if badge["classes"][1:]]
    assert badges == [f"{ledger.REPRODUCED} 1", f"{ledger.NOT_REPRODUCED} 1"]
    first, second = claims
    assert first["classes"] == ["claim", "verdict-reproduced"]
    assert second["classes"] == ["claim", "verdict-not-reproduced", "trivial"]
    assert [part["classes"][0] for part in second] == [f"claim-{name}" for name in SHOWN]
    said = "not reproduced (trivial) B. asked above 1 ours 0 So. computed in here"
    assert " ".join(second.astext().split()) == said


def test_a_word_that_is_no_verdict_is_refused():
    with pytest.raises(ValueError, match=r"verdict must be one of .*, got 'maybe'"):
        scorecard([["A.", "above 1", "2", "*maybe*", "Since.", "there"]])


@pytest.mark.parametrize("edition", ["", "fr/"])
def test_the_page_folds_all_claims_with_their_verdicts(built, edition):
    path = SITE / edition / "book/05_conclusions.html"
    need(path.exists(), "the site is not built: run make book")
    folds = re.findall(r'<details class="question.*?</details>', path.read_text("utf8"), re.S)
    groups = by_question(built.values())
    assert len(folds) == len(groups)
    for fold, (question, claims) in zip(folds, groups.items(), strict=True):
        found = re.findall(r'<li class="claim (verdict-[\w-]+)( trivial)?"', fold)
        given = [(slug(c["verdict"]), " trivial" if c.get("trivial") else "") for c in claims]
        assert found == given, question
        counts = Counter(claim["verdict"] for claim in claims)
        shown = re.findall(r'class="badge (verdict-[\w-]+)">.*?class="count"> (\d+)<', fold)
        assert dict(shown) == {slug(verdict): str(n) for verdict, n in counts.items()}
        if not edition:
            assert question.replace("'", "’") in html.unescape(fold).replace("'", "’")


def visible(page):
    """The classes of the claims that one sees."""
    return page.eval_on_selector_all(
        ".claim", "all => all.filter((x) => x.checkVisibility()).map((x) => x.classList[1])"
    )


def test_the_filter_shows_one_verdict_by_the_keyboard(browser, site, built):
    counts = Counter(row["verdict"] for row in built.values())
    with Visit(browser, site + "book/05_conclusions.html", inside=site) as visit:
        page = visit.page
        assert visible(page) == [], "all are folded"
        for verdict, n in counts.items():
            button = page.locator(f".scorecard-filter button[data-shows='.{slug(verdict)}']")
            button.press("Enter")
            assert visible(page) == [slug(verdict)] * n
            assert button.get_attribute("aria-pressed") == "true"
            assert page.locator(".scorecard-filter [aria-pressed=true]").count() == 1
        page.locator(".scorecard-filter button").last.press("Space")
        trivial = sum(bool(row.get("trivial")) for row in built.values())
        assert len(visible(page)) == len(built) - trivial
        page.locator(".scorecard-filter button").first.press("Enter")
        assert page.locator("details.question:visible").count() == len(by_question(built.values()))
        assert visible(page) == []
        page.locator("details.question summary").first.press("Enter")
        assert len(visible(page)) == len(next(iter(by_question(built.values()).values())))
        page.add_script_tag(path=str(AXE))
        page.evaluate(OPEN)
        for theme in ("light", "dark"):
            visit.set_theme(theme)
            assert page.evaluate(AXE_RUN) == [], theme
        assert not visit.problems, "\n".join(visit.problems)


def test_without_scripts_every_claim_can_be_opened(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + "book/05_conclusions.html")
    assert not page.locator(".scorecard-filter").is_visible()
    claim = page.locator(".claim").first
    assert not claim.is_visible()
    page.locator("details.question summary").first.click()
    assert claim.is_visible()
    context.close()


def test_on_a_narrow_screen_the_verdict_comes_first(browser, site):
    with Visit(browser, site + "book/05_conclusions.html", inside=site, viewport=NARROW) as visit:
        page = visit.page
        page.evaluate(
            "for (const d of document.querySelectorAll('details.question')) d.open = true"
        )
        tops = page.eval_on_selector_all(
            ".claim",
            "all => all.map((x) => [...x.children].map((c) => c.getBoundingClientRect().y))",
        )
        assert len(tops) == len(CLAIMS)
        assert all(top[0] < min(top[1:]) for top in tops)


def test_a_verdict_without_a_reason_is_shown_and_noted(tmp_path, monkeypatch, capsys):
    claim = {"id": "a", "result": "page/a", "rule": "greater", "threshold": 0, "reason": {}}
    (tmp_path / "claims.yml").write_text(yaml.safe_dump([claim]))
    monkeypatch.setattr(ledger, "CLAIMS", tmp_path / "claims.yml")
    monkeypatch.setattr(ledger, "RESULTS", tmp_path)
    ledger.record("page/a", 1.0)
    command.note_what_differs()
    assert "claim 'a' is judged 'reproduced'" in capsys.readouterr().err


def test_a_machine_of_other_orbits_gets_one_note(tmp_path, monkeypatch, capsys):
    (tmp_path / "_build" / "results").mkdir(parents=True)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(ledger, "RESULTS", tmp_path / "_build" / "results")
    ledger.record("reproducibility/orbits-as-everywhere", 0)
    command.note_what_differs()
    out, err = capsys.readouterr()
    assert not out and len(err.splitlines()) == 1 and "other orbits" in err
