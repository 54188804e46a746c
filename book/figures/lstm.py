"""The figures of the chapter on long short-term memory."""

import matplotlib.pyplot as plt
import numpy as np

from lorenz_utils import plotting

INK, PALE = "#24292F", "#D0D7DE"
# The cell's circuit: where its boxes, signs and names stand, and the lines between them.
GATES = [
    (2.6, "sigm", "1 forget $f_t$", plotting.CYCLE[1]),
    (4.6, "sigm", "2 input $i_t$", plotting.CYCLE[0]),
    (6.3, "tanh", "candidate $g_t$", PALE),
    (8.3, "sigm", "3 output $o_t$", plotting.CYCLE[2]),
]
SIGNS = [(2.6, 5.2, "×"), (5.6, 5.2, "+"), (5.6, 3.7, "×"), (9.9, 3.1, "×")]
STATES = [(0.2, 5.2, "$c_{t-1}$"), (11.7, 5.2, "$c_t$"), (0.2, 0.7, "$h_{t-1}$")]
STATES += [(11.7, 3.1, "$h_t$"), (1.2, -0.25, "$x_t$")]
LINES = [[(0.6, 0.7), (8.3, 0.7)], [(1.2, 0.0), (1.2, 0.7)]]
ARROWS = [
    *([(x, 0.7), (x, 1.5)] for x, *_ in GATES),
    *([(start, 5.2), (end, 5.2)] for start, end in [(0.6, 2.27), (2.93, 5.27), (5.93, 11.4)]),
    [(2.6, 2.2), (2.6, 4.87)],
    [(4.6, 2.2), (4.6, 3.7), (5.27, 3.7)],
    [(6.3, 2.2), (6.3, 3.7), (5.93, 3.7)],
    [(5.6, 4.03), (5.6, 4.87)],
    [(8.3, 2.2), (8.3, 3.1), (9.57, 3.1)],
    [(9.9, 5.2), (9.9, 4.5)],
    [(9.9, 3.9), (9.9, 3.43)],
    [(10.23, 3.1), (11.4, 3.1)],
]


def plot_cell():
    """The three gates of the cell, as a circuit."""
    figure, ax = plt.subplots(figsize=(7.2, 3.5))
    ax.set(xlim=(0, 12), ylim=(0, 6.2), aspect="equal")
    ax.axis("off")
    middle = {"ha": "center", "va": "center", "color": "black"}
    boxes = [((x - 0.6, 1.5), 0.7, colour, 0.75) for x, *_, colour in GATES]
    for corner, height, colour, alpha in [*boxes, ((9.3, 3.9), 0.6, PALE, 1)]:
        style = {"facecolor": colour, "edgecolor": INK, "alpha": alpha}
        ax.add_patch(plt.Rectangle(corner, 1.2, height, **style))
    for x, function, name, _ in GATES:
        ax.text(x, 1.85, function, **middle)
        ax.text(x + 0.1, 2.33, name, ha="left", va="bottom", fontsize=8)
    ax.text(9.9, 4.2, "tanh", **middle)
    for points in [*LINES, *ARROWS]:
        ax.plot(*zip(*points[:-1], strict=True), color=INK, lw=1.3, solid_capstyle="round")
        head = "-" if points in LINES else "-|>"
        style = {"arrowstyle": head, "color": INK, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", points[-1], points[-2], arrowprops=style)
    for x, y, sign in SIGNS:
        ax.add_patch(plt.Circle((x, y), 0.33, facecolor="white", edgecolor=INK, zorder=3))
        ax.text(x, y, sign, zorder=4, **middle)
    for x, y, state in STATES:
        ax.text(x, y, state, fontsize=12, **middle)
    return figure


def plot_gradient(reach):
    """Estimates of the gradient's decades against the lag, by kind of layer."""
    figure, ax = plt.subplots()
    for (name, curve), colour in zip(reach.items(), plotting.CYCLE, strict=False):
        low, high = curve.value - curve.half_width(), curve.value + curve.half_width()
        ax.plot(curve.value, color=colour, label=name)
        ax.fill_between(range(len(low)), low, high, color=colour, alpha=0.2)
    ax.set(xlabel="lag k (samples)", ylabel="$\\log_{10}$ gradient norm, relative to k = 0")
    ax.legend()
    return figure


def plot_forecast(truth, forecasts):
    """One true series of x, and forecasts of it by name."""
    figure, ax = plt.subplots()
    time = 0.1 * np.arange(len(truth))
    ax.plot(time, truth, color=plotting.COLOURS["real"], lw=2, label="truth")
    for (name, forecast), kind in zip(forecasts.items(), ("generated", "light"), strict=True):
        ax.plot(time, forecast, color=plotting.COLOURS[kind], label=name)
    ax.set(xlabel="time since the last observation (Lorenz time units)", ylabel="x")
    ax.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def plot_growth(ahead, growth, true_growth):
    """Logarithms of gradients along free runs, one a seed, and of the true flow's growth."""
    figure, ax = plt.subplots()
    ax.plot(ahead, growth.T, color=plotting.COLOURS["generated"], alpha=0.7)
    ax.plot([], [], color=plotting.COLOURS["generated"], label="LSTM, five seeds")
    ax.plot(ahead, true_growth, "--", color=plotting.COLOURS["real"], label="true flow")
    colour = plotting.COLOURS["reference"]
    ax.plot(ahead, 0.9056 * ahead, ":", color=colour, label=r"$0.9056\,t$")
    ax.set(xlabel="time ahead (Lorenz time units)", ylabel="mean log gradient norm")
    ax.legend()
    return figure


def plot_gates(x, gates):
    """A series of x, and the three gates (length, 3) of one unit that reads it."""
    figure, axes = plt.subplots(2, 1, sharex=True, figsize=(7.2, 4.2))
    time = 0.1 * np.arange(len(x))
    axes[0].plot(time, x, color=plotting.COORDINATES["x"])
    for name, gate, colour in zip(("forget", "input", "output"), gates.T, "yxz", strict=True):
        axes[1].plot(time, gate, color=plotting.COORDINATES[colour], label=name)
    for ax in axes:
        style = {"color": plotting.COLOURS["reference"], "alpha": 0.15, "lw": 0}
        ax.fill_between(time, 0, 1, where=x < 0, transform=ax.get_xaxis_transform(), **style)
    axes[0].set_ylabel("x")
    axes[1].set(xlabel="time (Lorenz time units)", ylabel="gate", ylim=(-0.02, 1.02))
    axes[1].legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 0.97))
    return figure
