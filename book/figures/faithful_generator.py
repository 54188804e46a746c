"""The figures of `book/04_generation/faithful_generator.py`."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullFormatter

from book.figures.common import plot_arcs, plot_side_by_side, symbols
from lorenz_utils import plotting

__all__ = [
    "plot_arcs",
    "plot_histories",
    "plot_maps",
    "plot_side_by_side",
    "plot_targets",
    "plot_variants",
]


def plot_histories(deck, runs):
    """Draw error and distance of generated series along the deck's run and along three others."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4))
    labels = {"median_residual": "median flow residual", "d_stsp": r"$D_\mathrm{stsp}$ (50 series)"}
    for ax, (key, label) in zip(axes, labels.items(), strict=True):
        for i, history in enumerate([deck, *runs]):
            colour = plotting.COLOURS["generated" if i else "highlight"]
            name = {0: "the deck's DCGAN", 1: "steps in time, three seeds"}.get(i)
            minutes = [row["seconds"] / 60 for row in history]
            ax.loglog(minutes, [row[key] for row in history], color=colour, label=name)
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set(xlabel="processor time (minutes)", ylabel=label)
    axes[0].legend()
    return figure


def plot_targets(statistics, far):
    """Each generator's statistics, in half widths of the interval of a perfect one.

    Parameters
    ----------
    statistics : list of str
    far : dict of str to ndarray, shape (n_statistics,)
        By generator, with sign.
    """
    _, ax = plt.subplots(figsize=(7.2, 3.2))
    ax.axvspan(-1, 1, color=plotting.COLOURS["light"], alpha=0.25, lw=0)
    ax.axvline(0, color=plotting.COLOURS["reference"], lw=0.8)
    for k, (name, values) in enumerate(far.items()):
        rows = np.arange(len(values)) + 0.14 * (k - (len(far) - 1) / 2)
        ax.plot(values, rows, "osD^v"[k], color=plotting.CYCLE[(3, 3, 3, 0, 6)[k]], label=name)
    ax.set(yticks=range(len(statistics)), xlabel="distance (half widths of the interval)")
    ax.set(xlim=(-2, 2), ylim=(len(statistics) - 0.5, -0.5))
    ax.set_yticklabels(symbols(statistics))
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def plot_maps(rows):
    """Exponents, one-step error and distance of each map, one below the other; first, the truth.

    Parameters
    ----------
    rows : list of list
        Name, three exponents, their sum, dimension, residual and distance.
    """
    columns = {
        1: "$\\lambda_1$",
        3: "$\\lambda_3$",
        6: "median residual",
        7: symbols(["D_stsp"])[0],
    }
    figure, axes = plt.subplots(1, len(columns), sharey=True, figsize=(9, 3.2))
    for ax, (column, label) in zip(axes, columns.items(), strict=True):
        for place, row in enumerate(rows[1:]):
            style = "o" if row[0].startswith("this") else "s" if "least" in row[0] else "^"
            colour = plotting.CYCLE[{"o": 3, "s": 0, "^": 2}[style]]
            ax.plot(row[column], place, style, color=colour)
        if rows[0][column]:  # no line at a residual of zero on a logarithmic axis
            ax.axvline(rows[0][column], ls="--", color=plotting.COLOURS["real"], lw=1)
        ax.set(xlabel=label, xscale="log" if column == 6 else "linear")
        if column == 6:
            ax.set_xlim(1e-5, 1e-3)
            ax.xaxis.set_minor_formatter(NullFormatter())
        else:
            ax.locator_params(axis="x", nbins=3)
    names = [row[0].replace(", ", ",\n") if "poly" in row[0] else row[0] for row in rows[1:]]
    axes[0].set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5))
    axes[0].set_xlim(0.89, 0.92)
    return figure


def plot_variants(found, names):
    """Median and range of each measure over the seeds of a variant, one below the other.

    Parameters
    ----------
    found : dict of str to list of sequences
        By variant the seeds' values of each measure; infinite ones stand at the right edge.
    names : list of str
        Of the measures: residual, distance and two exponents.
    """
    figure, axes = plt.subplots(1, len(names), sharey=True, figsize=(9, 2.9))
    for k, (ax, name, truth) in enumerate(zip(axes, names, (0, 0, 0.9056, -14.5723), strict=True)):
        for place, measures in enumerate(found.values()):
            seeds = np.array(measures[k])
            finite = seeds[np.isfinite(seeds)]
            ax.plot([finite.min(), finite.max()], [place, place], color=plotting.CYCLE[3])
            ax.plot(np.median(seeds), place, "o", color=plotting.CYCLE[3])
        if truth:
            ax.axvline(truth, ls="--", color=plotting.COLOURS["real"], lw=1)
        ax.set(xlabel=symbols([name])[0], xscale="linear" if truth else "log")
    axes[0].set(yticks=range(len(found)), yticklabels=list(found))
    axes[0].set_ylim(len(found) - 0.5, -0.5)
    return figure
