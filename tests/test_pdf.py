"""The printed book: every chapter is in it, nothing is blank, links lead on."""

import fcntl
import os
import re
import subprocess
import sys

import pytest
from browsing import PAGES, ROOT, chromium, need
from pypdf import PdfReader

from publishing import contents, pdf, site


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    need(PAGES, "the site is not built: run make book")
    chromium()
    # Printed once in a run of the tests: two processes would write the same file at once.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    printed = tmp_path_factory.getbasetemp().parent / f"pdf-{run}"
    with printed.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not file.seek(0, os.SEEK_END):
            # A process of its own, as in make pdf: no two browsers are driven from one.
            subprocess.run([sys.executable, "-m", "publishing", "pdf"], cwd=ROOT, check=True)
            file.write(b"printed")
    return PdfReader(pdf.FOLDER / "learning-lorenz.pdf")


def headings(book):
    """Every heading of the outline, without its number and spaces, with its page's number."""
    numbers = {page.indirect_reference: n for n, page in enumerate(book.pages, start=1)}

    def walk(items):
        for item in items:
            if isinstance(item, list):
                yield from walk(item)
            else:
                name = re.sub(r"^(\d+\.)+ ", "", item.title.replace("’", "'"))
                yield "".join(name.split()), numbers[item["/Page"].indirect_reference]

    return list(walk(book.outline))


def title(page):
    """The first line of a page's source, without spaces."""
    source = (ROOT / f"{page}.md").read_text() if page not in contents.chapters() else ""
    source = source or contents.read(page).cells[0].source
    return "".join(source.split("\n")[0].strip("# ").split())


def test_no_page_is_blank(book):
    assert len(book.pages) > 3 * len(contents.pages())
    for number, page in enumerate(book.pages[1:], start=2):
        # The page's number is one piece of text; a page has more.
        assert page.get_contents().get_data().count(b"BT") > 1, f"page {number} is blank"


def test_every_chapter_is_there_from_its_title_to_its_findings(book):
    first = pdf.starts(pdf.FOLDER / "learning-lorenz.pdf")
    begins = [first[pdf.anchor(page)] for page in contents.pages()]
    assert begins == sorted(set(begins)), "in the order of the book, each on a page of its own"
    found = headings(book)
    ends = [*begins[1:], len(book.pages) + 1]
    for page, begin, end in zip(contents.pages(), begins, ends, strict=True):
        assert (title(page), begin) in found, page
        if page in contents.chapters():
            assert any(h == "Whatwefind" and begin <= n < end for h, n in found), page


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


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_menu_leads_to_the_pdf_once_there_is_one(tmp_path, language):
    name = site.pdf_name(language)
    other = '<li><a href="../x.html">x</a></li>\n'
    entry = f'<li>\n<a href="../../{name}"\n class="btn">PDF</a>\n</li>'
    page = tmp_path / "site" / "book" / "part" / "page.html"
    page.parent.mkdir(parents=True)
    page.write_text(site.hide_pdf(other + entry + other, language))
    assert page.read_text() == f"{other}<!--PDF{entry}PDF-->{other}"
    printed = tmp_path / name
    printed.write_bytes(b"%PDF")
    old = os.umask(0o077)
    try:
        for _ in range(2):
            site.offer_pdf(printed, tmp_path / "site")
            assert page.read_text() == other + entry + other
    finally:
        os.umask(old)
    put = tmp_path / "site" / name
    assert put.read_bytes() == b"%PDF"
    assert {path.stat().st_mode & 0o777 for path in (put, page)} == {0o644}
    assert len(list((tmp_path / "site").rglob("*.*"))) == 2, "nothing is left beside"


def test_every_page_leads_to_the_printed_book(book):
    for page in PAGES:
        text = (pdf.SITE / page).read_text(encoding="utf8")
        shown = re.sub(r"<!--.*?-->", "", text, flags=re.S)
        there = (pdf.SITE / "fr" / site.pdf_name("fr")).exists() if page[:3] == "fr/" else True
        assert (site.pdf_name(page[:2] if page[:3] == "fr/" else "en") in shown) == there, page


def test_without_a_browser_the_message_says_what_to_install(monkeypatch):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit, match=r"none was found: install .*CHROMIUM"):
        pdf.find_browser()
