"""The figure of the page on clusters."""

import matplotlib.pyplot as plt


def plot_limit(workers, gains, measured):
    """Gain of each kind of task over the number of workers; dots, what was measured."""
    ax = plt.subplots()[1]
    for (label, gain), style in zip(gains.items(), ("-", "--", ":"), strict=True):
        ax.loglog(workers, gain, style, label=label)
    ax.loglog(list(measured), list(measured.values()), "o", color="black", label="measured")
    ax.set(xlabel="workers", ylabel="times faster than one process")
    return ax.legend()
