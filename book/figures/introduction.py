"""The figures of the introduction."""

import matplotlib.pyplot as plt
import numpy as np

from book.figures.common import plot_coloured
from lorenz_utils import plotting

__all__ = ["plot_attractor", "plot_coloured", "plot_distances", "plot_order", "plot_pairs"]
TIME = "time (Lorenz time units)"
STEP = r"step $\delta t$ (Lorenz time units)"


def plot_distances(distances, dt):
    """Distances from the unchanged orbits against time, by what was changed."""
    ax = plt.subplots()[1]
    for label, values in distances.items():
        ax.semilogy(dt * np.arange(1, len(values) + 1), values, label=label)
    ax.set(xlabel=TIME, ylabel="distance (standard deviations)")
    return ax.legend()


def plot_pairs(distances, dt, slope):
    """Distances of pairs of orbits, (n_pairs, length), and a dashed line of the slope."""
    ax = plt.subplots()[1]
    time = dt * np.arange(distances.shape[1])
    ax.semilogy(time, distances.T, linewidth=0.9)
    ax.semilogy(time[:2200], 1e-8 * np.exp(slope * time[:2200]), "--", color="black")
    ax.axhline(1, linestyle=":", color=plotting.COLOURS["reference"])
    return ax.set(xlabel=TIME, ylabel=r"distance $|\delta|$")


def plot_order(steps, low, median, high):
    """Error of Euler's method against its step, and a dashed line of slope one."""
    ax = plt.subplots()[1]
    ax.loglog(steps, median, "o-", label="Euler")
    ax.fill_between(steps, low, high, alpha=0.2)
    ax.loglog(steps, median[-1] * steps / steps[-1], "--", color="black", label="slope 1")
    ax.set(xlabel=STEP, ylabel="error of the state")
    return ax.legend()


def plot_attractor(steps, means, bars, truth, broken):
    """Mean of z and largest exponent of Euler's map, (n_steps, 2); shaded, the broken steps."""
    axes = plt.subplots(1, 2)[1]
    for ax, values, errors, true in zip(axes, means.T, bars.T, truth, strict=True):
        ax.errorbar(steps, values, errors, fmt="o-", capsize=2)
        ax.axhline(true, linestyle="--", color="black")
        ax.axvspan(min(broken), 0.1, color="0.85")
        ax.set(xscale="log", xlabel=STEP)
    axes[0].set_ylabel("mean of z")
    axes[1].set_ylabel("largest exponent (1 / time unit)")
    return axes
