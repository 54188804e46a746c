"""The notebooks for download and Colab: with results, and readable where nobody knows MyST."""

import ast
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from browsing import ROOT, SITE, need
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from jupytext.sync_contentsmanager import build_sync_jupytext_contents_manager_class

from publishing import addresses, contents, freshness
from publishing.sphinx import notebooks

MYST = r"\{[a-z:]+\}`|(?m:^:::)|\$\$ \(eq-|(?m:^\([\w-]+\)=$)"


class Links:
    """Stands for the site's own: a role becomes its target."""

    def __call__(self, match):
        return f"[{match[2] or match[1]}]({match[3] or match[4]})"

    def tag(self, label):
        return rf"\tag{{{label}}}"

    def moving(self, match):
        return f"[moving]({match[1]})"


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
        ("x\n\n:::{interactive} step\n:::\n\ny", "x\n\n[moving](step)\n\ny"),
        ("code `{doc}` and $\\{a\\}$", "code `{doc}` and $\\{a\\}$"),
    ],
)
def test_myst_becomes_plain_markdown(text, shown):
    assert notebooks.plain(text, Links()) == shown


def test_two_readings_of_a_chapter_make_the_same_notebook(monkeypatch):
    page = contents.chapters()[0]
    monkeypatch.setattr(freshness, "executed", contents.read)  # names drawn at random
    first = notebooks.setup_cell(addresses.Addresses())
    one, other = (notebooks.notebook(page, Links(), first.copy()) for _ in range(2))
    assert one == other
    assert len({cell.id for cell in one.cells}) == len(one.cells) > 2


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a setup cell in an empty folder and list what it asks of the shell and of IPython."""
    monkeypatch.chdir(tmp_path)
    for name, value in os.environ.items():  # to be restored, whatever the cell sets
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "path", [*sys.path])
    asked = []
    shell = SimpleNamespace(
        system=lambda line: asked.append(f"!{line}"),
        run_line_magic=lambda name, line: asked.append(f"%{name} {line}"),
    )

    def runs(cell):
        code = TransformerManager().transform_cell(cell.source)
        exec(code, {"get_ipython": lambda: shell})
        return asked

    return runs


def test_in_a_clone_the_first_cell_does_nothing(run):
    before = os.environ["LORENZ_HOME"]
    assert run(notebooks.setup_cell(addresses.find("git@github.com:a/b.git"))) == []
    assert os.environ["LORENZ_HOME"] == before


@pytest.fixture(params=["lorenz_utils", "experiments", "book.figures"])
def missing(request, monkeypatch):
    """A module that chapters import, and this machine has not."""
    monkeypatch.setitem(sys.modules, request.param, None)


def test_what_is_missing_comes_from_the_repository(run, missing, tmp_path):
    cell = notebooks.setup_cell(addresses.find("git@gitlab.com:a/b.git"), "myst-nb")
    assert run(cell) == [
        "!git clone --quiet --depth 1 https://gitlab.com/a/b learning-lorenz",
        "%pip install --quiet ./learning-lorenz myst-nb",
    ]
    assert os.environ["LORENZ_HOME"] == sys.path[0] == str(tmp_path / "learning-lorenz")
    (tmp_path / "learning-lorenz").mkdir()
    assert [line[0] for line in run(cell)] == ["!", "%", "%"], "what is there is not fetched again"


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """What is put beside the notebooks, with a chapter that reads a model and a file now gone."""
    reads = {"models/faithful-generator.json": "", "book/figures/dataset.py": "", "gone.json": ""}
    done = SimpleNamespace(metadata={"origins": {"reads": reads}})
    monkeypatch.setattr(freshness, "executed", lambda page: done)
    path = tmp_path / "learning-lorenz.zip"
    notebooks.write_archive(path)
    return path


@pytest.mark.parametrize("site", ["", "a site"])
def test_without_a_repository_it_comes_from_beside_the_notebook(run, missing, archive, site):
    if site:
        folder = archive.parent / site / notebooks.FOLDER
        folder.mkdir(parents=True)
        archive.rename(folder / archive.name)
        site = f"{folder.parent.as_uri()}/"
    asked = run(notebooks.setup_cell(addresses.Addresses(site=site)))
    assert asked == ["%pip install --quiet ./learning-lorenz"]
    home = archive.parent / "learning-lorenz"
    assert os.environ["LORENZ_HOME"] == sys.path[0] == str(home)
    for name in ("pyproject.toml", "models/faithful-generator.json", "lorenz_utils/book.mplstyle"):
        assert (home / name).read_bytes() == (contents.ROOT / name).read_bytes()
    assert {path.name for path in home.iterdir()} == {
        *("pyproject.toml", "LICENSE", "lorenz_utils", "models", "book")
    }


def test_without_the_archive_its_name_is_said(run, missing):
    cell = notebooks.setup_cell(addresses.Addresses())
    assert f"it is in the folder {notebooks.FOLDER}" in cell.source
    with pytest.raises(FileNotFoundError, match=r"learning-lorenz\.zip"):
        run(cell)


def test_two_archives_of_one_book_are_the_same_bytes(archive):
    before = archive.read_bytes()
    archive.unlink()
    notebooks.write_archive(archive)
    assert archive.read_bytes() == before
    assert len(zipfile.ZipFile(archive).namelist()) > 10


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
    assert ours == [0, *theirs]  # the first cell fetches what is missing
    assert sum(theirs) > 1
    texts = [cell.source for cell in made.cells if cell.cell_type == "markdown"]
    outputs = [output for cell in made.cells for output in cell.get("outputs", [])]
    texts += [output.get("data", {}).get("text/markdown", "") for output in outputs]
    left = [match[0] for text in texts for match in re.finditer(MYST, text)]
    assert not left
    assert [cell.id for cell in made.cells] == [f"cell-{n}" for n in range(len(made.cells))]


def test_a_chapter_that_is_saved_unchanged_keeps_its_bytes(tmp_path):
    # As `make lab` opens it: the folder of chapters is the root.
    manager = build_sync_jupytext_contents_manager_class(LargeFileManager)()
    manager.root_dir = str(tmp_path)
    shutil.copy(ROOT / "book" / "jupytext.toml", tmp_path)
    for page in contents.chapters():
        path, saved = (ROOT / page).with_suffix(".py"), tmp_path / f"{Path(page).name}.py"
        shutil.copy(path, saved)
        manager.save(manager.get(saved.name, type="notebook"), saved.name)
        assert saved.read_bytes() == path.read_bytes(), page
