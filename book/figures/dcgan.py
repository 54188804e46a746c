"""Figures of the chapter on transposed convolutions and the DCGAN."""

import matplotlib.pyplot as plt
import numpy as np

from lorenz_utils.plotting import COLOURS, COORDINATES, ON_IMAGE


def plot_stamps(square, stamps):
    """The weighted copies of the kernel, one for each pixel of the square, and their sum."""
    fig, axes = plt.subplots(1, 5, figsize=(8.4, 1.9))
    titles = [f"{v:.0f} × kernel" for v in square.ravel()] + ["sum"]
    for ax, grid, title in zip(axes, [*stamps, sum(stamps)], titles, strict=True):
        ax.imshow(grid, cmap="Blues", vmin=0, vmax=20)
        for (i, j), value in np.ndenumerate(grid):
            ax.text(j, i, f"{value:.0f}", ha="center", va="center", color=ON_IMAGE["dark"])
        ax.set(xticks=[], yticks=[])
        ax.set_title(title)
        ax.grid(False)
    return fig


def plot_overlaps(counts):
    """Maps of the number of stamps on each pixel, by the side of the kernel."""
    fig, axes = plt.subplots(1, len(counts), figsize=(7.2, 2.5))
    for ax, (k, grid) in zip(axes, counts.items(), strict=True):
        shown = ax.imshow(grid, cmap="cividis", vmin=0, vmax=9)
        ax.set(xticks=[], yticks=[])
        ax.set_title(f"kernel {k} × {k}")
        ax.grid(False)
    fig.colorbar(shown, ax=axes, label="stamps on a pixel")
    return fig


def plot_doubled(doubled, phase_sums):
    """A series after each of three kernels, with the kernel's phase sums above."""
    fig, axes = plt.subplots(1, 3, figsize=(9, 2.6), sharey=True)
    names = ("ones, size 3", "ones, size 4", "(1/2, 1, 1/2)")
    for ax, name, y, sums in zip(axes, names, doubled, phase_sums, strict=True):
        ax.plot(0.025 * np.arange(len(y)), y, color=COORDINATES["x"], lw=1)
        ax.set_title(f"{name}: sums {sums[0]:.2f}, {sums[1]:.2f}", fontsize=9)
        ax.set(xlabel="time (Lorenz time units)")
    axes[0].set_ylabel("$x$")
    return fig


def plot_signals(signals, predicted):
    """Size of the signal after each layer, with batch normalisation (True) and without."""
    fig, ax = plt.subplots(figsize=(5.6, 2.8))
    layers = range(1, 5)
    for flag, name in [(True, "with batch normalisation"), (False, "without")]:
        error = 2 * signals[flag].std(0, ddof=1) / len(signals[flag]) ** 0.5
        ax.errorbar(layers, signals[flag].mean(0), error, marker="o", ms=4, label=name)
    grey = COLOURS["reference"]
    ax.plot(layers, predicted, "--", color=grey, label="predicted without")
    ax.set(xlabel="transposed convolution", ylabel="root mean square")
    ax.set(yscale="log", xticks=layers)
    ax.legend(fontsize=8)
    return fig
