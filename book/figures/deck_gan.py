"""The figures of `book/04_generation/deck_gan.py`."""

import matplotlib.pyplot as plt

from lorenz_utils import plotting


def plot_architecture(networks):
    """Draw what passes through networks, of each its input and the layers that this passes."""
    figure, axes = plt.subplots(len(networks), 1, figsize=(8, 4.6))
    for ax, (title, (signal, layers)) in zip(axes, networks.items(), strict=True):
        shapes = [tuple(signal[0].shape), *(shape for _, shape, _ in layers if len(shape) == 3)]
        # A layer that keeps the shape adds no box.
        plotting.plot_shapes(list(dict.fromkeys(shapes)), ax, title=title)
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
        plotting.plot_intervals(estimates, ax, label=metric)
    return figure
