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
# # Long short-term memory
#
# **Question.** What do the three gates of an LSTM do, do they keep the gradient from vanishing,
# and how far ahead does such a network forecast the Lorenz system?
#
# **What the deck claimed.** (slides 18-19) "A Long Short Term Memory layer [...] makes it possible
# to use time series as input data, because it can keep information on the past of the series by
# treating the problem of the vanishing gradient." The two slides draw the cell of
# {cite}`olah2015understanding` and mark its forget, input and output gates.
#
# **In short.** The LSTM forecasts Lorenz for {result}`lstm/valid-time;.2f` Lyapunov times, and one linear regression on products
# of the coordinates, from the same series, for {result}`lstm/valid-time-polynomial;.2f` ({numref}`fig-lstm-forecast`).
# Gates alone do not save the gradient: it loses {result}`lstm/gradient-decades-default;.1f` decades as initialised, and
# {result}`lstm/gradient-decades-open;.1f` with the forget gate held open.

# %% tags=["hide-input"]
from IPython.display import Markdown

from book.figures import lstm as figures
from lorenz_utils import ledger, plotting
from lorenz_utils.system import make_ensemble, simulate

plotting.use_style()

# %% [markdown]
# ## Three gates
#
# A recurrent layer reads a series one sample at a time and carries a state. The plain one
# replaces its state at every step, $h_t = \tanh(W x_t + U h_{t-1} + b)$. The LSTM
# {cite}`hochreiter1997long` adds a second state, the **cell** $c_t$, that is only ever scaled and
# added to:
#
# $$
# \begin{aligned}
# f_t &= \operatorname{sigm}(W_f x_t + U_f h_{t-1} + b_f) \\
# i_t &= \operatorname{sigm}(W_i x_t + U_i h_{t-1} + b_i) \\
# g_t &= \tanh(W_g x_t + U_g h_{t-1} + b_g) \\
# o_t &= \operatorname{sigm}(W_o x_t + U_o h_{t-1} + b_o) \\
# c_t &= f_t \odot c_{t-1} + i_t \odot g_t, \qquad h_t = o_t \odot \tanh(c_t).
# \end{aligned}
# $$ (eq-lstm-gates)
#
# The *forget gate* $f_t$ says how much of the cell to keep, the *input gate* $i_t$ how much to write,
# $g_t$ what to write, and the *output gate* $o_t$ how much of the cell to show.
# $\operatorname{sigm}(a) = 1 / (1 + e^{-a})$ lies between 0 and 1, so a gate is a soft switch, one
# for each hidden unit. The deck writes $\sigma$ for it; this book keeps $\sigma$ for Lorenz.
#
# :::{margin} A gate that came later
# The cell of 1997 had an input and an output gate only: it carried $c_{t-1}$ over with a factor of
# exactly one. Gers, Schmidhuber and Cummins added the forget gate in 2000.
# :::

# %% tags=["hide-input"] label="fig-lstm-cell"
_ = figures.plot_cell()

# %% [markdown]
# {numref}`fig-lstm-cell` draws equations {eq}`eq-lstm-gates`. Nothing multiplies the cell by a matrix:
# on its way from left to right it meets a product and a sum. In numpy the whole layer is:


# %% tags=["kernel"]
import numpy as np


def lstm_cell(x, h, c, W, U, b):
    """One step. The rows of W, U, b hold the gates in torch's order i, f, g, o."""
    i, f, g, o = np.split(x @ W.T + h @ U.T + b, 4, axis=-1)
    i, f, o = (1 / (1 + np.exp(-a)) for a in (i, f, o))
    c = f * c + i * np.tanh(g)
    return o * np.tanh(c), c, (f, i, o)


# %% tags=["kernel"]
def lstm_layer(x, W, U, b):
    """(length, n_in) -> hidden states (length, n), gates f, i, o (length, 3, n)."""
    h = c = np.zeros(U.shape[1])
    seen = []
    for sample in x:
        h, c, gates = lstm_cell(sample, h, c, W, U, b)
        seen.append([h, *gates])
    return np.array(seen)[:, 0], np.array(seen)[:, 1:]


# %% [markdown]
# torch's layer keeps the same matrices under other names, and two biases whose sum is $b$.
# On one standardised Lorenz series the two agree to the rounding of double precision:

# %%
import torch
from torch import nn
from torch.nn.functional import mse_loss

torch.set_num_threads(1)
ensemble = make_ensemble(400, 200, 0.1, rng=0)
mean, std = ensemble.mean((0, 1)), ensemble.std((0, 1))
unit_series = (ensemble - mean) / std


# %%
def numpy_weights(layer):
    """W, U and b of a torch LSTM."""
    W, U, b_ih, b_hh = (p.detach().numpy() for p in layer.parameters())
    return W, U, b_ih + b_hh


# %%
torch.manual_seed(0)
layer = nn.LSTM(3, 8).double()
ours, _ = lstm_layer(unit_series[0], *numpy_weights(layer))
theirs = layer(torch.tensor(unit_series[0]))[0].detach().numpy()
f"largest difference: {abs(ours - theirs).max():.0e}"

# %% [markdown]
# ## Does the gradient vanish?
#
# To learn from a sample $k$ steps back, the loss must feel it: $\partial h_t / \partial x_{t-k}$
# must not be zero. In the plain layer it is a product of $k$ factors
# $\operatorname{diag}(1 - h^2)\, U$, and shrinks geometrically if these contract. Along the cell
# the direct factor is the forget gate,
#
# $$\frac{\partial c_t}{\partial c_{t-1}} = \operatorname{diag}(f_t) + \dots ,$$ (eq-lstm-state)
#
# where the dots stand for what passes through the gates. So the gradient lasts **as long as the gate is
# near one**. How near it is depends, by
# {eq}`eq-lstm-gates`, on the bias
# $b_f$: at $b_f = 0$, where torch starts it up to a small random number, $f$ is about
# $\operatorname{sigm}(0) = 1/2$; at 1, advised by
# {cite}`jozefowicz2015empirical`, it is 0.73; at 3, 0.95. We measure it on new networks that read
# Lorenz series.


# %%
def new_layer(kind, forget_bias=None):
    """32 units; torch's biases hold the gates in the order i, f, g, o."""
    layer = kind(3, 32, batch_first=True)
    if forget_bias is not None:
        layer.bias_ih_l0.data[32:64], layer.bias_hh_l0.data[32:64] = forget_bias, 0
    return layer


# %%
def log_gradient(layer, series):
    """Mean log norm of d(v . h_T)/d x_(T-k) for k = 0, 1, ... and random v."""
    series = series.clone().requires_grad_()
    last = layer(series)[0][:, -1]
    (gradient,) = torch.autograd.grad(last, series, torch.randn_like(last))
    return gradient.norm(dim=-1).log().mean(0).flip(0).numpy()


# %%
test = torch.tensor(unit_series[300:]).float()
kinds = {"RNN": [nn.RNN], "LSTM": [nn.LSTM]}
kinds |= {f"LSTM, $b_f = {bias}$": [nn.LSTM, bias] for bias in (1, 3)}
reach = {}
for name, kind in kinds.items():
    torch.manual_seed(1)
    curves = np.array([log_gradient(new_layer(*kind), test[:, :61]) for _ in range(10)])
    reach[name] = ledger.Estimate.from_samples((curves - curves[:, :1]) / np.log(10))

# %% tags=["hide-input"] label="fig-lstm-gradient"
_ = figures.plot_gradient(reach)

# %% [markdown]
# {numref}`fig-lstm-gradient` has a logarithmic axis: a straight line is a geometric decay, as the
# direct factor of {eq}`eq-lstm-state` gives it when the gate stays constant.

# %% tags=["hide-input"]
lag = 50
kept = {name: curve[lag] for name, curve in reach.items()}
for case, name in {"default": "LSTM", "open": "LSTM, $b_f = 3$", "rnn": "RNN"}.items():
    ledger.record(f"lstm/gradient-decades-{case}", kept[name], amplified=True, seeds=10, lag=lag)
Markdown(
    f"Over {lag} samples the gradient changes by {kept['RNN']:.1f} decades in the plain network and by "
    f"{kept['LSTM']:.1f} decades in the LSTM as torch initialises it: "
    f"**the same disease, a little slower**. What helps is the open gate: {kept['LSTM, $b_f = 1$']:.1f} decades "
    f"at $b_f = 1$ and {kept['LSTM, $b_f = 3$']:.1f} at $b_f = 3$. The architecture makes a lasting gradient "
    "possible; it does not provide one."
)

# %% [markdown]
# ## Forecasting Lorenz
#
# We train three networks to predict the next sample, as has been done for larger chaotic systems
# {cite}`vlachas2018data`: $\hat x_{t+1} = x_t + F(x_t, m_t)$ with a
# memory $m_t$, at the deck's step $\delta t = 0.1$: an LSTM, a plain RNN, and as a control **the same LSTM without
# memory**, its state cleared before every sample. The full state is in each sample, so by Lorenz's
# equations {eq}`eq-lorenz` the past holds no information that the present lacks. Each of five seeds has its own training series, initial weights and batches; the
# hundred test series are common.


# %%
class Recurrent(nn.Module):
    """x_t + F(x_t, m_t); without memory each sample is a series of its own."""

    def __init__(self, kind, width, remembers=True):
        super().__init__()
        self.layer, self.remembers = kind(3, width, batch_first=True), remembers
        self.readout = nn.Linear(width, 3)

    def forward(self, x, memory=None):
        h, memory = self.layer(x if self.remembers else x.reshape(-1, 1, 3), memory)
        return x + self.readout(h).reshape(x.shape), memory if self.remembers else None


# %%
def train(name, series, seed, n_steps=400):
    """One-step prediction error on random windows, by Adam under a one-cycle rate."""
    torch.manual_seed(seed)
    net = Recurrent(*designs[name])
    adam = torch.optim.Adam(net.parameters(), fused=True)
    cycle = torch.optim.lr_scheduler.OneCycleLR(adam, 0.01, total_steps=n_steps)
    for _ in range(n_steps):
        start = torch.randint(series.shape[1] - 20, ())
        batch = series[torch.randint(len(series), (64,)), start : start + 21]
        adam.zero_grad()
        mse_loss(net(batch[:, :-1])[0], batch[:, 1:]).backward()
        adam.step()
        cycle.step()
    return net


# %%
designs = {"RNN": [nn.RNN, 64], "LSTM without memory": [nn.LSTM, 32, False], "LSTM": [nn.LSTM, 32]}
n_seeds = 5
training = np.split(unit_series[:300], n_seeds)
own = [torch.tensor(series).float() for series in training]
nets = {name: [train(name, own[seed], seed) for seed in range(n_seeds)] for name in designs}

# %% [markdown]
# A **free-running** forecast reads twenty true samples, then its own output. Its *valid
# prediction time* is how long the error, in standard deviations of the attractor, stays below
# 0.4 {cite}`pathak2018hybrid`; we give it in Lyapunov times, $1 / 0.9056$ time units, in which
# errors grow $e$-fold on average.
#
# :::{margin} Compare like with like
# The threshold is a convention, and so is the norm of the error. Forecast horizons of two papers can
# be compared only where both agree, and where the time has the same unit.
# :::

# %%
warm_up, n_ahead, lyapunov_time = 20, 180, 1 / 0.9056
held_out, last_seen = unit_series[300:], ensemble[300:, warm_up - 1]
truth = (simulate(last_seen, 0.1, 501)[:, 1:] - mean) / std


def valid_times(forecast):
    """How long each forecast is good, in Lyapunov times."""
    good = np.sqrt(np.mean((forecast - truth[:, : forecast.shape[1]]) ** 2, axis=-1)) <= 0.4
    return good.cumprod(axis=1).sum(axis=1) * 0.1 / lyapunov_time


# %%
@torch.no_grad()
def free_run(net):
    """Forecast the rest of the test series after the warm-up."""
    past, memory = net(test[:, :warm_up])
    forecast = [past[:, -1:]]
    while len(forecast) < n_ahead:
        sample, memory = net(forecast[-1], memory)
        forecast.append(sample)
    return torch.cat(forecast, 1).numpy()


# %%
forecasts = {"persistence": [np.tile(held_out[:, [warm_up - 1]], (1, n_ahead, 1))] * n_seeds}
forecasts |= {name: [free_run(net) for net in nets[name]] for name in designs}

# %% [markdown]
# ## Could something simpler have won?
#
# A horizon says little by itself. *Persistence*, which repeats the last sample, is soon beaten. So we put beside the
# networks what needs no network, fitted to the same series. Three are linear least squares for the next step: on the last five states (a *linear
# autoregression*), on the products of the last two (the *next-generation reservoir* of
# {cite:t}`gauthier2021next`), and on all monomials of the present state up to degree 8 (a
# *polynomial map*).


# %%
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

# How many states the next step is regressed on, and to which degree.
regressions = {
    "linear autoregression": (5, 1),
    "next-generation reservoir": (2, 2),
    "polynomial map": (1, 8),
}


def pasts(series, n):
    """Each n states in a row, (n_series, length - n + 1, 3 n)."""
    return np.concatenate([series[:, k : series.shape[1] - n + k + 1] for k in range(n)], axis=-1)


# %%
def regress_and_run(series, n, degree):
    """Fit the step from n states in a row to the next one, then forecast the test series."""
    model = make_pipeline(
        PolynomialFeatures(degree), Ridge(1e-6, solver="svd", fit_intercept=False)
    )
    steps = np.diff(series, axis=1)[:, n - 1 :]
    model.fit(pasts(series, n)[:, :-1].reshape(-1, 3 * n), steps.reshape(-1, 3))
    states = held_out[:, :warm_up]
    while states.shape[1] < warm_up + n_ahead:
        # Ten standard deviations away a forecast is lost; further on it would overflow.
        recent = np.clip(states[:, -n:], -10, 10).reshape(len(states), -1)
        states = np.append(states, (states[:, -1] + model.predict(recent))[:, None], axis=1)
    return states[:, warm_up:]


forecasts |= {
    name: [regress_and_run(series, *kind) for series in training]
    for name, kind in regressions.items()
}

# %% [markdown]
# The fourth knows more: that the data come from an autonomous differential equation whose right-hand side is
# quadratic. The fit through the flow map {eq}`eq-flow-map-fit` of part 2 finds the *identified equations* in
# a tenth of each training set. The last row is what the computer allows: the true equations once more, solved to another
# tolerance.

# %%
from lorenz_utils.identification import FlowMapRegressor


def identify_and_run(series):
    model = FlowMapRegressor().fit(series[:6] * std + mean, 0.1)
    return (model.simulate(last_seen, 0.1, 501)[:, 1:] - mean) / std


forecasts["identified equations"] = [identify_and_run(series) for series in training]
again = (simulate(last_seen, 0.1, 501, rtol=1e-12)[:, 1:] - mean) / std
forecasts["true equations, another tolerance"] = [again] * n_seeds

# %% [markdown]
# ## What does the growth of errors permit?
#
# Every forecast errs in its first step, and chaos alone makes the most of that. So we let each forecast make *one*
# step, and the true flow go on from there: how long is this good, on each of the hundred starts? It is a
# reference for a model of that accuracy, and no bound: a later error may cancel an earlier one.


# %%
def score(forecast):
    """First error (rms), mean valid times of it and of the true flow after it, share that outlasts."""
    first = forecast[:, 0]
    flow = (simulate(first * std + mean, 0.1, forecast.shape[1]) - mean) / std
    reached, permitted = valid_times(forecast), valid_times(flow)
    error = np.sqrt(np.mean((first - truth[:, 0]) ** 2))
    return error, reached.mean(), permitted.mean(), 100 * np.mean(reached > permitted)


# %%
scores = {name: np.array([score(f) for f in runs]) for name, runs in forecasts.items()}
found = {name: ledger.Estimate.from_samples(values) for name, values in scores.items()}

# %% tags=["hide-input"] label="tab-lstm-forecast"
headers = ["forecast", "error of the first step (std)", "valid prediction time (Lyapunov times)"]
headers += ["true flow after that step", "outlasts it (% of starts)"]
rows = [[name, *values] for name, values in found.items()]
plotting.table(headers, rows, ["", ".1e", ".2f", ".2f", ".0f"])

# %% tags=["hide-input"] label="fig-lstm-forecast"
shown = {name: forecasts[name][0][0, :120, 0] for name in ("LSTM", "polynomial map")}
in_x = {name: x * std[0] + mean[0] for name, x in shown.items()}
_ = figures.plot_forecast(truth[0, :120, 0] * std[0] + mean[0], in_x)

# %%
used = {n: 100 * scores[n][:, 1] / scores[n][:, 2] for n in ("LSTM", "polynomial map")}
used = {name: ledger.Estimate.from_samples(share) for name, share in used.items()}
fresh_errors = -np.log(1 - np.exp(-2 * 0.1 / lyapunov_time)) / 2

# %% tags=["hide-input"]
Markdown(
    "A model errs again at every step. If its errors are independent and of one size, their sum grows as one error "
    f"that is larger by a factor, and costs {fresh_errors:.1f} Lyapunov times. The LSTM reaches "
    f"{used['LSTM']:.0f} % of what the true flow permits after its first step, the polynomial map "
    f"{used['polynomial map']:.0f} % ({{numref}}`tab-lstm-forecast`). On {found['LSTM'][3]:.0f} % of the starts the LSTM is good for "
    "longer than its reference: that is no bound."
)

# %% [markdown]
# {numref}`fig-lstm-forecast` shows two of the forecasts. The reservoir's row is a warning. One step of it is much better than one of the linear autoregression, and its free
# run is lost sooner: two states in a row allow motions that one state does not, and these grow. In its authors'
# code the samples are four times as dense.
#
# **Published reservoirs** do far better than the maps learned here: {cite:t}`hurley2025reservoir`
# report more than 30 Lyapunov times for Lorenz series without noise and settings chosen with care, which is about
# 70 % of what the true flow permits after one step of their reservoir. The protocol is another one; the share can be
# compared. They also say what our last row shows, that a horizon beyond the solver's own means nothing.

# %% [markdown]
# ## In a forecast of chaos the gradient must explode
#
# Neighbouring orbits separate as $e^{\lambda t}$ with $\lambda = 0.9056$, by {eq}`eq-growth`. A network that
# forecasts well must do the same with its own output: the gradient of its free run with respect
# to its start has to **grow** at the rate $\lambda$, whatever its gates
# {cite}`mikhaeil2022difficulty`. We measure that growth in the trained LSTMs.
#
# :::{margin} Teacher forcing
# In training the network reads true samples at every step, never its own output. So this gradient
# does not appear in the training above; it would in a training on free runs.
# :::


# %%
def free_run_log_gradient(net, n_steps=60):
    """Mean log norm of d(v . x_k)/d x_0 along the free run, k = 1 ... n_steps."""
    _, memory = net(test[:, :warm_up])
    start = sample = test[:, warm_up : warm_up + 1].clone().requires_grad_()
    logs = []
    for _ in range(n_steps):
        sample, memory = net(sample, memory)
        v = torch.randn_like(sample)
        (gradient,) = torch.autograd.grad(sample, start, v, retain_graph=True)
        logs.append(gradient.norm(dim=-1).log().mean().item())
    return logs


# %%
torch.manual_seed(0)
growth = np.array([free_run_log_gradient(net) for net in nets["LSTM"]])
ahead = 0.1 * np.arange(1, 61)

# %% [markdown]
# Over a few time units even the exact growth differs from its long-time mean, so the same
# stretch is measured on the flow map, with pairs of orbits a ten-millionth apart in random
# directions.

# %%
rng = np.random.default_rng(0)
pair = np.stack([truth[:, 0], truth[:, 0] + 1e-7 * rng.standard_normal((100, 3))])
orbits = simulate(pair * std + mean, 0.1, 61)[:, :, 1:] / std
true_growth = np.log(np.linalg.norm(orbits[1] - orbits[0], axis=-1) / 1e-7).mean(0)

# %%
late = ahead > 1
growth_rate = ledger.Estimate.from_samples(np.polyfit(ahead[late], growth[:, late].T, 1)[0])
true_rate = np.polyfit(ahead[late], true_growth[late], 1)[0]

# %% tags=["hide-input"] label="fig-lstm-explosion"
_ = figures.plot_growth(ahead, growth, true_growth)

# %% [markdown]
# ## The gates while the orbit changes wing
#
# The from-scratch layer takes the trained weights and gives the gates that torch hides. We follow
# the unit whose forget gate moves most, along a stretch of a test series in which $x$ changes
# sign. This is an illustration: other units and seeds behave differently.

# %%
_, gates = lstm_layer(held_out[1], *numpy_weights(nets["LSTM"][0].layer))
unit = gates[20:, 0].std(axis=0).argmax()

# %% tags=["hide-input"] label="fig-lstm-gates"
_ = figures.plot_gates(ensemble[301, 20:121, 0], gates[20:121, :, unit])

# %% [markdown]
# ## What we find

# %% tags=["hide-input"]
gain = ledger.Estimate.from_samples((scores["LSTM"] - scores["LSTM without memory"])[:, 1])
valid = {name: estimate[1] for name, estimate in found.items()}
measured = {"free-run-growth": growth_rate, "valid-time": valid["LSTM"]}
measured["valid-time-gain-of-memory"] = gain
measured["valid-time-polynomial"] = valid["polynomial map"]
for name, estimate in measured.items():
    ledger.record(f"lstm/{name}", estimate, amplified=True, seeds=n_seeds, orbits=100)
verdict = (
    "The past holds no information that the present lacks, but it helps this network to compute: "
    "memory is part of the function, not only a record."
    if gain.value > gain.half_width()
    else "This data set cannot show that the past helps: the state is fully observed."
)
Markdown(f"""
* **The from-scratch cell** and torch's layer are the same function.
* **"Treating the problem of the vanishing gradient" is half true.** As initialised, the LSTM's
  gradient changes by {kept["LSTM"]:.1f} decades over {lag} samples (plain network:
  {kept["RNN"]:.1f}); with the forget gate held open ($b_f = 3$), by {kept["LSTM, $b_f = 3$"]:.1f}.
* **How far?** The LSTM forecasts Lorenz for {valid["LSTM"]:.2f} Lyapunov times, the plain recurrent network for
  {valid["RNN"]:.2f}, the LSTM without memory for {valid["LSTM without memory"]:.2f}.
* **What memory gives.** The LSTM's advantage over itself without memory is {gain:.2f} Lyapunov times. {verdict}
* **No network is needed for this.** On the same series a polynomial map, which is one linear regression, forecasts for
  {valid["polynomial map"]:.2f} Lyapunov times, and the identified equations for
  {valid["identified equations"]:.1f}, where two solutions of the true ones part after
  {valid["true equations, another tolerance"]:.1f}.
* **What is left to gain.** The true flow, started with the LSTM's first step, is good for {found["LSTM"][2]:.2f} Lyapunov times. This is what growth of
  errors permits on average at that accuracy, and no bound; the horizon grows with the logarithm of the accuracy only.
* **Chaos in the gradient.** That of the free run grows at {growth_rate:.2f} per time unit over this stretch, the true flow's
  at {true_rate:.2f}, in the long run at 0.9056. In a good forecast of chaos it cannot stay bounded.
""")

# %% [markdown]
# ## Exercises
#
# :::{exercise}
# :label: ex-lstm-hidden
#
# Observe $x$ only. Now the past matters, since one value of $x$ does not fix the state. By how
# much does the LSTM beat the network without memory in one-step error?
# :::

# %% tags=["solution"]
only_x = torch.tensor([1.0, 0.0, 0.0])


def x_error(name, seed):
    """One-step error of x alone; hidden coordinates are zero in input and target."""
    net = train(name, only_x * own[seed], seed, n_steps=150)
    predicted = net(only_x * test)[0][:, warm_up:-1, 0]
    return mse_loss(predicted, test[:, warm_up + 1 :, 0]).sqrt().item()


names = "LSTM", "LSTM without memory"
errors = [[x_error(name, seed) for name in names] for seed in range(n_seeds)]
error = ledger.Estimate.from_samples(errors)
Markdown(f"One-step error with memory {error[0]:.3f}, without {error[1]:.3f}.")

# %% [markdown]
# :::{exercise}
# :label: ex-lstm-forget
#
# Close the forget gate for good ($b_f = -20$) and set $c_{t-1}$ to something large. Show with
# `lstm_cell` that the new cell hardly depends on it.
# :::

# %% tags=["solution"]
W, U, b = numpy_weights(layer)
b[8:16] = -20
cells = [lstm_cell(unit_series[0, 0], np.zeros(8), c, W, U, b)[1] for c in (0, 1e3)]
f"largest difference of the two cells: {abs(cells[0] - cells[1]).max():.1e}"

# %% [markdown]
# **Onward.** The networks that generate whole series at once begin at
# {doc}`/book/03_concepts/adversarial_training` and are judged in
# {doc}`/book/04_generation/evaluation`. Dropout, another tool for training networks, is in
# {doc}`/book/03_concepts/dropout`; where the exponent comes from is in {doc}`/book/01_introduction`.
