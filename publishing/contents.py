"""Where everything is: the book's pages in their order, as sources and as notebooks.

What stands beside a figure or table is in the file beside its chapter, ``chapter.yml``: by label
the caption and, of a figure, what one sees (``alt``). A cell names what it makes in its header,
``label="fig-a"``, several tables in their order: ``label="tab-a tab-b"``.

Below the text of an exercise, ``:::{exercise}``, stand the cells of its solution, code and text,
with the tag ``solution``. They fold as one, and leave the notebooks that readers download.
"""

import re
import sys
from functools import cache
from itertools import groupby
from pathlib import Path

import yaml

# jsonschema would spend seconds on the grammars of a format that no notebook's schema has.
sys.modules.setdefault("rfc3987_syntax", None)

import jupytext  # noqa: E402
from nbformat.v4 import new_markdown_cell  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
# The languages of the site, English at its root, and the book's title in each.
TITLES = {"": "Learning Lorenz", "fr": "Apprendre Lorenz"}
# These two read the results of all the others, so they wait for them.
LAST = ["book/05_conclusions", "book/appendix/reproducibility"]
EXERCISE = re.compile(r"(?m)^:::\{exercise\}\n:label: (\S+)$")


def pages():
    """All pages of the book in reading order, as paths without suffix relative to the root."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
    return [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]


def chapters():
    """The pages that are executed."""
    return [page for page in pages() if (ROOT / page).with_suffix(".py").exists()]


def read(page):
    """The chapter as a notebook, just as Jupyter Book reads it."""
    return reads((ROOT / page).with_suffix(".py").read_text(encoding="utf8"))


def reads(source):
    """The notebook of a chapter's source, each cell with the captions of what it makes."""
    notebook = jupytext.reads(source, fmt="py:percent")
    for cell in code_cells(notebook):
        labels = cell.metadata.get("label", "").split()
        figures = [label for label in labels if label.startswith("fig-")]
        if figures:
            shown = captions()[figures[0]]
            cell.metadata["mystnb"] = {
                "figure": {"caption": shown["caption"], "name": figures[0]},
                "image": {"alt": shown["alt"]},
            }
        elif labels:
            tables = {label: captions()[label]["caption"] for label in labels}
            cell.metadata["mystnb"] = {"tables": tables}
    notebook.cells = list(_with_marked_solutions(notebook.cells))
    return notebook


def is_solution(cell):
    """Whether a cell belongs to an exercise's solution."""
    return "solution" in cell.metadata.get("tags", [])


def _with_marked_solutions(cells):
    """The cells, each solution between the marks that sphinx-exercise looks for."""
    exercise, tags = None, {"tags": ["solution"]}
    for solved, group in [(solved, list(group)) for solved, group in groupby(cells, is_solution)]:
        if solved and exercise:
            for cell in group:  # what is folded as a whole is not folded within
                cell.metadata["tags"] = [tag for tag in cell.metadata["tags"] if tag != "hide-cell"]
            begin = new_markdown_cell(f":::{{solution-start}} {exercise}\n:::", metadata=tags)
            end = new_markdown_cell(":::{solution-end}\n:::", metadata=tags)
            group = [begin, *group, end]
        yield from group
        asked = EXERCISE.findall("\n".join(cell.source for cell in group))
        exercise = asked[-1] if asked else None


@cache
def captions():
    """Caption and alt text of all figures and tables of the book, by label."""
    found = {}
    for page in chapters():
        beside = (ROOT / page).with_suffix(".yml")
        if beside.exists():
            found |= yaml.safe_load(beside.read_text(encoding="utf8"))
    return found


def code_cells(notebook):
    """The notebook's code cells, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]
