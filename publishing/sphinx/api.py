"""The page of the library: every public name by autodoc, and links to it from where names are used.

Which names there are is read off the modules' sources. In other pages the first inline code that is
a public name leads to its entry. Docstrings are English in both editions: they lie in boxes of the
class ``docstrings``, whose messages nobody is asked to translate (`editions.is_untranslated`).
"""

import ast
import re
from collections import Counter

from docutils import nodes

from publishing.contents import ROOT
from publishing.sphinx.editions import is_extraction, language

PAGE = "book/appendix/api"
PLACE = "<!-- public names -->"
LIBRARY = ROOT / "lorenz_utils"
# What a reader looks for first; modules that are not named here follow by name.
ORDER = (
    "system identification metrics surrogates lyapunov regression derivatives networks "
    "adversarial training ledger plotting"
).split()


def modules():
    """Each module's dotted name, the first line of its docstring and its public names.

    A name that a package offers stands with the package, where readers import it.

    Returns
    -------
    dict of str to (str, list of str)
    """
    found, offered = {}, set()
    for path in sorted(LIBRARY.rglob("*.py"), key=lambda p: (p.name != "__init__.py", _place(p))):
        tree = ast.parse(path.read_text(encoding="utf8"))
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        names = [node.name for node in tree.body if _is_public(node)]
        if path.name == "__init__.py":
            taken = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
            names += [alias.name for node in taken for alias in node.names if alias.asname]
            offered |= {(name, own) for own in names}
        else:
            package = name.rpartition(".")[0]
            names = [own for own in names if (package, own) not in offered]
        if names:
            found[name] = (ast.get_docstring(tree) or "").partition("\n\n")[0], names
    return dict(sorted(found.items(), key=lambda pair: _place(ROOT / pair[0].replace(".", "/"))))


def _place(path):
    parts = path.relative_to(LIBRARY).with_suffix("").parts
    first = parts[0] if parts else ""
    return ORDER.index(first) if first in ORDER else len(ORDER), parts


def _is_public(node):
    defined = isinstance(node, ast.FunctionDef | ast.ClassDef)
    return defined and not node.name.startswith("_") and ast.get_docstring(node) is not None


def list_names(app, docname, source):
    """Put a section a module into the page's text, and an entry a name."""
    if docname != PAGE:
        return
    sections = modules() if not is_extraction(app) else {}
    source[0] = source[0].replace(PLACE, "\n\n".join(map(_section, sections, sections.values())))


def _section(module, found):
    summary, names = found
    # A class begins with a capital letter: ruff asks for it.
    entries = [
        f"   .. auto{'class' if name[0].isupper() else 'function'}:: {module}.{name}\n"
        for name in names
    ]
    summary = summary.replace("\n", "\n   ").replace("|", r"\|")
    box = "\n".join([".. container:: docstrings\n", f"   {summary}\n", *entries])
    return f"## `{module}`\n\n```{{eval-rst}}\n{box}\n```"


def escape(app, what, name, thing, options, lines):
    """Let signs of formulas in a docstring be what they are, before napoleon reads it."""
    example = False
    for number, line in enumerate(lines):
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        if example:
            continue
        parts = re.split(r"(``?[^`]+``?)", line)  # code stays as it is
        parts[::2] = [re.sub(r"\||(?<=\w)_(?=[^\w:{])", r"\\\g<0>", part) for part in parts[::2]]
        lines[number] = re.sub(r"(`[^`]+`)(?=\w)", r"\1\\ ", "".join(parts))


def skip_member(app, what, name, thing, skip, options):
    """Leave out what scikit-learn gives to each estimator for its own routing of arguments."""
    return True if re.fullmatch(r"set_\w+_request", name) else None


def drop_object(app, doctree):
    """Leave out that a class has no base but Python's own."""
    if app.env.docname == PAGE:
        for line in list(doctree.findall(nodes.paragraph)):
            if re.fullmatch(r"Bases\s?: object", line.astext()):
                line.parent.remove(line)


def link_names(app, doctree, docname):
    """Let the first inline code that is a public name lead to its entry."""
    if app.builder.format != "html" or docname == PAGE:
        return
    left = dict(entries(app.env))
    for code in list(doctree.findall(nodes.literal)):
        name = code.astext().removesuffix("()").rpartition(".")[2]
        inside = code
        while inside and not isinstance(inside, nodes.reference | nodes.title | nodes.thead):
            inside = inside.parent
        if inside or name not in left or code.astext() not in (name, f"{name}()", left[name]):
            continue
        address = f"{app.builder.get_relative_uri(docname, PAGE)}#{left.pop(name)}"
        link = nodes.reference("", "", refuri=address, internal=True, classes=["api"])
        code.replace_self(link)
        link += code


def entries(env):
    """The anchor of each public name that only one module has."""
    objects = env.get_domain("py").objects
    own = [
        full
        for full, entry in objects.items()
        if entry.docname == PAGE and entry.objtype in ("function", "class", "exception")
    ]
    count = Counter(full.rpartition(".")[2] for full in own)
    return {name: full for full in own if count[name := full.rpartition(".")[2]] == 1}


def name_language(app, pagename, templatename, context, doctree):
    """Say on a page of another language that docstrings are English."""
    if pagename == PAGE and language(app) != "en":
        context["body"] = context["body"].replace(
            '<div class="docstrings', '<div lang="en" class="docstrings'
        )
