"""Where everything is: the book's pages in their order, as sources and as notebooks."""

import sys
from pathlib import Path

import yaml

# jsonschema would spend seconds on the grammars of a format that no notebook's schema has.
sys.modules.setdefault("rfc3987_syntax", None)

import jupytext  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
# The languages of the site, English at its root, and the book's title in each.
TITLES = {"": "Learning Lorenz", "fr": "Apprendre Lorenz"}
# These two read the results of all the others, so they wait for them.
LAST = ["book/05_conclusions", "book/appendix/reproducibility"]


def pages():
    """All pages of the book in reading order, as paths without suffix relative to the root."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
    return [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]


def chapters():
    """The pages that are executed."""
    return [page for page in pages() if (ROOT / page).with_suffix(".py").exists()]


def read(page):
    """The chapter as a notebook, just as Jupyter Book reads it."""
    source = (ROOT / page).with_suffix(".py").read_text(encoding="utf8")
    return jupytext.reads(source, fmt="py:percent")


def code_cells(notebook):
    """The notebook's code cells, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]
