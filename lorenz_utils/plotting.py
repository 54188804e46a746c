"""The figures' common style: colours, axes, and the few plots that several chapters share.

Functions take arrays and an `ax` and return what they drew; they compute nothing.
Figures are drawn for a light page. The build swaps their greys for a dark page and keeps every
colour (publishing/sphinx/figures.py), so what carries meaning by colour must not be grey.
"""

import matplotlib.pyplot as plt
import numpy as np
from IPython import get_ipython
from IPython.display import Markdown
from matplotlib_inline.backend_inline import set_matplotlib_formats

# Okabe and Ito's colours, told apart by colour-blind readers: one a coordinate, everywhere.
COORDINATES = {"x": "#0072B2", "y": "#D55E00", "z": "#009E73"}
COLOURS = {
    "real": "#24292F",
    "generated": "#CC79A7",
    "reference": "#6E7781",
    "highlight": "#E69F00",
    "light": "#56B4E9",
}
# Numbers on an image, which is the same in both themes: no greys, so they are not swapped either.
ON_IMAGE = {"dark": "#000020", "light": "#FFFFDF"}
CYCLE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#24292F"]


def use_style():
    """Apply the book's figure style to all figures that follow, as vector graphics in notebooks."""
    if get_ipython() is not None:
        set_matplotlib_formats("svg", bbox_inches="tight", metadata={"Date": None})
    plt.style.use(["lorenz_utils.book", {"axes.prop_cycle": plt.cycler(color=CYCLE)}])


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
    for ax, values, (name, colour) in zip(axes, series.T, COORDINATES.items(), strict=True):
        lines += ax.plot(dt * np.arange(len(values)), values, **{"color": colour, **style})
        ax.set_ylabel(name)
    axes[-1].set_xlabel("time (Lorenz time units)")
    return lines


def plot_butterfly(series, ax=None, *, title=None, **style):
    """Draw a series in the (x, y, z) space.

    Parameters
    ----------
    series : ndarray, shape (length, 3)
    ax : 3-D axes, optional
    title : str, optional
    **style
        Passed to `Axes3D.plot`.

    Returns
    -------
    matplotlib line
    """
    if ax is None:
        ax = plt.figure(figsize=(5, 4.5)).add_subplot(projection="3d")
    line = ax.plot(*series.T, **{"linewidth": 0.5, "color": COLOURS["real"], **style})[0]
    ax.set(xlabel="x", ylabel="y", zlabel="z", title=title)
    ax.view_init(elev=18, azim=-60)
    return line


def plot_butterflies(panels, *, generated=()):
    """Draw several series in the (x, y, z) space, side by side.

    Parameters
    ----------
    panels : dict of str to ndarray, shape (length, 3)
        Titles and series.
    generated : collection of str
        The titles to draw in the colour of generated series.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = plt.figure(figsize=(10, 3.5))
    for i, (title, series) in enumerate(panels.items()):
        ax = figure.add_subplot(1, len(panels), i + 1, projection="3d")
        colour = COLOURS["generated" if title in generated else "real"]
        plot_butterfly(series, ax, title=title, color=colour)
    return figure


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


def plot_images(images, axes, *, title=None):
    """Show RGB images in a row of axes.

    Parameters
    ----------
    images : ndarray, shape (n_images, 3, height, width)
        Values in [-1, 1].
    axes : sequence of axes
    title : str, optional
        Above the first.

    Returns
    -------
    list of matplotlib.image.AxesImage
    """
    shown = []
    for ax, image in zip(axes, images, strict=True):
        shown.append(ax.imshow(np.clip((image.transpose(1, 2, 0) + 1) / 2, 0, 1)))
        ax.set_axis_off()
    axes[0].set_title(title)
    return shown


def table(headers, rows, spec=""):
    """A table for the page.

    Parameters
    ----------
    headers : sequence
    rows : iterable of sequences
        Texts stay as they are, None leaves a cell empty; all else is formatted.
    spec : str or sequence of str
        Format of the numbers and `Estimate`s, of each column or of all.

    Returns
    -------
    IPython.display.Markdown

    Examples
    --------
    >>> print(table(["method", "error"], [["ridge", 0.8501], ["LASSO", None]], ".2f").data)
    | method | error |
    |---|---|
    | ridge | 0.85 |
    | LASSO |  |
    """
    specs = [spec] * len(headers) if isinstance(spec, str) else spec
    lines = [headers, *([_cell(*pair) for pair in zip(r, specs, strict=True)] for r in rows)]
    text = ["| " + " | ".join(map(str, line)) + " |" for line in lines]
    return Markdown("\n".join([text[0], "|" + "---|" * len(headers), *text[1:]]))


def _cell(value, spec):
    """A cell's text."""
    if value is None or isinstance(value, str):
        return value or ""
    return format(value, spec)
