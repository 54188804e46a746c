# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From one machine to a cluster
#
# **Question.** A hundred seeds, or a grid of steps and noise, outgrow one machine. What has to change
# in the code, and what does it cost?
#
# **What the deck claimed.** Nothing of the kind: each of its numbers stands alone, without a repeat.
# This book asks for intervals, intervals ask for repeats, and repeats ask for computers.
#
# **In short.** One line moves a study to a cluster, its results stay the same, and what is computed once is never computed
# again. How many workers help is a matter of the task's length ({numref}`fig-cluster-limit`).

# %% tags=["hide-input"]
import numpy as np
from IPython.display import Markdown

from book.figures import cluster as figures
from experiments import stored
from experiments.ablation import RECORDS
from experiments.study import read_study, run_study
from lorenz_utils import plotting

plotting.use_style()

# %% [markdown]
# ## A task
#
# All long computations of this book, the ablations of the GANs and the grids of $\delta t$ and noise,
# are *lists of independent tasks*. A task is a function of a few numbers that returns a few numbers.
# Here it is the mean of $z$ along one orbit, the start drawn by a seed.
#
# :::{margin} Embarrassingly parallel
# The usual name of tasks that need nothing from one another. The parts of one long computation have to
# wait for each other's results, and gain less from more workers.
# :::


# %%
def mean_z(seed):
    from lorenz_utils.system import make_ensemble

    orbit = make_ensemble(1, 200, 0.1, rng=seed)[0]
    return {"mean": float(orbit[:, 2].mean())}


tasks = {f"seed-{seed:02}": {"seed": seed} for seed in range(12)}

# %% [markdown]
# `run_study` computes them on all cores of this machine. Each result is written into a folder as soon
# as it is there, a small file for each task with its arguments.

# %%
import tempfile

here = tempfile.TemporaryDirectory()
study = run_study(here.name, mean_z, tasks, progress=False)
means = np.array([record["result"]["mean"] for record in study.values()])

# %% tags=["hide-input"]
Markdown(
    f"Mean of $z$ over {len(means)} orbits: {means.mean():.3f} with a standard error of "
    f"{means.std(ddof=1) / len(means) ** 0.5:.3f}."
)

# %% [markdown]
# ## The one changed line
#
# On a cluster the call stays as it is; around it stands one line that names another engine of
# [joblib](https://joblib.readthedocs.io). The scheduler and the two worker processes that follow run on
# this machine. On a cluster only the client's address differs:
# `Client("tcp://scheduler:8786")`.

# %%
import joblib
from distributed import Client, LocalCluster

there = tempfile.TemporaryDirectory()
options = {"dashboard_address": None, "silence_logs": 50}
with LocalCluster(2, threads_per_worker=1, **options) as cluster, Client(cluster):
    with joblib.parallel_config(backend="dask"):  # the changed line
        remote = run_study(there.name, mean_z, tasks, progress=False)

# %% tags=["hide-input"]
same = sum(remote[name]["result"] == study[name]["result"] for name in tasks)
Markdown(f"{same:d} of {len(tasks)} results are equal to those above, to the last digit.")

# %% [markdown]
# The workers need this book's environment, and no common file system: results travel back to the
# caller, who alone writes. A task runs on one thread, since threads of several tasks would compete for
# the same cores, and a training takes a GPU where its worker sees one.
#
# ## Interrupted, and resumed
#
# What is stored with the same arguments is not computed again. We take away one record, as if the
# study had been stopped before it, and count what the same call computes.

# %%
from pathlib import Path

computed = []
Path(here.name, "seed-07.json").unlink()


def counted(seed):
    computed.append(seed)
    return mean_z(seed)


resumed = run_study(here.name, counted, tasks, n_jobs=1, progress=False)

# %% tags=["hide-input"]
whole = sum(resumed[name]["result"] == study[name]["result"] for name in tasks)
Markdown(f"""
Computed again: {len(computed)}. Results that are what they were: {whole:d} of {len(tasks)}.
""")

# %% [markdown]
# The tests of this book go further. They kill one of two workers in the middle: the scheduler gives
# its task to the other, and the results equal the serial run. They kill the *caller*: the next call
# goes on from what was stored. A task that ends every worker it is given to, by a lack of memory for
# example, is given up, and the study stops with an error that says so.
#
# Start when the workers are there (`client.wait_for_workers(n)`): joblib keeps only twice as many tasks
# under way as there were workers at the start of the call.
#
# ## What an engine costs
#
# We measure with a task of real size, one noisy orbit and all methods of
# {doc}`/book/02_parametric/noise`, and with tasks that do nothing. With $T_1$ the time of joblib on one
# worker and $T_w$ the time on $w$, the *efficiency* is
#
# $$E = \frac{T_1}{w\,T_w} .$$ (eq-efficiency)
#
# It is one where nothing is lost to waiting or to the engine. {numref}`tab-cluster-engines` gives it for
# joblib's own processes and for those of dask.
#
# :::{margin} Two clocks
# The times in {eq}`eq-efficiency` are read from the clock on the wall, which also runs while a worker
# waits. Processor time counts work alone. Whoever rents a core usually pays by the first clock.
# :::

# %%
engines = stored.load("study_cost")


def measured(name, engine, workers):
    """The repeats of one engine with so many workers, (n_repeats,)."""
    return stored.column(engines, name, engine=engine, workers=workers)


# %%
serial = measured("wall", "joblib", 1).mean()
repeats, efficiency = {}, {}
for key in [("joblib", 1), ("joblib", 2), ("dask", 1), ("dask", 2)]:
    repeats[key] = serial / (key[1] * measured("wall", *key))
    efficiency[key] = repeats[key].mean()

# %% tags=["hide-input"] label="tab-cluster-engines"
rows = []
for key, each in repeats.items():
    seconds = measured("wall", *key).mean() / engines["n_tasks"]
    error = each.std(ddof=1) / len(each) ** 0.5
    milliseconds = 1000 * measured("overhead", *key).mean()
    rows.append([*key, seconds, f"{each.mean():.2f} ± {error:.2f}", milliseconds])
headers = ["engine", "workers", "seconds per task", "efficiency", "overhead per empty task, ms"]
plotting.table(headers, rows, ["", "", ".2f", "", ".1f"])

# %% tags=["hide-input"]
Markdown(f"""
Means over {len(each)} repeats of {engines["n_tasks"]:d} tasks. Load average before the
run: {engines["load_before"]:.1f}.

{stored.origin(engines)}
""")

# %% [markdown]
# Two workers on two cores are less than twice as fast: tasks of unequal length leave a core idle at
# the end, and with dask the scheduler and the caller use the same two cores as the workers. On a
# cluster they have a machine of their own, so the last row of {numref}`tab-cluster-engines` is the cautious
# one. We use it below, for numbers of workers that we have not measured.
#
# ## Cost on paper
#
# For $n$ tasks of $c$ seconds each, an overhead of $o$ seconds and efficiency $E$,
#
# $$\text{core-hours} = \frac{n\,(c + o)}{3600\,E}, \qquad
# \text{price} = \text{core-hours} \times p .$$ (eq-study-cost)
#
# The cost $c$ in {eq}`eq-study-cost` and the size of a result are those of the studies that this book has
# run. The price $p$ of a core-hour is a parameter: put your own.

# %%
PRICE = 0.05  # dollars per core-hour, rented
CORES = 1000  # of the cluster


def cost(n_tasks, seconds, overhead, efficiency):
    """Core-hours, dollars, and hours on the cluster, a core a task."""
    hours = n_tasks * (seconds + overhead) / efficiency / 3600
    return hours, hours * PRICE, hours / min(CORES, n_tasks)


# %%
noise = stored.load("noise")["rows"]
draws = len({(row["dt"], row["level"], row["seed"]) for row in noise})
size = (stored.RESULTS / "noise.json").stat().st_size
kinds = {"noise draw": (sum(row["seconds"] for row in noise) / draws, size / draws)}

# %%
for name, label in (("ladder", "image network"), ("faithful", "book's GAN")):
    seconds = [record["seconds"] for record in read_study(RECORDS / name).values()]
    sizes = [path.stat().st_size for path in (RECORDS / name).glob("*.json")]
    kinds[label] = np.mean(seconds), np.mean(sizes)

# %%
overhead, worst = measured("overhead", "dask", 2).mean(), efficiency["dask", 2]
totals = {
    (label, n): cost(n, seconds, overhead, worst)
    for label, (seconds, _) in kinds.items()
    for n in (10, 1000, 100_000)
}

# %% tags=["hide-input"] label="tab-cluster-cost"
rows = []
for (label, n), (hours, dollars, wall) in totals.items():
    numbers = [hours, hours / 2, 60 * wall, dollars, n * kinds[label][1] / 1e6]
    texts = [f"{x:.2g}" if x < 10 else f"{x:,.0f}" for x in numbers]
    rows.append([label, kinds[label][0], f"{n:,}", *texts])
headers = ["task", "s each", "seeds", "core-hours", "h, 2 cores", f"min, {CORES:,} cores"]
plotting.table([*headers, "dollars", "MB"], rows, ".1f")

# %% [markdown]
# In {numref}`tab-cluster-cost` a noise draw is one noisy orbit with all methods. The GANs are those of
# the ablations, whose trainings are shorter than those of the models shown in the book. Seconds are
# processor time of one core, the mean over all records, and MB is what the results take on disk.
#
# There is a limit that no money moves. One caller hands out tasks one by one, so the number of workers
# that it feeds is at most
#
# $$w_{\max} = \frac{c}{o} ;$$ (eq-most-workers)
#
# more of them wait. In {numref}`fig-cluster-limit` the curves become level there.
#
# :::{margin} Amdahl's law
# If a share $s$ of the work cannot be divided, no number of workers makes the whole more than $1/s$
# times as fast, as Gene Amdahl argued in 1967. Here that share is what the caller does for each task.
# :::

# %% tags=["hide-input"] label="fig-cluster-limit"
workers = np.geomspace(1, 1e5, 200)
limit = {label: seconds / overhead for label, (seconds, _) in kinds.items()}
gains = {k: efficiency["dask", 1] * np.minimum(workers, most) for k, most in limit.items()}
_ = figures.plot_limit(workers, gains, {w: w * efficiency["dask", w] for w in (1, 2)})

# %% [markdown]
# ## What we find

# %% tags=["hide-input"]
short, *_, long = kinds
Markdown(
    f"* **One line moves a study to a cluster,** and its results stay the same. With dask on this machine the "
    f"efficiency is {efficiency['dask', 1]:.2f} with one worker and {efficiency['dask', 2]:.2f} with two.\n"
    f"* **Cost.** At {PRICE:g} dollars a core-hour, a study of 1,000 seeds costs {totals[short, 1000][1]:.2f} dollars "
    f"with the first kind of task of {{numref}}`tab-cluster-cost` and {totals[long, 1000][1]:.2f} with the last, "
    f"one of 100,000 seeds {totals[short, 100_000][1]:,.0f} and {totals[long, 100_000][1]:,.0f} dollars.\n"
    f"* **The limit.** One caller feeds about "
    f"{limit[short]:,.0f} and {limit[long]:,.0f} workers."
)

# %% [markdown]
# ## Exercises
#
# :::{exercise}
# :label: ex-cluster-tasks
#
# **Larger tasks.** The overhead per task counts little here. How long must a task be, by
# {eq}`eq-most-workers`, for one caller to feed all cores of the cluster above?
# :::

# %% tags=["solution"]
Markdown(f"""
$c = o \\times$ {CORES:,}, that is {CORES * overhead:.1f} s. Put several short ones into one.
""")

# %% [markdown]
# :::{exercise}
# :label: ex-cluster-seeds
#
# **How many seeds?** The standard error of a mean falls with the square root of the number of seeds.
# What does a standard error of 0.001 of the mean of $z$ above cost?
# :::

# %% tags=["solution"]
needed = int(np.ceil(means.var(ddof=1) / 0.001**2))
hours, dollars, _ = cost(needed, 1.0, overhead, worst)
Markdown(
    f"{needed:,} orbits, {hours:,.0f} core-hours or {dollars:.2f} dollars if each takes one second. "
    "A longer orbit does the same: the error of its mean falls likewise."
)

# %% [markdown]
# **Onward.** {doc}`/book/appendix/benchmarks` measures how fast one process is;
# {doc}`/book/appendix/reproducibility` says how the numbers of this book are kept.
