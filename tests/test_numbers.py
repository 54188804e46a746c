"""Numbers on the pages are typeset."""

import re
from html.parser import HTMLParser

import pytest
from browsing import PAGES, SITE, need


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
    if not page.endswith("api.html"):  # signatures are code
        assert not re.findall(r"(?<![\w.])\d(?:\.\d+)?e[+-]\d\d", text)
    assert not re.findall(r"± 0(?:\.0+)?(?![\d.])", text.replace("\N{NO-BREAK SPACE}", " "))
