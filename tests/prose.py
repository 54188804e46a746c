"""All prose of the book, piece by piece, and the numbers that are typed in it."""

import ast
import re
from pathlib import Path

import yaml

from publishing import contents

ROOT = Path(__file__).resolve().parents[1]

# What is written with figures and is no quantity; taken out before numbers are looked for.
STRUCTURE = [
    r"```\{code-cell\}.*?```",
    r"\]\([^)]*\)|https?://\S+|\{(cite|ref|doc|numref)[^}]*\}`[^`]*`|`[^`]*`",  # links and code
    r"[Ss]lides?\s+\d+((,|,?\s+and|\s+to|-)\s*\d+)*",
    r"(?m)^\*\*\d+\.\*\*|^\s*\d+\. ",  # exercises and lists
    r"[Ss]ections? \d+|[Ee]xercises? \d+",
    r"RMSE_?\{?27\}?|Lorenz-63|\bL[12]\b|\b[123]-?D\b",
    r"\b(1[89]|20)\d\d\b",  # years
    r"(?<=[A-Za-z])\d+|\d+(?=-[a-z])",  # names such as W1, and 32-pixel
]
NUMBER = re.compile(r"(?<![\w.])\d+(?:[,\u202f ]\d{3})*(?:\.\d+)?(?:e-?\d+)?(?![\w])")
IN_WORDS = re.compile(
    r"\b(hundred\w*|thousand\w*|million\w*|tenths?|dozens?|twice|doubl\w+|\w+fold|"
    r"orders? of magnitude|(two|three|four|five|six|seven|eight|nine|ten) times)\b",
    re.I,
)


def claims():
    """The deck's claims."""
    return yaml.safe_load((ROOT / "book" / "claims.yml").read_text(encoding="utf8"))


def pieces():
    """Yield each source of prose with its text, piece by piece."""
    for page in contents.pages():
        if page in contents.chapters():
            for cell in contents.read(page).cells:
                if cell.cell_type == "markdown":
                    yield page, cell.source
                    continue
                options = cell.metadata.get("mystnb", {})
                yield page, options.get("image", {}).get("alt", "")
                yield page, options.get("figure", {}).get("caption", "")
                for caption in options.get("tables", {}).values():
                    yield page, caption
                for text in sentences(cell.source):
                    yield page, text
        else:
            yield page, (ROOT / page).with_suffix(".md").read_text(encoding="utf8")
    yield "README", (ROOT / "README.md").read_text(encoding="utf8")
    for claim in claims():
        yield "claims", claim["claim"]
        yield "claims", claim["quantity"]
        for text in claim["reason"].values():
            yield "claims", text


def sentences(source):
    """The strings of a code cell that read like prose, f-strings without what they compute."""
    source = re.sub(r"(?m)^\s*%.*$", "", source)
    tree = ast.parse(source)
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    for node in ast.walk(tree):
        if id(node) in inside:
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(p.value if isinstance(p, ast.Constant) else "{}" for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if len(re.findall(r"[A-Za-z]{2,}", text)) >= 4:
            yield text


def numbers(text):
    """The numbers in a piece of prose, with a little of what stands around them."""
    for pattern in STRUCTURE:
        text = re.sub(pattern, " ", text, flags=re.S)
    for pattern in (NUMBER, IN_WORDS):
        for match in pattern.finditer(text):
            around = text[max(0, match.start() - 45) : match.end() + 45]
            yield match[0].replace("\u202f", "").lower(), " ".join(around.split())
