"""Every chapter runs as a notebook from a clean kernel, solutions included, from two folders.

The build executes each chapter from its own folder: outputs that are fresh are results already, and
are held against the expected ones as they are. What is stale is executed here. That the folder does
not matter shows in two short chapters, of different depth, executed from the repository's root.
"""

import json
import re
import shutil

import pytest
import yaml
from test_book import CHAPTERS, ROOT

from publishing import contents, execute, freshness, repeatability

EXPECTED = repeatability.expected()
FROM_THE_ROOT = ("book/05_conclusions", "book/04_generation/dataset")


def results_of_the_others(folder):
    """A results store as the earlier chapters leave it, for those that read it."""
    if not any(freshness.reasons(page) for page in CHAPTERS):
        shutil.copytree(ROOT / freshness.RESULTS, folder)
        return
    folder.mkdir()
    for name, entry in EXPECTED.items():
        (folder / (name.replace("/", "--") + ".json")).write_text(
            json.dumps({"name": name, **entry})
        )


def executed_here(page, folder, store):
    """The results that a chapter records when it is executed now."""
    if page in contents.LAST:
        results_of_the_others(store)
    _, problem = execute.execute(page, folder=folder, LORENZ_RESULTS=str(store))
    assert problem is None, problem
    return {} if page in contents.LAST else repeatability.recorded(store)


def kept_by_the_build(page):
    """The results that a fresh chapter has recorded."""
    paths = freshness.executed(page).metadata["origins"]["writes"]
    entries = [json.loads((ROOT / path).read_text(encoding="utf8")) for path in paths]
    return {entry["name"]: entry for entry in entries}


def hold_against_the_expected(page, found):
    wanted = {name: entry for name, entry in EXPECTED.items() if entry["page"] == page}
    problems = list(repeatability.differences(found, wanted))
    assert not problems, (
        "\n".join(problems) + "\nIf that is meant: make book, then make accept, and say why."
    )


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_chapter_runs_from_its_own_folder_and_its_results_are_the_expected_ones(
    page, tmp_path
):
    fresh = not freshness.reasons(page)
    found = kept_by_the_build(page) if fresh else executed_here(page, None, tmp_path / "results")
    hold_against_the_expected(page, found)


@pytest.mark.parametrize("page", FROM_THE_ROOT)
def test_chapters_run_from_the_root_as_well(page, tmp_path):
    hold_against_the_expected(page, executed_here(page, ROOT, tmp_path / "results"))


@pytest.mark.parametrize("page", CHAPTERS)
def test_no_chapter_opens_a_file_by_a_path_of_its_own(page):
    # Such a path would lead elsewhere from another folder; the module's loaders know the root.
    code = "\n".join(cell.source for cell in contents.code_cells(contents.read(page)))
    assert not re.findall(r"\b(?:open|Path|\w*load\w*|read_\w+)\(\s*f?[\"'][\w.]*[./].*", code)


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_chapter_has_exercises_and_its_solutions_are_executed(page):
    cells = contents.read(page).cells
    start = next(i for i, cell in enumerate(cells) if "## Exercises" in cell.source)
    code = [cell for cell in cells[start:] if cell.cell_type == "code"]
    solutions = [c for c in code if {"hide-cell", "solution"} & set(c.metadata.get("tags", []))]
    in_words = ("book/appendix/reproducibility", "book/appendix/benchmarks")
    if page not in in_words:
        assert len(solutions) >= 2, page
    if page.startswith("book/03_concepts/"):
        assert len(solutions) == 2, page


def test_each_claim_is_judged_by_a_result_of_the_page_it_links_to():
    for claim in yaml.safe_load((ROOT / "book" / "claims.yml").read_text(encoding="utf8")):
        assert EXPECTED[claim["result"]]["page"] == claim["page"], claim["id"]
        assert claim.get("control", claim["result"]) in EXPECTED, claim["id"]
