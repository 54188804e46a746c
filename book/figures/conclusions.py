"""The scorecard's table, and the picture of the front page and of the README."""

from html import escape
from io import StringIO

import matplotlib.pyplot as plt
from IPython.display import HTML

from experiments.deck_gan import DECK_CODE
from lorenz_utils import plotting
from lorenz_utils.system import make_ensemble
from lorenz_utils.training import load_or_train

HEADERS = ["computed in", "claim, and what is measured", "asked", "ours", "verdict", "why"]
GENERATORS = {"the deck's GAN": DECK_CODE.name, "the book's GAN": "faithful-generator"}
SEEN = (
    "Three curves in space. A real Lorenz series draws two flat wings of loops around two holes; "
    "the series of the deck's GAN is a tangle; that of the book's GAN draws the two wings again."
)


def row(claim, asked):
    """The cells of a claim: where it is computed, what is asked, what is found, and why."""
    link = f"[slide {claim['slide']}]({claim['page'].removeprefix('book/')}.py#what-we-find)"
    measured = f"{claim['claim']} *{claim['quantity'][0].upper()}{claim['quantity'][1:]}.*"
    return [link, measured, asked, _shown(claim["ours"]), f"*{claim['verdict']}*", claim["reason"]]


def _shown(ours):
    exact = not ours.standard_error and ours.value == round(ours.value)
    return format(ours, ".0f" if exact else ".3f" if 1e-2 <= abs(ours.value) < 1e3 else ".3g")


def draw_three_series():
    """A real series and one of each of the book's two generators, in space."""
    panels = {"Lorenz": make_ensemble(1, 1000, 0.1, rng=2026)[0]}
    for title, name in GENERATORS.items():
        panels[title] = load_or_train(name)[0].generate(1, 1000, rng=1)[0]
    return plotting.plot_butterflies(panels, generated=GENERATORS)


def hero():
    """The three series as HTML: an image of another page would not be copied to the site."""
    return HTML(inline_svg(draw_three_series(), SEEN))


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
