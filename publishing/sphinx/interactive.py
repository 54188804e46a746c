"""Directive ``{interactive} name``: a button that loads an interactive figure of ``_static``.

Nothing but the button is on the page until it is pressed. The scripts are plain files, not
modules, so that they also load from a disk. What a figure shows and no page could compute is such
a script, too, written while the site is built: the trained generator's weights, stored results.
"""

import base64
import html
import json
from pathlib import Path

import numpy as np
from docutils import nodes
from safetensors.numpy import load_file
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from publishing.contents import ROOT
from publishing.words import words

FOLDER = "interactive"
MODEL = "models/faithful-generator.safetensors"
# Records of experiments/results that the build writes scripts of, with what these tell of a run
# beside its rows.
STORED = {
    "steps": [],
    "deck_series": [],
    "noise_levels": ["dt", "start"],
    "training_film": ["n_steps"],
}
# Of each figure after lorenz.js, which all begin with; the last is its own.
SCRIPTS = {
    "attractor": ["attractor"],
    "generator": ["network", "weights", "generator"],
    "step": ["steps", "step"],
    "chaos": ["chaos"],
    "real": ["network", "weights", "deck_series", "real"],
    "noise": ["noise_levels", "noise"],
    "film": ["network", "weights", "training_film", "film"],
}


class Interactive(SphinxDirective):
    """Place the start button of an interactive figure."""

    required_arguments = 1

    def run(self):
        """Return the button; load.js does the rest."""
        name = self.arguments[0]
        if name not in SCRIPTS:
            raise self.error(f"interactive figure must be one of {sorted(SCRIPTS)}, got {name!r}")
        own = words(self.env.app)
        up = "../" * self.env.docname.count("/")
        names = ["lorenz", *SCRIPTS[name]]
        scripts = json.dumps([f"{up}_static/{FOLDER}/{script}.js" for script in names])
        labels = labels_of(own["interactive"], name)
        given = json.dumps(labels, ensure_ascii=False)
        markup = (
            f'<div class="interactive" id="interactive-{name}" data-figure="{name}" '
            f'data-scripts="{html.escape(scripts)}" data-words="{html.escape(given)}">'
            f'<button type="button" class="interactive-start">{labels["start"]}</button>'
            f"<noscript><p>{labels['noscript']}</p></noscript></div>"
        )
        return [nodes.raw("", markup, format="html")]


def labels_of(own, name):
    """The words of a figure: those that all share, and its own."""
    shared = {key: value for key, value in own.items() if isinstance(value, str)}
    return shared | own[name]


def add_loader(app, pagename, templatename, context, doctree):
    """Load the loader on pages with an interactive figure only."""
    if 'class="interactive"' in context.get("body", ""):
        app.add_js_file("interactive/load.js", loading_method="defer")


def export(tensors, burn_in):
    """A `SeriesGenerator`'s tensors as the script that network.js reads.

    Parameters
    ----------
    tensors : dict of str to ndarray
        Of its state.
    burn_in : int
        Samples that it drops at the start of a series.

    Returns
    -------
    str
        Sizes and units as JSON; weights and biases layer by layer, in base64 of 32-bit floats.

    Raises
    ------
    ValueError
        If there is a tensor that the script would leave out: the page would run another network.
    """
    tensors = dict(tensors)
    mean, std = tensors.pop("offset"), tensors.pop("scale")
    names = sorted({int(name.split(".")[1]) for name in tensors if name.startswith("increment.")})
    layers = [
        (tensors.pop(f"increment.{i}.weight"), tensors.pop(f"increment.{i}.bias")) for i in names
    ]
    if tensors:
        raise ValueError(f"network.js knows perceptrons only, got also {sorted(tensors)}")
    numbers = np.concatenate([part.ravel() for layer in layers for part in layer])
    described = {
        "layers": [weight.shape for weight, _ in layers],
        "latentDim": layers[0][0].shape[1] - 3,
        "burnIn": burn_in,
        "mean": mean.tolist(),
        "std": std.tolist(),
        "weights": base64.b64encode(numbers.astype("<f4").tobytes()).decode(),
    }
    return f"window.generatorWeights = {json.dumps(described)};\n"


def export_stored(name):
    """A stored result as a script: ``window.stored.NAME.rows`` and what else `STORED` names."""
    record = json.loads((ROOT / "experiments" / "results" / f"{name}.json").read_text("utf8"))
    shown = json.dumps({key: record[key] for key in ["rows", *STORED[name]]}, separators=(",", ":"))
    return f"(window.stored ??= {{}}).{name} = {shown};\n"


def write_data(app, error):
    """Put the trained generator and stored results beside the scripts that show them."""
    if error or app.builder.format != "html":
        return
    model = ROOT / MODEL
    record = json.loads(model.with_suffix(".json").read_text(encoding="utf8"))
    try:
        scripts = {"weights": export(load_file(model), record["burn_in"])}
        scripts |= {name: export_stored(name) for name in STORED}
    except (KeyError, ValueError) as problem:
        raise ExtensionError(f"{MODEL}: {problem}") from None
    for name, script in scripts.items():
        path = Path(app.outdir) / "_static" / FOLDER / f"{name}.js"
        path.write_text(script, encoding="utf8")
