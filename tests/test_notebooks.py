"""The notebooks for download and Colab: with results, and readable where nobody knows MyST."""

import re

import nbformat
import pytest
from browsing import SITE, need

from publishing import contents, freshness
from publishing.sphinx import notebooks

MYST = r"\{[a-z:]+\}`|(?m:^:::)|\$\$ \(eq-|(?m:^\([\w-]+\)=$)"


class Links:
    """Stands for the site's own: a role becomes its target."""

    def __call__(self, match):
        return f"[{match[2] or match[1]}]({match[3] or match[4]})"

    def tag(self, label):
        return rf"\tag{{{label}}}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("by {eq}`eq-a` and {doc}`here </b/c>`", "by [eq](eq-a) and [here](/b/c)"),
        ("$$\na\n$$ (eq-a)\n\n$$b$$ (eq-b)", "$$\na\n\\tag{eq-a}$$\n\n$$b\\tag{eq-b}$$"),
        (":::{margin} A unit\nOf time.\nOurs.\n:::\n\nx", "> **A unit.** Of time.\n> Ours.\n\nx"),
        (":::{table} Rules\n:name: tab-a\n\n|a|\n|---|\n:::", "*Rules*\n\n|a|\n|---|"),
        ("(target)=\n## Heading", "## Heading"),
        ("code `{doc}` and $\\{a\\}$", "code `{doc}` and $\\{a\\}$"),
    ],
)
def test_myst_becomes_plain_markdown(text, shown):
    assert notebooks.plain(text, Links()) == shown


def test_two_readings_of_a_chapter_make_the_same_notebook(monkeypatch):
    page = contents.chapters()[0]
    monkeypatch.setattr(freshness, "executed", contents.read)  # names drawn at random
    first = notebooks.setup_cell("https://example.org/a/b")
    one, other = (notebooks.notebook(page, Links(), first.copy()) for _ in range(2))
    assert one == other
    assert len({cell.id for cell in one.cells}) == len(one.cells) > 2


@pytest.mark.parametrize("page", contents.chapters())
def test_a_built_notebook_has_the_results_and_no_myst(page):
    need(SITE.exists(), "the site is not built: run make book")
    made = nbformat.read((SITE / notebooks.FOLDER / page).with_suffix(".ipynb"), as_version=4)
    nbformat.validate(made)
    done = freshness.executed(page)
    ours, theirs = (
        [len(cell.outputs) for cell in nb.cells if cell.cell_type == "code"] for nb in (made, done)
    )
    assert ours == [0, *theirs]  # the first cell sets Colab up
    assert sum(theirs) > 3
    texts = [cell.source for cell in made.cells if cell.cell_type == "markdown"]
    outputs = [output for cell in made.cells for output in cell.get("outputs", [])]
    texts += [output.get("data", {}).get("text/markdown", "") for output in outputs]
    left = [match[0] for text in texts for match in re.finditer(MYST, text)]
    assert not left
    assert [cell.id for cell in made.cells] == [f"cell-{n}" for n in range(len(made.cells))]
