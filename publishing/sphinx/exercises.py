"""Exercises are sphinx-exercise's, numbered; here each solution folds without a script.

The library would fold it by a script, which a link to a figure inside cannot open.
"""

from docutils import nodes
from sphinx_design.icons import get_octicon
from sphinx_exercise.nodes import solution_node

# As sphinx-design's dropdowns look.
LOOK = "sd-sphinx-override sd-dropdown sd-card sd-mb-3"
MARKER = '<span class="sd-summary-state-marker sd-summary-chevron-right">{}</span>'


def open_solution(translator, node):
    """Begin a solution: its title is the summary."""
    title, marker = node.pop(0).astext(), MARKER.format(get_octicon("chevron-right", "1.5em"))
    translator.body.append(
        f"{translator.starttag(node, 'details', CLASS=LOOK)}"
        f'<summary class="sd-summary-title sd-card-header">{title}{marker}</summary>'
        '<div class="sd-summary-content sd-card-body">'
    )


def close_solution(translator, node):
    """End a solution."""
    translator.body.append("</div></details>\n")


def name_apart(app, doctree, docname):
    """Take the one id from the bodies of exercises and solutions that the library gives to all."""
    for part in doctree.findall(nodes.section):
        if part["ids"] in (["exercise-content"], ["solution-content"]):
            part["ids"] = []


SOLUTION = {"node": solution_node, "html": (open_solution, close_solution), "override": True}
