"""The rehearsal of other machines: its settings take effect, and what differs is named."""

import json
import os
import re
import signal

import nbformat
import pytest
from test_build import Clone

from publishing import rehearsal, repeatability

CLAIM = """
- {id: total, result: first/sum, rule: greater, threshold: 11.2,
   reason: {reproduced: yes it is, not reproduced: no it is not}}
"""


def notebook(*outputs):
    """An executed notebook, each cell with one output of Markdown."""
    new = nbformat.v4
    cells = [
        new.new_code_cell(outputs=[new.new_output("display_data", {"text/markdown": text})])
        for text in outputs
    ]
    return new.new_notebook(cells=cells)


@pytest.mark.parametrize("name", rehearsal.MACHINES)
def test_this_cpu_becomes_another_machine_or_says_why_not(name):
    why = rehearsal.refusal(name)
    if why and (name == "haswell" or os.uname().machine != "x86_64"):
        pytest.skip(f"{name} on this CPU: {why}")  # neither an old CPU nor ARM has AVX2
    assert why is None


@pytest.mark.parametrize(
    ("settings", "probe", "why"),
    [
        ({"OPENBLAS_CORETYPE": "Nonsense"}, None, r"OpenBLAS says \['\w+'\], not \['Nehalem'\]"),
        ({}, f"import os; os.kill(os.getpid(), {signal.SIGILL:d})", "lacks an instruction"),
        ({}, "import nothing_of_this_name", "do not start .*(\n.*)*nothing_of_this_name"),
    ],
)
def test_a_rehearsal_that_would_be_none_is_refused(settings, probe, why, monkeypatch):
    variables, said = rehearsal.MACHINES["generic"]
    monkeypatch.setitem(rehearsal.MACHINES, "generic", (variables | settings, said))
    monkeypatch.setattr(rehearsal, "PROBE", probe or rehearsal.PROBE)
    found = rehearsal.refusal("generic")
    if os.uname().machine != "x86_64" and probe is None:
        # Another processor is refused for its kernels' names, before the setting is looked at.
        pytest.skip(f"no x86 CPU: {found}")
    assert re.search(why, found), found


@pytest.mark.parametrize(
    ("there", "here", "differs"),
    [
        ("It falls from 4.6 ± 0.2 to -2e-06.", "It falls from 5 ± 0.25 to 0.0.", False),
        ("| ridge   | 4.61 |\n|---|---|", "| ridge | 12 |\n|---|---|", False),
        ("lower than the floor by 3", "higher than the floor by 3", True),
        ("It is nan.", "It is 3.", False),
        ("one\n\ntwo", "one", True),
        ("", "one", True),
    ],
)
def test_sentences_are_compared_but_for_their_numbers(there, here, differs):
    found = list(rehearsal.other_sentences("book/p", notebook("a", there), notebook("a", here)))
    assert bool(found) == differs
    if differs:
        assert found[0].startswith("book/p: code cell 2 says there\n    ")


def test_results_are_held_against_the_tolerance_of_the_accepted_ones(monkeypatch):
    accepted = {"p/a": {"page": "book/p", "tolerance": 0.5}}
    monkeypatch.setattr(repeatability, "expected", lambda: accepted)
    own = {"p/a": {"value": 1.0, "standard_error": 0.0}, "p/b": {"value": 1.0, "standard_error": 0}}
    near = {"p/a": {"value": 1.4}, "p/b": {"value": 1.0}}
    assert not list(rehearsal.other_results(near, own))
    assert rehearsal.equal_digits(near, own) == 1
    far = {"p/a": {"value": 1.6}, "p/b": {"value": 1.1}, "p/c": {"value": 1.0}}
    assert list(rehearsal.other_results(far, own)) == [
        "book/p: result p/a is 1.6, expected 1.0 within 0.5",
        "a new result: result p/b is 1.1, expected 1.0 within 1e-06",
        "a new result: result p/c is new",
    ]
    lost = list(rehearsal.other_results({"p/b": own["p/b"]}, own))
    assert lost == ["book/p: result p/a is not recorded any longer"]


def test_verdicts_have_to_be_equal(monkeypatch):
    judged = {"here": {"a": "reproduced", "b": "undecided"}, "there": {"a": "not reproduced"}}
    monkeypatch.setattr(rehearsal, "verdicts", judged.__getitem__)
    assert list(rehearsal.other_verdicts("here", "here")) == []
    assert list(rehearsal.other_verdicts("there", "here")) == [
        "claims.yml: a is 'not reproduced' there, 'reproduced' here",
        "claims.yml: b is 'not judged' there, 'undecided' here",
    ]


def test_claims_that_cannot_be_judged_are_said_to_be_so(tmp_path):
    (found,) = rehearsal.other_verdicts(tmp_path, tmp_path)
    assert "cannot be judged" in found and "no result named" in found


@pytest.mark.parametrize("sensitive", [True, False])
def test_a_book_that_depends_on_the_kernel_is_found_out(sensitive, tmp_path, monkeypatch, capsys):
    clone = Clone(tmp_path / "clone")
    clone.write("book/claims.yml", CLAIM)
    if sensitive:
        clone.edit(
            "book/first.py",
            'ledger.record("first/sum", sum(numbers)',
            "import os\nfrom IPython.display import Markdown, display\n"
            'other = os.environ.get("OPENBLAS_CORETYPE") == "Nehalem"\n'
            "display(Markdown(f\"It is {len(numbers)}, {'more' if other else 'less'}.\"))\n"
            'ledger.record("first/sum", sum(numbers) + other',
        )
    monkeypatch.setattr(repeatability, "expected", dict)
    monkeypatch.setattr(rehearsal, "refusal", lambda name: None)  # tested above
    assert clone.inside(lambda: rehearsal.rehearse("generic")) == (not sensitive)
    said = capsys.readouterr()
    own = json.loads((clone.folder / "_build" / "results" / "first--sum.json").read_text())
    assert own["value"] == 11, "this machine's own book was touched"
    if not sensitive:
        assert "generic: 1 of 1 results are equal to the last digit; no differences" in said.out
        return
    assert said.err.splitlines() == [
        "book/first: code cell 2 says there",
        "    It is 1, more.",
        "  and here",
        "    It is 1, less.",
        "a new result: result first/sum is 12, expected 11 within 0",
        "claims.yml: total is 'reproduced' there, 'not reproduced' here",
    ]
    assert "generic: 0 of 1 results are equal to the last digit; 3 differences" in said.out


def test_only_machines_that_this_cpu_can_be_are_rehearsed(monkeypatch, capsys):
    monkeypatch.setattr(rehearsal, "execute_stale", lambda: True)
    rehearsed = []
    monkeypatch.setattr(rehearsal, "_rehearsed", lambda name: rehearsed.append(name) or True)
    able = {"generic"}
    monkeypatch.setattr(rehearsal, "refusal", lambda name: None if name in able else "no AVX")
    assert rehearsal.rehearse("all") and rehearsed == ["generic"]
    assert "No rehearsal of haswell: no AVX." in capsys.readouterr().err
    assert not rehearsal.rehearse("haswell")
    able.clear()
    assert not rehearsal.rehearse("all"), "nothing was rehearsed"
    assert rehearsed == ["generic"]
