"""The figures of the chapter on the deck's tables."""

import matplotlib.pyplot as plt
import numpy as np

from lorenz_utils import plotting


def plot_matrices(matrices, terms):
    """Write out matrices of coefficients, coloured by the difference from the first."""
    truth = next(iter(matrices.values()))
    _, axes = plt.subplots(2, 2, figsize=(10, 3.6), sharex=True, sharey=True)
    for ax, (title, matrix) in zip(axes.flat, matrices.items(), strict=True):
        ax.imshow(matrix - truth, cmap="PuOr", vmin=-15, vmax=15, aspect="auto")
        for (i, j), value in np.ndenumerate(matrix):
            ink = plotting.ON_IMAGE["light" if abs(value - truth[i, j]) > 8 else "dark"]
            text = f"{value.round(2) + 0:.2f}"
            ax.text(j, i, text, fontsize=8, color=ink, ha="center", va="center")
        ax.set(title=title, xticks=range(9), xticklabels=terms, yticks=range(3))
        ax.set_yticklabels([r"$\dot x$", r"$\dot y$", r"$\dot z$"])
        ax.grid(False)
    return axes


def plot_flow_and_steps(flow, steps, dt):
    """Draw x of an orbit of the flow, and of Euler steps from the same start."""
    _, ax = plt.subplots(figsize=(7.2, 2.8))
    time = dt * np.arange(len(flow))
    ax.plot(time, steps[:, 0], color=plotting.COLOURS["light"], label="Euler steps")
    ax.plot(time, flow[:, 0], color=plotting.COLOURS["real"], label="accurate flow")
    ax.set(xlabel="time (Lorenz time units)", ylabel="x")
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return ax
