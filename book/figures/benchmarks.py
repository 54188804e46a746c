"""The figure of the page on benchmarks."""

import matplotlib.pyplot as plt

from lorenz_utils import plotting


def plot_ratios(rows):
    """Ratios of times with their range, one comparison below the other."""
    ax = plt.subplots(figsize=(7.2, 0.26 * len(rows) + 0.6))[1]
    for place, row in enumerate(rows):
        ratio, faster = row["ratio"], row["ratio"] >= 1
        colour = plotting.COORDINATES["x"] if faster else plotting.COLOURS["highlight"]
        spread = [[ratio - row["low"]], [row["high"] - ratio]]
        style = {"fmt": "o" if faster else "s", "color": colour, "capsize": 2, "markersize": 4}
        ax.errorbar(ratio, place, xerr=spread, **style)
    ax.axvline(1, linestyle="--", color=plotting.COLOURS["reference"])
    ax.set(xscale="log", xlabel="ratio of times, theirs over ours", yticks=range(len(rows)))
    ax.set_yticklabels([f"{row['what']} / {row['peer']}" for row in rows], fontsize=7)
    return ax.set_ylim(len(rows) - 0.4, -0.6)
