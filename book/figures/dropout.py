"""Figures of the chapter on dropout."""

import matplotlib.pyplot as plt
import numpy as np

from lorenz_utils.plotting import COLOURS, CYCLE


def plot_weights(lags, plain, expected, drawn):
    """Weights of least squares; of dropout, by the formula and by masks."""
    fig, (left, right) = plt.subplots(1, 2)
    time = "time of the input (Lorenz time units)"
    left.plot(lags, plain, "o-", color=CYCLE[1])
    left.set(title="least squares", ylabel="weight", xlabel=time)
    right.plot(lags, expected, "o-", color=CYCLE[0], label="formula")
    right.plot(lags, drawn, "x", ms=9, color=COLOURS["real"], label="drawn masks")
    right.set(title="dropout, p = 0.1", xlabel=time)
    right.legend()
    return fig


def plot_gap(runs):
    """Training and test errors of each network, a line for each seed; one panel for each noise."""
    fig, axes = plt.subplots(1, 2, sharey=True, figsize=(7.2, 3.4))
    panels = dict(zip((0.0, 0.3), axes, strict=True))
    for k, ((noise, _), values) in enumerate(runs.items()):
        ax, x, (train, test) = panels[noise], k % 4, values.T[:2]
        ax.plot([x - 0.15, x + 0.15], [train, test], color="#D0D7DE", lw=1)
        ax.plot(np.full(len(train), x - 0.15), train, "o", color=CYCLE[0], ms=4)
        ax.plot(np.full(len(test), x + 0.15), test, "s", color=CYCLE[1], ms=4)
    for ax, title in zip(axes, ("exact pairs", "noisy pairs"), strict=True):
        ax.set(title=title, xlabel="dropout")
        ax.set_xticks(range(4), ["none", "0.2", "0.5", "decay"])
    axes[0].plot([], [], "o", color=CYCLE[0], label="training")
    axes[0].plot([], [], "s", color=CYCLE[1], label="test")
    axes[0].legend()
    axes[0].set(ylabel="rms error (std)", yscale="log")
    return fig
