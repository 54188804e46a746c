"""The figures of the chapter on large steps."""

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


def plot_same_samples(samples, runs):
    """Draw samples (n, length, 3) and orbits (length, 3) of what was found from them, x against z."""
    _, axes = plt.subplots(1, 1 + len(runs), figsize=(10, 3.4), sharex=True, sharey=True)
    axes[0].plot(samples[..., 0], samples[..., 2], ".", ms=2, color=plotting.CYCLE[0])
    axes[0].set(title="the samples", ylabel="z", xlabel="x")
    for ax, (title, orbit), colour in zip(axes[1:], runs.items(), plotting.CYCLE[1:], strict=False):
        ax.plot(orbit[:, 0], orbit[:, 2], lw=0.5, color=colour)
        ax.plot(*orbit[-1, [0, 2]], "o", ms=7, color=plotting.COLOURS["highlight"])
        ax.set(title=title, xlabel="x")
    return axes


def plot_windows(rates, errors):
    """Draw the weak form's relative error by system and window against samples a turn."""
    systems, rules = (list(dict.fromkeys(keys)) for keys in zip(*errors, strict=True))
    _, axes = plt.subplots(1, len(systems), figsize=(9, 3.6), sharex=True, sharey=True)
    for (name, rule), values in errors.items():
        ax = axes[systems.index(name)]
        ax.loglog(rates, values, "o-", ms=4, color=plotting.CYCLE[rules.index(rule)], label=rule)
    for ax, name in zip(axes, systems, strict=True):
        ax.axvline(2, ls="--", lw=0.9, color=plotting.COLOURS["highlight"])
        ax.axhline(1, lw=0.8, color=plotting.COLOURS["reference"])
        ax.set(title=name, xlabel="samples a turn", xticks=[2, 3, 5, 10, 20])
        ax.set_xticklabels(["2", "3", "5", "10", "20"])
        ax.minorticks_off()
    axes[0].set_ylabel("error, relative to zero coefficients")
    axes[0].legend(title="half window", loc="lower left")
    return axes
