"""The figure of the chapter on large steps."""

import matplotlib.pyplot as plt
import numpy as np

from lorenz_utils import plotting


def plot_orders(steps, errors):
    """Draw each method's errors (n_steps, n_repeats) against the step: median and range."""
    _, ax = plt.subplots(figsize=(7.2, 4.2))
    for (name, values), colour in zip(errors.items(), plotting.CYCLE, strict=False):
        median, low, high = np.median(values, 1), values.min(1), values.max(1)
        ax.loglog(steps, median, "o-", ms=4, color=colour, label=name)
        ax.fill_between(steps, low, high, color=colour, alpha=0.2, lw=0)
    ax.set(xlabel="time step δt (Lorenz time units)", ylabel="RMSE27")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return ax
