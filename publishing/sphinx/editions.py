"""The French edition, by Sphinx's gettext route, and the way from a page to its other edition.

Sphinx extracts the messages of each page and puts their translations in. Added here is what it does
not know of: sentences and tables that a chapter's code computes are translated as templates, their
numbers as placeholders, so that one execution serves both editions; captions of the table of
contents; a note on each page that is not wholly translated, and the list of what is missing.
"""

import html
import json
import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.locale import init
from sphinx.transforms import SphinxTransform
from sphinx.util.i18n import docname_to_domain
from sphinx.util.nodes import extract_messages
from sphinx_exercise.nodes import exercise_title, solution_title

from publishing.contents import TITLES
from publishing.wordings import fill, has_words, template
from publishing.words import words

# The folder in the site of each language's edition.
EDITIONS = {name or "en": name and f"{name}/" for name in TITLES}

UNTRANSLATED = (
    nodes.math_block | nodes.field_name | nodes.field_body | exercise_title | solution_title
)


def language(app):
    """The language of the edition that is being built."""
    return app.config.language or "en"


def root(context):
    """The way from a page to the root of its edition."""
    # Not the way to "", which sphinx-notfound-page does not know.
    way = context["pathto"]("_static", 1).removesuffix("_static")
    return way.rstrip("/") or ("" if way else ".")


def top(app, context):
    """The way from a page to the root of the site."""
    return root(context) + "/.." * EDITIONS[language(app)].count("/")


def site_address(app):
    """The address of the site, the same in all editions; empty where none is known."""
    return app.config.html_baseurl.removesuffix(EDITIONS[language(app)])


def is_extraction(app):
    """Whether the messages are being extracted instead of a site written."""
    return app.builder.name == "gettext"


def catalog(app, docname):
    """A page's messages and their translations, as Sphinx will look them up."""
    folders = [str(Path(app.srcdir) / folder) for folder in app.config.locale_dirs]
    domain = docname_to_domain(docname, app.config.gettext_compact)
    found = init(folders, language(app), domain)[0]
    merged = {}
    while found is not None:
        merged = getattr(found, "_catalog", {}) | merged
        found = getattr(found, "_fallback", None)
    return merged


def dictionary(app):
    """The messages of all pages and their translations; empty for the English edition."""
    if not hasattr(app, "lorenz_dictionary"):
        known = {}
        for docname in app.env.found_docs if language(app) != "en" else ():
            known |= {m: own for m, own in catalog(app, docname).items() if m and own}
        app.lorenz_dictionary = known
    return app.lorenz_dictionary


def is_untranslated(part):
    """Whether a part says the same in both languages: formulas, docstrings, a title of code."""
    code = isinstance(part, nodes.title) and all(isinstance(n, nodes.literal) for n in part)
    docstrings = isinstance(part, nodes.Element) and "docstrings" in part.get("classes", ())
    return code or docstrings or isinstance(part, UNTRANSLATED)


class MakeTemplates(SphinxTransform):
    """Make templates of what code computed, just before Sphinx translates; note what is missing."""

    default_priority = 19

    def apply(self, **_):
        """Change the messages of outputs, the text itself not."""
        if language(self.app) == "en" and not is_extraction(self.app):
            return
        for node in self.document.findall(nodes.paragraph):
            # MyST gives the cells of a table no source, and Sphinx skips what has none.
            if isinstance(node.parent, nodes.entry):
                node.source = node.source or self.document["source"]
        for part in self.document.findall():
            # A formula says the same in both languages; a field is the notebook's metadata;
            # sphinx-exercise translates its titles itself.
            if is_untranslated(part):
                for node in part.findall(nodes.TextElement):
                    node["translatable"] = False
        for bundle in self.document.findall(
            lambda node: isinstance(node, nodes.container) and node.get("mime_type")
        ):
            for node in bundle.findall(nodes.TextElement):
                if isinstance(node, nodes.Inline | nodes.FixedTextElement):
                    continue
                node.rawsource, numbers = template(node.rawsource)
                node["numbers"] = numbers
                if not has_words(node.rawsource):
                    node["translatable"] = False
        if is_extraction(self.app):
            return
        known = catalog(self.app, self.env.docname)
        # Sphinx's own count takes for missing what is worded alike in both languages.
        messages, missing = set(), {}
        for node, message in extract_messages(self.document):
            messages.add(message)
            if not known.get(message):
                missing[message] = node
        self.env.metadata[self.env.docname]["missing"] = list(missing)
        begun = len(missing) < len(messages)
        self.env.metadata[self.env.docname]["begun"] = begun
        for node in missing.values() if begun else ():
            if isinstance(node, nodes.Element):
                node["classes"].append("untranslated")


class FillTemplates(SphinxTransform):
    """Put the numbers back into the translated outputs."""

    default_priority = 21

    def apply(self, **_):
        """Fill every place, in text, formulas and the targets of links."""
        # Sphinx reads a translated caption as a heading, which MyST takes for the page's only one.
        if slugs := getattr(self.document, "myst_slugs", None):
            self.env.metadata[self.env.docname]["myst_slugs"] = slugs
        for node in self.document.findall(
            lambda n: isinstance(n, nodes.Element) and "numbers" in n
        ):
            numbers = node.attributes.pop("numbers")
            if not node.get("translated"):
                continue
            for text in list(node.findall(nodes.Text)):
                filled = fill(text, numbers)
                if filled != text:
                    text.parent.replace(text, nodes.Text(filled))
            for part in node.findall(nodes.Element):
                for key in ("reftarget", "refuri"):
                    if key in part:
                        part[key] = fill(part[key], numbers)


def translate_parts(app, doctree):
    """Translate the captions of the table of contents, which come after Sphinx's own turn."""
    known = catalog(app, app.env.docname)
    for toctree in doctree.findall(addnodes.toctree):
        toctree.preserve_original_messages()
        caption = toctree.get("caption")
        toctree["caption"] = known.get(caption) or caption
        if caption and not known.get(caption) and "missing" in app.env.metadata[app.env.docname]:
            app.env.metadata[app.env.docname]["missing"].append(caption)


def other_edition(app, pagename, templatename, context, doctree):
    """Offer the same page in the other language, to readers and to search engines."""
    if app.builder.format != "html":
        return
    here = language(app)
    there = next(other for other in EDITIONS if other != here)
    own = words(app)
    context["other_edition"] = {
        "language": there,
        "address": f"{top(app, context)}/{EDITIONS[there]}{pagename}.html",
        "name": own["other edition"],
    }
    # sphinx-sitemap's alternates want a folder for each language, and English stands at the root.
    base = site_address(app)
    links = [
        f'<link rel="alternate" hreflang="{code}" href="{base}{folder}{pagename}.html">'
        for code, folder in [*EDITIONS.items(), ("x-default", EDITIONS["en"])]
    ]
    if doctree is not None and base:  # such a link has to be a whole address
        context["metatags"] = context.get("metatags", "") + "\n".join(links)


def say_what_is_missing(app, pagename, templatename, context, doctree):
    """Note at the head of a page that it is not, or not wholly, translated."""
    if doctree is None or language(app) == "en" or app.builder.format != "html":
        return
    metadata, own = app.env.metadata[pagename], words(app)
    body = _translate_pictures(context["body"], own["pictures"], metadata["missing"])
    if metadata["missing"]:
        note = own["partly translated" if metadata["begun"] else "not translated"]
        if metadata["begun"]:
            body = re.sub(r'(<\w+ )([^>]*class="[^"]*\buntranslated\b)', r'\1lang="en" \2', body)
        else:
            body = body.replace("<section ", '<section lang="en" ', 1)
        note = f'<p class="translation-note" lang="{language(app)}">{note}</p>'
        body = body.replace("</h1>", f"</h1>\n{note}", 1)
    context["body"] = body


def _translate_pictures(body, known, missing):
    """Translate what drawings inside the page say to those who do not see them."""

    def translate(match):
        label = html.unescape(match[2])
        if label not in known:
            missing.append(label)
        return match[1] + html.escape(known.get(label, label)) + match[3]

    return re.sub(r'(<svg role="img" aria-label=")([^"]*)(")', translate, body)


def finish(app, error):
    """Translate what the theme says in English; list what has no translation, for the tests."""
    if error or language(app) == "en" or app.builder.format != "html":
        return
    for path in sorted(Path(app.outdir).rglob("*.html")):
        page = path.read_text(encoding="utf8")
        for english, own in words(app)["theme"].items():
            page = re.sub(rf'(?<=[">]){re.escape(english)}(?=["<])', own, page)
        path.write_text(page, encoding="utf8")
    missing = {page: app.env.metadata[page]["missing"] for page in sorted(app.env.found_docs)}
    path = Path(app.outdir).parent / "missing.json"
    path.write_text(json.dumps(missing, indent=1, ensure_ascii=False) + "\n", encoding="utf8")
