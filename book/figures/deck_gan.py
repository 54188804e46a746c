"""The figures of `book/04_generation/deck_gan.py`."""

import matplotlib.pyplot as plt

from lorenz_utils import plotting


def plot_architecture(networks):
    """Draw what passes through networks, of each its input, if it is an image, and its layers."""
    figure, axes = plt.subplots(len(networks), 1, figsize=(8, 4.6))
    for ax, (title, (signal, layers)) in zip(axes, networks.items(), strict=True):
        shapes = [] if signal is None else [tuple(signal[0].shape)]
        shapes += [shape for _, shape, _ in layers if len(shape) == 3]
        # A layer that keeps the shape adds no box.
        plot_shapes(list(dict.fromkeys(shapes)), ax, title=title)
    return figure


def plot_log(epoch, log, lowest):
    """Draw the losses of a run over its noise, and beside them what it drew."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
    left.fill_between(
        epoch, 1e-3, 1e-3 + log["noise"], step="pre", color=plotting.COLOURS["light"], alpha=0.4
    )
    left.plot(epoch, log["critic_loss"], label="discriminator")
    left.plot(epoch, log["generator_loss"], label="generator")
    left.axhline(lowest, ls=":", color=plotting.COLOURS["real"])
    left.set(xlabel="epoch", ylabel="loss; shaded: noise", yscale="log", ylim=(1e-2, None))
    left.legend()
    right.plot(epoch, log["median_residual"], color=plotting.COLOURS["generated"])
    right.set(xlabel="epoch", ylabel="median flow residual", ylim=(0, None))
    return figure


def plot_images(rows):
    """Show eight images of each kind, one kind below the other."""
    figure, axes = plt.subplots(len(rows), 8, figsize=(9, 1.3 * len(rows)))
    for row, (title, images) in zip(axes, rows.items(), strict=True):
        plotting.plot_images(images[:8], row, title=title)
    return figure


def plot_ladder(results):
    """Draw residual, D_stsp and diversity of each rung, and those of real series of its shape."""
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), sharey=True)
    for ax, metric in zip(axes, ("flow residual, median", "D_stsp", "diversity"), strict=True):
        rows = range(len(results))
        for key, kind, label in (("quality", "generated", "drawn"), ("floor", "real", "real")):
            values = [result[key][metric] for result in results.values()]
            marker = "o" if key == "quality" else "|"
            ax.plot(values, rows, marker, color=plotting.COLOURS[kind], label=label)
        ax.set(yticks=rows, yticklabels=list(results), xlabel=metric)
    axes[0].set_xscale("symlog", linthresh=0.01)
    axes[0].set_xlim(-2e-3, 3)
    axes[1].set_xscale("log")
    axes[0].invert_yaxis()
    axes[1].legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
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
