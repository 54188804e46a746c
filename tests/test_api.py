"""The library's page: every public name is there, and chapters lead to it at first use."""

import importlib
import inspect
import pkgutil
import re
from types import SimpleNamespace

import pytest
from browsing import PAGES, SITE, need
from docutils import nodes

import lorenz_utils
from publishing.messages import CATALOGUES
from publishing.sphinx import api, editions

EDITIONS = ["", "fr/"]


def public_objects():
    """Functions and classes with a docstring and without an underscore, as Python sees them."""
    walked = pkgutil.walk_packages(lorenz_utils.__path__, "lorenz_utils.")
    for module in map(importlib.import_module, (info.name for info in walked)):
        for name, thing in vars(module).items():
            of_code = inspect.isfunction(inspect.unwrap(thing)) or inspect.isclass(thing)
            own = getattr(thing, "__module__", "") == module.__name__
            if of_code and own and not name.startswith("_") and inspect.getdoc(thing):
                yield thing


def listed():
    """The dotted names of the page."""
    return [f"{module}.{name}" for module, (_, names) in api.modules().items() for name in names]


def test_every_public_name_is_listed_once():
    def found(path):
        module, _, name = path.rpartition(".")
        return getattr(importlib.import_module(module), name)

    things = [id(found(path)) for path in listed()]
    assert sorted(things) == sorted({id(thing) for thing in public_objects()})
    assert "lorenz_utils.identification.FlowMapRegressor" in listed()


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_public_name_has_its_entry_in_the_built_page(edition):
    need(PAGES, "the site is not built: run make book")
    page = (SITE / edition / f"{api.PAGE}.html").read_text()
    assert not [path for path in listed() if f'id="{path}"' not in page]
    boxes = page.count('<div class="docstrings') + page.count('<div lang="en" class="docstrings')
    assert boxes == len(api.modules())
    assert page.count('<div lang="en" class="docstrings') == (boxes if edition else 0)


def test_nobody_is_asked_to_translate_docstrings():
    catalogue = (CATALOGUES / f"{api.PAGE}.po").read_text()
    assert 2 < catalogue.count("\nmsgid ") < 12
    box = nodes.container("", nodes.paragraph("", "A docstring."), classes=["docstrings"])
    assert editions.is_untranslated(box)
    assert editions.is_untranslated(nodes.title("", "", nodes.literal("", "lorenz_utils")))
    assert not editions.is_untranslated(nodes.title("", "The library"))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("e = |(x - y) / s| of coef_, in all", r"e = \|(x - y) / s\| of coef\_, in all"),
        ("x_t and s_{t+1} of `coef_` stay", "x_t and s_{t+1} of `coef_` stay"),
        ("two `Estimate`s", r"two `Estimate`\ s"),
        (">>> a | b", ">>> a | b"),
    ],
)
def test_formulas_in_docstrings_are_no_markup(line, shown):
    lines = [line]
    api.escape(None, "function", "f", None, None, lines)
    assert lines == [shown]


def test_the_output_of_an_example_stays_as_it_is():
    lines = [">>> print(table)", "| a |", "", "| a |"]
    api.escape(None, "function", "f", None, None, lines)
    assert lines == [">>> print(table)", "| a |", "", r"\| a \|"]


def test_the_first_code_that_is_a_name_leads_to_its_entry():
    def entry(kind):
        return SimpleNamespace(docname=api.PAGE, objtype=kind)

    known = {"lib.a.fit": "function", "lib.a.twice": "function", "lib.b.twice": "class"}
    known |= {"lib.a.Model": "class", "lib.a.Model.run": "method"}
    domain = SimpleNamespace(objects={name: entry(kind) for name, kind in known.items()})
    app = SimpleNamespace(
        builder=SimpleNamespace(format="html", get_relative_uri=lambda a, b: "api.html"),
        env=SimpleNamespace(get_domain=lambda name: domain),
    )
    said = ["fit", "fit()", "twice", "run", "lib.a.Model", "other.Model", "Model"]
    title = nodes.title("", "", nodes.literal("", "fit"))
    page = nodes.section("", title, nodes.paragraph("", "", *(nodes.literal("", x) for x in said)))
    api.link_names(app, page, "book/page")
    links = [(link["refuri"], link.astext()) for link in page.findall(nodes.reference)]
    assert links == [("api.html#lib.a.fit", "fit"), ("api.html#lib.a.Model", "lib.a.Model")]


def test_built_pages_lead_to_entries_once_a_name():
    need(PAGES, "the site is not built: run make book")
    leading = set()
    for page in PAGES:
        found = re.findall(r'<a class="api [^"]*" href="[^"]*#([^"]+)"', (SITE / page).read_text())
        assert len(found) == len(set(found)) and set(found) <= set(listed()), page
        leading |= {page for _ in found}
    assert {"book/appendix/your_own_series.html", "fr/book/03_concepts/dropout.html"} <= leading
