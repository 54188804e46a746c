"""What several chapters draw alike: butterflies, and rows of values beside what is allowed."""

import matplotlib.pyplot as plt
import numpy as np

from lorenz_utils import plotting

# Metrics by the names that `lorenz_utils.metrics` gives them, as they are typeset.
SYMBOLS = {"D_stsp": r"$D_\mathrm{stsp}$", "D_H": "$D_H$"}
LIMITS = {"xlim": (-22, 22), "ylim": (-28, 28), "zlim": (0, 50)}
TICKS = {"xticks": (-20, 0, 20), "yticks": (-20, 0, 20), "zticks": (0, 20, 40)}


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
