"""Execute the chapters that changed, side by side, and write the strict HTML site.

Run by ``make book``. A chapter is executed again when its code cells, a `lorenz_utils` file it
imports (directly or not), a model it loads, the pins or the Python version changed. Its outputs go
into Jupyter Book's own cache as soon as they are there, so a killed build goes on where it stopped.
The cache by itself would look at the chapter's cells only (MyST-NB issue 299).
"""

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import jupytext
import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
STATE = BUILD / "chapters.json"
# These two read every chapter's results: they run last, at every build.
LAST = ["book/05_conclusions", "book/appendix/reproducibility"]
CELL_SECONDS = 600


def chapters():
    """The executable pages in reading order, as paths without suffix relative to the root."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    pages = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return [page for page in pages if (ROOT / page).with_suffix(".py").exists()]


def read(page):
    """The chapter as a notebook, just as Jupyter Book reads it."""
    return jupytext.reads((ROOT / page).with_suffix(".py").read_text(), fmt="py:percent")


def inputs(page):
    """Every file whose change makes the chapter's outputs stale, except the chapter itself."""
    modules = {path.stem: path for path in (ROOT / "lorenz_utils").glob("*.py")}
    found, todo = set(), [_code(page)]
    while todo:
        for name in _imported(todo.pop(), modules) - found:
            found.add(name)
            todo.append(modules[name].read_text())
    files = [modules[name] for name in found] + [ROOT / "constraints.txt"]
    if "training" in found:
        files += (ROOT / "models").glob("*.*s*")
    return sorted(path for path in files if path.suffix != ".checkpoint")


def _code(page):
    return "\n".join(
        re.sub(r"(?m)^\s*%.*$", "", c.source) for c in read(page).cells if c.cell_type == "code"
    )


def _imported(source, modules):
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lorenz_utils"):
            names |= {alias.name for alias in node.names} | set(node.module.split(".")[1:])
        elif isinstance(node, ast.Import):
            names |= {part for alias in node.names for part in alias.name.split(".")}
    return names & set(modules)


def fingerprint(page):
    """A digest of all that the chapter's outputs depend on."""
    digest = hashlib.sha256(sys.version.encode())
    digest.update(_code(page).encode())
    for path in inputs(page):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def execute(page):
    """Run a chapter in its own folder; returns the page, the notebook, seconds and the error."""
    os.environ["OMP_NUM_THREADS"] = "1"  # one chapter a core: threads would only compete
    notebook = read(page)
    cwd = (ROOT / page).parent
    result = single_nb_execution(notebook, cwd=str(cwd), timeout=CELL_SECONDS, allow_errors=False)
    problem = result.exc_string if result.err else _warnings(notebook)
    return page, notebook, result.time, problem


def _log_to_file():
    """Send what kernels say of themselves to a file, so that the progress stays readable."""
    log = os.open(BUILD / "kernels.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 2)


def _warnings(notebook):
    """What a library warned of on the page: a reader should not have to see it."""
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr" and "Warning" in output["text"]:
                return f"cell {number} prints a warning:\n{output['text']}"
    return None


def describe_failure(page, notebook, problem):
    """The chapter, the number and first line of the cell that failed, and the traceback."""
    for number, cell in enumerate(notebook.cells):
        if any(o.get("output_type") == "error" for o in cell.get("outputs", [])):
            return f"{page}.py, cell {number} ({cell.source.splitlines()[0]!r}) failed:\n{problem}"
    return f"{page}.py failed:\n{problem}"


def execute_stale(pages):
    """Execute what is stale and cache it; returns False if a chapter failed."""
    BUILD.mkdir(exist_ok=True)
    # Without the results that the chapters recorded, their cached pages are of no use.
    known = STATE.exists() and (BUILD / "results").exists()
    state = json.loads(STATE.read_text()) if known else {}
    cache = get_cache(str(BUILD / ".jupyter_cache"))
    fresh = {p for p in pages if p not in LAST and _is_fresh(p, state, cache)}
    first = [p for p in pages if p not in fresh and p not in LAST]
    print(f"{len(fresh)} chapters are fresh, {len(pages) - len(fresh)} to execute", flush=True)
    failures = []
    with ProcessPoolExecutor(os.cpu_count(), initializer=_log_to_file) as pool:
        # The longest first, so that no core waits for one long chapter at the end.
        first.sort(key=lambda page: -state.get(page, {}).get("seconds", 60))
        for batch in (first, [page for page in pages if page in LAST]):
            prints = {page: fingerprint(page) for page in batch}
            for future in as_completed(pool.submit(execute, page) for page in batch):
                page, notebook, seconds, problem = future.result()
                if problem:
                    failures.append(describe_failure(page, notebook, problem))
                    print(f"  FAILED {page}", flush=True)
                    continue
                _cache(cache, page, notebook, seconds)
                state[page] = {"fingerprint": prints[page], "seconds": round(seconds, 1)}
                _save(state)
                print(f"  {seconds:6.1f} s  {page}", flush=True)
            if failures:
                break
    for failure in failures:
        print("\n" + failure, file=sys.stderr)
    return not failures


def _is_fresh(page, state, cache):
    try:
        cache.match_cache_notebook(read(page))
    except KeyError:
        return False
    return state.get(page, {}).get("fingerprint") == fingerprint(page)


def _cache(cache, page, notebook, seconds):
    bundle = CacheBundleIn(
        nb=notebook, uri=str((ROOT / page).with_suffix(".py")), data={"execution_seconds": seconds}
    )
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def _save(state):
    beside = STATE.with_suffix(".tmp")
    beside.write_text(json.dumps(state, indent=1))
    os.replace(beside, STATE)


def write_site():
    """Run Jupyter Book strictly, every page anew from the cached outputs; True if all is well."""
    # A reused environment would hide the warnings of pages that it does not read again.
    shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
    shutil.rmtree(BUILD / "html", ignore_errors=True)
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(ROOT), "--all"]
    command += ["-W", "-n", "--keep-going"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    output = result.stdout + result.stderr
    (BUILD / "sphinx.log").write_text(output)
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    pages = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    missing = [p for p in pages if not (BUILD / "html" / p).with_suffix(".html").exists()]
    if result.returncode or missing:
        lines = [x for x in output.splitlines() if re.search(r"WARNING:|ERROR:|Error:", x)]
        print("\n".join(lines or output.splitlines()[-30:]), file=sys.stderr)
        print(f"pages missing: {missing or 'none'}; whole log: _build/sphinx.log", file=sys.stderr)
        return False
    problems = [
        f"{page}: {problem}"
        for page in pages
        for problem in page_problems((BUILD / "html" / page).with_suffix(".html").read_text())
    ]
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return False
    (BUILD / "html" / "index.html").write_text(
        '<!doctype html><meta charset="utf-8"><title>Learning Lorenz</title>'
        '<meta http-equiv="refresh" content="0; url=book/index.html">'
        '<a href="book/index.html">Learning Lorenz</a>\n'
    )
    return True


def page_problems(html):
    """What no reader should meet on a page, though Sphinx is content with it."""
    if "Traceback (most recent call last)" in html:
        yield "shows a traceback"
    if re.search(r"\w+Warning:", html):
        yield "shows a library's warning"
    for image in re.findall(r"<img[^>]*>", html):
        alt = re.search(r'alt="([^"]*)"', image)
        if alt is None or re.search(r"\.(png|svg|jpe?g)$", alt[1]):
            yield f"image without alt text: {image[:120]}"


def main():
    """Build the book; exits 1 and says why when anything is wrong."""
    start = time.monotonic()
    if not execute_stale(chapters()) or not write_site():
        sys.exit("The book was not built.")
    seconds = time.monotonic() - start
    print(f"Built in {seconds:.0f} s. Open {BUILD / 'html' / 'index.html'}")


if __name__ == "__main__":
    main()
