"""What the search page shows of each section, in a file beside the pages.

Sphinx' search fetches each page that it found to show an excerpt, which browsers forbid to pages
opened from a disk, and names pages, not sections. With the texts at hand neither is so: see
``book/_static/search.js``.
"""

import html
import json
import re

from publishing.contents import TITLES

# What stands in a page's text and reads as noise in an excerpt.
DROPPED = re.compile(
    r"<(script|style|pre|math|svg|details|button)\b.*?</\1>|<a class=\"headerlink\".*?</a>", re.S
)
HEADING = re.compile(r"<h[1-6][^>]*>(.*?)</h[1-6]>", re.S)


def offer_texts(folder):
    """Write the texts of an edition's pages for its search page, which is told to read them."""
    texts = {}
    for path in sorted(folder.rglob("*.html")):
        name = path.relative_to(folder).with_suffix("").as_posix()
        found = sections(path.read_text(encoding="utf8"))
        if found and name.split("/")[0] not in TITLES:  # another edition lies in a folder of this
            texts[name] = found
    static = folder / "_static"
    body = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
    static.joinpath("texts.js").write_text(f"const TEXTS = {body};\n", encoding="utf8")
    page = folder / "search.html"
    before = '<script src="searchindex.js"></script>'
    scripts = '<script src="_static/texts.js"></script><script src="_static/search.js"></script>'
    text = page.read_text(encoding="utf8")
    if before not in text:
        raise ValueError(f"{page} must load {before}, after which the texts come")
    page.write_text(text.replace(before, before + scripts), encoding="utf8")


def sections(page):
    """Each section of a page: id, heading and the text that is not in a section of its own.

    Returns
    -------
    list of [str, str, str]
        The first has the id of the page's title; empty for a page without an article.
    """
    found = re.search(r"<article\b.*?</article>", page, re.S)
    if not found:
        return []
    _, *parts = re.split(r'<section[^>]* id="([^"]+)"[^>]*>', DROPPED.sub(" ", found[0]))
    rows = []
    for name, part in zip(parts[::2], parts[1::2], strict=True):
        heading = HEADING.search(part)
        title = plain(heading[1]) if heading else ""
        rows.append([name, title, plain(part[heading.end() :] if heading else part)])
    return rows


def plain(markup):
    """The text of markup, with single spaces."""
    text = html.unescape(re.sub(r"<[^>]+>", " ", markup)).replace("\u200b", "")
    return re.sub(r" (?=[,.;:)])", "", " ".join(text.split()))
