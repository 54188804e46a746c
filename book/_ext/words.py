"""The site's own words, one set a language."""

WORDS = {
    "en": {
        "minutes": "{} min read",
        "notebook": "Download as a notebook, with outputs",
        "script": "Download as a Python file",
        "print": "Print this page, or save it as PDF",
        "download": "Download this page",
        "launch": "Run this page",
        "binder": "Run on Binder",
        "colab": "Run on Colab",
        "lab": "Run at home: clone, then make lab",
        "not found": "There is no such page",
        "home": "Go to the first page",
        "interactive": {
            "attractor": "Start: two orbits in your browser",
            "noscript": "This figure needs JavaScript.",
            "view": "Two orbits of the Lorenz system in space; the arrow keys turn the view.",
            "graph": "Logarithm of the distance of the two orbits against time.",
            "time": "time",
            "distance": "distance",
            "exponent": "running exponent",
            "pause": "Pause",
            "run": "Run",
            "ahead": "Five time units ahead",
            "restart": "Restart",
            "classic": "Classic values",
            "help": "Drag to turn, or focus the picture and use the arrow keys.",
        },
    },
}


def words(app):
    """The words of the edition that is being built."""
    return WORDS[(app.config.language or "en")[:2]]
