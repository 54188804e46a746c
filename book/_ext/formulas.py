"""Show formulas with KaTeX from the book's own folder: it is a quarter of MathJax's size.

Sphinx writes each formula as TeX into an element of class ``math``; formulas.js sets it. The pages
without a formula load nothing.
"""

from sphinx.ext.mathjax import html_visit_displaymath, html_visit_math


def add_files(app, pagename, templatename, context, doctree):
    """Load KaTeX on pages with formulas only."""
    if 'class="math ' in context.get("body", ""):
        app.add_css_file("katex/katex.min.css")
        app.add_js_file("katex/katex.min.js", loading_method="defer")
        app.add_js_file("formulas.js", loading_method="defer")


def setup(app):
    """Register with Sphinx."""
    app.add_html_math_renderer(
        "katex", (html_visit_math, None), (html_visit_displaymath, None)
    )
    app.connect("html-page-context", add_files, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
