"""The figures of `book/appendix/your_own_series.py`."""

import matplotlib.pyplot as plt
import numpy as np

from lorenz_utils import plotting

PALETTE = list(plotting.COORDINATES.values())


def plot_record(time, data, names):
    """Draw the columns of a record (length, 3) against time, and two of them in their plane."""
    figure = plt.figure(figsize=(9, 4.2), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(3, 2))
    axes, first = left.subplots(3, 1, sharex=True), time <= 50
    for ax, values, name, colour in zip(axes, data.T, names, PALETTE, strict=True):
        ax.plot(time[first], values[first], color=colour, lw=1)
        ax.set_ylabel(name)
    axes[-1].set_xlabel("time (ms)")
    ax = right.subplots()
    ax.plot(data[:, 0], data[:, 2], ".", color=plotting.COLOURS["real"], markersize=1.5)
    ax.set(xlabel=names[0], ylabel=names[2])
    return figure


def plot_growth(exponent, others):
    """Draw the distances of neighbours of a series and of surrogates, and its straight part."""
    figure, ax = plt.subplots()
    for other in others:
        label = "surrogates" if other is others[0] else None
        ax.plot(
            other.time, other.log_distance, color=plotting.COLOURS["light"], lw=0.7, label=label
        )
    time, curve = exponent.time, exponent.log_distance
    ax.plot(time, curve, color=plotting.COLOURS["real"], lw=1, label="series")
    start, end = exponent.region
    straight = (time >= start) & (time <= end)
    ax.plot(time[straight], curve[straight], color=plotting.COLOURS["highlight"], lw=3)
    ax.set(xlabel="time (ms)", ylabel="log distance", xlim=(0, 20))
    ax.legend(loc="lower right")
    return figure


def plot_forecast(time, truth, forecast, names, valid):
    """Draw measured and forecast columns (length, 3), and the end of the valid prediction time."""
    figure, axes = plt.subplots(3, 1, sharex=True, figsize=(7.2, 4.4))
    grey = plotting.COLOURS["reference"]
    for ax, real, ours, name, colour in zip(axes, truth.T, forecast.T, names, PALETTE, strict=True):
        ax.plot(time, real, color=grey, lw=2.5, label="measured")
        ax.plot(time, ours, color=colour, lw=1.2, label="forecast")
        ax.axvline(valid, color=grey, ls="--", lw=1)
        ax.set_ylabel(name)
    axes[0].legend(loc="upper right", ncols=2)
    axes[-1].set(xlabel="time (ms)", xlim=(0, np.max(time)))
    return figure
