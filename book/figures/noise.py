"""The figures of the chapter on noise."""

import matplotlib.pyplot as plt
import numpy as np

from lorenz_utils import plotting


def plot_contest(methods, steps, levels, quartiles, floor):
    """Quartiles of the error, (3, methods, steps * levels), and the bound, (steps * levels,)."""
    fig, axes = plt.subplots(1, len(steps), figsize=(8.4, 4.2), sharey=True)
    percent = 100 * np.array(levels)
    quartiles = quartiles.reshape(3, len(methods), len(steps), len(levels))
    for i, ax in enumerate(axes):
        for k, (name, colour) in enumerate(zip(methods, plotting.CYCLE, strict=False)):
            low, median, high = quartiles[:, k, i]
            ax.loglog(percent, median, "o-", ms=4, color=colour, label=name)
            ax.fill_between(percent, low, high, color=colour, alpha=0.18, lw=0)
        bound = floor.reshape(len(steps), -1)[i]
        ax.loglog(percent, bound, "k--", label="Cramér-Rao, true terms known")
        ax.set(title=f"δt = {steps[i]:g}", xlabel="noise (% of each coordinate's std)")
    axes[0].set_ylabel("RMSE27")
    handles, labels = axes[0].get_legend_handles_labels()
    return fig.legend(handles, labels, loc="outside lower center", ncols=3)


def plot_grid(durations, noises, rates, bars, published):
    """Success against noise in a panel a duration; all (n,), the intervals `bars` (n, 2)."""
    panels = np.unique(durations)
    fig, axes = plt.subplots(2, -(-len(panels) // 2), figsize=(8.4, 4.4), sharex=True, sharey=True)
    for ax, T in zip(axes.flat, panels, strict=False):
        here = durations == T
        percent, (low, high) = 100 * noises[here], bars[here].T
        errors = rates[here] - low, high - rates[here]
        ax.errorbar(percent, rates[here], errors, fmt="-", capsize=2, lw=1.2, label="ours")
        ax.plot(percent, published[here], "ko", ms=3.5, label="ODR-BINDy, noise given")
        ax.set(title=f"T = {T:g}", ylim=(-0.04, 1.04))
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
        ax.legend(*axes.flat[0].get_legend_handles_labels(), loc="center")
    fig.supxlabel("noise (% of the pooled std)")
    fig.supylabel("exactly the true terms")
    return fig
