"""Number the tables that code makes: caption and name stand in the cell's metadata, as for figures.

``mystnb={"tables": {"tab-name": "Caption."}}`` names the tables of a cell's output in their order.
Inside Markdown text a ``{table}`` directive does the same.
"""

import re

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform

from publishing.words import words


def caption(text):
    """The caption as a table's title, formulas between dollars.

    >>> caption("Of $x$.").pformat().split()
    ['<title>', 'Of', '<math>', 'x', '.']
    """
    title = nodes.title(text, "")
    for number, part in enumerate(re.split(r"\$([^$]+)\$", text)):
        title += nodes.math(part, part) if number % 2 else nodes.Text(part)
    return title


class CaptionTables(SphinxTransform):
    """Give each table of an output its caption and name, before messages are extracted."""

    default_priority = 18

    def apply(self, **_):
        """Refuse a cell that does not name each table it makes."""
        for cell in self.document.findall(
            lambda node: isinstance(node, nodes.container) and "cell_metadata" in node
        ):
            named = cell["cell_metadata"].get("mystnb", {}).get("tables", {})
            tables = list(cell.findall(nodes.table))
            if len(tables) != len(named):
                raise ExtensionError(
                    f"{self.env.docname}: a cell makes {len(tables)} tables, its metadata names "
                    f"{len(named)}: {', '.join(named)}"
                )
            for table, (name, text) in zip(tables, named.items(), strict=True):
                title = caption(text)
                title.source, title.line = self.document["source"], cell.line
                table.insert(0, title)
                table["names"].append(name)
                self.document.note_explicit_target(table, table)


def name_folded(app, pagename, templatename, context, doctree):
    """Call a table that is folded below its figure a table; the theme says "outputs"."""
    for english, own in zip(("Show", "Hide"), words(app)["table"], strict=True):
        context["body"] = context.get("body", "").replace(f"{english} code cell output", own)
