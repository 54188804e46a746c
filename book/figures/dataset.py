"""The figures of `book/04_generation/dataset.py`."""

import matplotlib.pyplot as plt

from book.figures.common import plot_images, plot_series
from lorenz_utils import plotting

__all__ = ["plot_images", "plot_lags", "plot_samples"]


def plot_samples(fine, samples, dt):
    """Draw samples as dots over the orbit that was sampled twenty times as finely."""
    figure, axes = plt.subplots(3, 1, sharex=True, figsize=(7.2, 4.2))
    plot_series(fine, dt / 20, axes, alpha=0.6)
    plot_series(samples, dt, axes, linestyle="", marker="o", markersize=3)
    return figure


def plot_lags(autocorrelation):
    """Draw the autocorrelation (n_lags, 3), and the band of the next row's lags."""
    figure, ax = plt.subplots()
    for values, (name, colour) in zip(autocorrelation.T, plotting.COORDINATES.items(), strict=True):
        ax.plot(values, "o-", color=colour, markersize=2.5, label=name)
    ax.axvspan(30.5, 33.5, color=plotting.COLOURS["highlight"], alpha=0.3, label="next row")
    ax.axhline(0, color=plotting.COLOURS["reference"], linewidth=0.8)
    ax.set(xlabel="lag (samples of 0.1 time units)", ylabel="autocorrelation")
    ax.legend(ncols=4)
    return figure
