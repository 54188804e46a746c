"""Numbers on the pages are typeset, and nothing else is taken for one."""

import re
from html.parser import HTMLParser

import pytest
from browsing import PAGES, SITE, need
from docutils import nodes
from docutils.utils import new_document

from publishing.sphinx import numbers


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("4.5e+00 and 39.5", ["4.5 and 39.5"]),
        ("1.2e-02", ["0.012"]),
        ("misses by 4e-12.", ["misses by 4 × 10", -12, "."]),
        ("-2.28e-08 ± 6.8e-09", ["(−2.28 ± 0.68) × 10", -8, ""]),
        ("0e+00", ["0"]),
        ("1e+05 or 1e-10", ["1 × 10", 5, " or 1 × 10", -10, ""]),
        ("the deck's 10e-23", ["the deck's 10e-23"]),
        ("v1e-06x, 2e, face-12, tol1e-3", ["v1e-06x, 2e, face-12, tol1e-3"]),
    ],
)
def test_powers_of_ten_are_set_apart(text, parts):
    assert numbers.typeset(text) == parts


def test_code_and_formulas_stay():
    document = new_document("page")
    bundle = nodes.container("", mime_type="text/markdown")
    bundle += nodes.paragraph("", "", nodes.Text("at 1e-12 "), nodes.literal("", "rtol=1e-12"))
    bundle += nodes.math("", "1e-12")
    document += bundle
    document += nodes.paragraph("", "prose 1e-12 stays as its author wrote it")
    numbers.TypesetNumbers(document).apply()
    assert document.astext().count("1e-12") == 3
    (power,) = document.findall(nodes.superscript)
    assert power.astext() == "−12" and power.parent.astext().startswith("at 1 × 10−12")


class Words(HTMLParser):
    """What a page's article says outside code, formulas and drawings."""

    def __init__(self, text):
        super().__init__()
        self.said, self._inside = [], 0
        article = re.search(r'<article class="bd-article">(.*?)</article>', text, re.S)[1]
        self.feed(re.sub(r"<(pre|code|script|svg|math)\b.*?</\1>", "", article, flags=re.S))

    def handle_data(self, data):
        self.said.append(data)


@pytest.mark.parametrize("page", PAGES or ["none"])
def test_no_page_shows_a_number_as_python_prints_it(page):
    need(PAGES, "the site is not built: run make book")
    text = " ".join(Words((SITE / page).read_text(encoding="utf8")).said)
    assert not re.findall(r"(?<![\w.])\d(?:\.\d+)?e[+-]\d\d", text)
