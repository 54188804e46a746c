"""The executed chapters as notebooks, to download and for Colab: with results, references as links.

Their first cell fetches what a chapter imports and reads where that is missing: a clone of the
repository, or, where no repository is known, an archive that lies beside the notebooks.

A notebook has to be readable where nobody knows MyST: its roles become links to the site, notes
of the margin become quotations, numbered formulas and exercises carry their number. Solutions of
exercises stand in a second notebook, which has the whole chapter.
"""

import json
import posixpath
import re
import zipfile
from functools import cache
from pathlib import Path

import nbformat

from publishing import freshness
from publishing.contents import ROOT, captions, chapters, is_solution, read
from publishing.sphinx.editions import language, site_address
from publishing.sphinx.numerals import typeset
from publishing.sphinx.reading import recalled

FOLDER, SOLUTIONS = "_notebooks", "-solutions"
HOME = "learning-lorenz"  # the folder that the first cell fetches
ROLE = re.compile(
    r"\{(cite(?::[tp])?|doc|eq|numref|ref|result|term)\}`(?:([^`<]+?)\s*<([^`>]+)>|([^`]+))`"
)
BLOCKS = [
    (r"(?m)^\([\w-]+\)=\n", ""),
    (r"(?ms)^:::\{margin\} (.*?)\n(.*?)\n:::$", lambda m: _quoted(f"**{m[1]}.** {m[2]}")),
    (r"(?ms)^:::\{table\} (.*?)\n:name: \S+\n\n(.*?)\n:::$", r"*\1*\n\n\2"),
    (r"(?ms)^:::\{exercise\}\n:label: (\S+)\n+(.*?)\n:::$", r"**{numref}`\1`.** \2"),
    (r"(?m)^:::\{solution-start\} \S+\n:::$", "**Solution.**"),
    (r"(?m)^:::\{solution-end\}\n:::$", ""),
]
MOVING = re.compile(r"(?m)^:::\{interactive\} (\w+)\n:::$")
# What has a number, by the beginning of its label: as Sphinx calls it, and as the page does.
NUMBERED = {"fig": ("figure", "Fig."), "tab": ("table", "Table"), "ex": ("exercise", "Exercise")}


def is_chapter(app, pagename):
    """Whether the page is executable."""
    return pagename in app.env.found_docs and "kernelspec" in app.env.metadata[pagename]


@cache
def has_solutions(page):
    """Whether the chapter's exercises have solutions."""
    return any(map(is_solution, read(page).cells))


def _quoted(text):
    return "\n".join(f"> {line}" for line in text.splitlines())


class Links:
    """What the roles of a page's text lead to, with the numbers and titles that the site shows."""

    def __init__(self, app, page):
        self.env, self.site, self.page = app.env, site_address(app), page
        self.folder = posixpath.dirname(page)
        self.standard, self.maths = app.env.get_domain("std"), app.env.get_domain("math")
        literature = app.env.get_domain("cite")
        self.entries = literature.bibdata.data.entries
        self.citations = {citation.key: citation.citation_id for citation in literature.citations}

    def __call__(self, match):
        """The Markdown link of a role; of a citation of several works, one each."""
        role, title, target = match[1], match[2], match[3] or match[4]
        if role == "result":
            return recalled(target)
        if role.startswith("cite"):
            cited = ", ".join(self._cite(key.strip()) for key in target.split(","))
            return cited if role == "cite:t" else f"({cited})"
        text, page, anchor = getattr(self, f"_{role}")(target)
        return self.link(title or text, page, anchor)

    def link(self, text, page, anchor):
        """A link to the site; the text alone where the site's address is not known."""
        return f"[{text}]({self.site}{page}.html{anchor and '#' + anchor})" if self.site else text

    def moving(self, match):
        """Where an interactive figure is."""
        text = "An interactive figure, on the site"
        return f"*{self.link(text, self.page, f'interactive-{match[1]}')}.*"

    def number(self, kind, page, anchor):
        """The number of a figure, table or formula, as the site shows it."""
        return ".".join(map(str, self.env.toc_fignumbers[page][kind][anchor]))

    def tag(self, label):
        """A formula's number as TeX."""
        page, _ = self.maths.equations[label]
        return rf"\tag{{{self.number('displaymath', page, f'equation-{label}')}}}"

    def _cite(self, key):
        people = [p.last_names[0].strip("{}") for p in self.entries[key].persons["author"]]
        name = people[0] if len(people) == 1 else f"{people[0]} et al."
        name = " and ".join(people) if len(people) == 2 else name
        text = f"{name} {self.entries[key].fields['year']}"
        return self.link(text, "book/appendix/references", self.citations[key])

    def _doc(self, target):
        page = posixpath.normpath(posixpath.join(f"/{self.folder}", target))[1:]
        return self.env.titles[page].astext(), page, ""

    def _eq(self, label):
        page, anchor = self.maths.equations[label][0], f"equation-{label}"
        return f"({self.number('displaymath', page, anchor)})", page, anchor

    def _numref(self, label):
        page, anchor = self.standard.anonlabels[label]
        kind, word = NUMBERED[label.partition("-")[0]]
        return f"{word} {self.number(kind, page, anchor)}", page, anchor

    def _ref(self, label):
        page, anchor = self.standard.anonlabels[label]
        return label, page, anchor

    def _term(self, term):
        term = " ".join(term.split())  # a line may end within
        page, anchor = self.standard.objects["term", term]
        return term, page, anchor


def computed(text, links):
    """A text that code computed, its numbers typeset outside of code and formulas."""
    parts = re.split(r"(`+[^`]+`+|\$[^$]+\$)", plain(text, links))
    return "".join(part if odd % 2 else typeset(part) for odd, part in enumerate(parts))


def plain(text, links):
    """A text as any viewer of notebooks shows it."""
    for pattern, replacement in BLOCKS:
        text = re.sub(pattern, replacement, text)
    text = MOVING.sub(links.moving, text)
    text = re.sub(
        r"(?s)\$\$(.*?)\$\$ \((eq-[\w-]+)\)", lambda m: f"$${m[1]}{links.tag(m[2])}$$", text
    )
    return ROLE.sub(links, text)


def notebook(page, links, first, solutions=False):
    """A chapter with its outputs, with or without solutions, `first` as a cell below the title."""
    made = freshness.with_outputs(read(page), freshness.executed(page))
    kept = [cell for cell in made.cells if solutions or not is_solution(cell)]
    made.cells = [told for cell in kept for told in (cell, *_captions(cell))]
    for cell in made.cells:
        if cell.cell_type == "markdown":
            cell.source = plain(cell.source, links)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/markdown" in data:
                data["text/markdown"] = computed(data["text/markdown"], links)
    made.cells = [cell for cell in made.cells if cell.source]
    made.cells.insert(1, first)
    # The reader draws names of cells at random; a position is a name that lasts.
    for number, cell in enumerate(made.cells):
        cell.id = f"cell-{number}"
    return made


def _captions(cell):
    """What stands below a cell's figure, or its tables, as cells of text."""
    for label in cell.metadata.get("label", "").split():
        text = f"*{{numref}}`{label}`. {captions()[label]['caption']}*"
        yield nbformat.v4.new_markdown_cell(text)


def setup_cell(found, needs=""):
    """A code cell that fetches what a clone of the book has, wherever it is missing.

    Parameters
    ----------
    found : Addresses
        Where to fetch it from: the repository, else the site, else a file beside the notebook.
    needs : str, optional
        What else to install from the package index.
    """
    if found.repository:
        fetch = [f"!git clone --quiet --depth 1 {found.repository} {HOME}"]
    elif found.site:
        address = f"{found.site}{FOLDER}/{HOME}.zip"
        fetch = [
            "import io, urllib.request, zipfile",
            f'archive = urllib.request.urlopen("{address}").read()',
            f'zipfile.ZipFile(io.BytesIO(archive)).extractall("{HOME}")',
        ]
    else:
        fetch = [
            f"# Put {HOME}.zip beside this notebook: it is in the folder {FOLDER} of the site.",
            "import zipfile",
            f'zipfile.ZipFile("{HOME}.zip").extractall("{HOME}")',
        ]
    lines = [
        "import os, sys",
        f'home = os.path.abspath("{HOME}")',
        "if not os.path.isdir(home):",
        *(f"    {line}" for line in fetch),
        f"%pip install --quiet ./{HOME}{needs and ' ' + needs}",
        'os.environ["LORENZ_HOME"] = home',
        "sys.path.insert(0, home)",
    ]
    return nbformat.v4.new_code_cell(
        "# Fetches the book's code, models and results where they are missing: on Colab, or for a\n"
        "# notebook that was downloaded alone. In a clone of the book nothing happens.\n"
        "try:\n"
        "    import book.figures, experiments, lorenz_utils\n"
        "except ModuleNotFoundError:\n" + "\n".join(f"    {line}" for line in lines),
        metadata={"tags": ["setup"]},
    )


def write_archive(path):
    """Write all that chapters import and read, so that pip installs the module from it.

    Two archives of the same content are the same bytes.
    """
    files = {ROOT / name for name in ("pyproject.toml", "LICENSE")}
    files |= {p for p in (ROOT / "lorenz_utils").rglob("*") if p.suffix in (".py", ".mplstyle")}
    for page in chapters():
        reads = freshness.executed(page).metadata["origins"]["reads"]
        files |= {ROOT / name for name in reads if not name.startswith("publishing/")}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(filter(Path.is_file, files)):
            # Without its date; readable for all.
            entry = zipfile.ZipInfo(str(file.relative_to(ROOT)))
            entry.external_attr, entry.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())


def write_notebooks(app, error):
    """Put the chapters beside the pages, once for all editions."""
    if error or app.builder.format != "html" or language(app) != "en":
        return
    for page in sorted(app.env.found_docs):
        if not is_chapter(app, page):
            continue
        # MyST's own cells have no place in the module's dependencies.
        needs = "myst-nb" if any("myst_nb" in cell.source for cell in read(page).cells) else ""
        for name in ("", SOLUTIONS) if has_solutions(page) else ("",):
            first = setup_cell(app.addresses, needs)
            made = notebook(page, Links(app, page), first, bool(name))
            target = Path(app.outdir) / FOLDER / f"{page}{name}.ipynb"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n", encoding="utf8")
    if not app.addresses.repository:
        write_archive(Path(app.outdir) / FOLDER / f"{HOME}.zip")
