"""The verdicts of this machine, and of every machine whose results agree with the accepted ones."""

import itertools

import pytest
import yaml
from browsing import need

from lorenz_utils import ledger
from publishing import __main__ as command
from publishing import contents, freshness, repeatability

EXPECTED = repeatability.expected()
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
    a, b, c, d, e = (
        sum(row["verdict"] == verdict for row in built.values()) for verdict in ledger.VERDICTS
    )
    page = freshness.executed("book/05_conclusions")
    outputs = (output for cell in page.cells for output in cell.get("outputs", []))
    said = " ".join(" ".join(o.get("data", {}).get("text/markdown", "") for o in outputs).split())
    assert (
        f"Of {len(built)} claims {a} are reproduced and {b} reproduced in part; {c} are "
        f"not reproduced, {d} hold but do not imply what is claimed, and {e} are undecided."
    ) in said


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
