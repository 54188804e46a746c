"""The figures of the site: small files that look as they were drawn."""

import re
from io import StringIO

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lorenz_utils import plotting
from publishing import contents
from publishing.sphinx import figures


def drawn(n_points, **style):
    """A cloud of points as Matplotlib writes it."""
    figure, ax = plt.subplots(figsize=(3, 3))
    ax.plot(*np.random.default_rng(0).normal(size=(2, n_points)), ls="", color="#cc79a7", **style)
    buffer = StringIO()
    figure.savefig(buffer, format="svg")
    plt.close(figure)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("style", "width"),
    [({"marker": ".", "ms": 4}, 4 / 2 + 1), ({"marker": "o", "ms": 3, "mew": 0}, 3)],
)
def test_clouds_keep_every_point_its_colour_and_its_size(style, width):
    plain = drawn(400, alpha=0.4, **style)
    small = figures.compact(plain)
    assert small.count("h0") == 400
    assert len(small) < 0.4 * len(plain)
    group = re.search(r'<g class="points" style="(.*?)"', small)[1]
    assert "stroke: #cc79a7; stroke-opacity: 0.4" in group
    assert float(re.search(r"stroke-width: ([\d.]+)", group)[1]) == pytest.approx(width)
    # The points stand where they stood.
    before = np.array(re.findall(r'<use xlink:href="#m\w+" x="(.*?)" y="(.*?)"', plain), float)
    after = np.array(re.findall(r"M([\d.]+) ([\d.]+)h0", small), float)
    np.testing.assert_allclose(after, before[-400:], atol=0.06)


def test_numbers_on_images_keep_their_colour_in_the_dark_theme():
    for colour in plotting.ON_IMAGE.values():
        assert figures.darken_colour(colour) == colour
    for page in contents.chapters():
        for cell in contents.read(page).cells:
            if cell.cell_type == "code" and "imshow(" in cell.source:
                for call in re.findall(r"\.text\(.*\)", cell.source):
                    assert "color=ink" in call and "ON_IMAGE" in cell.source, f"{page}: {call}"


@pytest.mark.parametrize("style", [{"marker": "s"}, {"marker": "."}])
def test_few_points_and_other_markers_stay_as_they_are(style):
    n_points = 20 if style["marker"] == "." else 400
    assert "h0" not in figures.compact(drawn(n_points, **style))
