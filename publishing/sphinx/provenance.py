"""At the foot of each page: which code made it, when, and in how many seconds.

The directive ``build-record`` shows the same for the whole book. Whatever differs from one build of
the same commit to the next stands in a ``<time>`` element, so that two builds can be compared.
"""

from datetime import UTC, datetime

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from publishing import freshness
from publishing.checkout import source_state
from publishing.contents import chapters, pages
from publishing.words import words


def start(app):
    """Find commit, time and the list of pages once for all pages."""
    app.pages, app.chapters = pages(), chapters()
    word = words(app)["provenance"]
    commit, dirty = source_state()
    now = datetime.now(UTC)
    day = f'<time datetime="{now:%Y-%m-%dT%H:%MZ}">{now:%Y-%m-%d %H:%M} UTC</time>'
    # An archive without .git has no commit to name.
    code = f"{word['commit']} <code>{commit}</code>" if commit else word["no commit"]
    app.provenance = f"{code}{' ' + word['dirty'] if dirty else ''}, {word['built']} {day}."


def duration(seconds):
    """Seconds as an HTML time element."""
    return f'<time datetime="PT{seconds:.0f}S">{seconds:.0f}</time>'


def add_foot(app, pagename, templatename, context, doctree):
    """Give the template ``provenance.html`` its sentence."""
    word = words(app)["provenance"]
    to = context["pathto"]("book/appendix/reproducibility") if doctree is not None else None
    if to is None or pagename not in app.pages:
        return
    done = freshness.executed(pagename) if pagename in app.chapters else None
    if done:
        to = to.rstrip("#")  # the page itself is "#"
        link = f'<a href="{to}#libraries">{word["versions"]}</a>'
        code = f"{word['executed']} {duration(done.metadata['seconds'])} s {link}."
    else:
        code = f'{word["no code"]}: <a href="{to}">{word["how"]}</a>.'
    context["provenance"] = f"{app.provenance} {code}"


class Unsearched(nodes.General, nodes.Element):
    """HTML that the search index leaves out: no one looks for a duration, and no two are equal."""


def write_unsearched(translator, node):
    """Write the element's HTML."""
    translator.body.append(node["html"])
    raise nodes.SkipNode


class BuildRecord(SphinxDirective):
    """Commit, date and seconds per chapter."""

    def run(self):
        """Return the record as HTML."""
        word = words(self.env.app)["provenance"]
        seconds = {page: freshness.executed(page).metadata["seconds"] for page in chapters()}
        rows = [*seconds.items(), (word["together"], sum(seconds.values()))]
        body = "".join(
            f"<tr><td>{page.removeprefix('book/')}</td><td>{duration(value)}</td></tr>"
            for page, value in rows
        )
        head = f"<tr><th>{word['chapter']}</th><th>{word['seconds']}</th></tr>"
        html = (
            f'<p class="build-record">{self.env.app.provenance}</p>'
            '<div class="pst-scrollable-table-container"><table class="table">'
            f"<thead>{head}</thead><tbody>{body}</tbody></table></div>"
        )
        return [Unsearched(html=html)]
