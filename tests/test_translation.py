"""The French edition: what is said to be translated is, and no translation breaks its message."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from babel.messages.pofile import read_po
from browsing import need

from publishing import addresses, contents, wordings
from publishing import messages as catalogues
from publishing.messages import CATALOGUES, could_say
from publishing.sphinx import editions
from publishing.words import WORDS

ROOT = Path(__file__).resolve().parents[1]

SITE = ROOT / "_build" / "html" / "fr"
MISSING = ROOT / "_build" / "fr" / "_build" / "missing.json"
# What a translation must take over: placeholders, targets of roles and links, formulas.
KEPT = {
    "placeholders": r"\{\d+\}",
    "roles": r"\{(?:cite|doc|eq|numref|result|glue|interactive)\}`(?:[^`<]*<)?([^`>]*)>?`",
    "terms": r"\{term\}",
    "links": r"\]\(([^)]*)\)",
    "formulas": r"\$[^$]*\$|\{math\}`[^`]*`",
}


def messages(page):
    """The messages of a page's catalogue."""
    with (CATALOGUES / f"{page}.po").open("rb") as file:
        return [message for message in read_po(file, locale="fr") if message.id]


def untranslated(page):
    """What a page's catalogue leaves in English: no translation, or one of an earlier message."""
    return [message.id for message in messages(page) if not message.string or message.fuzzy]


@pytest.mark.parametrize("page", contents.pages())
def test_no_message_is_untranslated(page):
    found = untranslated(page)
    assert not found, f"{len(found)} messages of {page} are not translated:\n" + "\n".join(found)


@pytest.mark.parametrize("page", contents.pages())
def test_translations_keep_what_is_not_language(page):
    problems = []
    for message in messages(page):
        if not message.string or message.fuzzy:
            continue
        for kind, pattern in KEPT.items():
            ours, theirs = (
                sorted(set(re.findall(pattern, text))) for text in (message.string, message.id)
            )
            if ours != theirs:
                problems.append(f"{kind} {ours}, expected {theirs}: {message.id[:80]}")
        if re.search(r"[^\s|] [;?!»]|« | :(?= |$)", message.string):
            problems.append(f"breaking space before punctuation: {message.string[:80]}")
    assert not problems, "\n".join(problems)


def test_both_languages_have_the_same_words():
    def keys(tree):
        return {k: keys(v) if isinstance(v, dict) else None for k, v in tree.items()}

    english, french = (keys(WORDS[language]) for language in ("en", "fr"))
    french |= {"pictures": None, "theme": None}
    only_french = {"not translated", "partly translated", "pictures", "theme"}
    assert french == english | dict.fromkeys(only_french)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("It falls from 4.6 ± 0.2 to -2e-06.", ["4.6 ± 0.2", "-2e-06"]),
        ("It stays at nan, {eq}`eq-1` in `1 + 1` goes to -inf.", ["nan", "1 + 1", "-inf"]),
        (r"At $dt = 0.01$ it is 1,000 of $\lambda_1$.", ["0.01", "1,000"]),
        ("On 2026-11-24 with numpy 2.4.6.", ["2026-11-24", "2.4.6"]),
        ("[RMSE27](02_parametric/noise.py#fig-1) of L1", []),
    ],
)
def test_template_keeps_words_and_gives_the_numbers_back(text, numbers):
    message, found = wordings.template(text)
    assert found == numbers
    assert wordings.fill(message, found) == text


@pytest.mark.parametrize("page", contents.chapters())
def test_what_code_says_on_any_machine_is_listed_and_translated(page):
    known, problems = could_say(page)
    assert not problems, f"{page}.py: words that no catalogue can hold\n" + "\n".join(problems)
    missing = known - {m.id for m in messages(page) if m.string and not m.fuzzy}
    assert not missing, f"{page} could say, without translation:\n" + "\n".join(sorted(missing))


def test_a_refreshed_catalogue_keeps_what_code_may_say_on_other_machines(tmp_path, monkeypatch):
    extracted = ["A title", "It grows by {0}."]
    kept = [*extracted, "It falls by {0}."]
    template = "\n\n".join(f'msgid "{text}"\nmsgstr ""' for text in extracted)
    catalogue = "\n\n".join(f'msgid "{x}"\nmsgstr "{x.upper()}"' for x in [*kept, "Long gone"])
    for path, text in (("pot/book/a.pot", template), ("fr/LC_MESSAGES/book/a.po", catalogue)):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text + "\n")
    monkeypatch.setattr(catalogues, "pages", lambda: ["book/a"])
    said = {"It grows by {0}.", "It falls by {0}.", "It never moved at all."}
    monkeypatch.setattr(catalogues, "could_say", lambda page: (said, []))
    monkeypatch.setattr(catalogues, "LOCALES", tmp_path)
    catalogues.refresh(tmp_path / "pot")
    with (tmp_path / "fr/LC_MESSAGES/book/a.po").open("rb") as file:
        found = {m.id: m.string for m in read_po(file) if m.id and not m.fuzzy}
    assert found == {text: text.upper() for text in kept} | {"It never moved at all.": ""}


@pytest.mark.parametrize("begun", [True, False])
def test_a_page_that_lacks_a_translation_says_so_and_names_its_english(begun):
    metadata = {"page": {"missing": ["A message"], "begun": begun}}
    app = SimpleNamespace(
        config=SimpleNamespace(language="fr"),
        builder=SimpleNamespace(format="html"),
        env=SimpleNamespace(metadata=metadata),
    )
    page = '<section id="a"><h1>T</h1><p class="untranslated">A message</p></section>'
    context = {"body": page}
    editions.say_what_is_missing(app, "page", "", context, doctree=object())
    note = WORDS["fr"]["partly translated" if begun else "not translated"]
    assert f'<p class="translation-note" lang="fr">{note}</p>' in context["body"]
    assert ('<p lang="en" class="untranslated">' in context["body"]) == begun
    assert ('<section lang="en" id="a">' in context["body"]) != begun
    metadata["page"]["missing"] = []
    context = {"body": page}
    editions.say_what_is_missing(app, "page", "", context, doctree=object())
    assert context["body"] == page


def test_built_pages_say_what_is_missing():
    need(MISSING.exists(), "the site is not built: run make book")
    missing = json.loads(MISSING.read_text(encoding="utf8"))
    for page in contents.pages():
        said = 'class="translation-note"' in (SITE / f"{page}.html").read_text(encoding="utf8")
        assert said == bool(missing[page]), page
    left = {page: messages for page, messages in missing.items() if messages}
    assert not left, json.dumps(left, indent=1, ensure_ascii=False)


def test_each_built_page_leads_to_its_other_edition():
    need(MISSING.exists(), "the site is not built: run make book")
    for page in contents.pages():
        for site, there in ((SITE.parent, "fr"), (SITE, "en")):
            path = site / f"{page}.html"
            html = path.read_text(encoding="utf8")
            assert f'<html lang="{"en" if there == "fr" else "fr"}"' in html
            link = re.search(rf'class="other-edition" href="([^"]+)" hreflang="{there}"', html)
            other = (path.parent / link[1]).resolve()
            assert other.is_file(), link[1]
            assert other.name == path.name
            assert other.is_relative_to(SITE) == (there == "fr")
            # An address on the web is needed for these; where none is known they are left out.
            alternates = html.count('rel="alternate" hreflang=')
            assert alternates == (3 if addresses.known().site else 0)
