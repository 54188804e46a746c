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


def test_what_katex_cannot_set_or_the_page_hides_from_it_is_an_error(setter):
    with pytest.raises(ValueError, match="frac"):
        formulas.set_formulas(rf"{OPEN}\[\frac{{a\]</div>", setter)
    unknown = rf"{OPEN}<b>(1)</b> \[a + b\]</div>"
    with pytest.raises(ValueError, match="stands on the page as TeX"):
        formulas.set_formulas(unknown, setter)
