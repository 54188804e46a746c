"""Studies: lists of independent tasks whose results are small records on disk.

A study that is interrupted goes on where it stopped, and one that is complete costs nothing. The
tasks run through joblib: on the cores of this machine, or, inside ``joblib.parallel_config(
backend="dask")``, on a cluster.
"""

import json
import os
import tempfile
import time
from pathlib import Path

from joblib import Parallel, delayed
from tqdm import tqdm


def run_study(directory, function, tasks, *, n_jobs=-1, progress=True):
    """Compute what is missing of a study and return all of it.

    Parameters
    ----------
    directory : path
        Where each task has its record, ``NAME.json``, written as soon as its result is there.
    function : callable
        ``function(**task)`` returns a JSON-serialisable dict. Workers import it by name.
    tasks : dict of str to dict
        The names of the tasks and their JSON-serialisable arguments. A record that was made with
        other arguments counts as missing.
    n_jobs : int
        Worker processes, -1 for one a core.
    progress : bool
        Show a bar that counts finished tasks.

    Returns
    -------
    dict of str to dict
        For each name its record: ``task``, ``result`` and ``seconds`` of processor time.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    missing = {n: task for n, task in tasks.items() if not _is_stored(directory, n, task)}
    calls = [delayed(_timed)(name, function, task) for name, task in missing.items()]
    finished = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(calls)
    for name, record in tqdm(finished, directory.name, len(calls), disable=not progress):
        text = json.dumps(record, indent=1) + "\n"
        write_whole(directory / f"{name}.json", lambda path, text=text: Path(path).write_text(text))
    return {name: _read(directory, name) for name in tasks}


def read_study(directory):
    """The records of a study by name, as `run_study` gives them; nothing is computed."""
    names = [path.stem for path in sorted(Path(directory).glob("*.json"))]
    return {name: _read(directory, name) for name in names}


def write_whole(path, write):
    """Write beside and rename: a kill or a full disk leaves the old file or the new one, whole.

    Parameters
    ----------
    path : path
    write : callable
        Called with the path of a new file to fill.
    """
    path = Path(path)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        write(beside)
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _timed(name, function, task):
    start = time.process_time()
    result = function(**task)
    return name, {"task": task, "result": result, "seconds": round(time.process_time() - start, 1)}


def _is_stored(directory, name, task):
    try:
        return _read(directory, name)["task"] == task
    except FileNotFoundError:
        return False


def _read(directory, name):
    path = Path(directory) / f"{name}.json"
    try:
        record = json.loads(path.read_text())
        return {key: record[key] for key in ("task", "result", "seconds")}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is not a complete record: delete it and run again") from error
