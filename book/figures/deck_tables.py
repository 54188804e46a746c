"""The figures of the chapter on the deck's tables."""

import matplotlib.pyplot as plt
import numpy as np

from lorenz_utils import plotting


def plot_attractors(orbits):
    """Draw orbits (length, 3) from the side, x against z, with the point where each ends."""
    _, axes = plt.subplots(1, len(orbits), figsize=(10, 3.4), sharex=True, sharey=True)
    colours = plotting.CYCLE[0], plotting.CYCLE[2], plotting.CYCLE[1]
    for ax, (title, orbit), colour in zip(axes, orbits.items(), colours, strict=True):
        ax.plot(orbit[:, 0], orbit[:, 2], lw=0.5, color=colour)
        ax.plot(*orbit[-1, [0, 2]], "o", ms=7, color=plotting.COLOURS["highlight"])
        ax.set(title=title, xlabel="x")
    axes[0].set_ylabel("z")
    return axes


def plot_distances(apart, slopes):
    """Draw the distance of two orbits by step, tolerance and separation, and the line through it.

    Both are dicts by (step, name of the tolerance, separation): pairs of times and distances, and
    their mean slope.
    """
    steps, names, sizes = (list(dict.fromkeys(keys)) for keys in zip(*apart, strict=True))
    _, axes = plt.subplots(len(steps), len(names), figsize=(10, 5.4), sharex=True, sharey=True)
    for (dt, name, size), pairs in apart.items():
        ax = axes[steps.index(dt), names.index(name)]
        colour, (times, _) = plotting.CYCLE[sizes.index(size)], pairs[0]
        middle = np.mean([np.log(distance) for _, distance in pairs])
        line = np.exp(middle + slopes[dt, name, size] * (times - times.mean()))
        label = f"{size:.0e} apart: slope {slopes[dt, name, size]:.2f}"
        for _, distance in pairs:
            ax.semilogy(times, distance, color=colour, lw=0.6, alpha=0.6)
        ax.semilogy(times, line, "--", color=colour, lw=2, label=label)
        ax.set_title(f"step {dt:g}, tolerance {name}")
        ax.legend(loc="upper right", fontsize=8)
    for ax in axes[:, 0]:
        ax.set_ylabel("distance")
    for ax in axes[-1]:
        ax.set_xlabel("time (Lorenz time units)")
    axes[0, 0].set_ylim(1e-16, 1e1)
    return axes


def plot_penalties(grids, scores):
    """Draw error, terms kept and series with the exact support against each method's penalty."""
    labels = "RMSE27", "terms kept", "series with exactly\nthe seven terms"
    _, axes = plt.subplots(3, len(grids), figsize=(10, 6.2), sharex="col", sharey="row")
    styles = {"forward differences": "o-", "exact velocities": "s--"}
    for (name, of), rows in scores.items():
        column = axes[:, list(grids).index(name)]
        for ax, values in zip(column, rows, strict=True):
            colour = plotting.CYCLE[list(styles).index(of)]
            ax.semilogx(grids[name], values, styles[of], ms=3.5, color=colour, label=of)
        column[0].set(title=name, yscale="log")
        column[1].axhline(7, lw=0.8, color=plotting.COLOURS["highlight"])
        column[-1].set_xlabel("threshold" if name == "STLSQ" else r"penalty $\alpha$")
    for ax, label in zip(axes[:, 0], labels, strict=True):
        ax.set_ylabel(label)
    axes[0, 0].legend(loc="lower right", fontsize=8)
    return axes
