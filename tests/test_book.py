"""The book's sources: complete, in the template, importing only what they may; and its build."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]


def load_build():
    spec = importlib.util.spec_from_file_location("build", ROOT / "book" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = load_build()
CHAPTERS = build.chapters()
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text())
PAGES = [TOC["root"], *(c["file"] for part in TOC["parts"] for c in part["chapters"])]
# What each module may import, in this order; adversarial is the step of training's loop.
ORDER = [
    *("ledger", "system", "surrogates", "derivatives", "images", "lyapunov", "solvers"),
    *("regression", "polynomials", "shooting", "identification"),
    *("metrics", "networks", "studies", "adversarial", "training"),
]
HEAVY = {
    "torch": {"networks", "adversarial", "training"},
    "sklearn": {"regression", "shooting", "identification", "solvers"},
    "matplotlib": {"plotting"},
    "nolds": set(),
}


def cells(page):
    return build.read(page).cells


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_a_source(page):
    assert any((ROOT / page).with_suffix(s).exists() for s in (".py", ".md")), page


def test_every_chapter_file_is_in_the_toc():
    found = {str(p.relative_to(ROOT).with_suffix("")) for p in (ROOT / "book").glob("*/*.py")}
    found |= {str(p.relative_to(ROOT).with_suffix("")) for p in (ROOT / "book").glob("0*.py")}
    assert found - {"book/_static/hero"} == set(CHAPTERS)
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


def test_modules_import_only_those_above_them():
    modules = {p.stem for p in (ROOT / "lorenz_utils").glob("*.py")} - {"__init__", "plotting"}
    assert modules == set(ORDER)
    for module in modules:
        source = (ROOT / "lorenz_utils" / f"{module}.py").read_text()
        imported = build._imported(source, dict.fromkeys(ORDER))
        below = {m for m in imported if ORDER.index(m) >= ORDER.index(module)} - {module}
        assert not below, f"{module} imports {below}"
        assert len(source.splitlines()) <= 400, f"{module} has more than one concept"


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
    assert len({c["id"] for c in claims}) == len(claims)
    for claim in claims:
        assert {"id", "slide", "claim", "quantity", "result", "rule", "page", "reason"} <= set(
            claim
        )
        assert claim["page"] in CHAPTERS, claim["id"]
        needed = {"deck", "tolerance"} if claim["rule"] == "equals" else {"threshold"}
        assert needed <= set(claim), claim["id"]
        code = (ROOT / claim["page"]).with_suffix(".py").read_text()
        assert "record(" in code, f"{claim['page']} records nothing"


def test_a_chapter_is_stale_when_anything_it_reads_changes(tmp_path, monkeypatch):
    for folder in ("lorenz_utils", "book", "models"):
        (tmp_path / folder).mkdir()
    (tmp_path / "constraints.txt").write_text("numpy==1\n")
    (tmp_path / "lorenz_utils" / "a.py").write_text("from lorenz_utils import b\n")
    (tmp_path / "lorenz_utils" / "b.py").write_text("VALUE = 1\n")
    (tmp_path / "lorenz_utils" / "c.py").write_text("VALUE = 1\n")
    page = tmp_path / "book" / "page.py"
    page.write_text("# %% [markdown]\n# prose\n\n# %%\nfrom lorenz_utils import a\n")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    before = build.fingerprint("book/page")

    page.write_text(page.read_text().replace("prose", "better prose"))
    (tmp_path / "lorenz_utils" / "c.py").write_text("VALUE = 2\n")
    assert build.fingerprint("book/page") == before, "prose or an unused module counts"

    for path in ("lorenz_utils/b.py", "constraints.txt", "book/page.py"):
        old = (tmp_path / path).read_text()
        (tmp_path / path).write_text(old + "x = 1\n")
        assert build.fingerprint("book/page") != before, path
        (tmp_path / path).write_text(old)

    page.write_text(page.read_text() + "from lorenz_utils import training\n")
    (tmp_path / "lorenz_utils" / "training.py").write_text("")
    (tmp_path / "models" / "m.safetensors").write_bytes(b"1")
    trained = build.fingerprint("book/page")
    (tmp_path / "models" / "m.safetensors").write_bytes(b"2")
    assert build.fingerprint("book/page") != trained


def test_a_failing_cell_is_named(tmp_path, monkeypatch):
    (tmp_path / "book").mkdir()
    header = (
        "# ---\n# jupyter:\n#   kernelspec:\n#     name: python3\n#     display_name: p\n# ---\n"
    )
    (tmp_path / "book" / "page.py").write_text(header + "\n# %%\nx = 1\n\n# %%\nx / 0\n")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    page, notebook, _, problem = build.execute("book/page")
    message = build.describe_failure(page, notebook, problem)
    assert "book/page.py, cell 1 ('x / 0') failed" in message
    assert "ZeroDivisionError" in message


def test_requirements_are_pinned_and_covered_by_the_constraints():
    pins = dict(re.findall(r"(?m)^([\w.-]+)==([^\s#]+)", (ROOT / "requirements.txt").read_text()))
    locked = dict(re.findall(r"(?m)^([\w.-]+)==(\S+)", (ROOT / "constraints.txt").read_text()))
    lines = [x for x in (ROOT / "requirements.txt").read_text().splitlines() if x[:1].isalpha()]
    assert len(pins) == len(lines)
    lower = {name.lower(): value for name, value in locked.items()}
    assert all(lower[name.lower()] == value for name, value in pins.items())


def test_pages_with_tracebacks_warnings_or_unlabelled_images_are_refused():
    good = '<p>x</p><img src="a.png" alt="A curve that rises">'
    assert not list(build.page_problems(good))
    for bad in (
        "<pre>Traceback (most recent call last)</pre>",
        "<pre>/lib/x.py:3: UserWarning: old</pre>",
        '<img src="../_images/3f.png" alt="../_images/3f.png">',
        '<img src="a.png">',
    ):
        assert len(list(build.page_problems(good + bad))) == 1, bad
