"""The figures of the chapter on the deck's methods."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator

from lorenz_utils import plotting


def plot_convergence(gaps):
    """Draw each solver's relative gap against its iterations."""
    _, ax = plt.subplots()
    for name, gap in gaps.items():
        ax.loglog(np.arange(1, len(gap) + 1), np.maximum(gap, 1e-13), label=name)
    ax.set(xlabel="iterations", ylabel="relative gap of the objective")
    ax.legend()
    return ax


def plot_paths(lasso_path, ridge_path, ridge_alphas, thick, terms):
    """Draw coefficients: LASSO (9, n) against their size, ridge (m, 9) against alpha."""
    fig, axes = plt.subplots(1, 2, sharey=True)
    size = np.abs(lasso_path).sum(axis=0)
    for k, name in enumerate(terms):
        style = {"color": f"C{k % 7}", "linewidth": 2.4 if thick[k] else 0.9}
        style["linestyle"] = "-" if k < 7 else "--"
        axes[0].plot(size / size[-1], lasso_path[k], label=name, **style)
        axes[1].semilogx(ridge_alphas, ridge_path[:, k], **style)
    axes[0].set(title="LASSO", xlabel=r"$\|w\|_1$ / its least-squares value")
    axes[1].set(title="ridge", xlabel=r"$\alpha / n$, falling")
    axes[1].invert_xaxis()
    axes[0].set_ylabel("scaled coefficient")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside right center")
    return axes


def plot_velocity_errors(names, errors):
    """Draw each method's error of the velocity, by step and by the velocities it learns from."""
    steps = dict.fromkeys(dt for dt, _ in errors)
    _, axes = plt.subplots(1, len(steps), figsize=(9, 3.0), sharex=True, sharey=True)
    styles = {"forward differences": ("o", plotting.CYCLE[0]), "exact": ("s", plotting.CYCLE[1])}
    for (dt, of), values in errors.items():
        (marker, colour), ax = styles[of], axes[list(steps).index(dt)]
        label = f"learned from {of}" + " velocities" * (of == "exact")
        ax.semilogx(values, range(len(names)), marker, color=colour, label=label)
        ax.set(title=f"step {dt:g}", xlabel="relative error of the velocity")
        ax.xaxis.set_major_locator(LogLocator(numticks=5))
        ax.set_yticks(range(len(names)), names)
    axes[0].invert_yaxis()
    axes[0].legend(loc="lower left", fontsize=8)
    return axes
