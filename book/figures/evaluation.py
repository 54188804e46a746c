"""The figure of all metrics in the chapter on evaluation."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm

from book.figures.common import plot_arcs, plot_side_by_side, symbols
from lorenz_utils.plotting import ON_IMAGE

__all__ = ["plot_arcs", "plot_metrics", "plot_side_by_side", "symbols"]


def plot_metrics(metrics, values, distance):
    """Write out metrics by series, coloured by their distance from real series.

    Parameters
    ----------
    metrics : list of str
    values : dict of str to sequence, shape (n_metrics,)
        By series.
    distance : ndarray, shape (n_metrics, n_series)
        From the mean of real series, in half widths of their interval.
    """
    figure, ax = plt.subplots(figsize=(8.4, 0.34 * len(metrics) + 1.1))
    norm = LogNorm(1e-2, 1e2)
    # Both sides of one are pale next to it: what is inside, purple, and what is outside, orange.
    shown = ax.imshow(np.clip(distance, 1e-2, 1e2), cmap="PuOr_r", norm=norm, aspect="auto")
    for (i, j), far in np.ndenumerate(distance):
        ink = ON_IMAGE["light" if abs(np.log10(np.clip(far, 1e-2, 1e2))) > 1.1 else "dark"]
        style = {"weight": "bold" if far > 1 else "normal", "fontsize": 8, "color": ink}
        value = list(values.values())[j][i]
        number = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
        ax.text(j, i, number.replace("-", "−"), ha="center", va="center", **style)
    ax.set_xticks(range(len(values)), [name.replace("-", "-\n") for name in values], fontsize=9)
    ax.set_yticks(range(len(metrics)), symbols(metrics), fontsize=9)
    ax.tick_params(length=0, top=True, bottom=False, labeltop=True, labelbottom=False)
    ax.spines[:].set_visible(False)
    ax.grid(False)
    bar = figure.colorbar(shown, ax=ax, extend="both", shrink=0.6, ticks=[0.01, 0.1, 1, 10, 100])
    bar.ax.set_yticklabels(["0.01", "0.1", "1", "10", "100"])
    bar.set_label("distance from real series (half widths of their interval)")
    bar.ax.axhline(1, color="black", lw=1.5)
    return ax
