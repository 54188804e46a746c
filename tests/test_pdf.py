"""The printed book: every chapter is in it, nothing is blank, links lead on."""

import subprocess
import sys

import pytest
from browsing import PAGES, ROOT, chromium, need
from pypdf import PdfReader

sys.path.insert(0, str(ROOT / "book"))
import build
import pdf


@pytest.fixture(scope="module")
def book():
    need(PAGES, "the site is not built: run make book")
    chromium()
    # A process of its own, as in make pdf: no two browsers are driven from one.
    subprocess.run([sys.executable, ROOT / "book" / "pdf.py"], check=True, capture_output=True)
    return PdfReader(pdf.FOLDER / "learning-lorenz.pdf")


def squeezed(pages):
    """The letters of some pages: spaces are not kept by all fonts."""
    return "".join("".join(page.extract_text() for page in pages).replace("’", "'").split())


def title(page):
    """The first line of a page's source."""
    if page in build.chapters():
        return build.read(page).cells[0].source.split("\n")[0].strip("# ")
    return (ROOT / f"{page}.md").read_text().split("\n")[0].strip("# ")


def test_every_page_has_content_and_a_number(book):
    assert len(book.pages) > 3 * len(build.pages())
    for number, page in enumerate(book.pages[1:], start=2):
        words = page.extract_text().split()
        assert words[0] == str(number), number
        pictures = "/XObject" in page["/Resources"]
        assert len(words) > 10 or pictures, f"page {number} is nearly empty"


def test_every_chapter_is_there_and_the_contents_know_its_page(book):
    first = pdf.starts(pdf.FOLDER / "learning-lorenz.pdf")
    begins = [first[pdf.anchor(page)] for page in build.pages()]
    assert begins == sorted(set(begins)), "in the order of the book, each on a page of its own"
    contents = squeezed(book.pages[1 : begins[0] - 1])
    ends = [*begins[1:], len(book.pages) + 1]
    for page, begin, end in zip(build.pages(), begins, ends, strict=True):
        text = squeezed(book.pages[begin - 1 : end - 1])
        heading = "".join(title(page).split())
        assert text.startswith(f"{begin}{heading}"), page
        assert f"{heading}{begin}" in contents, page
        if page in build.chapters():
            assert "Question." in text and "Whatwefind" in text, page
        assert "Showcodecell" not in text and r"\frac" not in text, page


def test_links_of_the_book_stay_in_the_document(book):
    outward, inward = 0, 0
    for page in book.pages:
        for note in page.get("/Annots", []):
            target = note.get_object()
            if target.get("/Subtype") != "/Link":
                continue
            address = target.get("/A", {}).get("/URI", "")
            assert not address.startswith("file:"), address
            outward, inward = outward + bool(address), inward + (not address)
    assert inward > 100 and outward > 10


def test_without_a_browser_the_message_says_what_to_install(monkeypatch):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit, match=r"none was found: install .*CHROMIUM"):
        pdf.find_browser()
