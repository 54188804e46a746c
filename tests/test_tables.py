"""Tables that code makes are numbered: each has the caption and the name that its cell gives."""

from types import SimpleNamespace

import pytest
from browsing import SITE, need
from docutils import nodes
from docutils.utils import new_document
from sphinx.errors import ExtensionError

from publishing.sphinx import tables


def captioned(metadata, n_tables):
    """The tables of a document with one cell, after the transform."""
    document = new_document("page")
    document.settings.env = SimpleNamespace(docname="page")
    cell = nodes.container("", cell_metadata=metadata)
    cell += [nodes.table("") for _ in range(n_tables)]
    document += cell
    tables.CaptionTables(document).apply()
    return list(document.findall(nodes.table)), document


def test_each_table_has_its_caption_and_is_a_target():
    named = {"tables": {"tab-a": "Of $x$ and $y$.", "tab-b": "Plain."}}
    (first, second), document = captioned({"mystnb": named}, 2)
    assert [type(part).__name__ for part in first[0]] == ["Text", "math", "Text", "math", "Text"]
    assert second[0].astext() == "Plain."
    assert document.nameids == {"tab-a": "tab-a", "tab-b": "tab-b"}


@pytest.mark.parametrize("named", [{}, {"tab-a": "One."}, dict.fromkeys("abc", "Three.")])
def test_a_cell_names_each_table_it_makes(named):
    with pytest.raises(ExtensionError, match=rf"2 tables, its metadata names {len(named)}"):
        captioned({"mystnb": {"tables": named}}, 2)


def test_built_tables_of_outputs_are_numbered():
    need(SITE.exists(), "the site is not built: run make book")
    for path in SITE.glob("book/**/*.html"):
        page = path.read_text(encoding="utf8")
        for output in page.split('<div class="cell_output')[1:]:
            table = output.find('<table class="table"')
            if table >= 0:
                assert '<caption><span class="caption-number">' in output[table:][:200], path
