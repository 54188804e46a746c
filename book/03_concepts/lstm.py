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

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
from IPython.display import Markdown

from lorenz_utils import ledger, plotting
from lorenz_utils.system import flow_map, make_ensemble

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
fig, ax = plt.subplots(figsize=(7.2, 3.5))
ax.set(xlim=(0, 12), ylim=(0, 6.2), aspect="equal")
ax.axis("off")


def node(x, y, text, colour="white", radius=0.33):
    """A circle with a sign in it."""
    ax.add_patch(plt.Circle((x, y), radius, facecolor=colour, edgecolor="#24292F", zorder=3))
    ax.text(x, y, text, ha="center", va="center", zorder=4)


def arrow(*points, head=True):
    """A broken line through the points, with a head at its end."""
    xs, ys = zip(*points, strict=True)
    ax.plot(xs[:-1], ys[:-1], color="#24292F", lw=1.3, solid_capstyle="round")
    style = {
        "arrowstyle": "-|>" if head else "-",
        "color": "#24292F",
        "shrinkA": 0,
        "shrinkB": 0,
    }
    ax.annotate("", points[-1], points[-2], arrowprops=style)


gates = [
    (2.6, "sigm", "1 forget $f_t$", plotting.CYCLE[1]),
    (4.6, "sigm", "2 input $i_t$", plotting.CYCLE[0]),
]
gates += [
    (6.3, "tanh", "candidate $g_t$", "#D0D7DE"),
    (8.3, "sigm", "3 output $o_t$", plotting.CYCLE[2]),
]
for x, function, label, colour in gates:
    box = plt.Rectangle((x - 0.6, 1.5), 1.2, 0.7, facecolor=colour, edgecolor="#24292F", alpha=0.75)
    ax.add_patch(box)
    ax.text(x, 1.85, function, ha="center", va="center", color="black")
    ax.text(x + 0.1, 2.33, label, ha="left", va="bottom", fontsize=8)
    arrow((x, 0.7), (x, 1.5))
arrow((0.6, 0.7), (8.3, 0.7), head=False)
arrow((1.2, 0.0), (1.2, 0.7), head=False)
arrow((0.6, 5.2), (2.6 - 0.33, 5.2))
arrow((2.6 + 0.33, 5.2), (5.6 - 0.33, 5.2))
arrow((5.6 + 0.33, 5.2), (11.4, 5.2))
arrow((2.6, 2.2), (2.6, 5.2 - 0.33))
arrow((4.6, 2.2), (4.6, 3.7), (5.6 - 0.33, 3.7))
arrow((6.3, 2.2), (6.3, 3.7), (5.6 + 0.33, 3.7))
arrow((5.6, 3.7 + 0.33), (5.6, 5.2 - 0.33))
arrow((8.3, 2.2), (8.3, 3.1), (9.9 - 0.33, 3.1))
arrow((9.9, 5.2), (9.9, 4.5))
arrow((9.9, 3.9), (9.9, 3.1 + 0.33))
arrow((9.9 + 0.33, 3.1), (11.4, 3.1))
ax.add_patch(plt.Rectangle((9.3, 3.9), 1.2, 0.6, facecolor="#D0D7DE", edgecolor="#24292F"))
ax.text(9.9, 4.2, "tanh", ha="center", va="center")
for x, y, sign in [(2.6, 5.2, "×"), (5.6, 5.2, "+"), (5.6, 3.7, "×"), (9.9, 3.1, "×")]:
    node(x, y, sign)
for x, y, text in [
    (0.2, 5.2, "$c_{t-1}$"),
    (11.7, 5.2, "$c_t$"),
    (0.2, 0.7, "$h_{t-1}$"),
    (11.7, 3.1, "$h_t$"),
    (1.2, -0.25, "$x_t$"),
]:
    ax.text(x, y, text, ha="center", va="center", fontsize=12)

# %% [markdown]
# {numref}`fig-lstm-cell` draws equations {eq}`eq-lstm-gates`. Nothing multiplies the cell by a matrix:
# on its way from left to right it meets a product and a sum. In numpy the whole layer is:


# %% tags=["kernel"]
import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def lstm_cell(x, h, c, W, U, b):
    """One step. The rows of W, U, b hold the gates in torch's order i, f, g, o."""
    i, f, g, o = np.split(x @ W.T + h @ U.T + b, 4, axis=-1)
    i, f, o = sigmoid(i), sigmoid(f), sigmoid(o)
    c = f * c + i * np.tanh(g)
    return o * np.tanh(c), c, (f, i, o)


# %% tags=["kernel"]
def lstm_layer(x, W, U, b):
    """(length, n_in) -> hidden states (length, n), gates f, i, o (length, 3, n)."""
    h = c = np.zeros(U.shape[1])
    hidden, gates = [], []
    for sample in x:
        h, c, gate = lstm_cell(sample, h, c, W, U, b)
        hidden.append(h)
        gates.append(gate)
    return np.array(hidden), np.array(gates)


# %% [markdown]
# torch's layer keeps the same matrices under other names, and two biases whose sum is $b$.
# On one standardised Lorenz series the two agree to the rounding of double precision:

# %%
import torch
from torch import nn

torch.set_num_threads(1)
ensemble = make_ensemble(400, 200, 0.1, rng=0)
mean, std = ensemble.mean((0, 1)), ensemble.std((0, 1))
unit_series = (ensemble - mean) / std


# %%
def numpy_weights(layer):
    """W, U and b of a torch LSTM."""
    W, U, b_ih, b_hh = (p.detach().numpy() for p in layer.parameters())
    return W, U, b_ih + b_hh


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
def with_forget_bias(layer, bias):
    """Set b_f of a torch LSTM."""
    n = layer.hidden_size
    with torch.no_grad():
        layer.bias_ih_l0[n : 2 * n] = bias
        layer.bias_hh_l0[n : 2 * n] = 0
    return layer


def log_gradient(layer, series):
    """Mean log norm of d(v . h_T)/d x_(T-k) for k = 0, 1, ... and random v."""
    series = series.clone().requires_grad_()
    last = layer(series)[0][:, -1]
    (gradient,) = torch.autograd.grad((last * torch.randn_like(last)).sum(), series)
    return gradient.norm(dim=-1).log().mean(0).flip(0).numpy()


# %%
new_layers = {
    "RNN": lambda: nn.RNN(3, 32, batch_first=True),
    "LSTM": lambda: nn.LSTM(3, 32, batch_first=True),
    "LSTM, $b_f = 1$": lambda: with_forget_bias(nn.LSTM(3, 32, batch_first=True), 1),
    "LSTM, $b_f = 3$": lambda: with_forget_bias(nn.LSTM(3, 32, batch_first=True), 3),
}
test = torch.tensor(unit_series[300:], dtype=torch.float32)
reach = {}
for name, make in new_layers.items():
    torch.manual_seed(1)
    curves = np.array([log_gradient(make(), test[:, :61]) for _ in range(10)])
    reach[name] = ledger.Estimate.from_samples((curves - curves[:, :1]) / np.log(10))

# %% tags=["hide-input"] label="fig-lstm-gradient"
fig, ax = plt.subplots()
for (name, curve), colour in zip(reach.items(), plotting.CYCLE, strict=False):
    low, high = curve.value - curve.half_width(), curve.value + curve.half_width()
    ax.plot(curve.value, color=colour, label=name)
    ax.fill_between(range(61), low, high, color=colour, alpha=0.2)
ax.set(xlabel="lag k (samples)", ylabel="$\\log_{10}$ gradient norm, relative to k = 0")
_ = ax.legend()

# %% [markdown]
# {numref}`fig-lstm-gradient` has a logarithmic axis: a straight line is a geometric decay, as the
# direct factor of {eq}`eq-lstm-state` gives it when the gate stays constant.

# %% tags=["hide-input"]
lag = 50
kept = {name: curve[lag] for name, curve in reach.items()}
ledger.record("lstm/gradient-decades-default", kept["LSTM"], amplified=True, seeds=10, lag=lag)
ledger.record(
    "lstm/gradient-decades-open", kept["LSTM, $b_f = 3$"], amplified=True, seeds=10, lag=lag
)
ledger.record("lstm/gradient-decades-rnn", kept["RNN"], amplified=True, seeds=10, lag=lag)
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
# memory $m_t$, at the deck's step $dt = 0.1$: an LSTM, a plain RNN, and as a control **the same LSTM without
# memory**, its state cleared before every sample. The full state is in each sample, so by Lorenz's
# equations {eq}`eq-lorenz` the past holds no information that the present lacks. Each of five seeds has its own training series, initial weights and batches; the
# hundred test series are common.


# %% tags=["hide-input"]
class Recurrent(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer, self.readout = layer, nn.Linear(layer.hidden_size, 3)

    def forward(self, x, memory=None):
        h, memory = self.layer(x, memory)
        return x + self.readout(h), memory


class WithoutMemory(nn.Module):
    """A recurrent network that takes each sample for a new series."""

    def __init__(self, recurrent):
        super().__init__()
        self.recurrent = recurrent

    def forward(self, x, memory=None):
        return self.recurrent(x.reshape(-1, 1, 3))[0].reshape(x.shape), None


# %% tags=["hide-input"]
def train(net, series, *, n_steps=400, rate=1e-2, window=20):
    """One-step prediction error on random windows, by Adam under a one-cycle rate."""
    adam = torch.optim.Adam(net.parameters(), fused=True)
    cycle = torch.optim.lr_scheduler.OneCycleLR(adam, rate, total_steps=n_steps)
    for _ in range(n_steps):
        start = torch.randint(series.shape[1] - window, ())
        batch = series[torch.randint(len(series), (64,)), start : start + window + 1]
        loss = (net(batch[:, :-1])[0] - batch[:, 1:]).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        cycle.step()
    return net


# %%
n_seeds = 5
makers = {
    "LSTM": lambda: Recurrent(nn.LSTM(3, 32, batch_first=True)),
    "RNN": lambda: Recurrent(nn.RNN(3, 64, batch_first=True)),
    "LSTM without memory": lambda: WithoutMemory(makers["LSTM"]()),
}
training_sets = torch.tensor(unit_series[:300], dtype=torch.float32).chunk(n_seeds)
nets = {name: [] for name in makers}
for seed in range(n_seeds):
    for name, make in makers.items():
        torch.manual_seed(seed)
        nets[name].append(train(make(), training_sets[seed]))

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

# %% tags=["hide-input"]
warm_up, horizon = 20, 120
lyapunov_time = 1 / 0.9056
truth = unit_series[300:, warm_up : warm_up + horizon]


def valid_time(forecast):
    """Mean over the test series, in Lyapunov times."""
    bad = np.sqrt(np.mean((forecast - truth) ** 2, axis=-1)) > 0.4
    first = np.where(bad.any(1), bad.argmax(1), horizon)
    return first.mean() * 0.1 / lyapunov_time


@torch.no_grad()
def free_run(net):
    """Forecast `horizon` samples after the warm-up."""
    past, memory = net(test[:, :warm_up])
    forecast = [past[:, -1:]]
    while len(forecast) < horizon:
        sample, memory = net(forecast[-1], memory)
        forecast.append(sample)
    return torch.cat(forecast, 1).numpy()


@torch.no_grad()
def one_step_error(net):
    error = net(test[:, :-1])[0] - test[:, 1:]
    return error[:, warm_up:].square().mean().sqrt().item()


# %% [markdown]
# Three references are not networks. *Persistence* repeats the last sample. A *linear
# autoregression* fits the next state to the last five by least squares. The *flow map* is the
# truth itself, started with an error as large as the LSTM's one-step error: no model of that
# accuracy can be expected to last longer. {numref}`tab-lstm-forecast` holds them all, and
# {numref}`fig-lstm-forecast` shows one forecast.


# %% tags=["hide-input"]
order = 5


def pasts(series):
    """The last `order` states and a constant, (n_series, n_windows, 3 * order + 1)."""
    lags = [series[:, k : series.shape[1] - order + k] for k in range(order)]
    return np.concatenate([*lags, np.ones_like(lags[0][..., :1])], axis=-1)


def fit_linear(series):
    rows = pasts(series).reshape(-1, 3 * order + 1)
    return np.linalg.lstsq(rows, series[:, order:].reshape(-1, 3), rcond=None)[0]


def run_linear(coefficients):
    states = list(unit_series[300:, warm_up - order : warm_up].swapaxes(0, 1))
    for _ in range(horizon):
        recent = np.column_stack([*states[-order:], np.ones(100)])
        states.append(recent @ coefficients)
    return np.stack(states[order:], axis=1)


def rms(error):
    return np.sqrt(np.mean(np.square(error)))


# %% tags=["hide-input"]
linear = [fit_linear(series.numpy().astype(float)) for series in training_sets]
held_out = unit_series[300:]
last = np.repeat(held_out[:, warm_up - 1 : warm_up], horizon, axis=1)
step_errors = {name: [one_step_error(net) for net in nets[name]] for name in nets}
valid_times = {name: [valid_time(free_run(net)) for net in nets[name]] for name in nets}
step_errors["linear autoregression"] = [
    rms(pasts(held_out) @ coefficients - held_out[:, order:]) for coefficients in linear
]
valid_times["linear autoregression"] = [valid_time(run_linear(c)) for c in linear]


# %% tags=["hide-input"]
def run_flow_map(error, rng):
    """The exact dynamics from a start that is wrong by `error` (rms)."""
    start = held_out[:, warm_up] + error * rng.standard_normal((100, 3))
    states = [start * std + mean]
    while len(states) < horizon:
        states.append(flow_map(states[-1], 0.1, rtol=1e-6))
    return (np.stack(states, axis=1) - mean) / std


rng = np.random.default_rng(0)
flow_name = "flow map, started as wrong as the LSTM's step"
step_errors[flow_name] = step_errors["LSTM"]
valid_times[flow_name] = [valid_time(run_flow_map(e, rng)) for e in step_errors["LSTM"]]

# %% tags=["hide-input"] label="tab-lstm-forecast"
step = {name: ledger.Estimate.from_samples(v) for name, v in step_errors.items()}
valid = {name: ledger.Estimate.from_samples(v) for name, v in valid_times.items()}
rows = [["persistence", f"{rms(np.diff(held_out, axis=1)):.4f}", f"{valid_time(last):.2f}"]]
names = ["linear autoregression", "RNN", "LSTM without memory", "LSTM", flow_name]
rows += [[name, f"{step[name]:.4f}", f"{valid[name]:.2f}"] for name in names]
headers = ["forecast", "one-step error (std)", "valid prediction time (Lyapunov times)"]
plotting.table(headers, rows)

# %% tags=["hide-input"] label="fig-lstm-forecast"
fig, ax = plt.subplots()
time = 0.1 * np.arange(horizon)
in_x = lambda forecast: forecast[0, :, 0] * std[0] + mean[0]  # noqa: E731
ax.plot(time, in_x(truth), color=plotting.COLOURS["real"], lw=2, label="truth")
ax.plot(
    time,
    in_x(free_run(nets["LSTM"][0])),
    color=plotting.COLOURS["generated"],
    label="LSTM",
)
ax.plot(
    time,
    in_x(run_linear(linear[0])),
    color=plotting.COLOURS["light"],
    label="linear autoregression",
)
ax.set(xlabel="time since the last observation (Lorenz time units)", ylabel="x")
_ = ax.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1))

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
        along = (sample * torch.randn_like(sample)).sum()
        (gradient,) = torch.autograd.grad(along, start, retain_graph=True)
        logs.append(gradient.norm(dim=-1).log().mean().item())
    return logs


torch.manual_seed(0)
growth = np.array([free_run_log_gradient(net) for net in nets["LSTM"]])
ahead = 0.1 * np.arange(1, 61)

# %% [markdown]
# Over a few time units even the exact growth differs from its long-time mean, so the same
# stretch is measured on the flow map, with pairs of orbits a ten-millionth apart in random
# directions.

# %%
direction = rng.standard_normal((100, 3))
pair = np.stack([held_out[:, warm_up], held_out[:, warm_up] + 1e-7 * direction])
true_growth = []
for _ in ahead:
    pair = (flow_map(pair * std + mean, 0.1) - mean) / std
    true_growth.append(np.log(np.linalg.norm(pair[1] - pair[0], axis=-1) / 1e-7).mean())

late = ahead > 1
rates = np.polyfit(ahead[late], growth[:, late].T, 1)[0]
growth_rate = ledger.Estimate.from_samples(rates)
true_rate = np.polyfit(ahead[late], np.array(true_growth)[late], 1)[0]
_ = ledger.record("lstm/free-run-growth", growth_rate, amplified=True, seeds=n_seeds, orbits=100)

# %% tags=["hide-input"] label="fig-lstm-explosion"
fig, ax = plt.subplots()
ax.plot(ahead, growth.T, color=plotting.COLOURS["generated"], alpha=0.7)
ax.plot([], [], color=plotting.COLOURS["generated"], label="LSTM, five seeds")
ax.plot(ahead, true_growth, "--", color=plotting.COLOURS["real"], label="true flow")
ax.plot(
    ahead,
    0.9056 * ahead,
    ":",
    color=plotting.COLOURS["reference"],
    label=r"$0.9056\,t$",
)
ax.set(xlabel="time ahead (Lorenz time units)", ylabel="mean log gradient norm")
_ = ax.legend()

# %% [markdown]
# ## The gates while the orbit changes wing
#
# The from-scratch layer takes the trained weights and gives the gates that torch hides. We follow
# the unit whose forget gate moves most, along a stretch of a test series in which $x$ changes
# sign. This is an illustration: other units and seeds behave differently.

# %%
weights = numpy_weights(nets["LSTM"][0].layer)
_, gates = lstm_layer(held_out[1], *weights)
unit = gates[20:, 0].std(axis=0).argmax()

# %% tags=["hide-input"] label="fig-lstm-gates"
fig, axes = plt.subplots(2, 1, sharex=True, figsize=(7.2, 4.2))
shown = slice(20, 121)
time = 0.1 * np.arange(101)
x = held_out[1, shown, 0] * std[0] + mean[0]
axes[0].plot(time, x, color=plotting.COORDINATES["x"])
for name, gate, colour in zip(
    ["forget", "input", "output"],
    gates[shown, :, unit].T,
    ["#D55E00", "#0072B2", "#009E73"],
    strict=True,
):
    axes[1].plot(time, gate, color=colour, label=name)
for ax in axes:
    ax.fill_between(
        time,
        0,
        1,
        where=x < 0,
        color="#6E7781",
        alpha=0.15,
        transform=ax.get_xaxis_transform(),
        lw=0,
    )
axes[0].set_ylabel("x")
axes[1].set(xlabel="time (Lorenz time units)", ylabel="gate", ylim=(-0.02, 1.02))
_ = axes[1].legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 0.97))

# %% [markdown]
# ## What we find

# %% tags=["hide-input"]
gain = ledger.Estimate.from_samples(
    np.array(valid_times["LSTM"]) - valid_times["LSTM without memory"]
)
ledger.record("lstm/valid-time", valid["LSTM"], amplified=True, seeds=n_seeds, orbits=100)
ledger.record("lstm/valid-time-gain-of-memory", gain, amplified=True, seeds=n_seeds, orbits=100)
verdict = (
    "The past holds no information that the present lacks, but it helps this network to compute: "
    "memory is part of the function, not only a record."
    if gain.value > gain.half_width()
    else "This data set cannot show that the past helps: the state is fully observed."
)
Markdown(f"""
* The from-scratch cell and torch's layer are the same function.
* "Treating the problem of the vanishing gradient" is half true. As initialised, the LSTM's
  gradient changes by {kept["LSTM"]:.1f} decades over {lag} samples (plain network:
  {kept["RNN"]:.1f}); with the forget gate held open ($b_f = 3$), by {kept["LSTM, $b_f = 3$"]:.1f}.
* The LSTM forecasts Lorenz for {valid["LSTM"]:.2f} Lyapunov times, the plain recurrent network for
  {valid["RNN"]:.2f}, the LSTM without memory for {valid["LSTM without memory"]:.2f}, the linear
  autoregression for {valid["linear autoregression"]:.2f}.
* The LSTM's advantage over itself without memory is {gain:.2f} Lyapunov times. {verdict}
* Starting the true flow with the LSTM's one-step error, {step["LSTM"]:.4f} standard deviations, gives
  {valid[flow_name]:.2f} Lyapunov times. Even an exact model lasts no longer from such a start:
  the horizon grows only with the logarithm of the accuracy.
* The gradient of the free run grows at {growth_rate:.2f} per time unit over this stretch, the true flow's
  at {true_rate:.2f}, in the long run at 0.9056. In a good forecast of chaos it cannot stay bounded.
""")

# %% [markdown]
# ## Exercises
#
# 1. Observe $x$ only. Now the past matters, since one value of $x$ does not fix the state. By how
#    much does the LSTM beat the network without memory in one-step error?

# %% tags=["hide-cell"]
only_x = [series * torch.tensor([1.0, 0.0, 0.0]) for series in training_sets]


def x_error(make, seed):
    """One-step error of x alone; hidden coordinates are zero in input and target."""
    torch.manual_seed(seed)
    net = train(make(), only_x[seed], n_steps=150)
    with torch.no_grad():
        seen = test * torch.tensor([1.0, 0.0, 0.0])
        error = (net(seen[:, :-1])[0] - seen[:, 1:])[:, warm_up:, 0]
    return error.square().mean().sqrt().item()


memory, no_memory = (
    ledger.Estimate.from_samples([x_error(makers[name], seed) for seed in range(n_seeds)])
    for name in ("LSTM", "LSTM without memory")
)
Markdown(f"One-step error with memory {memory:.3f}, without {no_memory:.3f}.")

# %% [markdown]
# 2. Close the forget gate for good ($b_f = -20$) and set $c_{t-1}$ to something large. Show with
#    `lstm_cell` that the new cell hardly depends on it.

# %% tags=["hide-cell"]
W, U, b = numpy_weights(with_forget_bias(layer, -20))
h = np.zeros(8)
cells = [lstm_cell(unit_series[0, 0], h, c, W, U, b)[1] for c in (np.zeros(8), np.full(8, 1e3))]
f"largest difference of the two cells: {abs(cells[0] - cells[1]).max():.1e}"

# %% [markdown]
# **Onward.** Dropout, another tool for training networks, is in {doc}`/book/03_concepts/dropout`;
# the networks that generate whole series at once begin at
# {doc}`/book/03_concepts/adversarial_training` and are judged in
# {doc}`/book/04_generation/evaluation`. Where the exponent comes from is in
# {doc}`/book/01_introduction`.
