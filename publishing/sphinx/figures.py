"""Give each figure of a chapter a light and a dark variant, its size, and few bytes.

Chapters draw once, for a light page, as SVG. Here the words of each file are translated, and the
greys swapped for a dark page; colours stay, so a coordinate keeps its colour in both themes. The
classes ``on-light`` and ``on-dark`` (custom.css) show one of the two, and a browser loads only that
one. The theme's own classes for this would hide the captions too.
"""

import re
from pathlib import Path

from publishing.sphinx import lettering
from publishing.sphinx.editions import dictionary

PAGE = (0x12, 0x12, 0x12)  # what white becomes: the dark page
INK = (0xE6, 0xE9, 0xED)  # what black becomes
NEUTRAL = 24  # channels that differ by no more than this make a grey


def darken_colour(colour):
    """The dark page's counterpart of a grey; other colours stay.

    >>> darken_colour("#000000"), darken_colour("#ffffff"), darken_colour("#0072b2")
    ('#e6e9ed', '#121212', '#0072b2')
    """
    channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    if max(channels) - min(channels) > NEUTRAL:
        return colour
    whiteness = sum(channels) / (3 * 255)
    mixed = (round(ink + (page - ink) * whiteness) for ink, page in zip(INK, PAGE, strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def darken(svg):
    """The dark variant of a figure: grey fills, strokes and letters swapped, no background."""
    svg = re.sub(r"#[0-9a-fA-F]{6}\b", lambda match: darken_colour(match[0]), transparent(svg))
    # Matplotlib writes no colour for black letters: they take the root's.
    return svg.replace("<svg ", f'<svg fill="{darken_colour("#000000")}" ', 1)


def adapt(svg):
    """A figure inside the page: its greys become the page's own ink on the page's own ground."""

    def mix(match):
        if darken_colour(match[0]) == match[0]:
            return match[0]
        channels = [int(match[0][i : i + 2], 16) for i in (1, 3, 5)]
        ink = round(100 * (1 - sum(channels) / (3 * 255)))
        return f"color-mix(in srgb, var(--pst-color-text-base) {ink}%, var(--pst-color-background))"

    svg = re.sub(r"#[0-9a-fA-F]{6}\b", mix, transparent(compact(svg)))
    return svg.replace("<svg ", '<svg class="figure" style="fill: currentColor" ', 1)


def transparent(svg):
    """Without the white sheet that Matplotlib puts below a figure."""
    return re.sub(r'(<g id="patch_1">\s*<path [^>]*?)fill: #ffffff', r"\1fill: none", svg, count=1)


def compact(svg):
    """The same figure with coordinates to a hundredth of a point, without comments and metadata."""

    def shorten(match):
        return re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", match[0])

    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r' (?:d|x|y|points)="[^"]*"', shorten, svg)
    return clouds(re.sub(r"\n\s*", "\n", svg))


# A round marker as Matplotlib defines it: a circle of eight curves, its style after it.
MARKER = re.compile(
    r'<path id="([^"]+)" d="M 0 ([\d.]+) ?\n(?:C [^"CL]*){8}z\n?"(?: style="([^"]*)")?/>'
)
MANY = 50
# Matplotlib's rule for all elements would win over what the group passes on.
ROUND = "<style>.points path {stroke-linecap: round}</style>\n"


def clouds(svg):
    """The same figure with clouds of round points drawn in a sixth of the bytes.

    A point is a line of no length with round ends, in a group that knows colour and size; each
    keeps its own transparency, so that dense parts stay dark.
    """
    for name, radius, drawn in MARKER.findall(svg):
        point = rf'<use xlink:href="#{re.escape(name)}" x="([^"]*)" y="([^"]*)" style="'
        cloud = point + rf'([^"]*)"/>\n(?:{re.sub(r"[()]", "", point)}\3"/>\n){{{MANY - 1},}}'

        def draw(match, radius=float(radius), drawn=drawn, point=point):
            style = dict(item.split(": ") for item in (drawn + "; " + match[3]).split("; ") if item)
            edge = style.get("stroke", "none") != "none"
            line = {
                "fill": "none",
                "stroke": style["stroke" if edge else "fill"],
                "stroke-opacity": style.get(f"{'stroke' if edge else 'fill'}-opacity", "1"),
                "stroke-width": f"{2 * radius + edge * float(style.get('stroke-width', 1)):g}",
            }
            places = re.findall(point, match[0])
            lines = "\n".join(f'<path d="M{float(x):.1f} {float(y):.1f}h0"/>' for x, y in places)
            line = "; ".join(f"{key}: {value}" for key, value in line.items())
            return f'<g class="points" style="{line}">\n{ROUND}{lines}\n</g>\n'

        svg = re.sub(cloud, draw, svg)
    return svg


def size(svg):
    """Width and height in CSS pixels, rounded, from an SVG's lengths in points."""
    found = re.search(r'<svg[^>]*?height="([\d.]+)pt"[^>]*?width="([\d.]+)pt"', svg, re.S) or (
        re.search(r'<svg[^>]*?width="([\d.]+)pt"[^>]*?height="([\d.]+)pt"', svg, re.S)
    )
    if found is None:
        return None
    first, second = (round(float(length) * 4 / 3) for length in found.groups())
    return (
        (second, first) if found[0].index("height") < found[0].index("width") else (first, second)
    )


def show_both(app, pagename, templatename, context, doctree):
    """Put the dark variant beside each figure of the page and reserve its room."""
    if "body" not in context or app.builder.format != "html":
        return
    inline = r'<svg role="img".*?</svg>'
    known = dictionary(app)

    def draw(match):
        return adapt(lettering.translate(match[0], known))

    context["body"] = re.sub(inline, draw, context["body"], flags=re.S)
    sources = {name: path for path, name in app.builder.images.items()}

    def variants(match):
        tag, name = match[0], match[1]
        dimensions = size((Path(app.srcdir) / sources[name]).read_text(encoding="utf8"))
        room = 'width="{}" height="{}" '.format(*dimensions) if dimensions else ""
        tag = tag.replace("<img ", f'<img {room}loading="lazy" decoding="async" ')
        both = []
        for theme, file in (("light", name), ("dark", name.replace(".svg", ".dark.svg"))):
            themed = tag.replace(name, file)
            if "class=" in themed:
                themed = re.sub(r'class="', f'class="on-{theme} ', themed)
            else:
                themed = themed.replace("<img ", f'<img class="on-{theme}" ')
            both.append(themed)
        return "".join(both)

    pattern = r'<img [^>]*?src="[^"]*_images/([^"/]+\.svg)"[^>]*>'
    context["body"] = re.sub(pattern, variants, context["body"])


def write_variants(app, error):
    """Shrink each figure in the site and write its dark variant."""
    if error or app.builder.format != "html":
        return
    for path in sorted((Path(app.outdir) / "_images").glob("*.svg")):
        if path.name.endswith(".dark.svg"):
            continue
        svg = compact(lettering.translate(path.read_text(encoding="utf8"), dictionary(app)))
        path.write_text(transparent(svg), encoding="utf8")
        path.with_suffix(".dark.svg").write_text(darken(svg), encoding="utf8")


# Before the first paint: else both variants of a figure are loaded until the theme's script runs.
# Paper is white.
CHOOSE = """
const root = document.documentElement;
if (!["light", "dark"].includes(root.dataset.theme))
  root.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
let shown = root.dataset.theme;
addEventListener("beforeprint", () => {
  shown = root.dataset.theme;
  root.dataset.theme = "light";
});
addEventListener("afterprint", () => { root.dataset.theme = shown; });
"""
