"""The figures of the chapter on convolution."""

import matplotlib.pyplot as plt
import numpy as np

from lorenz_utils import plotting


def plot_steps(image, result, steps):
    """At each step (i, j) the window on the image, and the result filled up to that entry."""
    figure, axes = plt.subplots(2, len(steps), figsize=(7.2, 4.3), height_ratios=[5, 3])
    for (i, j), (above, below) in zip(steps, axes.T, strict=True):
        _show_numbers(above, image, 10)
        _frame(above, i, j, 3)
        filled = np.arange(result.size).reshape(result.shape) <= result.shape[1] * i + j
        _show_numbers(below, np.where(filled, result, np.nan), 12)
        _frame(below, i, j, 1)
        below.set_title(f"entry ({i}, {j})", fontsize=9)
    return figure


def plot_activations(grid, curves):
    """Activations (left) and their derivatives (right) by name, on a grid."""
    figure, (left, right) = plt.subplots(1, 2)
    for name, (activation, derivative) in curves.items():
        left.plot(grid, activation, label=name)
        right.plot(grid, derivative)
    left.set(xlabel="a", ylabel="activation", ylim=(-1.2, 2.5))
    right.set(xlabel="a", ylabel="derivative")
    left.legend()
    return figure


def plot_learned(by_name, kernels):
    """Kernels of seven samples by name (left), and those of a network as an image (right)."""
    figure, (left, right) = plt.subplots(1, 2)
    for (name, kernel), style in zip(by_name.items(), ("o-", "s-", "x--"), strict=True):
        left.plot(range(-3, 4), kernel, style, label=name)
    left.set(xlabel="sample", ylabel="weight, times δt")
    left.legend()
    limit = abs(kernels).max()
    limits = {"vmin": -limit, "vmax": limit, "extent": (-3.5, 3.5, len(kernels) - 0.5, -0.5)}
    shown = right.imshow(kernels, cmap="RdBu_r", aspect="auto", **limits)
    right.set(xlabel="sample", ylabel="kernel")
    right.grid(False)
    figure.colorbar(shown, ax=right, label="weight")
    return figure


def plot_folding(windows, z, dt):
    """Lags under a kernel by place, and those of the first place around the middle of z."""
    figure, axes = plt.subplots(1, 3, width_ratios=[1, 1, 2.2], figsize=(7.2, 2.3))
    for ax, (title, lags) in zip(axes[:2], windows.items(), strict=True):
        _show_numbers(ax, lags, 60)
        ax.set_title(title)
    middle = len(z) // 2
    lags = np.sort(next(iter(windows.values())).ravel()).astype(int)
    axes[2].plot(dt * (np.arange(len(z)) - middle), z, color=plotting.COORDINATES["z"])
    axes[2].plot(dt * lags, z[lags + middle], "o", color=plotting.COLOURS["real"], ms=4)
    axes[2].set(xlabel="lag (Lorenz time units)", ylabel="z")
    return figure


def _show_numbers(ax, values, limit):
    """A grid of numbers on the grey of their value; NaN is left empty."""
    ax.imshow(values, cmap="Greys", vmin=-limit, vmax=2 * limit)
    style = {"ha": "center", "va": "center", "color": plotting.ON_IMAGE["dark"], "fontsize": 9}
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value):
            ax.text(j, i, f"{value:.0f}", **style)
    ax.set_axis_off()


def _frame(ax, i, j, side):
    """Frame a square of entries, (i, j) in its upper left corner."""
    style = {"fill": False, "edgecolor": plotting.COORDINATES["y"], "lw": 2.5}
    ax.add_patch(plt.Rectangle((j - 0.5, i - 0.5), side, side, **style))
