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
# # Your own series: from a CSV to equations
#
# **Question.** You have a file of measurements. Which equations could have made it, how far can they be
# trusted, and how good is a generator of your own beside them?
#
# **What the deck claimed.** Nothing of the kind: its series are solutions of known equations, without noise or gaps.
# Here a file comes first, of a system that is not Lorenz's.
#
# **In short.** Three lines read the equations from a file with noise and gaps, each coefficient with its error. What follows is
# doubt: a model that lacks something says so, and {numref}`tab-own-messages` lists each message with what to try.
#
# You need a table with a row a sample and a column for each quantity that the system remembers. To use yours, put its
# name into the cell below *Read it*, leave out the experiment, and run the page as a notebook (the arrow above).

# %% tags=["hide-input"]
import tempfile
import textwrap
import warnings
from pathlib import Path

import numpy as np
from IPython.display import Markdown

from book.figures import your_own_series as figures
from lorenz_utils import plotting

plotting.use_style()

# %% [markdown]
# ## An experiment
#
# The file stands for one from a laboratory: Chua's circuit, two capacitors, a coil and a diode, with the smooth diode of
# {cite:t}`zhong1994implementation`. A logger writes two voltages in volts and a current in milliamperes about ten times in a
# millisecond, not quite evenly. It rounds to the last digit shown, it has noise of three of these digits, it misses samples,
# and once it stops for a while. The cell folded here makes it; you have an experiment instead.

# %% tags=["hide-input"]


def runge_kutta(field, state, h):
    """One step of order four, without a library: the same numbers on every machine."""
    one = field(state)
    two = field([s + h / 2 * k for s, k in zip(state, one, strict=True)])
    three = field([s + h / 2 * k for s, k in zip(state, two, strict=True)])
    four = field([s + h * k for s, k in zip(state, three, strict=True)])
    slopes = zip(one, two, three, four, strict=True)
    return [
        s + h / 6 * (a + 2 * b + 2 * c + d) for s, (a, b, c, d) in zip(state, slopes, strict=True)
    ]


def circuit(state):
    """Chua's circuit in ms, V and mA, of R = 1 kΩ, C1 = 0.1 μF, C2 = 1 μF and L = 70 mH."""
    v1, v2, i = state
    return 10 * (v2 - (2 * v1 * v1 * v1 - v1) / 7), v1 - v2 + i, -v2 / 0.07


rng = np.random.default_rng(8)
rows, state, h = [], [0.1, 0.0, 0.0], 0.01
for _ in range(3000):
    state = runge_kutta(circuit, state, h)
for count in rng.integers(8, 13, 4000).tolist():
    rows.append(state)
    for _ in range(count):
        state = runge_kutta(circuit, state, h)
    rows[-1] = [*rows[-1], count * h]
values, steps = np.array(rows)[:, :3], np.array(rows)[:, 3]
values = (values + 0.003 * rng.normal(size=values.shape)).round(3)
values[400:430], values[rng.integers(0, 4000, 30)] = np.nan, np.nan
clock = np.cumsum(steps) - steps

folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "circuit.csv"
lines = [
    f"{t:.2f}," + ",".join("" if x != x else f"{x:.3f}" for x in row)
    for t, row in zip(clock, values, strict=True)
]
_ = path.write_text("\n".join(["time_ms,v1_V,v2_V,i_mA", *lines, ""]), encoding="utf8")

# %%
print(*path.read_text(encoding="utf8").splitlines()[:6], "...", sep="\n")

# %% [markdown]
# ## Read it
#
# :::{margin} With pandas
# If you have it: `table = pandas.read_csv(path)`. A DataFrame of the columns, `table[columns]`, goes into `fit` as it is and
# brings its names.
# :::
#
# A cell that is empty becomes NaN, which is how a gap is marked. What a logger writes instead, such as -999 or the last value again,
# must become NaN too.

# %%
columns = ["v1_V", "v2_V", "i_mA"]
table = np.genfromtxt(path, delimiter=",", names=True)
time = table["time_ms"]
data = np.column_stack([table[name] for name in columns])
data.shape, int(np.isnan(data).any(axis=1).sum())

# %% [markdown]
# ## Look at it
#
# Before any fit, four questions. Are there some ten samples in a turn? Are there jumps? Does a column hardly move? Does the
# system stay as it is all the time, or does something from outside change it? {numref}`fig-own-record` answers well.

# %% tags=["hide-input"] label="fig-own-record"
_ = figures.plot_record(time, data, columns)

# %% [markdown]
# ## Three lines
#
# All three estimators look for $\mathrm dX/\mathrm dt = \Xi\,\theta(X)$ as in {eq}`eq-library`, with polynomials $\theta$ of your
# columns up to a `degree`. {numref}`tab-own-which` says which one to take. The first quarter of the record is fitted; the rest is
# kept to judge.
#
# :::{table} Which estimator when. All three take lists of series, gaps, unequal times and known inputs.
# :name: tab-own-which
#
# | estimator | take it | in return |
# |---|---|---|
# | `FlowMapRegressor` | first | quick, exact at any step; noise biases it a little |
# | `MultipleShootingRegressor` | for the result | the most exact with noise, and its errors count; slow where the model is wrong |
# | `WeakFormRegressor` | with many samples a turn | the quickest, stands much noise; no errors |
# :::

# %%
from lorenz_utils.identification import FlowMapRegressor

fitted, kept = slice(0, 1000), slice(1000, None)
model = FlowMapRegressor(degree=3).fit(data[fitted], time[fitted], feature_names=["v1", "v2", "i"])
print(model.equations())

# %% [markdown]
# Nothing was said, so nothing speaks against it. Of the nineteen terms in each equation only those are left that the data ask for; behind each ± is
# the standard error. Coefficients have the units of the file: volts, milliamperes and milliseconds. Now the result:

# %%
from lorenz_utils.identification import MultipleShootingRegressor, WeakFormRegressor

names = ["v1", "v2", "i"]
best = MultipleShootingRegressor(degree=3).fit(data[fitted], time[fitted], feature_names=names)
print(best.equations())

# %% tags=["hide-input"]
from lorenz_utils.ledger import Estimate

slope, error = abs(best.coef_[2, 1]), best.standard_errors_[2, 1]
coil = Estimate(1000 / slope, 1000 * error / slope**2)
Markdown(
    f"The errors are several times smaller. And the numbers mean something: by the last equation the coil has "
    f"{coil:.2f} mH, a 95 % interval. It was made with {70:d} mH."
)

# %% [markdown]
# :::{margin} Constants
# A term that is the same all the time, such as an offset of a sensor, is no polynomial without `include_bias=True`.
# :::
#
# ## Doubt it
#
# What an estimator has to say comes as a `ModelWarning`. So that all is read, `listen` prints each one below the cell.


# %%
def listen(call, *arguments, **options):
    """The result of a call, after its warnings."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        result = call(*arguments, **options)
    for warning in heard:
        print(textwrap.fill(f"{warning.category.__name__} says that {warning.message}.", 72))
    return result


weak = listen(WeakFormRegressor(degree=3).fit, data[fitted], time[fitted], feature_names=names)

# %% [markdown]
# **The residual and the score.** `residual_` is the one-step error on what was fitted, in standard deviations of each column; `noise_std_`
# is the noise, in the units of the file, that would explain it. `score` is what is left on samples that
# were not fitted: 1 is exact, 0 is no better than "it stays as it is". In {numref}`tab-own-doubt` the weak form misses v1, as it says: at this
# step it takes the cube for a straight line.
#
# **Wrong on purpose.** Two models that people fit every day: a degree too low, and a quantity that nobody measured.

# %%
low = listen(FlowMapRegressor(degree=2).fit, data[fitted], time[fitted], feature_names=names)

# %%
two = data[:, :2]
blind = listen(FlowMapRegressor(degree=3).fit, two[fitted], time[fitted], feature_names=names[:2])

# %% tags=["hide-input"] label="tab-own-doubt"
judged = {"flow map": model, "multiple shooting": best, "weak form": weak}
judged |= {"degree too low": low, "without the current": blind}
rows = []
for name, fit in judged.items():
    n = len(fit.coef_)
    rows.append(
        [name, fit.residual_[0], 1000 * fit.noise_std_[0], fit.score(data[kept, :n], time[kept])]
    )
plotting.table(
    ["model", "residual of v1", "noise of v1, mV", "score, held out"],
    rows,
    ("", ".3f", ".1f", ".3f"),
)

# %% [markdown]
# Look at the scores, and beware: a wrong model can have a good one. Most of a short step is "it goes on as before", which any smooth model learns. What
# tells the wrong ones in {numref}`tab-own-doubt` is that their noise is not the logger's, and that the errors are not noise. The standard
# errors of a wrong model are small as well: **they hold if the model does**.
#
# **What the data cannot tell.** Some questions have no answer in a file, however exact the fit. A coil and a capacitor alone ring as a sine: $v^2 + i^2$ is then
# constant, and $v$ and $v\,(v^2 + i^2)$ are the same numbers.

# %%
t = np.arange(0, 60, 0.1)
ringing = np.column_stack([np.cos(t), np.sin(t)]) + 0.001 * rng.normal(size=(600, 2))
sine = listen(MultipleShootingRegressor(degree=3).fit, ringing, 0.1, feature_names=["v", "i"])
print(sine.equations())

# %% [markdown]
# The error is infinite: the estimator wrote down the simplest of all equations that fit, and says that there are others. They are in
# `null_directions_`. A longer file does not help here, a larger or a smaller oscillation does.
#
# ## Is it chaos?
#
# :::{margin} Why v2?
# v1 and i also switch, slowly and irregularly, between two sides. Their "period" is that of switching, and the record has too few of
# these. Take the coordinate that turns.
# :::
#
# A positive exponent of one column is no sign of chaos: noise has one too. Compare with {term}`surrogate data`, which have the spectrum, or
# also the values, of the series and none of its dynamics. An exponent asks for equal steps without gaps, so the
# record is first interpolated.

# %%
from scipy.interpolate import CubicSpline

from lorenz_utils.lyapunov import rosenstein_exponent
from lorenz_utils.surrogates import aaft, phase_randomised

dt, measured = 0.1, ~np.isnan(data).any(axis=1)
even = CubicSpline(time[measured], data[measured])(np.arange(0, time[-1], dt))
exponent = rosenstein_exponent(even[:, 1], dt)

# %%
copies = np.repeat(even[None], 10, axis=0)
surrogates = [*phase_randomised(copies, rng=0)[..., 1], *aaft(copies, rng=1)[..., 1]]
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    linear = [rosenstein_exponent(series, dt) for series in surrogates]

# %% [markdown]
# The equations have exponents as well, all three, and these need no neighbours and no interpolation:

# %%
from lorenz_utils.lyapunov import lyapunov_spectrum

field, states = best.field_, best.states_[0]
starts = states[~np.isnan(states).any(axis=1)][::100]
spectrum = lyapunov_spectrum(field, field.jacobian, starts, dt=0.05, duration=50, transient=5)

# %% tags=["hide-input"] label="fig-own-exponent"
_ = figures.plot_growth(exponent, linear)

# %% tags=["hide-input"]
grow = sum(bool(np.isfinite(other.value)) for other in linear)
largest = Estimate(float(spectrum.value[0]), float(spectrum.standard_error[0]))
Markdown(
    f"The exponent of the series is {exponent:.2f} per millisecond. Of {len(linear):d} surrogates "
    f"{grow:d} have a straight part in {{numref}}`fig-own-exponent`. The fitted equations have {largest:.2f}."
)

# %% [markdown]
# ## Forward, and out
#
# A forecast starts at the last state that was estimated, and goes on over samples that were not fitted. In a chaotic system it has to
# fail at some time, and there the equations are still right.

# %%
last = int(np.flatnonzero(~np.isnan(states).any(axis=1))[-1])
forecast = best.simulate(states[last], dt, 300)
future = time[last] + dt * np.arange(300)
truth = CubicSpline(time[measured], data[measured])(future)
missed = np.linalg.norm((forecast - truth) / even.std(axis=0), axis=1) / np.sqrt(3)
valid = dt * int(np.argmax(missed > 0.4))

# %% tags=["hide-input"] label="fig-own-forecast"
_ = figures.plot_forecast(future - future[0], truth, forecast, names, valid)

# %% tags=["hide-input"]
Markdown(
    f"The {{term}}`valid prediction time` is {valid:.1f} ms here, {valid * largest.value:.1f} times that in which an error "
    "grows by the factor e."
)

# %% [markdown]
# Equations leave as text, as LaTeX, and as a file that NumPy reads:

# %%
print(best.equations(latex=True))
np.savez(
    path.with_suffix(".npz"), coef=best.coef_, errors=best.standard_errors_, powers=best.powers_
)

# %%
from lorenz_utils.identification import PolynomialField

stored = np.load(path.with_suffix(".npz"))
again = PolynomialField(stored["coef"], stored["powers"])
assert np.array_equal(again.simulate(states[[last]], dt, 300)[0], forecast)

# %% [markdown]
# ## A generator of your own
#
# The metrics of {doc}`/book/04_generation/evaluation` take arrays alone, of any system and any generator: (series, samples, columns), with the same step.
# Here is the simplest of generators, an analogue forecast. From a sample it goes to one of its five nearest in the record,
# and on to what came after that one. Put yours in its place.

# %%
real = even[: len(even) // 100 * 100].reshape(-1, 100, 3)
library, scale = even[:2000], even.std(axis=0)


def analogues(n_series, length, rng):
    at, series = rng.integers(0, len(library) - 1, n_series), []
    for _ in range(length):
        series.append(library[at])
        far = np.linalg.norm((library[:-1] - library[at, None]) / scale, axis=2)
        at = np.argsort(far, axis=1)[np.arange(n_series), rng.integers(0, 5, n_series)] + 1
    return np.stack(series, axis=1)


# %%
from lorenz_utils.metrics import compare, measure

generated = analogues(20, 100, np.random.default_rng(0))
scores = listen(compare, real, generated, dt, rng=0)
half = min(len(real) // 2, 20)
solved = best.simulate(real[half : 2 * half, 0], dt, 100)
own = listen(measure, real[:half], solved, dt)

# %% tags=["hide-input"] label="tab-own-generators"
shown = {
    "D_stsp": "states: D_stsp",
    "D_H": "spectra: D_H",
    "diversity": "diversity",
    "largest exponent, full state": "largest exponent",
}
rows = [
    [label, row["real"], row["generated"], own[metric], row["phase-randomised"], row["shuffled"]]
    for metric, label in shown.items()
    for row in [scores[metric]]
]
plotting.table(
    ["metric", "more real series", "analogues", "equations", "linear noise", "shuffled"],
    rows,
    ".2f",
)

# %% [markdown]
# Read {numref}`tab-own-generators` from its first column, which is as good as it gets: real series against real series. The analogues visit the right states with the
# right spectra, since all that they say was measured. Each jump to a neighbour is an error, though, and the exponent of the
# steps tells. Shuffled samples have the states and nothing else, linear noise has the spectra and nothing else.
#
# A system that you know can be asked for more: `measure(..., flow=...)` compares each step with its flow.
#
# ## What you see, what it means, what to try
#
# :::{table} Messages, by some of their words. Those up to `no exponential growth` are warnings, the result is there; the others are errors, before any work.
# :name: tab-own-messages
#
# | you see | it means | try |
# |---|---|---|
# | `are no noise` | the model lacks something | a higher `degree`, `include_bias=True`, the column that is missing, known inputs with `n_inputs` |
# | `is no model of the series` | the states that fit are not those measured | rows in order of time; all columns of one system |
# | `miss by far more than others` | jumps: lost rows, seams, fill values | series as a list; the times as `dt`; NaN for fill values |
# | `cannot tell` | two equations fit alike; errors are infinite | series that differ more: other starts, a transient; a lower `degree` |
# | `no term was kept` | nothing foretells this column | a higher `degree`; `include_bias=True`; is it noise? |
# | `go to infinity` | the fitted equations explode | more samples, less noise, a smaller step, a lower `degree` |
# | `too stiff` | something decays within one step | a smaller step, or leave that column out |
# | `no convergence` | the search was ended | a larger `max_iter`; `FlowMapRegressor` first: is the model right? |
# | `no exponential growth` | one column shows no exponent | a longer record; the column that turns; maybe it is periodic |
# | `transpose?` | time is not along the rows | `data.T` |
# | `hold a time twice` | a sample is there twice | keep one of two |
# | `linearly independent` | a column follows from the others | leave it out |
# | `must vary` | a column is constant | leave it out |
# | `must be increasing times` | rows are not in order | sort by time |
# :::
#
# ## What we find

# %% tags=["hide-input"]
Markdown(
    f"* **A file is enough.** From {len(data[fitted]):,d} rows with noise and gaps come the equations of the circuit, with "
    f"{np.count_nonzero(best.coef_):d} terms of {best.coef_.size:d}.\n"
    "* **Wrong models are heard,** though their scores are good.\n"
    "* **One number is never enough.** An exponent wants surrogates, a score held-out samples, a metric its floor."
)

# %% [markdown]
# ## Exercises
#
# :::{exercise}
# :label: ex-own-pendulum
#
# **A pendulum.** Your file has the time and the angle of a pendulum, from a camera that tells thousandths of a radian. Its equation
# has a sine, which is no polynomial, and its angular velocity was not measured. Which three columns make the
# equations polynomial? How long is the pendulum, if it falls by $9.81\,\mathrm{m/s^2}$?
# :::


# %% tags=["solution"]
from lorenz_utils.derivatives import spline_derivative


def swing(state):
    return [state[1], -9.81 / 0.75 * np.sin(state[0]) - 0.1 * state[1]]


state, angle = [2.5, 0.0], []
for _ in range(400):
    angle.append(round(float(state[0]), 3))
    for _ in range(5):
        state = runge_kutta(swing, state, 0.01)

# %% [markdown] tags=["solution"]
# With $s = \sin\varphi$, $c = \cos\varphi$ and $\omega = \dot\varphi$ the equations are $\dot s = c\,\omega$, $\dot c = -s\,\omega$ and
# $\dot\omega = -g s / l - \gamma\omega$: of degree two. The velocity is that of a spline through the angles.

# %% tags=["solution"]
velocity = spline_derivative(np.array(angle)[:, None], 0.05)[1][:, 0]
pendulum = np.column_stack([np.sin(angle), np.cos(angle), velocity])
swung = listen(FlowMapRegressor().fit, pendulum, 0.05, feature_names=["s", "c", "w"])
print(swung.equations())
Markdown(
    f"The pendulum is {9.81 / abs(swung.coef_[2, 0]):.3f} m long; it was made with {0.75:.3f} m."
)

# %% [markdown] tags=["solution"]
# If it says that errors of w are no noise, that is right: the velocity was made from the angles, so that its errors depend on one another, and the standard error
# of the last equation is too small. A sensor of its own for the velocity would end that.

# %% [markdown]
# :::{exercise}
# :label: ex-own-rate
#
# **Fewer samples.** Keep every second row, then every fourth. Does the flow map become worse?
# :::

# %% tags=["solution"]
for thin in (1, 2, 4):
    part = slice(0, 2000, thin)
    fit = listen(FlowMapRegressor(degree=3).fit, data[part], time[part], feature_names=names)
    print(fit.equations().splitlines()[0])

# %% [markdown] tags=["solution"]
# No: the circuit moves further in a longer step, and the noise is as it was, so that the bias falls. It ends where a
# step is no small part of a turn, or where so few rows are left that the errors grow.

# %% [markdown]
# **Onward.** {doc}`/book/appendix/api` lists every function and its arguments, {doc}`/book/02_parametric/noise` holds the
# estimators against the best that is possible, and {doc}`/book/02_parametric/large_steps` says why no derivative is taken.
