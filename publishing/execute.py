"""Execute the chapters that are stale, each from a clean kernel, and keep each once it is done.

A killed build goes on where it stopped.
"""

import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime
from pathlib import Path

from ipykernel.kernelspec import make_ipkernel_cmd
from joblib import cpu_count
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

from publishing import freshness
from publishing.contents import BUILD, LAST, ROOT, chapters, read

EXPECTED_SECONDS = Path(__file__).with_name("expected_seconds.json")
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
    "PYTHONWARNINGS": "",
    "PYTHONOPTIMIZE": "",
    "PYTHONUTF8": "1",
    "PYTHONSAFEPATH": "",
}


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
            "PYTHONPATH": os.pathsep.join([str(ROOT / "publishing" / "trace"), str(ROOT)]),
            "BOOK_TRACE": str(log),
            "LORENZ_HOME": str(ROOT),  # whatever folder the kernel starts in
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
        except (CellExecutionError, CellTimeoutError, RuntimeError) as error:
            problem = str(error)
            if isinstance(error, RuntimeError):  # of a kernel that died, or that did not start
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
    for batch in batches():
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


def batches():
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
    if EXPECTED_SECONDS.exists():
        return json.loads(EXPECTED_SECONDS.read_text("utf8")).get(page)
    return None


def _forget_orphans():
    """Delete results that no chapter records any longer: no claim may be judged by them."""
    kept = set()
    for page in chapters():
        kept |= set(freshness.executed(page).metadata["origins"]["writes"])
    for path in (ROOT / freshness.RESULTS).glob("*"):
        if str(path.relative_to(ROOT)) not in kept:
            path.unlink()


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
