"""Formulas are set while the site is built: numbered ones too, and none is left as TeX."""

import pytest

from publishing.sphinx import formulas

OPEN = '<div class="math notranslate nohighlight" id="equation-eq-a">\n'
NUMBER = '<span class="eqno">(1)<a class="headerlink" href="#equation-eq-a">#</a></span>'


@pytest.fixture(scope="module")
def setter():
    setter = formulas.Setter()
    yield setter
    setter.close()


@pytest.mark.parametrize("number", ["", NUMBER])
def test_a_displayed_formula_is_set_beside_its_number(setter, number):
    page = formulas.set_formulas(rf"{OPEN}{number}\[a &lt; b\]</div>", setter)
    assert number in page and "<math" in page and r"\[" not in page
    assert 'tabindex="0"' in page and 'aria-label="formula"' in page
    assert 'id="equation-eq-a"' in page


@pytest.mark.parametrize("mark", [";", ".)", "\u00a0:"])
def test_no_line_breaks_between_a_short_formula_and_its_mark(setter, mark):
    inline = r'<span class="math notranslate nohighlight">\({}\)</span>'
    page = formulas.set_formulas(f"<p>at {inline.format('x')}{mark} and</p>", setter)
    assert page.startswith('<p>at <span class="unbroken"><span class="math')
    assert page.endswith(f"</span>{mark}</span> and</p>")
    for text in (inline.format("x") + " and", inline.format("x +" * 20 + "x") + mark):
        assert "unbroken" not in formulas.set_formulas(text, setter)


def test_what_katex_cannot_set_or_the_page_hides_from_it_is_an_error(setter):
    with pytest.raises(ValueError, match="frac"):
        formulas.set_formulas(rf"{OPEN}\[\frac{{a\]</div>", setter)
    unknown = rf"{OPEN}<b>(1)</b> \[a + b\]</div>"
    with pytest.raises(ValueError, match="stands on the page as TeX"):
        formulas.set_formulas(unknown, setter)
