"""Tolerances of results, and the comparison of two built sites."""

import json

import nbformat
import numpy as np
import pytest
from docutils import nodes
from docutils.utils import new_document
from PIL import Image
from sphinx.search import SearchEnglish, WordCollector

from publishing import __main__ as command
from publishing import freshness, repeatability
from publishing.sphinx import provenance

WANTED = {"a/b": {"value": 1.0, "tolerance": 0.1}}


@pytest.mark.parametrize(
    ("value", "message"),
    [(1.09, None), (0.91, None), (1.11, "is 1.11, expected 1.0 within 0.1"), (np.nan, "is nan")],
)
def test_results_are_held_against_their_tolerance(value, message):
    found = list(repeatability.differences({"a/b": {"value": value}}, WANTED))
    assert (message is None and not found) or message in found[0]


def test_lost_and_new_results_are_named():
    found = list(repeatability.differences({"a/c": {"value": 1.0}}, WANTED))
    assert found == ["a/b is not recorded any longer", "a/c is new"]


def test_tolerances_follow_the_rule():
    def tolerance(value, standard_error, amplified):
        entry = {"value": value, "standard_error": standard_error, "amplified": amplified}
        return repeatability.tolerance(entry)

    assert tolerance(3.0, 0.5, True) == 3.0
    assert tolerance(3.0, 0.5, False) == pytest.approx(3e-6)
    assert tolerance([1.0, -4.0], [0.1, 0.5], False) == pytest.approx(4e-6)
    assert tolerance([1.0, -4.0], [0.1, 0.5], True) == 3.0
    assert tolerance(5e-29, 0.0, False) == tolerance(4e-12, 2e-13, True) == 1e-9
    assert tolerance(1000, 0.0, False) == 0.0
    for name, entry in repeatability.expected().items():
        assert entry["tolerance"] == repeatability.tolerance(entry) or len(entry["why"]) > 20, name


@pytest.fixture
def sites(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "page.html").write_text(f"<p>x</p><time>{name}</time>\n<p>0.5</p>")
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(
            tmp_path / name / "f.png", compress_level=1 if name == "one" else 9
        )
    return tmp_path / "one", tmp_path / "other"


def test_dates_and_compression_do_not_count(sites):
    assert (sites[0] / "f.png").read_bytes() != (sites[1] / "f.png").read_bytes()
    assert not list(repeatability.same_site(*sites))


def test_a_number_a_pixel_and_a_missing_file_count(sites):
    page = sites[1] / "page.html"
    page.write_text(page.read_text().replace("0.5", "0.6"))
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[0, 0, 0] = 1
    Image.fromarray(pixels).save(sites[1] / "f.png")
    (sites[1] / "more.js").write_text("")
    assert list(repeatability.same_site(*sites)) == [
        "more.js is in one of them only",
        "f.png differs",
        "page.html, line 2: '<p>0.5</p>' and '<p>0.6</p>' differs",
    ]


def test_accepting_keeps_the_tolerances_that_say_why(tmp_path, monkeypatch):
    (tmp_path / "_build" / "results").mkdir(parents=True)
    paths = []
    for name in ("a", "b"):
        path = tmp_path / "_build" / "results" / f"p--{name}.json"
        entry = {"name": f"p/{name}", "value": 2.0, "standard_error": 0.0, "amplified": False}
        path.write_text(json.dumps(entry))
        paths.append(str(path.relative_to(tmp_path)))
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["origins"] = {"writes": dict.fromkeys(paths, "")}
    monkeypatch.setattr(freshness, "executed", lambda page: notebook)
    monkeypatch.setattr(repeatability, "ROOT", tmp_path)
    monkeypatch.setattr(repeatability, "EXPECTED", tmp_path / "expected.json")
    old = {"p/a": {"value": 1.0, "tolerance": 7.0, "why": "it says why, at length"}}
    (tmp_path / "expected.json").write_text(json.dumps(old))
    assert repeatability.accept(["book/p"]) == ["p/b is new"]
    new = repeatability.expected()
    assert new["p/a"]["tolerance"] == 7.0 and new["p/a"]["value"] == 2.0
    assert new["p/b"]["tolerance"] == 2e-6 and new["p/b"]["page"] == "book/p"


def test_check_removes_all_that_a_build_could_reuse(tmp_path, monkeypatch, capsys):
    (tmp_path / "results").mkdir()
    (tmp_path / "executed").mkdir()
    builds = []

    def pretend():
        assert not (tmp_path / "results").exists() and not (tmp_path / "executed").exists()
        (tmp_path / "html").mkdir()
        builds.append((tmp_path / "html" / "index.html").write_text(f"<p>{len(builds)}</p>"))
        (tmp_path / "executed").mkdir()
        return True

    monkeypatch.setattr(command, "BUILD", tmp_path)
    monkeypatch.setattr(command, "build", pretend)
    monkeypatch.setattr(repeatability, "differences", lambda found, wanted: [])
    assert not command.check()
    assert len(builds) == 2
    assert "index.html, line 1: '<p>0</p>' and '<p>1</p>' differs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (provenance.Unsearched(html="<p>chapter <time>41</time></p>"), []),
        (nodes.raw("", "<p>chapter <time>41</time></p>", format="html"), ["chapter", "41"]),
    ],
)
def test_durations_are_not_in_the_search_index(node, words):
    document = new_document("page")
    document += node
    collector = WordCollector(document, SearchEnglish({}))
    document.walk(collector)
    assert collector.found_words == words
