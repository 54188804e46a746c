"""The words inside figures, in the edition's language.

Matplotlib draws each line of text as outlines, below a comment that holds it. Here such a line is
drawn again from its translation, in the same place, so that one execution serves both editions.
"""

import html
import re

from matplotlib.cbook import is_math_text
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path as Outline
from matplotlib.textpath import text_to_path

from publishing.wordings import fill, has_words, template

# A group of elements begins or ends, or a line of text with its place, direction and size.
TOKEN = re.compile(
    r'<g(?: id="(?P<id>[^"]*)")?(?: [^>]*[^/>])?>|(?P<end></g>)|<path d="M (?P<left>[\d.]+) [^"]*"|'
    r'<!-- (?P<text>.*?) -->\s*(?P<open><g [^>]*?transform="translate'
    r"\((?P<x>[-\d.]+) (?P<y>[-\d.]+)\)"
    r"(?P<turned> rotate\(-90\))? scale\((?P<scale>[\d.]+) -[\d.]+\)\">)(?P<letters>.*?)</g>",
    re.S,
)
LETTERS = FontProperties(size=text_to_path.FONT_SCALE)
COMMANDS = {Outline.MOVETO: "M", Outline.LINETO: "L", Outline.CURVE3: "Q", Outline.CURVE4: "C"}


def lines(svg):
    """All lines of text of a figure that have words, numbers as places."""
    found = (template(html.unescape(line))[0] for line in re.findall(r"<!-- (.*?) -->", svg, re.S))
    return [line for line in dict.fromkeys(found) if has_words(line)]


def translate(svg, known):
    """The figure with each known line in its translation.

    Parameters
    ----------
    svg : str
        As Matplotlib writes it.
    known : dict of str to str
        Translations of what `lines` finds; other lines stay.

    Returns
    -------
    str
    """
    width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups())
    groups, edges = [], {}

    def draw(match):
        if match["text"] is None:
            if match["end"]:
                groups.pop()
            elif match["left"] is None:
                groups.append(match["id"] or "")
            elif len(groups) > 1 and groups[-1].startswith("patch"):  # the first is the axes' own
                edges.setdefault(groups[-2], float(match["left"]))
            return match[0]
        line = html.unescape(match["text"])
        message, numbers = template(line)
        if known.get(message, message) == message:
            return match[0]
        own = fill(known[message], numbers)
        x, y, scale = (float(match[key]) for key in ("x", "y", "scale"))
        place, room = (height - y, height) if match["turned"] else (x, width)
        begin, factor = _place(place, room, scale * _width(line), scale * _width(own), anchor(x))
        x, y = (x, height - begin) if match["turned"] else (begin, y)
        size = f"scale({scale * factor:.4f} -{scale * factor:.4f})"
        opened = re.sub(r"scale\([^)]*\)", size, match["open"])
        opened = re.sub(r"translate\([^)]*\)", f"translate({x:.2f} {y:.2f})", opened)
        return f'<!-- {html.escape(own)} -->{opened}\n<path d="{outline(own)}"/>\n</g>'

    def anchor(x):
        """Where a line is held when its length changes: 0 at its beginning, 1 at its end."""
        inside = " ".join(groups)
        if "legend" in inside:
            return 0.0
        if "ytick" in inside:
            return 1.0
        # Titles stand at the left edge of their axes; all else is centred.
        axes = next((name for name in reversed(groups) if name in edges), None)
        titled = "matplotlib.axis" not in inside and abs(x - edges.get(axes, -9)) < 0.5
        return 0.0 if titled else 0.5

    return TOKEN.sub(draw, svg)


def _width(line):
    """Of a line of text, in units of the outlines."""
    return text_to_path.get_text_width_height_descent(line, LETTERS, is_math_text(line))[0]


def _place(begin, room, before, after, anchor):
    """Where the new line begins, and the factor by which it shrinks to stay in the figure."""
    held = begin + anchor * before
    most = min(held / anchor if anchor else room, (room - held) / (1 - anchor or 1e-9)) - 2
    factor = min(1.0, most / after)
    return held - anchor * factor * after, factor


def outline(line):
    """A line of text as the commands of an SVG path."""
    vertices, codes = text_to_path.get_text_path(LETTERS, line, is_math_text(line))
    path, parts = Outline(vertices, codes), []
    for points, code in path.iter_segments(simplify=False, curves=True):
        numbers = " ".join(f"{value:.1f}".removesuffix(".0") for value in points)
        parts.append("Z" if code == Outline.CLOSEPOLY else COMMANDS[code] + numbers)
    return "".join(parts)
