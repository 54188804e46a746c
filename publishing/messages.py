"""Bring the catalogues of the French edition up to date with the English of all pages."""

import shutil

from sphinx_intl.basic import update
from sphinx_intl.catalog import dump_po, load_po

from lorenz_utils import ledger
from publishing import wordings
from publishing.contents import BUILD, ROOT, chapters, code_cells, pages, read
from publishing.execute import execute_stale
from publishing.freshness import executed
from publishing.site import finished, jupyter_book, offer_outputs

LOCALES = ROOT / "book" / "locales"
CATALOGUES = LOCALES / "fr" / "LC_MESSAGES"


def could_say(page):
    """All messages between which a page's code chooses, whatever a machine's numbers are.

    Returns
    -------
    messages : set of str
    problems : list of str
        Places in the code whose words nobody can list.
    """
    cells = code_cells(read(page)) if page in chapters() else []
    known, problems = wordings.messages([cell.source for cell in cells])
    known |= drawn(page)
    verdicts = {f"*{verdict}*" for verdict in ledger.VERDICTS}
    if page == "book/index":
        known |= verdicts
    if page == "book/05_conclusions":
        reasons = [text for claim in ledger.claims() for text in claim["reason"].values()]
        said = [ledger.NO_REASON, *reasons, *verdicts, *(f"{v} (trivial)" for v in verdicts)]
        known |= {wordings.template(" ".join(text.split()))[0] for text in said}
    return known, problems


def drawn(page):
    """All lines of text in the figures of a page, as it was last executed."""
    from publishing.sphinx import (
        lettering,
    )  # needs Matplotlib; to execute chapters nothing here does

    found = set()
    for cell in code_cells(executed(page)) if page in chapters() and executed(page) else []:
        for output in cell.get("outputs", []):
            for text in output.get("data", {}).values():
                if isinstance(text, str) and "<svg" in text:
                    found |= set(lettering.lines(text))
    return found


def refresh_messages():
    """Bring the catalogues of the French edition up to date with the English of all pages."""
    if not execute_stale():
        return False
    offer_outputs()
    extracted = BUILD / "messages" / "_build" / "gettext"
    shutil.rmtree(extracted, ignore_errors=True)  # of pages that are no more
    run = jupyter_book("", "--builder", "custom", "--custom-builder", "gettext")
    if not finished(run, ""):
        return False
    refresh(extracted)
    return True


def refresh(extracted):
    """Bring the catalogues up to date with a folder of extracted messages."""
    for page in pages():
        path = str(extracted / f"{page}.pot")
        found = load_po(path)
        # Sphinx sees what code says on this machine; what it says on another is a message too.
        for message in sorted(could_say(page)[0]):
            if message not in found:
                found.add(message)
        found.header_comment = "# The French edition: see CONTRIBUTING.md."
        dump_po(path, found)
    update(str(LOCALES), str(extracted), ("fr",), line_width=100, ignore_obsolete=True)
