"""Figures of the chapter on adversarial training."""

import matplotlib.pyplot as plt
import numpy as np

from lorenz_utils.plotting import COLOURS, COORDINATES, CYCLE


def plot_optimal(edges, p_r, p_g, learned, optimal):
    """Densities of the two distributions; the discriminators of the networks and the optimal one."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3))
    centres, width = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
    left.stairs(p_r / width, edges, color=COORDINATES["x"], label="$p_r$, Lorenz $x$")
    left.plot(centres, p_g / width, color=COLOURS["generated"], label="$p_g$, Gaussian")
    left.set(xlabel="$x$", ylabel="density", ylim=(0, 0.09))
    left.legend(loc="upper right", fontsize=8)
    lines = right.plot(centres, learned.T, color=COLOURS["light"], lw=0.8)
    lines[0].set_label("ten networks")
    right.plot(centres, optimal, color=COLOURS["real"], label=r"$D^\star$")
    right.set(xlabel="$x$", ylabel="probability of real", ylim=(0, 1))
    right.legend(fontsize=8)
    return fig


def plot_slopes(s, slopes):
    """Sizes of the losses' slopes at the logit s of a fake, by the logit of a real sample."""
    fig, ax = plt.subplots(figsize=(6.4, 3))
    for name in ("saturating", "non-saturating"):
        ax.plot(s, -next(iter(slopes.values()))[name], label=name)
    for (s_real, by_loss), style in zip(slopes.items(), ("--", ":"), strict=True):
        label = f"relativistic, real at {s_real}"
        ax.plot(s, -by_loss["relativistic"], style, color=CYCLE[2], label=label)
    ax.set(xlabel="logit $s$ of a fake ($s < 0$: recognised)", ylabel="size of the slope")
    ax.legend(fontsize=8)
    return fig


def plot_ring(runs, modes, radius):
    """The first repeat of each training, and the modes as circles."""
    fig, axes = plt.subplots(1, 6, figsize=(10.5, 2.1), sharex=True, sharey=True)
    for ax, (name, samples) in zip(axes, runs.items(), strict=True):
        ax.plot(*samples[0].T, ".", ms=1, alpha=0.4, color=COLOURS["generated"])
        for mode in modes:
            ax.add_patch(plt.Circle(mode, radius, fill=False, color=COLOURS["reference"]))
        ax.set(aspect="equal", xlim=(-2.9, 2.9), ylim=(-2.9, 2.9), xticks=[], yticks=[])
        ax.set_title(name, fontsize=8)
    return fig


def plot_questions(capacity, generalisation, distances):
    """Three panels: best generators, copied training sets, the paths of the game of two numbers."""
    fig, axes = plt.subplots(1, 3, figsize=(9.5, 3))
    plot_capacity(axes[0], *capacity)
    plot_generalisation(axes[1], *generalisation)
    for name, distance in distances.items():
        axes[2].semilogy(distance, label=name)
    axes[2].set(xlabel="step", ylabel="distance to equilibrium", ylim=(1e-8, 1e2))
    for ax, title in zip(axes, ("1 capacity", "2 generalisation", "3 optimisation"), strict=True):
        ax.set_title(title)
        ax.legend(fontsize=8)
    axes[1].legend(fontsize=8, loc="lower left")
    return fig


def plot_capacity(ax, units, distances, between):
    """W2 distance of the best generators, a row for each repeat, and of two real samples."""
    error = 2 * distances.std(0, ddof=1) / len(distances) ** 0.5
    ax.errorbar(np.add(units, 1), distances.mean(0), error, marker="o", ms=4)
    ax.axhline(between, color=COLOURS["reference"], ls="--", label="real against real")
    ax.set(xscale="log", yscale="log")
    ax.set(xlabel="units of the generator + 1", ylabel="W2 distance")


def plot_generalisation(ax, sizes, gaps, theory):
    """JS of copied training sets, a row for each repeat, against new data."""
    error = 2 * gaps.std(0, ddof=1) / len(gaps) ** 0.5
    ax.errorbar(sizes, gaps.mean(0), error, fmt="o", ms=4, label="copy against new data")
    ax.plot(sizes, theory, "--", color=COLOURS["reference"], label="$(k - 1) / 4n$")
    ax.set(xscale="log", yscale="log", xlabel="training samples $n$", ylabel="JS (nat)")


def plot_saturation(shifts, divergences):
    """The JS divergence of two Gaussians against their distance."""
    fig, ax = plt.subplots(figsize=(5, 2.4))
    ax.plot(shifts, divergences)
    ax.axhline(np.log(2), ls="--", color=COLOURS["reference"])
    ax.set(xlabel="distance $a$", ylabel="JS (nat)")
    return fig
