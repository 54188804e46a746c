"""The lightened theme: what was mended in another version's pages is missed when it is gone."""

import re
from types import SimpleNamespace

import pytest
from sphinx.errors import ExtensionError

from publishing.sphinx import slim


def test_a_mend_that_no_page_needs_fails_the_build(tmp_path):
    script = tmp_path / "_static" / "scripts" / "fontawesome.js"
    script.parent.mkdir(parents=True)
    script.write_text("")
    (tmp_path / "index.html").write_text('<div id="pst-primary-sidebar">')
    app = SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=tmp_path)
    needed, *idle = (pattern for pattern, _ in slim.MENDS)
    with pytest.raises(ExtensionError, match="no page has") as raised:
        slim.slim(app, None)
    assert all(repr(pattern) in str(raised.value) for pattern in idle)
    assert repr(needed) not in str(raised.value)


@pytest.mark.parametrize(
    ("page", "mended"),
    [
        ('<summary aria-label="x">y</summary>', "<summary>y</summary>"),
        ("<title>A &#8212; A</title>", "<title>A</title>"),
        ("<title>A &#8212; B</title>", "<title>A &#8212; B</title>"),
        ("<th></th>", "<td></td>"),
    ],
)
def test_the_themes_parts_are_mended(page, mended):
    made, found = slim.mend(page)
    assert made == mended
    assert bool(found) == (page != mended)
    assert all(re.search(pattern, page) for pattern in found)
