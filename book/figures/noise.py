"""The figures of the chapter on noise."""

import matplotlib.pyplot as plt
import numpy as np

from lorenz_utils import plotting


def plot_contest(methods, steps, levels, quartiles, attained):
    """Quartiles of the error, (3, methods, steps * levels), and that of the bound, (steps * levels,)."""
    fig, axes = plt.subplots(1, len(steps), figsize=(8.4, 4.2), sharey=True)
    percent = 100 * np.array(levels)
    quartiles = quartiles.reshape(3, len(methods), len(steps), len(levels))
    for i, ax in enumerate(axes):
        for k, (name, colour) in enumerate(zip(methods, plotting.CYCLE, strict=False)):
            low, median, high = quartiles[:, k, i]
            ax.loglog(percent, median, "o-", ms=4, color=colour, label=name)
            ax.fill_between(percent, low, high, color=colour, alpha=0.18, lw=0)
        bound = attained.reshape(len(steps), -1)[i]
        ax.loglog(percent, bound, "k--", label="attains the Cramér-Rao bound")
        ax.set(title=f"δt = {steps[i]:g}", xlabel="noise (% of each coordinate's std)")
    axes[0].set_ylabel("RMSE27")
    handles, labels = axes[0].get_legend_handles_labels()
    return fig.legend(handles, labels, loc="outside lower center", ncols=3)
