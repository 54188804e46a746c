"""The concept chapters run as notebooks from a clean kernel, exercises' solutions included."""

import pytest
from test_book import CHAPTERS, build

CONCEPTS = [page for page in CHAPTERS if page.startswith("book/03_concepts/")]


def test_there_are_seven_concept_chapters_with_two_solved_exercises_each():
    assert len(CONCEPTS) == 7
    for page in CONCEPTS:
        cells = build.read(page).cells
        start = next(i for i, cell in enumerate(cells) if "## Exercises" in cell.source)
        solutions = [c for c in cells[start:] if "hide-cell" in c.metadata.get("tags", [])]
        assert len(solutions) == 2, page


@pytest.mark.parametrize("page", CONCEPTS)
def test_concept_chapters_run_from_a_clean_kernel(page):
    notebook, problem = build.execute(page)
    assert problem is None, problem
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", output["text"]
