"""The figures of the chapter on batch normalisation."""

import matplotlib.pyplot as plt
import numpy as np

from lorenz_utils import plotting

TITLES = {"none": "no normalisation", "batch": "batch normalisation"}


def plot_loss(errors):
    """Test errors (seed, look) by optimiser and normalisation, with a look every ten steps."""
    figure, axes = plt.subplots(1, 2, sharey=True)
    panels = dict(zip(("SGD", "Adam"), axes, strict=True))
    for (optimiser, kind), curves in errors.items():
        ax, colour = panels[optimiser], plotting.CYCLE[0 if kind == "batch" else 1]
        ax.plot(10 * np.arange(curves.shape[1]), curves.T, color=colour, lw=0.9)
        ax.plot([], [], color=colour, label=TITLES[kind])
        ax.set(title=optimiser, xlabel="step", yscale="log")
    axes[0].set_ylabel("test error (std)")
    axes[1].legend()
    return figure


def plot_drift(bands):
    """Low, middle and high inputs of a node, (3, looks), by normalisation."""
    figure, axes = plt.subplots(1, 2, sharey=True)
    for ax, (kind, (low, middle, high)) in zip(axes, bands.items(), strict=True):
        when = 10 * np.arange(len(middle))
        ax.fill_between(when, low, high, color=plotting.CYCLE[0], alpha=0.25)
        ax.plot(when, middle, color=plotting.CYCLE[0])
        ax.set(title=TITLES[kind], xlabel="step")
    axes[0].set_ylabel("input of the node")
    return figure


def plot_trap(real, made):
    """Generated states by the way of sampling, over real ones, (n, 3) each: x against z."""
    style = {"sharex": True, "sharey": True, "figsize": (7.2, 2.5)}
    figure, axes = plt.subplots(1, len(made), **style)
    for ax, (way, states) in zip(axes, made.items(), strict=True):
        ax.plot(*real[:, [0, 2]].T, ".", ms=1, color="#AFB8C1")
        ax.plot(*states[:, [0, 2]].T, ".", ms=2, color=plotting.COLOURS["generated"])
        ax.set_title(way.replace(", ", ",\n"), fontsize=8)
        ax.set_xlabel("x (std)")
    axes[0].set(ylabel="z (std)", xlim=(-3, 3), ylim=(-3, 3))
    return figure
