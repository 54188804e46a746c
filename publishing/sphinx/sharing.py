"""What lets a page be shared and run: address, description, downloads, Binder, Colab.

`publishing.addresses` knows the site's address and the repository's: every absolute link is made
from these two, and where one is not known, what would need it is left out. The tags of link
previews are sphinxext-opengraph's, the site maps sphinx-sitemap's, the page for wrong addresses
sphinx-notfound-page's: here is what they do not find out by themselves.
"""

import html
import os
import re
import shutil
import unicodedata
from pathlib import Path
from urllib.parse import urlparse

import yaml
from docutils import nodes
from matplotlib import get_data_path
from resvg_py import svg_to_bytes
from sphinx.util.docutils import SphinxDirective

from publishing import addresses
from publishing.site import hide_pdf, pdf_name
from publishing.sphinx import notebooks
from publishing.sphinx.editions import EDITIONS, language, root, site_address, top
from publishing.words import WORDS, words

PICTURES = "_pictures"
# What previews need a whole address for.
ADDRESSED = re.compile(r'<meta [^>]*"(?:og:url|og:image|og:image:alt|twitter:card)"[^>]*>\n?')


class Bibtex(SphinxDirective):
    """Directive ``{bibtex}``: CITATION.cff as a BibTeX entry; the theme adds the copy button."""

    def run(self):
        """Return the entry as a block of code."""
        citation = yaml.safe_load(
            (Path(self.env.srcdir) / "CITATION.cff").read_text(encoding="utf8")
        )
        year = str(citation["date-released"])[:4]
        address = site_address(self.env.app) or self.env.app.addresses.repository
        entry = "\n".join([
            "@book{learninglorenz" + year + ",",
            f"  title   = {{{citation['title']}}},",
            f"  author  = {{{{{citation['authors'][0]['name']}}}}},",
            f"  year    = {{{year}}},",
            f"  version = {{{citation['version']}}},",
            *([f"  url     = {{{address}}},"] if address else []),
            "}",
        ])  # fmt: skip
        block = nodes.literal_block(entry, entry, language="bibtex")
        return [block]


def _letter(command):
    r"""A Greek letter for its TeX command, nothing for another one.

    >>> re.sub(r"\\([a-zA-Z]+) ?", _letter, r"at \delta t, \dot x")
    'at δt, x'
    """
    try:
        return unicodedata.lookup(f"GREEK SMALL LETTER {command[1].upper()}")
    except KeyError:
        return ""


def description(doctree):
    """The first sentences of a page, for search engines and link previews."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = re.sub(r"\\([a-zA-Z]+) ?", _letter, " ".join(paragraph.astext().split()))
        text = re.sub(r"^Question\s*\.\s*", "", text)
        if len(text) > 60:
            return text if len(text) <= 200 else text[:197].rsplit(" ", 1)[0] + " …"
    return ""


def first_figure(body):
    """File and alt text of the first figure of a page, or None.

    >>> first_figure('<p><img src="../_images/3f.svg" alt="A &amp; B" width="3"></p>')
    ('3f.svg', 'A & B')
    """
    for tag in re.findall(r"<img [^>]*>", body):
        source = re.search(r'src="[^"]*_images/([^"/]+\.svg)"', tag)
        alt = re.search(r'alt="([^"]*)"', tag)
        if source and alt:
            return source[1], html.unescape(alt[1])
    return None


def give_addresses(app, config):
    """Tell the libraries the site's name and address, and what a wrong address shows."""
    app.addresses = addresses.known()
    edition, site = EDITIONS[language(app)], app.addresses.site
    config.html_baseurl = site and site + edition
    config.ogp_site_name, config.ogp_site_url = config.html_title, config.html_baseurl
    config.ogp_social_cards = {"enable": False}  # pages have pictures of their own, or none
    if not site:
        # No address, no map: as meant.
        config.suppress_warnings = [*config.suppress_warnings, "sitemap.configuration"]
    # Without an address the best guess is the root of its host, as `make serve` has it.
    home = site or "/"
    config.notfound_urls_prefix = urlparse(home).path + edition
    # Hosts know one such page for all of the site, so it speaks both languages.
    said = [
        f'<p lang="{code}">{own["not found"]}. '
        f'<a href="{home}{EDITIONS[code]}book/index.html">{own["home"]}</a>.</p>'
        for code, own in WORDS.items()
    ]
    config.notfound_context = {"title": "404", "body": f"<h1>404</h1>{''.join(said)}"}


def describe(app, pagename, templatename, context, doctree):
    """Give sphinxext-opengraph what it lacks: it takes no SVG, cuts within words, leaves TeX."""
    if app.builder.format != "html" or doctree is None:
        return
    picture = f"{site_address(app)}_static/hero.png"
    seen = "Three series in the plane of x and z: a real Lorenz series and two generated ones."
    if found := first_figure(context["body"]):
        app.lorenz_pictures.add(found[0])
        picture, seen = f"{site_address(app)}{PICTURES}/{Path(found[0]).stem}.png", found[1]
    told = html.escape(description(doctree))
    context["meta"] |= {"og:description": told, "og:locale": words(app)["locale"]}
    if site_address(app):
        context["meta"] |= {"og:image": picture, "og:image:alt": html.escape(seen)}
    context["metatags"] += f'<meta name="description" content="{told}">'


def drop_unaddressed(app, pagename, templatename, context, doctree):
    """Leave out of a page's preview what nobody could find."""
    if app.builder.format == "html" and not site_address(app):
        context["metatags"] = ADDRESSED.sub("", context.get("metatags", ""))


def add_buttons(app, pagename, templatename, context, doctree):
    """Offer to run and to download the page; the theme knows neither Colab's nor our notebooks."""
    if doctree is None or "header_buttons" not in context:
        return
    own, up = words(app), root(context)
    whole = f"{up}/{pdf_name(language(app))}"
    printing = [
        _button(own["print"], "fas fa-file-pdf", ".pdf", javascript="window.print()"),
        _button(own["book"], "fas fa-book", own["whole"], url=whole),
    ]
    if not notebooks.is_chapter(app, pagename):
        context["header_buttons"].insert(0, _group(own["download"], "fas fa-download", printing))
        return
    found = app.addresses
    home = found.repository and f"{found.repository}#two-commands"
    run = [
        _button(own["binder"], "fas fa-rocket", "Binder", url=found.binder(pagename)),
        _button(own["colab"], "fas fa-cloud", "Colab", url=found.colab(pagename)),
        _button(own["lab"], "fas fa-laptop", "JupyterLab", url=home),
    ]
    run = [button for button in run if button["url"]]
    notebook = f"{top(app, context)}/{notebooks.FOLDER}/{pagename}"
    solved = f"{notebook}{notebooks.SOLUTIONS}.ipynb"
    with_solutions = _button(own["solutions"], "fas fa-check", own["solved"], url=solved)
    download = [
        _button(own["notebook"], "fas fa-code", ".ipynb", url=f"{notebook}.ipynb"),
        *([with_solutions] if notebooks.has_solutions(pagename) else []),
        _button(own["script"], "fas fa-file", ".py", url=f"{up}/_sources/{pagename}.py"),
        *printing,
    ]
    context["header_buttons"][:0] = [
        *([_group(own["launch"], "fas fa-rocket", run)] if run else []),
        _group(own["download"], "fas fa-download", download),
    ]


def hide_book(app, error):
    """Take the entry for the whole book's PDF out of the menus until `make pdf` has printed it."""
    if error or app.builder.format != "html":
        return
    for path in sorted(Path(app.outdir).rglob("*.html")):
        page = path.read_text(encoding="utf8")
        path.write_text(hide_pdf(page, language(app)), encoding="utf8")


def _button(tooltip, icon, text, **target):
    kind = "link" if "url" in target else "javascript"
    return {"type": kind, "tooltip": tooltip, "icon": icon, "text": text, **target}


def _group(tooltip, icon, buttons):
    return {"type": "group", "tooltip": tooltip, "icon": icon, "buttons": buttons, "label": "run"}


def card(svg, width=1200, height=630, margin=40):
    """A figure in the middle of a white sheet, of the shape that link previews have, as PNG."""
    room = f'x="{margin}" y="{margin}" width="{width - 2 * margin}" height="{height - 2 * margin}"'
    head, rest = svg[svg.index("<svg") :].split(">", 1)
    head = re.sub(r' (width|height)="[^"]*"', "", head).replace("<svg", f"<svg {room}")
    sheet = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
    return svg_to_bytes(
        svg_string=f"{sheet}{head}>{rest}</svg>",
        background="white",
        font_dirs=[str(Path(get_data_path()) / "fonts" / "ttf")],
        font_family="DejaVu Sans",
        skip_system_fonts=True,
    )


def write_pictures(app):
    """Write the picture of each page's preview; those of figures that stayed are kept."""
    folder, kept = Path(app.outdir) / PICTURES, Path(app.outdir).parent / "pictures"
    folder.mkdir(exist_ok=True)
    kept.mkdir(exist_ok=True)
    for name in sorted(app.lorenz_pictures):
        picture = kept / f"{Path(name).stem}.png"  # figures are named by their content
        if not picture.exists():
            svg = (Path(app.outdir) / "_images" / name).read_text(encoding="utf8")
            beside = picture.with_suffix(".tmp")
            beside.write_bytes(card(svg))
            os.replace(beside, picture)
        shutil.copy(picture, folder)


def write_files(app, error):
    """Write what stands beside the pages, once for all editions."""
    if error or app.builder.format != "html" or language(app) != "en":
        return
    if not site_address(app):
        return
    write_pictures(app)
    maps = [f"Sitemap: {app.config.html_baseurl}{f}sitemap.xml\n" for f in EDITIONS.values()]
    robots = f"User-agent: *\n{''.join(maps)}"
    (Path(app.outdir) / "robots.txt").write_text(robots, encoding="utf8")
