"""The book's sources: complete, in the template, importing only what they may; and its build."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from publishing import contents, site

ROOT = Path(__file__).resolve().parents[1]

from lorenz_utils import ledger  # noqa: E402

CHAPTERS = contents.chapters()
PAGES = contents.pages()
# What each module may import, in this order; adversarial is the step of training's loop.
ORDER = [
    *("ledger", "dormand_prince", "compiled", "integration", "system", "studies", "records"),
    *("surrogates", "derivatives", "images", "polynomials", "lyapunov", "solvers"),
    *("regression", "shooting", "identification", "contest"),
    *("metrics", "networks", "adversarial", "training", "ablation"),
]
HEAVY = {
    "torch": {"networks", "adversarial", "training"},
    "sklearn": {"regression", "shooting", "identification", "solvers"},
    "matplotlib": {"plotting"},
    "nolds": set(),
}


def cells(page):
    return contents.read(page).cells


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_a_source(page):
    assert any((ROOT / page).with_suffix(s).exists() for s in (".py", ".md")), page


def test_every_chapter_file_is_in_the_toc():
    found = {*(ROOT / "book").glob("[0-9a-z]*/*.py"), *(ROOT / "book").glob("[0-9]*.py")}
    assert {str(p.relative_to(ROOT).with_suffix("")) for p in found} == set(CHAPTERS)
    assert not list((ROOT / "book").rglob("*.ipynb")), "an .ipynb beside a .py shadows it"


@pytest.mark.parametrize("page", CHAPTERS)
def test_chapters_follow_the_template(page):
    text = "\n".join(c.source for c in cells(page) if c.cell_type == "markdown")
    assert text.startswith("# ")
    for part in ("**Question.**", "**What the deck claimed.**", "## What we find", "## Exercises"):
        assert part in text, f"{page} lacks {part}"


@pytest.mark.parametrize("page", CHAPTERS)
def test_visible_cells_are_short_and_figures_have_alt_text(page):
    for number, cell in enumerate(cells(page)):
        if cell.cell_type != "code":
            continue
        tags = set(cell.metadata.get("tags", []))
        lines = [x for x in cell.source.splitlines() if x.strip() and not x.strip().startswith("#")]
        if not tags & {"hide-input", "hide-cell", "remove-cell"}:
            assert len(lines) <= 20, f"{page} cell {number} shows {len(lines)} lines of code"
        draws = re.search(r"plt\.(subplots|figure)\(|plotting\.plot_", cell.source)
        if draws and "remove-cell" not in tags and "hide-cell" not in tags:
            options = cell.metadata.get("mystnb", {})
            assert len(options.get("image", {}).get("alt", "")) > 40, f"{page} cell {number}"
            assert options["figure"]["caption"] and options["figure"]["name"].startswith("fig-")


@pytest.mark.parametrize("page", CHAPTERS)
def test_chapters_import_no_chapter(page):
    code = "\n".join(c.source for c in cells(page) if c.cell_type == "code")
    assert not re.search(r"^\s*(from|import) book", code, re.M)


def imported(source):
    """The modules of lorenz_utils that a source imports."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lorenz_utils"):
            names |= {alias.name for alias in node.names} | set(node.module.split(".")[1:])
        elif isinstance(node, ast.Import):
            names |= {part for alias in node.names for part in alias.name.split(".")}
    return names


def test_modules_import_only_those_above_them():
    modules = {p.stem for p in (ROOT / "lorenz_utils").glob("*.py")} - {"__init__", "plotting"}
    assert modules == set(ORDER)
    for module in modules:
        source = (ROOT / "lorenz_utils" / f"{module}.py").read_text()
        below = imported(source) & set(ORDER[ORDER.index(module) + 1 :])
        assert not below, f"{module} imports {below}"


@pytest.mark.parametrize("module", [*ORDER, "plotting"])
def test_heavy_libraries_stay_where_they_belong(module):
    probe = f"import sys, lorenz_utils.{module}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    above = ORDER[: ORDER.index(module) + 1] if module in ORDER else ["plotting"]
    for library, owners in HEAVY.items():
        if not owners & set(above):
            assert library not in loaded, f"importing {module} imports {library}"


def test_claims_are_complete():
    claims = yaml.safe_load((ROOT / "book" / "claims.yml").read_text())
    assert len(claims) >= 30
    assert len({c["id"] for c in claims}) == len(claims)
    fields = {"id", "slide", "claim", "quantity", "result", "rule", "page", "reason"}
    for claim in claims:
        assert fields <= set(claim), claim["id"]
        assert claim["page"] in CHAPTERS, claim["id"]
        number = claim["rule"] in ("equals", "draw")
        needed = {"deck", "tolerance"} if number else {"threshold"}
        optional = {"partial"} if number else {"control"}
        assert needed <= set(claim) - fields <= needed | optional, claim["id"]
        assert set(claim["reason"]) <= set(ledger.VERDICTS), claim["id"]
        assert all(len(text) > 10 for text in claim["reason"].values()), claim["id"]


def test_requirements_are_pinned_and_covered_by_the_constraints():
    pins = dict(re.findall(r"(?m)^([\w.-]+)==([^\s#]+)", (ROOT / "requirements.txt").read_text()))
    locked = dict(re.findall(r"(?m)^([\w.-]+)==(\S+)", (ROOT / "constraints.txt").read_text()))
    lines = [x for x in (ROOT / "requirements.txt").read_text().splitlines() if x[:1].isalpha()]
    assert len(pins) == len(lines)
    lower = {name.lower(): value for name, value in locked.items()}
    assert all(lower[name.lower()] == value for name, value in pins.items())


def test_pages_with_tracebacks_warnings_or_unlabelled_images_are_refused():
    good = '<p>x</p><img src="a.png" alt="A curve that rises">'
    assert not list(site.page_problems(good))
    for bad in (
        "<pre>Traceback (most recent call last)</pre>",
        "<pre>/lib/x.py:3: UserWarning: old</pre>",
        '<img src="../_images/3f.png" alt="../_images/3f.png">',
        '<img src="a.png">',
    ):
        assert len(list(site.page_problems(good + bad))) == 1, bad
