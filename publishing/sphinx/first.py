"""The first page: the attractor that moves, verdict cards, and what it says where it is true.

The cards' verdicts and claims are the ledger's. The picture moves by a script of its own
(``interactive/first.js``) when the page is at rest; without scripts it stays as it was drawn.
"""

import html
import json

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from lorenz_utils import ledger
from publishing.site import pdf_name
from publishing.sphinx.editions import is_extraction, language
from publishing.sphinx.scorecard import badge, division
from publishing.words import words

SCRIPTS = ("interactive/lorenz.js", "interactive/first.js")


class Moving(SphinxDirective):
    """Directive ``{moving}``: its content, a still picture, is what first.js sets in motion."""

    has_content = True

    def run(self):
        """Return the still, with the words that the script needs."""
        labels = json.dumps(words(self.env.app)["first"], ensure_ascii=False)
        opening = f'<div class="moving" data-words="{html.escape(labels)}">'
        still = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, still)
        return [
            nodes.raw("", opening, format="html"),
            *still.children,
            nodes.raw("", "</div>", format="html"),
        ]


class VerdictCard(SphinxDirective):
    """Directive ``{verdict} claim``: a claim, its verdict by the ledger, and our insight."""

    required_arguments = 1
    has_content = True

    def run(self):
        """Return the card: verdict, claim, content."""
        name, source = self.arguments[0], self.env.doc2path(self.env.docname)
        rows = {row["id"]: row for row in ledger.verdicts()}
        if name not in rows:
            raise self.error(f"verdict must name a claim of book/claims.yml, got {name!r}")
        row = rows[name]
        text = f"“{row['claim']}” (slide {row['slide']})"
        quote = nodes.paragraph(text, text, classes=["card-claim"])
        quote.source, quote.line = source, self.lineno
        card = division([badge(row["verdict"], source), quote], "verdict-card")
        self.state.nested_parse(self.content, self.content_offset, card)
        return [card]


class WhereKnown(SphinxDirective):
    """Directive ``{where-known} launch``: its content, where this clone's address is known.

    ``launch`` asks for a host that runs chapters, ``repository`` for the repository's address.
    """

    required_arguments = 1
    has_content = True

    def run(self):
        """Return the content, or nothing."""
        found = self.env.app.addresses
        known = {"launch": found.binder("book/index"), "repository": found.repository}
        what = self.arguments[0]
        if what not in known:
            raise self.error(f"where-known must be one of {sorted(known)}, got {what!r}")
        # Translations are asked for wherever the messages are extracted.
        if not known[what] and not is_extraction(self.env.app):
            return []
        content = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, content)
        return content.children


def book_pdf(name, rawtext, text, lineno, inliner, options=None, content=None):
    """Role ``{book-pdf}`text```: a link to the edition's PDF; hidden until it is printed.

    It has to be the only content of a list's item, which `publishing.site.hide_pdf` hides.
    """
    env = inliner.document.settings.env
    address = "../" * env.docname.count("/") + pdf_name(language(env.app))
    return [nodes.reference(rawtext, text, refuri=address)], []


def add_scripts(app, pagename, templatename, context, doctree):
    """Load the moving picture's scripts on its page only."""
    if 'class="moving"' in context.get("body", ""):
        for script in SCRIPTS:
            app.add_js_file(script, loading_method="defer")
