"""The site's pages on their way through Sphinx: one extension, its steps in their order.

From a chapter's outputs to a finished page, everything that this book adds to Jupyter Book is
registered here and nowhere else. Steps at one event run by their priority; those of Sphinx and of
the theme stand at 500, so that below it a step prepares what they use, and above it changes what
they made.
"""

import gc

from sphinx.ext.mathjax import html_visit_displaymath, html_visit_math

from publishing.sphinx import (
    api,
    editions,
    exercises,
    figures,
    first,
    formulas,
    interactive,
    notebooks,
    numerals,
    provenance,
    reading,
    scorecard,
    sharing,
    slim,
    tables,
)

# A document, by the priorities that the transforms themselves have.
TRANSFORMS = [
    scorecard.FoldClaims,
    tables.CaptionTables,
    editions.MakeTemplates,
    editions.FillTemplates,
    numerals.Typeset,
]
STEPS = {
    "config-inited": [(400, sharing.give_addresses)],
    "builder-inited": [(500, provenance.start)],
    "source-read": [(500, api.list_names)],
    "autodoc-process-docstring": [(400, api.escape)],
    "autodoc-skip-member": [(500, api.skip_member)],
    "doctree-read": [(500, api.drop_object), (600, editions.translate_parts)],
    "doctree-resolved": [(500, exercises.name_apart), (510, api.link_names)],
    # A page before it is written.
    "html-page-context": [
        (400, editions.other_edition),
        (450, sharing.describe),
        (500, provenance.add_foot),
        (640, sharing.drop_unaddressed),
        (650, sharing.add_buttons),
        (690, editions.say_what_is_missing),
        (700, reading.decorate),
        (710, tables.name_folded),
        (720, api.name_language),
        (800, figures.show_both),
        (900, formulas.add_style),
        (910, interactive.add_loader),
        (910, first.add_scripts),
        (910, scorecard.add_script),
    ],
    # The site when all its pages are written.
    "build-finished": [
        (500, editions.finish),
        (510, figures.write_variants),
        (520, interactive.write_data),
        (530, notebooks.write_notebooks),
        (540, sharing.write_files),
        (840, formulas.write_letters),
        (850, formulas.set_all),
        (900, slim.slim),
        (910, sharing.hide_book),
    ],
}


def setup(app):
    """Register with Sphinx."""
    # Sphinx makes few cycles and many objects: looking for cycles is a fifth of a build's time.
    gc.set_threshold(100_000, 50, 50)
    app.add_html_math_renderer("katex", (html_visit_math, None), (html_visit_displaymath, None))
    app.add_node(provenance.Unsearched, html=(provenance.write_unsearched, None))
    app.add_node(**exercises.SOLUTION)
    app.add_directive("build-record", provenance.BuildRecord)
    app.add_directive("interactive", interactive.Interactive)
    app.add_directive("bibtex", sharing.Bibtex)
    app.add_directive("moving", first.Moving)
    app.add_directive("verdict", first.VerdictCard)
    app.add_directive("where-known", first.WhereKnown)
    app.add_role("book-pdf", first.book_pdf)
    for node, visitors in scorecard.NODES.items():
        app.add_node(node, html=visitors)
    app.add_role("result", reading.result)
    app.add_js_file(None, body=f"{{{figures.CHOOSE}}}", priority=1)
    app.add_js_file("previews.js", loading_method="defer")
    for transform in TRANSFORMS:
        app.add_transform(transform)
    for event, steps in STEPS.items():
        for priority, step in steps:
            app.connect(event, step, priority=priority)
    # While pages are written, the list of pictures is filled.
    app.lorenz_pictures = set()
    return {"parallel_read_safe": True, "parallel_write_safe": False}
