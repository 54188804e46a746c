"""Which chapters are stale, and why. The build and ``make status`` ask here.

An executed chapter is kept as a notebook under ``_build/executed``. Its metadata say what it was
made from: its code cells, the versions of Python and of the pinned libraries, and the digest of
each file of the repository that its kernel opened (see `trace`): modules, models, stored results,
claims. It is fresh as long as all of that, and each file that it wrote, is as it was. The
notebook cache of the tools looks at the chapter's own cells only (MyST-NB issue 299), and
executes again when a caption changes; here a caption, like all prose, is free.
"""

import hashlib
import json
import os
import re
import sys
import time
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import source_from_cache
from pathlib import Path

import nbformat

from publishing.contents import ROOT, chapters, code_cells, read

# Of these folders nothing counts, but for the results that chapters hand on to later ones.
IGNORED = (".venv", ".git", "_build", "__pycache__")
RESULTS = "_build/results"


def executed(page):
    """The chapter as it was last executed, or None."""
    try:
        return nbformat.read(_store(page), as_version=4)
    except (FileNotFoundError, ValueError, nbformat.reader.NotJSONError):
        return None


def with_outputs(notebook, done):
    """The notebook, its code cells filled with the outputs of an execution of the same code."""
    for cell, ran in zip(code_cells(notebook), code_cells(done), strict=True):
        cell.outputs, cell.execution_count = ran.outputs, ran.execution_count
    for key in ("language_info", "widgets"):
        if key in done.metadata:
            notebook.metadata[key] = done.metadata[key]
    return notebook


def keep(page, notebook):
    """Store an executed chapter, whole or not at all."""
    path = _store(page)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".tmp")
    try:
        nbformat.write(notebook, beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def origins(page, log, started):
    """What an execution depended on, from its trace.

    Parameters
    ----------
    page : str
    log : path
        As `trace` writes it.
    started : float
        Seconds since the epoch. A file that changed later may have been read before or after the
        change, so it is noted as changed and the chapter is stale at once.

    Returns
    -------
    dict
        ``code``, ``environment``, ``reads`` and ``writes``: digests by path relative to the root.
    """
    lines = os.fsdecode(Path(log).read_bytes()).splitlines() if Path(log).exists() else []
    opened = {kind: set() for kind in "rwd"}
    for line in lines:
        path = _counted(Path(line[2:]), kind=line[0])
        if path:
            opened[line[0]].add(path)
    written = {path for path in opened["w"] if (ROOT / path).is_file()}
    reads = {
        path: "changed meanwhile" if _changed_since(path, started) else digest(path)
        for path in sorted((opened["r"] | opened["d"]) - written)
    }
    writes = {path: digest(path) for path in sorted(written)}
    return {"code": code(page), "environment": environment(), "reads": reads, "writes": writes}


def reasons(page):
    """Why the chapter has to be executed; empty for a fresh one."""
    done = executed(page)
    made = done.metadata.get("origins") if done else None
    if not made:
        return ["never executed"]
    if made["code"] != code(page):
        return ["its code changed"]
    now = environment()
    names = sorted(made["environment"].keys() | now.keys())
    old = made["environment"]
    found = [
        f"{name} was {old.get(name, 'absent')}, is {now.get(name, 'absent')}"
        for name in names
        if old.get(name) != now.get(name)
    ]
    found += [f"{path} changed" for path, value in made["reads"].items() if digest(path) != value]
    return found + [
        f"what it wrote is gone or changed: {path}"
        for path, value in made["writes"].items()
        if digest(path) != value
    ]


def code(page):
    """Digest of the chapter's code; prose, captions and tags do not count."""
    cells = [cell.source for cell in code_cells(read(page))]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


@cache
def environment():
    """The versions of Python and of all libraries that constraints.txt names, as installed."""
    found = {"Python": sys.version.split()[0]}
    lines = (ROOT / "constraints.txt").read_text(encoding="utf8")
    for name in re.findall(r"(?m)^([\w.-]+)==", lines):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def digest(path):
    """Digest of a file's bytes or of a folder's names, or "absent"."""
    full = ROOT / path
    try:
        content = "\n".join(_names(full)).encode() if full.is_dir() else full.read_bytes()
    except FileNotFoundError:
        return "absent"
    return hashlib.sha256(content).hexdigest()


def _counted(path, kind):
    """The path relative to the root if it counts as an input or output, else None."""
    if path.suffix == ".pyc" and kind == "r":
        path = Path(source_from_cache(path))
    path = path.relative_to(ROOT)
    if path.is_relative_to(RESULTS):
        return str(path) if path.suffix in (".json", "") else None
    # Import lists the folders of code: a new file there changes nothing until it is imported.
    if kind == "d" and (
        path in (Path("."), Path("experiments")) or path.parts[0] in ("lorenz_utils", "book")
    ):
        return None
    return None if set(path.parts) & set(IGNORED) else str(path)


def _changed_since(path, started):
    """Whether a file was written since then; one dated in the future is only misdated."""
    full = ROOT / path
    return full.is_file() and started < full.stat().st_mtime <= time.time()


def _names(folder):
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith((".", "__")))


def _store(page):
    return (ROOT / "_build" / "executed" / page).with_suffix(".ipynb")


def status():
    """Print fresh or stale, and why, for each chapter."""
    for page in chapters():
        why = reasons(page)
        shown = "; ".join(why[:3]) + (f"; and {len(why) - 3} more" if len(why) > 3 else "")
        print(f"{'stale' if why else 'fresh'}  {page}" + (f": {shown}" if why else ""))
