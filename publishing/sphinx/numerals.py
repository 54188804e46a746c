"""Numbers as they are typeset: what code prints as 4.5e-05 and -2 is read as 4.5 × 10⁻⁵ and −2."""

import re

from docutils import nodes
from sphinx.transforms import SphinxTransform

POWER = re.compile(r"(?<![\w.])([-−+]?\d(?:\.\d+)?)e([-+]\d{2,})(?!\w)")
PAIR = re.compile(rf"{POWER.pattern} ± {POWER.pattern}")
MINUS = re.compile(r"(?<![^\s(|*])-(?=\d)")
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
WITHIN = re.compile(r"(?<=[\d)]) ([±×]) (?=<?\d)")
NO_WIDTH = re.compile(r"(?<=± )0(?:\.(0*)0)?(?![\de.])")  # half an interval, rounded to nothing
PLAIN = range(-3, 4)  # these powers of ten are written out


def typeset(text):
    r"""A text with powers of ten and minus signs, in which no number breaks at the end of a line.

    >>> typeset("from -4.5e-05 to 2.40e-02, 0e+00 and 3e+00").replace("\N{NO-BREAK SPACE}", " ")
    'from −4.5 × 10⁻⁵ to 0.0240, 0 and 3'
    >>> typeset("1.1e-04 ± 5.4e-05").replace("\N{NO-BREAK SPACE}", " ")
    '(1.1 ± 0.54) × 10⁻⁴'
    >>> typeset("0.391 ± 0.000").replace("\N{NO-BREAK SPACE}", " ")
    '0.391 ± <0.001'
    """
    text = NO_WIDTH.sub(_least, text)
    text = PAIR.sub(_pair, text)
    text = MINUS.sub("−", POWER.sub(lambda match: _number(match[1], int(match[2])), text))
    return WITHIN.sub("\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", text)


def _number(digits, power):
    """One number, from its digits and its power of ten."""
    if float(digits) == 0:
        return digits
    if power in PLAIN:
        decimals = max(len(digits.partition(".")[2]) - power, 0)
        return f"{float(digits) * 10.0**power:.{decimals}f}"
    return f"{digits} × 10{str(power).translate(RAISED)}"


def _least(match):
    """What a number that rounds to zero is less than, in the digits that are shown."""
    return "<1" if match[1] is None else f"<0.{match[1]}1"


def _pair(match):
    """A number and its interval, with one power of ten."""
    power, own = int(match[2]), int(match[4])
    if power in PLAIN or power == own == 0:
        return match[0]
    decimals = max(len(match[3].partition(".")[2]) + power - own, 0)
    width = f"{float(match[3]) * 10.0 ** (own - power):.{decimals}f}"
    return f"({match[1]} ± {width}) × 10{str(power).translate(RAISED)}"


class Typeset(SphinxTransform):
    """Typeset the numbers that code prints in text and tables, once they are in place."""

    default_priority = 23

    def apply(self, **_):
        """Change the outputs, but for code and formulas."""
        if self.app.builder.name == "gettext":
            return
        for bundle in self.document.findall(
            lambda node: isinstance(node, nodes.container) and node.get("mime_type")
        ):
            for text in list(bundle.findall(nodes.Text)):
                kept = isinstance(text.parent, nodes.literal | nodes.literal_block | nodes.math)
                if not kept and (new := typeset(text)) != text:
                    text.parent.replace(text, nodes.Text(new))
