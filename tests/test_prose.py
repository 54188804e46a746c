"""No result is typed in prose: a number there is computed, or stands in the list of the others."""

from functools import cache
from pathlib import Path

import prose
import pytest
import yaml

KINDS = {"definition", "parameter", "deck", "citation"}
ALLOWED = yaml.safe_load((Path(__file__).parent / "typed_numbers.yml").read_text())


@cache
def allowed(page):
    """The numbers that may be typed on a page, as strings."""
    kinds = [*ALLOWED["everywhere"].values(), *ALLOWED.get(page, {}).values()]
    found = {str(number) for numbers in kinds for number in numbers}
    if page == "claims":  # its quotations hold the deck's values, which its rules repeat
        values = {claim["deck"] for claim in prose.claims() if "deck" in claim}
        found |= {f"{abs(value):g}" for value in values}
    return found


def unexplained(pieces):
    """The typed numbers that no list explains, each with its page and surroundings."""
    return [
        f"{page}: {number!r} in ...{around}..."
        for page, text in pieces
        for number, around in prose.numbers(text)
        if number not in allowed(page)
    ]


def test_no_result_is_typed_in_prose():
    found = unexplained(prose.pieces())
    assert not found, (
        f"{len(found)} numbers are typed in prose. A result comes from the run: Markdown(f'...'). "
        "Anything else is listed in tests/typed_numbers.yml:\n" + "\n".join(found)
    )


def test_the_list_has_four_kinds_and_only_pages_of_the_book():
    pages = {page for page, _ in prose.pieces()}
    assert set(ALLOWED) - {"everywhere"} <= pages
    assert all(set(kinds) <= KINDS for kinds in ALLOWED.values())


@pytest.mark.parametrize(
    "text",
    [
        "The error is 0.0327.",
        "The error is 5 %.",
        "It falls by 17.3 %.",
        r"The exponent is $\lambda = 0.93$.",
        "| ridge | 4.61 |",
        "The error is 4.7e-12.",
        "It is a hundred times smaller.",
        "The two differ fivefold.",
        "It is smaller by orders of magnitude.",
        "After 12,000 steps",
    ],
)
def test_typed_results_are_found(text):
    assert unexplained([("book/index", text)])


@pytest.mark.parametrize(
    "text",
    [
        "(slides 11, 12) says [so](x_7.md)",
        "{cite:t}`lorenz1963` of 1963 on Lorenz-63",
        "**4.** Train `n = 77` steps.",
        "a step of 0.1",
        "RMSE27 of W5",
    ],
)
def test_structure_and_parameters_are_not_results(text):
    assert not unexplained([("book/index", text)])


def test_strings_of_code_cells_are_prose_without_what_they_compute():
    source = (
        'error = 0.5\nMarkdown(f"the error of this is {error:.2f}, against 0.37 before")\nx = "a 3"'
    )
    texts = list(prose.sentences(source))
    assert texts == ["the error of this is {}, against 0.37 before"]


def test_all_kinds_of_prose_are_read():
    texts = dict.fromkeys(page for page, _ in prose.pieces())
    assert {"README", "claims", *prose.contents.pages()} == set(texts)
    everything = "\n".join(text for _, text in prose.pieces())
    for part in ("**Question.**", "## Two commands", "Of nine monomials"):
        assert part in everything
    chapter = prose.contents.read("book/01_introduction")
    options = [cell.metadata["mystnb"] for cell in chapter.cells if "mystnb" in cell.metadata]
    assert all(o["image"]["alt"] in everything for o in options if "image" in o)
    assert all(o["figure"]["caption"] in everything for o in options if "figure" in o)
    assert all(c in everything for o in options for c in o.get("tables", {}).values())
