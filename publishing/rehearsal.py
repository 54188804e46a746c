"""The book as another machine would execute it: under other kernels of the libraries, compared.

Each library picks its kernel by the CPU, and kernels sum in different orders, with and without
fused multiplications: this is what another machine differs by. The settings of `MACHINES` pick
another one on this CPU. ``make check MACHINE=generic`` executes all chapters so and holds
results, verdicts and sentences against the book of this machine as it is. What a page says in
words has to be true on both; numbers may differ within their tolerance.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys

import nbformat
from joblib import cpu_count

from publishing import freshness, repeatability
from publishing.contents import BUILD, ROOT, code_cells
from publishing.execute import batches, execute_stale, executions
from publishing.wordings import template

# The settings of each machine, read by the libraries at their start, and what they then say. A
# feature that this CPU lacks anyway may be named. MKL follows MKL_ENABLE_INSTRUCTIONS on Intel's
# CPUs only, MKL_CBWR=COMPATIBLE, its slowest and plainest kernel, on all.
MACHINES = {
    "haswell": (
        {
            "OPENBLAS_CORETYPE": "Haswell",
            "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
            "ATEN_CPU_CAPABILITY": "avx2",
            "ONEDNN_MAX_CPU_ISA": "AVX2",
            "MKL_ENABLE_INSTRUCTIONS": "AVX2",
            "NUMBA_CPU_NAME": "haswell",
            "NUMBA_CPU_FEATURES": "+avx,+avx2,+bmi,+bmi2,+fma,+f16c",
        },
        {
            "OpenBLAS": ["Haswell"],
            "NumPy": ["X86_V3"],
            "torch": "AVX2",
            "oneDNN": "Intel AVX2",
            "numba": ["haswell", "+avx,+avx2,+bmi,+bmi2,+fma,+f16c"],
            "threads": 2,
        },
    ),
    "sandybridge": (
        {
            "OPENBLAS_CORETYPE": "Sandybridge",
            "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
            "ATEN_CPU_CAPABILITY": "default",
            "ONEDNN_MAX_CPU_ISA": "AVX",
            "MKL_CBWR": "COMPATIBLE",
            "NUMBA_CPU_NAME": "sandybridge",
            "NUMBA_CPU_FEATURES": "+avx",
        },
        {
            "OpenBLAS": ["Sandybridge"],
            "NumPy": [],
            "torch": "DEFAULT",
            "oneDNN": "Intel AVX",
            "MKL": "COMPATIBLE",
            "numba": ["sandybridge", "+avx"],
            "threads": 2,
        },
    ),
    "generic": (
        {
            "OPENBLAS_CORETYPE": "Nehalem",
            "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
            "ATEN_CPU_CAPABILITY": "default",
            "ONEDNN_MAX_CPU_ISA": "SSE41",
            "MKL_CBWR": "COMPATIBLE",
            "NUMBA_CPU_NAME": "generic",
            "NUMBA_CPU_FEATURES": "",
        },
        {
            "OpenBLAS": ["Nehalem"],
            "NumPy": [],
            "torch": "DEFAULT",
            "oneDNN": "Intel SSE4.1",
            "MKL": "COMPATIBLE",
            "numba": ["generic", ""],
            "threads": 1,
        },
    ),
}
# Prints what the libraries say of themselves, having used each. MKL and oneDNN tell by lines that
# they print themselves.
PROBE = """
import json, numpy, scipy.linalg, threadpoolctl, torch
from numpy._core import _multiarray_umath as loops
numpy.ones((64, 64)) @ numpy.ones((64, 64))
torch.ones(64, 64) @ torch.ones(64, 64)
torch.nn.Conv1d(3, 4, 3)(torch.ones(2, 3, 64))
pools = threadpoolctl.threadpool_info()
said = {
    "OpenBLAS": sorted({p["architecture"] for p in pools if p["internal_api"] == "openblas"}),
    "NumPy": [f for f in loops.__cpu_dispatch__ if loops.__cpu_features__[f]],
    "torch": torch.backends.cpu.get_cpu_capability(),
    "threads": torch.get_num_threads(),
}
try:
    from numba.core.registry import cpu_target
    said["numba"] = cpu_target.target_context.codegen().magic_tuple()[1:]
except ImportError:  # the book's kernels then run in NumPy
    pass
print("\\n" + json.dumps(said))
"""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def settings(name):
    """The environment variables of a machine of `MACHINES`."""
    variables, said = MACHINES[name]
    # Of its own: two processes that compile for two CPUs at once could mix up their files.
    own = {"NUMBA_CACHE_DIR": str(ROOT / "_build" / "numba" / name)}
    # Threads that wait by spinning take, on a machine that is not idle, the core they wait for.
    own["OMP_WAIT_POLICY"] = "PASSIVE"
    return variables | own | dict.fromkeys(THREADS, str(said["threads"]))


def refusal(name):
    """Why this CPU cannot rehearse a machine; None if it can, and the settings take effect.

    The libraries are asked in a process with the machine's settings. Nothing is taken for granted:
    a setting that a library does not know, or knows no longer, changes nothing and says nothing.
    """
    verbose = {"MKL_VERBOSE": "1", "ONEDNN_VERBOSE": "1"}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROBE],
        env={**os.environ, **settings(name), **verbose},
        capture_output=True,
        encoding="utf8",
    )
    if run.returncode == -signal.SIGILL:
        return "this CPU lacks an instruction of its kernels"
    if run.returncode:
        return f"the libraries do not start with its settings:\n{run.stderr}"
    said = json.loads(run.stdout.splitlines()[-1])
    for library, pattern in (("oneDNN", r"info,cpu,isa:(.*)"), ("MKL", r"CNR:(\w+)")):
        found = re.search(pattern, run.stdout)
        said[library] = found and found[1]
    for library, wanted in MACHINES[name][1].items():
        # The book has a kernel without numba, of the same bytes.
        if library == "numba" and library not in said:
            continue
        if said[library] != wanted:
            return f"{library} says {said[library]!r}, not {wanted!r}: its setting has no effect"
    return None


def verdicts(store):
    """The verdicts by the results of a store, dict of claim to verdict, in a process of its own.

    Raises
    ------
    ValueError
        If a claim cannot be judged, as the conclusions would.
    """
    code = (
        "import json\nfrom lorenz_utils import ledger\n"
        "print(json.dumps({row['id']: row['verdict'] for row in ledger.verdicts()}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "LORENZ_HOME": str(ROOT), "LORENZ_RESULTS": str(store)},
        cwd=ROOT,
        capture_output=True,
        encoding="utf8",
    )
    if run.returncode:
        raise ValueError(run.stderr.strip().splitlines()[-1])
    return json.loads(run.stdout)


def other_results(found, own):
    """Say which results differ by more than their tolerance, each with its page.

    Parameters
    ----------
    found, own : dict of str to dict
        The other machine's results and this one's, as `repeatability.recorded` gives them.

    Yields
    ------
    str
    """
    accepted = repeatability.expected()
    for name in sorted(found.keys() | own.keys()):
        page = accepted.get(name, {}).get("page", "a new result")
        here = {name: own[name]} if name in own else {}
        for entry in here.values():
            allowed = accepted.get(name, {}).get("tolerance")
            rule = repeatability.tolerance(entry)
            here = {name: entry | {"tolerance": rule if allowed is None else allowed}}
        there = {name: found[name]} if name in found else {}
        for difference in repeatability.differences(there, here):
            yield f"{page}: result {difference}"


def other_verdicts(there, here):
    """Say which verdicts differ between the results of two stores, or that there are none."""
    found = []
    for store in (there, here):
        try:
            found.append(verdicts(store))
        except ValueError as error:
            yield f"claims.yml cannot be judged by {store}: {error}"
            return
    for claim in sorted(found[0].keys() | found[1].keys()):
        theirs, ours = (judged.get(claim, "not judged") for judged in found)
        if theirs != ours:
            yield f"claims.yml: {claim} is {theirs!r} there, {ours!r} here"


def other_sentences(page, found, own):
    """Say which words that a chapter's code computed differ, numbers apart.

    Parameters
    ----------
    page : str
    found, own : NotebookNode
        The chapter as the other machine and as this one executed it.

    Yields
    ------
    str
    """
    for number, (there, here) in enumerate(
        zip(code_cells(found), code_cells(own), strict=True), start=1
    ):
        theirs, ours = computed_prose(there), computed_prose(here)
        # A lost or an additional line, too.
        length = max(len(theirs), len(ours))
        theirs, ours = (x + ["nothing"] * (length - len(x)) for x in (theirs, ours))
        for one, other in zip(theirs, ours, strict=True):
            if words(one) != words(other):
                yield f"{page}: code cell {number} says there\n    {one}\n  and here\n    {other}"


def computed_prose(cell):
    """The lines of Markdown that a cell put out."""
    outputs = (output.get("data", {}).get("text/markdown", "") for output in cell.outputs)
    return [line for text in outputs for line in text.splitlines()]


def words(line):
    """A line without its numbers, and without the spaces that align a table's columns.

    >>> words("| ridge   | 4.61 |") == words("| ridge | -12.0 |")
    True
    """
    return " ".join(template(line)[0].split())


def equal_digits(found, own):
    """How many results are the same to the last digit."""
    return sum(entry["value"] == own.get(name, {}).get("value") for name, entry in found.items())


def rehearse(machine):
    """Execute the book as on other machines and compare with this one's; True if all is equal.

    Parameters
    ----------
    machine : str
        Of `MACHINES`, or "all" for those that this CPU can be.
    """
    names = list(MACHINES) if machine == "all" else [machine]
    able = []
    for name in names:
        why = refusal(name)
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
    environment = settings(name) | {"LORENZ_RESULTS": str(folder / "results")}
    at_once = max(1, cpu_count() // MACHINES[name][1]["threads"])
    problems = []
    for batch in batches():
        for page, notebook, problem in executions(batch, at_once, **environment):
            path = (folder / page).with_suffix(".ipynb")
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, path)  # for whoever wants to see the difference
            own = freshness.executed(page)
            problems += [problem] if problem else other_sentences(page, notebook, own)
    found, own = (repeatability.recorded(x / "results") for x in (folder, BUILD))
    problems += other_results(found, own)
    problems += other_verdicts(folder / "results", BUILD / "results")
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    same = equal_digits(found, own)
    print(
        f"{name}: {same} of {len(own)} results are equal to the last digit; "
        f"{len(problems) or 'no'} differences that should not be. "
        f"The executed chapters: {folder.relative_to(ROOT)}",
        flush=True,
    )
    return not problems
