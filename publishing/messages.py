"""Bring the catalogues of the French edition up to date with the English of all pages."""

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from lorenz_utils import ledger
from publishing import wordings
from publishing.contents import BUILD, ROOT, chapters, code_cells, pages, read
from publishing.execute import execute_stale
from publishing.site import finished, jupyter_book, offer_outputs

CATALOGUES = ROOT / "book" / "locales" / "fr" / "LC_MESSAGES"


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
    if page == "book/05_conclusions":
        reasons = [text for claim in ledger.claims() for text in claim["reason"].values()]
        said = [ledger.NO_REASON, *reasons, *(f"*{verdict}*" for verdict in ledger.VERDICTS)]
        known |= {wordings.template(" ".join(text.split()))[0] for text in said}
    return known, problems


def refresh_messages():
    """Bring the catalogues of the French edition up to date with the English of all pages."""
    if not execute_stale():
        return False
    offer_outputs()
    run = jupyter_book("", "--builder", "custom", "--custom-builder", "gettext")
    if not finished(run, ""):
        return False
    folder = BUILD / "messages" / "_build" / "gettext"
    for page in pages():
        path = CATALOGUES / f"{page}.po"
        new = read_po((folder / f"{page}.pot").open("rb"))
        old = read_po(path.open("rb"), locale="fr") if path.exists() else Catalog("fr")
        # Not the day of extraction: a catalogue without a new message stays as it is.
        new.creation_date = old.creation_date
        translated = {m.id: m.string for m in old if m.id and m.string and not m.fuzzy}
        old.update(new, update_creation_date=False)
        # Code may choose between wordings: what it says on another machine is a message too.
        for message in sorted(could_say(page)[0]):
            if message not in old:
                old.add(message, translated.get(message, ""))
        old.header_comment = "# The French edition: see CONTRIBUTING.md."
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, old, width=100, ignore_obsolete=True)
    return True
