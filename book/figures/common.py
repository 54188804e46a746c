"""What several chapters draw alike: series, butterflies and images, and how metrics are named."""

import matplotlib.pyplot as plt
import numpy as np

from lorenz_utils import plotting

# Metrics by the names that `lorenz_utils.metrics` gives them, as they are typeset.
SYMBOLS = {"D_stsp": r"$D_\mathrm{stsp}$", "D_H": "$D_H$"}
LIMITS = {"xlim": (-22, 22), "ylim": (-28, 28), "zlim": (0, 50)}
TICKS = {"xticks": (-20, 0, 20), "yticks": (-20, 0, 20), "zticks": (0, 20, 40)}


def plot_series(series, dt, axes, **style):
    """Draw x, y and z against time, one axis below the other.

    Parameters
    ----------
    series : ndarray, shape (length, 3)
    dt : float
    axes : sequence of 3 matplotlib axes
    **style
        Passed to `Axes.plot`, over the coordinate's own colour.

    Returns
    -------
    list of matplotlib.lines.Line2D
    """
    lines = []
    for ax, values, (name, colour) in zip(
        axes, series.T, plotting.COORDINATES.items(), strict=True
    ):
        lines += ax.plot(dt * np.arange(len(values)), values, **{"color": colour, **style})
        ax.set_ylabel(name)
    axes[-1].set_xlabel("time (Lorenz time units)")
    return lines


def plot_side_by_side(panels, dt):
    """Draw x, y and z of several series against time, one series a column.

    Parameters
    ----------
    panels : dict of str to ndarray, shape (length, 3)
        Titles and series.
    dt : float

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(3, len(panels), sharex=True, sharey="row", figsize=(9, 4.6))
    for column, (title, series) in zip(axes.T, panels.items(), strict=True):
        plot_series(series, dt, column)
        column[0].set_title(title)
    return figure


def plot_images(rows):
    """Show RGB images, one kind below the other.

    Parameters
    ----------
    rows : dict of str to ndarray, shape (n_images, 3, height, width)
        Titles and images, equally many of each kind, with values in [-1, 1].

    Returns
    -------
    matplotlib.figure.Figure
    """
    n_images = len(next(iter(rows.values())))
    figure, axes = plt.subplots(len(rows), n_images, figsize=(9, 1.3 * len(rows)), squeeze=False)
    for row, (title, images) in zip(axes, rows.items(), strict=True):
        row[0].set_title(title)
        for ax, image in zip(row, images, strict=True):
            ax.imshow(np.clip((image.transpose(1, 2, 0) + 1) / 2, 0, 1))
            ax.set_axis_off()
    return figure


def space(figure, position=(1, 1, 1), *, title=None):
    """Axes of the (x, y, z) space: the same limits everywhere, without a box."""
    ax = figure.add_subplot(*position, projection="3d")
    ax.set(xlabel="x", ylabel="y", zlabel="z", **LIMITS, **TICKS)
    ax.set_title(title, loc="center")
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.set_pane_color((1, 1, 1, 0))
        axis.pane.set_edgecolor((1, 1, 1, 0))
        axis.line.set_color(plotting.COLOURS["reference"])
    ax.tick_params(labelsize=8, pad=0)
    ax.grid(False)
    ax.view_init(elev=18, azim=-60)
    ax.set_box_aspect((4, 4, 3), zoom=1.15)
    return ax


def plot_arcs(panels, *, generated=()):
    """Draw, from each sample of a series, where the flow goes until the next one is due.

    Parameters
    ----------
    panels : dict of str to ndarray, shape (n_samples, n_points, 3)
        Titles and arcs. Those of an orbit join; those of other series are cut at each sample.
    generated : collection of str
        The titles to draw in the colour of generated series.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = plt.figure(figsize=(10, 3.6))
    for i, (title, arcs) in enumerate(panels.items()):
        ax = space(figure, (1, len(panels), i + 1), title=title)
        gaps = np.full((len(arcs), 1, 3), np.nan)
        curve = np.concatenate([arcs, gaps], axis=1).reshape(-1, 3)
        colour = plotting.COLOURS["generated" if title in generated else "real"]
        ax.plot(*curve.T, color=colour, lw=0.5 if len(arcs) > 100 else 1.2)
    return figure


def plot_coloured(orbit, values, label, *, n_colours=10):
    """Draw an orbit in space, its colour a number along it.

    Parameters
    ----------
    orbit : ndarray, shape (length, 3)
    values : ndarray, shape (length,)
    label : str
        Of the colour bar.
    n_colours : int

    Returns
    -------
    axes
    """
    figure = plt.figure(figsize=(7.2, 4.6))
    ax = space(figure)
    # Neither end of the map is lost on a light or on a dark page.
    colours = plt.get_cmap("plasma")(np.linspace(0.2, 0.85, n_colours))
    edges = np.quantile(values, np.linspace(0, 1, n_colours + 1))
    for colour, low, high in zip(colours, edges[:-1], edges[1:], strict=True):
        inside = (values >= low) & (values <= high)
        inside[1:] |= inside[:-1]  # each piece reaches the next
        ax.plot(*np.where(inside[:, None], orbit, np.nan).T, color=colour, lw=0.7)
    norm = plt.matplotlib.colors.BoundaryNorm(edges, n_colours)
    shown = plt.cm.ScalarMappable(norm, plt.matplotlib.colors.ListedColormap(colours))
    bar = figure.colorbar(shown, ax=ax, label=label, shrink=0.7, pad=0.12, spacing="proportional")
    bar.set_ticks(np.arange(0, edges[-1], 100))
    bar.ax.minorticks_off()
    return ax


def symbols(names):
    """Names of metrics as they are typeset."""
    return [SYMBOLS.get(name, name) for name in names]
