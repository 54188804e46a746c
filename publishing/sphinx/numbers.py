"""Numbers as people write them: Python's ``4.5e-12`` becomes a power of ten.

The text of outputs and of recorded results is typeset so after it is translated; code and formulas
stay as they are.
"""

import re
from decimal import Decimal

from docutils import nodes
from sphinx.transforms import SphinxTransform

_PYTHON = r"\d(?:\.\d+)?e[+-]\d{2,3}"  # one digit first: the deck's 10e-23 is a quotation
SCIENTIFIC = re.compile(rf"(?<![\w.])([-−+]?{_PYTHON})(?: ± ({_PYTHON}))?(?!\w)")
PLAIN = range(-3, 3)  # powers of ten that are read more easily as zeros
CODE = nodes.literal | nodes.literal_block | nodes.math | nodes.math_block | nodes.raw


def typeset(text):
    """A text in parts: strings, and the exponents of ten between them as integers.

    >>> typeset("from 4.5e+00 to -4.5e-12 ± 6.6e-13.")
    ['from 4.5 to (−4.5 ± 0.7) × 10', -12, '.']
    """
    parts = [""]
    end = 0
    for match in SCIENTIFIC.finditer(text):
        value, half = Decimal(match[1].replace("−", "-")), match[2] and Decimal(match[2])
        power = value.adjusted() if value else 0
        shift = 0 if power in PLAIN else power
        shown = format(value.scaleb(-shift), "f").replace("-", "−")
        if half:
            half = half.scaleb(-shift)  # with no more digits than the value has, if one is left
            short = half.quantize(Decimal(1).scaleb(value.scaleb(-shift).as_tuple().exponent))
            shown += f" ± {short or half:f}"
            shown = f"({shown})" if shift else shown
        parts[-1] += text[end : match.start()] + shown
        if shift:
            parts[-1] += " × 10"
            parts += [shift, ""]
        end = match.end()
    parts[-1] += text[end:]
    return parts


def as_nodes(text):
    """The same as nodes, without those that would be empty."""
    return [
        nodes.superscript("", f"{part}".replace("-", "−"))
        if isinstance(part, int)
        else nodes.Text(part)
        for part in typeset(text)
        if part != ""
    ]


class TypesetNumbers(SphinxTransform):
    """Typeset the numbers of outputs and of recorded results, once they are translated."""

    default_priority = 22

    def apply(self, **_):
        """Change the text only."""
        for part in self.document.findall(
            lambda node: (
                (isinstance(node, nodes.container) and node.get("mime_type"))
                or (isinstance(node, nodes.inline) and "result" in node["classes"])
            )
        ):
            for text in list(part.findall(nodes.Text)):
                above = text.parent
                while above is not part and not isinstance(above, CODE):
                    above = above.parent
                if not isinstance(above, CODE) and SCIENTIFIC.search(text):
                    text.parent.replace(text, as_nodes(text))
