"""Stored measurements: what takes too long for a chapter, or needs packages the book does not.

A script of ``experiments/`` measures and calls `save`; a chapter calls `load` and tells its reader
when, where and by which code the numbers were made.
"""

import argparse
import ast
import hashlib
import json
import os
import platform
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from lorenz_utils.files import write_whole
from lorenz_utils.system import ORBIT_DIGEST

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "experiments" / "results"
# These hold times and no numbers that depend on the orbits; older ones do not name theirs.
TIMINGS = {"folding", "generation", "identification_speed", "lasso_speed", "study_cost"}
ROOMS = ("experiments", "lorenz_utils")
PACKAGES = ("numpy", "scipy", "scikit-learn")


def save(name, rows, *, packages=(), **context):
    """Store a script's rows with the machine, the versions and the code that made them.

    Parameters
    ----------
    name : str
        Of the script ``experiments/NAME.py``, and of the file ``experiments/results/NAME.json``.
    rows : list of dict
        JSON-serialisable.
    packages : sequence of str
        Installed packages to note, beside NumPy, SciPy and scikit-learn.
    **context
        Settings shared by all rows.
    """
    record = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": _machine(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "versions": {package: version(package) for package in (*PACKAGES, *packages)},
        "script": f"experiments.{name}",
        "fingerprint": fingerprint(f"experiments.{name}"),
        "orbits": ORBIT_DIGEST,
        **context,
    }
    head = json.dumps(record, indent=1)[:-2]
    body = ",\n  ".join(json.dumps(row) for row in rows)
    text = f'{head},\n "rows": [\n  {body}\n ]\n}}\n'
    RESULTS.mkdir(parents=True, exist_ok=True)
    write_whole(RESULTS / f"{name}.json", text)


def no_options(documentation):
    """Answer --help, and refuse what is misspelt, for a script that takes no options."""
    argparse.ArgumentParser(description=documentation.splitlines()[0]).parse_args()


def time_in_turns(calls, repeats):
    """Processor seconds of each call, all called in turns: what disturbs one disturbs all.

    Parameters
    ----------
    calls : dict of str to callable
    repeats : int
        Rounds.

    Returns
    -------
    dict of str to list of float
    """
    seconds = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            start = time.process_time()
            call()
            seconds[name].append(time.process_time() - start)
    return seconds


def load(name):
    """What `save` stored: a dict with ``rows`` and their origin.

    Raises
    ------
    FileNotFoundError
        If there is no such record; says how to make it.
    ValueError
        If it was made from other orbits than today's, or is damaged; says how to renew it.
    """
    path = RESULTS / f"{name}.json"
    if not path.exists():
        raise FileNotFoundError(f"no record {path.name}: run python -m experiments.{name}")
    try:
        record = json.loads(path.read_text(encoding="utf8"))
        orbits = record.get("orbits", "without a name")
    except (ValueError, AttributeError) as error:
        raise ValueError(
            f"{path} is damaged ({error}): renew it by python -m experiments.{name}"
        ) from None
    if orbits != ORBIT_DIGEST and name not in TIMINGS:
        raise ValueError(
            f"{path.name} was made from orbits {orbits}, those of this code are "
            f"{ORBIT_DIGEST}: renew it by python -m experiments.{name}"
        )
    return record


def column(record, key, **wanted):
    """One value of each row that holds the wanted ones, as an array; None where a row lacks it.

    Parameters
    ----------
    record : dict
        As `load` returns it.
    key : str
    **wanted
        Keys and values by which rows are chosen; all rows by default.
    """
    return np.array([row.get(key) for row in record["rows"] if wanted.items() <= row.items()])


def origin(record):
    """One sentence for the reader: date, machine, versions, and whether the code is still that."""
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    same = is_current(record)
    code = "the code of this book" if same else "an earlier version of this book's code"
    made = f"{record['date']}; {record['machine']}; Python {record['python']}, {versions}"
    return f"Measured by {code} (`{made}`)."


def is_current(record):
    """Whether today's code is the code that made a record."""
    return fingerprint(record["script"]) == record["fingerprint"]


def fingerprint(module):
    """Digest of a module and all it imports of this repository, blind to comments and layout.

    Parameters
    ----------
    module : str
        Its dotted name. This module, which stores and does not measure, is left out of its imports.
    """
    trees, found = {}, [module]
    while found:
        name = found.pop()
        trees[name] = ast.parse(_source(name).read_text(encoding="utf8"))
        found += _imported(trees[name]) - trees.keys() - {*found, __name__}
    digest = hashlib.sha256()
    for name, tree in sorted(trees.items()):
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                first = node.body[0] if node.body else None
                if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                    node.body = node.body[1:]
        digest.update(name.encode() + repr(_plain(tree)).encode())
    return digest.hexdigest()[:16]


def _imported(tree):
    """The modules of this repository that a syntax tree imports."""
    named = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            named |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
    # Python runs the packages around a module first; the last part may be no module but a name.
    parts = [name.split(".") for name in named if name.split(".")[0] in ROOMS]
    paths = {".".join(path[:end]) for path in parts for end in range(1, len(path) + 1)}
    return {path for path in paths if _source(path).exists()}


def _source(name):
    """The file of a module of this repository."""
    path = ROOT.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _plain(node):
    """A syntax tree as nested tuples; `ast.dump` differs between versions of Python."""
    if isinstance(node, list):
        return tuple(map(_plain, node))
    if not isinstance(node, ast.AST):
        return node
    fields = [(name, _plain(value)) for name, value in ast.iter_fields(node)]
    # Newer versions know more fields; they are empty in what older ones can read.
    return type(node).__name__, *(field for field in fields if field[1] not in (None, ()))


def _machine():
    cpu = platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf8").splitlines()
        cpu = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):  # not Linux, or a processor without a name
        pass
    return f"{os.cpu_count()} cores, {cpu}"
