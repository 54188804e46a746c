"""The notebooks for download and Colab: with results, and readable where nobody knows MyST."""

import ast
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
        (":::{exercise}\n:label: ex-a\n\nShow\nit.\n:::", "**[numref](ex-a).** Show\nit."),
        (":::{solution-start} ex-a\n:::", "**Solution.**"),
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


CHAPTER = """# %% [markdown]
# # A chapter

# %% label="fig-a"
x = 1

# %% [markdown]
# ## Exercises
#
# :::{exercise}
# :label: ex-a
#
# Show it.
# :::

# %% tags=["hide-cell", "solution"] label="tab-a"
x = 2

# %% [markdown] tags=["solution"]
# It is shown.

# %% [markdown]
# ## Onward
"""


@pytest.fixture
def chapter(monkeypatch):
    """A chapter with an exercise, as a page to make notebooks of."""
    known = {"fig-a": {"caption": "A figure.", "alt": "One."}, "tab-a": {"caption": "A table."}}
    for module in (contents, notebooks):
        monkeypatch.setattr(module, "captions", lambda: known)
    monkeypatch.setattr(notebooks, "read", lambda page: contents.reads(CHAPTER))
    monkeypatch.setattr(freshness, "executed", notebooks.read)
    return "book/a-chapter-of-tests"


def texts(made):
    return [cell.source for cell in made.cells]


def test_solutions_leave_the_notebook_and_stand_in_a_second_one(chapter):
    first = nbformat.v4.new_markdown_cell("first")
    figure, asked = "*[numref](fig-a). A figure.*", "## Exercises\n\n**[numref](ex-a).** Show it."
    table = "*[numref](tab-a). A table.*"
    plain, whole = (
        texts(notebooks.notebook(chapter, Links(), first.copy(), solutions))
        for solutions in (False, True)
    )
    assert plain == ["# A chapter", "first", "x = 1", figure, asked, "## Onward"]
    solution = ["**Solution.**", "x = 2", table, "It is shown."]
    assert whole == [*plain[:-1], *solution, plain[-1]]
    assert notebooks.has_solutions(chapter)


def test_a_solution_folds_as_a_whole(chapter):
    start, code, text, end = filter(contents.is_solution, contents.reads(CHAPTER).cells)
    assert start.source == ":::{solution-start} ex-a\n:::"
    assert end.source == ":::{solution-end}\n:::"
    assert code.metadata.tags == text.metadata.tags == ["solution"]


@pytest.mark.parametrize("page", contents.chapters())
def test_a_notebook_needs_nothing_of_its_solutions(page):
    def names(cells, kind):
        code = re.sub(r"(?m)^(\s*)%.*$", r"\1pass", "\n".join(cell.source for cell in cells))
        found = set()
        for node in ast.walk(ast.parse(code)):
            match node:
                case ast.Name(id=name, ctx=context) if isinstance(context, kind):
                    found.add(name)
                case ast.FunctionDef(name=name) if kind is ast.Store:
                    found.add(name)
                case ast.alias(name=name, asname=other) if kind is ast.Store:
                    found.add((other or name).split(".")[0])
        return found

    cells = contents.code_cells(contents.read(page))
    for i, cell in enumerate(cells):
        if contents.is_solution(cell):
            shown = [other for other in cells[:i] if not contents.is_solution(other)]
            later = [other for other in cells[i:] if not contents.is_solution(other)]
            own = names([cell], ast.Store) - names(shown, ast.Store) - names(later, ast.Store)
            assert not own & names(later, ast.Load), f"code cell {i}"


@pytest.mark.parametrize("solutions", [False, True])
@pytest.mark.parametrize("page", contents.chapters())
def test_a_built_notebook_has_the_results_and_no_myst(page, solutions):
    need(SITE.exists(), "the site is not built: run make book")
    path = SITE / notebooks.FOLDER / f"{page}{notebooks.SOLUTIONS * solutions}.ipynb"
    for edition in ("", "fr"):  # both offer it
        html = (SITE / edition / f"{page}.html").read_text(encoding="utf8")
        assert (f"/{path.name}" in html) == path.exists()
    if solutions and not notebooks.has_solutions(page):
        assert not path.exists()
        return
    made = nbformat.read(path, as_version=4)
    nbformat.validate(made)
    done = freshness.with_outputs(contents.read(page), freshness.executed(page))
    kept = [c for c in contents.code_cells(done) if solutions or not contents.is_solution(c)]
    ours, theirs = ([len(c.outputs) for c in cells] for cells in (contents.code_cells(made), kept))
    assert ours == [0, *theirs]  # the first cell sets Colab up
    assert sum(theirs) > 1
    texts = [cell.source for cell in made.cells if cell.cell_type == "markdown"]
    outputs = [output for cell in made.cells for output in cell.get("outputs", [])]
    texts += [output.get("data", {}).get("text/markdown", "") for output in outputs]
    left = [match[0] for text in texts for match in re.finditer(MYST, text)]
    assert not left
    assert [cell.id for cell in made.cells] == [f"cell-{n}" for n in range(len(made.cells))]
