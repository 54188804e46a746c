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
            "generator": "Start: the trained generator in your browser",
            "view": "Two orbits of the Lorenz system in space; the arrow keys turn the view.",
            "graph": "Distance of the two orbits against time, on a logarithmic axis.",
            "rates": "Running exponent against time; held once the distance exceeds one.",
            "starts": "Starting points",
            "apart": "distance",
            "time": "time",
            "distance": "distance",
            "exponent": "running exponent",
            "pause": "Pause",
            "run": "Run",
            "ahead": "Five time units ahead",
            "restart": "Restart",
            "classic": "Classic values",
            "help": "Drag to turn, or focus the picture and use the arrow keys.",
            "draw": "Draw a new latent",
            "noise": "noise added",
            "butterfly": "A generated series in space; the arrow keys turn the view.",
            "series": "The first twenty time units: x, y and z against time.",
            "errors": "Flow residual of each step against time, on a logarithmic axis.",
            "residual": "Flow residual, in standard deviations",
            "median": "median",
            "rms": "root mean square",
            "mixed": "median of the same samples in random order",
        },
    },
}


def words(app):
    """The words of the edition that is being built."""
    return WORDS[(app.config.language or "en")[:2]]
