"""What helps a reader: reading time, previews of terms and citations, results in text."""

import html
import re

from docutils import nodes

from lorenz_utils import ledger
from publishing.sphinx.numerals import typeset
from publishing.words import words

WORDS_PER_MINUTE = 220


def recalled(text):
    """A recorded result as ``name;format`` asks for it.

    ``verdicts`` is the number of judged claims, ``verdicts;reproduced`` that of one verdict,
    ``questions`` that of the questions which they answer.

    Raises
    ------
    KeyError
        If no chapter recorded it.
    """
    key, _, form = text.partition(";")
    if key == "verdicts":
        verdicts = [row["verdict"] for row in ledger.verdicts()]
        return str(verdicts.count(form) if form else len(verdicts))
    if key == "questions":
        return str(len({claim["question"] for claim in ledger.claims()}))
    return typeset(format(ledger.recall(key), form))


def result(name, rawtext, text, lineno, inliner, options=None, content=None):
    """Role ``{result}`name;format``: a recorded result in a page's text (see `recalled`)."""
    try:
        shown = recalled(text)
    except KeyError as error:
        return [], [inliner.reporter.error(f"result {text!r}: {error}", line=lineno)]
    return [nodes.inline(rawtext, shown, classes=["result"])], []


def reading_time(body):
    """Minutes for the words of a page; code and outputs are not counted.

    >>> reading_time("<p>" + "word " * 440 + "</p>")
    2
    """
    text = re.sub(r"<(pre|script|style|table|svg)\b.*?</\1>", " ", body, flags=re.S)
    return max(1, round(len(re.sub(r"<[^>]+>", " ", text).split()) / WORDS_PER_MINUTE))


def _definitions(app):
    """What each glossary term and each reference says, by the anchor that links point to."""
    if not hasattr(app, "lorenz_definitions"):
        found = {}
        for page in ("book/appendix/glossary", "book/appendix/references"):
            doctree = app.env.get_and_resolve_doctree(page, app.builder)
            for item in doctree.findall(nodes.definition_list_item):
                text = item[-1].astext()
                found |= {i: text for term in item.findall(nodes.term) for i in term["ids"]}
            for item in doctree.findall(nodes.citation):
                found |= dict.fromkeys(item["ids"], item[1].astext())
                # The extension adds to the same node each time: its page would list all twice.
                item.clear()
        app.lorenz_definitions = {key: " ".join(text.split()) for key, text in found.items()}
    return app.lorenz_definitions


def decorate(app, pagename, templatename, context, doctree):
    """Write previews into links, and the reading time below the title."""
    if doctree is None or app.builder.format != "html":
        return
    definitions = _definitions(app)

    def preview(match):
        text = definitions.get(match[2])
        if text is None or pagename.startswith("book/appendix/glossary"):
            return match[0]
        own = re.sub(r' title="[^"]*"', "", match[1])  # one card is enough
        return f'<a data-preview="{html.escape(text[:400], quote=True)}"{own}'

    body = context["body"]
    links = r'<a( [^>]*?href="[^"]*(?:glossary|references)\.html#([^"]+)")'
    body = re.sub(links, preview, body)
    context["body"] = body
    if 'class="docstrings' not in body:  # which nobody reads from end to end
        minutes = words(app)["minutes"].format(reading_time(body))
        context["body"] = body.replace("</h1>", f'</h1>\n<p class="reading-time">{minutes}</p>', 1)
