"""All the words that a chapter's code can say, whichever way its numbers turn out.

A sentence that code computes is a message with places for its numbers. Code may choose between
wordings, ``{"grows" if slope > 0 else "falls"}``, as long as all of them stand in it as literals:
then `messages` knows what the page can say on any machine, and a translation can be asked for.
"""

import ast
import itertools
import re
from pathlib import Path

from markdown_it import MarkdownIt

ROOMS = [Path(__file__).resolve().parents[1] / name for name in ("lorenz_utils", "experiments")]
_NUMBER = r"[-−+]?(?:\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?|nan|inf)"
COMPUTED = re.compile(
    r"\{[\w:]+\}`[^`]*`"  # a role, which stays as it is
    r"|(?<!`)`(?P<code>[^`]+)`(?!`)"  # the same in all languages
    r"|(?<![\w.{#/^-])(?P<number>\d+(?:[.-]\d+){2,}"  # a version or a date
    rf"|{_NUMBER}(?: ± {_NUMBER})?)(?![\w}}])"
)
PLACE = re.compile(r"\{(\d+)\}")
# Of a number's sign, size and interval no word may depend.
SAMPLES = (0.5, -7.0, 1234567.8, 3e-11, float("nan"), float("-inf"))


def template(text):
    """A computed text with its numbers and code as placeholders, and what stood there.

    A number and its interval are one place, since an exact number comes without.

    >>> template("It falls from 4.6 ± 0.1 to -2e-06 (see L1) in `solve`.")
    ('It falls from {0} to {1} (see L1) in `{2}`.', ['4.6 ± 0.1', '-2e-06', 'solve'])
    """
    found = []

    def place(match):
        computed = match["code"] or match["number"]
        if not computed:
            return match[0]
        found.append(computed)
        return match[0].replace(computed, f"{{{len(found) - 1}}}")

    return COMPUTED.sub(place, text), found


def fill(text, found):
    r"""A template, or its translation, with what stood there back in its places.

    >>> fill(r"De {0} à {1}, en $\log_{10}$", ["4.6", "-2e-06"])
    'De 4.6 à -2e-06, en $\\log_{10}$'
    """
    return PLACE.sub(lambda m: found[int(m[1])] if int(m[1]) < len(found) else m[0], text)


def has_words(message):
    """Whether a message says more than numbers, formulas and code."""
    return bool(re.search(r"[^\W\d_]{2,}", re.sub(r"\$[^$]*\$|`[^`]*`", "", message)))


def messages(cells):
    """What the code cells of a page can say.

    Parameters
    ----------
    cells : list of str
        The sources of all code cells, in order.

    Returns
    -------
    known : set of str
        Templates of all sentences, and of all words between which the cells of a table choose.
    problems : list of str
        Expressions whose words nobody can list, and numbers whose look changes the words around.
    """
    known, problems, trees = set(), {}, []
    for number, source in enumerate(cells):
        tree = ast.parse(re.sub(r"(?m)^(\s*)%.*$", r"\1pass", source))
        trees = [tree, *trees]
        calls = [node for node in ast.walk(tree) if _called(node) in ("Markdown", "table")]
        shown = [node.args[0] for node in calls if _called(node) == "Markdown"]
        reader = _Reader()
        texts = [text for node in shown for text in reader.texts(node, trees)]
        # The choices that are left stand in tables, whose other cells are the same everywhere.
        for node in _choices(tree) if calls else ():
            chosen = [] if id(node) in reader.seen else reader.texts(node, trees)
            if any(has_words("".join(p for p in text if isinstance(p, str))) for text in chosen):
                texts += chosen
        for text in texts:
            said, open_questions = _spoken(text)
            known |= said
            problems |= dict.fromkeys(f"code cell {number}: {what}" for what in open_questions)
    return known, list(problems)


class _Reader:
    """Lists the texts that an expression can stand for, and remembers what it has read.

    A text is a tuple of strings, of numbers (a list with their format) and of expressions that
    could say anything (nodes).
    """

    def __init__(self):
        self.seen, self.under_way = set(), set()

    def texts(self, node, trees):
        """All texts of a node; names are looked up in the trees, the nearest first."""
        found = [(node,)]
        if id(node) in self.under_way:  # a name that is made of itself
            return found
        self.seen.add(id(node))
        self.under_way.add(id(node))
        match node:
            case ast.Constant(value=str(text)):
                found = [(text,)]
            case ast.Constant(value=int()) | ast.Call(func=ast.Name(id="len" | "sum" | "int")):
                found = [(["d"],)]
            case ast.Constant(value=float()):
                found = [(["g"],)]
            case ast.JoinedStr(values=parts):
                found = self._joined(parts, trees)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                found = self._joined([left, right], trees)
            case ast.FormattedValue(format_spec=ast.JoinedStr(values=[ast.Constant(value=spec)])):
                # Python itself lets nothing but a number through such a format.
                found = [([spec],)] if re.search(r"[,deEfFgG%]$", spec) else found
            case ast.FormattedValue(value=value, format_spec=None):
                found = self.texts(value, trees)
            case ast.IfExp(body=one, orelse=other):
                found = [*self.texts(one, trees), *self.texts(other, trees)]
            case ast.BoolOp(op=ast.Or(), values=values):
                found = [text for value in values for text in self.texts(value, trees)]
            case ast.Call(func=ast.Attribute(attr="get"), args=[_, default]):
                found = self.texts(default, trees)
            case ast.FunctionDef():
                found = self._any(_returned(node), [node, *trees])
            case ast.Name(id=name):
                found = self._any(*_defined(name, trees)) or found
            case ast.Call(func=ast.Name(id=name)):
                found = self._any(*_defined(name, trees)) or found
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name)):
                paths = [path for room in ROOMS if (path := room / f"{module}.py").exists()]
                module = [ast.parse(path.read_text(encoding="utf8")) for path in paths]
                found = self._any(*_defined(name, module)) or found
        self.under_way.remove(id(node))
        return found

    def _any(self, nodes, trees):
        return [text for node in nodes for text in self.texts(node, trees)]

    def _joined(self, parts, trees):
        each = [self.texts(part, trees) for part in parts]
        return [sum(choice, ()) for choice in itertools.product(*each)]


def _called(node):
    """The name of the function that a node calls, without its module."""
    function = getattr(node, "func", None) if isinstance(node, ast.Call) else None
    return getattr(function, "attr", getattr(function, "id", None))


def _returned(function):
    return [n.value for n in ast.walk(function) if isinstance(n, ast.Return) and n.value]


def _defined(name, trees):
    """What a name stands for, all of it in the nearest tree that sets it, and where to read it."""
    for i, tree in enumerate(trees):
        nodes, plain = [], set()
        for node in ast.walk(tree):
            match node:
                case ast.FunctionDef(name=found) if found == name and node is not tree:
                    nodes.append(node)
                case ast.Assign(targets=[ast.Name(id=found) as target]) if found == name:
                    nodes.append(node.value)
                    plain.add(id(target))
                case ast.Name(id=found, ctx=ast.Store()) | ast.arg(arg=found) if found == name:
                    if id(node) not in plain:  # of a loop, or an argument: it may be anything
                        nodes.append(ast.Expr(ast.Name(name)))
        if nodes:
            return nodes, trees[i:]
    return [], trees


def _choices(tree):
    """The expressions and functions that choose between values, the outermost of each."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.IfExp() | ast.BoolOp(op=ast.Or()):
                yield node
            case ast.Call(func=ast.Attribute(attr="get"), args=[_, _]):
                yield node
            case ast.FunctionDef() if len(_returned(node)) > 1:
                yield node
            case _:
                yield from _choices(node)


def _spoken(text):
    """The messages of a text, and why they may not be all."""
    said, problems = [], []
    for sample in SAMPLES:
        written = ""
        for part in text:
            if isinstance(part, str):
                written += part
            elif isinstance(part, list):
                written += _formatted(sample, part[0])
            else:
                if written.count("`") % 2 == 0:
                    problems.append(f"nobody can list what {ast.unparse(part)!r} may say")
                written += "code"
        tokens = MarkdownIt("commonmark").enable("table").parse(written)
        inline = [t.content.replace("\n", " ").strip() for t in tokens if t.type == "inline"]
        said.append({message for message, _ in map(template, inline) if has_words(message)})
    changed = sorted(set.union(*said) - set.intersection(*said))
    if changed:
        problems.append(f"the look of a number changes its words: {changed}")
    return (set() if problems else said[0]), problems


def _formatted(sample, spec):
    """A number as it may look: an integer where it must be one, with an interval if it may."""
    if spec.endswith("d"):
        return format(int(sample) if abs(sample) < 1e9 else 0, spec)
    return format(sample, spec) + (f" ± {0.5:{spec}}" if sample < 0 and spec[-1] != "%" else "")
