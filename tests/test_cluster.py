"""The same study on a real dask scheduler with two worker processes, whatever befalls them."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import distributed
import pytest
from joblib import parallel_config

from experiments.study import read_study, run_study

TASKS = {f"seed-{i}": {"seed": i, "log": None} for i in range(8)}


def orbit_mean(seed, log):
    """A short orbit's mean, slow enough to be interrupted; the log says where it began."""
    from lorenz_utils.system import make_ensemble

    with open(log, "a") as file:
        file.write(f"{seed} {os.getpid()}\n")
    time.sleep(0.2)
    return {"mean": make_ensemble(1, 200, 0.1, rng=seed)[0].mean(axis=0).tolist()}


def threads(kind):
    """How many threads a task's libraries use."""
    import numpy as np
    import threadpoolctl
    import torch

    np.ones((4, 4)) @ np.ones((4, 4))
    pools = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
    return {"torch": torch.get_num_threads(), "pools": pools}


def ends_its_worker(seed):
    """A task as greedy of memory as to be killed wherever it runs."""
    if seed == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"seed": seed}


@pytest.fixture(autouse=True)
def no_wait_for_ever():
    """What these tests guard against is a study that hangs: that shall fail, not hang the tests."""

    def give_up(number, frame):
        raise TimeoutError("the study hangs")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(180)
    yield
    signal.alarm(0)


@pytest.fixture(scope="module")
def cluster():
    """A scheduler and two workers, each a process with one thread, watched by a nanny."""
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options, silence_logs=50) as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    """A client, once both workers are there."""
    with distributed.Client(cluster) as client:
        client.wait_for_workers(2, timeout=60)
        yield client


def with_log(path):
    return {name: {**task, "log": str(path)} for name, task in TASKS.items()}


def begun(path):
    """Seed and process of each task that has begun."""
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def results(records):
    return {name: record["result"] for name, record in records.items()}


def kill_when_three_are_stored(folder, pids):
    """End a process as soon as three records are there; returns its id.

    Parameters
    ----------
    folder : path
    pids : callable
        Gives the candidates; the first is ended.
    """
    end = time.monotonic() + 60
    while len(list(folder.glob("seed-*.json"))) < 3:
        assert time.monotonic() < end, "no results are stored while the study runs"
        time.sleep(0.02)
    pid = pids()[0]
    os.kill(pid, signal.SIGKILL)
    return pid


def test_a_study_survives_the_death_of_a_worker_and_equals_the_serial_run(client, tmp_path):
    log = tmp_path / "log"
    serial = run_study(
        tmp_path / "serial", orbit_mean, with_log(tmp_path / "other"), n_jobs=1, progress=False
    )
    last = lambda: [int(begun(log)[-1][1])]  # noqa: E731  whoever has begun a task just now
    with ThreadPoolExecutor(1) as pool, parallel_config(backend="dask"):
        killer = pool.submit(kill_when_three_are_stored, tmp_path / "cluster", last)
        found = run_study(tmp_path / "cluster", orbit_mean, with_log(log), progress=False)
        killed = killer.result()
    assert results(found) == results(serial)
    assert list(found) == list(TASKS)
    lost = [seed for seed, pid in begun(log) if pid == str(killed)][-1]
    again = [pid for seed, pid in begun(log) if seed == lost]
    assert len(again) == 2 and again[1] != str(killed), "the lost task ran again elsewhere"


def test_a_study_whose_caller_is_killed_goes_on_from_what_is_stored(client, cluster, tmp_path):
    log, folder = tmp_path / "log", tmp_path / "study"
    script = (
        "import sys, joblib, distributed\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "import test_cluster as t\n"
        "with distributed.Client(sys.argv[2]), joblib.parallel_config(backend='dask'):\n"
        "    t.run_study(sys.argv[3], t.orbit_mean, t.with_log(sys.argv[4]), progress=False)\n"
    )
    arguments = [Path(__file__).parent, cluster.scheduler_address, folder, log]
    client.upload_file(__file__)
    caller = subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)])
    kill_when_three_are_stored(folder, lambda: [caller.pid])
    caller.wait(60)
    stored = set(read_study(folder))
    assert 3 <= len(stored) < len(TASKS)
    time.sleep(1)  # what the workers had begun for the dead caller comes to its end
    before = len(begun(log))
    with parallel_config(backend="dask"):
        found = run_study(folder, orbit_mean, with_log(log), progress=False)
    resumed = {f"seed-{seed}" for seed, _ in begun(log)[before:]}
    assert resumed == set(TASKS) - stored
    assert set(found) == set(TASKS)


@pytest.mark.parametrize("backend", ["dask", "loky", "sequential"])
def test_each_task_runs_on_one_thread(client, tmp_path, backend):
    with parallel_config(backend=backend):
        records = run_study(tmp_path, threads, {"a": {"kind": backend}}, progress=False)
    found = records["a"]["result"]
    assert found["torch"] == 1 and set(found["pools"]) == {1}


def test_a_task_that_ends_every_worker_is_an_error_and_the_rest_is_kept(client, tmp_path):
    tasks = {f"seed-{i}": {"seed": i} for i in range(6)}
    with (
        parallel_config(backend="dask"),
        pytest.raises(distributed.scheduler.KilledWorker, match="_timed"),
    ):
        run_study(tmp_path, ends_its_worker, tasks, progress=False)
    assert "seed-0" in read_study(tmp_path) and "seed-1" not in read_study(tmp_path)
