"""The built site in a browser: whole, quiet, offline, light, accessible, at two widths and themes.

Needs `make book` first and Debian's chromium (or another Chromium, named by CHROMIUM). Where
either is missing the tests are skipped and say so; on CI they fail.
"""

import re
import warnings
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import pytest
from browsing import AXE, AXE_RUN, CONTRAST, NARROW, PAGES, SITE, Visit, need

from publishing import addresses
from publishing.sphinx import editions
from publishing.words import WORDS

MOST_BYTES = 1_000_000
MOST_SECONDS = 1.0  # of a processor
MOST_SHIFT = 0.02

# What a look at the page would show to be wrong.
LOOK = r"""async () => {
  const problems = [];
  const seen = (element) => element.getClientRects().length > 0;
  for (const image of document.images) {
    if (!seen(image)) continue;
    image.loading = "eager";
    await image.decode().catch(() => problems.push(`missing image ${image.src}`));
    if (!image.alt) problems.push(`image without alt text ${image.src}`);
  }
  for (const figure of document.querySelectorAll("figure")) {
    const pictures = [...figure.querySelectorAll("img")].filter(seen);
    if (pictures.length !== 1) problems.push(`${figure.id} shows ${pictures.length} pictures`);
    if (!seen(figure.querySelector("figcaption"))) problems.push(`${figure.id} hides its caption`);
  }
  for (const formula of document.querySelectorAll(".math"))
    if (!formula.querySelector(".katex") || formula.querySelector(".katex-error"))
      problems.push(`unrendered formula ${formula.textContent.slice(0, 80)}`);
    else if (seen(formula) && formula.querySelector(".katex-html").getBoundingClientRect().left
        < formula.getBoundingClientRect().left - 1)
      problems.push(`formula opens past its beginning ${formula.id}`);
  const boxes = [...document.querySelectorAll(".cell, aside.margin")].filter(seen)
    .map((element) => [element, element.getBoundingClientRect()]);
  for (const [note, a] of boxes)
    for (const [other, b] of note.matches("aside") ? boxes : [])
      if (other !== note && a.left < b.right - 1 && b.left < a.right - 1
          && a.top < b.bottom - 1 && b.top < a.bottom - 1)
        problems.push(`margin note covered: ${note.textContent.trim().slice(0, 40)}`);
  const text = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (text.nextNode()) {
    const parent = text.currentNode.parentElement;
    if (parent.closest("pre, code, script, style, .katex")) continue;
    const raw = /\$\$|\\\(|\\(frac|dot|lambda|sigma|rho|beta)\b|\{(doc|term|numref|cite|eq)\}/;
    if (raw.test(text.currentNode.data))
      problems.push(`raw markup ${text.currentNode.data.trim().slice(0, 80)}`);
  }
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth)
    problems.push(`scrolls sideways: ${page.scrollWidth} > ${page.clientWidth}`);
  return problems;
}"""
DEFERRED = re.compile(r'<script[^>]* (?:defer|async)\b[^>]* src="(?:[^"]*/)?([^"/?]+)')
WEIGHT = """() => performance.getEntries().reduce((sum, e) => sum + (e.encodedBodySize || 0), 0)"""


class Anchors(HTMLParser):
    """The ids and the links of one page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("id", "name"):
                self.ids.add(value)
            elif name in ("href", "src") and value:
                self.links.add(value)


def test_every_internal_link_and_anchor_leads_somewhere():
    need(PAGES, "the site is not built: run make book")
    pages = {page: Anchors((SITE / page).read_text()) for page in PAGES}
    broken = set()
    for page, anchors in pages.items():
        for link in anchors.links:
            address, anchor = urldefrag(urljoin(f"/{page}", link))
            if urlparse(address).scheme:
                continue
            target = unquote(urlparse(address).path).lstrip("/")
            if not (SITE / target).is_file():
                broken.add(f"{page}: {link}")
            elif anchor and target in pages and unquote(anchor) not in pages[target].ids:
                broken.add(f"{page}: {link} (no such anchor)")
    assert not broken, "\n".join(sorted(broken))


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("fr/")])
def test_french_page_at_both_widths(browser, site, page):
    # In one theme: all else it shares with the English page.
    with Visit(browser, site + page, inside=site) as visit:
        visit.page.add_script_tag(path=str(AXE))
        visit.problems += visit.page.evaluate(AXE_RUN)
        visit.page.set_viewport_size(NARROW)
        visit.problems += visit.page.evaluate(LOOK)
        assert not visit.problems, "\n".join(visit.problems)


@pytest.mark.parametrize("page", [page for page in PAGES if not page.startswith("fr/")])
def test_page_in_both_themes_and_widths(browser, site, page):
    late = DEFERRED.findall((SITE / page).read_text())
    assert "pydata-sphinx-theme.js" in late
    with Visit(browser, site + page, inside=site, late=late) as visit:
        weight, ready = visit.page.evaluate(WEIGHT), visit.seconds
        shift = visit.page.evaluate("window.shift")
        visit.page.add_script_tag(path=str(AXE))
        for theme, rules in (("light", None), ("dark", CONTRAST)):
            visit.set_theme(theme)
            visit.problems += visit.page.evaluate(LOOK)
            visit.problems += [f"{theme}: {v}" for v in visit.page.evaluate(AXE_RUN, rules)]
        assert not visit.problems, "\n".join(visit.problems)
    with Visit(
        browser, site + page, inside=site, late=late, viewport=NARROW, theme="dark"
    ) as visit:
        assert visit.page.evaluate("document.documentElement.dataset.theme") == "dark"
        shift = max(shift, visit.page.evaluate("window.shift"))
        for theme in ("dark", "light"):
            visit.set_theme(theme)
            visit.problems += visit.page.evaluate(LOOK)
        assert not visit.problems, "\n".join(visit.problems)
        ready = min(ready, visit.seconds)
    assert weight < MOST_BYTES, f"{weight} bytes before interaction"
    if shift >= MOST_SHIFT:  # reported: it moves with the machine's load
        warnings.warn(f"{page} has a layout shift of {shift:.3f}", stacklevel=1)
    if ready >= MOST_SECONDS:  # reported: a slow processor is no fault of the page
        warnings.warn(f"{page} is interactive after {ready:.2f} s of a processor", stacklevel=1)


@pytest.mark.parametrize("page", ["book/index.html", "book/01_introduction.html"])
def test_page_opens_from_a_disk(browser, page):
    need(PAGES, "the site is not built: run make book")
    with Visit(browser, (SITE / page).as_uri(), inside=SITE.as_uri()) as visit:
        problems = visit.problems + visit.page.evaluate(LOOK)
        assert not problems, "\n".join(problems)


@pytest.mark.parametrize(("edition", "word"), [("", "noise"), ("fr/", "bruit")])
def test_search_finds_sections_without_a_server(browser, edition, word):
    need(PAGES, "the site is not built: run make book")
    address = (SITE / edition / "search.html").as_uri()
    with Visit(browser, f"{address}?q={word}", inside=SITE.as_uri()) as visit:
        visit.page.wait_for_selector("#search-results li .context")
        visit.page.wait_for_function("!document.querySelector('#search-results .search-dots')")
        found = visit.page.evaluate(
            """() => [...document.querySelectorAll("#search-results li")].map((item) => [
              item.querySelector("a").href, item.querySelector("a").textContent,
              item.querySelector(".context")?.textContent ?? ""])"""
        )
        assert not visit.problems, "\n".join(visit.problems)
        addresses_found, titles, excerpts = zip(*found, strict=True)
        assert len(found) > 4 and len(set(addresses_found)) == len(found)
        assert sum(">" in title for title in titles) > 2  # page > section
        shown = [excerpt for excerpt in excerpts if excerpt]
        assert len(shown) > 4 and all(len(excerpt) < 260 for excerpt in shown)
        assert sum(word in excerpt.lower() for excerpt in shown) > len(shown) / 2
        visit.page.goto(next(a for a, t, _ in found if ">" in t))
        name = urlparse(visit.page.url).fragment
        assert visit.page.locator(f"section[id='{name}']").count() == 1


def test_paper_is_white_and_the_theme_comes_back(browser, site):
    page = site + "book/04_generation/evaluation.html"
    with Visit(browser, page, inside=site, theme="dark") as visit:
        themes = [
            visit.page.evaluate(
                f"dispatchEvent(new Event('{event}')), document.documentElement.dataset.theme"
            )
            for event in ("beforeprint", "afterprint")
        ]
        assert themes == ["light", "dark"]


def test_a_page_without_scripts_shows_each_figure_once(browser, site):
    context = browser.new_context(java_script_enabled=False, color_scheme="dark")
    page = context.new_page()
    page.goto(site + "book/01_introduction.html")
    light, dark = page.locator("img.on-light"), page.locator("img.on-dark")
    assert light.count() == dark.count() > 3
    assert all(image.is_visible() for image in light.all())
    assert not any(image.is_visible() for image in dark.all())
    context.close()


@pytest.mark.parametrize("edition", ["", "fr/"])
def test_the_root_leads_to_the_first_page_and_describes_it(edition):
    need(PAGES, "the site is not built: run make book")
    root, first = ((SITE / edition / p).read_text() for p in ("index.html", "book/index.html"))
    assert f'<html lang="{edition[:2] or "en"}"' in root
    assert 'content="0; url=book/index.html"' in root
    needing_a_site = ("og:image", 'rel="canonical"', 'hreflang="fr"') if known().site else ()
    for tag in ("og:description", *needing_a_site):
        assert re.search(rf"<[^<]*{tag}[^<]*>", root)[0] in first
    assert re.search("<title>.*</title>", root)[0] in first


def known():
    """What is known of this clone's addresses, as it was when the site was built."""
    return addresses.known()


def test_every_page_has_a_description_and_an_address_only_where_there_is_one():
    need(PAGES, "the site is not built: run make book")
    site = known().site
    for page in PAGES:
        text = (SITE / page).read_text()
        assert re.search(r'<meta property="og:description" content="[^"]{30,}', text), page
        found = re.findall(r'<link rel="canonical" href="([^"]+)"', text)
        found += re.findall(r'property="og:url" content="([^"]+)"', text)
        assert found == ([site + page] * 2 if site else []), page
        picture = re.search(r'property="og:image" content="([^"]+)"', text)
        if site:
            name = picture[1].removeprefix(site)
            assert (SITE / name).is_file(), page
            # All figures of chapters are SVG in the page; previews want a picture of their own.
            assert ("_pictures/" in name) == ("_images/" in text), page
        else:
            assert (
                not picture
                and "twitter:card" not in text
                and "hreflang=" not in (text.split("</head>")[0])
            ), page


def test_a_page_offers_to_run_where_it_can_be_run():
    need(PAGES, "the site is not built: run make book")
    for page in PAGES:
        text, name = (SITE / page).read_text(), page.removeprefix("fr/").removesuffix(".html")
        chapter = (SITE / "_sources" / f"{name}.py").exists()
        home = known().repository and f"{known().repository}#two-commands"
        for address in filter(None, (known().binder(name), known().colab(name), home)):
            assert (f'href="{address}"' in text) == chapter, page
        wanted = {"Binder": known().binder(name), "Colab": known().colab(name), "JupyterLab": home}
        for label, address in wanted.items():
            shown = f'<span class="btn__text-container">{label}</span>' in text
            assert shown == (chapter and bool(address)), f"{page}: {label}"
        assert (WORDS["fr" if page.startswith("fr/") else "en"]["launch"] in text) == (
            chapter and any(wanted.values())
        ), page


def test_each_edition_has_a_map_of_its_pages():
    need(PAGES, "the site is not built: run make book")
    site = known().site
    maps = [SITE / edition / "sitemap.xml" for edition in ("", "fr/")]
    if not site:
        assert not [path for path in [*maps, SITE / "robots.txt"] if path.exists()]
        return
    listed = []
    for edition, path in zip(("", "fr/"), maps, strict=True):
        assert f"Sitemap: {site}{edition}sitemap.xml\n" in (SITE / "robots.txt").read_text()
        found = re.findall("<loc>(.*?)</loc>", path.read_text())
        assert all(address.startswith(site + edition) for address in found)
        listed += found
    assert sorted(listed) == [site + page for page in PAGES]


@pytest.mark.parametrize(
    ("static", "way"),
    [
        ("_static", "."),  # from a page at the root of its edition
        ("../../_static", "../.."),
        ("/_static", ""),  # of the page for wrong addresses, where the site is the root of its host
        ("/a-book/_static", "/a-book"),
    ],
)
def test_the_way_to_the_root_of_an_edition(static, way):
    assert editions.root({"pathto": lambda name, resource: static}) == way


@pytest.mark.parametrize("edition", ["", "fr/"])
def test_a_wrong_address_at_any_depth_shows_a_whole_page_in_both_languages(edition):
    need(PAGES, "the site is not built: run make book")
    text = (SITE / edition / "404.html").read_text()
    base = known().site or "http://any.host/"  # unknown, it is taken for the root of its host
    for link in Anchors(text).links:
        address, anchor = urldefrag(urljoin(f"{base}a/b/wrong.html", link))
        if link != f"#{anchor}":
            assert address.startswith(base), link
            assert (SITE / urlparse(address.removeprefix(base)).path).is_file(), link
    for language in ("en", "fr"):
        assert f'<p lang="{language}">{WORDS[language]["not found"]}' in text


def test_each_reference_is_listed_once():
    need(PAGES, "the site is not built: run make book")
    for path in SITE.glob("**/appendix/references.html"):
        labels = re.findall(r'class="label">(.*?)</span>\n', path.read_text())
        assert len(labels) > 40
        assert len(labels) == len(set(labels)), path
