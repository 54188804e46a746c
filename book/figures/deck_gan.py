"""The figures of `book/04_generation/deck_gan.py`."""

import matplotlib.pyplot as plt

from lorenz_utils import plotting


def plot_architecture(networks):
    """Draw what passes through networks, of each its input and the layers that this passes."""
    figure, axes = plt.subplots(len(networks), 1, figsize=(8, 4.6))
    for ax, (title, (signal, layers)) in zip(axes, networks.items(), strict=True):
        shapes = [tuple(signal[0].shape), *(shape for _, shape, _ in layers if len(shape) == 3)]
        # A layer that keeps the shape adds no box.
        plot_shapes(list(dict.fromkeys(shapes)), ax, title=title)
    return figure


def plot_history(epoch, history):
    """Draw both losses of a run, and beside them the median flow residual."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2))
    left.plot(epoch, history["critic_loss"], label="discriminator")
    left.plot(epoch, history["generator_loss"], label="generator")
    left.set(xlabel="epoch", ylabel="loss")
    left.legend()
    right.plot(epoch, history["median_residual"], color=plotting.COLOURS["generated"])
    right.set(xlabel="epoch", ylabel="median flow residual", ylim=(0, None))
    return figure


def plot_images(rows):
    """Show eight images of each kind, one kind below the other."""
    figure, axes = plt.subplots(len(rows), 8, figsize=(9, 2.7))
    for row, (title, images) in zip(axes, rows.items(), strict=True):
        plotting.plot_images(images[:8], row, title=title)
    return figure


def plot_ablation(effects, metrics):
    """Draw metrics with their intervals, a panel for each and a row for each variant."""
    figure, axes = plt.subplots(1, len(metrics), figsize=(9, 3.4), sharey=True)
    for ax, metric in zip(axes, metrics, strict=True):
        estimates = {variant: values[metric] for variant, values in effects.items()}
        plot_intervals(estimates, ax, label=metric)
    return figure


def plot_shapes(shapes, ax, *, title=None):
    """Draw the stacks of images that pass through a network, from left to right.

    Parameters
    ----------
    shapes : list of tuple of 3 ints
        Channels, rows and columns. A box is as high as its rows and as wide as the square root of
        its channels.
    ax : matplotlib axes
    title : str, optional

    Returns
    -------
    list of matplotlib.patches.Rectangle
    """
    boxes, left = [], 0.0
    for channels, rows, columns in shapes:
        width = 1.5 * channels**0.5
        box = plt.Rectangle((left, -rows / 2), width, rows, color=plotting.COLOURS["light"])
        boxes.append(ax.add_patch(box))
        label = f"{channels} x {rows} x {columns}"
        ax.text(left + width / 2, -19, label, ha="center", va="top", fontsize=8)
        left += width + 12
    ax.set(xlim=(-8, left), ylim=(-26, 18), title=title)
    ax.axis("off")
    return boxes


def plot_intervals(estimates, ax, *, label):
    """Draw estimates with their intervals one below the other; the first is the band behind all.

    Parameters
    ----------
    estimates : dict of str to Estimate
    ax : matplotlib axes
    label : str
        Of the horizontal axis.

    Returns
    -------
    matplotlib.container.ErrorbarContainer
    """
    values = [e.value for e in estimates.values()]
    errors = [e.half_width() for e in estimates.values()]
    ax.axvspan(
        values[0] - errors[0], values[0] + errors[0], color=plotting.COLOURS["light"], alpha=0.25
    )
    rows = range(len(values))
    drawn = ax.errorbar(
        values, rows, xerr=errors, fmt="o", color=plotting.COORDINATES["x"], capsize=2
    )
    ax.set(yticks=rows, yticklabels=list(estimates), xlabel=label)
    if not ax.yaxis_inverted():
        ax.invert_yaxis()
    return drawn
