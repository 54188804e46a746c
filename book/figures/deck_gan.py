"""The figures of `book/04_generation/deck_gan.py`."""

from itertools import groupby

import matplotlib.pyplot as plt

from book.figures.common import plot_images, symbols
from lorenz_utils import plotting

__all__ = ["plot_architecture", "plot_images", "plot_ladder", "plot_log", "symbols"]
ARROW = 22  # the length of an arrow, in rows of an image

# What a layer is called in the drawing; one that does nothing is left out.
OPERATIONS = {
    "Linear": ["dense"],
    "ConvTranspose2d": ["transposed", "convolution"],
    "Conv2d": ["convolution"],
    "BatchNorm2d": ["batch norm"],
    "LeakyReLU": ["leaky ReLU"],
    "Unflatten": ["fold"],
    "Flatten": ["flatten"],
    "Dropout": ["dropout"],
}


def plot_architecture(networks):
    """Draw what passes through networks, and on the arrows between what the layers do to it.

    Parameters
    ----------
    networks : dict of str to tuple
        By title the shape of the input, and of each layer its name, the shape of its output and
        its number of weights.
    """
    figure, axes = plt.subplots(len(networks), 1, figsize=(9.6, 5.6))
    for ax, (title, (shape, layers)) in zip(axes, networks.items(), strict=True):
        right = plot_shape(shape, ax, 0.0)
        for output, group in groupby(layers, lambda layer: layer[1]):
            lines = [line for name, *_ in group for line in OPERATIONS.get(name, [])]
            if lines:
                arrow = {"arrowstyle": "-|>", "color": plotting.COLOURS["real"]}
                ax.annotate("", (right + ARROW, 0), (right + 2, 0), arrowprops=arrow)
                for k, line in enumerate(reversed(lines)):
                    style = {"ha": "center", "va": "bottom", "fontsize": 8}
                    ax.text(right + 1 + ARROW / 2, 1 + 4.2 * k, line, **style)
                right = plot_shape(output, ax, right + ARROW + 2)
        ax.set(xlim=(-6, right + 6), ylim=(-25, 23), title=title)
        ax.axis("off")
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


def plot_ladder(results):
    """Draw residual, D_stsp and diversity of each rung, and those of real series of its shape."""
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), sharey=True)
    for ax, metric in zip(axes, ("flow residual, median", "D_stsp", "diversity"), strict=True):
        rows = range(len(results))
        for key, kind, label in (("quality", "generated", "drawn"), ("floor", "real", "real")):
            values = [result[key][metric] for result in results.values()]
            marker = "o" if key == "quality" else "|"
            ax.plot(values, rows, marker, color=plotting.COLOURS[kind], label=label)
        ax.set(yticks=rows, yticklabels=list(results), xlabel=symbols([metric])[0])
    axes[0].set_xscale("symlog", linthresh=0.01)
    axes[0].set_xlim(-2e-3, 3)
    axes[1].set_xscale("log")
    axes[0].invert_yaxis()
    axes[1].legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return figure


def plot_shape(shape, ax, left):
    """Draw a stack of images, or a vector, and return where it ends.

    Parameters
    ----------
    shape : tuple of ints
        Channels, rows and columns: the box is as high as its rows and as wide as the square root
        of its channels. Or the length of a vector, a thin bar; empty for a number.
    ax : matplotlib axes
    left : float

    Returns
    -------
    float
    """
    shape = shape or (1,)
    channels, rows, _ = shape if len(shape) == 3 else (1, 20 if shape[0] > 1 else 2, 1)
    width = 0.9 * channels**0.5 + 0.6
    colour = plotting.COLOURS["light" if len(shape) == 3 else "highlight"]
    ax.add_patch(plt.Rectangle((left, -rows / 2), width, rows, color=colour))
    style = {"ha": "center", "va": "top", "fontsize": 8}
    ax.text(left + width / 2, -17.5, " × ".join(map(str, shape)), **style)
    return left + width
