"""Make the theme light: draw its icons into the pages, drop what no page uses.

The theme loads a 1.5 MB script to draw some twenty icons, 400 kB of style for widgets that this
book has not, and a script that would fetch live code from elsewhere. After the build the pages
are left with what they use.
"""

import re
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from sphinx.errors import ExtensionError

ICON = re.compile(r'<(i|span) class="([^"]*\bfa-[^"]*)"([^>]*)></\1>')
DRAWING = re.compile(r'"?([a-z0-9-]+)"?:\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","([^"]+)"\]')
FONTS = {"fa-solid", "fa-regular", "fa-brands"}
NOT_NAMES = FONTS | {"fa-lg", "fa-fw"}


def drawings(script):
    """Each icon's width, height and path; of several styles the solid one, which comes last."""
    return {name: (width, height, path) for name, width, height, path in DRAWING.findall(script)}


def draw_icons(page, icons):
    """Replace the theme's icon marks by drawings."""

    def draw(match):
        names = [c[3:] for c in match[2].split() if c.startswith("fa-") and c not in NOT_NAMES]
        width, height, path = icons[names[0]]
        # A drawing is of no font: the theme's rules for its fonts would move it.
        kept = " ".join(c for c in match[2].split() if c not in FONTS)
        return (
            f'<svg class="svg-inline--fa {kept}"{match[3]} aria-hidden="true" '
            f'viewBox="0 0 {width} {height}"><path fill="currentColor" d="{path}"/></svg>'
        )

    return ICON.sub(draw, page)


def drop_scripts(page):
    """A page without the icon script, live code (Thebe) and search, which has a page of its own."""
    unused = "fontawesome\\.js|sphinx-thebe"
    if 'id="search-results"' not in page:
        unused += "|searchtools\\.js|language_data\\.js|searchindex\\.js"
    page = re.sub(rf"<(script|link)[^>]*({unused})[^>]*>(</script>)?", "", page)
    return re.sub(r"<script>const THEBE_JS_URL.*?</script>", "", page, flags=re.S)


# What axe finds in the theme's own parts: (pattern, replacement).
MENDS = [
    (r'<div id="pst-primary-sidebar"', r'<div id="pst-primary-sidebar" role="complementary"'),
    (r'(<button class="[^"]*search-button-field[^>]*?) aria-label="[^"]*"', r"\1"),
    (r'(<summary) aria-label="[^"]*"', r"\1"),
    (r"<th([^>]*)>(<p></p>)?</th>", r"<td\1></td>"),
    (r' role="doc-biblioentry"', ""),
    # Without scripts, which choose, a page is light.
    (r'(<html [^>]*data-theme=")auto"', r'\1light"'),
    (r"<title>(.*?) &#8212; \1</title>", r"<title>\1</title>"),
    (r'<div role="list" class="citation-list"', '<div class="citation-list"'),
]


def mend(page):
    """A page whose theme parts a screen reader understands, and the patterns that it has."""
    found = set()
    for pattern, replacement in MENDS:
        page, count = re.subn(pattern, replacement, page)
        found |= {pattern} if count else set()
    return page, found


def used_rules(css, words):
    """A style sheet without the rules whose classes occur nowhere in ``words``.

    >>> used_rules(".a{x:1}.b .a,.a{y:2}@media print{.b{z:3}}", {"a"})
    '.a{x:1}.a{y:2}'
    """
    kept = []
    for head, body in _blocks(css):
        if body is None:
            kept.append(head)
        elif head.startswith(("@media", "@supports", "@layer")):
            inner = used_rules(body, words)
            kept.append(f"{head}{{{inner}}}" if inner else "")
        elif head.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        else:
            selectors = re.split(r",(?![^(]*\))", head)
            used = [s for s in selectors if set(re.findall(r"\.([\w-]+)", s)) <= words]
            kept.append(f"{','.join(used)}{{{body}}}" if used else "")
    return "".join(kept)


def _blocks(css):
    """Split a minified style sheet into (head, body); a statement such as @import has no body."""
    position = 0
    for match in re.finditer(r"[^{};]*[{;]", css):
        if match.start() < position:
            continue
        if match[0].endswith(";"):
            yield match[0], None
            position = match.end()
            continue
        depth, end = 1, match.end()
        while depth:
            found = re.compile("[{}]").search(css, end)
            depth += 1 if found[0] == "{" else -1
            end = found.end()
        yield match[0][:-1].strip(), css[match.end() : end - 1]
        position = end


def shrink_fonts(site):
    """Keep of the icon fonts the letters that style sheets ask for."""
    sheets = "".join(p.read_text(encoding="utf8") for p in sorted(site.rglob("*.css")))
    wanted = {int(code, 16) for code in re.findall(r"\\(f[0-9a-f]{3})\b", sheets)}
    wanted |= {ord(letter) for letter in re.findall("[\ue000-\uf8ff]", sheets)}
    fonts = site / "_static" / "vendor" / "fontawesome" / "webfonts"
    for path in sorted(fonts.glob("*.ttf")):
        font = TTFont(path, recalcTimestamp=False)
        subsetter = Subsetter(Options(drop_tables=["FFTM"], notdef_outline=True))
        subsetter.populate(unicodes=wanted)
        subsetter.subset(font)
        font.flavor = "woff"
        font.save(path.with_suffix(".woff"))
        path.unlink()
        path.with_suffix(".woff2").unlink()
    for sheet in sorted(site.rglob("*.css")):
        css = re.sub(
            r'(fa-[a-z]+-\d+)\.woff2\) format\("woff2"\)',
            r'\1.woff) format("woff")',
            sheet.read_text(encoding="utf8"),
        )
        css = re.sub(r',url\([^)]*fa-[a-z]+-\d+\.ttf\) format\("truetype"\)', "", css)
        sheet.write_text(css, encoding="utf8")


def slim(app, error):
    """Lighten the finished site."""
    if error or app.builder.format != "html":
        return
    site = Path(app.outdir)
    script = site / "_static" / "scripts" / "fontawesome.js"
    icons = drawings(script.read_text(encoding="utf8"))
    script.unlink()
    pages, mended = sorted(site.rglob("*.html")), set()
    for page in pages:
        text, found = mend(drop_scripts(draw_icons(page.read_text(encoding="utf8"), icons)))
        page.write_text(text, encoding="utf8")
        mended |= found
    # Another version of the theme may write something else there, or have it right by itself.
    if idle := [pattern for pattern, _ in MENDS if pattern not in mended]:
        raise ExtensionError(f"slim.MENDS holds patterns that no page has: {idle}")
    scripts = [p for p in sorted(site.rglob("*.js")) if p.name != "searchindex.js"]
    words = set()
    for path in [*pages, *scripts]:
        words |= set(re.findall(r"[\w-]+", path.read_text(encoding="utf8")))
    theme = site / "_static" / "styles" / "pydata-sphinx-theme.css"
    css = re.sub(r"/\*.*?\*/", "", theme.read_text(encoding="utf8"), flags=re.S)
    theme.write_text(used_rules(css, words), encoding="utf8")
    shrink_fonts(site)
    for path in site.rglob("*.map"):
        path.unlink()
