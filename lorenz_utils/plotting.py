"""The common style of figures and tables: colours, axes, numbers with their intervals.

Figures are drawn for a light page. The build swaps their greys for a dark page and keeps every
colour (publishing/sphinx/figures.py), so what carries meaning by colour must not be grey.
"""

import matplotlib.pyplot as plt
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
