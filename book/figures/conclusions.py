"""The picture of the front page, which the conclusions draw."""

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
    return HTML(plotting.inline_svg(figure, SEEN))
