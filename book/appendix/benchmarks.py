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
# # Benchmarks
#
# **Question.** How fast is the code of this book beside what one would use instead?
#
# **What the deck claimed.** Nothing: it names no times. We measure them because a book that is meant
# to be changed and rebuilt has to be quick.
#
# **In short.** Whole batches and compiled loops win; where another package is quicker,
# {numref}`fig-benchmarks-ratios` shows that too, to the left of its dashed line.
#
# Each comparison is a file of `experiments/`. It measures both sides in one run on the same data, mostly in
# turns, brings them to the same error where that can be chosen, and stores the processor times;
# `make bench` runs all.
# What stands below is computed from the stored runs, since the other packages are not part of this
# book's environment.
#
# ## The ratios
#
# A ratio is the other's time over ours,
#
# $$r = \frac{T_{\text{theirs}}}{T_{\text{ours}}} ;$$ (eq-time-ratio)
#
# above one, ours is faster. Where a run has several rounds, draws or sizes of the problem,
# {numref}`tab-benchmarks-ratios` gives the median of {eq}`eq-time-ratio` over them and its range. The last
# column says what both sides reach, ours first: for the ensemble the largest error of one step, for the
# exponents the distance to the reference, for the LASSO how far the objective {eq}`eq-lasso` stays above its
# minimum, and for the other regressions the error of the coefficients in {eq}`eq-library`.
#
# :::{margin} Why in turns?
# Another program on the same core does not count in processor time, but it empties the caches, and
# what runs next is slower. In turns this meets both sides alike.
# :::

# %% tags=["hide-input"]
import numpy as np
from IPython.display import Markdown

from book.figures import benchmarks as figures
from experiments import stored
from lorenz_utils import ledger, plotting

plotting.use_style()

# %%
STORED = {path.stem: stored.load(path.stem) for path in sorted(stored.RESULTS.glob("*.json"))}


def column(run, key, **wanted):
    """One quantity of a stored run, of all rows that hold the wanted values."""
    return stored.column(STORED[run], key, **wanted)


# %%
ROWS = []


def compare(what, peer, seconds, condition, reached=()):
    """Add a comparison of processor seconds, ours and theirs, each one or a number for each round."""
    ratios = np.ravel(np.divide(seconds[1], seconds[0]))
    row = {"what": what, "peer": peer, "condition": condition.format(*reached)}
    row |= {"ours": np.median(seconds[0]), "theirs": np.median(seconds[1])}
    ROWS.append({**row, "low": min(ratios), "ratio": np.median(ratios), "high": max(ratios)})


# %%
SOLVERS = {row["solver"]: row for row in STORED["ensemble"]["rows"]}
ours = SOLVERS["simulate"]
for peer, theirs in list(SOLVERS.items())[2:]:  # the first two are ours
    errors, seconds = ([ours[key], theirs[key]] for key in ("error", "seconds"))
    compare("ensemble", peer, seconds, "largest error of a step {:.1e} and {:.1e}", errors)

# %%
REFERENCE = STORED["exponents"]["reference"]
METHODS = list(dict.fromkeys(column("exponents", "method")))
SECONDS = {name: column("exponents", "seconds", method=name) for name in METHODS}
exponents = {name: column("exponents", "exponent", method=name) for name in METHODS}
FITS = {name: ledger.Estimate.from_samples(found) for name, found in exponents.items()}
MISSES = {name: fit.value - REFERENCE for name, fit in FITS.items()}

# %%
for peer in METHODS[2:]:
    for name in METHODS[:2]:
        condition = "errors of the exponent {:.3f} and {:.3f}"
        errors = abs(MISSES[name]), abs(MISSES[peer])
        compare(name.split(" ")[0], peer, (SECONDS[name], SECONDS[peer]), condition, errors)

# %%
for solver in ("LARS", "FISTA", "ADMM", "ISTA"):
    for peer in ("scikit-learn", "scikit-learn, Gram matrix"):
        seconds = [column("lasso_speed", "seconds", solver=name) for name in (solver, peer)]
        gaps = [max(column("lasso_speed", "gap", solver=name)) for name in (solver, peer)]
        condition = "relative objective gaps up to {:.0e} and {:.0e}"
        compare(f"LASSO, {solver}", peer, seconds, condition, gaps)

# %%
run, peer = "pysindy_comparison", "PySINDy, weak form, tuned"
for dt in (0.01, 0.1):
    for method in ("weak form", "multiple shooting"):
        pair = [{"method": name, "dt": dt, "level": 0.01} for name in (method, peer)]
        errors, seconds = ([column(run, key, **p) for p in pair] for key in ("error", "seconds"))
        what, condition = f"{method}, dt {dt:g}, 1% noise", "median RMSE27 {:.1e} and {:.1e}"
        compare(what, peer, seconds, condition, np.median(errors, axis=1))

# %%
for what in ("fold", "unfold"):
    seconds = [column("folding", "seconds", what=name)[0] for name in (what, f"{what}, loop")]
    compare(f"images, {what}", "a loop over series", seconds, "equal to rounding")

# %%
for row in STORED["generation"]["rows"]:
    if "ratio" in row:
        seconds = 1 / row["samples_per_second"], 1 / row["plain_loop_samples_per_second"]
        compare(row["what"], "plain DCGAN loop", seconds, "a sample, same networks and data")
    elif "share" in row:
        seconds = 1e-9 / row["giga_flops"], 1e-9 / row["matrix_product_giga_flops"]
        compare(row["what"], "one large matrix product", seconds, "a floating-point operation")


# %% tags=["hide-input"] label="fig-benchmarks-ratios"
_ = figures.plot_ratios(ROWS)


# %% tags=["hide-input", "hide-output"] label="tab-benchmarks-ratios"
def number(value):
    """Two digits, or whole numbers."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


rows = []
for row in ROWS:
    low, middle, high = (number(row[key]) for key in ("low", "ratio", "high"))
    ratio = middle if low == high else f"{middle} ({low}, {high})"
    seconds = number(row["ours"]), number(row["theirs"])
    rows.append([row["what"], row["peer"], *seconds, ratio, row["condition"]])
plotting.table(["ours", "against", "our seconds", "theirs", "ratio", "at"], rows)

# %% [markdown]
# ## The ensemble
#
# The deck's data set is made with the order-8 method of Dormand and Prince, the same steps for all
# series at once. A loop over `solve_ivp` pays Python's price at every stage of every step of every series.

# %% tags=["hide-input"]
run = STORED["ensemble"]
seconds = {name: np.median(row["seconds"]) for name, row in SOLVERS.items()}
loop = min((name for name in SOLVERS if "loop" in name), key=seconds.get)
default = "simulate, default tolerance"
Markdown(f"""
For {run["n_series"]:d} series of {run["length"]:d} samples, no step off by more than
{run["allowed_error"]:.0e}, `simulate` takes {seconds["simulate"]:.2f} s and
the quickest loop, `{loop.split(", ")[1]}`, {seconds[loop]:.0f} s, scaled up from
{SOLVERS[loop]["timed_series"]:d} series. The book's default tolerance is stricter:
{seconds[default]:.2f} s for an error of {SOLVERS[default]["error"]:.1e}.
Memory peaks at {run["peak_memory"]:.2f} times the size of the result.
{sum(row["reached"] for row in SOLVERS.values()):d} of {len(SOLVERS)} solvers reach that error.
""")

# %% [markdown]
# The other packages that integrate a batch at once are the fair opponents. Of these diffrax is compiled,
# and so is this book's integrator: straight-line code written out from the tableau of the method, run over
# blocks of orbits side by side, and nothing of it stored but the samples. Its sums keep one order, so that
# the orbits are the same bytes on every machine; without a compiler NumPy makes the same bytes, in more time.
#
# :::{margin} The first call
# A just-in-time compiler translates a function when it is first called. That call is left out here, for
# diffrax and for us; ours is kept on disk, so that a machine pays for it once.
# :::
#
# ## The exponents
#
# Equal data means: the same series, of which nolds and NeuroKit2 are given the coordinate $x$ and
# `state_space_spectrum` all three. `lyapunov_spectrum` does another task, {eq}`eq-benettin` with the
# equations known. The reference in {numref}`tab-benchmarks-exponents` is Viswanath's
# {cite}`viswanath1998lyapunov`.
#
# :::{margin} Per sample or per unit?
# NeuroKit2 counts time in samples. Its exponents are divided by the step to be per unit of time, as all
# others here.
# :::

# %% tags=["hide-input"] label="tab-benchmarks-exponents"
rows = [[n, FITS[n], MISSES[n], number(np.median(SECONDS[n]))] for n in METHODS]
headers = ["method", "largest exponent", "error", "seconds"]
plotting.table(headers, rows, ["", ".3f", "+.3f", ""])

# %% tags=["hide-input"]
Markdown(f"""
Mean over {len(SECONDS[METHODS[0]])} ensembles of {STORED["exponents"]["n_series"]:d} series of
{STORED["exponents"]["length"]:d} samples and confidence intervals; the
reference is {REFERENCE:.4f}.
""")

# %% [markdown]
# ## Which run
#
# Each record holds the date, the machine, the versions and a digest of the code that it measured. A run
# is called *older* in {numref}`tab-benchmarks-runs` when that code has changed since, comments aside.


# %% tags=["hide-input"] label="tab-benchmarks-runs"
def run_row(name):
    """When and where a run was made, and whether by today's code."""
    run = STORED[name]
    code = "this book's" if stored.is_current(run) else "older"
    return [f"`{name}`", run["date"], f"`{run['machine']}`", run.get("load", "not noted"), code]


plotting.table(["run", "date", "machine", "load", "code"], map(run_row, STORED))

# %% [markdown]
# *Load* is the number of processes that wanted a core when the run ended. Runs without a ratio above are
# read by the chapters of the parametric approach, by the page on clusters or by an interactive figure.
#
# ## What we find

# %% tags=["hide-input"]
from_data = {name: abs(miss) for name, miss in MISSES.items() if "equations" not in name}
quick = min(from_data, key=lambda name: np.median(SECONDS[name]))
loop_ratio = min(row["ratio"] for row in ROWS if "in a loop" in row["peer"])
Markdown(f"""
* **This book's code is the faster side** in {sum(row["ratio"] >= 1 for row in ROWS):d} of {len(ROWS)}
comparisons; where the ratio in {{numref}}`fig-benchmarks-ratios` is below one, the other is.
* **The ensemble** is {loop_ratio:.0f} times
as fast as the quickest loop over `solve_ivp` at equal error.
* **The exponents** from data in
{{numref}}`tab-benchmarks-exponents` miss the reference by {min(from_data.values()):.3f} to
{max(from_data.values()):.3f}, the quickest of them by {from_data[quick]:.3f}.
* **All metrics** at once have no
counterpart: 100 series of 1000 samples and six controls take
{STORED["generation"]["rows"][-1]["seconds"]:.1f} s.
* **Age.** {sum(run_row(name)[-1] != "older" for name in STORED):d} of {len(STORED)} stored runs were made by the code of this book
({{numref}}`tab-benchmarks-runs`).
""")

# %% [markdown]
# ## Exercises
#
# :::{exercise}
# :label: ex-benchmarks-loop
#
# Why does a loop over `solve_ivp` gain nothing from more series, and `simulate` does?
# :::

# %% [markdown] tags=["solution"]
# Each call of the loop costs the same. In `simulate` the cost of calling NumPy is shared by the whole
# batch; only the arithmetic grows with it.

# %% [markdown]
# :::{exercise}
# :label: ex-benchmarks-machine
#
# Run `make bench` on your machine. Which ratios move by more than their range, and why?
# :::

# %% [markdown] tags=["solution"]
# Those between compiled and interpreted code, which depend on the processor's vector units and on how
# quick Python is on it. Two sides that both spend their time in NumPy or PyTorch move together.

# %% [markdown]
# **Onward.** {doc}`/book/appendix/glossary` explains the terms. The comparison with PySINDy, error by error, is in
# {doc}`/book/02_parametric/noise`; the deck's training loop is in {doc}`/book/04_generation/deck_gan`.
