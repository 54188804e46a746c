"""Every chapter runs as a notebook from a clean kernel, solutions included, from two folders.

From the repository's root it is executed here, and its results are held against the expected ones.
From its own folder the build has executed it; where that is stale, it is repeated here.
"""

import json

import pytest
from test_book import CHAPTERS, ROOT, build

import freshness  # isort: skip
import repeatability  # isort: skip

EXPECTED = repeatability.expected()


def results_of_the_others(folder):
    """A results store as the earlier chapters leave it, for those that read it."""
    folder.mkdir()
    for name, entry in EXPECTED.items():
        (folder / (name.replace("/", "--") + ".json")).write_text(
            json.dumps({"name": name, **entry})
        )


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_chapter_runs_from_the_root_and_its_results_are_the_expected_ones(page, tmp_path):
    store = tmp_path / "results"
    if page in build.LAST:
        results_of_the_others(store)
    _, problem = build.execute(page, folder=ROOT, LORENZ_RESULTS=str(store))
    assert problem is None, problem
    if page not in build.LAST:
        wanted = {name: entry for name, entry in EXPECTED.items() if entry["page"] == page}
        found = repeatability.recorded(store)
        problems = list(repeatability.differences(found, wanted))
        assert not problems, (
            "\n".join(problems) + "\nIf that is meant: make book, then make accept, and say why."
        )


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_chapter_runs_from_its_own_folder(page, tmp_path):
    if freshness.reasons(page):
        results_of_the_others(tmp_path / "results")
        _, problem = build.execute(page, LORENZ_RESULTS=str(tmp_path / "results"))
        assert problem is None, problem


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_chapter_has_exercises_and_its_solutions_are_executed(page):
    cells = build.read(page).cells
    start = next(i for i, cell in enumerate(cells) if "## Exercises" in cell.source)
    solutions = [c for c in cells[start:] if "hide-cell" in c.metadata.get("tags", [])]
    in_words = ("book/appendix/reproducibility", "book/appendix/benchmarks")
    if page not in in_words:
        assert len(solutions) >= 2, page
    if page.startswith("book/03_concepts/"):
        assert len(solutions) == 2, page


def test_each_claim_is_judged_by_a_result_of_the_page_it_links_to():
    for claim in build.yaml.safe_load((ROOT / "book" / "claims.yml").read_text(encoding="utf8")):
        assert EXPECTED[claim["result"]]["page"] == claim["page"], claim["id"]
        assert claim.get("control", claim["result"]) in EXPECTED, claim["id"]
