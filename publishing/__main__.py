"""Build the book: execute the chapters that are stale, write the strict HTML site, check its pages.

``make book`` runs all three steps, ``make status`` says what the first would do and why. Each executed
chapter is kept as soon as it is done, so a killed build goes on where it stopped.
"""

import argparse
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import freshness
import nbformat
import rehearsal
import repeatability
import yaml
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from freshness import code_cells, read
from ipykernel.kernelspec import make_ipkernel_cmd
from joblib import cpu_count
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from lorenz_utils import ledger

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
# These two read the results of all the others, so they wait for them.
LAST = ["book/05_conclusions", "book/appendix/reproducibility"]
CELL_SECONDS = 600
# One chapter a core: the threads of its libraries would only compete.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
# Neither may a user's own settings change a page (matplotlib's and IPython's files: see `execute`).
OUR_SETTINGS = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "MATPLOTLIBRC": "",
    "PYTHONSTARTUP": "",
}
# The languages of the site, English at its root, and the book's title in each.
EDITIONS = {"": "Learning Lorenz", "fr": "Apprendre Lorenz"}
CATALOGUES = ROOT / "book" / "locales" / "fr" / "LC_MESSAGES"


def pages():
    """All pages of the book in reading order, as paths without suffix relative to the root."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
    return [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]


def chapters():
    """The pages that are executed."""
    return [page for page in pages() if (ROOT / page).with_suffix(".py").exists()]


# --- status -------------------------------------------------------------------------------------


def status():
    """Print fresh or stale, and why, for each chapter."""
    for page in chapters():
        why = freshness.reasons(page)
        shown = "; ".join(why[:3]) + (f"; and {len(why) - 3} more" if len(why) > 3 else "")
        print(f"{'stale' if why else 'fresh'}  {page}" + (f": {shown}" if why else ""))


# --- execute ------------------------------------------------------------------------------------


class OurKernel(AsyncKernelManager):
    """A kernel of this very Python, whatever ``python3`` means among the user's kernels."""

    kernel_spec = KernelSpec(argv=make_ipkernel_cmd(), language="python")


def execute(page, folder=None, **environment):
    """Run a chapter from a clean kernel.

    Parameters
    ----------
    page : str
    folder : path, optional
        Where the kernel starts; the chapter's own folder by default, as in JupyterLab.
    **environment : str
        Further environment variables of the kernel.

    Returns
    -------
    notebook : NotebookNode
        With outputs; its metadata hold ``seconds`` and ``origins`` (see `freshness`).
    problem : str or None
        What went wrong, for the reader of the terminal.
    """
    notebook = read(page)
    started = time.time()
    with tempfile.TemporaryDirectory() as scratch:
        log, says = Path(scratch) / "trace", Path(scratch) / "stderr"
        environment = {
            **os.environ,
            **ONE_THREAD,
            **OUR_SETTINGS,
            "MPLCONFIGDIR": str(BUILD / "matplotlib"),  # kept: it holds the list of fonts
            "IPYTHONDIR": scratch,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "book" / "_trace"), str(ROOT)]),
            "BOOK_TRACE": str(log),
            **environment,
        }
        client = NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            kernel_manager_class=OurKernel,
            resources={"metadata": {"path": str(folder or (ROOT / page).parent)}},
        )
        try:
            # What a kernel says of itself disturbs the list of chapters: it is shown if it dies.
            with says.open("wb") as stderr:
                client.execute(env=environment, stderr=stderr)
            problem = _warnings(notebook)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            problem = str(error)
            if isinstance(error, DeadKernelError):
                problem += "\n" + "\n".join(says.read_text("utf8", "replace").splitlines()[-20:])
        notebook.metadata["seconds"] = round(time.time() - started, 1)
        notebook.metadata["origins"] = freshness.origins(page, log, started)
    return notebook, problem and _describe(page, notebook, problem)


def _warnings(notebook):
    """What a library warned of on the page: a reader should not have to see it."""
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr" and "Warning" in output["text"]:
                return f"cell {number} prints a warning:\n{output['text']}"
    return None


def _describe(page, notebook, problem):
    """The chapter, the number and first line of the cell that failed, and the traceback."""
    for number, cell in enumerate(notebook.cells):
        if any(o.get("output_type") == "error" for o in cell.get("outputs", [])):
            return f"{page}.py, cell {number} ({cell.source.splitlines()[0]!r}) failed:\n{problem}"
    return f"{page}.py failed:\n{problem}"


def execute_stale():
    """Execute what is stale and keep it; returns False if a chapter failed."""
    fresh, failures = 0, []
    for batch in _batches():
        stale = [page for page in batch if freshness.reasons(page)]
        fresh += len(batch) - len(stale)
        for page, notebook, problem in executions(stale, cpu_count()):
            if problem:
                failures.append(problem)
            else:
                freshness.keep(page, notebook)
        if failures:
            print("", *failures, sep="\n", file=sys.stderr)
            return False
    print(f"{fresh} chapters were fresh, {len(chapters()) - fresh} were executed", flush=True)
    _forget_orphans()
    return True


def _batches():
    """The chapters, those that read the results of others after the others."""
    return [[page for page in chapters() if (page in LAST) == last] for last in (False, True)]


def executions(stale, at_once, **environment):
    """Execute chapters, several at once, and say how it goes.

    Parameters
    ----------
    stale : list of str
    at_once : int
    **environment : str
        Further environment variables of the kernels.

    Yields
    ------
    page, notebook, problem
        As each ends; the last two as `execute` returns them.
    """
    # The longest first, so that no core waits for one long chapter at the end.
    stale = sorted(stale, key=lambda page: -(_seconds(page) or 60))
    pool = ThreadPoolExecutor(at_once)
    running = {pool.submit(_announced, page, environment): page for page in stale}
    try:
        for future in as_completed(running):
            page, (notebook, problem) = running[future], future.result()
            how = "FAILED" if problem else f"{notebook.metadata['seconds']:6.1f} s "
            print(f"  {how} {page}", flush=True)
            yield page, notebook, problem
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _announced(page, environment):
    """Execute a chapter, saying first how long that may take."""
    seconds = _seconds(page)
    expected = f"about {seconds:.0f} s" if seconds else "never timed"
    print(f"    begun   {page}, {expected}", flush=True)
    return execute(page, **environment)


def _seconds(page):
    """How long a chapter took in the last build, or in the accepted one; None if never timed."""
    done = freshness.executed(page)
    if done and "seconds" in done.metadata:
        return done.metadata["seconds"]
    path = ROOT / "book" / "expected_seconds.json"
    return json.loads(path.read_text(encoding="utf8")).get(page) if path.exists() else None


def _forget_orphans():
    """Delete results that no chapter records any longer: no claim may be judged by them."""
    kept = set()
    for page in chapters():
        kept |= set(freshness.executed(page).metadata["origins"]["writes"])
    for path in (ROOT / freshness.RESULTS).glob("*"):
        if str(path.relative_to(ROOT)) not in kept:
            path.unlink()


# --- write the site -----------------------------------------------------------------------------


def write_site():
    """Run Jupyter Book strictly, every page anew from the kept outputs; True if all is well."""
    # A reused environment would hide the warnings of pages that it does not read again.
    for name in (".doctrees", "html", "fr", "jupyter_execute"):
        shutil.rmtree(BUILD / name, ignore_errors=True)
    _offer_outputs()
    # Side by side, a core each; the French pass reads the same outputs.
    runs = [jupyter_book(edition) for edition in EDITIONS]
    whole = all([_finished(run, edition) for run, edition in zip(runs, EDITIONS, strict=True)])
    if not whole:
        return False
    os.replace(BUILD / "fr" / "_build" / "html", BUILD / "html" / "fr")
    for edition in EDITIONS:
        folder = BUILD / "html" / edition
        entrance = _entrance(folder / "book" / "index.html")
        folder.joinpath("index.html").write_text(entrance, encoding="utf8")
    let_others_read(BUILD / "html")
    return True


def let_others_read(folder):
    """Give a web server access to a folder and all in it, whatever the umask of who built it."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))


def _entrance(first):
    """A page at a root of the site that leads on to the first page, and describes it to others."""
    page = first.read_text(encoding="utf8")
    head = r'<html lang="[^"]*"|<title>.*?</title>|<meta [^>]*(?:og:|twitter:|"description")[^>]*>'
    language, *tags = re.findall(head + r'|<link rel="(?:canonical|alternate)"[^>]*>', page)
    return "\n".join([
        f'<!doctype html>{language}><meta charset="utf-8">',
        *tags,
        '<meta http-equiv="refresh" content="0; url=book/index.html">',
        '<a href="book/index.html">Learning Lorenz</a></html>\n',
    ])  # fmt: skip


def _offer_outputs():
    """Put the kept outputs where Jupyter Book looks for them."""
    shutil.rmtree(BUILD / ".jupyter_cache", ignore_errors=True)
    cache = get_cache(str(BUILD / ".jupyter_cache"))
    for page in chapters():
        done = freshness.executed(page)
        bundle = CacheBundleIn(
            nb=freshness.with_outputs(read(page), done),
            uri=str((ROOT / page).with_suffix(".py")),
            data={"execution_seconds": done.metadata["seconds"]},
        )
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def jupyter_book(edition, *options):
    """Start Jupyter Book, strictly, every page anew.

    Parameters
    ----------
    edition : str
        Of `EDITIONS`. One that is not English is built beside the site, in a folder of its name.
    *options : str
        Further options of the command.

    Returns
    -------
    subprocess.Popen
    """
    # Not by its script, which names the folder that it was installed in, be it moved or not.
    # As in freshness: seconds of grammars that nothing asks for.
    quick = "import sys; sys.modules['rfc3987_syntax'] = None; "
    command = [sys.executable, "-c", quick + "from jupyter_book.cli.main import main; main()"]
    command += ["build", str(ROOT), "--all"]
    command += ["-W", "-n", "--keep-going", *options]
    if edition or options:
        folder = BUILD / (edition or "messages")
        folder.mkdir(exist_ok=True)
        config = folder / "_config.yml"
        config.write_text(yaml.safe_dump(_configuration(edition)), encoding="utf8")
        command += ["--config", str(config), "--path-output", str(folder)]
    with _log(edition).open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT)


def _configuration(edition):
    """The book's configuration for another edition or folder than the English site's."""
    configuration = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))
    # Taken relative to the configuration's own folder, which is not the book's here.
    local = configuration["sphinx"]["local_extensions"]
    configuration["sphinx"]["local_extensions"] = {n: str(ROOT / f) for n, f in local.items()}
    configuration["execute"]["cache"] = str(BUILD / ".jupyter_cache")
    if edition:
        configuration["title"] = EDITIONS[edition]
        configuration["html"]["baseurl"] += f"{edition}/"
        configuration["sphinx"]["config"]["language"] = edition
    return configuration


def _log(edition):
    """Where a pass of Jupyter Book writes what it says."""
    return BUILD / f"sphinx{edition and '-' + edition}.log"


def _finished(run, edition):
    """Wait for a pass of Jupyter Book; True if all is well."""
    if not run.wait():
        return True
    output = _log(edition).read_text(encoding="utf8")
    lines = [x for x in output.splitlines() if re.search(r"WARNING:|ERROR:|Error:", x)]
    print("\n".join(lines or output.splitlines()[-30:]), file=sys.stderr)
    print(f"whole log: {_log(edition).relative_to(ROOT)}", file=sys.stderr)
    return False


def could_say(page):
    """All messages between which a page's code chooses, whatever a machine's numbers are.

    Returns
    -------
    messages : set of str
    problems : list of str
        Places in the code whose words nobody can list.
    """
    from _ext import wordings  # only the catalogues need it

    cells = code_cells(read(page)) if page in chapters() else []
    known, problems = wordings.messages([cell.source for cell in cells])
    if page == "book/05_conclusions":
        reasons = [text for claim in ledger.claims() for text in claim["reason"].values()]
        said = [ledger.NO_REASON, *reasons, *(f"*{verdict}*" for verdict in ledger.VERDICTS)]
        known |= {wordings.template(" ".join(text.split()))[0] for text in said}
    return known, problems


def refresh_messages():
    """Bring the catalogues of the French edition up to date with the English of all pages."""
    if not execute_stale():
        return False
    _offer_outputs()
    run = jupyter_book("", "--builder", "custom", "--custom-builder", "gettext")
    if not _finished(run, ""):
        return False
    folder = BUILD / "messages" / "_build" / "gettext"
    for page in pages():
        path = CATALOGUES / f"{page}.po"
        new = read_po((folder / f"{page}.pot").open("rb"))
        old = read_po(path.open("rb"), locale="fr") if path.exists() else Catalog("fr")
        # Not the day of extraction: a catalogue without a new message stays as it is.
        new.creation_date = old.creation_date
        translated = {m.id: m.string for m in old if m.id and m.string and not m.fuzzy}
        old.update(new, update_creation_date=False)
        # Code may choose between wordings: what it says on another machine is a message too.
        for message in sorted(could_say(page)[0]):
            if message not in old:
                old.add(message, translated.get(message, ""))
        old.header_comment = "# The French edition: see CONTRIBUTING.md."
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, old, width=100, ignore_obsolete=True)
    return True


# --- check the pages ----------------------------------------------------------------------------


def check_pages():
    """Say what no reader should meet; True if there is nothing to say."""
    problems = []
    for edition in EDITIONS:
        if "Executing notebook" in _log(edition).read_text(encoding="utf8"):
            problems.append(f"Jupyter Book executed a chapter by itself: see {_log(edition)}")
        for page in pages():
            path = (BUILD / "html" / edition / page).with_suffix(".html")
            found = page_problems(path.read_text("utf8")) if path.exists() else ["is missing"]
            problems += [f"{edition} {page}: {problem}".strip() for problem in found]
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    return not problems


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


# --- the command --------------------------------------------------------------------------------


@contextmanager
def only_one():
    """Keep a second build out of this clone; the system frees the lock of a killed build."""
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / ".lock", "a+", encoding="utf8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            sys.exit(f"Another build runs in this clone (process {lock.read()}): wait for its end.")
        lock.truncate(0)
        print(os.getpid(), end="", file=lock, flush=True)
        yield


def build():
    """All three steps; True if all is well."""
    start = time.monotonic()
    done = execute_stale()
    state, written = _site_state(), BUILD / "site-state"
    if done and written.exists() and written.read_text("utf8") == state and check_pages():
        print("The site is up to date")
    elif done:
        written.unlink(missing_ok=True)
        done = write_site() and check_pages()
        if done:
            written.write_text(state, encoding="utf8")
    if done:
        note_what_differs()
        seconds = time.monotonic() - start
        print(f"Built in {seconds:.0f} s. Open {BUILD / 'html' / 'index.html'}")
    return done


def note_what_differs():
    """Say which results and verdicts of this machine are not the accepted ones."""
    found = repeatability.recorded(ROOT / freshness.RESULTS)
    for difference in repeatability.differences(found, repeatability.expected()):
        print(f"  note: {difference}")
    for row in ledger.verdicts():
        if row["reason"] == ledger.NO_REASON:
            verdict = f"claim {row['id']!r} is judged {row['verdict']!r} on this machine"
            print(f"  note: {verdict}, and claims.yml gives no reason for that", file=sys.stderr)


def _site_state():
    """Digest of all that the site is written from: sources, executed chapters, versions, commit."""
    state = hashlib.sha256(repr((source_state(), freshness.environment())).encode())
    folders = [path for name in ("book", "_build/executed") for path in (ROOT / name).rglob("*")]
    # The citation stands on the first page, and the page's generator runs on the stored weights.
    others = [ROOT / "CITATION.cff", *ROOT.glob("_*.yml"), *ROOT.glob("models/*.safetensors")]
    for path in sorted([*folders, *filter(Path.exists, others)]):
        # Sphinx writes the compiled catalogues (.mo) while it writes the site.
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".mo":
            state.update(str(path).encode() + path.read_bytes())
    return state.hexdigest()


def source_state():
    """Commit of the clone, and whether it has changes on top.

    Returns
    -------
    commit : str or None
        None outside a git checkout, and where git refuses to read it.
    dirty : bool
    """
    commit = _git("rev-parse", "--short=10", "HEAD")
    return commit, bool(commit and _git("status", "--porcelain"))


def _git(*arguments):
    """What git prints, or None; a repository around an archive of this one is not asked."""
    if not (ROOT / ".git").exists():
        return None
    try:
        run = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, encoding="utf8"
        )
    except FileNotFoundError:
        return None
    if run.returncode:
        print(f"  note: the pages name no commit. git says: {run.stderr.strip()}", file=sys.stderr)
        return None
    return run.stdout.strip()


def check():
    """Build twice from nothing and compare; then compare the results with the expected ones."""
    first = BUILD / "first"
    shutil.rmtree(first, ignore_errors=True)
    for turn in ("first", "second"):
        print(f"The {turn} build from nothing", flush=True)
        for name in ("executed", "results", "html"):
            shutil.rmtree(BUILD / name, ignore_errors=True)
        if not build():
            return False
        if turn == "first":
            os.replace(BUILD / "html", first)
    found = repeatability.recorded(ROOT / freshness.RESULTS)
    problems = [
        *repeatability.same_site(first, BUILD / "html"),
        *repeatability.differences(found, repeatability.expected()),
    ]
    shutil.rmtree(first)
    print("\n".join(problems) or "Both builds are equal, and the results are the expected ones.")
    return not problems


def rehearse(machine):
    """Execute the book as on other machines and compare with this one's; True if all is equal.

    Parameters
    ----------
    machine : str
        Of `rehearsal.MACHINES`, or "all" for those that this CPU can be.
    """
    names = list(rehearsal.MACHINES) if machine == "all" else [machine]
    able = []
    for name in names:
        why = rehearsal.refusal(name)
        if why:
            print(f"No rehearsal of {name}: {why}.", file=sys.stderr, flush=True)
        else:
            able.append(name)
    whole = bool(able) and (machine == "all" or able == names)
    return whole and execute_stale() and all([_rehearsed(name) for name in able])


def _rehearsed(name):
    """Execute the book as on one other machine; True if nothing differs that should not."""
    print(f"The book as on another machine: {name}", flush=True)
    folder = BUILD / "rehearsals" / name
    shutil.rmtree(folder, ignore_errors=True)
    environment = rehearsal.settings(name) | {"LORENZ_RESULTS": str(folder / "results")}
    at_once = max(1, cpu_count() // rehearsal.MACHINES[name][1]["threads"])
    problems = []
    for batch in _batches():
        for page, notebook, problem in executions(batch, at_once, **environment):
            path = (folder / page).with_suffix(".ipynb")
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, path)  # for whoever wants to see the difference
            own = freshness.executed(page)
            problems += [problem] if problem else rehearsal.other_sentences(page, notebook, own)
    found, own = (repeatability.recorded(x / "results") for x in (folder, BUILD))
    problems += rehearsal.other_results(found, own)
    problems += rehearsal.other_verdicts(folder / "results", BUILD / "results")
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    same = rehearsal.equal_digits(found, own)
    print(
        f"{name}: {same} of {len(own)} results are equal to the last digit; "
        f"{len(problems) or 'no'} differences that should not be. "
        f"The executed chapters: {folder.relative_to(ROOT)}",
        flush=True,
    )
    return not problems


def accept():
    """Make the results of a fresh book the expected ones."""
    if any(freshness.reasons(page) for page in chapters()):
        print("Some chapters are stale: make book first.", file=sys.stderr)
        return False
    seconds = {page: round(freshness.executed(page).metadata["seconds"]) for page in chapters()}
    (ROOT / "book" / "expected_seconds.json").write_text(
        json.dumps(seconds, indent=1) + "\n", encoding="utf8"
    )
    print("\n".join(repeatability.accept(chapters())) or "All results were the expected ones.")
    return True


def profile(count=10):
    """Print the cells that took longest when they were last executed."""
    cells = []
    for page in chapters():
        done = freshness.executed(page)
        for number, cell in enumerate(done.cells if done else []):
            times = cell.metadata.get("execution", {})
            if "shell.execute_reply" in times:
                start, end = (
                    datetime.fromisoformat(times[key])
                    for key in ("iopub.execute_input", "shell.execute_reply")
                )
                line = next((x for x in cell.source.splitlines() if x.strip()), "")
                cells.append(((end - start).total_seconds(), page, number, line))
    for seconds, page, number, line in sorted(cells, reverse=True)[:count]:
        print(f"{seconds:6.1f} s  {page}, cell {number}: {line}")


def main():
    """Command line, with one clear line for what a machine, not a chapter, does wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    steps = {"build": build, "execute": execute_stale, "check": check, "accept": accept}
    steps |= {"messages": refresh_messages}
    reports = {"status": status, "profile": profile}
    parser.add_argument("step", nargs="?", choices=[*reports, *steps], default="build")
    machines = [*rehearsal.MACHINES, "all"]
    parser.add_argument("machine", nargs="?", choices=machines, help="for check: rehearse this one")
    arguments = parser.parse_args()
    step = arguments.step
    if step in reports:
        return reports[step]()
    if step == "check" and arguments.machine:
        steps["check"] = partial(rehearse, arguments.machine)
    try:
        with only_one():
            if not steps[step]():
                sys.exit("The book is not as it should be.")
    except KeyboardInterrupt:
        print("\nInterrupted. Finished chapters are kept; make book goes on.", file=sys.stderr)
        os._exit(130)  # not waiting for the chapters under way: their kernels end with us
    except OSError as error:
        advice = {
            errno.ENOSPC: "Free some space. Finished chapters are kept; make book goes on.",
            errno.EROFS: "The book is built inside its clone: copy it where you may write.",
            errno.EACCES: "The book is built inside its clone: copy it where you may write.",
        }
        if error.errno not in advice:
            raise
        sys.exit(f"{error.strerror}: {error.filename or BUILD}. {advice[error.errno]}")


if __name__ == "__main__":
    main()
