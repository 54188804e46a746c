"""Who may import whom: the library nobody else here, the workshop of the library its ledger."""

import ast

from browsing import ROOT


def imported(source):
    """The dotted names of this repository's packages that a source imports."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name for name in names if name.split(".")[0] in ("lorenz_utils", "publishing")}


def sources(room):
    found = {p: p.read_text(encoding="utf8") for p in sorted((ROOT / room).rglob("*.py"))}
    assert found, f"{room} is empty"
    return found


def test_the_workshop_knows_of_the_library_the_ledger_only():
    for path, source in sources("publishing").items():
        of_the_library = {n for n in imported(source) if n.startswith("lorenz_utils")}
        assert of_the_library <= {"lorenz_utils.ledger"}, path


def test_neither_the_library_nor_a_chapter_knows_of_the_workshop():
    for room in ("lorenz_utils", "book"):
        for path, source in sources(room).items():
            assert not {n for n in imported(source) if n.startswith("publishing")}, path
