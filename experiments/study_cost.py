"""What a study costs beside its tasks, and how it gains from a second worker.

Run by ``python -m experiments.study_cost [--note TEXT]``; writes
``experiments/results/study_cost.json``. The task is a draw of the noise chapter's contest at the
large step; the workers are processes of this machine.
"""

import argparse
import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from distributed import Client, LocalCluster
from joblib import parallel_config

from experiments import contest, stored
from experiments.study import run_study

TASKS, EMPTY_TASKS, REPEATS = 12, 200, 3


def draw(seed):
    """All methods on one noisy orbit of 100 time units."""
    orbit = contest.orbit(seed, 100)
    rows = [contest.trial(method, orbit, 0.1, 0.01, seed) for method in contest.METHODS]
    return {"rows": rows}


def nothing(seed):
    """What only costs the study's own overhead."""
    return {}


@contextmanager
def engine(name, workers):
    """Joblib's own processes, or a dask scheduler with as many worker processes."""
    if name == "joblib":
        with parallel_config(backend="loky", n_jobs=workers):
            yield
        return
    options = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        client.wait_for_workers(workers)
        with parallel_config(backend="dask"):
            yield


def timed(function, n_tasks, workers):
    """Wall seconds of a study, processor seconds of its tasks, and bytes of a record."""
    with tempfile.TemporaryDirectory() as folder:
        tasks = {f"{seed:04}": {"seed": seed} for seed in range(n_tasks)}
        start = time.perf_counter()
        study = run_study(folder, function, tasks, n_jobs=workers, progress=False)
        wall = time.perf_counter() - start
        size = np.mean([path.stat().st_size for path in Path(folder).glob("*.json")])
    return wall, sum(record["seconds"] for record in study.values()), float(size)


def main():
    """Print and store a row for each engine, number of workers and repeat."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--note", default="", help="what the reader should know of the machine")
    note = parser.parse_args().note
    rows, load = [], os.getloadavg()[0]
    for name in ("joblib", "dask"):
        for workers in (1, 2):
            with engine(name, workers):
                timed(draw, 2 * workers, workers)  # the workers start and import
                for repeat in range(REPEATS):
                    wall, processor, size = timed(draw, TASKS, workers)
                    overhead = timed(nothing, EMPTY_TASKS, workers)[0] / EMPTY_TASKS
                    row = {"engine": name, "workers": workers, "repeat": repeat}
                    row |= {"wall": round(wall, 3), "processor": round(processor, 2)}
                    row |= {"overhead": round(overhead, 5), "bytes": round(size)}
                    rows.append(row)
                    print(row, flush=True)
    # The load before the run: what else kept the machine busy.
    settings = {"n_tasks": TASKS, "n_empty_tasks": EMPTY_TASKS, "load_before": round(load, 2)}
    settings["note"] = note
    stored.save("study_cost", rows, packages=["joblib", "distributed"], **settings)


if __name__ == "__main__":
    main()
