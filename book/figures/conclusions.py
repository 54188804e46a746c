"""The picture of the front page, which the conclusions draw."""

from html import escape
from io import StringIO

import matplotlib.pyplot as plt
from IPython.display import HTML

from lorenz_utils import plotting

SEEN = (
    "Three curves in space. A real Lorenz series draws two flat wings of loops around two holes; "
    "the series of the deck's GAN is a tangle; that of the book's GAN draws the two wings again."
)


def draw_hero(lorenz, deck, book):
    """Three series in space, as HTML: an image of another page would not be copied to the site."""
    generated = {"the deck's GAN": deck, "the book's GAN": book}
    figure = plotting.plot_butterflies({"Lorenz": lorenz, **generated}, generated=generated)
    return HTML(inline_svg(figure, SEEN))


def inline_svg(figure, alt):
    """Close a figure and return it as SVG for the middle of an HTML page.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What one sees, for readers who do not see it.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If `alt` is shorter than 40 characters.
    """
    if len(alt) < 40:
        raise ValueError(f"alt must say what one sees in at least 40 characters, got {alt!r}")
    buffer = StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    plt.close(figure)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg ") :]
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1)
