"""Directive ``{interactive} name``: a button that loads an interactive figure of ``_static``.

Nothing but the button is on the page until it is pressed. The scripts are plain files, not
modules, so that they also load from a disk.
"""

import html
import json

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from words import words

SCRIPTS = {
    "attractor": ["interactive/lorenz.js", "interactive/attractor.js"],
}


class Interactive(SphinxDirective):
    """Place the start button of an interactive figure."""

    required_arguments = 1

    def run(self):
        """Return the button; load.js does the rest."""
        name = self.arguments[0]
        if name not in SCRIPTS:
            raise self.error(f"interactive figure must be one of {sorted(SCRIPTS)}, got {name!r}")
        own = words(self.env.app)
        up = "../" * self.env.docname.count("/")
        scripts = json.dumps([f"{up}_static/{path}" for path in SCRIPTS[name]])
        labels = json.dumps(own["interactive"], ensure_ascii=False)
        markup = (
            f'<div class="interactive" id="interactive-{name}" data-figure="{name}" '
            f'data-scripts="{html.escape(scripts)}" data-words="{html.escape(labels)}">'
            f'<button type="button" class="interactive-start">{own["interactive"][name]}</button>'
            f"<noscript><p>{own['interactive']['noscript']}</p></noscript></div>"
        )
        return [nodes.raw("", markup, format="html")]


def add_loader(app, pagename, templatename, context, doctree):
    """Load the loader on pages with an interactive figure only."""
    if 'class="interactive"' in context.get("body", ""):
        app.add_js_file("interactive/load.js", loading_method="defer")


def setup(app):
    """Register with Sphinx."""
    app.add_directive("interactive", Interactive)
    app.connect("html-page-context", add_loader, priority=910)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
