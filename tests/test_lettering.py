"""The words inside figures in another language, and numbers as they are typeset."""

import doctest
import html
import re
from io import StringIO
from unittest.mock import Mock

import matplotlib.pyplot as plt
import pytest
from docutils import nodes
from docutils.utils import new_document

from lorenz_utils import plotting
from publishing.sphinx import lettering, notebooks, numerals


@pytest.fixture
def svg():
    """A figure with a text of each kind, as Matplotlib writes it."""
    with plt.style.context("lorenz_utils.book"):
        figure, ax = plt.subplots(figsize=(4, 3))
        ax.plot([0, 1], [0, 1], label="truth")
        ax.set(title="step 0.1", xlabel="time", ylabel="size of $x$", yticks=[0, 1])
        ax.set_yticklabels(["low", "high & wide"])
        ax.legend(loc="upper left")
        buffer = StringIO()
        figure.savefig(buffer, format="svg")
        plt.close(figure)
    return buffer.getvalue()


FRENCH = {
    "step {0}": "pas de {0}",
    "time": "temps qui passe",
    "size of $x$": "taille de $x$",
    "high & wide": "haut & large",
    "truth": "vérité",
}


def place(svg, line):
    """Where a line of text begins, and how wide its letters are, in points."""
    number = r"([-\d.]+)"
    opened = rf"<g [^>]*translate\({number} {number}\)[^>]*scale\({number}"
    found = re.search(rf"<!-- {re.escape(html.escape(line))} -->\s*{opened}", svg)
    x, y, scale = map(float, found.groups())
    return x, y, scale * lettering._width(line)


def test_each_line_with_words_is_found_with_places_for_numbers(svg):
    assert set(lettering.lines(svg)) == {*FRENCH, "low"}


def test_translated_lines_keep_their_place(svg):
    french = lettering.translate(svg, FRENCH)
    assert set(lettering.lines(french)) == {*FRENCH.values(), "low"}
    same = {"abs": 0.02}
    # What stands in the middle of its axis stays there, also where it runs upwards.
    (x, _, before), (own, _, after) = place(svg, "time"), place(french, "temps qui passe")
    assert own + after / 2 == pytest.approx(x + before / 2, **same)
    assert own < x
    (_, y, before), (_, own, after) = place(svg, "size of $x$"), place(french, "taille de $x$")
    assert own - after / 2 == pytest.approx(y - before / 2, **same)
    # Titles and legends begin where they began, labels of ticks end where they ended.
    for english, own in (("step 0.1", "pas de 0.1"), ("truth", "vérité")):
        assert place(french, own)[0] == pytest.approx(place(svg, english)[0], **same)
    (x, _, before), (own, _, after) = (
        place(drawn, line) for drawn, line in ((svg, "high & wide"), (french, "haut & large"))
    )
    assert own + after == pytest.approx(x + before, **same)


def test_a_long_translation_stays_inside_of_the_figure(svg):
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])
    long = "un temps " * 20 + "qui passe"
    x, _, drawn = place(lettering.translate(svg, {"time": long}), long)
    assert drawn > width / 2
    assert 0 <= x <= x + drawn <= width


def test_without_a_translation_no_byte_changes(svg):
    assert lettering.translate(svg, {}) == svg
    assert lettering.translate(svg, {"time": "time"}) == svg


def test_outlines_are_those_of_matplotlib():
    figure = plt.figure()
    figure.text(0, 0, "l")
    buffer = StringIO()
    figure.savefig(buffer, format="svg")
    plt.close(figure)
    drawn = re.search(r'<path id="DejaVuSans-\w+" d="(.*?)"', buffer.getvalue(), re.S)[1]
    # A glyph's own units are 64 to those of a line at a hundred points.
    theirs = [float(x) / 64 for x in re.findall(r"[-\d.]+", drawn)]
    ours = [float(x) for x in re.findall(r"[-\d.]+", lettering.outline("l"))]
    assert ours == pytest.approx(theirs, abs=0.06)


def test_numerals():
    assert doctest.testmod(numerals).failed == 0


def unbroken(text):
    """A text in which no sign inside of a number stands between plain spaces, with plain ones."""
    assert not re.search(r"\d [±×] \d", text), text
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("4.5e+00", "4.5"),
        ("1.5e-02", "0.015"),
        ("6.2e-05", "6.2 × 10⁻⁵"),
        ("-1e+12", "−1 × 10¹²"),
        ("2.4e-02 ± 4.3e-03", "0.024 ± 0.0043"),
        ("1.1e-12 ± 6.8e-13", "(1.1 ± 0.68) × 10⁻¹²"),
        ("0.391 ± 0.000", "0.391 ± <0.001"),
        ("12 ± 0", "12 ± <1"),
        ("0.50 ± 0.01, 2 ± 0.00e+00", "0.50 ± 0.01, 2 ± 0.00"),
        ("(-14.8, -14.7)", "(−14.8, −14.7)"),
        ("2026-11-26", "2026-11-26"),
        ("a-2 and 1e4", "a-2 and 1e4"),
        ("rate 1e-05, not abc1e-05", "rate 1 × 10⁻⁵, not abc1e-05"),
    ],
)
def test_numbers_are_typeset(code, shown):
    assert unbroken(numerals.typeset(code)) == shown


def test_code_and_formulas_of_outputs_stay_as_they_are():
    document = new_document("page")
    bundle = nodes.container(mime_type="text/markdown")
    bundle += nodes.paragraph(
        "", "", nodes.Text("-1e-05 of "), nodes.literal("", "-1e-05"), nodes.math("", "-1e-05")
    )
    document += bundle, nodes.paragraph("", "", nodes.Text("-1e-05"))
    transform = numerals.Typeset(document)
    document.settings.env = type("Env", (), {"app": type("App", (), {})})
    document.settings.env.app.builder = type("Builder", (), {"name": "html"})
    transform.apply()
    assert [unbroken(text.astext()) for text in document.findall(nodes.Text)] == [
        "−1 × 10⁻⁵ of ",
        "-1e-05",
        "-1e-05",
        "-1e-05",
    ]


def test_notebooks_for_download_have_the_same_numbers():
    cell = "| `1e-05` | -3e-09 | $x = 1e-05$ |"
    assert (
        unbroken(notebooks.computed(cell, links=Mock())) == "| `1e-05` | −3 × 10⁻⁹ | $x = 1e-05$ |"
    )
    assert plotting.table(["a"], [[1e-5]], ".0e").data.endswith("| 1e-05 |")
