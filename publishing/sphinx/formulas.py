"""Set formulas with KaTeX while the site is built: a page with formulas runs no script to set them.

Sphinx writes each formula as TeX into an element of class ``math``. Here each becomes what KaTeX
makes of it: letters for the eye and MathML for screen readers. A formula that KaTeX cannot set
fails the build.
"""

import base64
import html
import json
import re
from pathlib import Path

from py_mini_racer import JSEvalException, MiniRacer
from sphinx.errors import ExtensionError

KATEX = Path(__file__).with_name("katex.min.js")
FORMULA = re.compile(
    r'(<(span|div) class="math [^>]*>(?:\s*<span class="eqno">.*?</span>(?=\s*\\\[))?)\s*'
    r"(\\\(.*?\\\)|\\\[.*?\\\])\s*(</\2>)((?:\u00a0?[.,;:!?)])*)",
    re.S,
)
SHORT = 40  # characters of TeX that a narrow line has room for

UNSET = re.compile(r'<(?:span|div)[^>]* class="math [^>]*>[^\\]*?(\\[(\[].{0,80})', re.S)

# A formula that waits for its letters moves the text around it when they come. Fonts that a style
# sheet names are asked for once it is read, and come after the first paint; those that a script
# has in its hands are there before.
LETTERS = [("KaTeX_Main", "normal", "Main-Regular"), ("KaTeX_Math", "italic", "Math-Italic")]
ADD_LETTERS = """for (const [family, style, font] of {}) {{
  const bytes = Uint8Array.from(atob(font), (letter) => letter.charCodeAt(0));
  document.fonts.add(new FontFace(family, bytes, {{ style }}));
}}
"""


def add_style(app, pagename, templatename, context, doctree):
    """Load KaTeX's style and letters on pages with formulas only."""
    if 'class="math ' in context.get("body", ""):
        app.add_css_file("katex/katex.min.css", priority=300)
        address = context["pathto"]("_static/katex/letters.js", 1)
        context["metatags"] = context.get("metatags", "") + f'<script src="{address}"></script>'


def write_letters(app, error):
    """Write the script that has the letters of nearly all formulas in its hands."""
    if error or app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / "katex"
    fonts = {name: folder / "fonts" / f"KaTeX_{name}.woff2" for _, _, name in LETTERS}
    data = [
        (family, style, base64.b64encode(fonts[name].read_bytes()).decode())
        for family, style, name in LETTERS
    ]
    (folder / "letters.js").write_text(ADD_LETTERS.format(json.dumps(data)), encoding="utf8")


class Setter:
    """KaTeX in a JavaScript engine; each formula is set once."""

    def __init__(self):
        self.engine = MiniRacer()
        self.engine.eval(KATEX.read_text(encoding="utf8"))
        self.known = {}

    def __call__(self, tex):
        r"""HTML of a formula in ``\( \)`` or ``\[ \]``."""
        if tex not in self.known:
            options = {"displayMode": tex.startswith(r"\["), "throwOnError": True, "strict": False}
            self.known[tex] = self.engine.call("katex.renderToString", tex[2:-2], options)
        return self.known[tex]

    def close(self):
        """Stop the engine: its thread would keep the process alive."""
        self.engine.close()


def set_formulas(page, setter):
    """A page with all its formulas set."""
    word = "formule" if '<html lang="fr"' in page else "formula"

    def replace(match):
        tex = html.unescape(match[3])
        try:
            shown = setter(tex)
        except JSEvalException as error:
            raise ValueError(f"{tex}: {str(error).splitlines()[0]}") from None
        opening = match[1]
        if match[2] == "div":  # it scrolls where it is wider than the page: by keys as well
            opening = opening.replace(" ", f' tabindex="0" role="group" aria-label="{word}" ', 1)
        formula = f"{opening}{shown}{match[4]}{match[5]}"
        # A browser would break a line between a formula and the mark that follows it.
        if match[2] == "span" and match[5] and len(tex) <= SHORT:
            return f'<span class="unbroken">{formula}</span>'
        return formula

    # A heading that is only a formula has, for some readers' tools, no text at all.
    alone = r'(<th[^>]*><p>)(?=<span class="math[^>]*>\\\(([^\\<]+)\\\)</span></p></th>)'
    page = re.sub(alone, r'\1<span class="visually-hidden">\2</span>', page)
    page = FORMULA.sub(replace, page)
    if left := UNSET.search(page):
        raise ValueError(f"{html.unescape(left[1])} stands on the page as TeX")
    return page


def set_all(app, error):
    """Set the formulas of every finished page."""
    if error or app.builder.format != "html":
        return
    setter = Setter()
    try:
        for path in sorted(Path(app.outdir).rglob("*.html")):
            try:
                text = set_formulas(path.read_text(encoding="utf8"), setter)
            except ValueError as problem:
                raise ExtensionError(f"{path.name}: formula {problem}") from None
            path.write_text(text, encoding="utf8")
    finally:
        setter.close()
