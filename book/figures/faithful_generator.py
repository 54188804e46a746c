"""The figures of `book/04_generation/faithful_generator.py`."""

import matplotlib.pyplot as plt
from matplotlib.ticker import NullFormatter

from lorenz_utils import plotting


def plot_histories(deck, runs):
    """Draw error and distance of generated series along the deck's run and along three others."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4))
    labels = {"median_residual": "median flow residual", "d_stsp": "D_stsp (50 series)"}
    for ax, (key, label) in zip(axes, labels.items(), strict=True):
        for i, history in enumerate([deck, *runs]):
            colour = plotting.COLOURS["generated" if i else "highlight"]
            name = {0: "the deck's DCGAN", 1: "steps in time, three seeds"}.get(i)
            minutes = [row["seconds"] / 60 for row in history]
            ax.loglog(minutes, [row[key] for row in history], color=colour, label=name)
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set(xlabel="processor time (minutes)", ylabel=label)
    axes[0].legend()
    return figure
