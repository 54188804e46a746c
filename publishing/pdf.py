"""The whole book as one PDF, printed by Chromium from the built site: ``make pdf``.

The pages are put one after the other into a single document with a style sheet of its own
(``print.css``), where every link inside the book leads to its place in the document. It is
printed twice: the first print tells on which page each chapter begins. The PDF is then put beside
the pages that it was printed from, whose menus lead to it from then on.
"""

import html
import os
import posixpath
import re
import shutil
import sys
from pathlib import Path

import yaml
from playwright.sync_api import sync_playwright
from pypdf import PdfReader

from publishing import addresses
from publishing.contents import BUILD, ROOT
from publishing.site import offer_pdf, pdf_name
from publishing.words import WORDS

SITE = BUILD / "html"
FOLDER = BUILD / "pdf"
# The printed page's width, so that what is measured on the screen is what is printed.
VIEWPORT = {"width": 658, "height": 971}
PRINT = {"prefer_css_page_size": True, "print_background": True}
# What is wider than the page is made smaller until it fits.
FIT = """() => {
  for (const box of document.querySelectorAll(".katex-display, table")) {
    const room = box.parentElement.clientWidth;
    const wide = Math.max(box.scrollWidth, box.offsetWidth);
    if (wide > room + 1) box.style.zoom = Math.max(0.4, room / wide);
  }
}"""
STILL = """async (name) => {
  const place = document.getElementById(`interactive-${name}`);
  place.querySelector(".interactive-start").click();
  while (!place.figure) await new Promise((done) => setTimeout(done, 50));
  place.figure.still?.();
  return place.querySelector("canvas").toDataURL();
}"""


NAMES = "all => all.map((place) => place.dataset.figure)"


def installed_browser():
    """The path of a Chromium, or None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def find_browser():
    """The path of a Chromium; a clear message where there is none."""
    path = installed_browser()
    if path is None:
        sys.exit(
            "make pdf prints with a Chromium, and none was found: install Debian's chromium or "
            "Google Chrome, or set CHROMIUM to the path of one."
        )
    return path


def anchor(page, fragment=""):
    """The id of a place of the site in the document."""
    return page.removeprefix("book/").replace("/", "-") + (f"--{fragment}" if fragment else "")


def article(page, text, pages, base):
    """The content of a page, its ids and links changed to those of the whole document.

    Parameters
    ----------
    page : str
        Without suffix, from the site's root.
    text : str
        The page as built.
    pages : collection of str
        All pages of the document.
    base : str
        The site's address, for links that leave the document; without one they lead nowhere.
    """
    body = re.search(r'<article class="bd-article">(.*?)</article>', text, re.S)[1]
    folder = posixpath.dirname(page)

    def link(match):
        address, _, fragment = html.unescape(match[2]).partition("#")
        if re.match(r"[a-z]+:", address):
            return match[0]
        target = posixpath.normpath(posixpath.join(folder, address)) if address else f"{page}.html"
        if match[1] == "src":
            return f'src="../html/{target}"'
        inside = target.removesuffix(".html")
        if inside in pages:
            return f'{match[1]}="#{anchor(inside, fragment)}"'
        return base and f'{match[1]}="{base}{target}{"#" * bool(fragment)}{fragment}"'

    body = re.sub(r'<img [^>]*class="on-dark[^>]*>', "", body)
    body = re.sub(r' (?:loading="lazy"|decoding="async")', "", body)
    body = re.sub(r'\bid="([^"]+)"', lambda m: f'id="{anchor(page, m[1])}"', body)
    body = re.sub(r"url\(#", f"url(#{anchor(page)}--", body)
    body = re.sub(r'\b(href|src)="([^"]*)"', link, body)
    return body.replace("<details ", "<details open ")


def document(site, language, stills, numbers):
    """The whole book as one HTML page.

    Parameters
    ----------
    site : path
    language : str
    stills : dict of str to str
        The address of a picture for each interactive figure.
    numbers : dict of str to int
        The page on which each chapter begins, as far as they are known.
    """
    word = WORDS[language]["pdf"]
    known = addresses.known()
    base = known.site
    base += "" if language == "en" or not base else f"{language}/"
    home = base or known.repository
    home = (
        f'{word["about"]} {word["run"]}<br><a href="{home}">{home}</a>' if home else word["about"]
    )
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf8"))
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
    parts = [(None, [toc["root"]])]
    parts += [(part["caption"], [c["file"] for c in part["chapters"]]) for part in toc["parts"]]
    pages = {page for _, group in parts for page in group}
    contents, chapters = [], []
    for caption, group in parts:
        # The edition's own name of the part, from the side bar of any page.
        if caption:
            contents.append(f'<p class="part">{html.escape(caption)}</p>')
        for page in group:
            text = (site / f"{page}.html").read_text(encoding="utf8")
            body = article(page, text, pages, base)
            title = re.search(r"<h1>(.*?)<a class=\"headerlink\"", body, re.S)[1]
            number = numbers.get(anchor(page), "")
            contents.append(
                f'<p><a href="#{anchor(page)}"><span>{title}</span><span>{number}</span></a></p>'
            )

            def still(match, page=page):
                address = f"{base}{page}.html"
                address = f'<a href="{address}">{address}</a>' if base else address
                return (
                    f'<figure><img class="still" src="{stills[match[1]]}" alt="">'
                    f"<figcaption>{word['still']} {address}</figcaption></figure>"
                )

            figure = r'<div class="interactive"[^>]*data-figure="([^"]+)".*?</noscript></div>'
            body = re.sub(figure, still, body, flags=re.S)
            chapters.append(f'<section class="chapter" id="{anchor(page)}">{body}</section>')
    sheets = ["katex/katex.min.css", "pygments.css"]
    style = "".join(f'<link rel="stylesheet" href="../html/_static/{sheet}">' for sheet in sheets)
    sheet = Path(__file__).with_name("print.css").read_text(encoding="utf8")
    style += f"<style>{sheet}</style>"
    return (
        f'<!doctype html><html lang="{language}" data-theme="light"><head><meta charset="utf-8">'
        f"<title>{citation['title']}</title>{style}</head><body>"
        '<header class="cover"><img src="../html/_static/logo.svg" alt="">'
        f'<p class="title">{citation["title"]}</p><p>{citation["authors"][0]["name"]}</p>'
        f'<p>{citation["version"]}</p><img src="../html/_static/hero.png" alt="">'
        f'<p class="about">{home}</p></header>'
        f"<nav><h1>{word['contents']}</h1>{''.join(contents)}</nav>{''.join(chapters)}"
        "</body></html>\n"
    )


def starts(path):
    """The number of the page on which each place of a PDF that links lead to stands, by its id."""
    reader = PdfReader(path)
    numbers = {page.indirect_reference: n for n, page in enumerate(reader.pages, start=1)}
    places = reader.named_destinations.items()
    return {name.lstrip("/"): numbers[place["/Page"].indirect_reference] for name, place in places}


def pages_with_figures(site):
    """The pages of an edition that hold an interactive figure."""
    pages = sorted((site / "book").rglob("*.html"))
    return [page for page in pages if 'class="interactive"' in page.read_text(encoding="utf8")]


def make(language="en"):
    """Print the edition of a language; returns the PDF's path."""
    site = SITE if language == "en" else SITE / language
    if not (site / "book" / "index.html").exists():
        sys.exit(f"{site} is not built: make book first.")
    browser = find_browser()
    FOLDER.mkdir(parents=True, exist_ok=True)
    target = FOLDER / pdf_name(language)
    source = target.with_name(target.name.replace("learning-lorenz", "book")).with_suffix(".html")
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page(reduced_motion="reduce", color_scheme="light", viewport=VIEWPORT)
        page.set_default_timeout(300_000)
        stills = {}
        for moving in pages_with_figures(site):
            page.goto(moving.as_uri())
            names = page.eval_on_selector_all(".interactive", NAMES)
            stills |= {name: page.evaluate(STILL, name) for name in names}
        page.emulate_media(media="print")
        numbers = {}
        for _ in range(2):
            source.write_text(document(site, language, stills, numbers), encoding="utf8")
            page.goto(source.as_uri())
            page.evaluate(FIT)
            page.pdf(path=target, tagged=True, outline=True, **PRINT)
            numbers = starts(target)
        chromium.close()
    offer_pdf(target, site)
    print(f"{len(PdfReader(target).pages)} pages: {target}")
    return target
