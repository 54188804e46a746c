"""All that a chapter's code can say is listed, and what nobody can list is named."""

import pytest

from publishing import wordings


@pytest.mark.parametrize(
    ("cell", "known"),
    [
        ('Markdown(f"an error of {e:.2f}")', {"an error of {0}"}),
        ('Markdown(f"of {len(rows)} {2}")', {"of {0} {1}"}),
        ("Markdown(f'It {\"grows\" if x > 0 else \"falls\"}.')", {"It grows.", "It falls."}),
        ('state = "up" if x else "down"\nMarkdown("It is " + state)', {"It is up", "It is down"}),
        ('if x:\n    w = "up"\nelse:\n    w = "down"\nMarkdown(w)', {"up", "down"}),
        ('def word():\n    return "a lot" or "up"\n\nMarkdown(word())', {"a lot", "up"}),
        ('Markdown(f"the layers `{layers}` and **`{x}`**")', {"the layers `{0}` and **`{1}`**"}),
        ('Markdown(f"```python\\n{source}```")', set()),
        ('Markdown(f"* one {x:.1f}\\n  more\\n* two\\n\\nend")', {"one {0} more", "two", "end"}),
        ('Markdown(stored.origin(r))', {
            "Measured by the code of this book (`{0}`).",
            "Measured by an earlier version of this book's code (`{0}`).",
        }),
    ],
)  # fmt: skip
def test_what_a_cell_can_say_is_listed(cell, known):
    assert wordings.messages([cell]) == (known, [])


def test_what_the_cells_of_a_table_choose_is_listed():
    cell = """
def shown(value):
    if value > 9:
        return "too many"
    return f"{value:.2f}"


rows = [[name, "met" if ok else "missed", run.get("load", "no load")] for name, ok in found]
ratio = middle if low == high else f"{middle} ({low}, {high})"
colour = "C0" if first else "C1"
plotting.table(["a", "b"], rows)
"""
    known, problems = wordings.messages([cell])
    assert known == {"too many", "met", "missed", "no load"}
    assert problems == []
    assert wordings.messages([cell.replace("plotting.table", "print")]) == (set(), [])


def test_a_name_means_what_the_nearest_cell_before_gave_it():
    cells = ['word = "old"', 'word = "new"', "Markdown(word)", 'word = "later"']
    assert wordings.messages(cells) == ({"new"}, [])


@pytest.mark.parametrize(
    "cell",
    [
        'Markdown("order: " + ", ".join(order))',
        'Markdown(f"the best is {best}")',
        'Markdown(f"the best is {best:>9}")',
        'Markdown(f"the best is {max(names, key=error)}")',
        'def word(x):\n    return x\n\nMarkdown(f"the best is {word(1)}")',
        'for x in names:\n    rows.append(x)\nMarkdown(f"the last is {x}")',
        'text = text + "more"\nMarkdown(f"there is {text}")',
        'plotting.table([], [[f"met by {names}" if x else "none"]])',
    ],
)
def test_words_that_nobody_can_list_are_named_with_their_cell(cell):
    _, problems = wordings.messages(["x = 1", cell])
    assert len(problems) == 1
    assert problems[0].startswith("code cell 1: nobody can list what")


@pytest.mark.parametrize("cell", ['Markdown(f"from {a:.1f}-{b:.1f} on")', 'Markdown(f"case{a:d}")'])
def test_a_number_whose_look_changes_the_words_is_named(cell):
    assert "the look of a number changes" in wordings.messages([cell])[1][0]


@pytest.mark.parametrize("text", ["4.6 ± 0.1", "4.6", "-4e-05 ± 2e-06", "1,234.5", "nan", "-inf"])
def test_a_number_is_one_place_with_or_without_interval(text):
    assert wordings.template(f"It is {text}.") == ("It is {0}.", [text])
