"""The scorecard: tables of claims, one a question, fold beneath their questions.

In a notebook the conclusions print a table for each question, whose first header is the question.
On the site, each table of a cell tagged ``scorecard`` becomes a question with its verdicts counted,
which opens to a list of claims, a card each, the verdict first. The buttons that show the claims of
one verdict only need a script; all else works without.
"""

import re
from collections import Counter

from docutils import nodes
from sphinx.transforms import SphinxTransform

from lorenz_utils import ledger

ALL, NOT_TRIVIAL = "all claims", "without trivial ones"
PARTS = ("claim", "asked", "ours", "verdict", "why", "page")  # a table's columns
SHOWN = ("verdict", "claim", "asked", "ours", "why", "page")  # their order on a card


class Fold(nodes.Element):
    """A question: ``details``."""


class Summary(nodes.Element):
    """The line of a question that stays when it is folded."""


class Said(nodes.TextElement):
    """Words that are translated like a paragraph, in a line."""


class Button(nodes.Element):
    """A button of the filter."""


def slug(verdict):
    """The class of a verdict's claims and badges.

    >>> slug("not reproduced")
    'verdict-not-reproduced'
    """
    return "verdict-" + re.sub(r"\W+", "-", verdict)


def words(kind, text, source, **attributes):
    """A text element of that kind which Sphinx translates; emphasis as the ledger's words have."""
    made = kind(text, "", **attributes)
    made += nodes.emphasis("", text.strip("*")) if text.startswith("*") else nodes.Text(text)
    made.source, made.line = source, 1
    return made


def badge(verdict, source, count=None):
    """A verdict in words, in its colour, with how often it is given."""
    made = nodes.inline("", "", classes=["badge", slug(verdict)])
    made += words(Said, f"*{verdict}*", source)
    if count is not None:
        made += nodes.inline("", f" {count}", classes=["count"])
    return made


def division(children, *classes):
    """A plain ``div``, not one that Bootstrap knows."""
    attributes = {"classes": list(classes), "is_div": True, "design_component": "div"}
    return nodes.container("", *children, **attributes)


class FoldClaims(SphinxTransform):
    """Make questions of the tables of a scorecard, before captions and translation."""

    default_priority = 17

    def apply(self, **_):
        """Keep every paragraph, in another place."""
        for cell in self.document.findall(
            lambda node: isinstance(node, nodes.container) and "cell_metadata" in node
        ):
            if "scorecard" not in cell["cell_metadata"].get("tags", []):
                continue
            source = self.document["source"]
            tables = list(cell.findall(nodes.table))
            folds = [self.question(table, source) for table in tables]
            total = sum((fold["counts"] for fold in folds), Counter())
            for table, fold in zip(tables, folds, strict=True):
                table.parent.replace(table, fold)
            first = folds[0].parent
            first.insert(first.index(folds[0]), choice(total, source))

    def question(self, table, source):
        """The question of a table, its verdicts counted, and its claims."""
        head, *rows = table.findall(nodes.row)
        headers = [entry.astext() for entry in head]
        claims, counts = nodes.bullet_list(classes=["claims"]), Counter()
        for row in rows:
            cells = dict(zip(PARTS, row, strict=True))
            verdict = next(cells["verdict"].findall(nodes.emphasis)).astext()
            if verdict not in ledger.VERDICTS:
                raise ValueError(f"verdict must be one of {ledger.VERDICTS}, got {verdict!r}")
            counts[verdict] += 1
            claims += self.claim(cells, headers, verdict, source)
        question = words(Said, headers[0], source, classes=["question-text"])
        given = [badge(v, source, counts[v]) for v in ledger.VERDICTS if counts[v]]
        summary = Summary("", question, nodes.inline("", "", *given, classes=["badges"]))
        return Fold("", summary, claims, classes=["question"], counts=counts)

    def claim(self, cells, headers, verdict, source):
        """A card, its verdict first."""
        trivial = "(trivial)" in cells["verdict"].astext()
        card = nodes.list_item("", classes=["claim", slug(verdict), *["trivial"] * trivial])
        for name in SHOWN:
            parts = cells[name].children
            for part in parts:
                part.source = part.source or source
            if name in ("asked", "ours", "page"):
                label = words(Said, headers[PARTS.index(name)], source, classes=["claim-label"])
                parts = [label, *parts]
            classes = ["badge", slug(verdict)] if name == "verdict" else []
            card += division(parts, f"claim-{name}", *classes)
        return card


def choice(counts, source):
    """The buttons: all claims, those of one verdict, and all but the trivial ones."""

    def button(text, selector, *count):
        pressed = "true" if selector == ".claim" else "false"
        given = {"type": "button", "data-shows": selector, "aria-pressed": pressed}
        return Button("", words(Said, text, source), *count, given=given)

    buttons = [button(ALL, ".claim")]
    for verdict in ledger.VERDICTS:
        if counts[verdict]:
            count = nodes.inline("", f" {counts[verdict]}", classes=["count"])
            buttons.append(button(f"*{verdict}*", f".{slug(verdict)}", count))
    buttons.append(button(NOT_TRIVIAL, ":not(.trivial)"))
    return division(buttons, "scorecard-filter")


def _open(tag):
    return lambda translator, node: translator.body.append(
        translator.starttag(node, tag, "", **node.get("given", {}))
    )


def _close(tag):
    return lambda translator, node: translator.body.append(f"</{tag}>")


NODES = {
    Fold: (_open("details"), _close("details")),
    Summary: (_open("summary"), _close("summary")),
    Said: (_open("span"), _close("span")),
    Button: (_open("button"), _close("button")),
}


def add_script(app, pagename, templatename, context, doctree):
    """Load the filter's script on the page that has one."""
    if 'class="scorecard-filter' in context.get("body", ""):
        app.add_js_file("scorecard.js", loading_method="defer")
