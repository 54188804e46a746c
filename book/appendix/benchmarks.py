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
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from experiments import stored
from lorenz_utils import plotting
from lorenz_utils.ledger import Estimate

plotting.use_style()
STORED = {path.stem: stored.load(path.stem) for path in sorted(stored.RESULTS.glob("*.json"))}
ROWS = []


def rows_of(name):
    """The rows of one stored run."""
    return STORED[name]["rows"]


def compare(what, peer, ours, theirs, condition, *, scale=1.0):
    """Add a comparison of processor seconds, one pair for each round."""
    ratios = scale * np.array(theirs, ndmin=1) / np.array(ours, ndmin=1)
    ROWS.append({
        "what": what, "peer": peer, "condition": condition,
        "seconds": np.median(ours), "peer seconds": np.median(theirs),
        "ratio": np.median(ratios), "low": ratios.min(), "high": ratios.max(),
    })


# %% tags=["hide-input"]
ensemble = {row["solver"]: row for row in rows_of("ensemble")}
ours = ensemble["simulate"]
for name, row in ensemble.items():
    if not name.startswith("simulate"):
        condition = f"largest error of a step {ours['error']:.1e} and {row['error']:.1e}"
        compare("ensemble", name, ours["seconds"], row["seconds"], condition)


def column(method, key):
    """One quantity of all repeats of an exponent's method."""
    return np.array([row[key] for row in rows_of("exponents") if row["method"] == method])


METHODS = list(dict.fromkeys(row["method"] for row in rows_of("exponents")))
REFERENCE = STORED["exponents"]["reference"]
FITS = {name: Estimate.from_samples(column(name, "exponent")) for name in METHODS}
for peer in METHODS[2:]:
    for method in METHODS[:2]:
        errors = [f"{abs(FITS[name].value - REFERENCE):.3f}" for name in (method, peer)]
        compare(
            method.split(" ")[0], peer, column(method, "seconds"), column(peer, "seconds"),
            f"errors of the exponent {' and '.join(errors)}",
        )

# %% tags=["hide-input"]
lasso = {(row["solver"], row["degree"]): row for row in rows_of("lasso_speed")}
DEGREES = sorted({degree for _, degree in lasso})
for solver in ("LARS", "FISTA", "ADMM", "ISTA"):
    for peer in ("scikit-learn", "scikit-learn, Gram matrix"):
        both = [[lasso[name, degree]["seconds"] for degree in DEGREES] for name in (solver, peer)]
        gaps = [max(lasso[name, d]["gap"] for d in DEGREES) for name in (solver, peer)]
        condition = f"relative objective gaps up to {gaps[0]:.0e} and {gaps[1]:.0e}"
        compare(f"LASSO, {solver}", peer, *both, condition)


def fits(method, dt, level, key):
    """One quantity of all draws of the comparison with PySINDy."""
    wanted = (method, dt, level)
    run = rows_of("pysindy_comparison")
    rows = [row for row in run if (row["method"], row["dt"], row["level"]) == wanted]
    return np.array([row[key] for row in rows])


for dt, level in ((0.01, 0.01), (0.1, 0.01)):
    for method in ("weak form", "multiple shooting"):
        peer = "PySINDy, weak form, tuned"
        errors = [f"{np.median(fits(m, dt, level, 'error')):.1e}" for m in (method, peer)]
        seconds = [fits(m, dt, level, "seconds") for m in (method, peer)]
        condition = f"median RMSE27 {' and '.join(errors)}"
        compare(f"{method}, dt {dt:g}, {level:.0%} noise", peer, *seconds, condition)

# %% tags=["hide-input"]
folding = {row["what"]: row["seconds"] for row in rows_of("folding")}
for what in ("fold", "unfold"):
    both = folding[what], folding[f"{what}, loop"]
    compare(f"images, {what}", "a loop over series", *both, "equal to rounding")
for row in rows_of("generation"):
    if "ratio" in row:
        per_sample = 1 / row["samples_per_second"], 1 / row["plain_loop_samples_per_second"]
        compare(row["what"], "plain DCGAN loop", *per_sample, "a sample, same networks and data")
    elif "share" in row:
        per_operation = 1e-9 / row["giga_flops"], 1e-9 / row["matrix_product_giga_flops"]
        compare(row["what"], "one large matrix product", *per_operation, "a floating-point operation")

# %% tags=["hide-input"] label="tab-benchmarks-ratios"
def number(value):
    """Two digits, or whole numbers."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def table_row(row):
    """The cells of one comparison."""
    low, middle, high = (number(row[key]) for key in ("low", "ratio", "high"))
    ratio = middle if low == high else f"{middle} ({low}, {high})"
    times = [number(row[key]) for key in ("seconds", "peer seconds")]
    return [row["what"], row["peer"], *times, ratio, row["condition"]]


plotting.table(
        ["ours", "against", "our seconds", "theirs", "ratio", "at"], map(table_row, ROWS)
    )

# %% tags=["hide-input"] label="fig-benchmarks-ratios"
ax = plt.subplots(figsize=(7.2, 0.26 * len(ROWS) + 0.6))[1]
for place, row in enumerate(ROWS):
    colour = plotting.COORDINATES["x"] if row["ratio"] >= 1 else plotting.COLOURS["highlight"]
    spread = [[row["ratio"] - row["low"]], [row["high"] - row["ratio"]]]
    marker = "o" if row["ratio"] >= 1 else "s"
    ax.errorbar(row["ratio"], place, xerr=spread, fmt=marker, color=colour, capsize=2, markersize=4)
ax.axvline(1, linestyle="--", color=plotting.COLOURS["reference"])
ax.set(xscale="log", xlabel="ratio of times, theirs over ours", yticks=range(len(ROWS)))
ax.set_yticklabels([f"{row['what']} / {row['peer']}" for row in ROWS], fontsize=7)
ax.set_ylim(len(ROWS) - 0.4, -0.6)
plt.show()

# %% [markdown]
# ## The ensemble
#
# The deck's data set is made with the order-8 method of Dormand and Prince, the same steps for all
# series at once. A loop over `solve_ivp` pays Python's price at every stage of every step of every series.

# %% tags=["hide-input"]
data = STORED["ensemble"]
loops = [row for name, row in ensemble.items() if "loop" in name]
quickest = min(loops, key=lambda row: np.median(row["seconds"]))
exact = ensemble["simulate, default tolerance"]
reached = sum(row["reached"] for row in ensemble.values())
Markdown(
    f"For {data['n_series']:d} series of {data['length']:d} samples, no step off by more than "
    f"{data['allowed_error']:.0e}, `simulate` takes {np.median(ensemble['simulate']['seconds']):.2f} s and "
    f"the quickest loop, `{quickest['solver'].split(', ')[1]}`, {np.median(quickest['seconds']):.0f} s, scaled up from "
    f"{quickest['timed_series']:d} series. The book's default tolerance is stricter: "
    f"{np.median(exact['seconds']):.2f} s for an error of {exact['error']:.1e}. "
    f"Memory peaks at {data['peak_memory']:.2f} times the size of the result. "
    f"{reached:d} of {len(ensemble)} solvers reach that error."
)

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
def exponent_row(name):
    """Estimate, error and time of a method."""
    estimate = FITS[name]
    seconds = np.median(column(name, "seconds"))
    return [name, f"{estimate:.3f}", f"{estimate.value - REFERENCE:+.3f}", number(seconds)]


exponents = STORED["exponents"]
Markdown(
    plotting.markdown_table(
        ["method", "largest exponent", "error", "seconds"], map(exponent_row, METHODS)
    )
    + f"\n\nMean over {len(column(METHODS[0], 'seed'))} ensembles of {exponents['n_series']:d} series of "
    f"{exponents['length']:d} samples and confidence intervals; the reference is {REFERENCE:.4f}."
)

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


Markdown(
    plotting.markdown_table(
        ["run", "date", "machine", "load", "code"], [run_row(name) for name in STORED]
    )
    + "\n\n*Load* is the number of processes that wanted a core when the run ended. Runs without "
    "a ratio above are read by the chapters of the parametric approach or by the page on clusters."
)

# %% [markdown]
# ## What we find

# %% tags=["hide-input"]
faster = sum(row["ratio"] >= 1 for row in ROWS)
fresh = sum(run_row(name)[-1] != "older" for name in STORED)
comparison = next(row for row in rows_of("generation") if row["what"].startswith("compare"))
from_data = [name for name in METHODS if "equations" not in name]
misses = [abs(FITS[name].value - REFERENCE) for name in from_data]
quick = min(from_data, key=lambda name: np.median(column(name, "seconds")))
loop_ratio = min(row["ratio"] for row in ROWS if "in a loop" in row["peer"])
Markdown(
    f"This book's code is the faster side in {faster:d} of {len(ROWS)} comparisons; where the ratio in "
    f"{{numref}}`tab-benchmarks-ratios` is below one, the other is. The ensemble is {loop_ratio:.0f} times "
    f"as fast as the quickest loop over `solve_ivp` at equal error. The exponents from data in "
    f"{{numref}}`tab-benchmarks-exponents` miss the reference by {min(misses):.3f} to {max(misses):.3f}, the "
    f"quickest of them by {abs(FITS[quick].value - REFERENCE):.3f}. `compare` has no counterpart: "
    f"100 series of 1000 samples and six controls take {comparison['seconds']:.1f} s. "
    f"{fresh:d} of {len(STORED)} stored runs were made by the code of this book "
    "({numref}`tab-benchmarks-runs`)."
)

# %% [markdown]
# ## Exercises
#
# **1.** Why does a loop over `solve_ivp` gain nothing from more series, and `simulate` does?
#
# ```{dropdown} Solution
# Each call of the loop costs the same. In `simulate` the cost of calling NumPy is shared by the whole
# batch; only the arithmetic grows with it.
# ```
#
# **2.** Run `make bench` on your machine. Which ratios move by more than their range, and why?
#
# ```{dropdown} Solution
# Those between compiled and interpreted code, which depend on the processor's vector units and on how
# quick Python is on it. Two sides that both spend their time in NumPy or PyTorch move together.
# ```
#
# The comparison with PySINDy, error by error, is in {doc}`../02_parametric/noise`; the deck's training
# loop is in {doc}`../04_generation/deck_gan`.
