"""Figures of the chapter on spectral normalisation."""

import matplotlib.pyplot as plt
import numpy as np

from lorenz_utils.plotting import COLOURS, CYCLE


def plot_convergence(decays):
    """Errors of direction and value, (starts, steps, 2) by ratio, and the slopes of theory."""
    fig, axes = plt.subplots(1, 2, figsize=(7.6, 3), sharex=True, sharey=True)
    for (ratio, errors), colour in zip(decays.items(), CYCLE, strict=False):
        steps = np.arange(1, errors.shape[1] + 1)
        for k, ax in enumerate(axes):
            anchor = np.median(errors[:, 9, k])  # after ten steps
            theory = anchor * ratio ** (2.0 * (k + 1) * (steps - steps[9]))
            ax.semilogy(steps, errors[..., k].T, color=colour, lw=0.5, alpha=0.4)
            ax.semilogy([], [], color=colour, label=f"ratio {ratio}")
            ax.semilogy(steps, theory, "--", color="black", lw=0.8)
    axes[0].set(xlabel="step", title="direction of $v$", ylim=(1e-15, 10), ylabel="error")
    axes[1].set(xlabel="step", title=r"value of $\sigma$")
    axes[0].legend(fontsize=8)
    return fig


def plot_literal(literal):
    """The value after each step without normalisation, by the norm that it should find."""
    fig, ax = plt.subplots(figsize=(6, 3))
    for (sigma, values), colour in zip(literal.items(), CYCLE, strict=False):
        shown = np.where(np.isfinite(values) & (values > 0), values, np.nan)
        steps = np.arange(1, len(values) + 1)
        ax.semilogy(steps, shown, color=colour, label=rf"$\sigma = {sigma}$")
        ax.axhline(sigma, color=colour, ls="--", lw=0.8)
    ax.set(xlabel="step", ylabel="$u^T W v$", xlim=(0, 60), ylim=(1e-50, 1e50))
    ax.set_yticks([1e-40, 1e-20, 1, 1e20, 1e40])
    ax.legend(fontsize=8)
    return fig


def plot_slopes(histories):
    """Mean slopes in the course of training, of critics with normalisation (True) and without."""
    fig, ax = plt.subplots(figsize=(6, 3))
    for flag, colour, name in [(False, CYCLE[1], "plain"), (True, CYCLE[0], "normalised")]:
        for k, history in enumerate(histories[flag]):
            label = None if k else name
            ax.semilogy(np.arange(50, 601, 50), history, color=colour, lw=1, label=label)
    ax.axhline(1, ls="--", color=COLOURS["reference"])
    ax.set(xlabel="training step", ylabel="mean norm of the gradient")
    ax.set_yticks([0.3, 1, 3, 10], ["0.3", "1", "3", "10"])
    ax.minorticks_off()
    ax.legend(fontsize=8)
    return fig
