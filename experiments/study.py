"""Studies: lists of independent tasks whose results are small records on disk.

A study that is interrupted goes on where it stopped, and one that is complete costs nothing. The
tasks run through joblib: on the cores of this machine, or, inside ``joblib.parallel_config(
backend="dask")``, on a cluster, where the tasks of a worker that dies run again on another.
"""

import json
import time
from pathlib import Path

from joblib import Parallel, delayed
from joblib.parallel import get_active_backend
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from lorenz_utils.files import write_whole
from lorenz_utils.system import ORBIT_DIGEST


def run_study(directory, function, tasks, *, n_jobs=-1, progress=True):
    """Compute what is missing of a study and return all of it.

    Parameters
    ----------
    directory : path
        Where each task has its record, ``NAME.json``, written as soon as its result is there, by
        the calling process: workers need not see the folder.
    function : callable
        ``function(**task)`` returns a JSON-serialisable dict. Workers import it by name, and run it
        on one thread each: BLAS and torch of several tasks would compete for the same cores.
    tasks : dict of str to dict
        The names of the tasks and their JSON-serialisable arguments. A record that was made with
        other arguments, or from other orbits than today's, counts as missing.
    n_jobs : int
        Worker processes, -1 for one a core. A cluster uses all its workers.
    progress : bool
        Show a bar that counts finished tasks.

    Returns
    -------
    dict of str to dict
        For each name its record: ``task``, ``result``, ``seconds`` of processor time, and the
        digest of the ``orbits`` that the code makes.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    missing = {n: task for n, task in tasks.items() if not _is_stored(directory, n, task)}
    calls = [delayed(_timed)(name, function, task) for name, task in missing.items()]
    _hear_of_lost_tasks(get_active_backend()[0])
    finished = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(calls)
    for name, record in tqdm(finished, directory.name, len(calls), disable=not progress):
        write_whole(directory / f"{name}.json", json.dumps(record, indent=1) + "\n")
    return {name: _read(directory, name) for name in tasks}


def read_study(directory):
    """The records of a study by name, as `run_study` gives them; nothing is computed."""
    names = [path.stem for path in sorted(Path(directory).glob("*.json"))]
    return {name: _read(directory, name) for name in names}


def results_of(study, **wanted):
    """The results of all tasks of a study with these arguments, for example of all seeds of one.

    Parameters
    ----------
    study : dict
        As `run_study` and `read_study` return it.
    **wanted
        Arguments and their values.

    Returns
    -------
    list of dict
    """
    chosen = (r for r in study.values() if wanted.items() <= r["task"].items())
    return [record["result"] for record in chosen]


def _timed(name, function, task):
    start = time.process_time()
    with threadpool_limits(1):
        result = function(**task)
    seconds = round(time.process_time() - start, 1)
    return name, {"task": task, "result": result, "seconds": seconds, "orbits": ORBIT_DIGEST}


def _hear_of_lost_tasks(backend):
    """Let joblib know of a task that dask has given up because it ended one worker after the other.

    joblib 1.6 leaves that error in the future without calling back, and waits for ever.
    """
    if type(backend).__name__ != "DaskDistributedBackend":
        return
    submit = type(backend).submit

    def heard(call, callback):
        future = submit(backend, call, callback)
        future.add_done_callback(lambda done: done.exception() and callback(done.exception()))
        return future

    backend.submit = heard


def _is_stored(directory, name, task):
    try:
        record = _read(directory, name)
        return record["task"] == task and record["orbits"] == ORBIT_DIGEST
    except FileNotFoundError:
        return False


def _read(directory, name):
    path = Path(directory) / f"{name}.json"
    try:
        record = json.loads(path.read_text(encoding="utf8"))
        return {key: record[key] for key in ("task", "result", "seconds", "orbits")}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is not a complete record: delete it and run again") from error
